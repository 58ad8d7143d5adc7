//! A network mapped onto Loihi, from which machines and reports are made.

use super::build::{Integers, Layout, Numbers, Reals, shards};
use super::limits::{LOIHI1, LOIHI2, Limits};
use super::machine::LoihiMachine;
use super::place::{Place, place};
use super::placed::Placed;
use super::quantise::{Quantisation, quantise};
use super::readings::Readings;
use super::semantics::{ALL, NENGO, Semantics};
use super::shard::Shard;
use super::stimuli::Stimuli;
use crate::chip::Mapped;
use crate::chip::files::{Keeping, Kept};
use crate::chip::report::Report;
use sim_core::backend::{Load, Machine, Refusal};
use sim_core::connect::Connectivity;
use sim_core::data::{DataError, DataFiles};
use sim_core::network::Network;
use sim_core::parameter::{Arguments, Default, Kind, Parameter, Range};
use sim_core::spike::Spike;
use std::sync::Arc;

/// What a file may say of the chip.
pub static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "semantics",
        kind: Kind::Choice(&["Nengo", "Lava", "Brian2"]),
        default: Default::Word("Nengo"),
        range: Range::Any,
        meaning: "whose reading of the chip is followed where models of it differ",
    },
    Parameter {
        name: "variant",
        kind: Kind::Choice(&["Loihi1", "Loihi2"]),
        default: Default::Word("Loihi1"),
        range: Range::Any,
        meaning: "whose limits a core has",
    },
    Parameter {
        name: "chips",
        kind: Kind::Integer,
        default: Default::Number(1.0),
        range: Range::Between(1.0, 1024.0),
        meaning: "how many chips there are",
    },
];

/// The semantics that a file chose.
pub fn semantics(arguments: &Arguments) -> &'static Semantics {
    let word = arguments.word("semantics");
    ALL.into_iter().find(|semantics| semantics.name == word).unwrap_or(&NENGO)
}

/// The limits that a file chose.
pub fn limits(arguments: &Arguments) -> &'static Limits {
    if arguments.word("variant") == LOIHI2.name { &LOIHI2 } else { &LOIHI1 }
}

/// A mapped network.
pub struct LoihiMapped {
    /// The network.
    pub network: Arc<Network>,
    connectivity: Arc<Connectivity>,
    files: Kept,
    threads: (usize, usize),
    /// Its integers.
    pub quantisation: Quantisation,
    /// Where everything is.
    pub place: Place,
    /// What a core holds.
    pub limits: &'static Limits,
    /// Whether it lives in floats.
    pub real: bool,
}

/// Quantises a network and places it within the limits; with `real` it lives in floats, placed as its
/// integers are.
///
/// # Errors
/// Everything that the chip cannot hold.
pub fn map(load: &Load<'_>, limits: &'static Limits, real: bool) -> Result<LoihiMapped, Refusal> {
    let chips = load.arguments.integer("chips").clamp(1, 1024) as u32;
    let quantisation = quantise(load, semantics(load.arguments), real)?;
    (load.progress)(0.4);
    let refuse = |reason: String| Refusal { reasons: vec![reason] };
    let place = place(&quantisation.network, limits, chips, load.network.seed).map_err(refuse)?;
    (load.progress)(0.8);
    let mapped = LoihiMapped {
        network: Arc::clone(&load.network),
        connectivity: Arc::clone(&load.connectivity),
        files: Kept::default(),
        threads: (load.threads, load.parts),
        quantisation,
        place,
        limits,
        real,
    };
    // Stimuli are made once here, so that the machines to come find their files.
    mapped.drives(&Keeping(load.files, &mapped.files)).map_err(|error| refuse(error.to_string()))?;
    Ok(mapped)
}

impl LoihiMapped {
    fn drives(&self, files: &dyn DataFiles) -> Result<(), DataError> {
        let layout = Layout::unmapped(&self.quantisation.network, self.longest(), 1);
        let numbers = Integers { network: &self.quantisation.network, noise: None };
        (0..layout.shards.len())
            .try_for_each(|shard| self.stimuli(files).drive(&layout, shard, &numbers).map(|_| ()))
    }

    fn longest(&self) -> u8 {
        self.quantisation.network.longest_delay()
    }

    fn stimuli<'a>(&'a self, files: &'a dyn DataFiles) -> Stimuli<'a> {
        Stimuli {
            network: &self.network,
            quantised: &self.quantisation.network,
            inputs: &self.quantisation.inputs,
            lags: &self.quantisation.lags,
            files,
        }
    }

    /// What the cores hold.
    pub fn placed_network(&self) -> Placed {
        Placed::new(&self.quantisation.network, &self.place.axons, &self.place.cores)
    }

    /// The shards of a machine, placed or as one unlimited core.
    ///
    /// # Panics
    /// If a data file is asked for that was not when the network was mapped, which is a defect.
    pub fn shards<N: Numbers>(&self, placed: Option<&Placed>, numbers: &N) -> Vec<Shard<N::Cells>> {
        let network = &self.quantisation.network;
        let (longest, parts) = (self.longest(), self.threads.1);
        let layout = match placed {
            Some(placed) => Layout::mapped(network.neurons(), placed, longest, parts),
            None => Layout::unmapped(network, longest, parts),
        };
        let stimuli = self.stimuli(&self.files);
        let drive = |shard| stimuli.drive(&layout, shard, numbers);
        shards(network, (&layout, placed), numbers, &drive).expect("all data files were read before")
    }

    /// The same numbers in floats.
    pub fn reals(&self) -> Reals<'_> {
        Reals {
            compartments: &self.quantisation.reals,
            start: &self.quantisation.real_starts,
            weights: &self.quantisation.real_weights,
            learning: &self.quantisation.network.learning,
        }
    }

    fn machine(&self, placed: Option<&Placed>) -> Box<dyn Machine> {
        let network = &self.quantisation.network;
        let (ends, shortest) =
            ((Arc::clone(&self.network), Arc::clone(&self.connectivity)), network.shortest_delay());
        let readings = self.quantisation.readings.clone();
        if self.real {
            let readings = Arc::new(Readings { semantics: None, ..readings });
            let shards = self.shards(placed, &self.reals());
            Box::new(LoihiMachine::new(ends, readings, shards, self.threads, shortest))
        } else {
            let shards = self.shards(placed, &Integers { network, noise: None });
            Box::new(LoihiMachine::new(ends, Arc::new(readings), shards, self.threads, shortest))
        }
    }
}

impl Mapped for LoihiMapped {
    fn report(&self, spikes: Option<&[Spike]>) -> Report {
        super::report::report(self, spikes)
    }

    fn placed(&self) -> Box<dyn Machine> {
        self.machine(Some(&self.placed_network()))
    }

    fn unmapped(&self) -> Box<dyn Machine> {
        self.machine(None)
    }
}
