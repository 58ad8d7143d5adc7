//! `saltus run`: a network file becomes a recording, a raster and a summary.

use crate::bad_input::BadInput;
use crate::checkpoint::{self, Checkpoint, Checkpoints};
use crate::command::compare::compared;
use crate::command::plot;
use crate::complain;
use crate::load::{backend, build, chip, map, threads};
use crate::open::{OpenArgs, Opened, reopen};
use crate::output::Output;
use crate::progress::Progress;
use crate::proof::{Proving, When};
use crate::say;
use crate::summary::Summary;
use anyhow::{Context, Result};
use backends::chip::proof::Proof;
use clap::Args;
use recordings::hdf5::folder::Folder;
use recordings::hdf5::plan::Plan;
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::recorder::{Existing, Recorder};
use sim_core::backend::{Backend, Machine};
use sim_core::observer::Observer;
use sim_core::run::{Ended, run as live};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Exit code of a run that was interrupted with Ctrl-C, as shells expect.
pub const INTERRUPTED: u8 = 130;

/// What can be asked of `saltus run`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus run networks/brunel.ron
  saltus run networks/brunel.ron --out out/g6 --set 'projections[1].weight=mV(-0.6)'
  saltus run networks/microcircuit.ron --set scale=0.1 --duration 2s --threads 2
  saltus run networks/brunel_stdp.ron --checkpoint-every 500ms --out out/long
  saltus run --resume out/long
  saltus run networks/winner.ron --backend loihi --compare cpu")]
pub struct RunArgs {
    /// The network file; needed unless --resume is given
    #[arg(required_unless_present = "resume")]
    file: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
    /// Folder for spikes.h5, raster.svg and summary.json (default: what the file says, or out/NAME)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many threads (default: what the file says, or all cores); the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// The machine to run on (default: what the file says, or Cpu)
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Run on this machine too, into a folder of its name, and compare the spikes
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    compare: Option<String>,
    /// On a chip, whether the run is proved: the same numbers run as one unlimited core too, and every spike
    /// is compared; auto proves small runs
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    verify: When,
    /// Go on from the newest checkpoint of this output folder, or from this checkpoint file
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "set", "seed", "duration", "out", "checkpoint_every"])]
    resume: Option<PathBuf>,
    /// No progress bar and no summary on the terminal
    #[arg(long, short)]
    quiet: bool,
}

/// What a run needs to know before the machine is built.
struct Plans {
    opened: Opened,
    output: Output,
    /// The checkpoint to go on from.
    resume: Option<Checkpoint>,
    /// The backend's name, as the command line, the file or the run to go on with says it.
    backend: String,
}

/// Runs a network, and once more on another backend if the two are to be compared.
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let stop = stop_on_ctrl_c()?;
    let plans = match &args.resume {
        Some(place) => resumed(place).map_err(BadInput::of)?,
        None => match fresh(args) {
            Ok(plans) => plans,
            Err(code) => return Ok(code),
        },
    };
    // Before anything runs: a name that is misspelt is told at once.
    let chosen = known(&plans.backend)?;
    let other = args.compare.as_deref().map(known).transpose()?;
    let code = once(&plans, chosen, args, stop)?;
    let Some(other) = other.filter(|_| code == ExitCode::SUCCESS) else { return Ok(code) };
    let folder = plans.output.recording.parent().unwrap_or(Path::new("")).to_owned();
    let output = Output::folder(&folder.join(other.name.to_lowercase()));
    let recordings = [plans.output.recording.clone(), output.recording.clone()];
    let again = Plans { output, resume: None, backend: other.name.into(), ..plans };
    let code = once(&again, other, args, stop)?;
    if code == ExitCode::SUCCESS {
        compared([&recordings[0], &recordings[1]], &folder, args.quiet)?;
    }
    Ok(code)
}

fn known(name: &str) -> Result<&'static Backend> {
    let names = || backends::ALL.iter().map(|backend| backend.name).collect::<Vec<_>>().join(", ");
    backend(name).ok_or_else(|| BadInput::of(format!("no backend is called {name:?}; there is {}", names())))
}

fn once(plans: &Plans, backend: &Backend, args: &RunArgs, stop: &'static AtomicBool) -> Result<ExitCode> {
    let network = Arc::clone(&plans.opened.network);
    let threads = threads(args.threads.map(usize::from).or(network.backend.threads));

    let begin = Instant::now();
    let files = Folder::new(plans.opened.path.parent().unwrap_or(Path::new("")));
    let parts = plans.resume.as_ref().map_or(threads, Checkpoint::parts);
    // A checkpoint holds the placed machine only, so that a resumed run cannot be proved.
    let proved = if plans.resume.is_none() && args.verify.holds(&network) { chip(backend) } else { None };
    let built = match proved {
        None => build(&network, backend, &files, (threads, parts), args.quiet).map(|machine| (machine, None)),
        Some(chip) => map(&network, chip, &files, threads, args.quiet)
            .map(|mapped| (mapped.placed(), Some(Proof::of(&*mapped)))),
    };
    let (mut machine, proof) = match built {
        Ok(built) => built,
        Err(message) => {
            complain!("error: {message}");
            return Ok(ExitCode::from(2));
        }
    };
    let plan = Plan::of(&network);
    machine.probe(&plan.probes());
    if let Some(from) = &plans.resume {
        from.restore(&mut *machine).map_err(BadInput::of)?;
    }
    let build_s = begin.elapsed().as_secs_f64();

    RUNNING.store(true, Ordering::Relaxed);
    if plans.resume.is_none() {
        // Only now, when nothing can refuse any more.
        let moved =
            plans.output.prepare(&network).with_context(|| plans.output.recording.display().to_string())?;
        if let (Some(previous), false) = (moved, args.quiet) {
            complain!("the earlier run was moved to {}", previous.display());
        }
    }
    let mut recorder = recorder(plans, plan, threads, build_s, &*machine)?;
    let (from, before) = (machine.now(), machine.counters());
    let mut progress = Progress::new(from, network.duration, network.dt, args.quiet);
    let mut checkpoints = checkpoints(plans)?;
    let mut observers: Vec<&mut dyn Observer> = vec![&mut recorder, &mut progress];
    let mut proving = proof.map(|proof| Proving { proof, network: Arc::clone(&network) });
    if let Some(proving) = &mut proving {
        observers.push(proving);
    }
    // After the recorder: a checkpoint promises that everything before it is recorded.
    if let Some(checkpoints) = &mut checkpoints {
        observers.push(checkpoints);
    }
    let begin = Instant::now();
    let ended = live(&mut *machine, network.duration, &mut observers, stop)?;
    let simulate_s = begin.elapsed().as_secs_f64();

    let until = machine.now();
    if let (Ended::Interrupted(_), Some(checkpoints)) = (ended, &checkpoints) {
        checkpoints.write(&*machine)?;
    }
    let summary = Summary {
        network: &network,
        until,
        from,
        counters: machine.counters(),
        events_before: before.synaptic_events,
        build_s,
        simulate_s,
        threads,
        backend: backend.name,
        complete: ended == Ended::Complete,
    };
    let json = format!("{:#}\n", summary.json());
    checkpoint::write_whole(&plans.output.summary, json.as_bytes())
        .with_context(|| format!("{} was not written", plans.output.summary.display()))?;
    let raster = plot::raster(&plans.output.recording, &plans.output.raster)?;
    if !args.quiet {
        say!("{}", summary.text().trim_end());
        if let Some(proving) = &proving {
            say!("  proof     mapped and unmapped give the same {} spikes", proving.proof.equal());
        }
        let written = [
            Some(&plans.output.recording),
            raster.then_some(&plans.output.raster),
            Some(&plans.output.summary),
        ];
        let written: Vec<String> =
            written.into_iter().flatten().map(|path| path.display().to_string()).collect();
        say!("  wrote {}", written.join(", "));
    }
    Ok(match ended {
        Ended::Complete => ExitCode::SUCCESS,
        Ended::Interrupted(step) => {
            complain!(
                "interrupted at {} ms; what was recorded until then is whole",
                step as f64 * network.dt
            );
            ExitCode::from(INTERRUPTED)
        }
    })
}

fn fresh(args: &RunArgs) -> Result<Plans, ExitCode> {
    let file = args.file.as_deref().unwrap_or(Path::new(""));
    let opened = args.open.open(file)?;
    let output = match &args.out {
        Some(folder) => Output::folder(folder),
        None => Output::said(&opened.network, file),
    };
    let backend = args.backend.clone().unwrap_or_else(|| opened.network.backend.name.clone());
    Ok(Plans { opened, output, resume: None, backend })
}

fn resumed(place: &Path) -> Result<Plans> {
    let folder = if place.is_dir() && place.join("checkpoints").is_dir() {
        place.join("checkpoints")
    } else {
        place.to_owned()
    };
    let checkpoint = checkpoint::newest(&folder)?;
    let beside = checkpoint.parent().unwrap_or(Path::new(""));
    let (opened, output, backend) = reopen(&beside.join("run.json"))?;
    let checkpoint = Checkpoint::open(checkpoint, opened.digest())?;
    Ok(Plans { opened, output, resume: Some(checkpoint), backend })
}

fn recorder(
    plans: &Plans,
    plan: Plan,
    threads: usize,
    build_s: f64,
    machine: &dyn Machine,
) -> Result<Recorder> {
    let path = &plans.output.recording;
    let provenance = Provenance::now(&plans.opened.text(), env!("CARGO_PKG_VERSION"), threads, build_s);
    if plans.resume.is_some() {
        let resumed = Recorder::resume(path, plan, &provenance, machine, machine.now());
        return resumed.context("the recording cannot go on");
    }
    Recorder::create(path, plan, &provenance, machine, Existing::Refuse)
        .context("the recording was not started")
}

fn checkpoints(plans: &Plans) -> Result<Option<Checkpoints>> {
    let Some(every) = plans.opened.network.checkpoint_every else { return Ok(None) };
    let folder = &plans.output.checkpoints;
    if plans.resume.is_none() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        plans.opened.note(&folder.join("run.json"), &plans.output, &plans.backend)?;
    }
    Ok(Some(Checkpoints::new(folder.clone(), every, plans.opened.digest())))
}

/// Whether files have been begun, so that ending at once would leave them unfinished.
pub static RUNNING: AtomicBool = AtomicBool::new(false);

/// A flag that the first Ctrl-C (or a polite kill) raises once there is something to finish; the
/// second one ends the program at once.
pub fn stop_on_ctrl_c() -> Result<&'static AtomicBool> {
    static STOP: AtomicBool = AtomicBool::new(false);
    let set = ctrlc::set_handler(|| {
        if !RUNNING.load(Ordering::Relaxed) || STOP.swap(true, Ordering::Relaxed) {
            complain!("interrupted");
            std::process::exit(i32::from(INTERRUPTED));
        }
        complain!("ending the run; once more ends it at once");
    });
    set.context("Ctrl-C cannot be heard")?;
    Ok(&STOP)
}
