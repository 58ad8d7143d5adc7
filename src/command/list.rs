//! `saltus list`: the words a network file may use, with parameters, units and defaults.

use crate::complain;
use crate::say;
use crate::vocabulary::VOCABULARY;
use clap::Args;
use serde_json::{Value, json};
use sim_core::parameter::{Default, Kind, Parameter};
use sim_core::source::nearest;
use std::process::ExitCode;

/// What can be asked of `saltus list`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  saltus list\n  saltus list neurons\n  saltus list IafPscExp\n  saltus list --json"
)]
pub struct ListArgs {
    /// A kind (neurons, synapses, rules, stimuli, backends) or a word (IafPscExp); all by default
    what: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One word of the vocabulary, as `list` shows it.
struct Entry {
    kind: &'static str,
    name: &'static str,
    nest: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    states: Vec<String>,
}

/// Prints the vocabulary.
pub fn list(args: &ListArgs) -> ExitCode {
    let entries = entries();
    let wanted: Vec<&Entry> = match args.what.as_deref() {
        None => entries.iter().collect(),
        Some(what) => entries
            .iter()
            .filter(|entry| {
                [entry.kind, entry.name, entry.nest].iter().any(|word| word.eq_ignore_ascii_case(what))
            })
            .collect(),
    };
    if wanted.is_empty() {
        let what = args.what.as_deref().unwrap_or_default();
        let words = entries.iter().flat_map(|entry| [entry.kind, entry.name]);
        let hint = nearest(what, words).map_or(String::new(), |word| format!("; did you mean {word:?}?"));
        complain!("error: no kind or word is called {what:?}{hint}");
        return ExitCode::from(2);
    }
    if args.json {
        say!("{:#}", Value::Array(wanted.iter().map(|entry| entry.json()).collect()));
    } else if args.what.is_some()
        && wanted.iter().all(|entry| entry.kind != args.what.as_deref().unwrap_or(""))
    {
        wanted.iter().for_each(|entry| entry.print());
    } else {
        print_overview(&wanted);
    }
    ExitCode::SUCCESS
}

fn entries() -> Vec<Entry> {
    let plain = |kind, name, nest, summary, parameters| Entry {
        kind,
        name,
        nest,
        summary,
        parameters,
        states: Vec::new(),
    };
    let mut entries: Vec<Entry> = Vec::new();
    for model in VOCABULARY.neurons {
        let state = |s: &sim_core::neuron::State| match s.dimension.base() {
            "" => s.name.to_string(),
            unit => format!("{} ({unit})", s.name),
        };
        let states = model.states.iter().map(state).collect();
        entries.push(Entry {
            states,
            ..plain("neurons", model.name, model.nest, model.summary, model.parameters)
        });
    }
    entries.extend(
        VOCABULARY.synapses.iter().map(|m| plain("synapses", m.name, m.nest, m.summary, m.parameters)),
    );
    entries.extend(VOCABULARY.rules.iter().map(|r| plain("rules", r.name, "", r.summary, r.parameters)));
    entries.extend(VOCABULARY.stimuli.iter().map(|s| plain("stimuli", s.name, "", s.summary, s.parameters)));
    entries
        .extend(VOCABULARY.backends.iter().map(|b| plain("backends", b.name, "", b.summary, b.parameters)));
    #[cfg(feature = "train")]
    entries.extend(training::MODELS.iter().map(|m| plain("trained", m.name, "", m.summary, m.parameters)));
    entries
}

fn print_overview(entries: &[&Entry]) {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut kind = "";
    for entry in entries {
        if entry.kind != kind {
            kind = entry.kind;
            say!("{}{kind}", if kind == entries[0].kind { "" } else { "\n" });
        }
        say!("  {:width$}  {}", entry.name, entry.summary);
    }
    say!("\nParameters of one word: saltus list WORD");
}

impl Entry {
    fn print(&self) {
        let nest = if self.nest.is_empty() { String::new() } else { format!(" ({} in NEST)", self.nest) };
        say!("{}{nest}: {}\n", self.name, self.summary);
        let rows: Vec<[String; 4]> = self.parameters.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (name, kind, default) = (width(0).max(9), width(1).max(4), width(2).max(7));
        say!("  {:name$}  {:kind$}  {:default$}  meaning", "parameter", "kind", "default");
        for [n, k, d, meaning] in &rows {
            say!("  {n:name$}  {k:kind$}  {d:default$}  {meaning}");
        }
        if !self.states.is_empty() {
            say!("\n  can be recorded and initialised: {}", self.states.join(", "));
        }
        say!("");
    }

    fn json(&self) -> Value {
        let parameter = |p: &Parameter| {
            let [name, kind, default, meaning] = row(p);
            json!({ "name": name, "kind": kind, "unit": unit(p.kind), "default": default,
                    "range": p.range.words(), "meaning": meaning })
        };
        json!({ "kind": self.kind, "name": self.name, "nest": self.nest, "summary": self.summary,
                "parameters": self.parameters.iter().map(parameter).collect::<Vec<_>>(), "states": self.states })
    }
}

fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::Quantity(dimension) | Kind::Value(dimension) | Kind::Values(dimension) => dimension.base(),
        _ => "",
    }
}

fn row(parameter: &Parameter) -> [String; 4] {
    let kind = match parameter.kind {
        Kind::Quantity(dimension) => format!("{} or distribution", short(dimension.noun())),
        Kind::Value(dimension) => short(dimension.noun()).into(),
        Kind::Values(dimension) => format!("{} or list", short(dimension.noun())),
        Kind::Weight => "weight".into(),
        Kind::Integer => "whole number".into(),
        Kind::Flag => "true or false".into(),
        Kind::Choice(words) => words.join(" | "),
        Kind::Text => "text".into(),
        Kind::Pairs => "list of (source, target)".into(),
    };
    let with_unit = |value: f64| match unit(parameter.kind) {
        // The largest number there is stands for no bound.
        _ if value.abs() == f64::MAX => "none".into(),
        "" => value.to_string(),
        unit => format!("{unit}({value})"),
    };
    let default = match parameter.default {
        Default::Required => "required".into(),
        Default::Absent => "-".into(),
        Default::Number(value) => with_unit(value),
        Default::Flag(flag) => flag.to_string(),
        Default::Word(word) => word.into(),
        Default::SameAs(other) => format!("as {other}"),
    };
    [parameter.name.into(), kind, default, parameter.meaning.into()]
}

/// "a time" → "time".
fn short(noun: &'static str) -> &'static str {
    noun.strip_prefix("a ").or(noun.strip_prefix("an ")).unwrap_or(noun)
}
