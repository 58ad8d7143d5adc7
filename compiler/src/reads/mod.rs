//! From the tensors of a trained network to layers.

pub mod attention;
pub mod blocks;
mod ends;
pub mod hrm;
pub mod mdlm;
pub mod mlp;
pub mod trm;

use crate::layers::Matrix;
use std::fmt;

/// A named tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// The tensors of a trained network.
#[derive(Clone, Debug)]
pub struct Tensors(pub Vec<Tensor>);

/// Why a network cannot be compiled, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl Tensors {
    /// The tensor of this name and number of dimensions.
    fn get(&self, name: &str, dimensions: usize) -> Result<&Tensor, Problem> {
        let found = self.0.iter().find(|tensor| tensor.name == name);
        let found = found.ok_or_else(|| Problem(format!("the trained network has no tensor {name}")))?;
        if found.shape.len() != dimensions || found.shape.iter().product::<usize>() != found.values.len() {
            return Err(Problem(format!(
                "{name} is of the sizes {:?}, not of {dimensions} dimensions",
                found.shape
            )));
        }
        Ok(found)
    }

    /// The numbers of a tensor of one dimension.
    fn vector(&self, name: &str) -> Result<Vec<f32>, Problem> {
        Ok(self.get(name, 1)?.values.clone())
    }

    /// A tensor `[from][to]` as it stands.
    fn matrix(&self, name: &str) -> Result<Matrix, Problem> {
        let tensor = self.get(name, 2)?;
        Ok(Matrix { from: tensor.shape[0], to: tensor.shape[1], values: tensor.values.clone() })
    }

    /// Rows `rows` of a tensor `[to][from]`, turned.
    fn turned(&self, name: &str, rows: std::ops::Range<usize>) -> Result<Matrix, Problem> {
        let tensor = self.get(name, 2)?;
        let (all, from) = (tensor.shape[0], tensor.shape[1]);
        if rows.end > all {
            return Err(Problem(format!("{name} has {all} rows, not {}", rows.end)));
        }
        let values = (0..from).flat_map(|f| rows.clone().map(move |t| tensor.values[t * from + f])).collect();
        Ok(Matrix { from, to: rows.len(), values })
    }

    /// Rows of a tensor `[to][from]`.
    fn rows(&self, name: &str) -> Result<usize, Problem> {
        Ok(self.get(name, 2)?.shape[0])
    }
}
