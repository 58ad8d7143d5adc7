//! `saltus export`: networks become other programs' files.

use crate::bad_input::BadInput;
use crate::load::build;
use crate::nir::dialect::{Dialect, Discretisation, Reset, SpikeInput, Threshold};
use crate::nir::export::{Exported, Synapse, export as to_nir};
use crate::nir::kept::KEPT;
use crate::nir::spoken::Neurons;
use crate::open::OpenArgs;
use crate::{complain, say};
use anyhow::Result;
use clap::{Args, Subcommand};
use recordings::hdf5::folder::Folder;
use recordings::hdf5::nir::{Graph, read_part, write};
use sim_core::network::Network;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What can be asked of `saltus export`.
#[derive(Args)]
pub struct ExportArgs {
    #[command(subcommand)]
    to: To,
}

#[derive(Subcommand)]
enum To {
    /// A NIR graph (HDF5), for snnTorch, Norse, Sinabs, Rockpool, Spyx and others
    Nir(NirArgs),
}

/// What can be asked of `saltus export nir`.
#[derive(Args)]
#[command(
    after_help = "Said are Parrot (as Input), IafPscPulse, IafPscDelta, IafPscExp, IafLinear and CubaLif without \
refractory time, static synapses, and one delay for each projection. What NIR cannot say is refused by name.

Examples:
  saltus export nir braille.ron                        a graph that was imported becomes itself again
  saltus export nir net.ron --out net.nir --threshold reached"
)]
pub struct NirArgs {
    /// The network file
    file: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
    /// NIR file to write (default: NAME.nir in this folder)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// When the reader of the graph lets a neuron spike
    #[arg(long, value_enum, default_value_t = Threshold::Above)]
    threshold: Threshold,
    /// Steps that the reader of the graph puts into a recurrent edge
    #[arg(long, value_name = "STEPS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    recurrent_delay: u32,
}

/// Exports a network file.
pub fn export(args: &ExportArgs) -> Result<ExitCode> {
    match &args.to {
        To::Nir(args) => nir(args),
    }
}

fn nir(args: &NirArgs) -> Result<ExitCode> {
    let opened = match args.open.open(&args.file) {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let (network, folder) = (&opened.network, args.file.parent().unwrap_or(Path::new("")));
    let wrong = |error| BadInput::of(format!("{}: {error}", args.file.display()));
    let synapses = synapses(network, folder).map_err(wrong)?;
    let dialect = Dialect {
        dt: network.dt,
        discretisation: Discretisation::Exact,
        spike: SpikeInput::Paper,
        reset: Reset::Value,
        threshold: args.threshold,
        recurrent_delay: args.recurrent_delay,
    };
    let kept = kept(network, folder, &args.file);
    let Exported { graph, mut notes, neurons } = to_nir(network, &synapses, kept, &dialect).map_err(wrong)?;
    for stimulus in &network.stimuli {
        notes.push(format!("stimulus {:?} is not part of a graph", stimulus.name));
    }
    let stem = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{stem}.nir")));
    write(&out, &graph).map_err(BadInput::of)?;
    say!("{}", out.display());
    for (name, node) in &graph.nodes {
        say!("  {name}: {}", node.kind.name);
    }
    say!("  {} edges", graph.edges.len());
    notes.iter().for_each(|note| say!("  note: {note}"));
    match meant(&neurons, dialect) {
        Ok(dialect) => say!("  to be read as {}", dialect.options()),
        Err(why) => complain!("warning: {why}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The synapses of every projection, as the CPU would have them.
fn synapses(network: &Arc<Network>, folder: &Path) -> Result<Vec<Vec<Synapse>>, String> {
    let machine = build(network, &backends::cpu::BACKEND, &Folder::new(folder), (1, 1), true)?;
    let of = |projection: usize| {
        let mut all = Vec::new();
        machine.weights(projection, &mut |source, target, weight, delay| {
            all.push((source, target, weight, delay))
        });
        all
    };
    Ok((0..network.projections.len()).map(of).collect())
}

/// What an import left in an edge file of the network, or in the file beside it.
fn kept(network: &Network, folder: &Path, file: &Path) -> Option<Graph> {
    let of_rule = network.projections.iter().filter(|projection| projection.rule.name == "EdgeFile");
    let named = of_rule.map(|projection| folder.join(projection.arguments.text("path").unwrap_or_default()));
    // A file that cannot be read has nothing for us; edges that cannot be read have been complained of.
    named.chain([file.with_extension("h5")]).find_map(|path| read_part(&path, KEPT).ok().flatten())
}

/// The choices under which the graph is this network.
fn meant(neurons: &[(String, Neurons)], mut dialect: Dialect) -> Result<Dialect, String> {
    let differ = |what: &str| format!("populations differ in {what}, which holds for a whole graph");
    let spiking = || neurons.iter().filter(|(_, one)| one.parameters.v_th.is_some());
    // A threshold forgets V, and an IF is the same in forward steps.
    let steps = || {
        let leaky = neurons.iter().filter(|(_, one)| one.parameters.tau_m.is_some());
        leaky.filter(|(_, one)| one.node.kind.name != "Threshold")
    };
    let one = |mut all: Vec<bool>, what: &str| {
        all.dedup();
        if all.len() > 1 { Err(differ(what)) } else { Ok(all.first().copied()) }
    };
    if one(steps().map(|(_, one)| one.parameters.euler).collect(), "integration")? == Some(true) {
        dialect.discretisation = Discretisation::Euler;
    }
    let resets = spiking().filter(|(_, one)| one.node.kind.name != "Threshold");
    if one(resets.map(|(_, one)| one.parameters.linear).collect(), "reset")? == Some(true) {
        dialect.reset = Reset::Subtract;
    }
    let jumping = neurons.iter().filter(|(_, one)| one.node.kind.name != "Threshold");
    let jumping: Vec<(&str, bool)> =
        jumping.map(|(_, one)| (one.node.kind.name, one.parameters.jump)).collect();
    let fitting = [SpikeInput::Paper, SpikeInput::Current, SpikeInput::Jump].into_iter().find(|&spike| {
        let dialect = Dialect { spike, ..dialect.clone() };
        jumping.iter().all(|&(kind, jump)| dialect.jumps(kind) == jump)
    });
    dialect.spike = fitting.ok_or_else(|| differ("arrivals"))?;
    Ok(dialect)
}
