//! One workload in this process: built, warmed up, and lived in windows with and without recording.
//!
//! The windows follow each other on one machine: what is measured is a network that lives, not one
//! that starts. Those with recording come first, so that the recording has no gap.

use crate::bad_input::BadInput;
use crate::bench::clock::{cpu_s, memory_bytes};
use crate::bench::workload::Workload;
use crate::command::run::{RUNNING, backend, build, stop_on_ctrl_c};
use crate::open::read;
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use recordings::hdf5::plan::Plan;
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::recorder::{Existing, Recorder};
use sim_core::backend::{Counters, Epoch, Machine};
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::observer::{Observer, ObserverError};
use sim_core::run::{Ended, run as live};
use std::path::Path;
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
    /// Where to record; none records nothing.
    pub record: Option<&'a Path>,
}

/// What was measured of a workload.
pub struct Measured {
    /// The network as it was run.
    pub network: Arc<Network>,
    /// Seconds to build, by the clock on the wall and of the processor.
    pub build: Spent,
    /// Bytes held once it was built.
    pub built_bytes: Option<u64>,
    /// Bytes held at most.
    pub peak_bytes: Option<u64>,
    /// The windows with recording, if there was any.
    pub recorded: Option<Windows>,
    /// The windows without recording.
    pub bare: Windows,
    /// What the machine counted in all.
    pub counters: Counters,
}

/// Time that something took, in seconds.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    /// By the clock on the wall.
    pub wall_s: f64,
    /// Of the processor, over all threads; none where the system does not tell.
    pub cpu_s: Option<f64>,
}

/// Windows lived one after the other.
#[derive(Default)]
pub struct Windows {
    /// What each took.
    pub spent: Vec<Spent>,
    /// Seconds that the machine waited for the recorder, the end of the recording included.
    pub recording_s: f64,
    /// Spikes delivered through synapses.
    pub events: u64,
    /// Seconds by stage, summed over threads.
    pub stages: Vec<(&'static str, f64)>,
}

/// Measures a workload in this process.
///
/// # Errors
/// When the network cannot be built, the recording not be written, or Ctrl-C was pressed.
pub fn measure(order: &Order) -> Result<Measured> {
    let stop = stop_on_ctrl_c()?;
    let network = Arc::new(network(order)?);
    let clock = Clock::start();
    let backend = backend(&network.backend.name).context("the workload names a backend that is not there")?;
    let mut machine = build(&network, backend, &NoFiles, order.threads, false)
        .map_err(|text| BadInput::of(text.trim_end()))?;
    let plan = Plan::of(&network);
    if order.record.is_some() {
        machine.probe(&plan.probes());
    }
    let build = clock.read();
    let built_bytes = memory_bytes("VmRSS");

    RUNNING.store(true, Ordering::Relaxed);
    let provenance = || {
        let settings: String =
            order.workload.settings.iter().map(|set| format!("// --set {set}\n")).collect();
        let text = settings + order.workload.text;
        Provenance::now(&text, env!("CARGO_PKG_VERSION"), order.threads, build.wall_s)
    };
    let recorder = order.record.map(|folder| {
        Recorder::create(&folder.join("spikes.h5"), plan, &provenance(), &*machine, Existing::Replace)
    });
    let mut series = Series { order, machine: &mut *machine, steps: steps(order, &network), stop };
    let recorded = match recorder {
        Some(recorder) => {
            let mut observer =
                Timed { recorder: recorder.context("the recording was not started")?, spent_s: 0.0 };
            series.warm_up(network.warm_up, &mut [&mut observer])?;
            Some(series.recorded(observer)?)
        }
        None => {
            series.warm_up(network.warm_up, &mut [])?;
            None
        }
    };
    let bare = series.live(&mut [])?;
    let counters = machine.counters();
    Ok(Measured { network, build, built_bytes, peak_bytes: memory_bytes("VmHWM"), recorded, bare, counters })
}

/// The network, long enough for all windows.
fn network(order: &Order) -> Result<Network> {
    let read = |settings: &[String]| {
        read(&order.workload.name, order.workload.text, settings)
            .map_err(|mistakes| BadInput::of(mistakes.trim_end()))
    };
    let mut settings = order.workload.settings.clone();
    settings.extend(order.seed.map(|seed| format!("simulation.seed={seed}")));
    let short = read(&settings)?;
    let series = if order.record.is_some() { 2 } else { 1 };
    let steps = short.warm_up + series * i64::from(order.repeats) * steps(order, &short);
    settings.push(format!("simulation.duration=ms({:?})", steps as f64 * short.dt));
    read(&settings)
}

/// Steps of a window.
fn steps(order: &Order, network: &Network) -> i64 {
    ((order.window_ms / network.dt).round() as i64).max(1)
}

/// Windows on one machine.
struct Series<'a> {
    order: &'a Order<'a>,
    machine: &'a mut dyn Machine,
    steps: i64,
    stop: &'static AtomicBool,
}

impl Series<'_> {
    fn warm_up(&mut self, steps: i64, observers: &mut [&mut dyn Observer]) -> Result<()> {
        self.until(steps, observers)
    }

    fn recorded(&mut self, mut observer: Timed) -> Result<Windows> {
        observer.spent_s = 0.0;
        let mut windows = self.live(&mut [&mut observer])?;
        let begin = Instant::now();
        observer.recorder.finish(self.machine)?;
        windows.recording_s = observer.spent_s + begin.elapsed().as_secs_f64();
        Ok(windows)
    }

    fn live(&mut self, observers: &mut [&mut dyn Observer]) -> Result<Windows> {
        let before = self.machine.counters();
        let mut spent = Vec::new();
        let bar = Progress::windows(self.order.repeats);
        for _ in 0..self.order.repeats {
            let until = self.machine.now() + self.steps;
            let clock = Clock::start();
            self.until(until, observers)?;
            spent.push(clock.read());
            bar.inc(1);
        }
        bar.finish_and_clear();
        let after = self.machine.counters();
        let stage = |(name, seconds): &(&'static str, f64)| {
            let earlier = before.stages.iter().find(|stage| stage.0 == *name);
            (*name, seconds - earlier.map_or(0.0, |stage| stage.1))
        };
        Ok(Windows {
            spent,
            recording_s: 0.0,
            events: after.synaptic_events - before.synaptic_events,
            stages: after.stages.iter().map(stage).collect(),
        })
    }

    fn until(&mut self, until: i64, observers: &mut [&mut dyn Observer]) -> Result<()> {
        match live(self.machine, until, observers, self.stop)? {
            Ended::Complete => Ok(()),
            Ended::Interrupted(_) => bail!("interrupted"),
        }
    }
}

/// Both clocks.
struct Clock {
    wall: Instant,
    cpu_s: Option<f64>,
}

impl Clock {
    fn start() -> Clock {
        Clock { wall: Instant::now(), cpu_s: cpu_s() }
    }

    fn read(&self) -> Spent {
        let cpu_s = cpu_s().zip(self.cpu_s).map(|(now, then)| now - then);
        Spent { wall_s: self.wall.elapsed().as_secs_f64(), cpu_s }
    }
}

/// A recorder that is timed, and that does not finish at the end of a window.
struct Timed {
    recorder: Recorder,
    spent_s: f64,
}

impl Observer for Timed {
    fn next_stop(&self, now: i64) -> Option<i64> {
        self.recorder.next_stop(now)
    }

    fn see(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), ObserverError> {
        let begin = Instant::now();
        let seen = self.recorder.see(epoch, machine);
        self.spent_s += begin.elapsed().as_secs_f64();
        seen
    }
}
