//! Named tensors of 32-bit floats in a file of their own: the weights of trained networks.

use crate::hdf5::error::FileError;
use crate::hdf5::numbers::Source;
use crate::hdf5::plain::Plain;
use std::path::Path;

/// A tensor as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Name of its dataset.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// Name of the dataset that holds what a file says of itself, as UTF-8 bytes.
const ABOUT: &str = "about";

/// Writes tensors, and a text about them, to a file, all or nothing: an older file of this name stays until
/// the new one is whole.
///
/// # Errors
/// If the disk does not take it.
pub fn write(path: &Path, tensors: &[Tensor], about: &str) -> Result<(), FileError> {
    let part = path.with_extension("h5.part");
    let mut file = Plain::create(&part)?;
    for tensor in tensors {
        file.numbers(&tensor.name, &tensor.shape, &tensor.values)?;
    }
    file.numbers(ABOUT, &[about.len()], about.as_bytes())?;
    file.close()?;
    std::fs::rename(&part, path).map_err(|error| FileError::io(path, "cannot be written", &error))
}

/// Reads the tensors that stand at the top of a file, and the text about them.
///
/// # Errors
/// If the file is not there, not HDF5, or holds something else than numbers.
pub fn read(path: &Path) -> Result<(Vec<Tensor>, String), FileError> {
    let source = Source::open(path)?;
    let read = |name: String| {
        let shape = source.shape(&name)?;
        let values = source.floats(&name)?.into_iter().map(|value| value as f32).collect();
        Ok(Tensor { name, shape, values })
    };
    let names = source.datasets().into_iter().filter(|name| name != ABOUT);
    let tensors = names.map(read).collect::<Result<_, _>>()?;
    let bytes = source.ids(ABOUT)?.into_iter().map(|byte| byte as u8).collect();
    let about = String::from_utf8(bytes).map_err(|_| source.error("what it says of itself is not text"))?;
    Ok((tensors, about))
}
