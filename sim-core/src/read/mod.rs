//! From values to typed things; every mistake is noted and reading goes on.
//!
//! What cannot be read is `None`, and whoever asked passes it on without a word: a mistake is told
//! once, where it was made.

pub mod arguments;
pub mod fields;
pub mod number;

use crate::ron::value::{Node, Value};
use crate::source::{Diagnostic, Severity, Source, Span, nearest};

/// Mistakes told in one list; a million wrong numbers are not told one by one.
pub const MOST_IN_A_LIST: usize = 3;

/// Something, and where the file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// What.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// Reads values and collects mistakes.
pub struct Reader<'s> {
    /// The text that the values stand in.
    pub source: &'s Source,
    /// Mistakes found so far.
    pub found: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    /// Nothing found yet.
    pub fn new(source: &'s Source) -> Self {
        Reader { source, found: Vec::new() }
    }

    /// Notes an error; the caller may add help.
    pub fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::error(span, message));
        self.found.last_mut().expect("one was just pushed")
    }

    /// Notes an error with what to do about it.
    pub fn error_with(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error(span, message).help(help));
    }

    /// Notes a warning with what to do about it.
    pub fn warn(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::warning(span, message).help(help));
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// A text in quotes.
    pub fn text(&mut self, value: &Value, name: &str) -> Option<Spanned<String>> {
        let value = value.unwrapped();
        match &value.node {
            Node::Text(text) => Some(Spanned { value: text.to_string(), span: value.span() }),
            Node::Word(word) => {
                self.error_with(
                    value.span(),
                    format!("{name} is a text in quotes"),
                    format!("write \"{word}\""),
                );
                None
            }
            _ => {
                self.error(value.span(), format!("{name} is a text in quotes, not {}", value.noun()));
                None
            }
        }
    }

    /// A text that is not empty.
    pub fn name(&mut self, value: &Value, name: &str) -> Option<Spanned<String>> {
        let text = self.text(value, name)?;
        if text.value.is_empty() {
            self.error(text.span, format!("{name} is empty"));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, value: &Value, name: &str) -> Option<bool> {
        let value = value.unwrapped();
        if let Node::Bool(flag) = value.node {
            return Some(flag);
        }
        let written = self.source.slice(value.span()).to_lowercase();
        let help = if written == "true" || written == "false" {
            format!("write {written}, without a capital")
        } else {
            "write true or false".into()
        };
        self.error_with(value.span(), format!("{name} is a switch, not {}", value.noun()), help);
        None
    }

    /// A whole number within bounds.
    pub fn whole(&mut self, value: &Value, name: &str, low: u64, high: u64) -> Option<Spanned<u64>> {
        let value = value.unwrapped();
        let span = value.span();
        let number = match &value.node {
            Node::Integer(number) if *number < 0 => {
                self.error(span, format!("{name} cannot be negative"));
                return None;
            }
            Node::Integer(number) => number.unsigned_abs(),
            Node::Unsigned(number) => *number,
            _ => {
                self.not_whole(value, name);
                return None;
            }
        };
        if !(low..=high).contains(&number) {
            self.error(span, format!("{name} must be from {low} to {high}"));
            return None;
        }
        Some(Spanned { value: number, span })
    }

    /// Says that a whole number is wanted here.
    pub fn not_whole(&mut self, value: &Value, name: &str) {
        let span = value.span();
        let message = format!("{name} is a whole number, not {}", value.noun());
        match &value.node {
            Node::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                let help = format!("write {number:.0}");
                self.error_with(span, format!("{name} is a whole number, written without a point"), help);
            }
            Node::Float(number) => {
                self.error(span, format!("{name} is a whole number, not {number}"));
            }
            Node::Text(text) if text.parse::<i64>().is_ok() => {
                self.error_with(span, message, format!("write {text} without quotes"));
            }
            Node::Struct(s) if s.items.len() == 1 && crate::units::Dimension::of_unit(&s.name).is_some() => {
                let plain = self.source.slice(s.items[0].span()).to_owned();
                self.error_with(span, message, format!("write {plain}, without a unit"));
            }
            _ => {
                self.error(span, message);
            }
        }
    }

    /// One of several words, written without quotes.
    pub fn choice(&mut self, value: &Value, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let value = value.unwrapped();
        let listed = || words.join(", ");
        let (written, quoted) = match &value.node {
            Node::Word(word) => (word, false),
            Node::Text(text) => (text, true),
            _ => {
                let message = format!("{name} is one of the words {}, not {}", listed(), value.noun());
                self.error(value.span(), message);
                return None;
            }
        };
        match words.iter().find(|word| **word == &**written) {
            Some(word) if !quoted => Some(word),
            Some(word) => {
                let message = format!("{name} is a word, written without quotes");
                self.error_with(value.span(), message, format!("write {word}"));
                None
            }
            None => {
                let help = suggestion(written, words.iter().copied(), "allowed words");
                self.error_with(value.span(), format!("{name} cannot be {written}"), help);
                None
            }
        }
    }

    /// The items of a list; of anything else, it alone.
    pub fn items<'v>(&mut self, value: &'v Value) -> &'v [Value] {
        let value = value.unwrapped();
        match &value.node {
            Node::List(items) => items,
            _ => std::slice::from_ref(value),
        }
    }

    /// The items of a list.
    pub fn list<'v>(&mut self, value: &'v Value, name: &str) -> Option<&'v [Value]> {
        let value = value.unwrapped();
        match &value.node {
            Node::List(items) => Some(items),
            _ => {
                let message = format!("{name} is a list in square brackets, not {}", value.noun());
                self.error_with(value.span(), message, "write [ … ]");
                None
            }
        }
    }

    /// A list of names; one name alone counts as a list.
    pub fn names(&mut self, value: &Value, name: &str) -> Vec<Spanned<String>> {
        self.items(value).iter().filter_map(|item| self.text(item, name)).collect()
    }
}

/// "did you mean …?" if a known word is near, else all known words.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, noun: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => format!("there are no {noun}"),
        None => format!("{noun}: {}", known.join(", ")),
    }
}
