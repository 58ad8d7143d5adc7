//! Neuron that repeats every spike it receives, at the moment of arrival.
//!
//! It has no voltage. An arrival of weight w is repeated round(w) times, so with weight 1 each is
//! repeated once; arrivals that round to 0 or less are not repeated. On the grid the arrivals of a
//! step are summed first. More than 1000 spikes of one neuron in one step are cut to 1000.
//!
//! It is exact on both clocks. It makes one spike train reach several targets with shared or with
//! plastic synapses, where a stimulus would draw one for each.
//!
//! It has no parameters.
//!
//! Reference: NEST's `parrot_neuron` and, in continuous time, `parrot_neuron_ps`
//! (Morrison, Straube, Plesser and Diesmann 2007, Neural Comput. 19:47, doi:10.1162/neco.2007.19.1.47).

use super::blocks::take;
use sim_core::neuron::{Arrival, Cells, Dynamics, ExactDynamics, GridBuild, Input, NeuronModel, Ports};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "Parrot",
    nest: "parrot_neuron",
    summary: "Neuron that repeats every spike it receives, at the moment of arrival.",
    parameters: &[],
    states: &[],
    weight: Dimension::Number,
    ports: Ports::One,
    check: |_| Vec::new(),
    charge: None,
    grid: Some(GridBuild { f32: |_| Box::new(Parrot), f64: |_| Box::new(Parrot) }),
    exact: Some(|_: &Cells| Box::new(Parrot)),
    lazy: None,
    primitive: None,
};

/// The most spikes of one neuron in one step.
const MOST: f64 = 1000.0;

struct Parrot;

fn repeats(weight: f64) -> usize {
    // A negative or undefined sum becomes 0.
    weight.round().min(MOST) as usize
}

impl<R: Real> Dynamics<R> for Parrot {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        for (neuron, weight) in port.iter_mut().map(take).enumerate() {
            // Most neurons hear nothing in most steps.
            if weight != R::ZERO {
                spikes.extend(std::iter::repeat_n(neuron as u32, repeats(weight.wide())));
            }
        }
    }

    fn state(&self, _: usize) -> &[R] {
        &[]
    }

    fn save(&self, _: &mut Saver) {}

    fn restore(&mut self, _: &mut Loader<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

impl ExactDynamics for Parrot {
    fn step(&mut self, arrivals: &[Arrival], _: &[f64], spikes: &mut Vec<(u32, f64)>) {
        for arrival in arrivals {
            let spike = (arrival.neuron, arrival.offset);
            spikes.extend(std::iter::repeat_n(spike, repeats(arrival.weight)));
        }
    }

    fn state(&self, _: usize) -> &[f64] {
        &[]
    }

    fn save(&self, _: &mut Saver) {}

    fn restore(&mut self, _: &mut Loader<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_grid_a_parrot_repeats_as_many_spikes_as_arrive() {
        let mut spikes = Vec::new();
        let mut arrived = [0.0, 1.0, -2.0, 3.0, 0.4, 1e30];
        let input = Input { ports: [&mut arrived, &mut []], current: &[0.0; 6] };
        Dynamics::<f64>::step(&mut Parrot, input, &mut spikes);
        assert_eq!(spikes[..4], [1, 3, 3, 3]);
        assert_eq!(spikes.len(), 4 + 1000);
    }

    #[test]
    fn in_continuous_time_a_parrot_repeats_each_arrival_at_its_own_time() {
        let arrivals = [(0, 0.03, 1.0), (0, 0.07, 2.0), (4, 0.01, -1.0), (5, 0.1, 1.0)]
            .map(|(neuron, offset, weight)| Arrival { neuron, offset, weight });
        let mut spikes = Vec::new();
        ExactDynamics::step(&mut Parrot, &arrivals, &[0.0; 6], &mut spikes);
        assert_eq!(spikes, [(0, 0.03), (0, 0.07), (0, 0.07), (5, 0.1)]);
    }
}
