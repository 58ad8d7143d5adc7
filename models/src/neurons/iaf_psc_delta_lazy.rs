//! [`IafPscDelta`](crate::neurons::iaf_psc_delta) where arrivals are rare: a neuron is left alone until
//! something arrives.
//!
//! Between arrivals V goes towards its resting potential `E_L + (tau_m/C_m) I_e`,
//!
//! ```text
//! V(t + n dt) = V_rest + (V(t) − V_rest) e^(−n dt/tau_m)
//! ```
//!
//! and never meets a threshold that lies above it. So only an arrival can make the neuron spike, and
//! only then has V to be known. A neuron is its last known V and the step of it; after a spike that is
//! the first step after the refractory time, which lies ahead, and what arrives before it is lost.

use crate::neurons::blocks::full_count;
use sim_core::hints::fetch;
use sim_core::math::exp;
use sim_core::neuron::{Cells, Column, LazyBuild, LazyDynamics};
use sim_core::parameter::{Argument, Arguments};
use sim_core::quantity::Quantity;
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// The builders of this form.
pub const BUILD: LazyBuild = LazyBuild { fits, f32: build::<f32>, f64: build::<f64> };

/// Parameters are the same for all neurons, V starts and rests below threshold and above V_min, and
/// arrivals in the refractory time are lost.
fn fits(arguments: &Arguments, initial: &[(usize, Quantity)]) -> bool {
    let shared = |name| match arguments.get(name) {
        Argument::Quantity(quantity) => quantity.constant(),
        _ => arguments.try_number(name),
    };
    let all: Option<Vec<f64>> =
        ["C_m", "tau_m", "t_ref", "E_L", "V_reset", "V_th", "V_min", "I_e"].into_iter().map(shared).collect();
    let Some([c_m, tau_m, _, e_l, v_reset, v_th, v_min, i_e]) = all.as_deref() else { return false };
    let rest = e_l + tau_m / c_m * i_e;
    let starts = |(_, quantity): &(usize, Quantity)| quantity.bounds();
    let settled = |(low, high): (f64, f64)| low >= *v_min && high <= *v_th;
    !arguments.flag("refractory_input")
        && rest < *v_th
        && settled((rest.min(*v_reset), *e_l))
        && initial.iter().map(starts).all(settled)
}

/// Steps for which the decay stands in a table.
const TABLE: usize = 4096;
/// Arrivals between asking for a neuron and changing it.
const AHEAD: usize = 48;

/// Steps that are counted from the same one; far more than after which a neuron rests.
const SAME_BASE: i64 = 1 << 31;

struct IafPscDeltaLazy<R> {
    neurons: Vec<Known<R>>,
    /// The step from which steps are counted.
    base: i64,
    v_rest: R,
    v_th: R,
    v_reset: R,
    v_min: R,
    /// V one step after the refractory time, unless something arrives.
    v_after: R,
    /// Steps from a spike to that one.
    pause: u32,
    /// dt/tau_m.
    rate: f64,
    /// e^(−n dt/tau_m) for n = 0, 1, …
    decay: Vec<R>,
}

/// What is known of a neuron: V in mV at the end of a step. Small, because there are many of them and
/// each is met by chance.
#[derive(Clone, Copy)]
struct Known<R> {
    v: R,
    /// Counted from the base.
    step: u32,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn LazyDynamics<R>> {
    let shared = |name: &str| match cells.column(name) {
        Column::Same(value) => *value,
        Column::Each(values) => values.first().copied().unwrap_or(0.0),
    };
    let rate = cells.dt / shared("tau_m");
    let v_rest = R::of(shared("E_L") + shared("tau_m") / shared("C_m") * shared("I_e"));
    let v_reset = R::of(shared("V_reset"));
    let decay: Vec<R> = (0..TABLE).map(|steps| R::of(exp(-(steps as f64) * rate))).collect();
    Box::new(IafPscDeltaLazy {
        neurons: cells.initial(0).into_iter().map(|v| Known { v, step: 0 }).collect(),
        base: 0,
        v_rest,
        v_th: R::of(shared("V_th")),
        v_reset,
        v_after: v_rest + (v_reset - v_rest) * decay[1],
        v_min: R::of(shared("V_min")),
        pause: full_count(shared("t_ref"), cells.dt) as u32,
        rate,
        decay,
    })
}

impl<R: Real> IafPscDeltaLazy<R> {
    /// V at the end of `step`, counted from the base and not before what is known, if nothing arrives.
    #[inline]
    fn v(&self, known: Known<R>, step: i64) -> R {
        let steps = step - i64::from(known.step);
        if steps == 0 {
            return known.v;
        }
        let decay = match self.decay.get(steps as usize) {
            Some(decay) => *decay,
            None => R::of(exp(-(steps as f64) * self.rate)),
        };
        self.v_rest + (known.v - self.v_rest) * decay
    }
}

impl<R: Real> IafPscDeltaLazy<R> {
    /// Counts a step from the base, which it becomes when too many lie between.
    fn from_base(&mut self, step: i64) -> u32 {
        let now = step - self.base;
        if now < SAME_BASE {
            return now as u32;
        }
        for place in 0..self.neurons.len() {
            let known = self.neurons[place];
            self.neurons[place] = match i64::from(known.step) - now {
                ahead @ 1.. => Known { v: known.v, step: ahead as u32 },
                _ => Known { v: self.v(known, now), step: 0 },
            };
        }
        self.base = step;
        0
    }
}

impl<R: Real> LazyDynamics<R> for IafPscDeltaLazy<R> {
    fn receive(&mut self, step: i64, arrivals: &[(u32, R)], spikes: &mut Vec<u32>) {
        let step = self.from_base(step);
        for (number, &(neuron, arrived)) in arrivals.iter().enumerate() {
            if let Some(&(soon, _)) = arrivals.get(number + AHEAD) {
                fetch(&self.neurons, soon as usize);
            }
            let known = self.neurons[neuron as usize];
            // A neuron that is known beyond this step is refractory: what arrives is lost.
            if known.step <= step {
                self.neurons[neuron as usize] = Known { v: self.v(known, i64::from(step)) + arrived, step };
            }
        }
        // Only when all has arrived does V meet the threshold.
        for &(neuron, _) in arrivals {
            let known = &mut self.neurons[neuron as usize];
            if known.step == step {
                if known.v >= self.v_th {
                    spikes.push(neuron);
                    *known = Known { v: self.v_after, step: step + self.pause };
                } else {
                    known.v = known.v.max(self.v_min);
                }
            }
        }
    }

    fn state(&self, _: usize, neuron: usize, step: i64) -> R {
        let (known, now) = (self.neurons[neuron], step - self.base);
        if i64::from(known.step) > now { self.v_reset } else { self.v(known, now) }
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.base);
        out.list(&self.neurons.iter().map(|known| known.v).collect::<Vec<R>>());
        out.list(&self.neurons.iter().map(|known| known.step).collect::<Vec<u32>>());
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.base = from.get()?;
        let (mut v, mut steps) = (vec![R::ZERO; self.neurons.len()], vec![0; self.neurons.len()]);
        from.list_into(&mut v)?;
        from.list_into(&mut steps)?;
        self.neurons = v.into_iter().zip(steps).map(|(v, step)| Known { v, step }).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neurons::iaf_psc_delta::MODEL;
    use proptest::prelude::*;
    use sim_core::neuron::Input;

    fn arguments(i_e: f64) -> Arguments {
        Arguments::defaults(MODEL.parameters).with("I_e", Argument::Quantity(Quantity::Constant(i_e)))
    }

    fn cells(i_e: f64) -> Cells {
        let arguments = arguments(i_e);
        let column = |name| (name, Column::Same(arguments.number(name)));
        Cells {
            len: 1,
            dt: 0.1,
            parameters: ["C_m", "tau_m", "t_ref", "E_L", "V_reset", "V_th", "V_min", "I_e"]
                .map(column)
                .into(),
            arguments: arguments.clone(),
            initial: vec![Column::Same(-65.0)],
        }
    }

    #[test]
    fn a_neuron_that_would_spike_by_itself_may_not_be_left_alone() {
        // 250 pF and 10 ms: 1 pA moves the resting potential by 0.04 mV; threshold is 15 mV above it.
        assert!(fits(&arguments(374.0), &[]));
        assert!(!fits(&arguments(375.0), &[]));
        assert!(!fits(&arguments(0.0).with("refractory_input", Argument::Flag(true)), &[]));
        let start = |high| [(0, Quantity::Uniform { low: -70.0, high })];
        assert!(fits(&arguments(0.0), &start(-55.0)));
        assert!(!fits(&arguments(0.0), &start(-54.0)));
    }

    #[test]
    fn a_neuron_left_alone_for_years_is_at_rest_and_spikes_when_pushed() {
        let mut lazy = build::<f32>(&cells(0.0));
        let (mut spikes, year) = (Vec::new(), 1_i64 << 40);
        for (step, weight, expected) in
            [(7, 3.0, 0), (year, 14.0, 0), (year + 1, 5.0, 1), (3 * year, 14.9, 1)]
        {
            lazy.receive(step, &[(0, weight)], &mut spikes);
            assert_eq!(spikes.len(), expected, "at step {step}");
        }
        assert!((lazy.state(0, 0, 3 * year) - -55.1).abs() < 1e-5);
        assert_eq!(lazy.state(0, 0, 4 * year), -70.0);
    }

    proptest! {
        #[test]
        fn a_neuron_left_alone_does_what_one_does_that_lives_every_step(
            i_e in -200.0f64..370.0,
            arrivals in proptest::collection::vec((1i64..120, -4.0f64..12.0), 1..60),
        ) {
            let mut lazy = build::<f64>(&cells(i_e));
            let mut eager = (MODEL.grid.unwrap().f64)(&cells(i_e));
            let (mut now, mut lazy_spikes, mut eager_spikes) = (0, Vec::new(), Vec::new());
            for (gap, weight) in arrivals {
                let due = now + gap;
                while now < due {
                    now += 1;
                    let mut sum = [if now == due { weight } else { 0.0 }];
                    let mut fired = Vec::new();
                    eager.step(Input { ports: [&mut sum, &mut []], current: &[0.0] }, &mut fired);
                    eager_spikes.extend(fired.iter().map(|_| now));
                    if now == due {
                        let mut fired = Vec::new();
                        lazy.receive(now, &[(0, weight)], &mut fired);
                        lazy_spikes.extend(fired.iter().map(|_| now));
                    }
                    prop_assert!((lazy.state(0, 0, now) - eager.state(0)[0]).abs() < 1e-11);
                }
            }
            prop_assert_eq!(lazy_spikes, eager_spikes);
        }
    }
}
