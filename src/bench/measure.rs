//! One workload in this process: built, warmed up, and lived in windows with and without recording.
//!
//! The windows follow each other on one machine: what is measured is a network that lives, not one
//! that starts. Those with recording come first, so that the recording has no gap.

use crate::bad_input::BadInput;
use crate::bench::clock::{Clock, Spent};
use crate::bench::workload::Workload;
use crate::command::run::{RUNNING, stop_on_ctrl_c};
use crate::load::{backend, build};
use crate::open::read;
use crate::progress::Progress;
use crate::system::memory_bytes;
use anyhow::{Context, Result, bail};
use recordings::hdf5::plan::Plan;
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::recorder::{Existing, Recorder};
use sim_core::backend::{Counters, Epoch, Machine};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::observer::{Observer, ObserverError};
use sim_core::run::{Ended, run as live};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What to measure, and how.
pub struct Order<'a> {
    /// The network.
    pub workload: &'a Workload,
    /// Threads to run on.
    pub threads: usize,
    /// How many windows are measured.
    pub repeats: u32,
    /// Model time of a window in ms.
    pub window_ms: f64,
    /// Seed of all random numbers, if not the file's.
    pub seed: Option<u64>,
    /// Where recordings go.
    pub record: Record,
}

/// Where recordings go.
pub enum Record {
    /// Nothing is recorded.
    Nothing,
    /// Into a folder that is gone afterwards.
    Temporary,
    /// Into this folder.
    Folder(PathBuf),
}

/// What was measured of a workload.
pub struct Measured {
    /// The network as it was run.
    pub network: Arc<Network>,
    /// Steps of a window.
    pub steps: i64,
    /// What building took.
    pub build: Spent,
    /// Bytes held once it was built.
    pub built_bytes: Option<u64>,
    /// Bytes held at most.
    pub peak_bytes: Option<u64>,
    /// The windows with recording, if there was any.
    pub recorded: Option<Recorded>,
    /// The windows without recording.
    pub bare: Windows,
    /// What the machine counted in all.
    pub counters: Counters,
}

/// Windows with recording.
pub struct Recorded {
    /// What they took.
    pub windows: Windows,
    /// Seconds in which the machine waited for the recorder during them.
    pub waited_s: f64,
    /// Seconds to end the recording after the last.
    pub ending_s: f64,
}

/// Windows lived one after the other.
pub struct Windows {
    /// What each took.
    pub spent: Vec<Spent>,
    /// Spikes fired in all of them, by number of the population.
    pub spikes: Vec<u64>,
    /// Spikes delivered through synapses in all of them.
    pub events: u64,
    /// Seconds by stage in all of them, summed over threads.
    pub stages: Vec<(&'static str, f64)>,
}

/// Ctrl-C was pressed.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Measures a workload in this process.
///
/// # Errors
/// When the network cannot be built, the recording not be written, or Ctrl-C was pressed.
pub fn measure(order: &Order) -> Result<Measured> {
    let stop = stop_on_ctrl_c()?;
    let mut clock = Clock::start();
    let begin = clock.read();
    let (network, steps) = network(order)?;
    let mut machine = machine(order, &network)?;
    let plan = Plan::of(&network);
    if !matches!(order.record, Record::Nothing) {
        machine.probe(&plan.probes());
    }
    let build = clock.since(&begin);
    let built_bytes = memory_bytes("VmRSS");

    RUNNING.store(true, Ordering::Relaxed);
    let temporary = matches!(order.record, Record::Temporary).then(tempfile::tempdir).transpose();
    let temporary = temporary.context("there is no room for temporary files")?;
    let folder = match &order.record {
        Record::Folder(folder) => Some(folder.as_path()),
        _ => temporary.as_ref().map(tempfile::TempDir::path),
    };
    let mut recorder = None;
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let text = order.workload.text_as_set();
        let provenance = Provenance::now(&text, env!("CARGO_PKG_VERSION"), order.threads, build.wall_s);
        let file = folder.join("spikes.h5");
        let created = Recorder::create(&file, plan, &provenance, &*machine, Existing::Replace);
        recorder = Some(Timed { recorder: created.context("the recording was not started")?, waited_s: 0.0 });
    }
    let mut life = Life { machine: &mut *machine, clock, stop, steps, repeats: order.repeats };
    let recorded = match recorder {
        Some(recorder) => Some(life.recorded(recorder, network.warm_up)?),
        None => {
            life.live(network.warm_up, &mut [])?;
            None
        }
    };
    let bare = life.windows(&mut [])?;
    let counters = machine.counters();
    let peak_bytes = memory_bytes("VmHWM");
    Ok(Measured { network, steps, build, built_bytes, peak_bytes, recorded, bare, counters })
}

/// The network, long enough for all windows, and the steps of a window.
fn network(order: &Order) -> Result<(Arc<Network>, i64)> {
    let workload = order.workload;
    let read = |settings: &[String]| {
        read(&workload.name, workload.text, settings).map_err(|mistakes| BadInput::of(mistakes.trim_end()))
    };
    let mut settings = workload.settings.clone();
    settings.extend(order.seed.map(|seed| format!("simulation.seed={seed}")));
    let usual = read(&settings)?;
    let steps = (order.window_ms / usual.dt).round() as i64;
    if steps == 0 {
        return Err(BadInput::of(format!("a window has to be at least one step, {} ms, long", usual.dt)));
    }
    let series = if matches!(order.record, Record::Nothing) { 1 } else { 2 };
    let all = steps.saturating_mul(series * i64::from(order.repeats)).saturating_add(usual.warm_up);
    settings.push(format!("simulation.duration=ms({:?})", all as f64 * usual.dt));
    Ok((Arc::new(read(&settings)?), steps))
}

/// The machine that the network runs on.
fn machine(order: &Order, network: &Arc<Network>) -> Result<Box<dyn Machine>> {
    let threads = order.threads;
    if let Some(maker) = order.workload.maker {
        let connectivity = Arc::new(connect(network, &NoFiles)?);
        return maker((Arc::clone(network), connectivity), threads).map_err(BadInput::of);
    }
    let backend = backend(&network.backend.name).context("the workload names no backend there is")?;
    build(network, backend, &NoFiles, (threads, threads), false).map_err(BadInput::of)
}

/// A machine in its windows.
struct Life<'a> {
    machine: &'a mut dyn Machine,
    clock: Clock,
    stop: &'static AtomicBool,
    /// Steps of a window.
    steps: i64,
    repeats: u32,
}

impl Life<'_> {
    /// The warm-up, and then windows with recording.
    fn recorded(&mut self, mut timed: Timed, warm_up: i64) -> Result<Recorded> {
        self.live(warm_up, &mut [&mut timed])?;
        timed.waited_s = 0.0;
        let windows = self.windows(&mut [&mut timed])?;
        let begin = Instant::now();
        timed.recorder.finish(self.machine)?;
        Ok(Recorded { windows, waited_s: timed.waited_s, ending_s: begin.elapsed().as_secs_f64() })
    }

    fn windows(&mut self, observers: &mut [&mut dyn Observer]) -> Result<Windows> {
        let before = self.machine.counters();
        let bar = Progress::windows(self.repeats);
        let mut spent = Vec::new();
        for _ in 0..self.repeats {
            let until = self.machine.now() + self.steps;
            let begin = self.clock.read();
            self.live(until, observers)?;
            spent.push(self.clock.since(&begin));
            bar.inc(1);
        }
        bar.finish_and_clear();
        let after = self.machine.counters();
        let stage = |&(name, seconds): &(&'static str, f64)| {
            let earlier = before.stages.iter().find(|stage| stage.0 == name);
            (name, seconds - earlier.map_or(0.0, |stage| stage.1))
        };
        let fired = after.spikes_after_warm_up.iter().zip(&before.spikes_after_warm_up);
        let fired = fired.map(|(after, before)| after - before);
        Ok(Windows {
            spent,
            spikes: fired.collect(),
            events: after.synaptic_events - before.synaptic_events,
            stages: after.stages.iter().map(stage).collect(),
        })
    }

    fn live(&mut self, until: i64, observers: &mut [&mut dyn Observer]) -> Result<()> {
        match live(self.machine, until, observers, self.stop)? {
            Ended::Complete => Ok(()),
            Ended::Interrupted(_) => bail!(Interrupted),
        }
    }
}

/// A recorder that is timed, and that does not end with a window.
struct Timed {
    recorder: Recorder,
    waited_s: f64,
}

impl Observer for Timed {
    fn next_stop(&self, now: i64) -> Option<i64> {
        self.recorder.next_stop(now)
    }

    fn see(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), ObserverError> {
        let begin = Instant::now();
        let seen = self.recorder.see(epoch, machine);
        self.waited_s += begin.elapsed().as_secs_f64();
        seen
    }
}
