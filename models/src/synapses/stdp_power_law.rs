//! `StdpPowerLaw`: spike-timing-dependent plasticity with power-law facilitation and proportional
//! depression.
//!
//! ```text
//! pre before post:  w ← w + λ w^μ e^(-Δ/τ₊)
//! post before pre:  w ← max(0, w - λ α w e^(-Δ/τ₋))
//! ```
//!
//! with the weight's number in the base unit of the target (pA, nS or mV) and all pairs of spikes,
//! as [`Stdp`](crate::synapses::stdp) counts them. There is no upper bound: w^μ grows more slowly
//! than w, so depression wins. Negative weights follow the same rule in absolute value.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `tau_plus`, `tau_minus` | 20 ms | time constants of facilitation and depression |
//! | `lambda` | 0.1 | step λ |
//! | `alpha` | 1 | depression per facilitation α |
//! | `mu` | 0.4 | exponent μ of facilitation |
//!
//! Reference: Morrison et al. (2007) doi:10.1162/neco.2007.19.6.1437, equation 1.

use crate::synapses::pairs::{PRE, Pairs, Row};
use sim_core::math::pow;
use sim_core::parameter::{Parameter, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use sim_core::units::Dimension;

/// The row of `StdpPowerLaw`.
pub static MODEL: SynapseModel = SynapseModel {
    name: "StdpPowerLaw",
    nest: "stdp_pl_synapse_hom",
    summary: "Pair-based plasticity with power-law facilitation and proportional depression.",
    parameters: &[
        Parameter::value("tau_plus", Dimension::Time, 20.0, Range::Positive, "time constant of facilitation"),
        Parameter::value("tau_minus", Dimension::Time, 20.0, Range::Positive, "time constant of depression"),
        Parameter::value("lambda", Dimension::Number, 0.1, Range::NotNegative, "step of facilitation"),
        Parameter::value("alpha", Dimension::Number, 1.0, Range::NotNegative, "depression per facilitation"),
        Parameter::value("mu", Dimension::Number, 0.4, Range::NotNegative, "exponent of facilitation"),
    ],
    check: |_| Vec::new(),
    f32: |site| Box::new(StdpPowerLaw::new(site)),
    f64: |site| Box::new(StdpPowerLaw::new(site)),
    primitive: None,
};

#[derive(Debug)]
struct StdpPowerLaw {
    pairs: Pairs,
    lambda: f64,
    lambda_alpha: f64,
    mu: f64,
}

impl StdpPowerLaw {
    fn new(site: &PlasticSite) -> Self {
        let number = |name| site.arguments.number(name);
        StdpPowerLaw {
            pairs: Pairs::new(site.neurons, number("tau_plus"), number("tau_minus"), site.dt),
            lambda: number("lambda"),
            lambda_alpha: number("lambda") * number("alpha"),
            mu: number("mu"),
        }
    }
}

impl<R: Real> Plasticity<R> for StdpPowerLaw {
    fn pre_len(&self) -> usize {
        PRE
    }

    fn pre_start(&self, pre: &mut [f64]) {
        pre.fill(0.0);
    }

    fn post_spike(&mut self, neuron: u32, time: f64) {
        self.pairs.archive.spike(neuron, time);
    }

    fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        neurons: &[u16],
        weights: &mut [R],
        sent: &mut Vec<R>,
    ) {
        let (lambda, lambda_alpha, mu) = (self.lambda, self.lambda_alpha, self.mu);
        let facilitate = |weight: f64, trace: f64| {
            (weight.abs() + lambda * pow(weight.abs(), mu) * trace).copysign(weight)
        };
        let depress = |weight: f64, trace: f64| {
            (weight.abs() - lambda_alpha * weight.abs() * trace).max(0.0).copysign(weight)
        };
        self.pairs.deliver(spike, pre, Row { neurons, weights, sent }, facilitate, depress);
    }

    fn forget(&mut self, needed_from: &[f64]) {
        self.pairs.archive.forget(needed_from);
    }

    fn needed_from(&self, pre: &[f64], delay: f64) -> f64 {
        self.pairs.needed_from(pre, delay)
    }

    fn kept(&self) -> usize {
        self.pairs.archive.kept()
    }

    fn save(&self, out: &mut Saver) {
        self.pairs.archive.save(out);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.pairs.archive.restore(from)
    }
}
