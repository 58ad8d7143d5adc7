//! Populations, projections, tables and stimuli, as the file says them.

use crate::description::{Layout, Line, Model, Population, Projection, Stimulus, Table};
use crate::network::Sign;
use crate::read::arguments::Plugin;
use crate::read::fields::Fields;
use crate::read::number::Asked;
use crate::read::{MOST_IN_A_LIST, Reader, Spanned};
use crate::ron::value::{Node, Value};
use crate::units::Dimension;

pub(super) fn population<'v>(value: &'v Value, reader: &mut Reader) -> Option<Population<'v>> {
    let mut fields = reader.fields(value, "a population")?;
    let name = fields.required(reader, "name", "\"E\"").and_then(|value| reader.name(value, "name"));
    let size = fields.required(reader, "size", "100");
    let size = size.and_then(|value| reader.whole(value, "size", 0, u64::from(u32::MAX)));
    let model = fields.required(reader, "model", "IafPscExp()").and_then(|value| model(value, reader));
    let initial = fields.take(reader, "initial").map(|value| initial(value, reader)).unwrap_or_default();
    let sign = fields.take(reader, "sign");
    let sign = sign.and_then(|value| reader.choice(value, "sign", &["Excitatory", "Inhibitory"]));
    let colour = fields.take(reader, "colour").and_then(|value| colour(value, reader));
    let positions = fields.take(reader, "positions").and_then(|value| layout(value, reader));
    let rate = fields.take(reader, "rate").and_then(|value| rate(value, reader));
    let span = fields.span;
    fields.finish(reader);
    Some(Population {
        span,
        name,
        size: size.map(|size| Spanned { value: size.value as u32, span: size.span }),
        model,
        initial,
        sign: sign.map(|word| if word == "Excitatory" { Sign::Excitatory } else { Sign::Inhibitory }),
        colour,
        positions,
        rate,
    })
}

fn model<'v>(value: &'v Value, reader: &mut Reader) -> Option<Model<'v>> {
    let plugin = reader.plugin(value, "a neuron model")?;
    if plugin.word != "Use" {
        return Some(Model::Word(plugin));
    }
    match &plugin.value.node {
        Node::Struct(s) if s.fields.is_empty() && s.items.len() == 1 => {
            reader.text(&s.items[0], "the name in Use(…)").map(Model::Use)
        }
        _ => {
            let message = "Use takes the name of one of neuron_models";
            reader.error_with(plugin.value.span(), message, "write Use(\"name\")");
            None
        }
    }
}

fn initial<'v>(value: &'v Value, reader: &mut Reader) -> Vec<(Spanned<&'v str>, &'v Value)> {
    match &value.node {
        Node::Struct(s) if s.items.is_empty() => {
            let named = |field: &'v crate::ron::value::Field| {
                (Spanned { value: &*field.name, span: field.span }, &field.value)
            };
            s.fields.iter().map(named).collect()
        }
        Node::Tuple(items) if items.is_empty() => Vec::new(),
        _ => {
            let message = format!("initial is written (V_m: mV(…)), not as {}", value.noun());
            reader.error(value.span(), message);
            Vec::new()
        }
    }
}

fn colour(value: &Value, reader: &mut Reader) -> Option<String> {
    let text = reader.text(value, "colour")?;
    let hex = text.value.strip_prefix('#').filter(|hex| hex.len() == 6);
    if hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Some(text.value);
    }
    reader.error_with(text.span, "a colour is # and six hexadecimal digits", "write \"#1f77b4\"");
    None
}

fn rate(value: &Value, reader: &mut Reader) -> Option<f64> {
    let asked = Asked::new("rate", Dimension::Rate);
    let rate = reader.number(value, asked)?;
    let quantity = crate::quantity::Quantity::Constant(rate);
    reader.in_range(&quantity, crate::parameter::Range::NotNegative, asked, value.span()).then_some(rate)
}

fn layout(value: &Value, reader: &mut Reader) -> Option<Spanned<Layout>> {
    let span = value.span();
    let plugin = reader.plugin(value, "positions")?;
    let layout = match plugin.word {
        "Grid" => grid(value, reader)?,
        "Random" => {
            let mut fields = reader.fields(value, "Random")?;
            let extent = extent(&mut fields, reader);
            fields.finish(reader);
            Layout::Random { extent: extent? }
        }
        "List" => match &plugin.value.node {
            Node::Struct(s) if s.fields.is_empty() && s.items.len() == 1 => {
                Layout::List(points(&s.items[0], reader)?)
            }
            _ => {
                reader.error_with(span, "List takes a list of points", "write List([(um(0), um(5)), …])");
                return None;
            }
        },
        word => {
            let help = crate::read::suggestion(word, ["Grid", "Random", "List"], "layouts");
            reader.error_with(plugin.span, format!("no layout is called {word}"), help);
            return None;
        }
    };
    Some(Spanned { value: layout, span })
}

fn grid(value: &Value, reader: &mut Reader) -> Option<Layout> {
    let mut fields = reader.fields(value, "Grid")?;
    let shape = fields.required(reader, "shape", "[10, 10]").and_then(|value| {
        let items = reader.list(value, "shape")?;
        let cells = items.iter().map(|item| reader.whole(item, "shape", 1, u64::from(u32::MAX)));
        let shape: Vec<Option<Spanned<u64>>> = cells.collect();
        if !(2..=3).contains(&shape.len()) {
            reader.error_with(value.span(), "a layer has two or three axes", "write shape: [10, 10]");
            return None;
        }
        shape.into_iter().map(|cells| cells.map(|cells| cells.value)).collect::<Option<Vec<u64>>>()
    });
    let extent = extent(&mut fields, reader);
    let span = fields.span;
    fields.finish(reader);
    let (shape, extent) = (shape?, extent?);
    let axes = extent.iter().filter(|length| **length > 0.0).count();
    if axes != shape.len() {
        reader.error(span, format!("shape has {} axes, but extent has {axes}", shape.len()));
        return None;
    }
    Some(Layout::Grid { shape, extent })
}

fn extent(fields: &mut Fields, reader: &mut Reader) -> Option<[f64; 3]> {
    let value = fields.required(reader, "extent", "[mm(1.0), mm(1.0)]")?;
    let asked = Asked::new("extent", Dimension::Length);
    let lengths = reader.values(value, asked)?;
    if !(2..=3).contains(&lengths.len()) {
        reader.error_with(value.span(), "a layer has two or three axes", "write extent: [mm(1.0), mm(1.0)]");
        return None;
    }
    let list = crate::quantity::Quantity::List(lengths.clone());
    if !reader.in_range(&list, crate::parameter::Range::Positive, asked, value.span()) {
        return None;
    }
    Some([lengths[0], lengths[1], lengths.get(2).copied().unwrap_or(0.0)])
}

fn points(value: &Value, reader: &mut Reader) -> Option<Vec<[f64; 3]>> {
    let items = reader.list(value, "positions")?;
    let before = reader.found.len();
    let mut points = Vec::with_capacity(items.len());
    for item in items {
        let (Node::Tuple(parts) | Node::List(parts)) = &item.node else {
            reader.error(item.span(), "a point is written (um(0), um(5)), with a third number in space");
            break;
        };
        if !(2..=3).contains(&parts.len()) {
            reader.error(item.span(), "a point has two or three coordinates");
            break;
        }
        let mut point = [0.0; 3];
        for (place, part) in point.iter_mut().zip(parts) {
            *place = reader.number(part, Asked::new("a coordinate", Dimension::Length)).unwrap_or(0.0);
        }
        points.push(point);
        if reader.found.len() - before >= MOST_IN_A_LIST {
            break;
        }
    }
    (reader.found.len() == before).then_some(points)
}

pub(super) fn projection<'v>(value: &'v Value, reader: &mut Reader) -> Option<Projection<'v>> {
    let mut fields = reader.fields(value, "a projection")?;
    let projection = Projection {
        span: fields.span,
        name: own_name(&mut fields, reader),
        from: required_names(&mut fields, "from", reader),
        to: required_names(&mut fields, "to", reader),
        rule: fields.required(reader, "rule", "AllToAll").and_then(|value| reader.plugin(value, "a rule")),
        weight: fields.take(reader, "weight"),
        delay: fields.take(reader, "delay"),
        plasticity: plasticity(&mut fields, reader),
    };
    fields.finish(reader);
    Some(projection)
}

fn own_name(fields: &mut Fields, reader: &mut Reader) -> String {
    let name = fields.take(reader, "name").and_then(|value| reader.name(value, "name"));
    name.map(|name| name.value).unwrap_or_default()
}

fn plasticity<'v>(fields: &mut Fields<'v>, reader: &mut Reader) -> Option<Plugin<'v>> {
    fields.take(reader, "plasticity").and_then(|value| reader.plugin(value, "plasticity"))
}

fn required_names(fields: &mut Fields, name: &'static str, reader: &mut Reader) -> Vec<Spanned<String>> {
    let Some(value) = fields.required(reader, name, "[\"E\"]") else { return Vec::new() };
    let names = reader.names(value, name);
    if reader.items(value).is_empty() {
        reader.error_with(value.span(), format!("{name} is empty"), "name at least one population");
    }
    names
}

pub(super) fn table<'v>(value: &'v Value, reader: &mut Reader) -> Option<Table<'v>> {
    let mut fields = reader.fields(value, "a projection table")?;
    let name = own_name(&mut fields, reader);
    let from = required_names(&mut fields, "from", reader);
    let to = required_names(&mut fields, "to", reader);
    let rule = fields.required(reader, "rule", "TotalFromProbability");
    let rule = rule.and_then(|value| reader.plugin(value, "a rule"));
    let values = fields.required(reader, "values", "[[0.1, 0.2], [0.3, 0.4]]");
    let values = values.and_then(|value| matrix(value, to.len(), from.len(), reader));
    let weight = lines(fields.take(reader, "weight"), "weight", reader);
    let delay = lines(fields.take(reader, "delay"), "delay", reader);
    let plasticity = plasticity(&mut fields, reader);
    let span = fields.span;
    fields.finish(reader);
    Some(Table { span, name, from, to, rule, values, weight, delay, plasticity })
}

fn matrix<'v>(
    value: &'v Value,
    rows: usize,
    columns: usize,
    reader: &mut Reader,
) -> Option<Vec<&'v [Value]>> {
    let items = reader.list(value, "values")?;
    let mut matrix = Vec::with_capacity(items.len());
    for item in items {
        matrix.push(reader.list(item, "a row of values")?);
    }
    let lengths: Vec<usize> = matrix.iter().map(|row| row.len()).collect();
    if lengths.len() == rows && lengths.iter().all(|length| *length == columns) {
        return Some(matrix);
    }
    let message = format!(
        "expected {rows} rows (one per target) of {columns} numbers (one per source), found {} rows of {lengths:?}",
        lengths.len()
    );
    let place = matrix.iter().zip(items).find(|(row, _)| row.len() != columns).map(|(_, item)| item.span());
    reader.error(place.unwrap_or(value.span()), message);
    None
}

/// A list of `(from, to, value)`, or one value for all cells.
fn lines<'v>(value: Option<&'v Value>, name: &str, reader: &mut Reader) -> Vec<Line<'v>> {
    let Some(value) = value else { return Vec::new() };
    let Node::List(items) = &value.node else {
        return vec![Line { from: Vec::new(), to: Vec::new(), value: Some(value) }];
    };
    let owner = format!("a line of {name}");
    let line = |item: &'v Value, reader: &mut Reader| {
        let mut fields = reader.fields(item, &owner)?;
        let from = fields.take(reader, "from").map(|value| reader.names(value, "from")).unwrap_or_default();
        let to = fields.take(reader, "to").map(|value| reader.names(value, "to")).unwrap_or_default();
        let value = fields.required(reader, "value", "…");
        fields.finish(reader);
        Some(Line { from, to, value })
    };
    items.iter().filter_map(|item| line(item, reader)).collect()
}

pub(super) fn stimulus<'v>(value: &'v Value, reader: &mut Reader) -> Option<Stimulus<'v>> {
    let mut fields = reader.fields(value, "a stimulus")?;
    let name = fields.take(reader, "name").map(|value| reader.name(value, "name"));
    let source = fields.required(reader, "source", "Poisson(rate: Hz(…))");
    let source = source.and_then(|value| reader.plugin(value, "a source"));
    let to = required_names(&mut fields, "to", reader);
    let weight = fields.take(reader, "weight");
    let delay = fields.take(reader, "delay").and_then(|value| {
        let delay = reader.number(value, Asked::new("delay", Dimension::Time))?;
        Some(Spanned { value: delay, span: value.span() })
    });
    let span = fields.span;
    fields.finish(reader);
    let default = || source.map(|source| Spanned { value: source.word.to_owned(), span: source.span });
    Some(Stimulus { span, name: name.unwrap_or_else(default), source, to, weight, delay })
}
