//! Documents as pieces, in windows of fixed length.

use crate::summaries::net::Sizes;
use crate::tasks::abstracts::Document;
use crate::tasks::pieces::Pieces;
use crate::tasks::text::characters;

/// A document as the network sees it.
pub struct Example {
    /// Pieces of the text, ends behind the last.
    pub text: Vec<u16>,
    /// Pieces of a summary, ends behind the last.
    pub summary: Vec<u16>,
    /// Characters of these pieces of the summary.
    pub characters: usize,
}

impl Example {
    /// A document with its first summary; what is too long is cut off.
    pub fn of(document: &Document, pieces: &Pieces, sizes: &Sizes) -> Self {
        let summary = sizes.fitted(pieces.encode(&document.summaries[0]), sizes.summary);
        let characters = characters(pieces.decode(&summary).as_bytes());
        Self { text: sizes.fitted(pieces.encode(&document.text()), sizes.source), summary, characters }
    }
}

impl Sizes {
    /// So many pieces: the first ones, or all and ends.
    pub(crate) fn fitted(&self, mut pieces: Vec<u16>, count: usize) -> Vec<u16> {
        pieces.resize(count, self.end());
        pieces
    }
}
