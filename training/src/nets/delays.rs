//! Delays that are learnt, one for each synapse.
//!
//! While it learns, a synapse hears its source through a Gaussian over delays, which moves and narrows; in the end
//! the Gaussian becomes the one delay nearest to its middle, and what is exported are these.
//!
//! Reference: Hammouamri, Khalfaoui-Hassani and Masquelier (2024) ICLR, arXiv:2306.17670 (dilated convolutions with
//! learnable spacings).

use crate::spiking::events::Events;
use crate::tasks::code::Input;
use crate::weights::numbers;
use burn::tensor::{Device, Int, Tensor};
use std::sync::Arc;

/// How a synapse hears the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hearing {
    /// Through a Gaussian of this standard deviation, in steps.
    Blurred(f64),
    /// With one delay.
    Sharp,
}

impl Hearing {
    /// That of step `step` of `steps`, with delays up to `longest`: the Gaussian narrows from half of all delays to
    /// half a step, and for the last three tenths of training delays stand still while weights get used to them.
    pub fn at(step: u64, steps: u64, longest: usize) -> Self {
        let done = step as f64 / steps.max(1) as f64 / 0.7;
        let widest = (longest as f64 / 2.0).max(0.5);
        if done < 1.0 { Self::Blurred(widest * libm::pow(0.5 / widest, done)) } else { Self::Sharp }
    }
}

/// Delays in steps, from 0 to `longest`, of numbers around 0 that are −1 and 1 at these ends.
///
/// What is beyond an end counts as the end and can come back: its gradient passes.
pub fn delays(places: Tensor<2>, longest: usize) -> Tensor<2> {
    let half = longest as f64 / 2.0;
    let beyond = (places.clone().clamp(-1.0, 1.0) - places.clone()).detach();
    (places + beyond) * half + half
}

/// Delays as they are exported.
pub fn whole(delays: Tensor<2>) -> Vec<f32> {
    numbers(delays).into_iter().map(f32::round_ties_even).collect()
}

/// The weights `[delay · sources + source][target]` of synapses with `weights` and `delays` `[source][target]`.
pub fn spread(
    weights: Tensor<2>,
    delays: Tensor<2>,
    longest: usize,
    hearing: Hearing,
    device: &Device,
) -> Tensor<2> {
    let [sources, targets] = weights.dims();
    let places = longest + 1;
    let at = Tensor::<1, Int>::arange(0..places as i64, device).float().reshape([places, 1, 1]);
    let kernel = match hearing {
        Hearing::Sharp => {
            let nearest = delays.round().reshape([1, sources, targets]).expand([places, sources, targets]);
            at.expand([places, sources, targets]).equal(nearest).float()
        }
        Hearing::Blurred(deviation) => {
            let off = (at - delays.reshape([1, sources, targets])) / deviation;
            let heights = (off.powi_scalar(2) * -0.5).exp();
            heights.clone() / heights.sum_dim(0)
        }
    };
    (kernel * weights.reshape([1, sources, targets])).reshape([places * sources, targets])
}

/// Spikes `[step][sample][source]` and those of the steps before, `[step][sample][delay · sources + source]`.
pub fn remembered(spikes: &Tensor<3>, longest: usize) -> Tensor<3> {
    let [steps, samples, sources] = spikes.dims();
    let earlier = |delay: usize| {
        let before = Tensor::zeros([delay.min(steps), samples, sources], &spikes.device());
        let kept = steps.saturating_sub(delay);
        if kept == 0 { before } else { Tensor::cat(vec![before, spikes.clone().narrow(0, 0, kept)], 0) }
    };
    Tensor::cat((0..=longest).map(earlier).collect(), 2)
}

/// The same of spikes from outside, with their rows `[step][sample]`.
pub fn remembered_input(input: &Input, longest: usize) -> Arc<Events> {
    let [steps, samples, sources] = input.shape;
    let events = Events::listed(steps * samples, |list| {
        for delay in 0..=longest.min(steps - 1) {
            let later = (steps - delay) * samples;
            for (row, columns) in input.spikes.rows().take(later).enumerate() {
                let row = row + delay * samples;
                columns.iter().for_each(|&column| list.add(row, (delay * sources) as u32 + column));
            }
        }
    });
    Arc::new(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;

    fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    #[test]
    fn spikes_are_remembered_alike_from_outside_and_from_a_layer() {
        let device = Device::flex();
        let (shape, longest) = ([5, 2, 3], 6);
        let values: Vec<f32> = (0..30).map(|k| f32::from(k % 4 == 0 || k % 7 == 3)).collect();
        let spikes = Arc::new(Events::of(&values, 3, 0).expect("a list"));
        let from_outside = remembered_input(&Input { spikes, shape }, longest);
        let from_layer = numbers(remembered(&tensor(values.clone(), shape, &device), longest));
        let sources = 3 * (longest + 1);
        for (row, columns) in from_outside.rows().enumerate() {
            let fired: Vec<u32> = (0..sources as u32)
                .filter(|source| from_layer[row * sources + *source as usize] == 1.0)
                .collect();
            assert_eq!(columns, fired, "row {row}");
        }
        // Sample 1, source 2 fires in step 0; after 3 steps it stands at delay 3.
        assert_eq!(values[5], 0.0);
        assert_eq!((values[3], from_layer[(3 * 2 + 1) * sources + 3 * 3]), (1.0, 1.0));
    }

    #[test]
    fn a_sharp_synapse_has_one_delay_and_a_blurred_one_its_weight_in_all() {
        let device = Device::flex();
        let weights = tensor(vec![0.5, -2.0, 1.0, 4.0], [2, 2], &device);
        let late = delays(tensor(vec![-1.0, 0.0, 0.3, 7.0], [2, 2], &device), 4);
        assert_eq!(numbers(late.clone()), [0.0, 2.0, 2.6, 4.0]);
        let sharp = numbers(spread(weights.clone(), late.clone(), 4, Hearing::Sharp, &device));
        let at = |delay: usize, source: usize, target: usize| (delay * 2 + source) * 2 + target;
        let mut expected = vec![0.0; 20];
        expected[at(0, 0, 0)] = 0.5;
        expected[at(2, 0, 1)] = -2.0;
        expected[at(3, 1, 0)] = 1.0;
        expected[at(4, 1, 1)] = 4.0;
        assert_eq!(sharp, expected);
        let blurred = numbers(spread(weights, late, 4, Hearing::Blurred(1.5), &device));
        let sum = |source, target| (0..5).map(|delay| blurred[at(delay, source, target)]).sum::<f32>();
        assert!((sum(0, 1) + 2.0).abs() < 1e-6 && (sum(1, 1) - 4.0).abs() < 1e-6);
        assert!(blurred[at(2, 0, 1)] < blurred[at(1, 0, 1)], "most at its delay");
    }

    #[test]
    fn a_delay_is_pulled_towards_the_time_that_lowers_the_loss() {
        let device = Device::flex().autodiff();
        for (place, later) in [(-0.5, true), (0.5, false)] {
            let places = tensor(vec![place], [1, 1], &device).require_grad();
            let weights = tensor(vec![1.0], [1, 1], &device);
            let heard = spread(weights, delays(places.clone(), 10), 10, Hearing::Blurred(2.0), &device);
            // A loss that is least if the spike is heard 5 steps later.
            let gradients = (-heard.slice([5..6, 0..1])).sum().backward();
            let pull = numbers(places.grad(&gradients).expect("a gradient"))[0];
            assert_eq!(pull < 0.0, later, "from {place}: {pull}");
        }
    }
}
