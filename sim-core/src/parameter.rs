//! What a plug-in lets the user say: one table per plug-in, read by the parser, `saltus list`, the
//! docs and the conformance tests.
//!
//! A neuron, synapse, rule, stimulus or backend lists its [`Parameter`]s; the reader turns what the
//! file says into checked [`Arguments`] in the same order. No plug-in parses anything itself.

use crate::quantity::Quantity;
use crate::source::Span;
use crate::units::Dimension;
use std::sync::Arc;

/// One word that may stand in the parentheses of a plug-in.
#[derive(Debug)]
pub struct Parameter {
    /// The word, NEST's where NEST has one.
    pub name: &'static str,
    /// What may stand after it.
    pub kind: Kind,
    /// What it is when the file does not say.
    pub default: Default,
    /// Which numbers are allowed, in base units.
    pub range: Range,
    /// One line for `saltus list` and the docs.
    pub meaning: &'static str,
}

/// What kind of thing a parameter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A value of this dimension, or a distribution of it.
    Quantity(Dimension),
    /// One value of this dimension.
    Value(Dimension),
    /// One value or a list of values of this dimension.
    Values(Dimension),
    /// One value in whatever unit a weight onto the target has (synapse models only).
    Weight,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text in quotes.
    Text,
    /// A list of index pairs `(source, target)`.
    Pairs,
}

/// What a parameter is when the file does not give it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// The file must give it.
    Required,
    /// It may be left out, and is then absent.
    Absent,
    /// This number, in base units (also for `Values`, as a list of one, and `Integer`).
    Number(f64),
    /// This flag.
    Flag(bool),
    /// This word of a `Choice`.
    Word(&'static str),
    /// The value of another parameter of the same table, one that stands before this one.
    SameAs(&'static str),
}

/// Which numbers a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any finite number.
    Any,
    /// Above 0.
    Positive,
    /// 0 or above.
    NotNegative,
    /// 0 to 1.
    Probability,
    /// Both ends included.
    Between(f64, f64),
}

impl Range {
    /// Whether `value` is allowed.
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Range::Any => true,
                Range::Positive => value > 0.0,
                Range::NotNegative => value >= 0.0,
                Range::Probability => (0.0..=1.0).contains(&value),
                Range::Between(low, high) => (low..=high).contains(&value),
            }
    }

    /// The range in words: "above 0", "0 to 1".
    pub fn words(self) -> String {
        match self {
            Range::Any => "any number".into(),
            Range::Positive => "above 0".into(),
            Range::NotNegative => "0 or above".into(),
            Range::Probability => "0 to 1".into(),
            Range::Between(low, high) => format!("{low} to {high}"),
        }
    }
}

impl Parameter {
    /// A quantity (one value or a distribution) with a default in base units.
    pub const fn quantity(
        name: &'static str,
        dimension: Dimension,
        default: f64,
        range: Range,
        meaning: &'static str,
    ) -> Self {
        Parameter { name, kind: Kind::Quantity(dimension), default: Default::Number(default), range, meaning }
    }

    /// A parameter of any kind that must be given.
    pub const fn required(name: &'static str, kind: Kind, range: Range, meaning: &'static str) -> Self {
        Parameter { name, kind, default: Default::Required, range, meaning }
    }

    /// A single value with a default in base units.
    pub const fn value(
        name: &'static str,
        dimension: Dimension,
        default: f64,
        range: Range,
        meaning: &'static str,
    ) -> Self {
        Parameter { name, kind: Kind::Value(dimension), default: Default::Number(default), range, meaning }
    }

    /// A parameter of any kind that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, range: Range, meaning: &'static str) -> Self {
        Parameter { name, kind, default: Default::Absent, range, meaning }
    }

    /// A switch.
    pub const fn flag(name: &'static str, default: bool, meaning: &'static str) -> Self {
        Parameter { name, kind: Kind::Flag, default: Default::Flag(default), range: Range::Any, meaning }
    }

    /// One of several words.
    pub const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Parameter {
            name,
            kind: Kind::Choice(words),
            default: Default::Word(default),
            range: Range::Any,
            meaning,
        }
    }
}

/// What the file says for one parameter, or its default.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// Left out.
    Absent,
    /// A value or distribution.
    Quantity(Quantity),
    /// One value.
    Value(f64),
    /// Values in a list.
    Values(Arc<[f64]>),
    /// A whole number.
    Integer(i64),
    /// A switch.
    Flag(bool),
    /// A word of a choice.
    Word(&'static str),
    /// A text.
    Text(String),
    /// Index pairs.
    Pairs(Arc<[(u32, u32)]>),
}

/// The checked arguments of one plug-in, in the order of its table.
#[derive(Clone, Debug)]
pub struct Arguments {
    table: &'static [Parameter],
    values: Vec<Argument>,
    spans: Vec<Option<Span>>,
    whole: Span,
}

/// Asking for a parameter by a name or kind that the plug-in's own table does not have is a mistake
/// in the plug-in, and panics; the conformance tests build every plug-in once to show there is none.
impl Arguments {
    /// Puts together arguments that were checked against `table`, one value and place per parameter.
    pub fn new(
        table: &'static [Parameter],
        values: Vec<Argument>,
        spans: Vec<Option<Span>>,
        whole: Span,
    ) -> Self {
        assert_eq!(table.len(), values.len());
        assert_eq!(table.len(), spans.len());
        Arguments { table, values, spans, whole }
    }

    /// Whether these are arguments for a table with these parameters.
    pub fn fit(&self, table: &[Parameter]) -> bool {
        self.table.iter().map(|p| p.name).eq(table.iter().map(|p| p.name))
    }

    /// The defaults of a table; what is required is absent. For tests and for plug-ins written in Rust.
    pub fn defaults(table: &'static [Parameter]) -> Self {
        let mut values: Vec<Argument> = Vec::with_capacity(table.len());
        for parameter in table {
            let value = match parameter.default {
                Default::SameAs(other) => {
                    let place = table.iter().position(|p| p.name == other);
                    values[place.expect("SameAs names a parameter of the same table")].clone()
                }
                default => default_argument(parameter.kind, default),
            };
            values.push(value);
        }
        Arguments { table, spans: vec![None; table.len()], values, whole: Span::default() }
    }

    /// These arguments with one of them replaced.
    pub fn with(mut self, name: &str, value: Argument) -> Self {
        let place = self.place(name);
        self.values[place] = value;
        self
    }

    /// These arguments with one quantity replaced by a constant in base units.
    pub fn with_number(self, name: &str, value: f64) -> Self {
        self.with(name, Argument::Quantity(Quantity::Constant(value)))
    }

    /// The table these arguments follow.
    pub fn table(&self) -> &'static [Parameter] {
        self.table
    }

    /// The argument of a parameter.
    pub fn get(&self, name: &str) -> &Argument {
        &self.values[self.place(name)]
    }

    /// Where the file gives the argument, or else the whole plug-in.
    pub fn span(&self, name: &str) -> Span {
        self.spans[self.place(name)].unwrap_or(self.whole)
    }

    /// Where the plug-in stands in the file.
    pub fn whole(&self) -> Span {
        self.whole
    }

    /// Whether the file gives the parameter itself.
    pub fn is_given(&self, name: &str) -> bool {
        self.spans[self.place(name)].is_some()
    }

    /// A quantity; single values count as constants.
    pub fn quantity(&self, name: &str) -> Quantity {
        match self.get(name) {
            Argument::Quantity(quantity) => quantity.clone(),
            Argument::Value(value) => Quantity::Constant(*value),
            other => panic!("parameter {name} is {other:?}, not a quantity"),
        }
    }

    /// One number; for a quantity its constant value or its mean.
    pub fn number(&self, name: &str) -> f64 {
        self.try_number(name).unwrap_or_else(|| panic!("parameter {name} is not a number"))
    }

    /// One number, or nothing when absent.
    pub fn try_number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Argument::Value(value) => Some(*value),
            Argument::Integer(value) => Some(*value as f64),
            Argument::Quantity(quantity) => Some(quantity.mean()),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> i64 {
        match self.get(name) {
            Argument::Integer(value) => *value,
            other => panic!("parameter {name} is {other:?}, not a whole number"),
        }
    }

    /// A switch.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Argument::Flag(true))
    }

    /// The word of a choice.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Argument::Word(word) => word,
            other => panic!("parameter {name} is {other:?}, not a word"),
        }
    }

    /// A text, or nothing when absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list of values; empty when absent.
    pub fn values(&self, name: &str) -> Arc<[f64]> {
        match self.get(name) {
            Argument::Values(values) => values.clone(),
            Argument::Value(value) => Arc::new([*value]),
            _ => Arc::new([]),
        }
    }

    /// A list of index pairs; empty when absent.
    pub fn pairs(&self, name: &str) -> Arc<[(u32, u32)]> {
        match self.get(name) {
            Argument::Pairs(pairs) => pairs.clone(),
            _ => Arc::new([]),
        }
    }

    fn place(&self, name: &str) -> usize {
        let place = self.table.iter().position(|parameter| parameter.name == name);
        place.unwrap_or_else(|| panic!("no parameter is called {name}"))
    }
}

/// The argument that a default (other than `SameAs`) stands for.
pub fn default_argument(kind: Kind, default: Default) -> Argument {
    match (kind, default) {
        (Kind::Quantity(_), Default::Number(value)) => Argument::Quantity(Quantity::Constant(value)),
        (Kind::Values(_), Default::Number(value)) => Argument::Values(Arc::new([value])),
        (Kind::Integer, Default::Number(value)) => Argument::Integer(value as i64),
        (_, Default::Number(value)) => Argument::Value(value),
        (_, Default::Flag(flag)) => Argument::Flag(flag),
        (_, Default::Word(word)) => Argument::Word(word),
        (_, Default::Absent | Default::Required | Default::SameAs(_)) => Argument::Absent,
    }
}

/// A mistake that a plug-in finds in its own arguments, at the parameter it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// The parameter to point at; empty for the whole plug-in.
    pub parameter: &'static str,
    /// What is wrong, as a sentence without a capital or full stop.
    pub message: String,
    /// What to do about it, if that is not obvious.
    pub help: Option<String>,
}

impl Complaint {
    /// A complaint about one parameter.
    pub fn about(parameter: &'static str, message: impl Into<String>) -> Self {
        Complaint { parameter, message: message.into(), help: None }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
