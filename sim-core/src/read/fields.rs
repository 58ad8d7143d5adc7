//! The fields of round brackets: each is asked for by name; what nobody asked for is a mistake.

use crate::read::{Reader, suggestion};
use crate::ron::value::{Field, Node, Value};
use crate::source::Span;

/// Fields that wait to be asked for.
pub struct Fields<'v> {
    owner: String,
    /// Where the brackets stand.
    pub span: Span,
    fields: &'v [Field],
    known: Vec<&'static str>,
}

impl<'s> Reader<'s> {
    /// The fields of a value in round brackets; `owner` names it in messages: `a population`.
    pub fn fields<'v>(&mut self, value: &'v Value, owner: &str) -> Option<Fields<'v>> {
        let value = value.unwrapped();
        let span = value.span();
        let fields: &[Field] = match &value.node {
            Node::Struct(s) if s.items.is_empty() => &s.fields,
            Node::Tuple(items) if items.is_empty() => &[],
            Node::Map(_) => {
                let help = "write ( field: value, … ), field names without quotes";
                self.error_with(span, format!("{owner} stands in round brackets, not in curly ones"), help);
                return None;
            }
            _ => {
                let message = format!("{owner} is written ( field: value, … ), not as {}", value.noun());
                self.error(span, message);
                return None;
            }
        };
        Some(Fields { owner: owner.to_owned(), span, fields, known: Vec::new() })
    }
}

impl<'v> Fields<'v> {
    /// The value of an optional field; `None` in the file counts as left out.
    pub fn take(&mut self, reader: &mut Reader, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        let mut given = self.fields.iter().filter(|field| &*field.name == name);
        let first = given.next()?;
        for again in given {
            let (line, _) = reader.source.line_column(first.span.start);
            reader.error_with(again.span, format!("{name} is given twice"), format!("first on line {line}"));
        }
        let value = first.value.unwrapped();
        (!value.is_none()).then_some(value)
    }

    /// The value of a field that must be there; `example` shows how it is written.
    pub fn required(&mut self, reader: &mut Reader, name: &'static str, example: &str) -> Option<&'v Value> {
        let value = self.take(reader, name);
        if value.is_none() && !self.misspelt(name) {
            let help = format!("add {name}: {example}");
            reader.error_with(self.span, format!("{} needs {name}", self.owner), help);
        }
        value
    }

    /// Says which fields nobody asked for.
    pub fn finish(self, reader: &mut Reader) {
        for field in self.fields.iter().filter(|field| !self.known.contains(&&*field.name)) {
            let given = |known: &&&str| !self.fields.iter().any(|field| &*field.name == **known);
            let open: Vec<&str> = self.known.iter().filter(given).copied().collect();
            let near = crate::source::nearest(&field.name, open).is_some();
            let help = if near {
                suggestion(&field.name, self.known.iter().filter(given).copied(), "fields")
            } else {
                suggestion(&field.name, self.known.iter().copied(), "fields")
            };
            reader.error_with(field.span, format!("{} has no field {}", self.owner, field.name), help);
        }
    }

    /// Whether a field is missing only because its name is misspelt, which is told by `finish`.
    fn misspelt(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| &*field.name != name && crate::source::nearest(&field.name, [name]).is_some())
    }
}
