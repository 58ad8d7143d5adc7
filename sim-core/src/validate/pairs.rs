//! The pairs of populations that a file joins: lists of names and tables, taken apart.

use crate::description::{Description, Line, Table};
use crate::read::arguments::Plugin;
use crate::read::{Reader, Spanned};
use crate::ron::value::{Node, Value};
use crate::source::{Span, nearest};
use crate::validate::populations::Entries;

/// One pair of populations that the file joins.
pub(super) struct Pair<'d> {
    pub name: &'d str,
    pub span: Span,
    pub source: usize,
    pub target: usize,
    pub rule: Plugin<'d>,
    pub cell: Option<&'d Value>,
    pub weight: Option<&'d Value>,
    pub delay: Option<&'d Value>,
    pub plasticity: Option<Plugin<'d>>,
}

/// All pairs in the order of (source name, target name, own name).
pub(super) fn pairs<'d>(
    description: &'d Description,
    entries: &Entries,
    reader: &mut Reader,
) -> Vec<Pair<'d>> {
    let mut pairs = listed(description, entries, reader);
    for table in &description.tables {
        cells(table, entries, &mut pairs, reader);
    }
    // A stable sort: of two that clash, the later one in the file is told.
    pairs.sort_by_key(|pair| (pair.source, pair.target, pair.name));
    for two in pairs.windows(2) {
        if (two[0].source, two[0].target, two[0].name) == (two[1].source, two[1].target, two[1].name) {
            clash(&two[1], entries, reader);
        }
    }
    pairs
}

fn clash(pair: &Pair, entries: &Entries, reader: &mut Reader) {
    let (source, target) = (&entries.at(pair.source).name, &entries.at(pair.target).name);
    let called =
        if pair.name.is_empty() { "without a name".into() } else { format!("called \"{}\"", pair.name) };
    let message = format!("two projections from \"{source}\" to \"{target}\" are {called}");
    reader.error_with(pair.span, message, "give them distinct names: name: \"…\"");
}

fn listed<'d>(description: &'d Description, entries: &Entries, reader: &mut Reader) -> Vec<Pair<'d>> {
    let mut pairs = Vec::new();
    for said in &description.projections {
        let sources = reader.populations(&said.from, entries);
        let targets = reader.populations(&said.to, entries);
        let Some(rule) = said.rule else { continue };
        for &source in &sources {
            pairs.extend(targets.iter().map(|&target| Pair {
                name: &said.name,
                span: said.span,
                source,
                target,
                rule,
                cell: None,
                weight: said.weight,
                delay: said.delay,
                plasticity: said.plasticity,
            }));
        }
    }
    pairs
}

fn cells<'d>(table: &'d Table, entries: &Entries, pairs: &mut Vec<Pair<'d>>, reader: &mut Reader) {
    for name in table.from.iter().chain(&table.to) {
        reader.population(name, entries);
    }
    // Where a heading is misspelt, the lines are not to blame.
    let headed = |names: &[Spanned<String>]| names.iter().all(|name| entries.find(&name.value).is_some());
    let sound = headed(&table.from) && headed(&table.to);
    for line in table.weight.iter().chain(&table.delay).filter(|_| sound) {
        in_table(&line.from, &table.from, "columns", reader);
        in_table(&line.to, &table.to, "rows", reader);
    }
    let (Some(rows), Some(rule)) = (&table.values, table.rule) else { return };
    for (row, to) in rows.iter().zip(&table.to) {
        for (cell, from) in row.iter().zip(&table.from) {
            let (Some(source), Some(target)) = (entries.find(&from.value), entries.find(&to.value)) else {
                continue;
            };
            if matches!(cell.node, Node::Float(0.0) | Node::Integer(0)) {
                continue;
            }
            pairs.push(Pair {
                name: &table.name,
                span: cell.span(),
                source,
                target,
                rule,
                cell: Some(cell),
                weight: last_line(&table.weight, &from.value, &to.value),
                delay: last_line(&table.delay, &from.value, &to.value),
                plasticity: table.plasticity,
            });
        }
    }
}

/// Names in a line that the table does not have.
fn in_table(names: &[Spanned<String>], table: &[Spanned<String>], what: &str, reader: &mut Reader) {
    for name in names.iter().filter(|name| !table.iter().any(|known| known.value == name.value)) {
        let known: Vec<&str> = table.iter().map(|known| known.value.as_str()).collect();
        let help = match nearest(&name.value, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("{what}: {}", known.join(", ")),
        };
        reader.error_with(
            name.span,
            format!("\"{}\" is not among the {what} of this table", name.value),
            help,
        );
    }
}

fn last_line<'d>(lines: &'d [Line], from: &str, to: &str) -> Option<&'d Value> {
    let holds =
        |names: &[Spanned<String>], name: &str| names.is_empty() || names.iter().any(|n| n.value == name);
    let line = lines.iter().rev().find(|line| holds(&line.from, from) && holds(&line.to, to))?;
    line.value
}
