//! How long steps would take: a model, not a measurement.

use super::traffic::Traffic;

/// What a core and the barrier take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Durations {
    /// Where the figures are from.
    pub source: &'static str,
    /// How far off the model may be.
    pub error: &'static str,
    /// A synapse served, in ns.
    pub synaptic_event: f64,
    /// A neuron's step, in ns, counted as active.
    pub update: f64,
    /// A hop along x and along y, in ns.
    pub hops: (f64, f64),
    /// The barrier between steps with one tile in use and with all, in ns.
    pub barrier: (f64, f64),
}

/// Loihi by its makers.
pub static LOIHI_DAVIES: Durations = Durations {
    source: "Davies et al. 2018, IEEE Micro 38(1), table 2: greatest times, simulated before silicon at 0.75 V",
    error: "not stated; SANA-FE's model of this form, with its own figures, is at most 25 % off (Boyle et al. 2025)",
    synaptic_event: 3.5,
    update: 8.4,
    hops: (4.1, 6.5),
    barrier: (113.0, 465.0),
};

/// What a step takes.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTime {
    /// Where the figures are from.
    pub source: &'static str,
    /// How far off they may be.
    pub error: &'static str,
    /// The busiest core's part of a mean step, in ns.
    pub core: f64,
    /// The farthest message's part of every step, in ns.
    pub network: f64,
    /// The barrier's part of every step, in ns.
    pub barrier: f64,
    /// The longest step, in ns.
    pub longest: f64,
}

impl StepTime {
    /// A step as long as its busiest core, then the farthest message, then the barrier. `neurons` is how many
    /// the fullest core has, `tiles` is (in use, of a chip).
    pub fn of(durations: &Durations, traffic: &Traffic, neurons: u64, tiles: (u64, u64)) -> Self {
        let updates = neurons as f64 * durations.update;
        let events = |most: u64| most as f64 * durations.synaptic_event;
        let sum: u64 = traffic.by_step.iter().map(|step| step.most_events_of_a_core).sum();
        let most = traffic.by_step.iter().map(|step| step.most_events_of_a_core).max().unwrap_or(0);
        let network = f64::from(traffic.most_hops) * durations.hops.0.max(durations.hops.1);
        let (one, all) = durations.barrier;
        let part = (tiles.0.min(tiles.1).max(1) - 1) as f64 / (tiles.1.max(2) - 1) as f64;
        let barrier = one + (all - one) * part;
        Self {
            source: durations.source,
            error: durations.error,
            core: updates + events(sum) / traffic.steps.max(1) as f64,
            network,
            barrier,
            longest: updates + events(most) + network + barrier,
        }
    }

    /// A mean step, in ns.
    pub fn mean(&self) -> f64 {
        self.core + self.network + self.barrier
    }

    /// Steps a second.
    pub fn steps_per_second(&self) -> f64 {
        1e9 / self.mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::traffic::StepCounts;

    #[test]
    fn a_step_is_its_busiest_core_the_farthest_message_and_the_barrier() {
        let step = |events| StepCounts { most_events_of_a_core: events, ..StepCounts::default() };
        let traffic =
            Traffic { steps: 4, by_step: vec![step(100), step(300)], most_hops: 2, ..Traffic::default() };
        let time = StepTime::of(&LOIHI_DAVIES, &traffic, 10, (32, 32));
        assert!((time.mean() - (84.0 + 350.0 + 13.0 + 465.0)).abs() < 1e-9);
        assert!((time.longest - (84.0 + 1050.0 + 13.0 + 465.0)).abs() < 1e-9);
        assert!((StepTime::of(&LOIHI_DAVIES, &traffic, 10, (1, 32)).barrier - 113.0).abs() < 1e-9);
    }
}
