//! How a text is masked, and what a guess at it is worth.
//!
//! At time t from 0 to 1 each place is masked with the probability m(t) = (1 − ε) t, ε = 1e-3, independently of the others.
//! A network that guesses p(x | what is visible) of the masked places bounds the surprise of the whole text by
//!
//! ```text
//! −log p(text) ≤ E_t Σ_masked m'(t) / m(t) · −log p(x) = E_t Σ_masked 1/t · −log p(x)        the NELBO
//! ```
//!
//! where the logit of the mask counts as −∞ and visible places are not guessed at (SUBS parameterisation). With T steps of
//! time in place of all of them it is the bound of D3PM with an absorbing state: t is rounded up to a step, and
//! (m(t) − m(s)) / m(t) for the step from t down to s, T times, is 1/t again.
//!
//! Important tokens may be masked later than others ([`Schedule`]), as noise for summaries has it (arXiv:2407.10998). A place that
//! is masked then says something about its token, so with λ = m'(t) / m(t) of each token the bound is that of Shi et al. (2024):
//!
//! ```text
//! Σ_masked λ(x) · −log p(x) + Σ_v p(v) (λ(v) − λ(x))
//! ```
//!
//! whose second part is 0 where all tokens are masked alike.
//!
//! References: Sahoo et al. (2024), arXiv:2406.07524, eqs. 8–11; Shi et al. (2024), arXiv:2406.04329, section 6; Austin et al. (2021), arXiv:2107.03006 (D3PM);
//! Kingma et al. (2021), arXiv:2107.00630 (times spread over a batch).

use crate::layers::fused::surprise::Answers;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::rng::{Key, Stream};
use std::sync::Arc;

/// What is left visible at time 1, and the earliest time that is drawn.
const EPSILON: f64 = 1e-3;

/// m(t)
pub fn masked_share(time: f64) -> f64 {
    (1.0 - EPSILON) * time
}

/// σ(t) = −log(1 − m(t)), by which the network is told the time.
pub fn sigma(time: f64) -> f64 {
    -libm::log1p(-masked_share(time))
}

/// m'(t) / m(t)
pub fn weight(time: f64) -> f64 {
    (1.0 - EPSILON) / masked_share(time)
}

/// When each token is masked: with a lean d from −1 to 1, m(t) = (1 − ε) (t + t (1 − t) d).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// d of each token; empty if all are 0.
    lean: Arc<Vec<f64>>,
}

impl Schedule {
    /// With these leans; tokens that lean to −1 are masked later and unmasked earlier.
    pub fn leaning(lean: Vec<f64>) -> Self {
        Self { lean: Arc::new(if lean.iter().all(|d| *d == 0.0) { Vec::new() } else { lean }) }
    }

    /// Whether all tokens are masked alike.
    pub fn is_even(&self) -> bool {
        self.lean.is_empty()
    }

    fn lean(&self, token: usize) -> f64 {
        self.lean.get(token).copied().unwrap_or(0.0)
    }

    /// m(t) of a token.
    pub fn masked_share(&self, token: usize, time: f64) -> f64 {
        masked_share(time + time * (1.0 - time) * self.lean(token))
    }

    /// m'(t) / m(t) of a token.
    pub fn rate(&self, token: usize, time: f64) -> f64 {
        let slope = (1.0 - EPSILON) * (1.0 + (1.0 - 2.0 * time) * self.lean(token));
        slope / self.masked_share(token, time)
    }

    /// The chance of a masked token to be unmasked from time t down to s.
    pub fn unmasked(&self, token: usize, t: f64, s: f64) -> f64 {
        1.0 - self.masked_share(token, s) / self.masked_share(token, t)
    }
}

/// `count` times that are spread over 0 to 1: one draw shifts them all. With `steps`, each is rounded up to one of them.
pub fn spread_times(count: usize, steps: Option<u64>, stream: &mut Stream) -> Vec<f64> {
    let shift = stream.uniform();
    let time = |k: usize| {
        let time = ((shift + k as f64) / count as f64).fract() * (1.0 - EPSILON) + EPSILON;
        steps.map_or(time, |steps| (libm::floor(time * steps as f64) + 1.0).min(steps as f64) / steps as f64)
    };
    (0..count).map(time).collect()
}

/// Texts with masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Noised {
    /// `[text][place]`
    pub tokens: Vec<i64>,
    /// What stood there, `[text][place]`.
    pub originals: Vec<i64>,
    /// What the surprise of each place counts in the bound: 0 where it is visible.
    pub weights: Vec<f32>,
    /// σ of each text.
    pub noise: Vec<f64>,
    /// λ of each token at the time of each text, `[text][token]`; empty where all tokens are masked alike.
    pub rates: Vec<f32>,
}

impl Noised {
    /// Masks each of `texts`, of equal length, as of its time; text k draws from stream k of `key`.
    pub fn draw<T: Copy + Into<usize>>(
        texts: &[&[T]],
        times: &[f64],
        mask: usize,
        schedule: &Schedule,
        key: Key,
    ) -> Self {
        Self::draw_each(texts, times, mask, &vec![schedule.clone(); texts.len()], key)
    }

    /// As [`Noised::draw`], each text by a schedule of its own.
    pub fn draw_each<T: Copy + Into<usize>>(
        texts: &[&[T]],
        times: &[f64],
        mask: usize,
        schedules: &[Schedule],
        key: Key,
    ) -> Self {
        let rated = if schedules.iter().all(Schedule::is_even) { 0 } else { mask };
        let rates = |(time, schedule): (&f64, &Schedule)| {
            (0..rated).map(|token| schedule.rate(token, *time) as f32).collect::<Vec<f32>>()
        };
        let token = |token: &T| -> usize { (*token).into() };
        let mut noised = Self {
            tokens: Vec::new(),
            originals: texts.iter().flat_map(|text| text.iter().map(|place| token(place) as i64)).collect(),
            weights: Vec::new(),
            noise: times.iter().map(|time| sigma(*time)).collect(),
            rates: times.iter().zip(schedules).flat_map(rates).collect(),
        };
        for (k, ((text, time), schedule)) in texts.iter().zip(times).zip(schedules).enumerate() {
            let mut stream = key.stream(k as u64);
            for token in text.iter().map(token) {
                let masked = stream.uniform() < schedule.masked_share(token, *time);
                let rate = schedule.rate(token, *time) as f32;
                noised.tokens.push(if masked { mask } else { token } as i64);
                noised.weights.push(if masked { rate } else { 0.0 });
            }
        }
        noised
    }

    /// Tokens `[text][place]` as a network reads them.
    pub fn tokens(&self, device: &Device) -> Tensor<2, Int> {
        let texts = self.noise.len();
        Tensor::from_data(TensorData::new(self.tokens.clone(), [texts, self.tokens.len() / texts]), device)
    }

    /// What each place adds to the bound, in nats, `[text][place]`, by logits `[text][place][token]` whose last is the mask's.
    pub fn surprise(&self, logits: Tensor<3>) -> Tensor<2> {
        let [texts, places, tokens] = logits.dims();
        let answers = Answers {
            tokens: tokens - 1,
            right: Arc::new(self.originals.clone()),
            weights: Arc::new(self.weights.clone()),
            rates: Arc::new(self.rates.clone()),
        };
        answers.surprise(logits.reshape([texts * places, tokens])).reshape([texts, places])
    }
}
