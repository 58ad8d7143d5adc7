//! All pairs of a pre- and a postsynaptic spike, through one trace on either side.
//!
//! At a presynaptic spike of time `t`, after the last one at `t'`, with dendritic delay `d`:
//! every postsynaptic spike `s` in `(t' - d, t - d]`, in order, facilitates with
//! `K₊ e^(-(s + d - t')/τ₊)`; then the weight is depressed with the postsynaptic trace `K₋` just
//! before `t - d`; then it is sent; then `K₊ ← K₊ e^(-(t - t')/τ₊) + 1`.

use crate::synapses::archive::{Archive, Decay};
use crate::synapses::digest::Window;
use sim_core::real::Real;
use sim_core::synapse::PreSpike;

/// Numbers per run: the time of the last spike in steps, and K₊ just after it.
pub const PRE: usize = 2;
/// Synapses whose neurons are looked at in advance.
const AHEAD: usize = 64;

/// The traces of pair rules.
#[derive(Debug)]
pub struct Pairs {
    /// The postsynaptic spikes with K₋.
    pub archive: Archive<1>,
    /// The decay of K₊.
    pub plus: Decay,
}

impl Pairs {
    /// Traces with these time constants in ms.
    pub fn new(neurons: usize, tau_plus: f64, tau_minus: f64, dt: f64) -> Self {
        Pairs { archive: Archive::new(neurons, [Decay::new(tau_minus, dt)]), plus: Decay::new(tau_plus, dt) }
    }

    /// From when on a run needs postsynaptic spikes. Before its first spike it needs none to
    /// facilitate, so a source that never speaks does not make its targets remember everything.
    pub fn needed_from(&self, pre: &[f64], delay: f64) -> f64 {
        if pre[1] == 0.0 { self.archive.needed_by_silent(delay) } else { pre[0] - delay }
    }

    /// Delivers a spike: `facilitate` and `depress` turn (weight, trace) into a weight.
    #[inline]
    pub fn deliver<R: Real>(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        row: Row<'_, R>,
        facilitate: impl Fn(f64, f64) -> f64,
        depress: impl Fn(f64, f64) -> f64,
    ) {
        let Window { after, until, k_plus } = self.window(spike, pre);
        row.change(&self.archive, after, |neuron, count, mut weight| {
            if k_plus > 0.0 {
                self.archive.between(neuron, count, after, until, |post| {
                    weight = facilitate(weight, k_plus * self.plus.over(post.time - after));
                });
            }
            depress(weight, self.archive.trace_before(neuron, until, 0))
        });
        self.arrived(spike, pre);
    }

    /// What a spike asks of its targets. A first spike has none before it to pair with.
    pub fn window(&self, spike: PreSpike, pre: &[f64]) -> Window {
        let (until, k_plus) = (spike.time - spike.delay, pre[1]);
        let after = if k_plus > 0.0 { pre[0] - spike.delay } else { until };
        Window { after, until, k_plus }
    }

    /// The answer of a neuron: the sum of K₊ over its spikes in the window, and K₋.
    pub fn ask(&self, neuron: usize, window: Window) -> [f64; 2] {
        let Window { after, until, k_plus } = window;
        let mut sum = 0.0;
        if k_plus > 0.0 {
            let count = self.archive.count(neuron, after);
            self.archive
                .between(neuron, count, after, until, |post| sum += self.plus.over(post.time - after));
        }
        [k_plus * sum, self.archive.trace_before(neuron, until, 0)]
    }

    /// Counts a spike that has changed its weights.
    pub fn arrived(&mut self, spike: PreSpike, pre: &mut [f64]) {
        pre[1] = pre[1] * self.plus.over(spike.time - pre[0]) + 1.0;
        pre[0] = spike.time;
        self.archive.hear(spike.time + spike.delay);
    }
}

/// The synapses that a spike arrives through.
pub struct Row<'a, R> {
    /// Targets.
    pub neurons: &'a [u16],
    /// A weight for each.
    pub weights: &'a mut [R],
    /// Where to append what they transmit.
    pub sent: &'a mut Vec<R>,
}

impl<R: Real> Row<'_, R> {
    /// Changes each weight, in double precision, and sends what it became. `update` is told how many
    /// of the newest spikes of the neuron lie after `after`.
    ///
    /// The counts of some neurons are taken before the first of them is used: so their spikes are
    /// fetched side by side, not one after the other behind mispredicted branches.
    #[inline]
    pub fn change<const N: usize>(
        self,
        archive: &Archive<N>,
        after: f64,
        mut update: impl FnMut(usize, usize, f64) -> f64,
    ) {
        self.sent.reserve(self.neurons.len());
        let mut counts = [0_u8; AHEAD];
        for (neurons, weights) in self.neurons.chunks(AHEAD).zip(self.weights.chunks_mut(AHEAD)) {
            for (&neuron, count) in neurons.iter().zip(&mut counts) {
                *count = archive.count(usize::from(neuron), after) as u8;
            }
            self.sent.extend(neurons.iter().zip(weights).zip(&counts).map(|((&neuron, weight), &count)| {
                *weight = R::of(update(usize::from(neuron), usize::from(count), weight.wide()));
                *weight
            }));
        }
    }
}
