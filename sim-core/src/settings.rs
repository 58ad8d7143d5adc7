//! Settings (`--set path=value`): the tree is changed before anyone reads it.
//!
//! A path goes through fields, names and places: `simulation.duration`, `populations.E.size`,
//! `projections[1].weight`, `neuron_models.lif.tau_m`. What the file leaves out can be added.

use crate::description::SECTIONS;
use crate::read::suggestion;
use crate::ron::parse::parse;
use crate::ron::value::{Field, Node, Struct, Value};
use crate::source::{Diagnostic, Source, Span};

/// Applies the settings of a source to its tree, in order; mistakes are added to `found`.
pub fn apply(root: &mut Value, source: &Source, found: &mut Vec<Diagnostic>) {
    for (place, setting) in source.settings() {
        if let Err(mistakes) = set(root, setting, place) {
            found.extend(mistakes);
        }
    }
}

type Mistakes = Vec<Diagnostic>;

fn set(root: &mut Value, setting: &str, place: usize) -> Result<(), Mistakes> {
    let whole = Span::new(place, place + setting.len());
    let Some((path, text)) = setting.split_once('=') else {
        let help = "write path=value, as in simulation.duration=s(2)";
        return Err(vec![Diagnostic::error(whole, "this setting has no =").help(help)]);
    };
    let mut steps = steps(path, place)?;
    let parsed = parse(text, place + path.len() + 1);
    if !parsed.mistakes.is_empty() || parsed.value.is_none() {
        let empty = || Diagnostic::error(whole, "there is no value behind the =");
        let blank = text.trim().is_empty();
        return Err(if blank { vec![empty()] } else { parsed.mistakes });
    }
    let value = parsed.value.expect("checked above");
    let last = steps.pop().expect("a path has at least one step");
    let mut here = root;
    for (depth, step) in steps.iter().enumerate() {
        here = enter(here, step, depth == 0).map_err(|mistake| vec![mistake])?;
    }
    put(here, &last, value).map_err(|mistake| vec![mistake])
}

/// One part of a path: a name, or a place in a list.
struct Step {
    name: String,
    place: Option<usize>,
    span: Span,
}

fn steps(path: &str, base: usize) -> Result<Vec<Step>, Mistakes> {
    let mut steps = Vec::new();
    let mut at = base;
    for part in path.split('.') {
        let span = Span::new(at, at + part.len());
        at += part.len() + 1;
        let mut pieces = part.trim().split('[');
        let name = pieces.next().unwrap_or("");
        if name.is_empty() {
            return Err(vec![Diagnostic::error(span, "a name is missing in this path")]);
        }
        steps.push(Step { name: name.to_owned(), place: None, span });
        for piece in pieces {
            let number = piece.strip_suffix(']').and_then(|number| number.trim().parse().ok());
            let Some(number) = number else {
                let help = "places count from 0, as in projections[1]";
                return Err(vec![
                    Diagnostic::error(span, "a place in a list is written [number]").help(help),
                ]);
            };
            steps.push(Step { name: format!("[{number}]"), place: Some(number), span });
        }
    }
    Ok(steps)
}

fn enter<'v>(here: &'v mut Value, step: &Step, top: bool) -> Result<&'v mut Value, Diagnostic> {
    if let Some(found) = locate(here, step)? {
        return Ok(match (found, &mut unwrapped(here).node) {
            (place, Node::List(items) | Node::Tuple(items)) => &mut items[place],
            (place, Node::Struct(s)) => &mut s.fields[place].value,
            (place, Node::Map(entries)) => &mut entries[place].1,
            _ => unreachable!("locate finds places in these only"),
        });
    }
    // A section that the file leaves out, such as `output`, can be added.
    let section = SECTIONS.iter().any(|section| *section == step.name);
    if !(top && section && matches!(unwrapped(here).node, Node::Struct(_))) {
        return Err(unknown(here, step, top));
    }
    let Node::Struct(s) = &mut unwrapped(here).node else { unreachable!("just matched") };
    let value = Value::new(step.span, Node::Tuple(Box::new([])));
    s.fields.push(Field { name: step.name.as_str().into(), span: step.span, value });
    Ok(&mut s.fields.last_mut().expect("one was just pushed").value)
}

fn put(here: &mut Value, step: &Step, value: Value) -> Result<(), Diagnostic> {
    if let Some(found) = locate(here, step)? {
        match &mut unwrapped(here).node {
            Node::List(items) | Node::Tuple(items) => items[found] = value,
            Node::Struct(s) => {
                s.fields[found].value = value;
                s.fields[found].span = step.span;
            }
            Node::Map(entries) => entries[found].1 = value,
            _ => {}
        }
        return Ok(());
    }
    let here = unwrapped(here);
    let own = here.span();
    let field = Field { name: step.name.as_str().into(), span: step.span, value };
    match &mut here.node {
        Node::Struct(s) if s.items.is_empty() => s.fields.push(field),
        Node::Tuple(items) if items.is_empty() => {
            here.node = Node::Struct(Box::new(Struct { fields: vec![field], ..Struct::default() }));
        }
        Node::Word(word) => {
            let s = Struct { name: word.clone(), name_span: own, fields: vec![field], items: Vec::new() };
            here.node = Node::Struct(Box::new(s));
        }
        Node::Struct(s) if &*s.name == "Use" => {
            let help = "set the parameter in neuron_models instead";
            return Err(Diagnostic::error(step.span, "this model is only named here, by Use(…)").help(help));
        }
        _ => return Err(unknown(here, step, false)),
    }
    Ok(())
}

/// The place of a step among the parts of a value; nothing if it has no such part yet.
fn locate(here: &Value, step: &Step) -> Result<Option<usize>, Diagnostic> {
    let here = here.unwrapped();
    match (&here.node, step.place) {
        (Node::List(items) | Node::Tuple(items), Some(place)) => {
            if place < items.len() {
                return Ok(Some(place));
            }
            let message = format!("this list has {} items, counted from 0", items.len());
            Err(Diagnostic::error(step.span, message))
        }
        (Node::List(items), None) => match items.iter().position(|item| called(item) == Some(&step.name)) {
            Some(place) => Ok(Some(place)),
            None => Err(unknown(here, step, false)),
        },
        (Node::Struct(s), None) => Ok(s.fields.iter().position(|field| *field.name == step.name)),
        (Node::Map(entries), None) => {
            let key = |key: &Value| matches!(&key.node, Node::Text(text) if **text == step.name);
            Ok(entries.iter().position(|entry| key(&entry.0)))
        }
        (Node::Tuple(items), None) if items.is_empty() => Ok(None),
        (Node::Word(_), None) => Ok(None),
        _ => Err(unknown(here, step, false)),
    }
}

/// The name of an entry of a list: its field `name`, or the word of its `source`.
fn called(item: &Value) -> Option<&str> {
    let Node::Struct(s) = &item.unwrapped().node else { return None };
    let field = |name: &str| s.fields.iter().find(|field| &*field.name == name).map(|field| &field.value);
    match field("name").map(|value| &value.unwrapped().node) {
        Some(Node::Text(name)) => Some(name),
        Some(_) => None,
        None => field("source").and_then(|source| source.unwrapped().word()).map(|word| word.0),
    }
}

fn unwrapped(value: &mut Value) -> &mut Value {
    let some = matches!(&value.node, Node::Struct(s) if &*s.name == "Some" && s.fields.is_empty() && s.items.len() == 1);
    if !some {
        return value;
    }
    let Node::Struct(s) = &mut value.node else { unreachable!("just matched") };
    unwrapped(&mut s.items[0])
}

fn unknown(here: &Value, step: &Step, top: bool) -> Diagnostic {
    let here = here.unwrapped();
    let known: Vec<&str> = match &here.node {
        _ if top => SECTIONS.to_vec(),
        Node::Struct(s) => s.fields.iter().map(|field| &*field.name).collect(),
        Node::Map(entries) => entries
            .iter()
            .filter_map(|(key, _)| match &key.node {
                Node::Text(text) => Some(&**text),
                _ => None,
            })
            .collect(),
        Node::List(items) => items.iter().filter_map(called).collect(),
        _ => {
            let message = format!("{} has no part {}", here.noun(), step.name);
            return Diagnostic::error(step.span, message);
        }
    };
    let mut help = suggestion(&step.name, known, "names here");
    if let Node::List(items) = &here.node
        && !items.is_empty()
        && !help.starts_with("did")
    {
        help = format!("{help}; or places [0] to [{}]", items.len() - 1);
    }
    Diagnostic::error(step.span, format!("nothing here is called {}", step.name)).help(help)
}
