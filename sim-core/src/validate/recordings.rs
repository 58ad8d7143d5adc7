//! Recordings: what, of whom, how often.

use crate::description::{self, Description, What};
use crate::network::{Pick, Recorded, Recording};
use crate::read::{Reader, Spanned};
use crate::source::nearest;
use crate::validate::populations::Entries;
use crate::validate::projections::Wire;
use crate::validate::simulation::Run;

/// All recordings in the order of the file.
pub(super) fn recordings(
    description: &Description,
    entries: &Entries,
    wires: &[Wire],
    run: &Run,
    reader: &mut Reader,
) -> Vec<Recording> {
    weights_twice(description, reader);
    let said = description.recordings.iter();
    said.filter_map(|said| recording(said, description, entries, wires, run, reader)).collect()
}

/// The weights of a projection have one place in a recording.
fn weights_twice(description: &Description, reader: &mut Reader) {
    let mut recorded: Vec<&str> = Vec::new();
    for said in &description.recordings {
        let Some(What::Weights { projection: Some(name), .. }) = &said.what else { continue };
        if recorded.contains(&name.value.as_str()) {
            let message = format!("the weights of \"{}\" are recorded already", name.value);
            reader.error_with(name.span, message, "keep one of the two");
        }
        recorded.push(&name.value);
    }
}

fn recording(
    said: &description::Recording,
    description: &Description,
    entries: &Entries,
    wires: &[Wire],
    run: &Run,
    reader: &mut Reader,
) -> Option<Recording> {
    let from = said.from.as_ref().map(|from| reader.populations(from, entries));
    if said.from.as_ref().is_some_and(|from| from.is_empty()) {
        reader.error_with(said.span, "from is empty", "name at least one population");
    }
    pick_fits(&said.pick, from.as_deref().unwrap_or_default(), entries, reader);
    let steps = |time: &Option<Spanned<f64>>, name: &str, reader: &mut Reader| {
        time.as_ref().zip(run.dt).and_then(|(time, dt)| reader.exact_steps(time, dt, name))
    };
    let what = match said.what.as_ref()? {
        What::Spikes => Recorded::Spikes,
        What::PopulationRate { bin } => Recorded::PopulationRate { bin: steps(bin, "bin", reader)? },
        What::State { variables, every } => {
            for variable in variables {
                known_state(variable, from.as_deref().unwrap_or_default(), entries, reader);
            }
            let names = variables.iter().map(|variable| variable.value.clone()).collect();
            Recorded::State { variables: names, every: steps(every, "every", reader)? }
        }
        What::Weights { projection, every } => {
            let every = steps(every, "every", reader);
            let projection = projection.as_ref()?;
            known_projection(projection, description, reader);
            Recorded::Weights { projection: projection.value.clone(), every: every? }
        }
    };
    let from = from.unwrap_or_else(|| sources(&what, entries, wires));
    Some(Recording { what, from, pick: said.pick.value.clone() })
}

/// Without `from`, weights are recorded from all sources of their projection.
fn sources(what: &Recorded, entries: &Entries, wires: &[Wire]) -> Vec<usize> {
    let Recorded::Weights { projection, .. } = what else { return Vec::new() };
    let of = |source: usize| {
        wires.iter().any(|wire| wire.projection.name == *projection && wire.projection.source == source)
    };
    (0..entries.len()).filter(|source| of(*source)).collect()
}

fn pick_fits(pick: &Spanned<Pick>, from: &[usize], entries: &Entries, reader: &mut Reader) {
    for &place in from {
        let entry = entries.at(place);
        let Some(size) = entry.size else { continue };
        match &pick.value {
            Pick::Ids(ids) => {
                if let Some(id) = ids.iter().find(|id| **id >= size) {
                    let message = format!("\"{}\" has no neuron {id}", entry.name);
                    let help = format!("it has {size} neurons, counted from 0");
                    reader.error_with(pick.span, message, help);
                }
            }
            Pick::First(n) | Pick::Random(n) if *n > size => {
                let message = format!("{n} neurons are picked, but \"{}\" has {size}", entry.name);
                reader.warn(pick.span, message, "all of them are recorded");
            }
            _ => {}
        }
    }
}

fn known_state(variable: &Spanned<String>, from: &[usize], entries: &Entries, reader: &mut Reader) {
    for &place in from {
        let entry = entries.at(place);
        let Some((model, _)) = entry.model else { continue };
        let states = || model.states.iter().map(|state| state.name);
        if states().any(|state| state == variable.value) {
            continue;
        }
        let others =
            entries.models().filter(|(model, _)| model.states.iter().any(|s| s.name == variable.value));
        let mut others: Vec<&str> = others.map(|(model, _)| model.name).collect();
        others.sort_unstable();
        others.dedup();
        let help = match nearest(&variable.value, states()) {
            _ if !others.is_empty() => format!("{} has it", others.join(", ")),
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("state variables: {}", states().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("{} neurons have no state variable {}", model.name, variable.value);
        reader.error_with(variable.span, message, help);
    }
}

fn known_projection(name: &Spanned<String>, description: &Description, reader: &mut Reader) {
    let lists = description.projections.iter().map(|p| &p.name);
    let names = lists.chain(description.tables.iter().map(|table| &table.name));
    let known: Vec<&str> = names.filter(|name| !name.is_empty()).map(String::as_str).collect();
    if known.contains(&name.value.as_str()) {
        return;
    }
    let help = match nearest(&name.value, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => format!("no projection has a name; give one name: \"{}\"", name.value),
        None => format!("named projections: {}", known.join(", ")),
    };
    reader.error_with(name.span, format!("no projection is called \"{}\"", name.value), help);
}
