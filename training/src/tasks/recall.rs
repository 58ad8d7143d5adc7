//! Pairs of a key and a value, then the keys again in another order: what was the value of each?
//!
//! ```text
//! k₃ v₁ k₇ v₀ … | k₇ v₀ k₃ v₁ …
//! ```
//!
//! Keys and values are drawn anew for each text, so nothing but the memory of a network can know the answers.

use sim_core::rng::Stream;

/// Different keys; they are the first tokens.
pub const KEYS: usize = 32;
/// Different values; they are the tokens after the keys.
pub const VALUES: usize = 8;
/// Different tokens.
pub const TOKENS: usize = KEYS + VALUES;

/// A text with `pairs` pairs: 4·`pairs` tokens, the first half to be remembered, the second half asked.
pub fn draw(pairs: usize, stream: &mut Stream) -> Vec<usize> {
    let mut keys: Vec<usize> = (0..KEYS).collect();
    shuffle(&mut keys, stream);
    let mut pairs: Vec<(usize, usize)> =
        keys[..pairs].iter().map(|key| (*key, KEYS + stream.below(VALUES as u32) as usize)).collect();
    let mut text: Vec<usize> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
    shuffle(&mut pairs, stream);
    text.extend(pairs.iter().flat_map(|pair| [pair.0, pair.1]));
    text
}

/// Puts items in an order by chance.
pub fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for k in (1..items.len()).rev() {
        items.swap(k, stream.below(k as u32 + 1) as usize);
    }
}
