//! Rows of a table of which a step looks at few: only they are learnt from, and only they move.
//!
//! A table of vectors, one for each thing there is, may be larger than the network that reads them. Its gradient would be
//! as large and nothing but zeros in most rows; so the rows that a step looks at become a tensor of their own, and
//! gradients reach that.

use crate::weights::Weights;
use burn::tensor::{Int, Tensor, TensorData};

/// Some rows of a table.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Of which tensor.
    pub table: String,
    /// Which rows; one may come several times.
    pub places: Vec<usize>,
    /// What stands in them, `[row][D]`; followed by gradients if the weights are.
    pub values: Tensor<2>,
}

impl Rows {
    /// These rows of a table.
    ///
    /// # Panics
    ///
    /// If the network did not declare it, or if it has no such row: a mistake in the network, not in a file.
    pub fn of(weights: &Weights, table: &str, places: &[usize]) -> Self {
        let whole = weights.get::<2>(table);
        let learns = whole.device().is_autodiff();
        let whole = whole.inner();
        let indices: Vec<i64> = places.iter().map(|place| *place as i64).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [places.len()]), &whole.device());
        let values = whole.select(0, indices);
        let values = if learns { Tensor::from_inner(values).require_grad() } else { values };
        Self { table: table.to_owned(), places: places.to_vec(), values }
    }
}
