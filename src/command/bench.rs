//! `saltus bench`: how fast, on networks of known cost.

use crate::bad_input::BadInput;
use crate::bench::measure::{Order, measure};
use crate::bench::report;
use crate::bench::workload::{USUAL, Workload};
use crate::checkpoint::write_whole;
use crate::command::run::{INTERRUPTED, threads};
use crate::complain;
use crate::open::milliseconds;
use crate::say;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// What can be asked of `saltus bench`.
#[derive(Args)]
#[command(after_help = "Workloads:
  brunel, brunel_stdp, microcircuit[:SCALE], cuba, coba, sparse[:NEURONS]

Each is built once in a process of its own and warmed up; then windows of model time are measured on
it, first with recording and then without. RTF is seconds a second of model time takes, by the clock
on the wall and of the processor; the median over the windows is shown, with the least and the most.
ns/event is processor time for all that a simulation does, by synaptic event.

Examples:
  saltus bench
  saltus bench brunel --threads 1
  saltus bench microcircuit microcircuit:0.1 sparse:1000000 --repeats 3 --json bench.json
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
    /// Keep the recordings, in a folder by workload (default: a temporary folder)
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
        return alone(args, workload, window_ms);
    }
    // The processes that measure hear Ctrl-C too, and end in their own way.
    ctrlc::set_handler(|| ()).context("Ctrl-C cannot be heard")?;
    let here = report::here();
    let word = |name: &str| here[name].as_str().unwrap_or("unknown processor").to_owned();
    let load = here["load_average"].as_f64().map_or("unknown".into(), |load| format!("{load:.2}"));
    say!("saltus {} on {}, {} cores, load average {load}", word("version"), word("processor"), here["cores"]);
    say!("{}", report::aligned(&report::HEADS));
    let mut all = Vec::new();
    for workload in &workloads {
        let mut measured = match apart(args, workload)? {
            Ok(measured) => measured,
            Err(code) => return Ok(code),
        };
        say!("{}\n{}", report::row(&measured), report::details(&measured));
        measured["machine"] = here.clone();
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
    if ms > 0.0 { Ok(ms) } else { Err(format!("a window has to last longer than {text}")) }
}

/// Measures a workload in this process.
fn alone(args: &BenchArgs, workload: &Workload, window_ms: Option<f64>) -> Result<ExitCode> {
    let temporary = tempfile::tempdir().context("there is no room for temporary files")?;
    let folder = match &args.out {
        Some(out) => out.join(workload.name.replace(':', "-")),
        None => temporary.path().to_owned(),
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let order = Order {
        workload,
        threads: threads(args.threads.map(usize::from)),
        repeats: args.repeats,
        window_ms: window_ms.unwrap_or(workload.window_ms),
        seed: args.seed,
        record: (!args.no_record).then_some(&*folder),
    };
    let measured = measure(&order)?;
    say!("{}", report::json(&order, &measured));
    Ok(ExitCode::SUCCESS)
}

/// Measures a workload in a process of its own, so that its memory is its own; or the exit code of a
/// process that has told its failure.
fn apart(args: &BenchArgs, workload: &Workload) -> Result<Result<Value, ExitCode>> {
    let mut command = Command::new(std::env::current_exe().context("the program cannot find itself")?);
    command.args(["bench", "--here", &workload.name, "--repeats", &args.repeats.to_string()]);
    let said = [
        ("--threads", args.threads.map(|threads| threads.to_string().into())),
        ("--duration", args.duration.clone().map(Into::into)),
        ("--seed", args.seed.map(|seed| seed.to_string().into())),
        ("--out", args.out.clone().map(PathBuf::into_os_string)),
    ];
    for (flag, value) in said {
        command.args(value.map(|value: std::ffi::OsString| [flag.into(), value]).into_iter().flatten());
    }
    if args.no_record {
        command.arg("--no-record");
    }
    let output = command.stderr(Stdio::inherit()).output().context("the program cannot start itself")?;
    match output.status.code() {
        Some(0) => {
            Ok(Ok(serde_json::from_slice(&output.stdout).context("what was measured cannot be read")?))
        }
        Some(code) => Ok(Err(ExitCode::from(u8::try_from(code).unwrap_or(1)))),
        None => {
            complain!("error: {} was killed", workload.name);
            Ok(Err(ExitCode::from(INTERRUPTED)))
        }
    }
}
