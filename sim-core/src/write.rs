//! Arguments → text: what [`crate::parse::plugin`] reads back.

use crate::parameter::{Argument, Arguments, Kind};
use crate::read::number::example;
use crate::units::Dimension;
use std::fmt::Write;

/// A plug-in with all its arguments, one on a line; what is absent is left out.
///
/// Distributions and pairs do not occur in the tables this is for, and are left out too.
pub fn plugin(word: &str, arguments: &Arguments) -> String {
    let mut text = format!("{word}(\n");
    for parameter in arguments.table() {
        if let Some(value) = value(parameter.kind, arguments.get(parameter.name)) {
            let _ = writeln!(text, "    {}: {value},", parameter.name);
        }
    }
    text + ")\n"
}

fn value(kind: Kind, argument: &Argument) -> Option<String> {
    let number = |value: f64| match kind {
        Kind::Value(dimension) | Kind::Values(dimension) => example(dimension, &value.to_string()),
        _ => example(Dimension::Number, &value.to_string()),
    };
    match argument {
        Argument::Value(value) => Some(number(*value)),
        Argument::Values(values) => {
            Some(format!("[{}]", values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ")))
        }
        Argument::Integer(value) => Some(value.to_string()),
        Argument::Flag(value) => Some(value.to_string()),
        Argument::Word(word) => Some((*word).to_owned()),
        Argument::Text(text) => Some(format!("{text:?}")),
        Argument::Absent | Argument::Quantity(_) | Argument::Pairs(_) => None,
    }
}
