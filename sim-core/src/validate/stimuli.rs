//! Stimuli: spikes need a weight and a delay, currents have neither.

use crate::description::{self, Description};
use crate::network::Stimulus;
use crate::parameter::{Arguments, Kind};
use crate::quantity::Quantity;
use crate::read::Reader;
use crate::read::arguments::Surroundings;
use crate::read::number::{Asked, example, plain};
use crate::stimulus::StimulusBuild;
use crate::units::Dimension;
use crate::validate::key;
use crate::validate::populations::Entries;
use crate::validate::simulation::Run;
use crate::vocabulary::Vocabulary;

/// Spikes per second onto one neuron above which a wrong unit is likely.
const MANY_SPIKES: f64 = 1e6;

/// A checked stimulus, with what shrinking needs to know of the full network.
pub(super) struct Driven {
    pub stimulus: Stimulus,
    /// Spikes per second onto each neuron of each target in the full network.
    pub rates: Option<Vec<f64>>,
    /// Mean weight in the full network.
    pub weight: f64,
}

/// All stimuli in the order of their names.
pub(super) fn stimuli(
    description: &Description,
    vocabulary: &Vocabulary,
    entries: &Entries,
    run: &Run,
    reader: &mut Reader,
) -> Vec<Driven> {
    let mut names: Vec<&str> = Vec::new();
    let mut stimuli = Vec::new();
    for said in &description.stimuli {
        if let Some(name) = &said.name {
            if names.contains(&name.value.as_str()) {
                let message = format!("two stimuli are called \"{}\"", name.value);
                reader.error_with(name.span, message, "give them distinct names: name: \"…\"");
            }
            names.push(&name.value);
        }
        stimuli.extend(driven(said, vocabulary, entries, run, reader));
    }
    stimuli.sort_by(|a, b| a.stimulus.name.cmp(&b.stimulus.name));
    stimuli
}

fn driven(
    said: &description::Stimulus,
    vocabulary: &Vocabulary,
    entries: &Entries,
    run: &Run,
    reader: &mut Reader,
) -> Option<Driven> {
    let targets = reader.populations(&said.to, entries);
    let source = said.source?;
    let model = reader.row(&source, vocabulary.stimuli, |row| row.name, "stimulus")?;
    let spikes = matches!(model.build, StimulusBuild::Spikes(_));
    let arguments = reader.arguments(source, model.parameters, Surroundings::default());
    let weight = if spikes { weight(said, &targets, entries, run, reader) } else { None };
    let delay = if spikes { delay(said, run, reader) } else { Some(0) };
    if !spikes {
        unwanted(said, model.name, reader);
    }
    let full = arguments?;
    let complete = targets.len() == said.to.len();
    if !complete || !reader.complain((model.check)(&full, targets.len()), &full) {
        return None;
    }
    never_starts(&full, run, reader);
    listed_beyond(&full, &targets, entries, run, reader);
    let rates =
        model.rate.map(|rate| (0..targets.len()).map(|target| rate(&full, target)).collect::<Vec<f64>>());
    if let Some(rate) = rates.iter().flatten().copied().find(|rate| *rate > MANY_SPIKES) {
        let message = format!("{} Hz onto each neuron is very much", plain(rate));
        reader.warn(full.whole(), message, "is the unit right?");
    }
    let arguments = match model.shrink {
        Some(shrink) if run.indegrees < 1.0 => shrink(&full, run.indegrees),
        _ => full,
    };
    let name = said.name.as_ref()?.value.clone();
    if spikes && weight.is_none() {
        return None;
    }
    // In-degrees that are not scaled leave the weight as it is.
    let scaled = model.shrink.is_some() && run.indegrees < 1.0;
    let factor = if scaled { 1.0 / run.indegrees.sqrt() } else { 1.0 };
    Some(Driven {
        weight: weight.as_ref().map_or(0.0, Quantity::mean),
        stimulus: Stimulus {
            key: key(run.seed, "stimulus").named(&name),
            name,
            model,
            arguments,
            targets,
            weight: weight.map(|weight| weight.scaled(factor)),
            delay: delay?,
        },
        rates,
    })
}

/// The weight, read once for each target: all must take the same unit.
fn weight(
    said: &description::Stimulus,
    targets: &[usize],
    entries: &Entries,
    run: &Run,
    reader: &mut Reader,
) -> Option<Quantity> {
    let mut weight = None;
    for &target in targets {
        let entry = entries.at(target);
        let Some((model, _)) = entry.model else { continue };
        let dimension = model.weight;
        let Some(value) = said.weight else {
            let help = format!("add weight: {}", example(dimension, "…"));
            reader.error_with(said.span, "a stimulus of spikes needs weight", help);
            return None;
        };
        let unit = if dimension.base().is_empty() {
            "without a unit".into()
        } else {
            format!("in {}", dimension.base())
        };
        let because = format!("{} neurons take weights {unit}", model.name);
        let asked = Asked { name: "weight", dimension, because: Some(&because) };
        let quantity = reader.quantity(value, asked)?;
        if let Quantity::List(values) = &quantity
            && !reader.fits_population(
                values.len(),
                entry.full,
                run.neurons,
                ("weight", &entry.name),
                value.span(),
            )
        {
            return None;
        }
        weight = Some(quantity);
    }
    weight
}

fn delay(said: &description::Stimulus, run: &Run, reader: &mut Reader) -> Option<i64> {
    let dt = run.dt?;
    let Some(delay) = &said.delay else { return Some(1) };
    let fits = reader.delay_fits(&Quantity::Constant(delay.value), dt, delay.span);
    fits.then(|| ((delay.value / dt).round() as i64).max(1))
}

fn unwanted(said: &description::Stimulus, model: &str, reader: &mut Reader) {
    let weight = said.weight.map(|value| ("weight", value.span()));
    let delay = said.delay.as_ref().map(|delay| ("delay", delay.span));
    for (name, span) in weight.into_iter().chain(delay) {
        let message = format!("{model} is a current and has no {name}");
        reader.error_with(span, message, format!("leave out {name}"));
    }
}

fn never_starts(arguments: &Arguments, run: &Run, reader: &mut Reader) {
    let time = |p: &&crate::parameter::Parameter| {
        p.name == "start" && matches!(p.kind, Kind::Value(Dimension::Time) | Kind::Quantity(Dimension::Time))
    };
    let Some(start) = arguments.table().iter().find(time) else { return };
    let (Some(steps), Some(dt)) = (run.duration, run.dt) else { return };
    if arguments.try_number(start.name).is_some_and(|start| start >= steps as f64 * dt) {
        let help = format!("the run lasts ms({})", plain(steps as f64 * dt));
        reader.warn(arguments.span("start"), "this stimulus starts after the end of the run", help);
    }
}

/// Spikes listed for neurons that a target does not have, or for times that never come.
fn listed_beyond(
    arguments: &Arguments,
    targets: &[usize],
    entries: &Entries,
    run: &Run,
    reader: &mut Reader,
) {
    let listed = |name: &str| {
        let kept = |p: &&crate::parameter::Parameter| p.name == name && matches!(p.kind, Kind::Values(_));
        arguments.table().iter().find(kept).map(|p| arguments.values(p.name)).unwrap_or_default()
    };
    for entry in targets.iter().map(|&target| entries.at(target)) {
        let Some(size) = entry.size else { continue };
        if let Some(index) = listed("neurons").iter().find(|index| **index >= f64::from(size)) {
            let message = format!("\"{}\" has no neuron {index}", entry.name);
            let help = format!("it has {size} neurons, counted from 0");
            reader.error_with(arguments.span("neurons"), message, help);
        }
    }
    let (Some(steps), Some(dt)) = (run.duration, run.dt) else { return };
    let (times, end) = (listed("times"), steps as f64 * dt);
    let late = times.iter().filter(|time| **time > end).count();
    if late > 0 {
        let which = if late == times.len() { "all".into() } else { format!("{late} of {}", times.len()) };
        let message = format!("{which} times listed here lie after the end of the run");
        reader.warn(arguments.span("times"), message, format!("the run lasts ms({})", plain(end)));
    }
}
