//! One neuron for one tick, as the equations say it (Cassidy et al. 2013, IJCNN).
//!
//! ```text
//! 1 integrate, over active axons i in ascending order with w_ij = 1, g = G_i:
//!      v += b[g] ? F(s[g], ρ)·sgn(s[g]) : s[g]          F(s, ρ) = 1 if |s| >= ρ, else 0
//! 2 leak:  Ω = ε ? sgn(v) : 1
//!      v += Ω · (c_λ ? F(λ, ρ)·sgn(λ) : λ)
//! 3 threshold: η = ρ & M
//!      if v >= α + η: spike;             v = R,  v - (α + η)  or v    (γ = 0, 1, 2)
//!      else if v < -(κ ? β : β + η):     v = -β  (κ), else -R, v + (β + η)  or v    (γ = 0, 1, 2)
//! ```
//! ρ is a fresh draw each time, see [`Draws`].

use super::draws::{Draws, THRESHOLD_BITS, WEIGHT_BITS};
use super::limits::{HIGHEST, LOWEST, TYPES, Widths, signed, unsigned};

/// A neuron's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Neuron {
    /// s: the weight of each axon type.
    pub weights: [i16; TYPES],
    /// b: whether a weight is the probability (in 256ths) of a unit step.
    pub stochastic_weights: [bool; TYPES],
    /// λ: added every tick.
    pub leak: i16,
    /// c_λ: whether the leak is the probability (in 256ths) of a unit step.
    pub stochastic_leak: bool,
    /// ε: whether the leak has the sign of the potential.
    pub leak_reversal: bool,
    /// α: the threshold.
    pub alpha: i32,
    /// β: the negative threshold is -β.
    pub beta: i32,
    /// M: which random bits are added to the thresholds.
    pub mask: i32,
    /// R: the reset potential.
    pub reset: i32,
    /// γ: what a threshold does to the potential.
    pub mode: ResetMode,
    /// κ: whether the potential stays at -β instead of being reset there.
    pub saturates: bool,
}

/// What crossing a threshold does to the potential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetMode {
    /// γ = 0: it becomes R, or -R.
    #[default]
    Absolute,
    /// γ = 1: the threshold is taken off.
    Linear,
    /// γ = 2: nothing.
    None,
}

/// Where sources disagree on the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Semantics {
    /// When the potential is kept in its range.
    pub saturation: Saturation,
    /// What happens when a leak with reversal crosses zero.
    pub crossing: Crossing,
}

/// When the potential is kept in its range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saturation {
    /// In 20 bits after each addition.
    #[default]
    EachAddition,
    /// In 20 bits once, after the leak.
    OncePerTick,
    /// In ±393,216 after the leak, as NeMo; at the top it spikes.
    Nemo,
}

/// What happens when a leak towards zero would cross it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crossing {
    /// The plain equation: it overshoots.
    #[default]
    Overshoots,
    /// The potential becomes 0, so that it does not ring.
    Stops,
}

/// NeMo's bound of a potential.
pub const NEMO_BOUND: i32 = 393_216;

/// What a tick did to a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// The potential after leak, before the thresholds.
    pub before_reset: i32,
    /// The potential after the tick.
    pub potential: i32,
    /// Whether it spiked.
    pub fired: bool,
}

impl Neuron {
    /// One tick of a neuron with potential `v`, given the types of the active axons that it is
    /// connected to, in the order of axons.
    pub fn live(
        &self,
        mut v: i32,
        types: impl Iterator<Item = usize>,
        draws: &mut Draws,
        semantics: Semantics,
    ) -> Lived {
        for g in types {
            let s = i32::from(self.weights[g]);
            v += if self.stochastic_weights[g] { unit(s, draws) } else { s };
            v = semantics.kept(v);
        }
        v = self.leaked(v, draws, semantics);
        let top = semantics.saturation == Saturation::Nemo && v > NEMO_BOUND;
        v = semantics.kept_at_end(v);
        let eta = if self.mask == 0 { 0 } else { draws.draw(THRESHOLD_BITS) & self.mask };
        let fired = v >= self.alpha + eta || top;
        let potential = if fired {
            match self.mode {
                ResetMode::Absolute => self.reset,
                ResetMode::Linear => v - (self.alpha + eta),
                ResetMode::None => v,
            }
        } else if self.saturates {
            v.max(-self.beta)
        } else if v < -(self.beta + eta) {
            match self.mode {
                ResetMode::Absolute => -self.reset,
                ResetMode::Linear => v + (self.beta + eta),
                ResetMode::None => v,
            }
        } else {
            v
        };
        Lived { before_reset: v, potential, fired }
    }

    fn leaked(&self, v: i32, draws: &mut Draws, semantics: Semantics) -> i32 {
        let leak = i32::from(self.leak);
        let leak = if self.stochastic_leak { unit(leak, draws) } else { leak };
        let direction = if self.leak_reversal { v.signum() } else { 1 };
        let after = v + direction * leak;
        let crossed = self.leak_reversal && after.signum() == -v.signum();
        if crossed && semantics.crossing == Crossing::Stops { 0 } else { semantics.kept(after) }
    }

    /// Whether it takes a draw every tick.
    pub fn draws_every_tick(&self) -> bool {
        self.stochastic_leak || self.mask != 0
    }

    /// Whether it ever takes a draw.
    pub fn is_stochastic(&self) -> bool {
        self.draws_every_tick() || self.stochastic_weights.contains(&true)
    }

    /// The parameter that these widths do not hold, in words, if there is one.
    pub fn misfit(&self, widths: &Widths) -> Option<String> {
        let weights = self
            .weights
            .iter()
            .map(|&s| ("weight", i64::from(s), -signed(widths.weight), signed(widths.weight)));
        let others = [
            ("leak", i64::from(self.leak), -signed(widths.leak), signed(widths.leak)),
            ("threshold", i64::from(self.alpha), 0, unsigned(widths.alpha)),
            ("negative threshold", i64::from(self.beta), 0, unsigned(widths.beta)),
            ("threshold mask", i64::from(self.mask), 0, unsigned(widths.mask)),
            ("reset potential", i64::from(self.reset), -signed(widths.reset), signed(widths.reset)),
        ];
        let all = weights.chain(others);
        let beyond = all.into_iter().find(|&(_, value, low, high)| value < low || value > high);
        beyond.map(|(name, value, low, high)| format!("{name} {value} is not in {low}..={high}"))
    }
}

impl Semantics {
    /// A potential after an addition.
    fn kept(self, v: i32) -> i32 {
        match self.saturation {
            Saturation::EachAddition => v.clamp(LOWEST, HIGHEST),
            Saturation::OncePerTick | Saturation::Nemo => v,
        }
    }

    /// A potential after the last addition of a tick.
    fn kept_at_end(self, v: i32) -> i32 {
        match self.saturation {
            Saturation::EachAddition | Saturation::OncePerTick => v.clamp(LOWEST, HIGHEST),
            Saturation::Nemo => v.clamp(-NEMO_BOUND, NEMO_BOUND),
        }
    }

    /// Potentials up to so much from zero cannot leave the range within a tick, whatever arrives.
    pub fn safe_range(self) -> i32 {
        const MOST: i32 = 257 * 255;
        match self.saturation {
            Saturation::Nemo => NEMO_BOUND - MOST,
            Saturation::EachAddition | Saturation::OncePerTick => HIGHEST - MOST,
        }
    }
}

/// A unit step with the sign of `s`, or none: F(s, ρ)·sgn(s).
fn unit(s: i32, draws: &mut Draws) -> i32 {
    if s.abs() >= draws.draw(WEIGHT_BITS) { s.signum() } else { 0 }
}
