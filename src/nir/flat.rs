//! Graphs in graphs → one graph, with every edge found at both ends.

use recordings::hdf5::nir::{GRAPH, Graph, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A graph without graphs in it.
#[derive(Clone, Debug, Default)]
pub struct Flat {
    /// Names, with those of the graphs around them and dots before, and nodes.
    pub nodes: Vec<(String, Node)>,
    /// From, to, by number; sorted, each once.
    edges: BTreeSet<(usize, usize)>,
    /// The same, to, from.
    back: BTreeSet<(usize, usize)>,
}

impl Flat {
    /// Names a node in an error.
    pub fn name(&self, node: usize) -> &str {
        &self.nodes[node].0
    }

    /// The kind of a node.
    pub fn kind(&self, node: usize) -> &'static str {
        self.nodes[node].1.kind.name
    }

    /// Nodes with an edge to this one.
    pub fn before(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.back.range((node, 0)..=(node, usize::MAX)).map(|edge| edge.1)
    }

    /// Nodes that this one has an edge to.
    pub fn after(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.edges.range((node, 0)..=(node, usize::MAX)).map(|edge| edge.1)
    }

    fn join(&mut self, from: usize, to: usize) {
        self.edges.insert((from, to));
        self.back.insert((to, from));
    }

    fn part(&mut self, from: usize, to: usize) {
        self.edges.remove(&(from, to));
        self.back.remove(&(to, from));
    }

    /// As a graph.
    pub fn graph(&self) -> Graph {
        let name = |node: usize| self.name(node).to_owned();
        let edges = self.edges.iter().map(|&(from, to)| (name(from), name(to))).collect();
        Graph { nodes: self.nodes.clone(), edges }
    }
}

/// Puts the nodes of all graphs beside each other. `Input` and `Output` of an inner graph vanish, and what
/// they joined is joined.
///
/// # Errors
/// An edge to or from a node that is not there, an edge into an `Input` or out of an `Output`, an inner
/// graph that is joined without having exactly one of them, two nodes of one name.
pub fn flat(graph: &Graph) -> Result<Flat, String> {
    let mut whole = Unfolding::default();
    whole.unfold(graph, "")?;
    whole.flat.nodes.iter().try_fold(BTreeSet::new(), |mut names, (name, _)| {
        names.insert(name.as_str()).then_some(names).ok_or_else(|| format!("two nodes are called {name:?}"))
    })?;
    Ok(whole.without_ports())
}

#[derive(Default)]
struct Unfolding {
    flat: Flat,
    /// `Input`s and `Output`s of inner graphs.
    ports: BTreeSet<usize>,
}

/// Where edges to a name go and edges from it come from.
struct Ends {
    into: Result<usize, String>,
    from: Result<usize, String>,
}

impl Unfolding {
    /// Adds the nodes of a graph; their ends by name.
    fn unfold(&mut self, graph: &Graph, prefix: &str) -> Result<BTreeMap<String, Ends>, String> {
        let mut here = BTreeMap::new();
        for (name, node) in &graph.nodes {
            let full = format!("{prefix}{name}");
            let ends = match &node.inside {
                Some(inside) => {
                    let within = self.unfold(inside, &format!("{full}."))?;
                    let port = |kind: &str| {
                        let of_kind = inside.nodes.iter().filter(|(_, node)| node.kind.name == kind);
                        let found: Vec<&String> = of_kind.map(|(name, _)| name).collect();
                        match found[..] {
                            [name] => within[name].into.clone(),
                            _ => Err(format!("{full:?} is a {GRAPH} with {} {kind}s, not one", found.len())),
                        }
                    };
                    Ends { into: port("Input"), from: port("Output") }
                }
                None => {
                    let number = self.flat.nodes.len();
                    let is_port = matches!(node.kind.name, "Input" | "Output");
                    if is_port && !prefix.is_empty() {
                        self.ports.insert(number);
                    }
                    self.flat.nodes.push((full, node.clone()));
                    Ends { into: Ok(number), from: Ok(number) }
                }
            };
            here.insert(name.clone(), ends);
        }
        for (from, to) in &graph.edges {
            let end = |name: &str| {
                here.get(name).ok_or_else(|| {
                    let known: Vec<&str> = here.keys().map(String::as_str).collect();
                    let graph = prefix.strip_suffix('.').map_or("the graph".into(), |name| format!("{name:?}"));
                    format!(
                        "the edge {from:?} -> {to:?} of {graph} has no end: there is no node {name:?}, there are {}",
                        known.join(", ")
                    )
                })
            };
            let (from_node, to_node) = (end(from)?.from.clone()?, end(to)?.into.clone()?);
            self.join(from_node, to_node)?;
        }
        Ok(here)
    }

    fn join(&mut self, from: usize, to: usize) -> Result<(), String> {
        // Inside its graph an Input is left and an Output entered; the other way is for the graph around.
        let edge = format!("the edge {:?} -> {:?}", self.flat.name(from), self.flat.name(to));
        if self.flat.kind(to) == "Input" && !self.ports.contains(&to) {
            return Err(format!("{edge} leads into an Input"));
        }
        if self.flat.kind(from) == "Output" && !self.ports.contains(&from) {
            return Err(format!("{edge} comes out of an Output"));
        }
        self.flat.join(from, to);
        Ok(())
    }

    /// Joins what ports joined, and takes the ports away.
    fn without_ports(mut self) -> Flat {
        for &port in &self.ports {
            let before: Vec<usize> = self.flat.before(port).collect();
            let after: Vec<usize> = self.flat.after(port).collect();
            before.iter().for_each(|&node| self.flat.part(node, port));
            after.iter().for_each(|&node| self.flat.part(port, node));
            let others = |&&node: &&usize| node != port;
            for &from in before.iter().filter(others) {
                after.iter().filter(others).for_each(|&to| self.flat.join(from, to));
            }
        }
        let mut numbers = vec![None; self.flat.nodes.len()];
        let mut flat = Flat::default();
        for (number, node) in self.flat.nodes.into_iter().enumerate() {
            if !self.ports.contains(&number) {
                numbers[number] = Some(flat.nodes.len());
                flat.nodes.push(node);
            }
        }
        for (from, to) in self.flat.edges {
            if let (Some(from), Some(to)) = (numbers[from], numbers[to]) {
                flat.join(from, to);
            }
        }
        flat
    }
}
