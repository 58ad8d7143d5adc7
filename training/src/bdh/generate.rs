//! Text that BDH writes, byte by byte.

use crate::bdh::native::Native;
use sim_core::rng::{Key, Stream};

/// Goes on with a text for ever.
pub struct Writer {
    net: Native,
    window: usize,
    temperature: f64,
    stream: Stream,
    /// What stands since the network forgot last.
    text: Vec<u8>,
    logits: Vec<f32>,
}

impl Writer {
    /// Goes on with `prompt`, or with a new line if there is none. When a window is full the network forgets,
    /// and reads its second half again, since it has learnt no longer stretches.
    pub fn new(net: Native, window: usize, prompt: &[u8], temperature: f64, seed: u64) -> Self {
        let stream = Key::new(seed).named("generated text").stream(0);
        let mut writer = Self { net, window, temperature, stream, text: Vec::new(), logits: Vec::new() };
        writer.net.forget();
        let prompt = if prompt.is_empty() { b"\n" } else { prompt };
        prompt.iter().for_each(|byte| writer.read(*byte));
        writer
    }

    fn read(&mut self, byte: u8) {
        if self.text.len() >= self.window {
            self.net.forget();
            self.text.drain(..self.text.len() - self.window / 2);
            for byte in &self.text {
                self.net.read((*byte).into());
            }
        }
        self.text.push(byte);
        self.logits = self.net.read(byte.into()).0;
    }

    /// A byte by chance, as likely as the logits say.
    fn draw(&mut self) -> u8 {
        let best = self
            .logits
            .iter()
            .copied()
            .enumerate()
            .fold((0, f32::MIN), |best, next| if next.1 > best.1 { next } else { best });
        let chance = self.stream.uniform();
        if self.temperature == 0.0 {
            return best.0 as u8;
        }
        let weight = |logit: &f32| libm::exp(f64::from(logit - best.1) / self.temperature);
        let mut left = chance * self.logits.iter().map(weight).sum::<f64>();
        let drawn = self.logits.iter().position(|logit| {
            left -= weight(logit);
            left <= 0.0
        });
        drawn.unwrap_or(best.0) as u8
    }
}

impl Iterator for Writer {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let byte = self.draw();
        self.read(byte);
        Some(byte)
    }
}
