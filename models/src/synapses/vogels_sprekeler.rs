//! `VogelsSprekeler`: inhibitory plasticity that balances the excitation of its target.
//!
//! ```text
//! each pair, in either order:  |w| ← min(|w_max|, |w| + η e^(-Δ/τ))
//! each presynaptic spike:      |w| ← max(0, |w| - η α)
//! ```
//!
//! The weight has the sign of `w_max`. With α = 2 ρ₀ τ the target is driven to fire at rate ρ₀. All
//! pairs count, as in [`Stdp`](crate::synapses::stdp); the depression comes last.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `tau` | 20 ms | time constant of both traces |
//! | `eta` | 0.001 | step η, in the base unit of the weight |
//! | `alpha` | 0.12 | depression per presynaptic spike α |
//! | `w_max` | – | strongest weight |
//!
//! Reference: Vogels et al. (2011) doi:10.1126/science.1211095.

use crate::synapses::pairs::{PRE, Pairs, Row};
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use sim_core::units::Dimension;

/// The row of `VogelsSprekeler`.
pub static MODEL: SynapseModel = SynapseModel {
    name: "VogelsSprekeler",
    nest: "vogels_sprekeler_synapse",
    summary: "Symmetric inhibitory plasticity that holds the rate of its target.",
    parameters: &[
        Parameter::value("tau", Dimension::Time, 20.0, Range::Positive, "time constant of both traces"),
        Parameter::value("eta", Dimension::Number, 0.001, Range::NotNegative, "step, in units of the weight"),
        Parameter::value("alpha", Dimension::Number, 0.12, Range::NotNegative, "depression per spike"),
        Parameter::required("w_max", Kind::Weight, Range::Any, "strongest weight; weights have its sign"),
    ],
    check: nonzero_maximum,
    f32: |site| Box::new(VogelsSprekeler::new(site)),
    f64: |site| Box::new(VogelsSprekeler::new(site)),
};

/// The complaint about a `w_max` of 0, which has no sign.
pub fn nonzero_maximum(arguments: &Arguments) -> Vec<Complaint> {
    match arguments.number("w_max") {
        0.0 => vec![Complaint::about("w_max", "w_max is 0, so there is nothing to learn")],
        _ => Vec::new(),
    }
}

#[derive(Debug)]
struct VogelsSprekeler {
    pairs: Pairs,
    eta: f64,
    eta_alpha: f64,
    w_max: f64,
}

impl VogelsSprekeler {
    fn new(site: &PlasticSite) -> Self {
        let number = |name| site.arguments.number(name);
        VogelsSprekeler {
            pairs: Pairs::new(site.neurons, number("tau"), number("tau"), site.dt),
            eta: number("eta"),
            eta_alpha: number("eta") * number("alpha"),
            w_max: number("w_max"),
        }
    }
}

impl<R: Real> Plasticity<R> for VogelsSprekeler {
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
        let (eta, eta_alpha, w_max) = (self.eta, self.eta_alpha, self.w_max);
        let facilitate =
            |weight: f64, trace: f64| (weight.abs() + eta * trace).min(w_max.abs()).copysign(w_max);
        let depress =
            |weight: f64, trace: f64| (facilitate(weight, trace).abs() - eta_alpha).max(0.0).copysign(w_max);
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
