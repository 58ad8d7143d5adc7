//! A network → a NIR graph, or the first population or projection that NIR cannot say.

use super::dialect::Dialect;
use super::flat::flat;
use super::kept::restored;
use super::linear::MOST;
use super::lower::{Lowered, lower};
use super::spoken::{Neurons, Spoken, spoken};
use recordings::hdf5::nir::{Array, Field, Graph, Node};
use sim_core::network::{Network, Precision};
use std::collections::BTreeMap;

/// Source, target, weight, delay in steps; ordered by target, source and delay.
pub type Synapse = (u32, u32, f64, i64);

/// A network in NIR's words.
#[derive(Debug)]
pub struct Exported {
    /// The graph.
    pub graph: Graph,
    /// What the network does and the graph does not say.
    pub notes: Vec<String>,
    /// The populations with a state.
    pub neurons: Vec<(String, Neurons)>,
}

/// Says a network in NIR's words. `synapses` are those of each projection, `kept` what an import left.
///
/// # Errors
/// The first population or projection that NIR cannot say, and why.
pub fn export(
    network: &Network,
    synapses: &[Vec<Synapse>],
    kept: Option<Graph>,
    dialect: &Dialect,
) -> Result<Exported, String> {
    let said = populations(network, dialect)?;
    for projection in &network.projections {
        if let Some(plastic) = &projection.plasticity {
            let (from, to) = names(network, projection.source, projection.target);
            return Err(format!(
                "projection {from:?} -> {to:?} of {}: NIR has no plastic synapses",
                plastic.model.name
            ));
        }
    }
    let mut neurons = Vec::new();
    for number in network.listed() {
        if let Spoken::Neurons(one) = &said[number] {
            neurons.push((network.populations[number].name.clone(), (**one).clone()));
        }
    }
    let nodes: Vec<(String, Node)> =
        neurons.iter().map(|(name, one)| (name.clone(), one.node.clone())).collect();
    let is_the_same = |graph: &Graph| {
        let lowered = flat(graph).and_then(|flat| lower(&flat, dialect));
        lowered.and_then(|lowered| same(network, synapses, &said, &lowered, dialect))
    };
    let mut notes = Vec::new();
    let was_kept = kept.is_some();
    let graph = match kept.and_then(|kept| restored(kept, &nodes)).filter(|graph| is_the_same(graph).is_ok())
    {
        Some(graph) => graph,
        None => {
            if was_kept {
                notes.push(
                    "the network is no longer the graph it was imported from; its edges become matrices"
                        .into(),
                );
            }
            let graph = matrices(network, synapses, &said, nodes, dialect)?;
            is_the_same(&graph)?;
            graph
        }
    };
    notes.extend(unsaid(network));
    Ok(Exported { graph, notes, neurons })
}

/// Every population in NIR's words, in the order of the network.
fn populations(network: &Network, dialect: &Dialect) -> Result<Vec<Spoken>, String> {
    let mut said: BTreeMap<usize, Spoken> = BTreeMap::new();
    for number in network.listed() {
        let population = &network.populations[number];
        let spoken = spoken(network, population, dialect.threshold).map_err(|why| {
            format!("population {:?} of {}: {why}", population.name, population.neuron.model.name)
        })?;
        // Thresholds that only stimuli reach pass spikes on, one a step.
        let is_relay = matches!(&spoken, Spoken::Neurons(one) if one.node.kind.name == "Threshold")
            && network.projections.iter().all(|projection| projection.target != number);
        said.insert(number, if is_relay { Spoken::Input } else { spoken });
    }
    let said: Vec<Spoken> = said.into_values().collect();
    match said.iter().any(|one| matches!(one, Spoken::Input)) {
        true => Ok(said),
        false => {
            Err("no population is a Parrot, or a threshold that only stimuli reach, which become NIR's Input"
                .into())
        }
    }
}

fn names(network: &Network, source: usize, target: usize) -> (&str, &str) {
    (&network.populations[source].name, &network.populations[target].name)
}

/// Whether a graph means this network: its edges, delays and constant inputs.
fn same(
    network: &Network,
    synapses: &[Vec<Synapse>],
    said: &[Spoken],
    lowered: &Lowered,
    dialect: &Dialect,
) -> Result<(), String> {
    if lowered.populations.len() != network.populations.len() {
        return Err("its populations are others".into());
    }
    let mut wanted: BTreeMap<(&str, &str), Vec<Synapse>> = BTreeMap::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let pair = names(network, projection.source, projection.target);
        wanted.entry(pair).or_default().extend(&synapses[number]);
    }
    let single = network.precision == Precision::F32;
    wanted.values_mut().for_each(|synapses| *synapses = merged(std::mem::take(synapses), single));
    for projection in &lowered.projections {
        let name = |number: usize| lowered.populations[number].name.as_str();
        let (from, to) = (name(projection.from), name(projection.to));
        let has: Vec<Synapse> = projection
            .entries
            .iter()
            .map(|entry| {
                let delay = projection.steps as f64 + entry.delay * 1e3 / dialect.dt;
                (entry.source, entry.target, entry.weight, delay.round() as i64)
            })
            .collect();
        let has = merged(has, single);
        if wanted.remove(&(from, to)).unwrap_or_default() != has {
            return Err(format!(
                "projection {from:?} -> {to:?}: its weights and delays are none that a graph of NIR has: there, what \
                 leaves an Input at one moment arrives everywhere at one moment, but for one Delay"
            ));
        }
    }
    if wanted.values().any(|synapses| !synapses.is_empty()) {
        return Err("its projections are others".into());
    }
    for population in &lowered.populations {
        let number = network.population(&population.name).ok_or("its populations are others")?;
        let constant = match &said[number] {
            Spoken::Neurons(neurons) => neurons.bias == population.bias,
            Spoken::Readout => {
                let quantity = network.populations[number].neuron.arguments.quantity("I_e");
                let key = network.key("parameter").named(&population.name).named("I_e");
                (0..).zip(&population.bias).all(|(index, bias)| quantity.draw(key, index) == *bias)
            }
            Spoken::Input => true,
        };
        if !constant {
            return Err(format!("the constant input of {:?} is another", population.name));
        }
    }
    Ok(())
}

/// Synapses by target, source and delay, added up where these are the same, without those of weight 0; in the
/// precision that the network runs in.
fn merged(mut synapses: Vec<Synapse>, single: bool) -> Vec<Synapse> {
    synapses.sort_by_key(|&(source, target, _, delay)| (target, source, delay));
    synapses.dedup_by(|next, first| {
        let same = (next.0, next.1, next.3) == (first.0, first.1, first.3);
        if same {
            first.2 += next.2;
        }
        same
    });
    if single {
        synapses.iter_mut().for_each(|synapse| synapse.2 = f64::from(synapse.2 as f32));
    }
    synapses.retain(|synapse| synapse.2 != 0.0);
    synapses
}

/// A graph with a matrix for each projection, and a `Delay` where spikes take longer than they have to.
fn matrices(
    network: &Network,
    synapses: &[Vec<Synapse>],
    said: &[Spoken],
    nodes: Vec<(String, Node)>,
    dialect: &Dialect,
) -> Result<Graph, String> {
    let mut graph = Graph { nodes, edges: Vec::new() };
    let shape = |size: u32| vec![("shape", Field::Numbers(Array::list(vec![f64::from(size)])))];
    for number in network.listed() {
        let population = &network.populations[number];
        let kind = match said[number] {
            Spoken::Input => "Input",
            Spoken::Readout => "Output",
            Spoken::Neurons(_) => continue,
        };
        graph.nodes.push((population.name.clone(), Node::new(kind, shape(population.size))));
    }
    let (mut has_bias, mut own_names) = (Vec::new(), Vec::new());
    for (number, projection) in network.projections.iter().enumerate() {
        let (from, to) = names(network, projection.source, projection.target);
        let wrong = |why: String| format!("projection {from:?} -> {to:?}: {why}");
        let bias = match &said[projection.target] {
            Spoken::Input => return Err(wrong("it leads into a Parrot, which becomes NIR's Input".into())),
            Spoken::Neurons(neurons) if !has_bias.contains(&projection.target) => neurons.bias.clone(),
            _ => Vec::new(),
        };
        has_bias.push(projection.target);
        let ends = network.ends(projection);
        let weight = matrix(&synapses[number], ends.sources, ends.targets).map_err(wrong)?;
        let node = match bias.iter().any(|bias| *bias != 0.0) {
            true => {
                Node::new("Affine", vec![("weight", weight), ("bias", Field::Numbers(Array::list(bias)))])
            }
            false => Node::new("Linear", vec![("weight", weight)]),
        };
        let own =
            if projection.name.is_empty() { format!("{from}_to_{to}") } else { projection.name.clone() };
        let name = (0..).map(|again| if again == 0 { own.clone() } else { format!("{own}_{again}") });
        let name = name.into_iter().find(|name| graph.node(name).is_none()).unwrap_or(own);
        graph.nodes.push((name.clone(), node));
        own_names.push(name.clone());
        graph.edges.extend([(from.to_owned(), name.clone()), (name, to.to_owned())]);
    }
    for (number, one) in said.iter().enumerate() {
        if let Spoken::Neurons(neurons) = one
            && !has_bias.contains(&number)
            && neurons.bias.iter().any(|bias| *bias != 0.0)
        {
            let name = &network.populations[number].name;
            return Err(format!("population {name:?}: nothing leads to it, so no Affine can carry its I_e"));
        }
    }
    add_outputs(network, said, &mut graph);
    add_delays(network, synapses, &own_names, &mut graph, dialect)?;
    Ok(graph)
}

/// Weights in a matrix of targets×sources; synapses between the same two neurons add up.
fn matrix(synapses: &[Synapse], sources: u32, targets: u32) -> Result<Field, String> {
    let size = sources as usize * targets as usize;
    if size > MOST {
        return Err(format!("a matrix of {targets}×{sources} is too large"));
    }
    let mut values = vec![0.0; size];
    for &(source, target, weight, _) in synapses {
        values[target as usize * sources as usize + source as usize] += weight;
    }
    Ok(Field::Numbers(Array { shape: vec![targets as usize, sources as usize], values }))
}

/// An `Output` for every population that nobody listens to.
fn add_outputs(network: &Network, said: &[Spoken], graph: &mut Graph) {
    let last: Vec<usize> = network
        .listed()
        .into_iter()
        .filter(|&number| !matches!(said[number], Spoken::Readout))
        .filter(|&number| network.projections.iter().all(|p| p.source != number || p.target == number))
        .collect();
    for &number in &last {
        let population = &network.populations[number];
        let own = if last.len() == 1 { "output".into() } else { format!("output_{}", population.name) };
        let name = if graph.node(&own).is_none() { own } else { format!("{own}_") };
        let shape = Field::Numbers(Array::list(vec![f64::from(population.size)]));
        graph.nodes.push((name.clone(), Node::new("Output", vec![("shape", shape)])));
        graph.edges.push((population.name.clone(), name));
    }
}

/// A `Delay` before every projection whose spikes take longer than the graph makes them.
fn add_delays(
    network: &Network,
    synapses: &[Vec<Synapse>],
    own_names: &[String],
    graph: &mut Graph,
    dialect: &Dialect,
) -> Result<(), String> {
    let lowered = lower(&flat(graph)?, dialect)?;
    for (number, projection) in network.projections.iter().enumerate() {
        let (from, to) = names(network, projection.source, projection.target);
        let Some(&(_, _, _, steps)) = synapses[number].first() else { continue };
        let name = |number: usize| lowered.populations[number].name.as_str();
        let there = lowered.projections.iter().find(|p| (name(p.from), name(p.to)) == (from, to));
        let longer = steps - there.map_or(1, |projection| projection.steps);
        if longer < 0 {
            return Err(format!(
                "projection {from:?} -> {to:?}: its delay of {steps} steps is {} too short: in a graph of NIR, what \
                 leaves an Input at one moment arrives everywhere at one moment",
                -longer
            ));
        }
        if longer > 0 {
            let own = &own_names[number];
            let size = network.populations[projection.source].size as usize;
            let delay = Field::Numbers(Array::list(vec![longer as f64 * dialect.dt / 1e3; size]));
            graph.nodes.push((format!("{own}.delay"), Node::new("Delay", vec![("delay", delay)])));
            let edge = graph.edges.iter_mut().find(|edge| edge.1 == *own);
            if let Some(edge) = edge {
                edge.1 = format!("{own}.delay");
                graph.edges.push((format!("{own}.delay"), own.clone()));
            }
        }
    }
    Ok(())
}

/// What a network has and a graph does not.
fn unsaid(network: &Network) -> Vec<String> {
    let mut notes = Vec::new();
    for population in network.populations.iter().filter(|population| !population.neuron.initial.is_empty()) {
        notes.push(format!("the initial states of {:?} are not part of a graph", population.name));
    }
    notes
}
