//! `saltus bench`: how fast, on networks of known cost.

use crate::bad_input::BadInput;
use crate::bench::measure::{Interrupted, Order, Record, measure};
use crate::bench::report;
use crate::bench::workload::{USUAL, Workload};
use crate::checkpoint::write_whole;
use crate::command::run::INTERRUPTED;
use crate::complain;
use crate::load::threads;
use crate::open::milliseconds;
use crate::say;
use crate::system;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Output, Stdio};

/// What can be asked of `saltus bench`.
#[derive(Args)]
#[command(after_help = "Workloads:
  brunel, brunel_stdp, microcircuit[:SCALE], cuba, coba, sparse[:NEURONS],
  truenorth[:CORES], truenorth_varied[:CORES], loihi[:CORES]: full chips, all neurons at 20 Hz with
  128 synapses a spike; varied: each neuron with a leak, a threshold and weights of its own

Each is built once in a process of its own and warmed up; then windows of model time are measured on
it, first with recording and then without. RTF is seconds a second of model time takes, by the clock
on the wall and of the processor; shown is the median over the windows, with the least and the most.
ns/event and cycles are the processor's for everything in a simulation, by synaptic event. recording
is the share of time in which the machine waits for the recorder. A dash was not measured.

Examples:
  saltus bench
  saltus bench brunel --threads 1
  saltus bench microcircuit microcircuit:0.1 sparse:1000000 --repeats 3 --json bench.json
  saltus bench truenorth loihi --threads 2 --no-record
  saltus bench cuba --duration 10s --no-record")]
pub struct BenchArgs {
    /// What to measure (default: each workload once, none of them large)
    workload: Vec<String>,
    /// How many threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// How many windows to measure
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// Model time of a window, e.g. 500ms (default: by workload)
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,
    /// Seed of all random numbers (default: the network file's)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Record nothing
    #[arg(long, conflicts_with = "out")]
    no_record: bool,
    /// Keep the recordings, in a folder by workload; older ones there are written over (default: a temporary folder)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write everything that was measured to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure in this process, and print JSON
    #[arg(long, hide = true)]
    here: bool,
}

/// Measures workloads.
pub fn bench(args: &BenchArgs) -> Result<ExitCode> {
    let names: Vec<&str> = match args.workload.as_slice() {
        [] => USUAL.to_vec(),
        names => names.iter().map(String::as_str).collect(),
    };
    // All mistakes are told before anything is measured.
    let workloads: Vec<Workload> =
        names.into_iter().map(Workload::named).collect::<Result<_, _>>().map_err(BadInput::of)?;
    let window_ms = args.duration.as_deref().map(window).transpose().map_err(BadInput::of)?;
    if let ([workload], true) = (workloads.as_slice(), args.here) {
        return here(args, workload, window_ms);
    }
    // The processes that measure hear Ctrl-C too, and end in their own way.
    ctrlc::set_handler(|| ()).context("Ctrl-C cannot be heard")?;
    introduce(&system::here());
    let mut all = Vec::new();
    for workload in &workloads {
        let machine = system::here();
        let output = apart(args, workload)?;
        if !output.status.success() {
            return Ok(failed(output.status, workload));
        }
        let mut measured: Value =
            serde_json::from_slice(&output.stdout).context("what was measured cannot be read")?;
        say!("{}\n{}", report::row(&measured), report::details(&measured));
        measured["machine"] = machine;
        all.push(measured);
    }
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", Value::Array(all));
        write_whole(path, text.as_bytes()).with_context(|| format!("{} was not written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn window(text: &str) -> Result<f64, String> {
    let ms = milliseconds(text)?;
    if ms > 0.0 { Ok(ms) } else { Err(format!("a window has to be longer than {text}")) }
}

fn introduce(machine: &Value) {
    let load = machine["load_average"].as_f64().map_or("unknown".into(), |load| format!("{load:.2}"));
    let processor = machine["processor"].as_str().unwrap_or("an unknown processor");
    let version = env!("CARGO_PKG_VERSION");
    say!("saltus {version} on {processor}, {} cores, load average {load}", machine["cores"]);
    say!("{}", report::heads());
}

/// Measures a workload in this process.
fn here(args: &BenchArgs, workload: &Workload, window_ms: Option<f64>) -> Result<ExitCode> {
    let folder = |out: &PathBuf| Record::Folder(out.join(workload.name.replace(':', "-")));
    let order = Order {
        workload,
        threads: threads(args.threads.map(usize::from)),
        repeats: args.repeats,
        window_ms: window_ms.unwrap_or(workload.window_ms),
        seed: args.seed,
        record: match &args.out {
            _ if args.no_record => Record::Nothing,
            out => out.as_ref().map_or(Record::Temporary, folder),
        },
    };
    match measure(&order) {
        Ok(measured) => {
            say!("{}", report::json(&order, &measured));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.is::<Interrupted>() => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) => Err(error),
    }
}

/// Measures a workload in a process of its own, so that its memory is its own.
fn apart(args: &BenchArgs, workload: &Workload) -> Result<Output> {
    let program = std::env::current_exe().context("the program cannot find itself")?;
    let mut command = Command::new(program);
    command.args(["bench", "--here", &workload.name, "--repeats", &args.repeats.to_string()]);
    if let Some(threads) = args.threads {
        command.args(["--threads", &threads.to_string()]);
    }
    if let Some(duration) = &args.duration {
        command.args(["--duration", duration]);
    }
    if let Some(seed) = args.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(out) = &args.out {
        command.arg("--out").arg(out);
    }
    if args.no_record {
        command.arg("--no-record");
    }
    command.stderr(Stdio::inherit()).output().context("the program cannot start itself")
}

/// The exit code of a process that measured nothing. It has said why, unless it was killed.
fn failed(status: ExitStatus, workload: &Workload) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    if code.is_none() {
        complain!("error: {} was killed while it was measured", workload.name);
    }
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
