//! Rows of tables follow the signs of their gradients: those that a step looked at, and no other
//! (Bernstein et al. 2018, arXiv:1802.04434, with the decay of AdamW).

use crate::rows::Rows;
use crate::spiking::flex::whole;
use crate::weights::{Weights, numbers};
use burn::backend::flex::FlexTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Gradients, Tensor};
use std::collections::BTreeMap;

/// The rule of rows that are looked at in few steps: w ← w (1 − lr·decay) − lr·sign(g), where Adam, were it to see them
/// in those steps only, comes to much the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SignSgd {
    /// Learning rate at its highest; it rises and falls with the other.
    pub rate: f64,
    /// Weight decay of the rows that move.
    pub decay: f64,
}

/// Which rows move, and how.
#[derive(Clone, Debug)]
pub struct Moves {
    /// The gradient of each row, summed over all places that it came in.
    gradients: BTreeMap<usize, Vec<f32>>,
    rate: f32,
    /// What is kept of a row.
    kept: f32,
}

/// The operation.
#[backend_extension(Flex)]
pub trait SignOps: Backend {
    /// A table, row by row, some of whose rows have moved.
    fn moved(table: FloatTensor<Self>, moves: Moves) -> FloatTensor<Self>;
}

impl SignOps for Flex {
    fn moved(table: FlexTensor, moves: Moves) -> FlexTensor {
        let mut table = whole(table);
        let numbers: &mut [f32] = table.storage_mut();
        for (row, gradient) in &moves.gradients {
            let values = &mut numbers[row * gradient.len()..][..gradient.len()];
            for (value, slope) in values.iter_mut().zip(gradient) {
                // signum makes ±1 of ±0.
                let sign = if *slope == 0.0 { 0.0 } else { slope.signum() };
                *value = *value * moves.kept - moves.rate * sign;
            }
        }
        table
    }
}

/// Moves the rows that were looked at, if gradients have reached them.
pub fn follow_signs(weights: &mut Weights, rows: &Rows, gradients: &Gradients, by: SignSgd) {
    let Some(reached) = rows.values.grad(gradients) else { return };
    let width = reached.dims()[1];
    let mut sums: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
    for (place, gradient) in rows.places.iter().zip(numbers(reached).chunks_exact(width)) {
        let sum = sums.entry(*place).or_insert_with(|| vec![0.0; width]);
        sum.iter_mut().zip(gradient).for_each(|(sum, more)| *sum += more);
    }
    let moves = Moves { gradients: sums, rate: by.rate as f32, kept: (1.0 - by.rate * by.decay) as f32 };
    weights.change(&rows.table, |table| Tensor::from_dispatch(Dispatch::moved(table.into_dispatch(), moves)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::{Optimiser, Rule, Settings};
    use crate::weights::{Declaration, Named, Start};
    use burn::tensor::Device;

    const TABLE: [f32; 8] = [0.5, -0.5, 0.25, 1.0, -2.0, 3.0, 0.1, 0.2];
    const RATE: f32 = 0.02;
    const DECAY: f32 = 0.5;

    /// A table of four rows and a tensor that follows the rule, after a step in which both were to fall along `slopes`.
    fn stepped(places: &[usize], slopes: &[f32], share: f64) -> (Vec<f32>, Vec<f32>) {
        let device = Device::flex().autodiff();
        let declared = vec![
            Declaration::table("table", [4, 2], Start::Constant(0.0)),
            Declaration::new("w", [1], Start::Constant(0.0)),
        ];
        let named = |name: &str, shape: &[usize], values: &[f32]| Named {
            name: name.into(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        let saved = [named("table", &[4, 2], &TABLE), named("w", &[1], &[1.0])];
        let mut weights = Weights::load(declared, &saved, &device).expect("it fits");
        let settings = Settings {
            rule: Rule::AdamAtan2,
            rate: 0.1,
            average: Some(0.9),
            rows: SignSgd { rate: f64::from(RATE), decay: f64::from(DECAY) },
            ..Settings::default()
        };
        let mut optimiser = Optimiser::new(settings, &weights);
        let rows = Rows::of(&weights, "table", places);
        let slopes = Tensor::<1>::from_data(slopes, &device).reshape([places.len(), 2]);
        let loss = (rows.values.clone() * slopes).sum() + weights.get::<1>("w").sum();
        optimiser.step(&mut weights, loss.backward(), &[rows], 0.1 * share);
        let best = optimiser.best(&weights);
        let table = numbers(weights.get::<2>("table"));
        assert_eq!(table, numbers(best.get::<2>("table")), "rows are not averaged");
        (table, numbers(best.get::<1>("w")))
    }

    #[test]
    fn rows_that_were_looked_at_decay_and_follow_the_signs_of_their_gradients() {
        // Row 2 comes twice: its gradients are summed before the sign is taken, and the second of them cancels.
        let (table, _) = stepped(&[2, 0, 2], &[3.0, -1.0, -0.001, 70.0, -1.0, 1.0], 1.0);
        let by = |w: f32, sign: f32| w * (1.0 - RATE * DECAY) - RATE * sign;
        let expected = [by(0.5, -1.0), by(-0.5, 1.0), TABLE[2], TABLE[3], by(-2.0, 1.0), by(3.0, 0.0)];
        assert_eq!(table[..6], expected);
        assert_eq!(table[6..], TABLE[6..], "bits of rows that were not looked at");
    }

    #[test]
    fn the_rate_of_rows_rises_and_falls_with_the_other_and_the_rule_is_for_the_rest() {
        let (half, w) = stepped(&[1], &[1.0, 1.0], 0.5);
        assert_eq!(half[2], 0.25 * (1.0 - 0.5 * RATE * DECAY) - 0.5 * RATE);
        // The average sees a tenth of a step of the rule, of β₁ = 0.9.
        let rule = 0.05 / 0.1 * 0.1_f32.atan2(1.0);
        assert!((w[0] - (1.0 - 0.1 * rule)).abs() < 1e-6, "{w:?}");
    }
}
