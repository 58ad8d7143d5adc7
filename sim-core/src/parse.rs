//! Text → checked network: the front door for everyone who has a network file.

use crate::description::Description;
use crate::network::Network;
use crate::parameter::{Arguments, Parameter};
use crate::read::arguments::Surroundings;
use crate::read::{Reader, suggestion};
use crate::ron::parse::parse;
use crate::settings;
use crate::source::{Diagnostic, Severity, Source};
use crate::validate::validate;
use crate::vocabulary::Vocabulary;

/// Reads and checks a network file with its settings ([`Source::set`]).
///
/// # Errors
/// Everything that is wrong with it, warnings included, in the order of the text.
pub fn network(
    source: &Source,
    vocabulary: &Vocabulary,
) -> Result<(Network, Vec<Diagnostic>), Vec<Diagnostic>> {
    let parsed = parse(&source.text, 0);
    let mut found = parsed.mistakes;
    let Some(mut root) = parsed.value else { return Err(in_order(found)) };
    settings::apply(&mut root, source, &mut found);
    let mut reader = Reader::new(source);
    let description = Description::read(&root, &mut reader);
    found.append(&mut reader.found);
    let network = match description.map(|description| validate(&description, source, vocabulary)) {
        Some(Ok((network, warnings))) => {
            found.extend(warnings);
            Some(network)
        }
        Some(Err(mistakes)) => {
            found.extend(mistakes);
            None
        }
        None => None,
    };
    let found = in_order(found);
    match network {
        Some(network) if found.iter().all(|d| d.severity == Severity::Warning) => Ok((network, found)),
        _ => Err(found),
    }
}

/// Sorted by place; what was found twice (once for every pair of populations) is said once.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    let mut once: Vec<Diagnostic> = Vec::with_capacity(found.len());
    for diagnostic in found {
        let here = once.iter().rev().take_while(|other| other.span.start == diagnostic.span.start);
        if !here.clone().any(|other| other.message == diagnostic.message) {
            once.push(diagnostic);
        }
    }
    once
}

/// Reads a text of one plug-in, `Name(…)`, with its settings ([`Source::set`]): which of `tables` it names, and
/// its arguments. `noun` says what it is in messages: `a model`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn plugin(
    source: &Source,
    noun: &str,
    tables: &[(&'static str, &'static [Parameter])],
) -> Result<(usize, Arguments), Vec<Diagnostic>> {
    let parsed = parse(&source.text, 0);
    let mut found = parsed.mistakes;
    let Some(mut root) = parsed.value else { return Err(in_order(found)) };
    settings::apply(&mut root, source, &mut found);
    let mut reader = Reader::new(source);
    let read = reader.plugin(&root, noun).and_then(|plugin| {
        let Some(row) = tables.iter().position(|(name, _)| *name == plugin.word) else {
            let help = suggestion(plugin.word, tables.iter().map(|(name, _)| *name), "known here");
            reader.error_with(plugin.span, format!("there is no {} {}", noun_only(noun), plugin.word), help);
            return None;
        };
        Some((row, reader.arguments(plugin, tables[row].1, Surroundings::default())?))
    });
    found.append(&mut reader.found);
    match read {
        Some(read) if found.iter().all(|d| d.severity == Severity::Warning) => Ok(read),
        _ => Err(in_order(found)),
    }
}

/// `a model` without its article.
fn noun_only(noun: &str) -> &str {
    noun.split_once(' ').map_or(noun, |(_, noun)| noun)
}
