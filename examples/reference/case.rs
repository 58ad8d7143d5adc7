//! One case: something to run, and how it came out.

use crate::tolerance::Precision;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};

/// A kind of cases: its name, and how to find them in a folder.
pub type Kind = (&'static str, fn(&Path) -> Vec<Case>);

/// What a case found: or the model it would need, or what went wrong.
pub type Findings = Result<Compared, Problem>;

/// Why a case could not be compared.
pub enum Problem {
    /// A model that this program does not have.
    Missing(String),
    /// Anything else.
    Broken(String),
}

impl<E: fmt::Display> From<E> for Problem {
    fn from(error: E) -> Self {
        Problem::Broken(error.to_string())
    }
}

/// A comparison with its limits.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Largest difference of a continuous variable.
    pub difference: f64,
    /// What it may be.
    pub allowed: f64,
    /// Spikes that matched.
    pub matched: usize,
    /// Spikes of the reference.
    pub expected: usize,
    /// Whether the spikes are right.
    pub spikes_right: bool,
}

/// Something to run.
pub struct Case {
    /// Its name.
    pub name: String,
    /// Runs it.
    pub compare: Box<dyn Fn(Precision) -> Findings>,
}

/// How a case came out.
pub struct Outcome {
    name: String,
    compared: Option<Compared>,
    /// In a word.
    pub verdict: Verdict,
}

/// In a word.
pub enum Verdict {
    /// Within its tolerance.
    Pass,
    /// Not, and why.
    Fail(String),
    /// The model that is missing.
    Unsupported(String),
}

impl Case {
    /// A case that reads files and compares.
    pub fn new(name: String, compare: impl Fn(Precision) -> Findings + 'static) -> Self {
        Case { name, compare: Box::new(compare) }
    }

    /// Runs the case.
    pub fn run(&self, precision: Precision) -> Outcome {
        let name = self.name.clone();
        match (self.compare)(precision) {
            Ok(compared) => {
                let close = compared.difference <= compared.allowed;
                let verdict = match (close, compared.spikes_right) {
                    (true, true) => Verdict::Pass,
                    (false, _) => Verdict::Fail(format!("more than {:.1e} apart", compared.allowed)),
                    (true, false) => Verdict::Fail("spikes differ".into()),
                };
                Outcome { name, compared: Some(compared), verdict }
            }
            Err(Problem::Missing(model)) => {
                Outcome { name, compared: None, verdict: Verdict::Unsupported(model) }
            }
            Err(Problem::Broken(why)) => Outcome { name, compared: None, verdict: Verdict::Fail(why) },
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:52}", self.name)?;
        if let Some(compared) = &self.compared {
            write!(
                f,
                " {:9.2e} {:6}/{:<6} spikes  ",
                compared.difference, compared.matched, compared.expected
            )?;
        }
        match &self.verdict {
            Verdict::Pass => write!(f, "pass"),
            Verdict::Fail(why) => write!(f, "fail: {why}"),
            Verdict::Unsupported(model) => write!(f, "unsupported: {model}"),
        }
    }
}

/// A JSON file; Python's infinities, which JSON does not have, are null.
pub fn json(path: &Path) -> Result<Value, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = ["-Infinity", "Infinity", "NaN"].iter().fold(text, |text, word| text.replace(word, "null"));
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Files of a folder that end with a suffix, in order; none if there is no such folder.
pub fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(suffix));
    paths.sort();
    paths
}

/// A table of numbers with a header line.
pub struct Csv {
    /// Names of the columns.
    pub names: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<f64>>,
}

impl Csv {
    /// Reads a file; numbers may be wrapped as `np.float64(1.0)`.
    pub fn read(path: &Path) -> Result<Csv, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut lines = text.lines();
        let names = lines.next().unwrap_or("").split(',').map(str::to_owned).collect();
        let number = |field: &str| {
            let bare = field.trim().trim_start_matches("np.float64(").trim_end_matches(')');
            bare.parse::<f64>().map_err(|_| format!("{}: {field:?} is not a number", path.display()))
        };
        let row = |line: &str| line.split(',').map(number).collect::<Result<Vec<f64>, String>>();
        let rows = lines.filter(|line| !line.trim().is_empty()).map(row).collect::<Result<_, _>>()?;
        Ok(Csv { names, rows })
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let place = self.names.iter().position(|column| column == name)?;
        self.rows.iter().map(|row| row.get(place).copied()).collect()
    }
}
