//! NIR files → graphs.

use super::{Array, Field, GRAPH, Graph, KINDS, Kind, Node, Row, kind};
use crate::hdf5::error::FileError;
use crate::hdf5::numbers::{Source, join};
use std::path::Path;

/// How deep graphs may lie in graphs.
const DEEPEST: usize = 32;

/// Reads a NIR file: its graph, and the version of the package that wrote it, empty if it does not say.
///
/// # Errors
/// When it is not a readable HDF5 file, has no graph, a node has an unknown type or misses a field, a field is
/// not of numbers or holds one that is not finite. Whether edges and shapes fit is not looked at.
pub fn read(path: &Path) -> Result<(Graph, String), FileError> {
    let source = Source::open(path)?;
    if !source.has("node/type") {
        return Err(source.error("there is no /node/type, so this is not a NIR file"));
    }
    let version = source.texts("version").ok().and_then(|texts| texts.into_iter().next());
    match read_node(&source, "node", 0)?.inside {
        Some(graph) => Ok((graph, version.unwrap_or_default())),
        None => Err(source.error(format!("/node is not a {GRAPH}"))),
    }
}

/// Reads what [`super::write_part`] left in a file of another kind; nothing if it left nothing there.
///
/// # Errors
/// As [`read`].
pub fn read_part(path: &Path, group: &str) -> Result<Option<Graph>, FileError> {
    let source = Source::open(path)?;
    if !source.has(&join(group, "type")) {
        return Ok(None);
    }
    Ok(read_node(&source, group, 0)?.inside)
}

fn read_node(source: &Source, path: &str, depth: usize) -> Result<Node, FileError> {
    let kind = read_kind(source, path)?;
    if kind.name == GRAPH {
        if depth == DEEPEST {
            return Err(source.error(format!("/{path}: graphs lie deeper than {DEEPEST} in each other")));
        }
        return Ok(Node { kind, fields: Vec::new(), inside: Some(read_graph(source, path, depth)?) });
    }
    let mut fields = Vec::new();
    for row in kind.fields {
        let place = join(path, row.name);
        match source.has(&place) {
            true => fields.push((row.name, read_field(source, &place, row)?)),
            false if row.required => {
                return Err(source.error(format!("/{path}, a {}, has no {}", kind.name, row.name)));
            }
            false => {}
        }
    }
    Ok(Node { kind, fields, inside: None })
}

fn read_kind(source: &Source, path: &str) -> Result<&'static Kind, FileError> {
    let place = join(path, "type");
    if !source.has(&place) {
        return Err(source.error(format!("/{path} has no type")));
    }
    let name = source.texts(&place)?.into_iter().next().unwrap_or_default();
    kind(&name).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        source.error(format!("/{path} has the type {name:?}; known are {}", known.join(", ")))
    })
}

fn read_graph(source: &Source, path: &str, depth: usize) -> Result<Graph, FileError> {
    let mut graph = Graph::default();
    let nodes = join(path, "nodes");
    for name in source.groups(&nodes) {
        let node = read_node(source, &join(&nodes, &name), depth + 1)?;
        graph.nodes.push((name, node));
    }
    let edges = join(path, "edges");
    if !source.has(&edges) {
        return Err(source.error(format!("there is no /{edges}")));
    }
    let shape = source.shape(&edges)?;
    if shape.contains(&0) {
        return Ok(graph);
    }
    if shape.len() != 2 || shape[1] != 2 {
        return Err(
            source.error(format!("/{edges} has the shape {shape:?} instead of two names in each row"))
        );
    }
    let names = source.texts(&edges)?;
    graph.edges = names.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    Ok(graph)
}

fn read_field(source: &Source, path: &str, row: &Row) -> Result<Field, FileError> {
    if source.is_text(path)? {
        return Ok(Field::Word(source.texts(path)?.into_iter().next().unwrap_or_default()));
    }
    let (shape, values) = (source.shape(path)?, source.floats(path)?);
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        return Err(source.error(format!("/{path} holds {} at {}", values[place], at(place, &shape))));
    }
    if let Some(place) = values.iter().position(|value| row.whole && value.fract() != 0.0) {
        return Err(source.error(format!("/{path} holds {}, which is not whole", values[place])));
    }
    Ok(Field::Numbers(Array { shape, values }))
}

/// The place of a number as indices: `[3, 0]`.
fn at(mut place: usize, shape: &[usize]) -> String {
    let mut indices = Vec::new();
    for &length in shape.iter().rev() {
        indices.push(place % length);
        place /= length;
    }
    indices.reverse();
    format!("{indices:?}")
}
