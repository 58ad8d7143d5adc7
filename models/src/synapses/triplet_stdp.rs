//! `TripletStdp`: spike-timing-dependent plasticity of triplets of spikes.
//!
//! With presynaptic traces r₁ (τ₊), r₂ (τ_x) and postsynaptic ones o₁ (τ₋), o₂ (τ_y), each growing by 1
//! with a spike of its side:
//!
//! ```text
//! at a postsynaptic spike:  |w| ← min(|w_max|, |w| + r₁ (A₂⁺ + A₃⁺ o₂))
//! at a presynaptic spike:   |w| ← max(0, |w| - o₁ (A₂⁻ + A₃⁻ r₂))
//! ```
//!
//! where o₂ and r₂ are taken just before the spike itself counts. The weight has the sign of
//! `w_max`. The delay is dendritic and all spikes count, as in [`Stdp`](crate::synapses::stdp).
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `tau_plus`, `tau_plus_triplet` | 16.8, 101 ms | τ₊, τ_x |
//! | `tau_minus`, `tau_minus_triplet` | 20, 110 ms | τ₋, τ_y |
//! | `Aplus`, `Aminus` | 5e-10, 7e-3 | pair steps A₂⁺, A₂⁻, in the base unit of the weight |
//! | `Aplus_triplet`, `Aminus_triplet` | 6.2e-3, 2.3e-4 | triplet steps A₃⁺, A₃⁻ |
//! | `w_max` | – | strongest weight |
//!
//! Reference: Pfister and Gerstner (2006) doi:10.1523/JNEUROSCI.1425-06.2006.

use crate::synapses::archive::{Archive, Decay};
use crate::synapses::pairs::Row;
use crate::synapses::vogels_sprekeler::nonzero_maximum;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use sim_core::units::Dimension;

/// The row of `TripletStdp`.
pub static MODEL: SynapseModel = SynapseModel {
    name: "TripletStdp",
    nest: "stdp_triplet_synapse",
    summary: "Plasticity of triplets of spikes, which explains its dependence on the rate.",
    parameters: &[
        Parameter::value("tau_plus", Dimension::Time, 16.8, Range::Positive, "fast presynaptic trace"),
        Parameter::value(
            "tau_plus_triplet",
            Dimension::Time,
            101.0,
            Range::Positive,
            "slow presynaptic trace",
        ),
        Parameter::value("tau_minus", Dimension::Time, 20.0, Range::Positive, "fast postsynaptic trace"),
        Parameter::value(
            "tau_minus_triplet",
            Dimension::Time,
            110.0,
            Range::Positive,
            "slow postsynaptic trace",
        ),
        Parameter::value("Aplus", Dimension::Number, 5e-10, Range::NotNegative, "facilitation of a pair"),
        Parameter::value("Aminus", Dimension::Number, 7e-3, Range::NotNegative, "depression of a pair"),
        Parameter::value(
            "Aplus_triplet",
            Dimension::Number,
            6.2e-3,
            Range::NotNegative,
            "facilitation of a triplet",
        ),
        Parameter::value(
            "Aminus_triplet",
            Dimension::Number,
            2.3e-4,
            Range::NotNegative,
            "depression of a triplet",
        ),
        Parameter::required("w_max", Kind::Weight, Range::Any, "strongest weight; weights have its sign"),
    ],
    check: nonzero_maximum,
    f32: |site| Box::new(TripletStdp::new(site)),
    f64: |site| Box::new(TripletStdp::new(site)),
    primitive: None,
};

/// Postsynaptic traces of an archived spike.
const FAST: usize = 0;
const SLOW: usize = 1;

#[derive(Debug)]
struct TripletStdp {
    archive: Archive<2>,
    plus: Decay,
    plus_triplet: Decay,
    pair: (f64, f64),
    triplet: (f64, f64),
    w_max: f64,
}

impl TripletStdp {
    fn new(site: &PlasticSite) -> Self {
        let number = |name| site.arguments.number(name);
        let decay = |name| Decay::new(number(name), site.dt);
        TripletStdp {
            archive: Archive::new(site.neurons, [decay("tau_minus"), decay("tau_minus_triplet")]),
            plus: decay("tau_plus"),
            plus_triplet: decay("tau_plus_triplet"),
            pair: (number("Aplus"), number("Aminus")),
            triplet: (number("Aplus_triplet"), number("Aminus_triplet")),
            w_max: number("w_max"),
        }
    }
}

impl<R: Real> Plasticity<R> for TripletStdp {
    /// Time of the last spike in steps, r₁ and r₂ just after it.
    fn pre_len(&self) -> usize {
        3
    }

    fn pre_start(&self, pre: &mut [f64]) {
        pre.fill(0.0);
    }

    fn post_spike(&mut self, neuron: u32, time: f64) {
        self.archive.spike(neuron, time);
    }

    fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        neurons: &[u16],
        weights: &mut [R],
        sent: &mut Vec<R>,
    ) {
        let (last, fast) = (pre[0], pre[1]);
        let slow = pre[2] * self.plus_triplet.over(spike.time - last);
        let (after, until) = (last - spike.delay, spike.time - spike.delay);
        let strongest = self.w_max.abs();
        let depression = self.pair.1 + self.triplet.1 * slow;
        Row { neurons, weights, sent }.change(&self.archive, after, |neuron, count, weight| {
            let mut strength = weight.abs();
            if fast > 0.0 {
                self.archive.between(neuron, count, after, until, |post| {
                    let step = self.pair.0 + self.triplet.0 * (post.traces[SLOW] - 1.0);
                    strength = (strength + fast * self.plus.over(post.time - after) * step).min(strongest);
                });
            }
            let trace = self.archive.trace_before(neuron, until, FAST);
            (strength - trace * depression).max(0.0).copysign(self.w_max)
        });
        pre[0] = spike.time;
        pre[1] = fast * self.plus.over(spike.time - last) + 1.0;
        pre[2] = slow + 1.0;
        self.archive.hear(spike.time + spike.delay);
    }

    fn forget(&mut self, needed_from: &[f64]) {
        self.archive.forget(needed_from);
    }

    fn needed_from(&self, pre: &[f64], delay: f64) -> f64 {
        if pre[1] == 0.0 { self.archive.needed_by_silent(delay) } else { pre[0] - delay }
    }

    fn kept(&self) -> usize {
        self.archive.kept()
    }

    fn save(&self, out: &mut Saver) {
        self.archive.save(out);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.archive.restore(from)
    }
}
