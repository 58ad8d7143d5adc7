//! `saltus plot`: pictures of a recording.

use crate::bad_input::BadInput;
use crate::open::read;
use crate::say;
use anyhow::{Result, anyhow};
use clap::Args;
use recordings::hdf5::reading::{Recording, Report, Run};
use recordings::plot::data::{Population, Recording as Pictured, Trace, Weights};
use recordings::plot::error::PlotError;
use recordings::plot::{ALL, Options, overview, plot as draw};
use recordings::statistics::Window;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Neurons of one report that are drawn as traces.
const MOST_TRACES: usize = 8;

/// What can be asked of `saltus plot`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus plot out/brunel/spikes.h5                                  all figures, into out/brunel/plots
  saltus plot out/brunel/spikes.h5 --figure raster --window 200:400 --out raster.png
  saltus plot their_spikes.h5 --out plots                           any SONATA spike file")]
pub struct PlotArgs {
    /// The recording
    file: PathBuf,
    /// One figure only: raster, rates, isi, cv, correlation, traces or weights (without: all that
    /// the recording holds)
    #[arg(long, value_name = "NAME")]
    figure: Option<String>,
    /// Folder for all figures, or the file (SVG or PNG) for one
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Format of all figures: svg or png
    #[arg(long, value_name = "FORMAT", value_parser = ["svg", "png"], default_value = "svg")]
    format: String,
    /// The stretch to show in ms, e.g. 200:400
    #[arg(long, value_name = "FROM:TO", value_parser = window)]
    window: Option<(f64, f64)>,
    /// Width of the bins of rates in ms
    #[arg(long, value_name = "MS")]
    bin: Option<f64>,
}

/// Draws what was asked for, and prints where it is.
pub fn plot(args: &PlotArgs) -> Result<ExitCode> {
    let pictured = pictured(&args.file).map_err(BadInput::of)?;
    let window = args.window.map(|(from, to)| Window { from, to });
    let options = Options { window, bin: args.bin, ..Options::default() };
    let folder = args.file.parent().unwrap_or(Path::new("")).to_owned();
    let written = match &args.figure {
        None => {
            overview(&pictured, &options, &args.out.clone().unwrap_or(folder.join("plots")), &args.format)
                .map_err(blamed)?
        }
        Some(name) => {
            if !ALL.iter().any(|figure| figure.name == name && (figure.shows)(&pictured)) {
                let shown = ALL.iter().filter(|figure| (figure.shows)(&pictured));
                let names: Vec<&str> = shown.map(|figure| figure.name).collect();
                return Err(BadInput::of(format!(
                    "there is no figure {name:?}; this recording has {}",
                    names.join(", ")
                )));
            }
            let path = args.out.clone().unwrap_or(folder.join(name).with_extension(&args.format));
            draw(name, &pictured, &options, &path).map_err(blamed)?;
            vec![path]
        }
    };
    if written.is_empty() {
        return Err(BadInput::of(format!("{} holds nothing to draw", args.file.display())));
    }
    written.iter().for_each(|path| say!("{}", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Whatever keeps a picture from being drawn is the input's fault, unless it cannot be written.
fn blamed(error: PlotError) -> anyhow::Error {
    if let PlotError::Write { .. } = error { anyhow!("{error}") } else { BadInput::of(error) }
}

/// Draws the raster of a recording, if it holds spikes; returns whether it does.
pub fn raster(recording: &Path, picture: &Path) -> Result<bool> {
    let pictured = pictured(recording)?;
    if pictured.populations.is_empty() {
        return Ok(false);
    }
    draw("raster", &pictured, &Options::default(), picture).map_err(blamed)?;
    Ok(true)
}

/// A recording as the figures want it.
pub fn pictured(path: &Path) -> Result<Pictured> {
    let recording = Recording::open(path)?;
    let run = recording.run();
    let mut populations = populations(&recording)?;
    let last = populations.iter().flat_map(|p| p.times.iter()).copied().fold(0.0, f64::max);
    if let Some(run) = &run {
        dress(&mut populations, run);
    }
    let traces = traces(&recording, &populations)?;
    let weights = weights(&recording)?;
    let lived = |run: &Run| run.flushed_until as f64 * run.dt;
    Ok(Pictured {
        duration: run.as_ref().map_or(last, lived),
        warm_up: run.as_ref().map_or(0.0, |run| run.warm_up),
        populations,
        traces,
        weights,
        degrees: Vec::new(),
    })
}

fn populations(recording: &Recording) -> Result<Vec<Population>> {
    let population = |name: String| -> Result<Population> {
        let spikes = recording.spikes(&name)?;
        let highest = spikes.neurons.iter().max().map_or(0, |&neuron| neuron + 1);
        let size = spikes.size.unwrap_or(highest) as usize;
        let neurons = spikes.neurons.iter().map(|&neuron| u32::try_from(neuron)).collect::<Result<_, _>>()?;
        Ok(Population { name, size, times: spikes.times, neurons, ..Population::default() })
    };
    recording.spike_populations().into_iter().map(population).collect()
}

/// Order and colours as the network file of the run has them.
fn dress(populations: &mut [Population], run: &Run) {
    let settings: Vec<String> =
        run.network.lines().map_while(|line| line.strip_prefix("// --set ")).map(str::to_owned).collect();
    // A network of a later version may not be readable; its pictures still are.
    let Ok(network) = read("recording", &run.network, &settings) else { return };
    let listed = network.listed();
    let place = |name: &str| listed.iter().position(|&number| network.populations[number].name == name);
    populations.sort_by_key(|population| place(&population.name));
    for population in populations {
        let number = network.population(&population.name);
        population.colour = number.and_then(|number| network.populations[number].colour.clone());
    }
}

fn traces(recording: &Recording, populations: &[Population]) -> Result<Vec<Trace>> {
    let mut traces = Vec::new();
    for (population, variable) in recording.reports() {
        let Report { unit, start, step, neurons, values, .. } = recording.report(&population, &variable)?;
        let spiking = populations.iter().find(|other| other.name == population);
        let rows = if neurons.is_empty() { 0 } else { values.len() / neurons.len() };
        let times: Vec<f64> = (0..rows).map(|row| start + row as f64 * step).collect();
        for (place, &neuron) in neurons.iter().enumerate().take(MOST_TRACES) {
            let own = |population: &Population| -> Vec<f64> {
                let spikes = population.neurons.iter().zip(&population.times);
                spikes.filter(|(who, _)| u64::from(**who) == neuron).map(|(_, &time)| time).collect()
            };
            traces.push(Trace {
                population: population.clone(),
                colour: spiking.and_then(|population| population.colour.clone()),
                neuron: u32::try_from(neuron)?,
                variable: variable.clone(),
                unit: unit.clone(),
                times: times.clone(),
                values: values.iter().skip(place).step_by(neurons.len()).copied().collect(),
                spikes: if variable == "V_m" { spiking.map_or_else(Vec::new, own) } else { Vec::new() },
            });
        }
    }
    Ok(traces)
}

fn weights(recording: &Recording) -> Result<Vec<Weights>> {
    let mut all = Vec::new();
    for projection in recording.weight_names() {
        let table = recording.weights(&projection)?;
        let count = table.sources.len();
        let (Some(&first), Some(&last)) = (table.times.first(), table.times.last()) else { continue };
        all.push(Weights {
            projection,
            unit: table.unit,
            first: (first, table.values[..count].to_vec()),
            last: (last, table.values[table.values.len() - count..].to_vec()),
            ..Weights::default()
        });
    }
    Ok(all)
}

fn window(text: &str) -> Result<(f64, f64), String> {
    let parts = text.split_once(':').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parts.ok_or_else(|| "write FROM:TO in ms, e.g. 200:400".into())
}
