//! What stands in the parentheses of a plug-in, against the plug-in's own table.

use crate::parameter::{Argument, Arguments, Default, Kind, Parameter, default_argument};
use crate::quantity::Quantity;
use crate::read::number::{Asked, example};
use crate::read::{MOST_IN_A_LIST, Reader, suggestion};
use crate::ron::value::{Field, Node, Value};
use crate::source::Span;
use crate::units::Dimension;

/// A plug-in as the file names it: `Word` or `Word(…)`, what is inside unread.
#[derive(Clone, Copy, Debug)]
pub struct Plugin<'v> {
    /// The word.
    pub word: &'v str,
    /// Where the word stands.
    pub span: Span,
    /// The whole value.
    pub value: &'v Value,
}

/// What the plug-in cannot know by itself.
#[derive(Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// What a [`Kind::Weight`] measures here, and why.
    pub weight: Option<(Dimension, &'a str)>,
    /// A value for one parameter that stands elsewhere: a cell of a table.
    pub cell: Option<(&'static str, &'a Value)>,
    /// Whether lists are allowed for quantities (one value for each neuron).
    pub lists: bool,
    /// Words that are read elsewhere.
    pub elsewhere: &'a [&'static str],
}

impl Reader<'_> {
    /// A plug-in's word; `noun` says which kind in messages: `a rule`.
    pub fn plugin<'v>(&mut self, value: &'v Value, noun: &str) -> Option<Plugin<'v>> {
        let value = value.unwrapped();
        if let Some((word, span)) = value.word() {
            return Some(Plugin { word, span, value });
        }
        let message = format!("{noun} is a word such as Name(…), not {}", value.noun());
        match &value.node {
            Node::Text(text) => {
                self.error_with(value.span(), message, format!("write {text} without quotes"))
            }
            _ => drop(self.error(value.span(), message)),
        }
        None
    }

    /// The arguments of a plug-in, checked against its table one by one.
    pub fn arguments(
        &mut self,
        plugin: Plugin,
        table: &'static [Parameter],
        around: Surroundings,
    ) -> Option<Arguments> {
        let before = self.errors();
        let fields = self.named(plugin, table)?;
        self.unknown(plugin, fields, table, around.elsewhere);
        let mut values: Vec<Argument> = Vec::with_capacity(table.len());
        let mut spans = Vec::with_capacity(table.len());
        for parameter in table {
            let cell = around.cell.filter(|cell| cell.0 == parameter.name).map(|cell| cell.1);
            let given = cell.or_else(|| self.given(fields, parameter));
            let value = match (given, parameter.default) {
                (Some(value), _) => self.argument(value, parameter, around).unwrap_or(Argument::Absent),
                (None, Default::Required) => {
                    self.missing(plugin, parameter, fields);
                    Argument::Absent
                }
                (None, Default::SameAs(other)) => {
                    let place =
                        table.iter().position(|p| p.name == other).filter(|place| *place < values.len());
                    place.map_or(Argument::Absent, |place| values[place].clone())
                }
                (None, default) => default_argument(parameter.kind, default),
            };
            values.push(value);
            spans.push(given.map(Value::span));
        }
        let complete = self.errors() == before;
        complete.then(|| Arguments::new(table, values, spans, plugin.span))
    }

    fn named<'v>(&mut self, plugin: Plugin<'v>, table: &'static [Parameter]) -> Option<&'v [Field]> {
        let Node::Struct(s) = &plugin.value.node else { return Some(&[]) };
        if s.items.is_empty() {
            return Some(&s.fields);
        }
        let help = match table.iter().find(|p| p.default == Default::Required).or(table.first()) {
            Some(p) => format!("write {}({}: …)", plugin.word, p.name),
            None => format!("{} takes no parameters", plugin.word),
        };
        let message = format!("{} takes named parameters", plugin.word);
        self.error_with(s.items[0].span(), message, help);
        None
    }

    fn given<'v>(&mut self, fields: &'v [Field], parameter: &Parameter) -> Option<&'v Value> {
        let mut given = fields.iter().filter(|field| &*field.name == parameter.name);
        let first = given.next()?;
        for again in given {
            let (line, _) = self.source.line_column(first.span.start);
            let help = format!("first on line {line}");
            self.error_with(again.span, format!("{} is given twice", parameter.name), help);
        }
        let value = first.value.unwrapped();
        let word = matches!(parameter.kind, Kind::Choice(words) if words.contains(&"None"));
        (word || !value.is_none()).then_some(value)
    }

    fn unknown(
        &mut self,
        plugin: Plugin,
        fields: &[Field],
        table: &'static [Parameter],
        elsewhere: &[&'static str],
    ) {
        let known = |name: &str| table.iter().any(|p| p.name == name) || elsewhere.contains(&name);
        for field in fields.iter().filter(|field| !known(&field.name)) {
            let free = table.iter().filter(|p| !fields.iter().any(|field| &*field.name == p.name));
            let near = crate::source::nearest(&field.name, free.map(|p| p.name));
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None => suggestion(&field.name, table.iter().map(|p| p.name), "parameters"),
            };
            self.error_with(field.span, format!("{} has no parameter {}", plugin.word, field.name), help);
        }
    }

    fn missing(&mut self, plugin: Plugin, parameter: &Parameter, fields: &[Field]) {
        let misspelt = |field: &Field| {
            &*field.name != parameter.name && crate::source::nearest(&field.name, [parameter.name]).is_some()
        };
        if fields.iter().any(misspelt) {
            return;
        }
        let form = match parameter.kind {
            Kind::Quantity(d) | Kind::Value(d) | Kind::Values(d) => example(d, "…"),
            Kind::Text => "\"…\"".into(),
            Kind::Pairs => "[(0, 1), …]".into(),
            Kind::Choice(words) => words.join(" | "),
            _ => "…".into(),
        };
        let message = format!("{} needs {}", plugin.word, parameter.name);
        self.error_with(
            plugin.span,
            message,
            format!("add {}: {form} ({})", parameter.name, parameter.meaning),
        );
    }

    fn argument(&mut self, value: &Value, parameter: &Parameter, around: Surroundings) -> Option<Argument> {
        let (name, span) = (parameter.name, value.span());
        match parameter.kind {
            Kind::Quantity(dimension) => {
                let asked = Asked::new(name, dimension);
                let quantity = self.quantity(value, asked)?;
                if matches!(quantity, Quantity::List(_)) && !around.lists {
                    self.error(span, format!("{name} takes one value or a distribution, not a list"));
                    return None;
                }
                self.in_range(&quantity, parameter.range, asked, span).then_some(Argument::Quantity(quantity))
            }
            Kind::Value(dimension) => self.one(value, parameter, Asked::new(name, dimension)),
            Kind::Weight => {
                let (dimension, because) = around.weight.unwrap_or((Dimension::Number, ""));
                let because = (!because.is_empty()).then_some(because);
                self.one(value, parameter, Asked { name, dimension, because })
            }
            Kind::Values(dimension) => {
                let asked = Asked::new(name, dimension);
                let numbers = self.values(value, asked)?;
                let list = Quantity::List(numbers.clone());
                self.in_range(&list, parameter.range, asked, span).then_some(Argument::Values(numbers))
            }
            Kind::Integer => self.integer(value, parameter),
            Kind::Flag => self.flag(value, name).map(Argument::Flag),
            Kind::Choice(words) => self.choice(value, name, words).map(Argument::Word),
            Kind::Text => self.text(value, name).map(|text| Argument::Text(text.value)),
            Kind::Pairs => self.pairs(value, name),
        }
    }

    fn one(&mut self, value: &Value, parameter: &Parameter, asked: Asked) -> Option<Argument> {
        let number = self.number(value, asked)?;
        let fits = self.in_range(&Quantity::Constant(number), parameter.range, asked, value.span());
        fits.then_some(Argument::Value(number))
    }

    fn integer(&mut self, value: &Value, parameter: &Parameter) -> Option<Argument> {
        let Node::Integer(number) = value.unwrapped().node else {
            self.not_whole(value.unwrapped(), parameter.name);
            return None;
        };
        let asked = Asked::new(parameter.name, Dimension::Number);
        let fits = self.in_range(&Quantity::Constant(number as f64), parameter.range, asked, value.span());
        fits.then_some(Argument::Integer(number))
    }

    fn pairs(&mut self, value: &Value, name: &str) -> Option<Argument> {
        let items = self.list(value, name)?;
        let before = self.found.len();
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            match pair(item) {
                Some(pair) => pairs.push(pair),
                None => {
                    let help = "indices count from 0 within each population";
                    self.error_with(
                        item.span(),
                        format!("{name} are written (source, target), as in (0, 12)"),
                        help,
                    );
                }
            }
            if self.found.len() - before >= MOST_IN_A_LIST {
                break;
            }
        }
        (self.found.len() == before).then(|| Argument::Pairs(pairs.into()))
    }
}

fn pair(value: &Value) -> Option<(u32, u32)> {
    let (Node::Tuple(items) | Node::List(items)) = &value.node else { return None };
    let [source, target] = &**items else { return None };
    let index = |value: &Value| match value.node {
        Node::Integer(index) => u32::try_from(index).ok(),
        _ => None,
    };
    index(source).zip(index(target))
}
