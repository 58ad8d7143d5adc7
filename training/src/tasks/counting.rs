//! What counting alone predicts of a text: interpolated n-grams.
//!
//! The probability of a byte after a context of n − 1 bytes is that of a shorter context, mixed with what was counted:
//!
//! ```text
//! P_n(b | c) = (count(c b) + kinds(c) P_{n-1}(b | c')) / (count(c) + kinds(c))
//! ```
//!
//! where kinds(c) is how many different bytes came after c, c' is c without its first byte, and P_0 = 1/256.
//!
//! Reference: Witten and Bell (1991) IEEE Trans. Inf. Theory 37:1085, doi:10.1109/18.87000.

use crate::tasks::text::BYTES;
use std::collections::HashMap;

/// The longest n-grams that are counted.
pub const LONGEST: usize = 6;

/// What came after a context.
#[derive(Default)]
struct After {
    count: u32,
    /// Each byte and how often.
    kinds: Vec<(u8, u32)>,
}

/// The n-grams of a text, n from 1 to [`LONGEST`].
pub struct Counted {
    /// What came after contexts of each length.
    tables: Vec<HashMap<u64, After>>,
}

impl Counted {
    /// Counts a text.
    pub fn of(text: &[u8]) -> Self {
        let table = |length: usize| {
            let mut table: HashMap<u64, After> = HashMap::new();
            for end in length..text.len() {
                let after = table.entry(context(text, end, length)).or_default();
                after.count += 1;
                match after.kinds.iter_mut().find(|(byte, _)| *byte == text[end]) {
                    Some((_, count)) => *count += 1,
                    None => after.kinds.push((text[end], 1)),
                }
            }
            table
        };
        Self { tables: (0..LONGEST).map(table).collect() }
    }

    /// Bits that n-grams of each length need for all of `test`.
    pub fn bits(&self, test: &[u8]) -> [f64; LONGEST] {
        let mut bits = [0.0; LONGEST];
        for (end, byte) in test.iter().enumerate() {
            let mut likely = 1.0 / BYTES as f64;
            for (length, table) in self.tables.iter().enumerate() {
                if let Some(after) = (length <= end).then(|| table.get(&context(test, end, length))).flatten()
                {
                    let kinds = after.kinds.len() as f64;
                    let seen =
                        after.kinds.iter().find(|(kind, _)| kind == byte).map_or(0, |(_, count)| *count);
                    likely = (f64::from(seen) + kinds * likely) / (f64::from(after.count) + kinds);
                }
                bits[length] -= libm::log2(likely);
            }
        }
        bits
    }
}

/// The `length` bytes before `end`, at most 7, as a number.
fn context(text: &[u8], end: usize, length: usize) -> u64 {
    text[end - length..end].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
