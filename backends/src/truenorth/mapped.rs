//! A network mapped onto TrueNorth, from which machines and reports are made.

use super::drive::Drive;
use super::emulator::{Emulator, Setting};
use super::limits::{AXONS, CORES, Widths};
use super::machine::{Body, TrueNorth};
use super::neuron::Semantics;
use super::pack::hears;
use super::place::{Names, Placed, place};
use super::quantise::{Quantisation, quantise};
use super::reach::out_of_reach;
use super::real::{complete, flat};
use super::report::flows;
use super::unlimited::Unlimited;
use crate::chip::Mapped;
use crate::chip::files::{Keeping, Kept};
use crate::chip::mesh::{self, Mesh};
use crate::chip::report::{ParameterLoss, Report};
use sim_core::backend::{Epoch, Load, Machine, Refusal};
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::parameter::{Arguments, Default, Kind, Parameter, Range};
use sim_core::spike::Spike;
use sim_core::trains::{coincidence, van_rossum};
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

/// Within so many ms spikes coincide, and the time constant of the van Rossum distance in ms.
const WITHIN: f64 = 2.0;
const TAU: f64 = 10.0;

/// On so many chips side by side every core reaches every other.
const NEAR: usize = 4;

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
    let names = InNetwork(&load.network);
    let placed = if real { &complete(&quantisation) } else { &quantisation.integers };
    let placed = place(placed, chips, &names).map_err(refuse)?;
    if real && placed.counted.is_some() {
        return Err(refuse(vec![many_in_floats(&quantisation, &names)]));
    }
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
    if mapped.placed.cores.len() > NEAR * CORES {
        let beyond = out_of_reach(&mapped.placed, &mapped.mesh(), &mapped.sites(), &names);
        beyond.map_or(Ok(()), |why| Err(refuse(vec![why])))?;
    }
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

/// Why a network whose sources have to be counted is not for floats.
fn many_in_floats(found: &Quantisation, names: &dyn Names) -> String {
    let axons = hears(&found.integers).iter().map(|hears| hears.axons()).collect::<Vec<_>>();
    let most = (0..axons.len()).max_by_key(|&neuron| axons[neuron]).unwrap_or(0);
    format!(
        "{} hears more sources than a core has axons: {} for {AXONS}, {} more. TrueNorth counts those of one weight \
         on their way, which cannot be done with floats; fewer synapses onto it would fit",
        names.neuron(most as u32),
        axons[most],
        axons[most].saturating_sub(AXONS)
    )
}

impl TrueNorthMapped {
    /// The chips that are in use, and their cores.
    pub fn mesh(&self) -> Mesh {
        Mesh::TRUENORTH.times(self.placed.cores.len().div_ceil(CORES).max(1) as u32)
    }

    /// Where on the mesh the cores are.
    pub fn sites(&self) -> Vec<u32> {
        mesh::place(&flows(&self.placed), &self.mesh(), self.network.seed).sites
    }

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

    /// How far the spikes of each population here are from those on the CPU, with leaks as they are in the file.
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
        let neurons = self.network.neurons() as usize;
        let [there, here] = [&mut cpu, &mut here].map(|machine| {
            let mut trains: Vec<Vec<f64>> = vec![Vec::new(); neurons];
            run(&mut **machine, steps, |spike| {
                trains[spike.neuron as usize].push(spike.time(self.network.dt))
            });
            trains
        });
        let mut losses = Vec::new();
        for population in &self.network.populations {
            let own = population.first as usize..(population.first + population.size) as usize;
            let pairs = || there[own.clone()].iter().zip(&here[own.clone()]);
            let mut loss = |parameter: String, requested: f64, realised: f64| {
                let (population, unit) = (population.name.clone(), String::new());
                losses.push(ParameterLoss { population, parameter, requested, realised, unit });
            };
            let count = |trains: &[Vec<f64>]| trains.iter().map(Vec::len).sum::<usize>() as f64;
            loss(format!("spikes in {steps} steps"), count(&there[own.clone()]), count(&here[own.clone()]));
            let length = steps as f64 * self.network.dt;
            let factors: Vec<f64> = pairs().filter_map(|(a, b)| coincidence(a, b, WITHIN, length)).collect();
            if !factors.is_empty() {
                let mean = factors.iter().sum::<f64>() / factors.len() as f64;
                loss(format!("coincidence factor within {WITHIN} ms in {steps} steps"), 1.0, mean);
            }
            let distance = pairs().map(|(a, b)| van_rossum(a, b, TAU)).sum::<f64>() / own.len().max(1) as f64;
            loss(format!("van Rossum distance, τ = {TAU} ms, in {steps} steps"), 0.0, distance);
        }
        Ok(losses)
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
