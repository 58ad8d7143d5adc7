//! `saltus train`: learns a network by gradient, and leaves a folder with everything that came out.

use crate::bad_input::BadInput;
use crate::checkpoint::write_whole;
use crate::command::run::{INTERRUPTED, RUNNING, stop_on_ctrl_c};
use crate::say;
use crate::trained::{Run, tensors};
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use recordings::plot::curve::{Course, draw};
use recordings::plot::save;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use training::learning::Learning;
use training::lesson::{Figure, Job, Part};

/// What can be asked of `saltus train`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus train snn --task digits --out runs/digits                      digits that Saltus draws
  saltus train snn --task digits --data mnist --out runs/mnist          MNIST's files in the folder mnist
  saltus train snn --task words --set recurrent=true --set 'hidden=[256]' --out runs/words
  saltus train vision --task pictures --data cifar10 --set block=Dssa --out runs/dssa   CIFAR-10's binary files
  saltus train bdh --task text --data shakespeare --out runs/shakespeare   train.txt and val.txt in the folder
  saltus train mdlm --task text --data shakespeare --out runs/masked      the same text, masked
  saltus train summaries --data scitldr_a --out runs/summaries          train, dev and test .jsonl.gz in the folder
  saltus train trm --task sudoku4 --out runs/sudoku                     puzzles that Saltus makes
  saltus train hrm --task maze9 --data maze9 --out runs/maze            *train*.csv and *test*.csv in the folder
  saltus train trm --task arc --data arc1 --out runs/arc                *training*.json and *evaluation*.json in the folder
  saltus train snn --out runs/mnist --resume                            goes on after an interruption

A run leaves weights.h5, config.ron (all settings), curve.svg and metrics.json, and state.h5 while it lasts.
`saltus list Snn` shows what can be set; `saltus eval` measures a run.")]
pub struct TrainArgs {
    /// What is trained: snn, mlp, vision, bdh, mdlm, summaries, trm or hrm
    model: String,
    /// What it learns, such as digits
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Folder of data files; without it the program makes data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A setting, such as steps=2000 or 'hidden=[256, 128]'; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Seed of all random numbers
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder that the run is left in
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on with an interrupted run in that folder, to the same bits as without the interruption
    #[arg(long)]
    resume: bool,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

/// Trains, and says and writes what came out.
pub fn train(args: &TrainArgs) -> Result<ExitCode> {
    let run = Run::at(&args.out);
    let config = if args.resume {
        run.config().map_err(BadInput::of)?
    } else {
        run.wanted(&args.model, &args.settings()).map_err(BadInput::of)?
    };
    let device = Device::flex();
    let job = Job { arguments: &config.arguments, device: &device };
    let lesson = (config.model.lesson)(&job).map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let with_gradients = device.clone().autodiff();
    let (mut learning, mut log) = if args.resume {
        let (state, log) = run.state().map_err(BadInput::of)?;
        let learning = Learning::resume(lesson, &state, &with_gradients);
        (learning.with_context(|| format!("{} is of another network", run.state_file().display()))?, log)
    } else {
        run.begin(&config)?;
        (Learning::begin(lesson, job.seed(), &with_gradients), Log::default())
    };
    let stop = stop_on_ctrl_c()?;
    RUNNING.store(true, Ordering::Relaxed);
    let ended = go_on(&mut learning, &mut log, &run, stop, args.quiet)?;
    if !ended {
        say!("  interrupted after {} steps; --resume goes on from there", learning.steps_done());
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let figures = learning.measure_best(Part::Test);
    run.write_weights(&tensors(learning.best()))?;
    let metrics = log.metrics(&config.metrics(), &learning, &figures);
    write_whole(&run.metrics_file(), format!("{metrics:#}\n").as_bytes())?;
    log.draw(&run, &config.title())?;
    run.forget_state()?;
    say!("{}", summary(&learning, &log, &figures));
    say!("  wrote {}", run.folder().display());
    Ok(ExitCode::SUCCESS)
}

impl TrainArgs {
    /// All settings, the short options among them.
    fn settings(&self) -> Vec<String> {
        let text = |path: &PathBuf| format!("data={:?}", path.display().to_string());
        let mut all = self.set.clone();
        all.extend(self.task.as_ref().map(|task| format!("task={task}")));
        all.extend(self.data.as_ref().map(text));
        all.extend(self.seed.map(|seed| format!("seed={seed}")));
        all
    }
}

/// Learns until it is over (true) or stopped (false); the state is saved at every validation.
fn go_on(learning: &mut Learning, log: &mut Log, run: &Run, stop: &AtomicBool, quiet: bool) -> Result<bool> {
    let bar = progress(learning, quiet);
    let (every, began) = (learning.plan().every, processor_s() - log.cpu_s);
    while !learning.is_over() {
        let (step, loss) = (learning.steps_done(), learning.step());
        if !loss.is_finite() {
            return Err(anyhow!("the loss is {loss} after {step} steps; a smaller rate may help"));
        }
        log.losses.push((step as f64, loss));
        bar.set_position(step + 1);
        bar.set_message(log.message(loss, learning.rate()));
        let due =
            learning.steps_done().is_multiple_of(every) || learning.steps_done() == learning.plan().steps;
        let stopped = stop.load(Ordering::Relaxed);
        if due {
            let figures = learning.validate();
            log.validated(learning.steps_done(), &figures);
        }
        if due || stopped {
            log.cpu_s = processor_s() - began;
            run.write_state(&learning.state(), log)?;
        }
        if stopped {
            bar.finish_and_clear();
            return Ok(false);
        }
    }
    bar.finish_and_clear();
    Ok(true)
}

/// Losses and validations so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// (step, loss)
    pub losses: Vec<(f64, f64)>,
    /// (step, figure)
    pub validations: Vec<(f64, f64)>,
    /// What validations measure.
    pub measured: String,
    /// Processor time so far, s.
    pub cpu_s: f64,
}

impl Log {
    fn validated(&mut self, step: u64, figures: &[Figure]) {
        if let Some(figure) = figures.first() {
            self.measured.clone_from(&figure.name);
            self.validations.push((step as f64, figure.value));
        }
    }

    fn message(&self, loss: f64, rate: f64) -> String {
        let validated = self.validations.last().map(|point| format!("  {} {:.4}", self.measured, point.1));
        format!("loss {loss:.4}  rate {rate:.1e}{}", validated.unwrap_or_default())
    }

    /// What `metrics.json` says.
    fn metrics(&self, config: &Value, learning: &Learning, figures: &[Figure]) -> Value {
        let mut metrics = config.clone();
        let points = |points: &[(f64, f64)]| points.iter().map(|p| json!([p.0, p.1])).collect::<Vec<_>>();
        metrics["parameters"] = json!(learning.parameters());
        metrics["steps"] = json!(learning.steps_done());
        metrics["train_cpu_s"] = json!((self.cpu_s * 100.0).round() / 100.0);
        for figure in figures {
            metrics[&figure.name] = json!(figure.value);
        }
        metrics["validations"] = json!({ "measured": self.measured, "points": points(&self.validations) });
        metrics
    }

    fn draw(&self, run: &Run, title: &str) -> Result<()> {
        let course = Course {
            title: title.to_owned(),
            losses: self.losses.clone(),
            measured: self.measured.replace('_', " "),
            validations: self.validations.clone(),
        };
        save(&draw(&course, 720.0), &run.curve_file()).map_err(|error| anyhow!("{error}"))
    }
}

fn summary(learning: &Learning, log: &Log, figures: &[Figure]) -> String {
    let measured: Vec<String> = figures
        .iter()
        .map(|figure| format!("{} {:.4}", figure.name.replace('_', " "), figure.value))
        .collect();
    format!(
        "trained {} numbers in {} steps, {:.1} s of processor time: {}",
        learning.parameters(),
        learning.steps_done(),
        log.cpu_s,
        measured.join(", ")
    )
}

fn progress(learning: &Learning, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(learning.plan().steps), target);
    let style = ProgressStyle::with_template("train {bar:30} {percent:>3}%  {msg}  {eta} left");
    bar.set_style(style.expect("the template is fixed and valid"));
    bar.set_position(learning.steps_done());
    bar
}

/// Processor time of this process, all threads, s.
fn processor_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
