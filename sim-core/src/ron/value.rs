//! The tree that RON text stands for.

use crate::source::Span;

/// A value and its place. Small, because a list may hold millions.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    start: u32,
    end: u32,
    /// What it is.
    pub node: Node,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits.
    Integer(i64),
    /// A whole number above `i64::MAX`.
    Unsigned(u64),
    /// A number with a point or exponent, `inf` or `NaN`.
    Float(f64),
    /// `'x'`.
    Char(char),
    /// `"text"`.
    Text(Box<str>),
    /// `b"bytes"`.
    Bytes(Box<[u8]>),
    /// A name alone: `All`, `None`.
    Word(Box<str>),
    /// `[a, b]`.
    List(Box<[Value]>),
    /// `(a, b)` and `()`.
    Tuple(Box<[Value]>),
    /// `{key: value}`.
    Map(Box<[(Value, Value)]>),
    /// `(field: value)`, `Name(field: value)`, `Name(value)`.
    Struct(Box<Struct>),
}

/// Round brackets with a name before them, or fields in them, or both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Struct {
    /// The name before the bracket, or empty.
    pub name: Box<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// `field: value`, in the order of the text, duplicates included.
    pub fields: Vec<Field>,
    /// Values without field names.
    pub items: Vec<Value>,
}

/// One `name: value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name.
    pub name: Box<str>,
    /// Where the name stands.
    pub span: Span,
    /// What stands behind the colon.
    pub value: Value,
}

impl Value {
    /// A value at a place.
    pub fn new(span: Span, node: Node) -> Self {
        // Texts above 4 GiB are refused before they are parsed, see `ron::parse::parse`.
        Value { start: span.start as u32, end: span.end as u32, node }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }

    /// The value without `Some(…)` around it.
    pub fn unwrapped(&self) -> &Value {
        match &self.node {
            Node::Struct(s) if &*s.name == "Some" && s.fields.is_empty() && s.items.len() == 1 => {
                s.items[0].unwrapped()
            }
            _ => self,
        }
    }

    /// The leading word: of `Name`, `Name(…)`; nothing for anything else.
    pub fn word(&self) -> Option<(&str, Span)> {
        match &self.node {
            Node::Word(word) => Some((word, self.span())),
            Node::Struct(s) if !s.name.is_empty() => Some((&s.name, s.name_span)),
            _ => None,
        }
    }

    /// Whether it is the word `None`.
    pub fn is_none(&self) -> bool {
        matches!(&self.node, Node::Word(word) if &**word == "None")
    }

    /// What kind of thing it is, in a sentence: "a text", "a list".
    pub fn noun(&self) -> String {
        match &self.node {
            Node::Bool(flag) => format!("{flag}"),
            Node::Integer(_) | Node::Unsigned(_) | Node::Float(_) => "a number".into(),
            Node::Char(_) => "a character".into(),
            Node::Text(_) => "a text".into(),
            Node::Bytes(_) => "a byte string".into(),
            Node::Word(word) => format!("the word {word}"),
            Node::List(_) => "a list".into(),
            Node::Tuple(items) if items.is_empty() => "nothing in round brackets".into(),
            Node::Tuple(_) => "a tuple".into(),
            Node::Map(_) => "a map in curly brackets".into(),
            Node::Struct(s) if s.name.is_empty() => "fields in round brackets".into(),
            Node::Struct(s) => format!("{}(…)", s.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_no_more_than_32_bytes() {
        assert!(std::mem::size_of::<Value>() <= 32);
    }
}
