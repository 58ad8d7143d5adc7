//! Numbers with units, and quantities: one value, a distribution or a list.

use crate::parameter::Range;
use crate::quantity::Quantity;
use crate::read::{MOST_IN_A_LIST, Reader};
use crate::ron::value::{Node, Struct, Value};
use crate::source::{Span, nearest};
use crate::units::Dimension;
use std::sync::Arc;

/// The words of distributions.
pub const DISTRIBUTIONS: [&str; 4] = ["Uniform", "Normal", "LogNormal", "Exponential"];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its name in messages.
    pub name: &'a str,
    /// What it measures.
    pub dimension: Dimension,
    /// Why it measures that, if the name alone does not tell.
    pub because: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// A thing whose name tells what it measures.
    pub fn new(name: &'a str, dimension: Dimension) -> Self {
        Asked { name, dimension, because: None }
    }
}

impl Reader<'_> {
    /// One number of a dimension, in its base unit.
    pub fn number(&mut self, value: &Value, asked: Asked) -> Option<f64> {
        let value = value.unwrapped();
        match &value.node {
            Node::Integer(_) | Node::Unsigned(_) | Node::Float(_) => {
                let number = self.finite(value, asked.name)?;
                if asked.dimension == Dimension::Number {
                    return Some(number);
                }
                let written = self.source.slice(value.span()).to_owned();
                let unit = asked.dimension.base();
                let message = format!("{} needs a unit: write {unit}({written})", asked.name);
                self.error_with(
                    value.span(),
                    message,
                    format!("units of {}: {}", of(asked.dimension), units(asked.dimension)),
                );
                None
            }
            Node::Struct(s) => self.number_in_unit(s, value, asked),
            Node::Word(word) if Dimension::of_unit(word).is_some() => {
                self.error_with(
                    value.span(),
                    format!("the number of {} is missing", asked.name),
                    format!("write {word}(…)"),
                );
                None
            }
            Node::Text(text) if text.trim().parse::<f64>().is_ok() => {
                let help = format!("write {}", example(asked.dimension, text));
                self.error_with(value.span(), format!("{} is a number, not a text", asked.name), help);
                None
            }
            _ => {
                let message = format!("{} is {}, not {}", asked.name, asked.dimension.noun(), value.noun());
                let help = match asked.dimension {
                    Dimension::Number => "write a number, as in 0.5".into(),
                    dimension => format!("write {}", example(dimension, "…")),
                };
                self.error_with(value.span(), message, help);
                None
            }
        }
    }

    fn number_in_unit(&mut self, s: &Struct, value: &Value, asked: Asked) -> Option<f64> {
        if DISTRIBUTIONS.contains(&&*s.name) {
            let help = format!("write {}", example(asked.dimension, "…"));
            self.error_with(
                value.span(),
                format!("{} takes one value, not a distribution", asked.name),
                help,
            );
            return None;
        }
        let factor = self.factor(s, asked)?;
        let [item] = &*s.items else {
            self.error(value.span(), format!("{}(…) takes one number", s.name));
            return None;
        };
        Some(self.finite(item, asked.name)? * factor)
    }

    /// How many base units the unit before the bracket is.
    fn factor(&mut self, s: &Struct, asked: Asked) -> Option<f64> {
        let units = asked.dimension.units();
        if let Some(unit) = units.iter().find(|unit| unit.0 == &*s.name) {
            return Some(unit.1);
        }
        let (unit, span) = (&*s.name, if s.name.is_empty() { Span::default() } else { s.name_span });
        if asked.dimension == Dimension::Number {
            let help = "write the number alone";
            self.error_with(span, format!("{} is a plain number, without {unit}(…)", asked.name), help);
        } else if Dimension::of_unit(unit).is_some() {
            let message = match asked.because {
                Some(because) => format!("{because}, not in {unit}"),
                None => format!(
                    "{} is {}; write {}, not {unit}(…)",
                    asked.name,
                    asked.dimension.noun(),
                    alternatives(asked.dimension)
                ),
            };
            self.error(span, message);
        } else if span == Span::default() {
            let message =
                format!("{} is {}, not fields in round brackets", asked.name, asked.dimension.noun());
            self.error(s.fields.first().map_or(span, |field| field.span), message);
        } else {
            let words = units.iter().map(|unit| unit.0).chain(DISTRIBUTIONS);
            let help = match near_unit(unit, words) {
                Some(near) => format!("did you mean {near}(…)?"),
                None => format!(
                    "{} is {}: write {}",
                    asked.name,
                    asked.dimension.noun(),
                    alternatives(asked.dimension)
                ),
            };
            self.error_with(span, format!("no unit of {} is called {unit}", of(asked.dimension)), help);
        }
        None
    }

    /// A bare number that is neither NaN, infinite nor minus zero.
    fn finite(&mut self, value: &Value, name: &str) -> Option<f64> {
        let value = value.unwrapped();
        let number = match value.node {
            Node::Integer(number) => number as f64,
            Node::Unsigned(number) => number as f64,
            Node::Float(number) => number,
            _ => {
                let message = format!("{name} is a number, not {}", value.noun());
                self.error(value.span(), message);
                return None;
            }
        };
        if !number.is_finite() {
            let what = if number.is_nan() { "cannot be NaN" } else { "must be finite" };
            self.error(value.span(), format!("{name} {what}"));
            return None;
        }
        if number == 0.0 && number.is_sign_negative() {
            self.error_with(value.span(), format!("{name} cannot be minus zero"), "write 0.0");
            return None;
        }
        Some(number)
    }

    /// A value, a distribution or a list, in base units.
    pub fn quantity(&mut self, value: &Value, asked: Asked) -> Option<Quantity> {
        let value = value.unwrapped();
        match &value.node {
            Node::List(items) => {
                self.numbers(items, value, asked, 1.0, false).map(|v| Quantity::List(v.into()))
            }
            Node::Struct(s) if DISTRIBUTIONS.contains(&&*s.name) => self.distribution(s, value, asked),
            Node::Struct(s) => match s.items.first().map(|item| &item.unwrapped().node) {
                Some(Node::List(items)) if s.items.len() == 1 => {
                    let factor = self.factor(s, asked)?;
                    self.numbers(items, value, asked, factor, true).map(|v| Quantity::List(v.into()))
                }
                _ => self.number(value, asked).map(Quantity::Constant),
            },
            _ => self.number(value, asked).map(Quantity::Constant),
        }
    }

    /// A list of numbers, or one alone.
    pub fn values(&mut self, value: &Value, asked: Asked) -> Option<Arc<[f64]>> {
        match self.quantity(value, asked)? {
            Quantity::Constant(number) => Some(Arc::new([number])),
            Quantity::List(numbers) => Some(numbers),
            _ => {
                self.error(value.span(), format!("{} takes values, not a distribution", asked.name));
                None
            }
        }
    }

    fn numbers(
        &mut self,
        items: &[Value],
        whole: &Value,
        asked: Asked,
        factor: f64,
        bare: bool,
    ) -> Option<Vec<f64>> {
        if items.is_empty() {
            self.error(whole.span(), format!("the list of {} is empty", asked.name));
            return None;
        }
        let before = self.found.len();
        let mut numbers = Vec::with_capacity(items.len());
        for item in items {
            let number = if bare { self.finite(item, asked.name) } else { self.number(item, asked) };
            numbers.extend(number.map(|number| number * factor));
            if self.found.len() - before >= MOST_IN_A_LIST {
                break;
            }
        }
        (self.found.len() == before).then_some(numbers)
    }

    fn distribution(&mut self, s: &Struct, value: &Value, asked: Asked) -> Option<Quantity> {
        let form = match &*s.name {
            "Uniform" => "Uniform(low: …, high: …)",
            "Normal" => "Normal(mean: …, sd: …, min: …, max: …)",
            "LogNormal" => "LogNormal(mean: …, sd: …, min: …, max: …)",
            _ => "Exponential(mean: …, min: …, max: …)",
        };
        if !s.items.is_empty() {
            self.error_with(value.span(), format!("{} takes named numbers", s.name), format!("write {form}"));
            return None;
        }
        let mut fields = self.fields(value, &s.name)?;
        let example = example(asked.dimension, "…");
        let required = |reader: &mut Self, fields: &mut crate::read::fields::Fields, name: &'static str| {
            let value = fields.required(reader, name, &example)?;
            reader.number(value, Asked { name, ..asked })
        };
        let quantity = if &*s.name == "Uniform" {
            let (low, high) = (required(self, &mut fields, "low"), required(self, &mut fields, "high"));
            low.zip(high).map(|(low, high)| Quantity::Uniform { low, high })
        } else {
            let mean = required(self, &mut fields, "mean");
            let sd = if &*s.name == "Exponential" { Some(0.0) } else { required(self, &mut fields, "sd") };
            let lowest = if &*s.name == "Normal" { f64::NEG_INFINITY } else { 0.0 };
            let min = self.bound(&mut fields, "min", lowest, asked);
            let max = self.bound(&mut fields, "max", f64::INFINITY, asked);
            match (mean, sd, min, max) {
                (Some(mean), Some(sd), Some(min), Some(max)) => Some(match &*s.name {
                    "Normal" => Quantity::Normal { mean, sd, min, max },
                    "LogNormal" => Quantity::LogNormal { mean, sd, min, max },
                    _ => Quantity::Exponential { mean, min, max },
                }),
                _ => None,
            }
        };
        fields.finish(self);
        let quantity = quantity?;
        if let Some(mistake) = nonsense(&quantity) {
            self.error(value.span(), format!("{}: {mistake}", s.name));
            return None;
        }
        Some(quantity)
    }

    fn bound(
        &mut self,
        fields: &mut crate::read::fields::Fields,
        name: &'static str,
        open: f64,
        asked: Asked,
    ) -> Option<f64> {
        match fields.take(self, name) {
            Some(value) => self.number(value, Asked { name, ..asked }),
            None => Some(open),
        }
    }

    /// Whether everything that can be drawn is in the range; if not, that is noted.
    pub fn in_range(&mut self, quantity: &Quantity, range: Range, asked: Asked, span: Span) -> bool {
        let Err(mistake) = fits(quantity, range, asked) else { return true };
        let (message, help) = mistake;
        self.error(span, message).help = help;
        false
    }
}

/// What is wrong with a distribution in itself.
fn nonsense(quantity: &Quantity) -> Option<&'static str> {
    match *quantity {
        Quantity::Uniform { low, high } if low >= high => Some("low must be below high"),
        Quantity::Normal { sd, .. } | Quantity::LogNormal { sd, .. } if sd < 0.0 => {
            Some("sd cannot be negative")
        }
        Quantity::LogNormal { mean, .. } | Quantity::Exponential { mean, .. } if mean <= 0.0 => {
            Some("the mean must be above 0")
        }
        Quantity::Normal { min, max, .. }
        | Quantity::LogNormal { min, max, .. }
        | Quantity::Exponential { min, max, .. }
            if min >= max =>
        {
            Some("min must be below max")
        }
        Quantity::LogNormal { min, .. } if min < 0.0 => Some("min cannot be negative"),
        _ => None,
    }
}

type Mistake = (String, Option<String>);

fn fits(quantity: &Quantity, range: Range, asked: Asked) -> Result<(), Mistake> {
    let (low, high) = quantity.bounds();
    // These come as near to their lower end as they like, but never reach it.
    let open = matches!(quantity, Quantity::LogNormal { .. } | Quantity::Exponential { .. });
    let (least, most, above) = match range {
        Range::Any => return Ok(()),
        Range::Positive => (0.0, f64::INFINITY, true),
        Range::NotNegative => (0.0, f64::INFINITY, false),
        Range::Probability => (0.0, 1.0, false),
        Range::Between(least, most) => (least, most, false),
    };
    let too_low = low < least || (above && low == least && !open);
    if !too_low && high <= most {
        return Ok(());
    }
    let value = if too_low { low } else { high };
    let bound = if too_low { "min" } else { "max" };
    if !value.is_finite() {
        let limit = with_unit(if too_low { least } else { most }, asked.dimension);
        let beyond = match (too_low, above) {
            (true, true) => format!("{limit} and below"),
            (true, false) => format!("below {limit}"),
            (false, _) => format!("above {limit}"),
        };
        let message = format!(
            "this distribution gives values {beyond}; {} must be {}",
            asked.name,
            words(range, asked.dimension)
        );
        let example = example(asked.dimension, if too_low && above { "0.1" } else { "…" });
        return Err((message, Some(format!("add {bound}: {example}"))));
    }
    let shown = with_unit(value, asked.dimension);
    let drawn = !matches!(quantity, Quantity::Constant(_) | Quantity::List(_));
    Err(match range {
        Range::Probability => (format!("{} = {shown} is not a probability (0 to 1)", asked.name), None),
        _ if drawn => (
            format!("{} can be drawn as {shown}; it must be {}", asked.name, words(range, asked.dimension)),
            None,
        ),
        _ => (
            format!("{} = {shown} is out of range; it must be {}", asked.name, words(range, asked.dimension)),
            None,
        ),
    })
}

fn words(range: Range, dimension: Dimension) -> String {
    match (range, dimension.base()) {
        (Range::Between(..), unit) if !unit.is_empty() => format!("{} {unit}", range.words()),
        _ => range.words(),
    }
}

/// The known unit nearest to a misspelt one: `msec` and `Ms` are meant as `ms`.
fn near_unit<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let lower = word.replace(['µ', 'μ'], "u").to_lowercase();
    let begins = |unit: &&str| lower.starts_with(&unit.to_lowercase());
    let prefix = known.clone().filter(begins).max_by_key(|unit| unit.len());
    known.clone().find(|unit| unit.to_lowercase() == lower).or(nearest(word, known)).or(prefix)
}

fn units(dimension: Dimension) -> String {
    dimension.units().iter().map(|unit| unit.0).collect::<Vec<_>>().join(", ")
}

/// "s(…), ms(…) or us(…)".
fn alternatives(dimension: Dimension) -> String {
    let forms: Vec<String> = dimension.units().iter().map(|unit| format!("{}(…)", unit.0)).collect();
    match forms.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "a number".into(),
    }
}

/// The dimension behind "of": "time".
fn of(dimension: Dimension) -> &'static str {
    dimension.noun().trim_start_matches("a ").trim_start_matches("an ")
}

/// A number as a file writes it: `ms(0.1)`, or bare.
pub fn example(dimension: Dimension, number: &str) -> String {
    match dimension.base() {
        "" => number.to_owned(),
        unit => format!("{unit}({number})"),
    }
}

/// A number as a sentence says it: `0.1 ms`.
pub fn with_unit(value: f64, dimension: Dimension) -> String {
    match dimension.base() {
        "" => plain(value),
        unit => format!("{} {unit}", plain(value)),
    }
}

/// A number without the dust of binary fractions.
pub fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    if rounded != 0.0 && !(1e-4..1e9).contains(&rounded.abs()) {
        format!("{rounded:e}")
    } else {
        format!("{rounded}")
    }
}
