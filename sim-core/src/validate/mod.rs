//! Description → network: names are resolved, units decided, plug-ins asked, limits checked.
//!
//! The only maker of a [`Network`]. It goes through everything and notes every mistake; what could
//! not be read is skipped in silence, for that has been told already.

mod delays;
mod layout;
mod pairs;
mod populations;
mod projections;
mod recordings;
mod scale;
mod simulation;
mod stimuli;

use crate::description::Description;
use crate::network::Network;
use crate::parameter::{Arguments, Complaint};
use crate::read::{Reader, Spanned, suggestion};
use crate::rng::Key;
use crate::source::{Diagnostic, Severity, Source, nearest};
use crate::validate::populations::{Entries, populations};
use crate::vocabulary::Vocabulary;

/// Checks what a description says against the words that a network file may use.
///
/// # Errors
/// All mistakes, and the warnings.
pub fn validate(
    description: &Description,
    source: &Source,
    vocabulary: &Vocabulary,
) -> Result<(Network, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader::new(source);
    let network = check(description, vocabulary, &mut reader);
    let wrong = reader.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match network {
        Some(network) if !wrong => Ok((network, reader.found)),
        _ => Err(reader.found),
    }
}

fn check(description: &Description, vocabulary: &Vocabulary, reader: &mut Reader) -> Option<Network> {
    let run = simulation::run(description, vocabulary, reader);
    let entries = populations(description, vocabulary, &run, reader);
    let clock = simulation::clock(description, &entries, reader);
    let projections = projections::projections(description, vocabulary, &entries, &run, reader);
    let stimuli = stimuli::stimuli(description, vocabulary, &entries, &run, reader);
    let recordings = recordings::recordings(description, &entries, &projections, &run, reader);
    let compensation = scale::compensation(description, &entries, &projections, &stimuli, reader);
    projections::count(description, &projections, reader);
    let title = description.title.clone().unwrap_or_else(|| reader.source.name.clone());
    let populations = entries.finish(&compensation)?;
    Some(Network {
        title,
        seed: run.seed,
        dt: run.dt?,
        duration: run.duration?,
        warm_up: run.warm_up,
        clock,
        precision: run.precision,
        populations,
        projections: projections.into_iter().map(|wire| wire.projection).collect(),
        stimuli: stimuli.into_iter().map(|driven| driven.stimulus).collect(),
        recordings,
        checkpoint_every: run.checkpoint_every,
        flush_every: run.flush_every,
        backend: run.backend,
        output: description.output.path.clone(),
    })
}

impl Reader<'_> {
    /// Notes what a plug-in finds wrong with its own arguments; says whether that was nothing.
    fn complain(&mut self, complaints: Vec<Complaint>, arguments: &Arguments) -> bool {
        let fine = complaints.is_empty();
        for complaint in complaints {
            let known = arguments.table().iter().any(|p| p.name == complaint.parameter);
            let span = if known { arguments.span(complaint.parameter) } else { arguments.whole() };
            self.error(span, complaint.message).help = complaint.help;
        }
        fine
    }

    /// The place of a population by name, or a note that there is none.
    fn population(&mut self, name: &Spanned<String>, entries: &Entries) -> Option<usize> {
        if let Some(place) = entries.find(&name.value) {
            return Some(place);
        }
        if !entries.known {
            return None;
        }
        let known = entries.names();
        let help = match nearest(&name.value, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "no population is defined".into(),
            None => format!("defined populations: {}", entries.listed_names().join(", ")),
        };
        self.error_with(name.span, format!("no population is called \"{}\"", name.value), help);
        None
    }

    /// The places of populations by name; one that is named twice is noted.
    fn populations(&mut self, names: &[Spanned<String>], entries: &Entries) -> Vec<usize> {
        let mut places = Vec::with_capacity(names.len());
        for name in names {
            let Some(place) = self.population(name, entries) else { continue };
            if places.contains(&place) {
                self.error(name.span, format!("\"{}\" stands twice in this list", name.value));
            } else {
                places.push(place);
            }
        }
        places
    }

    /// A plug-in's row by its word, or a note that there is none.
    fn row<'t, T>(
        &mut self,
        plugin: &crate::read::arguments::Plugin,
        rows: &[&'t T],
        name: impl Fn(&T) -> &'static str,
        noun: &str,
    ) -> Option<&'t T> {
        let found = rows.iter().find(|row| name(row) == plugin.word);
        if found.is_none() {
            let help = suggestion(plugin.word, rows.iter().map(|row| name(row)), &format!("{noun}s"));
            self.error_with(plugin.span, format!("no {noun} is called {}", plugin.word), help);
        }
        found.copied()
    }
}

/// The root of a named purpose's keys.
fn key(seed: u64, purpose: &str) -> Key {
    Key::new(seed).named(purpose)
}
