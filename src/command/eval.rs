//! `saltus eval`: how well a trained network does, as it was trained and as spikes on machines.

use crate::bad_input::BadInput;
use crate::command::compile::{Coding, CompileArgs, compile};
use crate::load::{backend, build, threads};
use crate::open::open;
use crate::progress::Progress;
use crate::say;
use crate::trained::Run;
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::Args;
use recordings::hdf5::folder::Folder;
use serde_json::{Value, json};
use sim_core::backend::{Backend, Epoch};
use sim_core::observer::Observer;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use training::lesson::{Export, Job, Lesson, Part};
use training::weights::Weights;

/// What can be asked of `saltus eval`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus eval runs/mnist                                         as it was trained
  saltus eval runs/mnist --backend cpu --backend loihi           and as spikes on machines
  saltus eval runs/mnist --data other-digits --json
  saltus eval runs/shakespeare --graph 0.05                      and saltus graph runs/shakespeare/graph/network.ron
  saltus eval runs/mnist --backend cpu --samples 100 --network out/mnist-net
  saltus eval runs/sudoku --code phase --bits 4 --backend cpu --samples 20

On a machine the network runs as an ordinary network file, written to --network; every spike of it is compared
with the forward pass of training. Operations are spikes times the synapses they reach.")]
pub struct EvalArgs {
    /// Folder of a training
    run: PathBuf,
    /// Folder of other data files to measure on
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A machine to run on, such as cpu, loihi, truenorth; may be given several times
    #[arg(long, value_name = "NAME")]
    backend: Vec<String>,
    /// How many test samples machines are shown (default: all)
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Folder for the network file (default: network in the folder of the training)
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,
    /// Write the strongest share of the graph of its neurons, such as 0.05, to the folder graph of the training
    #[arg(long, value_name = "SHARE")]
    graph: Option<f64>,
    /// How many threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Compile it to spikes that say numbers in this code, as saltus compile does
    #[arg(long, value_enum)]
    code: Option<Coding>,
    /// Bits of a value in that code, its sign included
    #[arg(long, value_name = "K", default_value_t = 8, requires = "code", value_parser = clap::value_parser!(u32).range(2..=12))]
    bits: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures a trained network and prints the table.
pub fn eval(args: &EvalArgs) -> Result<ExitCode> {
    let known =
        |name: &String| backend(name).ok_or_else(|| BadInput::of(anyhow!("no backend is called {name:?}")));
    if let Some(code) = args.code {
        return compile(&CompileArgs::of(code, args.bits, args));
    }
    let machines: Vec<&Backend> = args.backend.iter().map(known).collect::<Result<_>>()?;
    let run = Run::at(&args.run);
    let mut config = run.config().map_err(BadInput::of)?;
    if let Some(data) = &args.data {
        config.read_data(data);
    }
    let device = Device::flex();
    let lesson = (config.model.lesson)(&Job { arguments: &config.arguments, device: &device });
    let lesson = lesson.map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let saved = run.weights().map_err(BadInput::of)?;
    let weights = Weights::load(lesson.declarations(), &saved, &device)
        .map_err(|misfit| BadInput::of(anyhow!("weights of {}: {misfit}", run.folder().display())))?;
    let mut figures = lesson.measure(&weights, Part::Test);
    figures.extend(lesson.study(&weights));
    let trained: Vec<(String, f64)> = figures.into_iter().map(|figure| (figure.name, figure.value)).collect();
    if let Some(share) = args.graph {
        write_graph(&*lesson, &weights, share, &run.folder().join("graph"))?;
    }
    let folder = args.network.clone().unwrap_or_else(|| run.folder().join("network"));
    let shown =
        (!machines.is_empty()).then(|| exported(&*lesson, &weights, args.samples, &folder)).transpose()?;
    let mut rows = Vec::new();
    for machine in machines {
        let export = shown.as_ref().expect("exported for machines");
        rows.push((machine.name, on(machine, export, &folder, args)?));
    }
    if args.json {
        say!("{:#}", as_json(&config.metrics(), &trained, &rows));
    } else {
        say!("{}", text(&trained, weights.count(), &rows).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the graph of the neurons as a network file.
fn write_graph(lesson: &dyn Lesson, weights: &Weights, share: f64, folder: &Path) -> Result<()> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(BadInput::of(anyhow!("--graph {share}: a share is above 0 and at most 1")));
    }
    let graph = lesson.graph(weights, share);
    let graph = graph.ok_or_else(|| BadInput::of(anyhow!("this network has no graph of its neurons")))?;
    crate::trained::write_network(&graph, folder).with_context(|| folder.display().to_string())
}

/// Writes the network file and what it reads.
fn exported(lesson: &dyn Lesson, weights: &Weights, samples: Option<usize>, folder: &Path) -> Result<Export> {
    let export = lesson.export(weights, samples.unwrap_or(usize::MAX));
    let export = export.ok_or_else(|| BadInput::of(anyhow!(lesson.why_no_export())))?;
    crate::trained::write_network(&export.network, folder).with_context(|| folder.display().to_string())?;
    Ok(export)
}

/// What a machine did.
enum Outcome {
    /// It cannot take the network, and says why.
    Refused(String),
    /// It ran.
    Ran(Measured),
}

/// What was measured on a machine.
struct Measured {
    /// Share of right answers.
    accuracy: f64,
    /// Samples whose answer is that of the forward pass.
    agreement: f64,
    samples: usize,
    /// Spikes of all layers, and of them those that the forward pass has too.
    spikes: u64,
    same: u64,
    /// Spikes of the forward pass.
    expected: u64,
    operations: u64,
    seconds: f64,
}

/// Runs the network on a machine.
fn on(machine: &Backend, export: &Export, folder: &Path, args: &EvalArgs) -> Result<Outcome> {
    let opened = open(&folder.join("network.ron"), &[])?;
    let network = Arc::clone(&opened.network);
    let threads = threads(args.threads.map(usize::from));
    let built = build(&network, machine, &Folder::new(folder), (threads, threads), args.json);
    let mut built = match built {
        Ok(built) => built,
        Err(message) => return Ok(Outcome::Refused(message)),
    };
    let begin = std::time::Instant::now();
    let mut progress = Progress::new(0, network.duration, network.dt, args.json);
    let mut fired: Vec<Vec<(u32, u32, u32)>> = vec![Vec::new(); export.expected.len()];
    let layers: Vec<Option<usize>> =
        export.network.layers.iter().map(|name| network.population(name)).collect();
    let mut epoch = Epoch::default();
    while built.now() < network.duration {
        let until = (built.now() + built.epoch()).min(network.duration);
        built.advance(until, &mut epoch);
        for spike in &epoch.spikes {
            let (population, neuron) = network.locate(spike.neuron);
            let Some(layer) = layers.iter().position(|layer| *layer == Some(population)) else { continue };
            if let Some((sample, step)) = export.network.trials.place(layer, spike.step) {
                fired[layer].push((sample as u32, step as u32, neuron));
            }
        }
        // Drawing a bar cannot fail.
        let _ = progress.see(&epoch, &*built);
    }
    let operations = built.counters().synaptic_events;
    Ok(Outcome::Ran(Measured::of(export, fired, operations, begin.elapsed().as_secs_f64())))
}

impl CompileArgs {
    /// What `saltus compile` is asked to measure the same.
    fn of(code: Coding, bits: u32, args: &EvalArgs) -> Self {
        Self {
            run: args.run.clone(),
            code,
            bits,
            weight_bits: 8,
            questions: args.samples.map_or(20, |samples| samples as u32),
            samples: args.samples,
            calibration: 100,
            data: args.data.clone(),
            out: args.network.clone(),
            chip: false,
            all_rounds: false,
            backend: args.backend.clone(),
            threads: args.threads,
            json: args.json,
        }
    }
}

impl Measured {
    fn of(export: &Export, mut fired: Vec<Vec<(u32, u32, u32)>>, operations: u64, seconds: f64) -> Self {
        let samples = export.network.trials.samples;
        let answers = |layer: &[(u32, u32, u32)]| {
            let decoder = &export.decoder;
            let mut sums = vec![0.0; samples * decoder.classes];
            layer.iter().for_each(|&(sample, step, neuron)| {
                let class = decoder.class(neuron as usize);
                sums[sample as usize * decoder.classes + class] += decoder.worth(step as usize);
            });
            decoder.answers(&sums)
        };
        let last = export.expected.len() - 1;
        let (ours, theirs) = (answers(&fired[last]), answers(&export.expected[last]));
        let share = |a: &[usize], b: &[usize]| {
            a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / samples.max(1) as f64
        };
        let mut same = 0;
        for (fired, expected) in fired.iter_mut().zip(&export.expected) {
            fired.sort_unstable();
            same += expected.iter().filter(|spike| fired.binary_search(spike).is_ok()).count() as u64;
        }
        let count = |layers: &[Vec<(u32, u32, u32)>]| layers.iter().map(Vec::len).sum::<usize>() as u64;
        Self {
            accuracy: share(&ours, &export.labels),
            agreement: share(&ours, &theirs),
            samples,
            spikes: count(&fired),
            same,
            expected: count(&export.expected),
            operations,
            seconds,
        }
    }

    fn per_sample(&self, count: u64) -> f64 {
        count as f64 / self.samples.max(1) as f64
    }

    fn exact(&self) -> bool {
        self.same == self.spikes && self.same == self.expected
    }
}

fn text(trained: &[(String, f64)], parameters: usize, rows: &[(&str, Outcome)]) -> String {
    let mut text = String::new();
    if rows.is_empty() {
        let _ = writeln!(text, "{:<42} {parameters:>14}", "weights");
        for (name, value) in trained {
            let _ = writeln!(text, "{:<42} {value:>14.4}", name.replace('_', " "));
        }
        return text;
    }
    let _ = writeln!(
        text,
        "{:<14} {:>9} {:>9} {:>15} {:>17}  spikes as trained",
        "", "accuracy", "agreement", "spikes/sample", "operations/sample"
    );
    for (name, value) in trained {
        let _ = writeln!(text, "{:<14} {:>9.4}   ({name}, {parameters} weights)", "as trained", value);
    }
    for (name, outcome) in rows {
        let _ = match outcome {
            Outcome::Refused(why) => {
                writeln!(text, "{name:<14} refused: {}", why.trim_end().replace('\n', "\n               "))
            }
            Outcome::Ran(m) => writeln!(
                text,
                "{name:<14} {:>9.4} {:>9.4} {:>15.1} {:>17.0}  {}",
                m.accuracy,
                m.agreement,
                m.per_sample(m.spikes),
                m.per_sample(m.operations),
                if m.exact() {
                    "every one".into()
                } else {
                    format!("{} of {} ({} expected)", m.same, m.spikes, m.expected)
                }
            ),
        };
    }
    text
}

fn as_json(config: &Value, trained: &[(String, f64)], rows: &[(&str, Outcome)]) -> Value {
    let mut all = config.clone();
    for (name, value) in trained {
        all[name] = json!(value);
    }
    let row = |outcome: &Outcome| match outcome {
        Outcome::Refused(why) => json!({ "refused": why }),
        Outcome::Ran(m) => json!({
            "samples": m.samples, "accuracy": m.accuracy, "agreement": m.agreement,
            "spikes_per_sample": m.per_sample(m.spikes), "operations_per_sample": m.per_sample(m.operations),
            "spikes": m.spikes, "spikes_as_trained": m.same, "spikes_expected": m.expected, "exact": m.exact(),
            "seconds": m.seconds,
        }),
    };
    all["machines"] = rows
        .iter()
        .map(|(name, outcome)| ((*name).to_owned(), row(outcome)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    all
}
