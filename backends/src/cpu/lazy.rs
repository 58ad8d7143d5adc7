//! Which populations are left alone until something arrives.
//!
//! A neuron that is only looked at when something arrives costs some ten times as much in that step, and
//! nothing in all others. So this pays for populations that little arrives at, whose model has such a
//! form. The choice depends on the network file alone, so that a network spikes alike everywhere; where
//! a rate is not known, neurons are taken to fire at [`RATE`]. If they fire more, only time is lost.

use sim_core::connect::Connectivity;
use sim_core::network::{Clock, Network};
use sim_core::stimulus::StimulusBuild;

/// Arrivals at a neuron in a step up to which its population is left alone.
const FEW: f64 = 0.05;
/// Spikes per second of neurons of whom nothing is said.
const RATE: f64 = 2.0;

/// For each population whether its neurons are left alone.
pub fn lazy(network: &Network, connectivity: &Connectivity) -> Vec<bool> {
    let mut lazy: Vec<bool> = network
        .populations
        .iter()
        .map(|population| {
            let neuron = &population.neuron;
            let fits =
                neuron.model.lazy.is_some_and(|build| (build.fits)(&neuron.arguments, &neuron.initial));
            fits && network.clock == Clock::Grid && population.compensation == 0.0
        })
        .collect();
    let mut arrivals = vec![0.0; lazy.len()];
    for (number, projection) in network.projections.iter().enumerate() {
        let size = f64::from(network.populations[projection.target].size);
        arrivals[projection.target] += connectivity.wiring(number).count() / size.max(1.0) * RATE;
        // A plastic synapse hears of every spike of its target.
        lazy[projection.target] &= projection.plasticity.is_none();
    }
    for stimulus in &network.stimuli {
        for (place, &target) in stimulus.targets.iter().enumerate() {
            arrivals[target] += stimulus.model.rate.map_or(0.0, |rate| rate(&stimulus.arguments, place));
            lazy[target] &= matches!(stimulus.model.build, StimulusBuild::Spikes(_));
        }
    }
    let per_step = network.dt * 1e-3;
    lazy.iter().zip(arrivals).map(|(&lazy, arrivals)| lazy && arrivals * per_step < FEW).collect()
}
