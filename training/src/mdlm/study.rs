//! What a trained MDLM can do: how much of a text it fills in rightly, and how good what it writes is by the calls it takes.

use crate::lesson::Figure;
use crate::mdlm::net::Sizes;
use crate::mdlm::noise::{Schedule, sigma};
use crate::mdlm::sampler::{Sampler, likeliest};
use crate::tasks::bigrams::Bigrams;
use crate::tasks::counting::{Counted, LONGEST};
use crate::weights::{Weights, numbers};
use burn::tensor::{Device, Tensor, TensorData};
use sim_core::rng::Key;

/// A trained network.
pub struct Known<'a> {
    /// Its sizes.
    pub sizes: &'a Sizes,
    /// Its weights, without gradients.
    pub weights: &'a Weights,
    /// When each token was masked in training.
    pub schedule: Schedule,
    /// Where they are.
    pub device: &'a Device,
}

/// Places that are masked, in percent.
const MASKED: [u32; 2] = [15, 50];
/// Stretches that are filled in.
const FILLED: usize = 128;
/// Steps of the sampler that are tried, and texts of each.
const STEPS: [u32; 6] = [8, 16, 32, 64, 128, 256];
const WRITTEN: u64 = 8;

impl Known<'_> {
    /// Logits `[place][token]` of one text at the noise σ.
    pub fn logits(&self, tokens: &[usize], sigma: f64) -> Vec<f32> {
        let values: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
        let tokens = Tensor::from_data(TensorData::new(values, [1, tokens.len()]), self.device);
        numbers(self.sizes.forward(self.weights, tokens, &[sigma]))
    }

    /// Share of masked characters that are guessed rightly, each by itself, beside what bigrams of `learnt` guess.
    pub fn infilling(&self, learnt: &[u8], test: &[u8], window: usize, key: Key) -> Vec<Figure> {
        let bigrams = Bigrams::of(learnt);
        let mask = self.sizes.mask();
        let mut figures = Vec::new();
        for percent in MASKED {
            let (mut all, mut ours, mut theirs) = (0, 0, 0);
            for (number, text) in test.chunks_exact(window).take(FILLED).enumerate() {
                let mut stream = key.named("infilling").numbered(u64::from(percent)).stream(number as u64);
                let known: Vec<Option<u8>> = text
                    .iter()
                    .map(|byte| (stream.uniform() >= f64::from(percent) / 100.0).then_some(*byte))
                    .collect();
                let tokens: Vec<usize> = known.iter().map(|known| known.map_or(mask, usize::from)).collect();
                let sigma = sigma(f64::from(percent) / 100.0);
                let (logits, filled) = (self.logits(&tokens, sigma), bigrams.fill(&known));
                for place in (0..window).filter(|place| known[*place].is_none()) {
                    let guess = likeliest(&logits[place * (mask + 1)..][..mask]);
                    all += 1;
                    ours += usize::from(guess == usize::from(text[place]));
                    theirs += usize::from(filled[place] == text[place]);
                }
            }
            let share = |right: usize| f64::from(right as u32) / f64::from(all.max(1));
            figures.push(Figure { name: format!("filled_in_of_{percent}_percent"), value: share(ours) });
            let name = format!("filled_in_of_{percent}_percent_by_bigrams");
            figures.push(Figure { name, value: share(theirs) });
        }
        figures
    }

    /// For texts drawn in more and more steps: calls of the network for each, and bits per character that 5-grams of
    /// `learnt` need for them.
    pub fn sampling(&self, learnt: &[u8], window: usize, key: Key) -> Vec<Figure> {
        let counted = Counted::of(learnt);
        let mask = self.sizes.mask();
        let mut figures = Vec::new();
        for steps in STEPS {
            let (mut calls, mut bits) = (0, 0.0);
            for number in 0..WRITTEN {
                let key = key.named("sampling").numbered(number);
                let sampler =
                    Sampler { steps, cached: true, temperature: 1.0, schedule: self.schedule.clone(), key };
                let mut tokens = vec![mask; window];
                calls += sampler.fill(&mut tokens, mask, |tokens, sigma| self.logits(tokens, sigma), |_| ());
                let text: Vec<u8> = tokens.iter().map(|token| *token as u8).collect();
                bits += counted.bits(&text)[LONGEST - 2];
            }
            let value = calls as f64 / WRITTEN as f64;
            figures.push(Figure { name: format!("network_calls_in_{steps}_steps"), value });
            let value = bits / (WRITTEN as f64 * window as f64);
            figures.push(Figure { name: format!("bits_by_5_grams_in_{steps}_steps"), value });
        }
        figures
    }
}
