//! Errors that are the input's and not the run's: they end the program with 2 instead of 1.

use std::fmt;

/// What is wrong with a file or flag, in one sentence.
#[derive(Debug)]
pub struct BadInput(String);

impl BadInput {
    /// Keeps the words of any error.
    pub fn of(error: impl fmt::Display) -> anyhow::Error {
        anyhow::Error::new(BadInput(format!("{error:#}")))
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}
