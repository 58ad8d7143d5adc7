//! How the network is run: steps, seed, clock, machine.

use crate::description::Description;
use crate::network::{BackendChoice, Clock, Precision};
use crate::read::arguments::Surroundings;
use crate::read::number::{plain, with_unit};
use crate::read::{Reader, Spanned, suggestion};
use crate::units::Dimension;
use crate::validate::populations::Entries;
use crate::vocabulary::Vocabulary;

/// More steps than these are probably a wrong unit.
const MANY_STEPS: f64 = 1e9;
/// More steps than these cannot be counted exactly.
pub(super) const MOST_STEPS: f64 = 1e15;

/// What `simulation`, `output` and `scale` say, in steps.
pub(super) struct Run {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Length of a step; absent if the file's could not be read.
    pub dt: Option<f64>,
    /// Steps to run.
    pub duration: Option<i64>,
    pub warm_up: i64,
    pub precision: Precision,
    pub checkpoint_every: Option<i64>,
    pub flush_every: Option<i64>,
    pub backend: BackendChoice,
    /// Factor of all sizes.
    pub neurons: f64,
    /// Factor of all in-degrees.
    pub indegrees: f64,
}

pub(super) fn run(description: &Description, vocabulary: &Vocabulary, reader: &mut Reader) -> Run {
    let scale = description.scale;
    let mut run = Run {
        seed: 1,
        dt: None,
        duration: None,
        warm_up: 0,
        precision: Precision::F32,
        checkpoint_every: None,
        flush_every: None,
        backend: BackendChoice::default(),
        neurons: scale.map_or(1.0, |scale| scale.neurons),
        indegrees: scale.map_or(1.0, |scale| scale.indegrees),
    };
    let Some(simulation) = &description.simulation else { return run };
    run.dt = simulation.dt;
    run.precision = simulation.precision;
    run.seed = simulation.seed.unwrap_or(1);
    if !simulation.seeded {
        let help = "add seed: 1, so that everyone who runs this file gets the same spikes";
        reader.warn(simulation.span, "there is no seed; 1 is used", help);
    }
    run.backend.threads = simulation.threads;
    if let Some(backend) = &simulation.backend
        && backend.word != "Cpu"
    {
        let known = || vocabulary.backends.iter().map(|row| row.name);
        match vocabulary.backends.iter().find(|row| row.name == backend.word) {
            Some(row) => {
                let around = Surroundings { elsewhere: &["threads"], ..Surroundings::default() };
                run.backend.arguments = reader.arguments(*backend, row.parameters, around);
            }
            None => {
                let known = known().chain((!known().any(|name| name == "Cpu")).then_some("Cpu"));
                let help = suggestion(backend.word, known, "backends");
                reader.error_with(backend.span, format!("no backend is called {}", backend.word), help);
            }
        }
        run.backend.name = backend.word.to_owned();
    }
    let Some(dt) = run.dt else { return run };
    run.duration = simulation.duration.as_ref().and_then(|time| duration(time, dt, reader));
    let rounded = |time: &Option<Spanned<f64>>, name: &str, reader: &mut Reader| {
        time.as_ref().and_then(|time| reader.rounded_steps(time, dt, name))
    };
    run.warm_up = rounded(&simulation.warm_up, "warm_up", reader).unwrap_or(0);
    run.checkpoint_every =
        rounded(&simulation.checkpoint_every, "checkpoint_every", reader).map(|n| n.max(1));
    run.flush_every = rounded(&description.output.flush_every, "flush_every", reader).map(|n| n.max(1));
    if let (Some(duration), Some(warm_up)) = (run.duration, &simulation.warm_up)
        && run.warm_up >= duration
    {
        let message = format!(
            "warm_up of {} is not shorter than the whole run",
            with_unit(warm_up.value, Dimension::Time)
        );
        reader.error_with(warm_up.span, message, "duration includes the warm-up");
    }
    run
}

fn duration(time: &Spanned<f64>, dt: f64, reader: &mut Reader) -> Option<i64> {
    let count = time.value / dt;
    if count < 0.5 {
        let message = format!("duration is shorter than one step of dt = {}", with_unit(dt, Dimension::Time));
        reader.error(time.span, message);
        return None;
    }
    let steps = reader.rounded_steps(time, dt, "duration")?;
    if count > MANY_STEPS {
        let message = format!("duration is {count:.3e} steps of dt = {}", with_unit(dt, Dimension::Time));
        let written = reader.source.slice(time.span).starts_with("s(");
        let help = if written { "was s(…) meant to be ms(…)?" } else { "is the unit right?" };
        reader.warn(time.span, message, help);
    }
    Some(steps)
}

/// The clock that the file asks for, or the only one that its models can live on.
pub(super) fn clock(description: &Description, entries: &Entries, reader: &mut Reader) -> Clock {
    let said = description.simulation.as_ref().and_then(|simulation| simulation.clock.as_ref());
    let exact_only = entries.models().any(|(model, _)| model.grid.is_none() && model.exact.is_some());
    let clock = said.map_or(if exact_only { Clock::Exact } else { Clock::Grid }, |said| said.value);
    for (model, span) in entries.models() {
        match clock {
            Clock::Exact if model.exact.is_none() => {
                let message = format!(
                    "{} lives on the grid only, but this network runs on the exact clock",
                    model.name
                );
                let help = match said {
                    Some(_) => "write clock: Grid".into(),
                    None => {
                        let exact = entries.models().find(|(other, _)| other.grid.is_none());
                        format!(
                            "{} needs the exact clock; both cannot be in one network",
                            exact.map_or("a model", |e| e.0.name)
                        )
                    }
                };
                reader.error_with(span, message, help);
            }
            Clock::Grid if model.grid.is_none() => {
                let message = format!("{} lives on the exact clock only", model.name);
                reader.error_with(span, message, "write clock: Exact, or leave clock out");
            }
            _ => {}
        }
    }
    clock
}

impl Reader<'_> {
    /// A time in whole steps; if it had to be rounded, that is noted as a warning.
    pub(super) fn rounded_steps(&mut self, time: &Spanned<f64>, dt: f64, name: &str) -> Option<i64> {
        let count = time.value / dt;
        if count > MOST_STEPS {
            self.error(time.span, format!("{name} is {count:.3e} steps of dt, more than can be counted"));
            return None;
        }
        let steps = count.round();
        if !is_whole(count) {
            let (said, used) =
                (with_unit(time.value, Dimension::Time), with_unit(steps * dt, Dimension::Time));
            let message = format!("{name} of {said} is rounded to {used}");
            self.warn(
                time.span,
                message,
                format!("times are multiples of dt = {}", with_unit(dt, Dimension::Time)),
            );
        }
        Some(steps as i64)
    }

    /// A time that must be one step or a whole number of them.
    pub(super) fn exact_steps(&mut self, time: &Spanned<f64>, dt: f64, name: &str) -> Option<i64> {
        let count = time.value / dt;
        if count > MOST_STEPS {
            self.error(time.span, format!("{name} is {count:.3e} steps of dt, more than can be counted"));
            return None;
        }
        if !is_whole(count) || count < 0.5 {
            let nearest = plain(count.round().max(1.0) * dt);
            let message = format!(
                "{name} of {} is not a multiple of dt = {}",
                with_unit(time.value, Dimension::Time),
                with_unit(dt, Dimension::Time)
            );
            self.error_with(time.span, message, format!("the nearest is ms({nearest})"));
            return None;
        }
        Some(count.round() as i64)
    }
}

/// Whether a number of steps is whole, but for the dust of binary fractions.
pub(super) fn is_whole(count: f64) -> bool {
    (count - count.round()).abs() <= 1e-6_f64.max(count.abs() * 1e-12)
}
