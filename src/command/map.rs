//! `saltus map`: a network on a chip, proved and reported.

use crate::bad_input::BadInput;
use crate::complain;
use crate::load::{backend, chip, map as mapping, threads};
use crate::open::OpenArgs;
use crate::progress::Progress;
use crate::proof::{When, defect};
use crate::report;
use crate::say;
use anyhow::{Context, Result, anyhow};
use backends::chip::proof;
use backends::chip::{Chip, Mapped};
use clap::Args;
use recordings::hdf5::folder::Folder;
use recordings::hdf5::reading::Recording;
use sim_core::backend::{Epoch, Machine};
use sim_core::network::Network;
use sim_core::observer::Observer;
use sim_core::spike::Spike;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What can be asked of `saltus map`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus map networks/winner.ron --backend loihi
  saltus map networks/digits.ron --backend truenorth --out out/digits-tn
  saltus map networks/winner.ron --backend loihi --traffic out/winner/spikes.h5

Writes report.html and report.json. Traffic, energy and time are those of a real run: of the recording given
with --traffic, or else of the network as placed, run for as long as the file says. The proof runs the placed
network and the same numbers as one unlimited core, and compares every spike.")]
pub struct MapArgs {
    /// The network file
    file: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
    /// The chip: Loihi or TrueNorth (default: what the file says)
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Spikes of an earlier run of this network, for traffic and energy
    #[arg(long, value_name = "RUN.h5")]
    traffic: Option<PathBuf>,
    /// Whether the mapping is proved: auto proves small runs
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    verify: When,
    /// Folder for report.html and report.json (default: out/NAME-CHIP)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many threads (default: what the file says, or all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
}

/// Maps a network, proves the mapping and writes the reports.
pub fn map(args: &MapArgs) -> Result<ExitCode> {
    let opened = match args.open.open(&args.file) {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let network = &opened.network;
    let chip = chosen(args.backend.as_deref().unwrap_or(&network.backend.name))?;
    let threads = threads(args.threads.map(usize::from).or(network.backend.threads));
    let files = Folder::new(args.file.parent().unwrap_or(Path::new("")));
    // A recording that does not fit is told before anything long begins.
    let recorded = args.traffic.as_deref().map(|file| spikes_of(file, network)).transpose();
    let recorded = recorded.map_err(BadInput::of)?;
    let mapped = mapping(network, chip, &files, threads, false).map_err(BadInput::of)?;

    let prove = args.verify.holds(network);
    let run = if prove || recorded.is_none() { Some(lived(&*mapped, network, prove)?) } else { None };
    let spikes = recorded.or(run).unwrap_or_default();
    let found = mapped.report(Some(&spikes));

    let name = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("out").join(format!("{name}-{}", chip.backend.name.to_lowercase())));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    report::write(&found, &network.title, &folder).with_context(|| folder.display().to_string())?;
    say!("{}", report::text(&found).trim_end());
    if prove {
        say!("proof     mapped and unmapped give the same {} spikes", spikes.len());
    } else if args.verify == When::Auto {
        say!("proof     not run: the run is long; --verify always proves it");
    }
    say!("wrote {}, {}", folder.join("report.html").display(), folder.join("report.json").display());
    Ok(ExitCode::SUCCESS)
}

fn chosen(name: &str) -> Result<&'static Chip> {
    let chips = || backends::CHIPS.iter().map(|chip| chip.backend.name).collect::<Vec<_>>().join(", ");
    let known = backend(name)
        .ok_or_else(|| BadInput::of(format!("no backend is called {name:?}; chips are {}", chips())))?;
    chip(known).ok_or_else(|| {
        BadInput::of(format!("{} is not a chip; choose one with --backend: {}", known.name, chips()))
    })
}

/// Runs the network as placed, beside the unmapped one if it is to be proved; all spikes.
fn lived(mapped: &dyn Mapped, network: &Network, prove: bool) -> Result<Vec<Spike>> {
    let mut progress = Progress::new(0, network.duration, network.dt, false);
    let mut spikes = Vec::new();
    let mut see = |epoch: &Epoch, machine: &dyn Machine| {
        spikes.extend_from_slice(&epoch.spikes);
        // Drawing a bar cannot fail.
        let _ = progress.see(epoch, machine);
    };
    if prove {
        let proved = proof::prove(mapped, network.duration, see);
        proved.map_err(|divergence| anyhow!("{}", defect(divergence, network)))?;
    } else {
        let (mut machine, mut epoch) = (mapped.placed(), Epoch::default());
        while machine.now() < network.duration {
            let until = (machine.now() + machine.epoch()).min(network.duration);
            machine.advance(until, &mut epoch);
            see(&epoch, &*machine);
        }
    }
    Ok(spikes)
}

/// The spikes of a recording as those of the network's neurons.
fn spikes_of(file: &Path, network: &Network) -> Result<Vec<Spike>> {
    let recording = Recording::open(file)?;
    let mut spikes = Vec::new();
    for name in recording.spike_populations() {
        let Some(number) = network.population(&name) else {
            return Err(anyhow!("{} has a population {name:?}, the network has not", file.display()));
        };
        let population = &network.populations[number];
        let list = recording.spikes(&name)?;
        for (&neuron, &time) in list.neurons.iter().zip(&list.times) {
            if neuron >= u64::from(population.size) {
                return Err(anyhow!(
                    "{} has a spike of neuron {neuron} of {name:?}, the network has {} neurons there",
                    file.display(),
                    population.size
                ));
            }
            let step = (time / network.dt).round() as i64;
            spikes.push(Spike { step, lead: 0.0, neuron: population.first + neuron as u32 });
        }
    }
    let missing: Vec<&str> = network
        .populations
        .iter()
        .map(|population| population.name.as_str())
        .filter(|name| !recording.spike_populations().iter().any(|known| known == name))
        .collect();
    if !missing.is_empty() {
        complain!("{} holds no spikes of {}; their traffic is left out", file.display(), missing.join(", "));
    }
    spikes.sort_unstable_by_key(|spike| (spike.step, spike.neuron));
    Ok(spikes)
}
