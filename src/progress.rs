//! The progress bar: model time, real-time factor, spikes, time left.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim_core::backend::{Epoch, Machine};
use sim_core::observer::{Observer, ObserverError};
use std::time::{Duration, Instant};

/// How often the line is drawn anew at most.
const REDRAW: Duration = Duration::from_millis(100);

/// A progress bar on the terminal; silent when there is none.
pub struct Progress {
    bar: ProgressBar,
    dt: f64,
    begin: Instant,
    drawn: Instant,
    from: i64,
    spikes: u64,
}

impl Progress {
    /// A bar from step `from` to step `until`.
    pub fn new(from: i64, until: i64, dt: f64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some((until - from).max(0) as u64), target);
        let style = ProgressStyle::with_template("simulate {bar:30} {percent:>3}%  {msg}  {eta} left");
        bar.set_style(style.expect("the template is fixed and valid"));
        let now = Instant::now();
        Progress { bar, dt, begin: now, drawn: now, from, spikes: 0 }
    }

    /// A bar for building a network, in percent.
    pub fn building(quiet: bool) -> ProgressBar {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(100), target);
        let style = ProgressStyle::with_template("build    {bar:30} {percent:>3}%  {elapsed}");
        bar.set_style(style.expect("the template is fixed and valid"));
        bar
    }

    /// A bar of windows that are measured: it is drawn between them only.
    pub fn windows(count: u32) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(u64::from(count)), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("measure  {bar:30} {pos} of {len} windows");
        bar.set_style(style.expect("the template is fixed and valid"));
        bar
    }
}

impl Observer for Progress {
    fn see(&mut self, epoch: &Epoch, _: &dyn Machine) -> Result<(), ObserverError> {
        self.spikes += epoch.spikes.len() as u64;
        if self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            let model_ms = epoch.until as f64 * self.dt;
            let lived_s = (epoch.until - self.from) as f64 * self.dt * 1e-3;
            let factor = self.begin.elapsed().as_secs_f64() / lived_s;
            self.bar.set_message(format!(
                "{model_ms:.0} ms  real-time factor {factor:.2}  {} spikes",
                self.spikes
            ));
            self.bar.set_position((epoch.until - self.from) as u64);
        }
        Ok(())
    }

    fn finish(&mut self, _: &dyn Machine) -> Result<(), ObserverError> {
        self.bar.finish_and_clear();
        Ok(())
    }
}
