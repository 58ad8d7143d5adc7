//! A network of integers onto cores: neurons packed, spikes fanned out, every limit kept.

use super::bits::Bits;
use super::core::{Core, Target};
use super::counting::counted;
use super::fan::{Reach, Splitters, slots, who_splits};
use super::group::UNNAMED;
use super::limits::{AXONS, CORES, LONGEST_DELAY, NEURONS};
use super::network::Quantised;
use super::pack::{Draft, Feed, Hears, hears, pack, packings};
use std::collections::BTreeMap;

/// A network on cores.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// What the cores are loaded with: first those of neurons, then those of splitters.
    pub cores: Vec<Core>,
    /// For each place in the cores, 256 a core, the number of the neuron that is watched there, or [`UNNAMED`].
    pub names: Vec<u32>,
    /// For each place in the cores the neuron that lives there, as it is or as a copy, or [`UNNAMED`].
    pub lives: Vec<u32>,
    /// What each axon of each core is for; of splitters nothing.
    pub feeds: Vec<Vec<Feed>>,
    /// (core, place in the core) of each neuron.
    pub homes: Vec<(usize, usize)>,
    /// For each input and each of its spikes of one tick the axons it makes active, as (core, axon).
    pub inputs: Vec<Vec<Vec<(u32, u8)>>>,
    /// Neurons that were copied for more targets: copies, not counting the neurons themselves.
    pub copies: usize,
    /// Splitters.
    pub splitters: usize,
    /// The network with gates that count for neurons that hear too many, if there are any: it is what is placed.
    pub counted: Option<Quantised<i32>>,
}

impl Placed {
    /// Where a neuron is among all places, 256 a core.
    pub fn place(&self, neuron: usize) -> usize {
        let (core, place) = self.homes[neuron];
        core * NEURONS + place
    }
}

/// Names of neurons, for messages.
pub trait Names {
    /// "neuron 3 of E".
    fn neuron(&self, number: u32) -> String;
}

/// Names with those of gates that count.
struct WithGates<'a> {
    neurons: u32,
    names: &'a dyn Names,
}

impl Names for WithGates<'_> {
    fn neuron(&self, number: u32) -> String {
        match number.checked_sub(self.neurons) {
            None => self.names.neuron(number),
            Some(gate) => format!("gate {gate} that counts sources"),
        }
    }
}

/// Puts a network onto at most `chips` chips. Of two packings the one wins that takes the fewest cores, its
/// splitters included, and of those the one with the fewest copies and splitters.
///
/// # Errors
/// What does not fit: which neuron, which limit, by how much, and what would help.
pub fn place(network: &Quantised<i32>, chips: usize, names: &dyn Names) -> Result<Placed, Vec<String>> {
    let counted = counted(network);
    let watched = network.cells.len();
    let names = &WithGates { neurons: watched as u32, names };
    let network = counted.as_ref().unwrap_or(network);
    let hears = hears(network);
    let reasons = too_much_heard(&hears, names);
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let fan = |drafts: &Vec<Draft>| fan_out((network, watched), &hears, drafts, names);
    let least = |placed: &Placed| (placed.cores.len(), placed.copies + placed.splitters);
    let found = packings(&hears, chips * CORES).filter_map(|drafts| fan(&drafts).ok());
    let mut placed = match found.min_by_key(least) {
        Some(placed) => placed,
        // With a core for each neuron there is the most room for copies.
        None => fan(&pack(&hears, 1)).map_err(|why| vec![why])?,
    };
    let (used, limit) = (placed.cores.len(), chips * CORES);
    if used > limit {
        return Err(vec![format!(
            "the network takes {used} cores, {} more than the {limit} of {chips} {}; {} chips would do",
            used - limit,
            if chips == 1 { "chip" } else { "chips" },
            used.div_ceil(CORES)
        )]);
    }
    placed.counted = counted;
    Ok(placed)
}

/// Neurons that hear more than a core has axons for: of each population the worst.
fn too_much_heard(hears: &[Hears], names: &dyn Names) -> Vec<String> {
    let mut worst: BTreeMap<String, (usize, u32)> = BTreeMap::new();
    for (number, hears) in hears.iter().enumerate().filter(|(_, hears)| hears.axons() > AXONS) {
        let name = names.neuron(number as u32);
        let population = name.rsplit_once(" of ").map_or(name.clone(), |(_, population)| population.into());
        let entry = worst.entry(population).or_insert((0, 0));
        *entry = (*entry).max((hears.axons(), number as u32));
    }
    let reason = |(axons, number): &(usize, u32)| {
        let hears = &hears[*number as usize];
        let sources = hears.feeds.len();
        let more = if axons > &sources {
            " Four different weights or fewer would take one axon each."
        } else {
            " Fewer synapses or inputs onto it would fit; delays that differ count apart. So would one weight for \
             many sources with delays of 3 steps or more, which are counted on their way."
        };
        format!(
            "{} hears {sources} sources through {axons} axons; a core has {AXONS}, {} fewer.{more}",
            names.neuron(*number),
            axons - AXONS
        )
    };
    worst.values().map(reason).collect()
}

/// The axons that each source has to reach.
fn reached(network: &Quantised<i32>, drafts: &[Draft]) -> Vec<Vec<(u16, Reach)>> {
    let sources = network.cells.len() + network.inputs.len();
    let mut reached: Vec<Vec<(u16, Reach)>> = vec![Vec::new(); sources];
    for (core, draft) in drafts.iter().enumerate() {
        for (&(feed, _), &axon) in &draft.axons {
            reached[feed.source as usize].push((feed.spike, (core as u32, axon as u8, feed.delay)));
        }
    }
    // Axons come out of a table in no order.
    reached.iter_mut().for_each(|reached| reached.sort_unstable());
    reached
}

/// Cores for neurons, of which the first so many are watched.
fn fan_out(
    (network, watched): (&Quantised<i32>, usize),
    hears: &[Hears],
    drafts: &[Draft],
    names: &dyn Names,
) -> Result<Placed, String> {
    let neurons = network.cells.len();
    let reached = reached(network, drafts);
    let of =
        |neuron: u32| -> Vec<Reach> { reached[neuron as usize].iter().map(|(_, reach)| *reach).collect() };
    let mut splitters = Splitters::from(drafts.len());
    let mut placed = Placed { homes: vec![(0, 0); neurons], ..Placed::default() };
    for (number, draft) in drafts.iter().enumerate() {
        let own: Vec<Vec<Reach>> = draft.members.iter().map(|(neuron, _)| of(*neuron)).collect();
        let refs: Vec<&[Reach]> = own.iter().map(Vec::as_slice).collect();
        let splits = who_splits(&refs).ok_or_else(|| crowded(draft, &own, names))?;
        let mut core = frame(draft);
        for ((&(neuron, order), reached), splits) in draft.members.iter().zip(&own).zip(splits) {
            let targets = targets(reached, splits, &mut splitters)
                .ok_or_else(|| hasty(neuron, reached.len(), names))?;
            placed.homes[neuron as usize] = (number, core.neurons.len());
            placed.copies += targets.len() - 1;
            let mut weights = [0; 4];
            for (weight, kind) in hears[neuron as usize].basis.iter().zip(order) {
                weights[kind] = *weight;
            }
            for (copy, target) in targets.into_iter().enumerate() {
                let place = core.neurons.len();
                for axon in draft.onto(&hears[neuron as usize], &order) {
                    core.rows[axon].set(place);
                }
                let cell = &network.cells[neuron as usize];
                core.neurons.push(cell.neuron(weights));
                core.potentials.push(cell.start);
                core.targets.push(target);
                let named = copy == 0 && (neuron as usize) < watched;
                placed.names.push(if named { neuron } else { UNNAMED });
                placed.lives.push(neuron);
            }
        }
        placed.names.resize((number + 1) * NEURONS, UNNAMED);
        placed.lives.resize((number + 1) * NEURONS, UNNAMED);
        placed.feeds.push(feeds(draft));
        placed.cores.push(core);
    }
    placed.splitters = splitters.count();
    placed.cores.append(&mut splitters.cores);
    placed.names.resize(placed.cores.len() * NEURONS, UNNAMED);
    placed.lives.resize(placed.cores.len() * NEURONS, UNNAMED);
    for (input, reached) in network.inputs.iter().zip(&reached[neurons..]) {
        let mut spikes = vec![Vec::new(); input.most.into()];
        reached.iter().for_each(|&(spike, (core, axon, _))| spikes[usize::from(spike)].push((core, axon)));
        placed.inputs.push(spikes);
    }
    Ok(placed)
}

/// A core with its axons and no neurons yet.
fn frame(draft: &Draft) -> Core {
    let mut axon_types = vec![0; draft.axons.len()];
    for (&(_, kind), &axon) in &draft.axons {
        axon_types[axon] = kind;
    }
    Core { rows: vec![Bits::NONE; axon_types.len()], axon_types, ..Core::default() }
}

/// What each axon of a core is for.
fn feeds(draft: &Draft) -> Vec<Feed> {
    let mut feeds: Vec<(usize, Feed)> = draft.axons.iter().map(|(&(feed, _), &axon)| (axon, feed)).collect();
    feeds.sort_unstable();
    feeds.into_iter().map(|(_, feed)| feed).collect()
}

/// The targets of a neuron and its copies; nothing if a delay is too short for the splitters it takes.
fn targets(reached: &[Reach], splits: bool, splitters: &mut Splitters) -> Option<Vec<Target>> {
    let axon = |&(core, axon, delay): &Reach| Target::Axon { core, axon, delay };
    if !splits {
        let all: Vec<Target> = reached.iter().map(axon).collect();
        return Some(if all.is_empty() { vec![Target::Out] } else { all });
    }
    let (patient, hasty): (Vec<Reach>, Vec<Reach>) = reached.iter().partition(|&&(.., delay)| delay >= 2);
    // One tick of the delay goes to the way to the splitter.
    let later: Vec<Reach> = patient.iter().map(|&(core, axon, delay)| (core, axon, delay - 1)).collect();
    let (core, entry) = splitters.entry(&later)?;
    let mut all = vec![Target::Axon { core, axon: entry, delay: 1 }];
    all.extend(hasty.iter().map(axon));
    Some(all)
}

fn crowded(draft: &Draft, own: &[Vec<Reach>], names: &dyn Names) -> String {
    let used: usize = own.iter().map(|reached| slots(reached).1).sum();
    let most = draft.members.iter().zip(own).max_by_key(|(_, reached)| slots(reached).1);
    let (name, reached) =
        most.map_or((String::new(), 0), |((neuron, _), reached)| (names.neuron(*neuron), reached.len()));
    format!(
        "the core of {name} would hold {used} neurons; a core has {NEURONS}, {} fewer: {name} reaches {reached} \
         axons, each by a copy of its own where the delay is 1 step. Delays of 2 steps or more would go through \
         splitters.",
        used.saturating_sub(NEURONS)
    )
}

fn hasty(neuron: u32, reached: usize, names: &dyn Names) -> String {
    format!(
        "{} reaches {reached} axons, which takes splitters of splitters, and a delay is shorter than the 3 steps \
         that these need; longer delays up to {LONGEST_DELAY} steps would fit",
        names.neuron(neuron)
    )
}
