//! A flat graph → populations and the edges between them.

use super::delays::{in_order, set_delays};
use super::dialect::Dialect;
use super::flat::Flat;
use super::linear::{Entry, Map, after, identity, map, merged, size, words};
use super::neurons::{is_neuron, is_silent, shape};
use std::collections::BTreeMap;

/// A graph as a network.
#[derive(Clone, Debug, Default)]
pub struct Lowered {
    /// Inputs first, and each behind those that reach it, but for edges that lead back.
    pub populations: Vec<Population>,
    /// Sorted by source and target.
    pub projections: Vec<Projection>,
    /// `Output`s, and the population that is read for each.
    pub outputs: Vec<(String, usize)>,
    /// What came out otherwise than one may expect.
    pub notes: Vec<String>,
}

/// What a population is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It repeats the spikes that it is given.
    Input,
    /// It is a node with a state.
    Neurons,
    /// It adds up what arrives in a step, for an `Output` behind nodes without a state.
    Readout,
}

/// Neurons of one node.
#[derive(Clone, Debug)]
pub struct Population {
    /// Name of its node.
    pub name: String,
    /// Its node.
    pub node: usize,
    /// What it is.
    pub role: Role,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// How many neurons.
    pub size: u32,
    /// Constant input of each neuron; empty for inputs.
    pub bias: Vec<f64>,
}

/// Edges from a population to another.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Number of the source population.
    pub from: usize,
    /// Number of the target population.
    pub to: usize,
    /// Edges, sorted by target and source; their delays are on top of `steps`.
    pub entries: Vec<Entry>,
    /// Steps from a spike to its arrival.
    pub steps: i64,
}

/// What arrives at a node or leaves it, as sums of what populations sent.
#[derive(Clone, Debug, Default)]
struct Signal {
    from: BTreeMap<usize, Vec<Entry>>,
    bias: Vec<f64>,
}

/// Turns a graph into a network.
///
/// # Errors
/// The first node that cannot be had, and why.
pub fn lower(flat: &Flat, dialect: &Dialect) -> Result<Lowered, String> {
    let shapes = Shapes::of(flat)?;
    let mut lowered = Lowered::default();
    let mut numbers = BTreeMap::new();
    for node in 0..flat.nodes.len() {
        if let Some(role) = role(flat, node)? {
            let shape = shapes.out[node].clone();
            let size = size(&shape).map_err(|error| format!("{:?}: {error}", flat.name(node)))?;
            if size == 0 {
                return Err(format!("{:?} has no neurons", flat.name(node)));
            }
            numbers.insert(node, lowered.populations.len());
            let name = flat.name(node).to_owned();
            lowered.populations.push(Population { name, node, role, shape, size, bias: Vec::new() });
        }
    }
    let signals = signals(flat, &shapes, &numbers)?;
    for (&node, &to) in &numbers {
        let population = &mut lowered.populations[to];
        if population.role == Role::Input {
            continue;
        }
        let arriving = arriving(flat, node, population.size, &signals)?;
        population.bias = arriving.bias;
        let projections = arriving.from.into_iter();
        lowered.projections.extend(projections.map(|(from, entries)| Projection {
            from,
            to,
            entries,
            steps: 1,
        }));
    }
    lowered.projections.sort_by_key(|projection| (projection.from, projection.to));
    lowered.outputs = outputs(flat, &shapes, &numbers)?;
    let levels = set_delays(&mut lowered, dialect);
    Ok(in_order(lowered, &levels))
}

/// The population that is read for each `Output`: its own, or the one before it.
fn outputs(
    flat: &Flat,
    shapes: &Shapes,
    numbers: &BTreeMap<usize, usize>,
) -> Result<Vec<(String, usize)>, String> {
    let mut outputs = Vec::new();
    for node in (0..flat.nodes.len()).filter(|&node| flat.kind(node) == "Output") {
        let Some(before) = flat.before(node).next() else {
            return Err(format!("no edge leads to {:?}", flat.name(node)));
        };
        let (sent, taken) = (&shapes.out[before], &shapes.out[node]);
        if size(sent)? != size(taken)? {
            let (from, to) = (flat.name(before), flat.name(node));
            return Err(format!("{from:?} -> {to:?}: {} goes to {}", words(sent), words(taken)));
        }
        let read = numbers.get(&node).or_else(|| numbers.get(&before)).copied();
        outputs.extend(read.map(|read| (flat.name(node).to_owned(), read)));
    }
    Ok(outputs)
}

/// What becomes of a node, if it becomes a population.
fn role(flat: &Flat, node: usize) -> Result<Option<Role>, String> {
    let kind = flat.kind(node);
    let single = |node: usize| flat.before(node).count() == 1;
    if is_silent(kind)
        && let Some(next) = flat.after(node).find(|&next| flat.kind(next) != "Output" || !single(next))
    {
        return Err(format!(
            "{:?}, a {kind}, never spikes, and its V goes on to {:?}; only spikes travel here, so its V can only be \
             read by an Output of its own",
            flat.name(node),
            flat.name(next)
        ));
    }
    Ok(match kind {
        "Input" => Some(Role::Input),
        "Output" => {
            let mut before = flat.before(node);
            let direct =
                before.next().is_some_and(|node| is_neuron(flat.kind(node)) || flat.kind(node) == "Input");
            (!(direct && before.next().is_none())).then_some(Role::Readout)
        }
        kind if is_neuron(kind) => Some(Role::Neurons),
        _ => None,
    })
}

/// The shape of what leaves each node, and the map that a node without a state is.
struct Shapes {
    out: Vec<Vec<usize>>,
    maps: Vec<Option<Map>>,
}

impl Shapes {
    /// Goes along the edges until every shape is known.
    fn of(flat: &Flat) -> Result<Shapes, String> {
        let count = flat.nodes.len();
        let mut known: Vec<Option<Vec<usize>>> = vec![None; count];
        let mut maps = vec![None; count];
        let mut waiting: Vec<usize> = Vec::new();
        for (node, known) in known.iter_mut().enumerate() {
            let (name, own) = &flat.nodes[node];
            *known = match flat.kind(node) {
                "Input" | "Output" => {
                    let shape = own.numbers("shape").map(|shape| shape.values.as_slice()).unwrap_or_default();
                    if let Some(odd) = shape.iter().find(|length| !(0.0..=4e9).contains(*length)) {
                        return Err(format!("{name:?}: shape holds {odd}"));
                    }
                    Some(shape.iter().map(|&length| length as usize).collect())
                }
                kind if is_neuron(kind) => {
                    shape(own).map_err(|error| format!("{name:?}: {error}"))?.map(<[usize]>::to_vec)
                }
                _ => None,
            };
            if known.is_some() {
                waiting.push(node);
            }
        }
        while let Some(node) = waiting.pop() {
            let shape = known[node].clone().unwrap_or_default();
            for next in flat.after(node) {
                if known[next].is_some() {
                    continue;
                }
                let (name, own) = &flat.nodes[next];
                known[next] = Some(if is_neuron(flat.kind(next)) {
                    shape.clone()
                } else {
                    let made = map(own, &shape).map_err(|error| {
                        format!("{:?} -> {name:?}, a {}: {error}", flat.name(node), own.kind.name)
                    })?;
                    let out = made.shape.clone();
                    maps[next] = Some(made);
                    out
                });
                waiting.push(next);
            }
        }
        let unreached = |node: usize| match flat.before(node).next() {
            None => format!("no edge leads to {:?}", flat.name(node)),
            Some(_) => format!("nothing reaches {:?} from any Input", flat.name(node)),
        };
        let out = known.into_iter().enumerate().map(|(node, shape)| shape.ok_or_else(|| unreached(node)));
        Ok(Shapes { out: out.collect::<Result<_, _>>()?, maps })
    }
}

/// What leaves each node, in an order in which all that a node without a state needs is there.
fn signals(
    flat: &Flat,
    shapes: &Shapes,
    numbers: &BTreeMap<usize, usize>,
) -> Result<BTreeMap<usize, Signal>, String> {
    let mut signals = BTreeMap::new();
    for (&node, &population) in numbers {
        let own = identity(&shapes.out[node])?;
        let signal = Signal { from: BTreeMap::from([(population, own.entries)]), bias: own.bias };
        signals.insert(node, signal);
    }
    let is_stateless = |node: usize| shapes.maps[node].is_some();
    // How many nodes without a state each still waits for.
    let mut left: BTreeMap<usize, usize> = (0..flat.nodes.len())
        .filter(|&node| is_stateless(node))
        .map(|node| (node, flat.before(node).filter(|&before| is_stateless(before)).count()))
        .collect();
    let mut ready: Vec<usize> =
        left.iter().filter(|(_, waits)| **waits == 0).map(|(&node, _)| node).collect();
    while let Some(node) = ready.pop() {
        left.remove(&node);
        for next in flat.after(node) {
            if let Some(waits) = left.get_mut(&next) {
                *waits -= 1;
                if *waits == 0 {
                    ready.push(next);
                }
            }
        }
        let Some(map) = &shapes.maps[node] else { continue };
        let before = flat.before(node).next().unwrap_or(node);
        let middle = size(&shapes.out[before])?;
        let arriving = arriving(flat, node, middle, &signals)?;
        let wrong = |error| format!("{:?}: {error}", flat.name(node));
        let mut signal = Signal { from: BTreeMap::new(), bias: map.bias.clone() };
        for (population, entries) in arriving.from {
            signal.from.insert(population, after(&entries, &map.entries, middle).map_err(wrong)?);
        }
        for entry in &map.entries {
            signal.bias[entry.target as usize] += entry.weight * arriving.bias[entry.source as usize];
        }
        signals.insert(node, signal);
    }
    if left.is_empty() {
        return Ok(signals);
    }
    let names: Vec<String> = left.keys().map(|&node| format!("{:?}", flat.name(node))).collect();
    Err(format!("there is a loop in which no node has a state, among {}", names.join(", ")))
}

/// The sum of what edges bring to a node that takes `size` numbers.
fn arriving(
    flat: &Flat,
    node: usize,
    size: u32,
    signals: &BTreeMap<usize, Signal>,
) -> Result<Signal, String> {
    let mut sum = Signal { from: BTreeMap::new(), bias: vec![0.0; size as usize] };
    for before in flat.before(node) {
        let Some(signal) = signals.get(&before) else { continue };
        if signal.bias.len() != size as usize {
            let (from, to) = (flat.name(before), flat.name(node));
            return Err(format!("{from:?} -> {to:?}: {} numbers go to {size}", signal.bias.len()));
        }
        for (population, entries) in &signal.from {
            sum.from.entry(*population).or_default().extend(entries);
        }
        sum.bias.iter_mut().zip(&signal.bias).for_each(|(sum, bias)| *sum += bias);
    }
    for entries in sum.from.values_mut() {
        *entries = merged(std::mem::take(entries));
    }
    Ok(sum)
}

/// Says a shape in a sentence.
pub fn shape_words(population: &Population) -> String {
    words(&population.shape)
}
