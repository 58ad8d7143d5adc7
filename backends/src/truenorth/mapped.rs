//! A network mapped onto TrueNorth, from which machines and reports are made.

use super::drive::Drive;
use super::emulator::{Emulator, Setting};
use super::limits::Widths;
use super::machine::{Body, TrueNorth};
use super::neuron::Semantics;
use super::place::{Names, Placed, place};
use super::quantise::{Quantisation, quantise};
use super::real::flat;
use super::unlimited::Unlimited;
use crate::chip::Mapped;
use crate::chip::files::{Keeping, Kept};
use crate::chip::report::{ParameterLoss, Report};
use sim_core::backend::{Epoch, Load, Machine, Refusal};
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::parameter::{Arguments, Default, Kind, Parameter, Range};
use sim_core::spike::Spike;
use std::sync::Arc;

/// What a file may say of the chip.
pub static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "chips",
        kind: Kind::Integer,
        default: Default::Number(1.0),
        range: Range::Between(1.0, 256.0),
        meaning: "how many chips there are",
    },
    Parameter::flag(
        "approximate_leak",
        false,
        "whether leaks in proportion to V become constant ones, with an error that is reported",
    ),
];

/// Steps over which the error of approximated leaks is measured.
const MEASURED: i64 = 1000;

/// A mapped network.
pub struct TrueNorthMapped {
    /// The network.
    pub network: Arc<Network>,
    connectivity: Arc<Connectivity>,
    files: Kept,
    threads: usize,
    /// Its integers, and its floats.
    pub quantisation: Arc<Quantisation>,
    /// Where everything is.
    pub placed: Arc<Placed>,
    /// How many chips there are.
    pub chips: usize,
    /// Whether it lives in floats.
    pub real: bool,
}

struct InNetwork<'a>(&'a Network);

impl Names for InNetwork<'_> {
    fn neuron(&self, number: u32) -> String {
        let (population, index) = self.0.locate(number);
        format!("neuron {index} of {}", self.0.populations[population].name)
    }
}

/// Quantises and places a network; with `real` it lives in floats, placed as its integers are.
///
/// # Errors
/// Everything that the chip cannot hold.
pub fn map(load: &Load<'_>, real: bool) -> Result<TrueNorthMapped, Refusal> {
    let chips = load.arguments.integer("chips").clamp(1, 256) as usize;
    let quantisation = quantise(load, load.arguments.flag("approximate_leak"))?;
    (load.progress)(0.4);
    let refuse = |reasons| Refusal { reasons };
    let placed = place(&quantisation.integers, chips, &InNetwork(&load.network)).map_err(refuse)?;
    (load.progress)(0.8);
    let mut mapped = TrueNorthMapped {
        network: Arc::clone(&load.network),
        connectivity: Arc::clone(&load.connectivity),
        files: Kept::default(),
        threads: load.threads,
        quantisation: Arc::new(quantisation),
        placed: Arc::new(placed),
        chips,
        real,
    };
    // Stimuli are made once here, so that the machines to come find their files.
    let keeping = Keeping(load.files, &mapped.files);
    Drive::new(&load.network, &mapped.quantisation, &keeping)
        .map_err(|error| refuse(vec![error.to_string()]))?;
    if mapped.quantisation.approximate {
        let measured = mapped.spikes_lost(load)?;
        if let Some(quantisation) = Arc::get_mut(&mut mapped.quantisation) {
            quantisation.parameter_losses.extend(measured);
        }
    }
    Ok(mapped)
}

impl TrueNorthMapped {
    fn drive(&self) -> Drive {
        Drive::new(&self.network, &self.quantisation, &self.files)
            .expect("all data files were read when the network was mapped")
    }

    fn machine(&self, body: Body) -> Box<dyn Machine> {
        let ends = (Arc::clone(&self.network), Arc::clone(&self.connectivity));
        Box::new(TrueNorth::new(ends, Arc::clone(&self.quantisation), self.drive(), body))
    }

    /// The integers on cores, on so many threads.
    ///
    /// # Panics
    /// If the placement is illegal, which is a defect.
    pub fn on_cores(&self, threads: usize) -> Box<dyn Machine> {
        let key = self.network.key("truenorth");
        let setting = Setting { semantics: Semantics::default(), widths: Widths::default(), key };
        let names = Some(&self.placed.names[..]);
        let emulator = Emulator::new(&self.placed.cores, setting, threads, names);
        let emulator = emulator.unwrap_or_else(|found| panic!("an illegal placement: {}", found.join("; ")));
        self.machine(Body::Placed(emulator, Arc::clone(&self.placed)))
    }

    /// Spikes of each population on the CPU, with leaks as they are in the file, and here.
    fn spikes_lost(&self, load: &Load<'_>) -> Result<Vec<ParameterLoss>, Refusal> {
        let defaults = Arguments::defaults(crate::cpu::BACKEND.parameters);
        let mut cpu = (crate::cpu::BACKEND.load)(Load {
            network: Arc::clone(&load.network),
            connectivity: Arc::clone(&load.connectivity),
            arguments: &defaults,
            progress: &|_| {},
            ..*load
        })?;
        let steps = self.network.duration.min(MEASURED);
        let mut here = self.unmapped();
        let counts = [&mut cpu, &mut here].map(|machine| {
            let mut counts = vec![0.0; self.network.populations.len()];
            run(&mut **machine, steps, |spike| counts[self.network.locate(spike.neuron).0] += 1.0);
            counts
        });
        let populations = self.network.populations.iter().enumerate();
        Ok(populations
            .map(|(number, population)| ParameterLoss {
                population: population.name.clone(),
                parameter: format!("spikes in {steps} steps"),
                requested: counts[0][number],
                realised: counts[1][number],
                unit: String::new(),
            })
            .collect())
    }
}

/// Runs a machine up to a step.
pub fn run(machine: &mut dyn Machine, until: i64, mut take: impl FnMut(&Spike)) {
    let mut epoch = Epoch::default();
    while machine.now() < until {
        machine.advance(until.min(machine.now() + machine.epoch()), &mut epoch);
        epoch.spikes.iter().for_each(&mut take);
    }
}

impl Mapped for TrueNorthMapped {
    fn report(&self, spikes: Option<&[Spike]>) -> Report {
        super::report::report(self, spikes)
    }

    fn placed(&self) -> Box<dyn Machine> {
        if self.real {
            let (network, own) = flat(&self.placed, &self.quantisation.reals);
            return self.machine(Body::Real(Unlimited::new(network), Some((own, Arc::clone(&self.placed)))));
        }
        self.on_cores(self.threads)
    }

    fn unmapped(&self) -> Box<dyn Machine> {
        self.machine(if self.real {
            Body::Real(Unlimited::new(self.quantisation.reals.clone()), None)
        } else {
            Body::Whole(Unlimited::new(self.quantisation.integers.clone()))
        })
    }
}
