//! Recordings, the run itself, output and scale, as the file says them.

use crate::description::{Output, Recording, Scale, Simulation, What};
use crate::network::{Clock, Pick, Precision};
use crate::parameter::Range;
use crate::quantity::Quantity;
use crate::read::fields::Fields;
use crate::read::number::Asked;
use crate::read::{Reader, Spanned, suggestion};
use crate::ron::value::{Node, Value};
use crate::units::Dimension;

pub(super) fn recording(value: &Value, reader: &mut Reader) -> Option<Recording> {
    let mut fields = reader.fields(value, "a recording")?;
    let said = fields.required(reader, "what", "Spikes");
    let what = said.and_then(|value| what(value, reader));
    let from = fields.take(reader, "from").map(|value| reader.names(value, "from"));
    let pick = match fields.take(reader, "pick") {
        Some(value) => pick(value, reader).map(|pick| Spanned { value: pick, span: value.span() }),
        None => None,
    };
    let span = said.map_or(fields.span, Value::span);
    if from.is_none() && !matches!(what, None | Some(What::Weights { .. })) {
        let help = "add from: [\"E\"]";
        reader.error_with(span, "a recording needs from", help);
    }
    let pick = pick.unwrap_or(Spanned { value: Pick::All, span });
    fields.finish(reader);
    Some(Recording { what, span, from, pick })
}

fn what(value: &Value, reader: &mut Reader) -> Option<What> {
    let plugin = reader.plugin(value, "what is recorded")?;
    let known = ["Spikes", "State", "Weights", "PopulationRate"];
    if !known.contains(&plugin.word) {
        let help = suggestion(plugin.word, known, "recordings");
        reader.error_with(
            plugin.span,
            format!("nothing that can be recorded is called {}", plugin.word),
            help,
        );
        return None;
    }
    if let Node::Word(word) = &value.node {
        if &**word == "Spikes" {
            return Some(What::Spikes);
        }
        let form = match &**word {
            "State" => "State(variables: [\"V_m\"], every: ms(1.0))",
            "Weights" => "Weights(projection: \"name\", every: s(1.0))",
            _ => "PopulationRate(bin: ms(1.0))",
        };
        reader.error_with(value.span(), format!("{word} needs more"), format!("write {form}"));
        return None;
    }
    let mut fields = reader.fields(value, plugin.word)?;
    let what = match plugin.word {
        "Spikes" => What::Spikes,
        "State" => {
            let variables = fields.required(reader, "variables", "[\"V_m\"]");
            let variables = variables.map(|value| reader.names(value, "variables")).unwrap_or_default();
            What::State { variables, every: interval(&mut fields, "every", reader) }
        }
        "Weights" => {
            let projection = fields.required(reader, "projection", "\"name\"");
            let projection = projection.and_then(|value| reader.text(value, "projection"));
            What::Weights { projection, every: interval(&mut fields, "every", reader) }
        }
        _ => What::PopulationRate { bin: interval(&mut fields, "bin", reader) },
    };
    fields.finish(reader);
    Some(what)
}

fn interval(fields: &mut Fields, name: &'static str, reader: &mut Reader) -> Option<Spanned<f64>> {
    let value = fields.required(reader, name, "ms(1.0)")?;
    time(value, name, Range::Positive, reader)
}

fn time(value: &Value, name: &str, range: Range, reader: &mut Reader) -> Option<Spanned<f64>> {
    let asked = Asked::new(name, Dimension::Time);
    let time = reader.number(value, asked)?;
    let fits = reader.in_range(&Quantity::Constant(time), range, asked, value.span());
    fits.then_some(Spanned { value: time, span: value.span() })
}

fn pick(value: &Value, reader: &mut Reader) -> Option<Pick> {
    let plugin = reader.plugin(value, "pick")?;
    let known = ["All", "First", "Random", "Ids"];
    if !known.contains(&plugin.word) {
        let help = suggestion(plugin.word, known, "picks");
        reader.error_with(plugin.span, format!("pick cannot be {}", plugin.word), help);
        return None;
    }
    if plugin.word == "All" {
        return Some(Pick::All);
    }
    let item = match &value.node {
        Node::Struct(s) if s.items.len() == 1 && s.fields.is_empty() => &s.items[0],
        _ => {
            let form =
                if plugin.word == "Ids" { "Ids([0, 1, 2])".into() } else { format!("{}(10)", plugin.word) };
            reader.error_with(
                value.span(),
                format!("{} is written {form}", plugin.word),
                format!("write {form}"),
            );
            return None;
        }
    };
    let most = u64::from(u32::MAX);
    if plugin.word == "Ids" {
        let ids = reader.list(item, "Ids")?;
        let ids = ids.iter().map(|id| Some(reader.whole(id, "an index", 0, most)?.value as u32));
        return ids.collect::<Option<Vec<u32>>>().map(Pick::Ids);
    }
    let n = reader.whole(item, "the number of neurons", 0, most)?.value as u32;
    Some(if plugin.word == "First" { Pick::First(n) } else { Pick::Random(n) })
}

pub(super) fn simulation<'v>(value: &'v Value, reader: &mut Reader) -> Option<Simulation<'v>> {
    let mut fields = reader.fields(value, "simulation")?;
    let duration = fields.required(reader, "duration", "s(1.0)");
    let duration = duration.and_then(|value| time(value, "duration", Range::Positive, reader));
    let dt = match fields.take(reader, "dt") {
        Some(value) => time(value, "dt", Range::Positive, reader).map(|dt| dt.value),
        None => Some(0.1),
    };
    let seed = fields.take(reader, "seed");
    let seeded = seed.is_some();
    let seed = seed.and_then(|value| reader.whole(value, "seed", 0, u64::MAX)).map(|seed| seed.value);
    let warm_up = fields.take(reader, "warm_up");
    let warm_up = warm_up.and_then(|value| time(value, "warm_up", Range::NotNegative, reader));
    let checkpoint_every = fields.take(reader, "checkpoint_every");
    let checkpoint_every =
        checkpoint_every.and_then(|value| time(value, "checkpoint_every", Range::Positive, reader));
    let precision = fields.take(reader, "precision");
    let precision = precision.and_then(|value| reader.choice(value, "precision", &["F32", "F64"]));
    let clock = fields.take(reader, "clock").and_then(|value| {
        let word = reader.choice(value, "clock", &["Grid", "Exact"])?;
        let clock = if word == "Grid" { Clock::Grid } else { Clock::Exact };
        Some(Spanned { value: clock, span: value.span() })
    });
    let backend = fields.take(reader, "backend").and_then(|value| reader.plugin(value, "a backend"));
    let threads = backend.and_then(|backend| threads(backend.value, backend.word, reader));
    let span = fields.span;
    fields.finish(reader);
    let precision = if precision == Some("F64") { Precision::F64 } else { Precision::F32 };
    Some(Simulation {
        span,
        duration,
        dt,
        seed,
        seeded,
        warm_up,
        checkpoint_every,
        precision,
        clock,
        backend,
        threads,
    })
}

/// `threads: All`, `threads: Count(4)` or `threads: 4`.
fn threads(backend: &Value, word: &str, reader: &mut Reader) -> Option<usize> {
    if matches!(backend.node, Node::Word(_)) {
        return None;
    }
    let mut fields = reader.fields(backend, word)?;
    let said = fields.take(reader, "threads");
    // What else may stand here is the machine's own; the CPU has nothing.
    if word == "Cpu" {
        fields.finish(reader);
    }
    let said = said?;
    let number = match &said.node {
        Node::Word(word) if &**word == "All" => return None,
        Node::Struct(s) if &*s.name == "Count" && s.items.len() == 1 => &s.items[0],
        Node::Word(_) | Node::Struct(_) => {
            let help = "write All, Count(4) or 4";
            reader.error_with(said.span(), format!("threads cannot be {}", said.noun()), help);
            return None;
        }
        _ => said,
    };
    reader.whole(number, "threads", 1, 4096).map(|threads| threads.value as usize)
}

pub(super) fn output(value: &Value, reader: &mut Reader) -> Option<Output> {
    let mut fields = reader.fields(value, "output")?;
    let path = fields.take(reader, "path").and_then(|value| reader.name(value, "path"));
    let flush_every = fields.take(reader, "flush_every");
    let flush_every = flush_every.and_then(|value| time(value, "flush_every", Range::Positive, reader));
    fields.finish(reader);
    Some(Output { path: path.map(|path| path.value), flush_every })
}

pub(super) fn scale(value: &Value, reader: &mut Reader) -> Option<Scale> {
    let span = value.span();
    let factor = |value: &Value, name: &str, reader: &mut Reader| {
        let factor = reader.number(value, Asked::new(name, Dimension::Number))?;
        if factor > 0.0 && factor <= 1.0 {
            return Some(factor);
        }
        reader.error(value.span(), format!("{name} must be above 0 and at most 1"));
        None
    };
    if !matches!(value.node, Node::Struct(_) | Node::Tuple(_) | Node::Map(_)) {
        let both = factor(value, "scale", reader)?;
        return Some(Scale { span, neurons: both, indegrees: both });
    }
    let mut fields = reader.fields(value, "scale")?;
    let neurons = fields.take(reader, "neurons").map_or(Some(1.0), |value| factor(value, "neurons", reader));
    let indegrees =
        fields.take(reader, "indegrees").map_or(Some(1.0), |value| factor(value, "indegrees", reader));
    fields.finish(reader);
    Some(Scale { span, neurons: neurons?, indegrees: indegrees? })
}
