//! Which pairs of neurons a projection may join, and the two switches that limit them.

use sim_core::parameter::{Arguments, Complaint, Parameter};
use sim_core::rule::Ends;

/// The switch for synapses of a neuron onto itself.
pub const AUTAPSES: Parameter =
    Parameter::flag("autapses", true, "whether a neuron may reach itself, where source and target are one");

/// The switch for several synapses between the same two neurons.
pub const MULTAPSES: Parameter =
    Parameter::flag("multapses", true, "whether a pair of neurons may be joined by several synapses");

/// The pairs (source, target) that may be joined: all, or all but the diagonal.
#[derive(Clone, Copy, Debug)]
pub struct Pairs {
    /// Neurons in the source population.
    pub sources: u32,
    /// Neurons in the target population.
    pub targets: u32,
    /// Whether a neuron must not reach itself.
    pub skip_self: bool,
}

impl Pairs {
    /// The pairs between two populations, by the rule's argument `autapses`.
    pub fn new(arguments: &Arguments, ends: &Ends) -> Self {
        let skip_self = ends.recurrent && !arguments.flag("autapses");
        Pairs { sources: ends.sources, targets: ends.targets, skip_self }
    }

    /// How many sources may reach any one target.
    #[inline]
    pub fn sources_of_each(&self) -> u32 {
        self.sources.saturating_sub(u32::from(self.skip_self))
    }

    /// How many targets any one source may reach.
    #[inline]
    pub fn targets_of_each(&self) -> u32 {
        self.targets.saturating_sub(u32::from(self.skip_self))
    }

    /// How many pairs there are.
    pub fn count(&self) -> u64 {
        u64::from(self.targets) * u64::from(self.sources_of_each())
    }

    /// The `index`-th neuron that may be joined to `neuron`, seen from either side.
    #[inline]
    pub fn partner(&self, neuron: u32, index: u32) -> u32 {
        index + u32::from(self.skip_self && index >= neuron)
    }

    /// The first index whose [`partner`](Self::partner) is not below `bound`.
    #[inline]
    pub fn index_from(&self, neuron: u32, bound: u32) -> u32 {
        bound - u32::from(self.skip_self && bound > neuron)
    }
}

/// A number of synapses that the file gives.
pub fn count(arguments: &Arguments, name: &str) -> u64 {
    arguments.integer(name).max(0) as u64
}

/// The same as a number of synapses of one neuron; the parameter's range ends at [`MOST_OF_ONE`].
pub fn count_of_one(arguments: &Arguments, name: &str) -> u32 {
    u32::try_from(count(arguments, name)).unwrap_or(u32::MAX)
}

/// The largest in- or out-degree.
pub const MOST_OF_ONE: f64 = u32::MAX as f64;

/// What is impossible about giving each of `owners` neurons `n` partners out of `others`.
///
/// `words` are "target" and "source", or the other way round; `population` is where partners are.
pub fn degree_complaints(
    arguments: &Arguments,
    pairs: &Pairs,
    words: (&str, &str),
    owners: u32,
    population: (&str, u32),
) -> Vec<Complaint> {
    let n = count(arguments, "n");
    let (owner, partner) = words;
    let (name, size) = population;
    let partners = size.saturating_sub(u32::from(pairs.skip_self));
    let plural = if n == 1 { "" } else { "s" };
    if owners == 0 || n == 0 {
        return vec![];
    }
    let has = match (size, pairs.skip_self) {
        (0, _) => format!("\"{name}\" is empty"),
        (_, false) => format!("\"{name}\" has only {size} neurons"),
        (_, true) => format!("\"{name}\" has only {partners} neurons besides itself"),
    };
    if partners == 0 {
        let message = format!("each {owner} needs {n} {partner}{plural} but {has}");
        return vec![Complaint::about("n", message).help("set n to 0 or leave the projection out")];
    }
    if !arguments.flag("multapses") && n > u64::from(partners) {
        let message = format!("each {owner} needs {n} different {partner}{plural} but {has}");
        let help = format!("set n to {partners} or less, or allow multapses");
        return vec![Complaint::about("n", message).help(help)];
    }
    vec![]
}
