//! Every network in `refusals/` is refused; beside it stands what is said.
//!
//! `UPDATE_EXPECT=1 cargo test --test truenorth` writes what is said now; read the difference before committing it.

use crate::common::network;
use crate::random::loading;
use backends::chip::Chip;
use backends::truenorth::{CHIP, REAL_CHIP};
use std::fs;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truenorth/refusals");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "ron")).collect();
    files.sort();
    files
}

/// What is said about a network, a line for each reason.
fn said(text: &str) -> String {
    let network = network(text, &[]);
    let chip: &Chip = if network.backend.name == "TrueNorthReal" { &REAL_CHIP } else { &CHIP };
    match loading(&network, |load| (chip.map)(load)) {
        Ok(_) => "it fits\n".to_owned(),
        Err(refusal) => refusal.reasons.iter().map(|reason| format!("{reason}\n")).collect(),
    }
}

#[test]
fn every_network_that_does_not_fit_is_refused_as_agreed() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut different = Vec::new();
    for path in files() {
        let said = said(&fs::read_to_string(&path).unwrap());
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&*said) {
            different.push(format!("{} is now answered:\n{said}", path.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(files().len() >= 16);
}
