//! What BDH does as events, and what it costs in bits to send them as counts or as spikes that come by chance.

use crate::bdh::code::{Code, Scale};
use crate::bdh::native::{Native, Work};
use crate::lesson::Figure;
use crate::tasks::text::characters;
use rayon::prelude::*;
use sim_core::rng::Key;

/// Bits of counts that are tried.
const BITS: [u32; 5] = [2, 3, 4, 6, 8];
/// Draws of Bernoulli spikes that are tried.
const DRAWS: [u32; 3] = [1, 4, 16];
/// Share of the values of x and y that lie below the full scale.
const BELOW: f64 = 0.999;
/// Stretches that full scales are taken from, and that codes are measured on.
const CALIBRATED: usize = 4;
const MEASURED: usize = 32;

/// Work of the network on `test`, and bits per character in each code; full scales are taken from `train`.
pub fn figures(net: &Native, train: &[u8], test: &[u8], window: usize, seed: u64) -> Vec<Figure> {
    let scales = scales(net, train, window);
    let key = Key::new(seed).named("spikes of BDH");
    let counts = BITS.map(|bits| (format!("bits_per_char_in_{bits}_bits"), Code::Counts { bits }));
    let spikes = DRAWS.map(|draws| {
        let key = key.numbered(draws.into());
        (format!("bits_per_char_in_{draws}_spikes"), Code::Bernoulli { draws, key })
    });
    let mut codes = vec![("bits_per_char_as_events".to_owned(), Code::Exact)];
    codes.extend(counts.into_iter().chain(spikes));
    let measured: Vec<(Figure, Work)> = codes
        .into_par_iter()
        .map(|(name, code)| {
            let (value, work) = bits_per_char(net.clone().coded(code, scales.clone()), test, window);
            (Figure { name, value }, work)
        })
        .collect();
    let work = measured.first().map(|(_, work)| work.clone()).unwrap_or_default();
    let bits = measured.into_iter().map(|(figure, _)| figure);
    activity(net, &work).into_iter().chain(bits).collect()
}

/// How much fires, and what it causes.
fn activity(net: &Native, work: &Work) -> Vec<Figure> {
    let tokens = work.tokens.max(1) as f64;
    let neurons = tokens * net.sizes().all_neurons() as f64;
    let figure = |name: String, value: f64| Figure { name, value };
    let mut figures = Vec::new();
    for (layer, (x, z)) in (1..).zip(&work.fired) {
        figures.push(figure(format!("layer_{layer}_share_of_x_that_fires"), *x as f64 / neurons));
        figures.push(figure(format!("layer_{layer}_share_of_xy_that_fires"), *z as f64 / neurons));
    }
    let events: u64 = work.fired.iter().map(|(x, z)| x + z).sum();
    figures.push(figure("events_per_token".into(), events as f64 / tokens));
    let done = (work.by_events + work.dense_steps) as f64;
    figures.push(figure("multiplications_per_token_by_events".into(), work.by_events as f64 / tokens));
    figures.push(figure("multiplications_per_token_in_all".into(), done / tokens));
    let without = work.without_events(net.sizes()) as f64;
    figures.push(figure("multiplications_per_token_without_events".into(), without / tokens));
    figures
}

/// Below these lies almost every value of x and y that fires, layer by layer.
fn scales(net: &Native, text: &[u8], window: usize) -> Vec<Scale> {
    let mut net = net.clone();
    let mut values = vec![(Vec::new(), Vec::new()); net.sizes().layers];
    for stretch in text.chunks_exact(window).take(CALIBRATED) {
        net.forget();
        for byte in stretch {
            for (step, (x, y)) in net.read((*byte).into()).1.into_iter().zip(&mut values) {
                x.extend(step.x.iter().map(|(_, value)| *value));
                y.extend(step.y.iter().filter(|value| **value > 0.0));
            }
        }
    }
    values.into_iter().map(|(x, y)| Scale { x: quantile(x), y: quantile(y) }).collect()
}

fn quantile(mut values: Vec<f32>) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let place = (values.len() as f64 * BELOW) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// Bits per character of the second halves of stretches, and the work on all of them.
fn bits_per_char(mut net: Native, text: &[u8], window: usize) -> (f64, Work) {
    let (mut bits, mut measured) = (0.0, 0);
    for stretch in text.chunks_exact(window + 1).take(MEASURED) {
        net.forget();
        for (place, pair) in stretch.windows(2).enumerate() {
            let (logits, _) = net.read(pair[0].into());
            if place >= window / 2 {
                bits += surprise(&logits, pair[1].into());
            }
        }
        measured += characters(&stretch[1 + window / 2..]);
    }
    (bits / measured.max(1) as f64, net.work)
}

/// Bits of `token` under these logits.
fn surprise(logits: &[f32], token: usize) -> f64 {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|logit| libm::exp(f64::from(logit - largest))).sum();
    libm::log2(sum) - f64::from(logits[token] - largest) * std::f64::consts::LOG2_E
}
