//! `saltus compare`: how alike the spikes of two recordings are.

use crate::bad_input::BadInput;
use crate::checkpoint::write_whole;
use crate::command::plot::pictured;
use crate::complain;
use crate::say;
use anyhow::{Context, Result, anyhow};
use clap::Args;
use recordings::fidelity::{Fidelity, Scales, fidelity};
use recordings::plot::data::{Population, Recording};
use recordings::plot::{Options, pair, save};
use recordings::statistics::Window;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What can be asked of `saltus compare`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus compare out/cpu/spikes.h5 out/loihi/spikes.h5                both runs, population by population
  saltus compare a.h5 b.h5 --delta 5 --json fidelity.json --out both.svg

difference is B less A; counts is the correlation of spike counts by neuron and bin; distance is van
Rossum's, 0 for equal trains and 0.71 for one spike more; coincidence is 1 if every spike meets one within
±delta and 0 for chance. Only what both hold is compared, without the longer warm-up.")]
pub struct CompareArgs {
    /// The first recording, A
    a: PathBuf,
    /// The second recording, B
    b: PathBuf,
    /// How far apart coinciding spikes may be, in ms
    #[arg(long, value_name = "MS", default_value_t = SCALES.delta, value_parser = above_zero)]
    delta: f64,
    /// Time constant of the van Rossum distance, in ms
    #[arg(long, value_name = "MS", default_value_t = SCALES.tau, value_parser = above_zero)]
    tau: f64,
    /// Width of the bins in which spikes are counted, in ms
    #[arg(long, value_name = "MS", default_value_t = SCALES.bin, value_parser = above_zero)]
    bin: f64,
    /// Where both rasters are drawn (SVG or PNG)
    #[arg(long, value_name = "FILE", default_value = "comparison.svg")]
    out: PathBuf,
    /// Write everything that was measured to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What is measured with when nothing else is said.
const SCALES: Scales = Scales { delta: 2.0, tau: 10.0, bin: 20.0 };

/// Two recordings and how alike they are.
struct Comparison {
    names: [String; 2],
    runs: [Recording; 2],
    scales: Scales,
    populations: Vec<(String, Fidelity)>,
    /// Populations that only one of them holds.
    alone: Vec<String>,
}

/// Compares two recordings, and says and draws what came out.
pub fn compare(args: &CompareArgs) -> Result<ExitCode> {
    let scales = Scales { delta: args.delta, tau: args.tau, bin: args.bin };
    let comparison = Comparison::of([&args.a, &args.b], scales).map_err(BadInput::of)?;
    say!("{}", comparison.text().trim_end());
    comparison.draw(&args.out)?;
    say!("  wrote {}", args.out.display());
    if let Some(file) = &args.json {
        write_whole(file, format!("{:#}\n", comparison.json()).as_bytes())
            .with_context(|| format!("{} was not written", file.display()))?;
    }
    for name in &comparison.alone {
        complain!("only one of the recordings holds population {name:?}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the recordings of two runs: a table, and `comparison.svg` and `comparison.json` in a folder.
pub fn compared(recordings: [&Path; 2], folder: &Path, quiet: bool) -> Result<()> {
    let comparison = Comparison::of(recordings, SCALES)?;
    let [picture, numbers] = ["comparison.svg", "comparison.json"].map(|name| folder.join(name));
    comparison.draw(&picture)?;
    write_whole(&numbers, format!("{:#}\n", comparison.json()).as_bytes())
        .with_context(|| format!("{} was not written", numbers.display()))?;
    if !quiet {
        say!("\n{}", comparison.text().trim_end());
        say!("  wrote {}, {}", picture.display(), numbers.display());
    }
    Ok(())
}

impl Comparison {
    /// Compares the populations that both files hold, over the stretch that both analyse.
    fn of(files: [&Path; 2], scales: Scales) -> Result<Comparison> {
        let runs = [pictured(files[0])?, pictured(files[1])?];
        let [a, b] = [runs[0].analysed(), runs[1].analysed()];
        let window = Window { from: a.from.max(b.from), to: a.to.min(b.to) };
        let held = |run: &Recording, name: &str| run.populations.iter().any(|p| p.name == name);
        let mut populations = Vec::new();
        for population in &runs[0].populations {
            let Some(other) = runs[1].populations.iter().find(|other| other.name == population.name) else {
                continue;
            };
            let size = population.size.max(other.size);
            let trains = |population: &Population| {
                Population { size, ..population.clone() }.trains(window).map_err(|error| anyhow!("{error}"))
            };
            let found = fidelity(&trains(population)?, &trains(other)?, scales);
            populations.push((population.name.clone(), found));
        }
        if populations.is_empty() {
            return Err(anyhow!(
                "{} and {} have no population of spikes in common",
                files[0].display(),
                files[1].display()
            ));
        }
        let names = |run: &Recording| run.populations.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
        let alone = runs.iter().flat_map(names).filter(|name| !runs.iter().all(|run| held(run, name)));
        let alone = alone.collect();
        let names = files.map(|file| file.display().to_string());
        Ok(Comparison { names, runs, scales, populations, alone })
    }

    /// When the runs first differ, in ms, and in whom.
    fn first_difference(&self) -> Option<(f64, &str, u32)> {
        let firsts = self.populations.iter().filter_map(|(name, found)| {
            found.first_difference.map(|(when, neuron)| (when, name.as_str(), neuron))
        });
        firsts.min_by(|x, y| x.0.total_cmp(&y.0))
    }

    /// A table for the terminal.
    fn text(&self) -> String {
        let width = self.populations.iter().map(|(name, _)| name.chars().count()).fold(10, usize::max);
        let mut text = format!("A  {}\nB  {}\n\n", self.names[0], self.names[1]);
        text += &format!(
            "  {:width$} {:>10} {:>10} {:>11} {:>7} {:>9} {:>12}\n",
            "population", "A (Hz)", "B (Hz)", "difference", "counts", "distance", "coincidence"
        );
        let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        for (name, found) in &self.populations {
            text += &format!(
                "  {name:width$} {:>10.3} {:>10.3} {:>+11.3} {:>7} {:>9.3} {:>12}\n",
                found.rates[0],
                found.rates[1],
                found.rates[1] - found.rates[0],
                number(found.count_correlation),
                found.van_rossum,
                number(found.coincidence),
            );
        }
        text += &match self.first_difference() {
            None => "\n  every spike is the same\n".to_string(),
            Some((when, name, neuron)) => {
                format!("\n  the first difference is at {when:.3} ms, in neuron {neuron} of {name}\n")
            }
        };
        text
    }

    /// Everything that was measured.
    fn json(&self) -> Value {
        let population = |(name, found): &(String, Fidelity)| {
            json!({
                "name": name, "rates_hz": found.rates, "spikes": found.spikes,
                "rate_difference_hz": found.rates[1] - found.rates[0],
                "count_correlation": found.count_correlation,
                "van_rossum_distance": found.van_rossum,
                "coincidence_factor": found.coincidence,
                "first_difference": found.first_difference.map(|(ms, neuron)| json!({ "ms": ms, "neuron": neuron })),
            })
        };
        json!({
            "a": self.names[0], "b": self.names[1],
            "equal": self.first_difference().is_none() && self.alone.is_empty(),
            "delta_ms": self.scales.delta, "tau_ms": self.scales.tau, "bin_ms": self.scales.bin,
            "populations": self.populations.iter().map(population).collect::<Vec<_>>(),
            "only_in_one": self.alone,
        })
    }

    /// Draws both rasters.
    fn draw(&self, path: &Path) -> Result<()> {
        let titles =
            ["A", "B"].into_iter().zip(&self.names).map(|(letter, name)| format!("{letter}  {name}"));
        let titles: Vec<String> = titles.collect();
        let runs = [(titles[0].as_str(), &self.runs[0]), (titles[1].as_str(), &self.runs[1])];
        let first = self.first_difference().map(|(when, ..)| when);
        let picture = pair::draw(runs, first, &Options::default()).map_err(|error| anyhow!("{error}"))?;
        save(&picture, path).map_err(|error| anyhow!("{error}"))
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number of milliseconds"))?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("it must be above 0 ms".into()) }
}
