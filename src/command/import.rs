//! `saltus import`: other programs' networks become network files.

use crate::bad_input::BadInput;
use crate::nir::dialect::{Dialect, Threshold};
use crate::nir::flat::{Flat, flat};
use crate::nir::lower::{Lowered, lower};
use crate::nir::text::{About, Table, text};
use crate::open::{self, milliseconds};
use crate::say;
use crate::summary::grouped;
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use recordings::hdf5::nir::{read, write_part};
use recordings::hdf5::plain::{Edges, Plain};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What can be asked of `saltus import`.
#[derive(Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// A NIR graph (HDF5), as snnTorch, Norse, Sinabs, Rockpool, Spyx and others write
    Nir(NirArgs),
}

/// What can be asked of `saltus import nir`.
#[derive(Args)]
#[command(
    after_help = "NAME.ron and, with its weights, NAME.h5 are written. The options say what NIR leaves open.

Examples:
  saltus import nir lif.nir                                    exact solution, currents of 0.1 ms
  saltus import nir braille.nir --discretisation euler         as snnTorch, Norse and Lava step
  saltus import nir braille.nir --discretisation euler --reset subtract --out nets/braille.ron
  saltus import nir cnn.nir --spike jump --threshold reached   as Sinabs: V moves by r w, spike at V >= threshold
  saltus import nir lif.nir --discretisation euler --inputs relay    for chips
  saltus run lif.ron"
)]
pub struct NirArgs {
    /// The NIR file
    file: PathBuf,
    /// Network file to write (default: NAME.ron in this folder)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    dialect: Dialect,
    /// What the inputs are: parrots repeat every spike, relays one a step, and chips can hold them
    #[arg(long, value_enum, default_value_t = Inputs::Parrot)]
    inputs: Inputs,
    /// Spikes a second of each input, of the synthetic input (default: a spike in a tenth of the steps)
    #[arg(long, value_name = "HZ")]
    rate: Option<f64>,
    /// How long the network file is to run
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = milliseconds)]
    duration: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Inputs {
    Parrot,
    Relay,
}

/// Imports a file.
pub fn import(args: &ImportArgs) -> Result<ExitCode> {
    match &args.from {
        From::Nir(args) => nir(args),
    }
}

fn nir(args: &NirArgs) -> Result<ExitCode> {
    let (graph, version) = read(&args.file).map_err(BadInput::of)?;
    let wrong = |error| BadInput::of(format!("{}: {error}", args.file.display()));
    let flat = flat(&graph).map_err(wrong)?;
    let lowered = lower(&flat, &args.dialect).map_err(wrong)?;
    let stem = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{stem}.ron")));
    let beside = out.with_extension("h5");
    for written in [&out, &beside] {
        if let (Ok(written), Ok(read)) = (written.canonicalize(), args.file.canonicalize())
            && written == read
        {
            let name = read.file_name().unwrap_or_default().display().to_string();
            return Err(wrong(format!("{name} would be written over; choose another name with --out")));
        }
    }
    let file = args.file.file_name().unwrap_or_default().to_string_lossy().escape_debug().to_string();
    let relay = args.inputs == Inputs::Relay;
    let options = args.dialect.options() + if relay { " --inputs relay" } else { "" };
    let mut header = vec![
        format!("From {file}, NIR written by version {version:?}, by"),
        format!("saltus import nir {file} {options}"),
        "1 V, A and s of the file are 1 mV, pA and s here. Spikes take a step of dt from population to population."
            .into(),
    ];
    if args.dialect.threshold == Threshold::Above {
        header.push(
            "A V_th is the next number above v_threshold, so that to reach it is to be above that.".into(),
        );
    }
    let edges = beside.file_name().unwrap_or_default().to_string_lossy();
    let rate = args.rate.unwrap_or(100.0 / args.dialect.dt);
    let about = About { title: &stem, header, edges: &edges, relay, rate, duration: args.duration };
    let (text, tables) = text(&flat, &lowered, &args.dialect, &about).map_err(wrong)?;
    open::read(&out.display().to_string(), &text, &[])
        .map_err(|mistakes| BadInput::of(mistakes.trim_end()))?;
    write(&beside, &flat, &lowered, &tables)?;
    fs::write(&out, text).with_context(|| format!("{} was not written", out.display()))?;
    report(&lowered, &options, &out, &beside);
    Ok(ExitCode::SUCCESS)
}

/// Writes the edges, and the nodes that became edges, for `saltus export nir`.
fn write(path: &Path, flat: &Flat, lowered: &Lowered, tables: &[Table<'_>]) -> Result<()> {
    let mut file = Plain::create(path)?;
    file.sonata()?;
    for table in tables {
        let sources: Vec<u32> = table.entries.iter().map(|entry| entry.source).collect();
        let targets: Vec<u32> = table.entries.iter().map(|entry| entry.target).collect();
        let weights: Vec<f64> = table.entries.iter().map(|entry| entry.weight).collect();
        let (source, target) = table.ends;
        let (sources, targets, delays) = (&sources[..], &targets[..], table.delays.as_deref());
        file.edges(&table.name, &Edges { source, target, sources, targets, weights: &weights, delays })?;
    }
    write_part(&mut file, crate::nir::kept::KEPT, &crate::nir::kept::kept(flat, lowered))?;
    file.close()?;
    Ok(())
}

fn report(lowered: &Lowered, options: &str, out: &Path, beside: &Path) {
    say!("{}", out.display());
    for population in &lowered.populations {
        say!("  {}: {} neurons", population.name, grouped(u64::from(population.size)));
    }
    for projection in &lowered.projections {
        let name = |number: usize| &lowered.populations[number].name;
        say!(
            "  {} -> {}: {} synapses, {} step{}",
            name(projection.from),
            name(projection.to),
            grouped(projection.entries.len() as u64),
            projection.steps,
            if projection.steps == 1 { "" } else { "s" }
        );
    }
    for (output, population) in &lowered.outputs {
        say!("  Output {output:?} is read from {}", lowered.populations[*population].name);
    }
    lowered.notes.iter().for_each(|note| say!("  note: {note}"));
    say!("  as {options}");
    say!("  wrote {}, {}", out.display(), beside.display());
}
