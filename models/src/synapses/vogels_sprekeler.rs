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

use crate::synapses::pairs::{PRE, Row};
use crate::synapses::sums::{Facilitation, Sums};
use sim_core::math::exp;
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::primitive::{Change, PairRule};
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
    f32: |site| Box::new(VogelsSprekeler::<f32>::new(site)),
    f64: |site| Box::new(VogelsSprekeler::<f64>::new(site)),
    primitive: Some(primitive),
};

/// The complaint about a `w_max` of 0, which has no sign.
pub fn nonzero_maximum(arguments: &Arguments) -> Vec<Complaint> {
    match arguments.number("w_max") {
        0.0 => vec![Complaint::about("w_max", "w_max is 0, so there is nothing to learn")],
        _ => Vec::new(),
    }
}

fn primitive(arguments: &Arguments, dt: f64) -> Result<PairRule, String> {
    let (eta, keep) = (arguments.number("eta"), exp(-dt / arguments.number("tau")));
    let pair = Change { trace: eta, ..Change::default() };
    Ok(PairRule {
        keep_pre: keep,
        keep_post: keep,
        at_pre: Change { fixed: -eta * arguments.number("alpha"), ..pair },
        at_post: pair,
        low: 0.0,
        high: arguments.number("w_max").abs(),
        negative: arguments.number("w_max") < 0.0,
    })
}

#[derive(Debug)]
struct VogelsSprekeler<R> {
    sums: Sums<R>,
    rule: Rule<R>,
}

#[derive(Clone, Copy, Debug)]
struct Rule<R> {
    eta: R,
    eta_alpha: R,
    w_max: R,
    sign: R,
}

impl<R: Real> Facilitation<R> for Rule<R> {
    #[inline(always)]
    fn change(self, weight: R, facilitation: R, k_minus: R) -> R {
        let grown = (weight.abs() + self.eta * (facilitation + k_minus)).min(self.w_max);
        (grown - self.eta_alpha).max(R::ZERO) * self.sign
    }
}

impl<R: Real> VogelsSprekeler<R> {
    fn new(site: &PlasticSite) -> Self {
        let number = |name| site.arguments.number(name);
        VogelsSprekeler {
            sums: Sums::new(site, number("tau"), number("tau")),
            rule: Rule {
                eta: R::of(number("eta")),
                eta_alpha: R::of(number("eta") * number("alpha")),
                w_max: R::of(number("w_max").abs()),
                sign: R::of(number("w_max").signum()),
            },
        }
    }
}

impl<R: Real> Plasticity<R> for VogelsSprekeler<R> {
    fn pre_len(&self) -> usize {
        PRE
    }

    fn pre_start(&self, pre: &mut [f64]) {
        pre.fill(0.0);
    }

    fn post_spike(&mut self, neuron: u32, time: f64) {
        self.sums.post_spike(neuron, time);
    }

    fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        neurons: &[u16],
        weights: &mut [R],
        sent: &mut Vec<R>,
    ) {
        self.sums.deliver(spike, pre, Row { neurons, weights, sent }, self.rule);
    }

    fn forget(&mut self, needed_from: &[f64]) {
        self.sums.pairs.archive.forget(needed_from);
    }

    fn needed_from(&self, pre: &[f64], delay: f64) -> f64 {
        self.sums.pairs.needed_from(pre, delay)
    }

    fn kept(&self) -> usize {
        self.sums.pairs.archive.kept()
    }

    fn save(&self, out: &mut Saver) {
        self.sums.pairs.archive.save(out);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.sums.restore(from)
    }
}
