//! Graphs → NIR files.

use super::{Array, Field, Graph, Node};
use crate::hdf5::error::FileError;
use crate::hdf5::plain::Plain;
use std::path::Path;

/// Writes a NIR file. Reals become single precision where that loses nothing, else double.
///
/// # Errors
/// When the file cannot be written, or a name cannot be one in HDF5.
pub fn write(path: &Path, graph: &Graph) -> Result<(), FileError> {
    let mut file = Plain::create(path)?;
    file.text("version", concat!("saltus ", env!("CARGO_PKG_VERSION")))?;
    write_part(&mut file, "node", graph)?;
    file.close()
}

/// Writes a graph into a group of a file of another kind, for [`super::read_part`].
///
/// # Errors
/// As [`write()`].
pub fn write_part(file: &mut Plain, group: &str, graph: &Graph) -> Result<(), FileError> {
    file.text(&format!("{group}/type"), super::GRAPH)?;
    let ends: Vec<&str> = graph.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
    file.texts(&format!("{group}/edges"), &[graph.edges.len(), 2], &ends)?;
    file.group(&format!("{group}/nodes"))?;
    for (name, node) in &graph.nodes {
        write_node(file, &format!("{group}/nodes"), name, node)?;
    }
    Ok(())
}

fn write_node(file: &mut Plain, nodes: &str, name: &str, node: &Node) -> Result<(), FileError> {
    if name.is_empty() || name.contains('/') || name == "." {
        return Err(file.error(format!("{name:?} cannot be the name of a node in HDF5")));
    }
    let path = format!("{nodes}/{name}");
    if let Some(inside) = &node.inside {
        return write_part(file, &path, inside);
    }
    file.text(&format!("{path}/type"), node.kind.name)?;
    for (field, value) in &node.fields {
        let place = format!("{path}/{field}");
        let whole = node.kind.fields.iter().any(|row| row.name == *field && row.whole);
        match value {
            Field::Word(word) => file.text(&place, word)?,
            Field::Numbers(Array { shape, values }) if whole => {
                file.whole(&place, shape, values.iter().map(|&value| value as i64))?;
            }
            Field::Numbers(Array { shape, values }) => file.reals(&place, shape, values)?,
        }
    }
    Ok(())
}
