//! Pieces of words: a vocabulary that is learnt from a text by joining what stands together most often.
//!
//! A text in lower case falls into words, runs of letters, runs of digits and single other characters, each with the
//! space before it. A word is bytes at first. Of all pairs of neighbours within words the most frequent becomes a piece of
//! its own, again and again; of pairs that are equally frequent the one that is lower by number. So there is nothing that
//! cannot be written, and the same text always gives the same vocabulary. White space is one space.
//!
//! References: Sennrich et al. (2016), arXiv:1508.07909; by bytes: Radford et al. (2019), "Language Models are Unsupervised
//! Multitask Learners".

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Pieces that are there from the beginning.
const BYTES: usize = 256;

type Pair = (u16, u16);

/// A vocabulary: bytes, then what they were joined to, then the end of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Piece `256 + k` is pair k.
    joined: Vec<Pair>,
    /// The number of each pair's piece.
    numbers: HashMap<Pair, u16>,
    /// How many there may be, the end included.
    count: usize,
}

/// The fewest pieces of a vocabulary.
pub const FEWEST: usize = BYTES + 1;

/// The most.
pub const MOST: usize = 1 << 16;

/// What is saved where fewer pairs were joined than there might be.
const NONE: f32 = -1.0;

impl Pieces {
    /// Learns as many as `count` from [`FEWEST`] to [`MOST`] from texts; fewer if no pair comes twice any more.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, count: usize) -> Self {
        let mut words: BTreeMap<String, u64> = BTreeMap::new();
        for text in texts {
            let text = normal(text);
            split(&text).for_each(|word| *words.entry(word.to_owned()).or_default() += 1);
        }
        let mut learning = Learning::of(&words);
        let mut joined = Vec::new();
        while BYTES + joined.len() + 1 < count {
            let Some(pair) = learning.most_frequent() else { break };
            learning.join(pair, (BYTES + joined.len()) as u16);
            joined.push(pair);
        }
        Self::of(joined, count)
    }

    fn of(joined: Vec<Pair>, count: usize) -> Self {
        let numbers = joined.iter().enumerate().map(|(k, pair)| (*pair, (BYTES + k) as u16)).collect();
        Self { joined, numbers, count }
    }

    /// How many numbers pieces may have, the end's included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The piece behind the last one of a text.
    pub fn end(&self) -> u16 {
        (self.count - 1) as u16
    }

    /// A text as pieces.
    pub fn encode(&self, text: &str) -> Vec<u16> {
        let text = normal(text);
        let mut all = Vec::new();
        for word in split(&text) {
            let mut pieces: Vec<u16> = word.bytes().map(u16::from).collect();
            // What was joined first is joined first.
            let first = |pieces: &[u16]| {
                pieces.windows(2).filter_map(|p| self.numbers.get(&(p[0], p[1]))).min().copied()
            };
            while let Some(number) = first(&pieces) {
                pieces = with_joined(&pieces, self.joined[usize::from(number) - BYTES], number);
            }
            all.extend(pieces);
        }
        all
    }

    /// What pieces say, as far as the first end.
    pub fn decode(&self, pieces: &[u16]) -> String {
        let mut bytes = Vec::new();
        pieces
            .iter()
            .take_while(|piece| **piece != self.end())
            .for_each(|piece| self.write(*piece, &mut bytes));
        String::from_utf8_lossy(&bytes).trim_start().to_owned()
    }

    /// The bytes of a piece; none of a number that was not learnt.
    fn write(&self, piece: u16, bytes: &mut Vec<u8>) {
        match u8::try_from(piece) {
            Ok(byte) => bytes.push(byte),
            Err(_) => {
                if let Some((a, b)) = self.joined.get(usize::from(piece) - BYTES) {
                    self.write(*a, bytes);
                    self.write(*b, bytes);
                }
            }
        }
    }

    /// The pairs as numbers to save, `[pair][2]`, −1 where fewer were joined than there might be.
    pub fn save(&self) -> Vec<f32> {
        let mut values: Vec<f32> =
            self.joined.iter().flat_map(|(a, b)| [f32::from(*a), f32::from(*b)]).collect();
        values.resize(2 * (self.count - FEWEST), NONE);
        values
    }

    /// What was saved of a vocabulary of `count` pieces, as far as these are pairs of it.
    pub fn load(saved: &[f32], count: usize) -> Self {
        let pair = |(k, values): (usize, &[f32])| {
            let piece = |x: f32| (x >= 0.0 && x < (BYTES + k) as f32).then_some(x as u16);
            piece(values[0]).zip(piece(values[1]))
        };
        Self::of(saved.chunks_exact(2).take(count - FEWEST).enumerate().map_while(pair).collect(), count)
    }
}

/// In lower case, each white space one space, and one before the first word.
fn normal(text: &str) -> String {
    text.split_whitespace().flat_map(|word| [" ".to_owned(), word.to_lowercase()]).collect()
}

/// What a character may stand together with in a word.
fn kind(c: char) -> u8 {
    if c.is_alphabetic() { 1 } else { 2 * u8::from(c.is_numeric()) }
}

/// The words of a text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let space = usize::from(rest.starts_with(' '));
        let mut characters = rest[space..].chars();
        let first = characters.next()?;
        let more = characters.take_while(|c| kind(*c) != 0 && kind(*c) == kind(first));
        let length = space + first.len_utf8() + more.map(char::len_utf8).sum::<usize>();
        let (word, left) = rest.split_at(length);
        rest = left;
        Some(word)
    })
}

/// The pieces of a word, each such pair joined.
fn with_joined(pieces: &[u16], pair: Pair, number: u16) -> Vec<u16> {
    let mut joined = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        if pieces[at..].starts_with(&[pair.0, pair.1]) {
            joined.push(number);
            at += 2;
        } else {
            joined.push(pieces[at]);
            at += 1;
        }
    }
    joined
}

/// Words and the pairs in them, while pairs are joined.
struct Learning {
    /// The pieces of each word, and how often it comes.
    words: Vec<(Vec<u16>, u64)>,
    counts: HashMap<Pair, u64>,
    /// The words that have, or had, each pair.
    places: HashMap<Pair, BTreeSet<usize>>,
}

impl Learning {
    fn of(words: &BTreeMap<String, u64>) -> Self {
        let words =
            words.iter().map(|(word, count)| (word.bytes().map(u16::from).collect(), *count)).collect();
        let mut learning = Self { words, counts: HashMap::new(), places: HashMap::new() };
        (0..learning.words.len()).for_each(|word| learning.count(word));
        learning
    }

    /// Adds the pairs of a word.
    fn count(&mut self, word: usize) {
        let (pieces, count) = &self.words[word];
        for pair in pieces.windows(2).map(|pair| (pair[0], pair[1])) {
            *self.counts.entry(pair).or_default() += count;
            self.places.entry(pair).or_default().insert(word);
        }
    }

    /// The pair that comes most often, if any comes twice.
    fn most_frequent(&self) -> Option<Pair> {
        let repeated = self.counts.iter().filter(|(_, count)| **count > 1);
        repeated.max_by_key(|(pair, count)| (**count, Reverse(**pair))).map(|(pair, _)| *pair)
    }

    fn join(&mut self, pair: Pair, number: u16) {
        for word in self.places.remove(&pair).unwrap_or_default() {
            let (pieces, count) = &mut self.words[word];
            for gone in pieces.windows(2) {
                if let Some(all) = self.counts.get_mut(&(gone[0], gone[1])) {
                    *all -= *count;
                }
            }
            *pieces = with_joined(pieces, pair, number);
            self.count(word);
        }
        self.counts.remove(&pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Sennrich et al. (2016), section 3.2.
    const WORDS: &str =
        "low low low low low lower lower newest newest newest newest newest newest widest widest widest";

    fn said(pieces: &Pieces, text: &str) -> Vec<String> {
        let one = |piece: u16| {
            let mut bytes = Vec::new();
            pieces.write(piece, &mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        pieces.encode(text).into_iter().map(one).collect()
    }

    #[test]
    fn the_most_frequent_pairs_are_joined_first() {
        let pieces = Pieces::learn([WORDS].into_iter(), FEWEST + 3);
        // Nine times es, then est; seven times " l", "lo" and "ow", of which " l" is the lowest.
        assert_eq!(said(&pieces, "lowest"), [" l", "o", "w", "est"]);
        let all = Pieces::learn([WORDS].into_iter(), 500);
        assert_eq!(said(&all, "lower newest"), [" lower", " newest"]);
        assert!(all.joined.len() < 40 && all.count() == 500, "no pair comes twice any more");
        assert_eq!(all, Pieces::learn([WORDS].into_iter(), 500));
    }

    #[test]
    fn any_text_comes_back_in_lower_case_and_ends_where_it_ends() {
        let pieces = Pieces::learn([WORDS].into_iter(), 280);
        for text in ["We lower — the 99.5% (naïve) bound, twice.", "x", "\u{1f980} \u{3b1}\u{3b2}12"] {
            let mut encoded = pieces.encode(text);
            assert_eq!(pieces.decode(&encoded), text.to_lowercase());
            encoded.extend([pieces.end(), u16::from(b'x')]);
            assert_eq!(pieces.decode(&encoded), text.to_lowercase());
        }
        assert_eq!(pieces.decode(&pieces.encode(" two \n  lines\t")), "two lines");
        assert_eq!(pieces.decode(&[]), "");
        // Numbers that were not learnt say nothing, and half of a character is no text.
        assert_eq!(pieces.decode(&[u16::from(b'a'), 278, 0xc3]), "a\u{fffd}");
    }

    #[test]
    fn words_are_letters_digits_and_single_other_characters() {
        let text = normal("A 2-simplicial  net, at 99.5%");
        let words: Vec<&str> = split(&text).collect();
        assert_eq!(words, [" a", " 2", "-", "simplicial", " net", ",", " at", " 99", ".", "5", "%"]);
    }

    #[test]
    fn a_saved_vocabulary_is_the_same_as_far_as_it_has_pairs() {
        let pieces = Pieces::learn([WORDS].into_iter(), 300);
        let mut saved = pieces.save();
        assert_eq!(saved.len(), 2 * (300 - FEWEST));
        assert_eq!(Pieces::load(&saved, 300), pieces);
        // A piece cannot be made of itself.
        saved[5] = 258.0;
        assert_eq!(Pieces::load(&saved, 300).joined, pieces.joined[..2]);
    }
}
