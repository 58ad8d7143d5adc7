//! The contract of connection rules: who reaches whom, as a recipe rather than a table.
//!
//! A rule never fills a table of all synapses. Its [`Wiring`] can produce, for any range of target
//! neurons, the synapses onto them: the same ones, in the same order for each target, whatever
//! range is asked for, on any thread. So every shard builds its own part, in parallel.

use crate::data::{DataError, DataFiles};
use crate::parameter::{Arguments, Complaint, Parameter};
use crate::rng::Key;
use std::ops::Range;
use std::sync::Arc;

/// A connection rule's row in the list of rules.
#[derive(Debug)]
pub struct ConnectionRule {
    /// The word in a network file: `FixedIndegree`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the file may set.
    pub parameters: &'static [Parameter],
    /// What is impossible between these two populations (an in-degree above the number of sources).
    pub check: fn(&Arguments, &Ends) -> Vec<Complaint>,
    /// How many synapses there will be, or are expected; nothing when only a data file can tell.
    pub expected: fn(&Arguments, &Ends) -> Option<f64>,
    /// The arguments for a network with populations shrunk by the factor `neurons` and in-degrees by
    /// `indegrees`; the ends are those of the full network. Absent: the rule cannot be shrunk.
    pub shrink: Option<Shrink>,
    /// Makes the recipe.
    pub wire: fn(&Site<'_>) -> Result<Box<dyn Wiring>, DataError>,
}

/// Makes a rule's arguments for a shrunken network.
pub type Shrink = fn(&Arguments, full: &Ends, neurons: f64, indegrees: f64) -> Arguments;

/// The two populations that a projection joins.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Name of the source population, for messages.
    pub source: String,
    /// Name of the target population, for messages.
    pub target: String,
    /// Neurons in the source population.
    pub sources: u32,
    /// Neurons in the target population.
    pub targets: u32,
    /// Whether both are the same population, so that a neuron could reach itself.
    pub recurrent: bool,
    /// Places of the source neurons, if the population has a layout.
    pub source_places: Option<Arc<Places>>,
    /// Places of the target neurons, if the population has a layout.
    pub target_places: Option<Arc<Places>>,
}

/// Where neurons are, in µm.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// One point for each neuron; the third coordinate is 0 in a plane.
    pub points: Vec<[f64; 3]>,
    /// Size of the layer along each axis, centred at the origin; 0 along an axis it does not have.
    pub extent: [f64; 3],
}

/// What a recipe is made from.
pub struct Site<'a> {
    /// The checked arguments.
    pub arguments: &'a Arguments,
    /// The two populations.
    pub ends: &'a Ends,
    /// The key of all draws of this projection's connectivity.
    pub key: Key,
    /// Data files that the network file names, relative to it.
    pub files: &'a dyn DataFiles,
}

/// One synapse of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// Index of the source neuron in its population.
    pub source: u32,
    /// Index of the target neuron in its population.
    pub target: u32,
    /// The synapse's own number, unique in the projection and the same for whatever range it is
    /// asked for: its weight and delay are drawn for this number.
    pub number: u64,
}

/// A recipe for the synapses of one projection.
pub trait Wiring: Send + Sync {
    /// How many synapses there are, or are expected.
    fn count(&self) -> f64;
    /// Hands over all synapses onto the neurons `targets`, in batches of any size. For each target
    /// they come in the same order whatever the range. Targets may be mixed.
    fn onto(&self, targets: Range<u32>, take: &mut dyn FnMut(&[Synapse]));
    /// Weights by synapse number, in the unit of the target, if the rule brings its own.
    fn weights(&self) -> Option<Arc<[f64]>> {
        None
    }
    /// Delays in ms by synapse number, if the rule brings its own.
    fn delays(&self) -> Option<Arc<[f64]>> {
        None
    }
}
