//! Text, byte by byte: `train.txt` and `val.txt` of a folder, or a text that comes with the program.

use crate::lesson::Problem;
use crate::tasks::file::{DataProblem, bytes};
use std::ops::Range;
use std::path::Path;

/// Different tokens: a token is a byte.
pub const BYTES: usize = 256;

/// A text to learn from and a text to be tested on.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// To learn from.
    pub train: Vec<u8>,
    /// To be tested on.
    pub test: Vec<u8>,
}

/// Written for this program.
const SHIPPED: &str = include_str!("shipped.txt");

impl Text {
    /// `train.txt` and `val.txt` in `data`, or the text that comes with the program, its last tenth for tests.
    pub fn read(data: Option<&Path>) -> Result<Self, DataProblem> {
        let Some(folder) = data else {
            let (train, test) = SHIPPED.as_bytes().split_at(SHIPPED.len() / 10 * 9);
            return Ok(Self { train: train.to_vec(), test: test.to_vec() });
        };
        let read = |name: &str| {
            let mut file = bytes(&folder.join(name))?;
            let left = file.left();
            Ok(file.take(left)?.to_vec())
        };
        Ok(Self { train: read("train.txt")?, test: read("val.txt")? })
    }

    /// Cuts the last part of what is learnt from off, to validate on.
    ///
    /// # Errors
    /// If a part is too short for windows of `window` bytes and the byte after them.
    pub fn validation(&self, share: f64, window: usize) -> Result<(Range<usize>, Range<usize>), Problem> {
        let all = self.train.len();
        let cut = all - (all as f64 * share) as usize;
        for (part, length) in [("train", cut), ("validation", all - cut), ("test", self.test.len())] {
            if length <= window {
                let message = format!(
                    "the {part} part of the text is {length} bytes, and a window of {window} needs {}",
                    window + 1
                );
                return Err(Problem(message));
            }
        }
        Ok((0..cut, cut..all))
    }
}

/// How many characters of UTF-8 these bytes begin.
pub fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
