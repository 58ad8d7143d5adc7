//! How a text comes out of masks.
//!
//! Time goes from 1 down to 0 in n steps. In the step from t to s a masked place is unmasked with the probability
//! 1 − m(s) / m(t) = (t − s) / t, with a token drawn from what the network says of it; visible places never change. What is still masked after the
//! last step gets its likeliest token.
//!
//! Whether a place is unmasked does not depend on the network. So the cached sampler draws that first and calls the
//! network only in steps in which something happens: the same text, by the same draws, in fewer calls.
//!
//! Reference: Sahoo et al. (2024), arXiv:2406.07524, section 4. Their cache keeps the last output while nothing changes, and makes
//! as many calls. Tokens are drawn in double precision: Zheng et al. (2024), arXiv:2409.02908, on what single precision does.

use crate::mdlm::noise::{Schedule, sigma};
use sim_core::rng::{Key, Stream};

/// Where the last step ends, as a time.
const LAST: f64 = 1e-5;

/// A way to draw texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    /// Steps n.
    pub steps: u32,
    /// Whether the network is called only where something happens.
    pub cached: bool,
    /// Below 1 likely tokens are preferred, 0 always takes the likeliest.
    pub temperature: f64,
    /// When each token was masked in training.
    pub schedule: Schedule,
    /// Of all draws.
    pub key: Key,
}

/// A text from left to right, by windows that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Tokens that the network sees together.
    pub window: usize,
    /// By how many the window moves on.
    pub stride: usize,
}

/// What a network says of tokens at a noise σ: logits `[place][token]`, the mask's last.
pub trait Network: FnMut(&[usize], f64) -> Vec<f32> {}

impl<F: FnMut(&[usize], f64) -> Vec<f32>> Network for F {}

impl Sampler {
    /// Fills the masked places of a text; how often the network was called. `show` sees the text after each step.
    pub fn fill(
        &self,
        tokens: &mut [usize],
        mask: usize,
        mut network: impl Network,
        mut show: impl FnMut(&[usize]),
    ) -> u64 {
        let mut calls = 0;
        if !tokens.contains(&mask) {
            return calls;
        }
        let time = |step: u32| 1.0 - f64::from(step) * (1.0 - LAST) / f64::from(self.steps);
        for step in 0..self.steps {
            let (t, s) = (time(step), time(step + 1));
            let unmasks = |token: usize| self.schedule.unmasked(token, t, s);
            // Tokens that are unmasked less readily than the readiest are held back once they are drawn.
            let tokens_apart = if self.schedule.is_even() { 1 } else { mask };
            let most = (0..tokens_apart).map(unmasks).fold(0.0, f64::max);
            let key = self.key.numbered(u64::from(step));
            let mut unmasked: Vec<(usize, Stream)> = (0..tokens.len())
                .filter(|place| tokens[*place] == mask)
                .map(|place| (place, key.stream(place as u64)))
                .collect();
            unmasked.retain_mut(|(_, stream)| stream.uniform() < most);
            if self.cached && unmasked.is_empty() {
                continue;
            }
            let logits = network(tokens, sigma(t));
            calls += 1;
            for (place, mut stream) in unmasked {
                let token = self.token(of_place(&logits, place, mask), stream.uniform());
                if self.schedule.is_even() || stream.uniform() * most < unmasks(token) {
                    tokens[place] = token;
                }
            }
            show(tokens);
        }
        if tokens.contains(&mask) {
            let logits = network(tokens, sigma(LAST));
            calls += 1;
            for (place, token) in tokens.iter_mut().enumerate().filter(|(_, token)| **token == mask) {
                *token = likeliest(of_place(&logits, place, mask));
            }
            show(tokens);
        }
        calls
    }

    /// Goes on with a text until it is `length` tokens longer, window by window: each sees the end of what stands there,
    /// and fills its rest. How often the network was called.
    pub fn go_on(
        &self,
        text: &mut Vec<usize>,
        length: usize,
        windows: Windows,
        mask: usize,
        mut network: impl Network,
        mut show: impl FnMut(&[usize]),
    ) -> u64 {
        let (end, mut calls) = (text.len() + length, 0);
        for number in 0.. {
            if text.len() >= end {
                break;
            }
            let begun = text.len().saturating_sub(windows.window - windows.stride);
            let seen = text.split_off(begun);
            let mut tokens = seen;
            tokens.resize(windows.window, mask);
            let sampler = Self { key: self.key.numbered(number), ..self.clone() };
            calls += sampler.fill(&mut tokens, mask, &mut network, |tokens| {
                show(&text.iter().chain(tokens).copied().take(end).collect::<Vec<_>>());
            });
            text.append(&mut tokens);
        }
        text.truncate(end);
        calls
    }

    /// The token that a draw from 0 to 1 chooses, as likely as the logits say.
    fn token(&self, logits: &[f32], draw: f64) -> usize {
        let best = likeliest(logits);
        if self.temperature == 0.0 {
            return best;
        }
        let weight = |logit: &f32| libm::exp(f64::from(logit - logits[best]) / self.temperature);
        let mut left = draw * logits.iter().map(weight).sum::<f64>();
        let drawn = logits.iter().position(|logit| {
            left -= weight(logit);
            left <= 0.0
        });
        drawn.unwrap_or(best)
    }
}

/// The logits of a place, without the mask's.
fn of_place(logits: &[f32], place: usize, mask: usize) -> &[f32] {
    &logits[place * (mask + 1)..][..mask]
}

/// The first of the likeliest tokens.
pub fn likeliest(logits: &[f32]) -> usize {
    let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    logits.iter().copied().enumerate().fold((0, f32::NEG_INFINITY), better).0
}
