//! Holds the chips' emulators against vectors that other tools made.
//!
//! ```text
//! cargo run --release --example conformance -- FOLDER
//! ```
//!
//! Reads every file of format `snn-golden-1` in the folder and prints a matrix: file, the tool it is from,
//! whose reading of the chip was used, cases, and `equal` or the first difference. The exit code is 1 if
//! anything differs, 2 if the folder cannot be read.

mod case;
mod loihi;
mod truenorth;

use case::{Case, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A line of the matrix.
pub struct Line {
    file: String,
    source: String,
    semantics: String,
    cases: Vec<Case>,
}

impl Line {
    /// The file and whose reading it was.
    pub fn name(&self) -> String {
        format!("{} {}", self.file, self.semantics)
    }

    /// The first case that differs, if any.
    pub fn difference(&self) -> Option<String> {
        self.cases.iter().find_map(|case| match &case.outcome {
            Outcome::Different(how) => Some(format!("{}: {how}", case.name)),
            Outcome::Equal | Outcome::Skipped(_) => None,
        })
    }

    /// Why cases were left out, each reason once.
    pub fn skipped(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for case in &self.cases {
            if let Outcome::Skipped(why) = &case.outcome {
                *reasons.entry(why.as_str()).or_default() += 1;
            }
        }
        reasons
    }

    /// How many cases are equal.
    pub fn equal(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Equal)).count()
    }
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: conformance FOLDER");
        return ExitCode::from(2);
    };
    let lines = match matrix(Path::new(&folder)) {
        Ok(lines) => lines,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let mut differ = false;
    for line in &lines {
        let verdict = line.difference().unwrap_or_else(|| "equal".into());
        differ |= line.difference().is_some();
        println!(
            "{:34} {:44} {:8} {:4}/{:<4} {verdict}",
            line.file,
            line.source,
            line.semantics,
            line.equal(),
            line.cases.len()
        );
        line.skipped().iter().for_each(|(why, count)| println!("{:34} {count} left out: {why}", ""));
    }
    let (equal, all) = lines.iter().fold((0, 0), |(e, a), line| (e + line.equal(), a + line.cases.len()));
    println!("{equal} of {all} cases are equal");
    if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs every case of a folder; a line for each file and semantics, in the order of their names.
///
/// # Errors
/// When a file cannot be read.
pub fn matrix(folder: &Path) -> Result<Vec<Line>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(told)?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let mut lines = Vec::new();
    for path in paths {
        let value = read(&path)?;
        if value["format"] != "snn-golden-1" {
            continue;
        }
        let kind = value["kind"].as_str().unwrap_or_default();
        let cases = match kind.split('_').next() {
            Some("loihi" | "loihi2") => loihi::cases(folder, &value),
            Some("truenorth") => truenorth::cases(&value),
            _ => continue,
        };
        let cases = cases.map_err(|why| format!("{}: {why}", path.display()))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = value["source"].as_str().unwrap_or_default().split(',').next().unwrap_or_default();
        lines.extend(by_semantics(&file, source, cases));
    }
    Ok(lines)
}

fn by_semantics(file: &str, source: &str, cases: Vec<Case>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for case in cases {
        match lines.iter_mut().find(|line| line.semantics == case.semantics) {
            Some(line) => line.cases.push(case),
            None => lines.push(Line {
                file: file.to_owned(),
                source: source.chars().take(44).collect(),
                semantics: case.semantics.clone(),
                cases: vec![case],
            }),
        }
    }
    lines
}

/// A JSON file.
///
/// # Errors
/// When it is none.
pub fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
