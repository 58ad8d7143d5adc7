//! Every file in `tests/mistakes/` has a mistake (or looks as if); beside it stands what is said.
//!
//! Lines `// --set path=value` below the first line are settings. `UPDATE_EXPECT=1 cargo test --test
//! mistakes` writes what is said now; read the difference before committing it.

use saltus::vocabulary::VOCABULARY;
use sim_core::source::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// What is said about a text, warnings included.
fn said(name: &str, text: &str) -> String {
    let mut source = Source::new(name, text);
    for setting in text.lines().filter_map(|line| line.strip_prefix("// --set ")) {
        source.set(setting);
    }
    let (verdict, found) = match sim_core::parse::network(&source, &VOCABULARY) {
        Ok((_, warnings)) => ("accepted\n", warnings),
        Err(found) => ("", found),
    };
    let drawn: String = found.iter().map(|diagnostic| source.draw(diagnostic)).collect();
    format!("{drawn}{verdict}")
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "ron")).collect();
    files.sort();
    files
}

#[test]
fn every_mistake_is_answered_as_agreed() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut different = Vec::new();
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let said = said(&name, &text);
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&*said) {
            different.push(format!("{name} is now answered:\n{said}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn no_answer_is_longer_than_the_mistakes_are_many() {
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = said(&name, &fs::read_to_string(&path).unwrap());
        let count =
            said.lines().filter(|line| line.contains(": error: ") || line.contains(": warning: ")).count();
        assert!(count <= 8, "{name} has {count} answers:\n{said}");
        assert!(said.lines().all(|line| line.chars().count() <= 240), "{name}:\n{said}");
    }
}
