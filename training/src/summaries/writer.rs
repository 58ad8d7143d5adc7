//! How a summary comes out of masks, given its text.

use crate::mdlm::sampler::Sampler;
use crate::summaries::importance::schedule;
use crate::summaries::net::Sizes;
use crate::tasks::abstracts::Document;
use crate::tasks::pieces::Pieces;
use crate::weights::{Weights, numbers};
use burn::tensor::{Device, Tensor, TensorData};
use sim_core::rng::Key;

/// A trained network that writes.
pub struct Writer<'a> {
    /// Its sizes.
    pub sizes: &'a Sizes,
    /// Its weights, without gradients.
    pub weights: &'a Weights,
    /// Its vocabulary.
    pub pieces: Pieces,
    /// How much later important pieces were masked in training.
    pub importance: f64,
    /// Where the weights are.
    pub device: &'a Device,
}

/// How a summary is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Steps from all masks to none.
    pub steps: u32,
    /// Whether the decoder is called only where something happens.
    pub cached: bool,
    /// Below 1 likely pieces are preferred, 0 always takes the likeliest.
    pub temperature: f64,
    /// Of all draws.
    pub key: Key,
}

impl Writer<'_> {
    /// A summary of a document, in lower case, and how often the decoder was called. The text is read once.
    pub fn summary(&self, document: &Document, asked: Asked) -> (String, u64) {
        let (sizes, mask) = (self.sizes, self.sizes.mask());
        let text = sizes.fitted(self.pieces.encode(&document.text()), sizes.source);
        let read = sizes.read(self.weights, &[&text], self.device);
        let schedule = schedule(&read.seen(), &text, sizes.pieces, sizes.end(), self.importance);
        let Asked { steps, cached, temperature, key } = asked;
        let sampler = Sampler { steps, cached, temperature, schedule, key };
        let network = |tokens: &[usize], _: f64| {
            let tokens: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
            let tokens = Tensor::from_data(TensorData::new(tokens, [1, sizes.summary]), self.device);
            numbers(sizes.guess(self.weights, &read, tokens))
        };
        let mut tokens = vec![mask; sizes.summary];
        let calls = sampler.fill(&mut tokens, mask, network, |_| ());
        let pieces: Vec<u16> = tokens.into_iter().map(|token| token as u16).collect();
        (self.pieces.decode(&pieces), calls)
    }
}
