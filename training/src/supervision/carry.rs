//! What passes from one step of supervision to the next: an answer and a latent state, as plain numbers.

use crate::supervision::slots::carried;
use crate::weights::{Declaration, Misfit, Named, Start, Weights, numbers};
use burn::tensor::{Bool, Device, Tensor, TensorData};

/// The states of some puzzles, without gradients.
#[derive(Clone)]
pub struct Carry {
    /// The answer y (`z_H` in the releases), `[puzzle][place][D]`.
    pub answer: Tensor<3>,
    /// The latent state z (`z_L`), of the same sizes.
    pub latent: Tensor<3>,
}

impl Carry {
    /// The two vectors of `width` numbers that every puzzle starts from; not learnt.
    pub fn declarations(width: usize) -> [Declaration; 2] {
        ["H_init", "L_init"].map(|name| Declaration::running(name, [width], Start::TruncatedNormal(1.0)))
    }

    /// Of nothing yet, `[puzzles][places][D]`.
    pub fn nothing(sizes: [usize; 3], device: &Device) -> Self {
        Self { answer: Tensor::zeros(sizes, device), latent: Tensor::zeros(sizes, device) }
    }

    /// What as many puzzles start from.
    pub fn fresh(weights: &Weights, puzzles: usize, places: usize) -> Self {
        let start = |name: &str| {
            let one = weights.get::<1>(name).inner();
            let width = one.dims()[0];
            one.reshape([1, 1, width]).expand([puzzles, places, width])
        };
        Self { answer: start("H_init"), latent: start("L_init") }
    }

    /// The same with other puzzles begun where `begun` says so.
    pub fn with_begun(self, begun: &[bool], weights: &Weights) -> Self {
        let [puzzles, places, width] = self.answer.dims();
        let fresh = Self::fresh(weights, puzzles, places);
        let mask = TensorData::new(begun.to_vec(), [puzzles, 1, 1]);
        let mask = Tensor::<3, Bool>::from_data(mask, &self.answer.device());
        let mask = mask.expand([puzzles, places, width]);
        Self {
            answer: self.answer.mask_where(mask.clone(), fresh.answer),
            latent: self.latent.mask_where(mask, fresh.latent),
        }
    }

    /// To be saved.
    pub fn save(&self) -> [Named; 2] {
        [("z_H", &self.answer), ("z_L", &self.latent)].map(|(name, state)| Named {
            name: name.into(),
            shape: state.dims().to_vec(),
            values: numbers(state.clone()),
        })
    }

    /// As it was saved.
    ///
    /// # Errors
    /// If it was of other sizes.
    pub fn load(&mut self, saved: &[Named]) -> Result<(), Misfit> {
        let (shape, device) = (self.answer.dims(), self.answer.device());
        let state = |name: &str| -> Result<Tensor<3>, Misfit> {
            let values = carried(saved, name, &shape)?.to_vec();
            Ok(Tensor::from_data(TensorData::new(values, shape), &device))
        };
        *self = Self { answer: state("z_H")?, latent: state("z_L")? };
        Ok(())
    }
}
