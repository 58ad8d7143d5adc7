//! `saltus compile`: a trained network of layers becomes a network file of spiking neurons.

use crate::bad_input::BadInput;
use crate::checkpoint::write_whole;
use crate::compiled::answers::{Reading, Score};
use crate::compiled::program::{asked, program};
use crate::compiled::report::{Report, rows};
use crate::compiled::{digits, run, write};
use crate::load::{backend, build, threads};
use crate::open::open;
use crate::say;
use crate::trained::{Config, Run};
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use compiler::integers::Integers;
use compiler::integers::quantise::quantise;
use compiler::integers::ranges::Ranges;
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::spikes::Code;
use compiler::spikes::graph::Graph;
use recordings::hdf5::folder::Folder;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use training::lesson::{Job, Part};

/// What can be asked of `saltus compile`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus compile runs/sudoku                                  8 bits, as binary digits
  saltus compile runs/sudoku --code ttfs --bits 4 --questions 5
  saltus compile runs/digits --code rate --bits 4 --backend cpu --questions 100
  saltus run runs/sudoku/compiled/network.ron                 the network file is an ordinary one

Every value becomes a whole number of --bits bits, and every number is said in spikes: as a count (rate), as its binary
digits (phase), or by the time of one spike (ttfs). With --backend the network is run, and every number that its neurons
send is compared with the whole numbers.")]
pub struct CompileArgs {
    /// Folder of a training
    run: PathBuf,
    /// How numbers are said in spikes
    #[arg(long, value_enum, default_value = "phase")]
    code: Coding,
    /// Bits of a value, its sign included
    #[arg(long, value_name = "K", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=12))]
    bits: u32,
    /// Bits of a weight, its sign included
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=16))]
    weight_bits: u32,
    /// How many test samples the network file asks
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    questions: u32,
    /// How many test samples are answered in whole numbers for the table (default: all)
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// How many samples kept for validation show how large values are
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    calibration: u32,
    /// Folder of other data files
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder for the network file (default: compiled in the folder of the training)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A machine to run it on, such as cpu; may be given several times
    #[arg(long, value_name = "NAME")]
    backend: Vec<String>,
    /// How many threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A code on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum Coding {
    /// Counts of spikes
    Rate,
    /// Binary digits, the largest first
    Phase,
    /// The time of one spike
    Ttfs,
}

impl Coding {
    fn code(self) -> Code {
        match self {
            Coding::Rate => Code::Rate,
            Coding::Phase => Code::Phase,
            Coding::Ttfs => Code::Ttfs,
        }
    }
}

/// Test samples with what layers make of them.
struct Test {
    asked: Vec<Asked>,
    right: Vec<Vec<u32>>,
    /// Answers of the layers.
    theirs: Vec<Vec<u32>>,
}

/// Compiles, writes, and shows what came of it.
pub fn compile(args: &CompileArgs) -> Result<ExitCode> {
    let known =
        |name: &String| backend(name).ok_or_else(|| BadInput::of(anyhow!("no backend is called {name:?}")));
    let machines = args.backend.iter().map(known).collect::<Result<Vec<_>>>()?;
    let at = Run::at(&args.run);
    let mut config = at.config().map_err(BadInput::of)?;
    if let Some(data) = &args.data {
        config.read_data(data);
    }
    let saved = at.weights().map_err(BadInput::of)?;
    let program = program(&config, saved).map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let (calibration, test) = questions(&config, &program, args)?;
    let bits = digits(args.code.code(), args.bits, args.weight_bits);
    let network = quantise(&program, &Ranges::of(&program, &calibration), bits)
        .map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let graph = Graph::new(&network, args.code.code());
    let folder = args.out.clone().unwrap_or_else(|| at.folder().join("compiled"));
    let shown = &test.asked[..test.asked.len().min(args.questions as usize)];
    let title =
        format!("A network that was trained on {}, compiled to spikes", config.arguments.word("task"));
    write(&graph, &network, shown, &title, &folder).with_context(|| folder.display().to_string())?;
    let report = Report {
        rows: rows(&program, &network, &graph, &shown[..shown.len().min(MEASURED)]),
        machines: capable(&folder)?,
        waves: network.waves.len() * network.rounds,
        registers: network.registers.iter().map(|r| (r.name.clone(), r.shape.len())).collect(),
        graph: &graph,
    };
    let reading = Reading::of(&program);
    let mut scores = vec![("layers".to_owned(), reals(&program, &test, &reading), None)];
    scores.push((format!("{}-bit numbers", args.bits), wholes(&network, &test, &reading), None));
    for machine in machines {
        let options = (args.threads.map(usize::from), args.json);
        match run::run(&graph, &network, shown, &folder, machine, options)? {
            Ok(ran) => {
                let heads: Vec<Vec<Vec<f64>>> = ran.answers.iter().map(|rounds| real(rounds)).collect();
                let score = Score::of(&reading, &heads, &test.right, &test.theirs);
                scores.push((machine.name.to_owned(), score, Some(ran)));
            }
            Err(refusal) => return Err(anyhow!(refusal)),
        }
    }
    let all = as_json(&config, &report, &reading, &scores, &program);
    let path = folder.join("report.json");
    write_whole(&path, format!("{all:#}\n").as_bytes()).with_context(|| path.display().to_string())?;
    if args.json {
        say!("{all:#}");
    } else {
        say!("{}\n{}", report.text(), table(&reading, &scores, shown.len()).trim_end());
        say!("{} asks {} questions", folder.join("network.ron").display(), shown.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// Questions whose populations are counted and compared with the layers.
const MEASURED: usize = 20;

/// Samples to see ranges on, and test samples.
fn questions(config: &Config, program: &Program, args: &CompileArgs) -> Result<(Vec<Asked>, Test)> {
    let device = Device::flex();
    let lesson = (config.model.lesson)(&Job { arguments: &config.arguments, device: &device });
    let lesson = lesson.map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let none = || BadInput::of(anyhow!("a {} has no questions to ask a compiled network", config.model.name));
    let seen = lesson.questions(Part::Validation, args.calibration as usize).ok_or_else(none)?;
    let test = lesson.questions(Part::Test, args.samples.unwrap_or(usize::MAX)).ok_or_else(none)?;
    let (reading, asked_test) = (Reading::of(program), asked(&test));
    let answer = |asked: &Asked| {
        let last = program.run(asked, |_, _| ()).pop().unwrap_or_default();
        reading.answer(&last.into_iter().map(f64::from).collect::<Vec<f64>>())
    };
    let theirs = asked_test.iter().map(answer).collect();
    Ok((asked(&seen), Test { asked: asked_test, right: test.answers, theirs }))
}

fn real(rounds: &[Vec<i64>]) -> Vec<Vec<f64>> {
    rounds.iter().map(|head| head.iter().map(|number| *number as f64).collect()).collect()
}

fn reals(program: &Program, test: &Test, reading: &Reading) -> Score {
    let head = |asked: &Asked| -> Vec<Vec<f64>> {
        let rounds = program.run(asked, |_, _| ());
        rounds.into_iter().map(|head| head.into_iter().map(f64::from).collect()).collect()
    };
    let heads: Vec<_> = test.asked.iter().map(head).collect();
    Score::of(reading, &heads, &test.right, &test.theirs)
}

fn wholes(network: &Integers, test: &Test, reading: &Reading) -> Score {
    let heads: Vec<_> = test.asked.iter().map(|asked| real(&network.run(asked, |_, _| ()))).collect();
    Score::of(reading, &heads, &test.right, &test.theirs)
}

/// What each machine says to the network.
fn capable(folder: &Path) -> Result<Vec<(&'static str, Option<String>)>> {
    let network = open(&folder.join("network.ron"), &[])?.network;
    let threads = threads(None);
    let one = |machine: &&'static sim_core::backend::Backend| {
        let built = build(&network, machine, &Folder::new(folder), (threads, threads), true);
        (machine.name, built.err())
    };
    Ok(backends::ALL.iter().map(one).collect())
}

type Row = (String, Score, Option<run::Ran>);

fn table(reading: &Reading, scores: &[Row], shown: usize) -> String {
    let mut text = format!(
        "{:<16} {:>12} {:>10} {:>8} {:>15} {:>20}\n",
        "",
        reading.metric(),
        "agreement",
        "rounds",
        "spikes/question",
        "operations/question"
    );
    for (name, score, ran) in scores {
        let _ =
            write!(text, "{name:<16} {:>12.4} {:>10.4} {:>8.2}", score.right, score.agreement, score.rounds);
        if let Some(ran) = ran {
            let each = |count: u64| count as f64 / shown.max(1) as f64;
            let _ = write!(text, " {:>15.0} {:>20.0}", each(ran.spikes), each(ran.operations));
            let _ = match &ran.first {
                None => write!(text, "  all {} numbers equal", ran.numbers),
                Some(first) => write!(text, "  {} of {} numbers differ: {first}", ran.differ, ran.numbers),
            };
        }
        text.push('\n');
    }
    text
}

fn as_json(
    config: &Config,
    report: &Report<'_>,
    reading: &Reading,
    scores: &[Row],
    program: &Program,
) -> Value {
    let row = |(name, score, ran): &Row| {
        let mut row = json!({
            "name": name, reading.metric().replace(' ', "_"): score.right, "agreement": score.agreement,
            "rounds_until_halt": score.rounds, "right_at_halt": score.right_at_halt,
        });
        if let Some(ran) = ran {
            row["spikes"] = json!(ran.spikes);
            row["operations"] = json!(ran.operations);
            row["numbers"] = json!(ran.numbers);
            row["numbers_differ"] = json!(ran.differ);
            row["seconds"] = json!(ran.seconds);
        }
        row
    };
    let mut all = config.metrics();
    all["parameters"] = json!(program.parameters());
    all["network"] = report.json();
    all["scores"] = scores.iter().map(row).collect();
    all
}
