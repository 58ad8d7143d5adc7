//! Tokens → tree. Goes on behind a mistake where it is clear what was meant, so that more than one
//! can be told.

use crate::ron::lex::{Lexer, Token};
use crate::ron::value::{Field, Node, Struct, Value};
use crate::source::{Diagnostic, Span};

/// How deep brackets may be nested.
pub const DEEPEST: usize = 128;

/// More mistakes than this are not told: the text is something else than RON.
const MOST_MISTAKES: usize = 50;

/// What a text was read as.
pub struct Parsed {
    /// The tree; absent when a mistake makes it unclear what follows.
    pub value: Option<Value>,
    /// Mistakes in the text.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads a text whose first byte has the place `base`.
pub fn parse(text: &str, base: usize) -> Parsed {
    if u32::try_from(base + text.len()).is_err() {
        let mistake = Diagnostic::error(Span::new(base, base), "the text is longer than 4 GiB")
            .help("put long lists into a data file");
        return Parsed { value: None, mistakes: vec![mistake] };
    }
    let mut lexer = Lexer::new(text, base);
    lexer.skip_attributes();
    let (token, span) = lexer.step();
    let mut parser = Parser { lexer, token, span, end: base, text, base, open: Vec::new() };
    let value = parser.whole().ok();
    Parsed { value, mistakes: parser.lexer.found }
}

/// It is unclear how to go on; why has been noted.
struct Stop;

/// What a closing bracket that is not due is meant for.
enum Stray {
    /// A bracket further out; the ones within were not closed.
    Outer,
    /// The innermost bracket, which is of another kind.
    Mistaken,
    /// Nothing.
    Extra,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    span: Span,
    /// End of the token before.
    end: usize,
    text: &'a str,
    base: usize,
    /// Closing bracket that is due, and where its opening one stands.
    open: Vec<(u8, Span)>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<Value, Stop> {
        if self.token == Token::End && self.lexer.found.is_empty() {
            return Err(self.stop(self.span, "the file is empty"));
        }
        let value = if matches!(self.token, Token::Word(_)) && self.lexer.next_is(b':') {
            let help = "a network file is ( … ): put ( before this line and ) at the end";
            self.note(Diagnostic::error(self.span, "the opening ( is missing").help(help))?;
            self.parens("", self.span, self.span)?
        } else {
            self.value(false)?
        };
        match &self.token {
            Token::End => Ok(value),
            Token::Comma | Token::Close(_) => {
                Err(self.stop(self.span, "nothing can follow here: all brackets are closed"))
            }
            _ => {
                self.note(Diagnostic::error(self.span, "text after the end of the description"))?;
                Ok(value)
            }
        }
    }

    /// A value; `field` tells whether it stands behind the colon of a field.
    fn value(&mut self, field: bool) -> Result<Value, Stop> {
        let start = self.span;
        match std::mem::replace(&mut self.token, Token::Foreign) {
            Token::Literal(node) => {
                self.bump();
                Ok(Value::new(start, node))
            }
            Token::Word(word) => {
                if field && self.lexer.next_is(b':') {
                    let message = format!("a ( is missing before {word}");
                    self.note(Diagnostic::error(start, message))?;
                    self.token = Token::Word(word);
                    return self.parens("", start, start);
                }
                self.bump();
                if self.token == Token::Open(b'(') {
                    let open = self.span;
                    self.bump();
                    return self.parens(&word, start, open);
                }
                Ok(Value::new(start, Node::Word(word)))
            }
            Token::Open(b'(') => {
                self.bump();
                self.parens("", start, start)
            }
            Token::Open(b'[') => {
                self.bump();
                self.list(start)
            }
            Token::Open(_) => {
                self.bump();
                self.map(start)
            }
            token => {
                self.token = token;
                // Inside a foreign token the mistake has been noted already.
                if self.token == Token::Foreign && !self.lexer.found.is_empty() {
                    return Err(Stop);
                }
                let found = self.found();
                Err(self.stop(start, format!("a value is missing before {found}")))
            }
        }
    }

    /// What stands in round brackets, the opening one already passed.
    fn parens(&mut self, name: &str, start: Span, open: Span) -> Result<Value, Stop> {
        self.enter(b')', open)?;
        let mut fields: Vec<Field> = Vec::new();
        let mut items: Vec<Value> = Vec::new();
        let mut mixed = false;
        while !self.closed(b')')? {
            let place = self.span;
            let key = match &self.token {
                Token::Word(word) if self.lexer.next_is(b':') || self.lexer.next_is(b'=') => {
                    Some(word.clone())
                }
                Token::Literal(Node::Text(text)) if self.lexer.next_is(b':') => {
                    let text = text.clone();
                    let mistake = Diagnostic::error(place, "RON field names have no quotes");
                    self.note(mistake.help(format!("write {text}: …")))?;
                    Some(text)
                }
                _ => None,
            };
            if key.is_none() && !fields.is_empty() && self.token == Token::Open(b'(') {
                // The next item of the list around this one: the closing bracket was forgotten.
                self.unclosed(open, "the next (")?;
                break;
            }
            if let Some(name) = key {
                self.bump();
                self.bump();
                fields.push(Field { name, span: place, value: self.value(true)? });
            } else {
                items.push(self.value(false)?);
            }
            if !mixed && !fields.is_empty() && !items.is_empty() {
                mixed = true;
                self.note(Diagnostic::error(place, "values with and without a name are mixed here"))?;
            }
            self.separator(b')')?;
        }
        self.leave(b')');
        let span = Span::new(start.start, self.end);
        if fields.is_empty() && name.is_empty() {
            return Ok(Value::new(span, Node::Tuple(items.into())));
        }
        let parens = Struct { name: name.into(), name_span: start, fields, items };
        Ok(Value::new(span, Node::Struct(Box::new(parens))))
    }

    fn list(&mut self, open: Span) -> Result<Value, Stop> {
        self.enter(b']', open)?;
        let mut items = Vec::new();
        while !self.closed(b']')? {
            if matches!(self.token, Token::Word(_)) && self.lexer.next_is(b':') {
                let next = self.found();
                self.unclosed(open, &next)?;
                break;
            }
            items.push(self.value(false)?);
            self.separator(b']')?;
        }
        self.leave(b']');
        Ok(Value::new(Span::new(open.start, self.end), Node::List(items.into())))
    }

    fn map(&mut self, open: Span) -> Result<Value, Stop> {
        self.enter(b'}', open)?;
        let mut entries = Vec::new();
        while !self.closed(b'}')? {
            let key = self.value(false)?;
            if self.token != Token::Colon {
                let found = self.found();
                return Err(
                    self.stop(self.span, format!("a : must stand between a key and its value, not {found}"))
                );
            }
            self.bump();
            entries.push((key, self.value(true)?));
            self.separator(b'}')?;
        }
        self.leave(b'}');
        Ok(Value::new(Span::new(open.start, self.end), Node::Map(entries.into())))
    }

    fn enter(&mut self, close: u8, open: Span) -> Result<(), Stop> {
        if self.open.len() >= DEEPEST {
            return Err(self.stop(open, format!("brackets are nested more than {DEEPEST} deep")));
        }
        self.open.push((close, open));
        Ok(())
    }

    fn leave(&mut self, close: u8) {
        self.open.pop();
        if self.token == Token::Close(close) {
            self.bump();
        }
    }

    /// Whether the bracket is closed here, by its own closing bracket or by one further out.
    fn closed(&mut self, close: u8) -> Result<bool, Stop> {
        loop {
            let open = self.open.last().map_or(self.span, |open| open.1);
            match self.token {
                Token::Close(found) if found == close => return Ok(true),
                Token::Close(found) => match self.stray(found) {
                    Stray::Outer => {
                        let next = self.found();
                        self.unclosed(open, &next)?;
                        return Ok(true);
                    }
                    Stray::Mistaken => {
                        let (found, due) = (char::from(found), char::from(close));
                        let help = format!("write {due}");
                        let mistake =
                            Diagnostic::error(self.span, format!("{found} stands here in place of {due}"));
                        self.note(mistake.help(help))?;
                        self.token = Token::Close(close);
                        return Ok(true);
                    }
                    Stray::Extra => {
                        let found = self.found();
                        self.note(Diagnostic::error(self.span, format!("{found} closes nothing")))?;
                        self.bump();
                        // The comma behind a bracket too many.
                        if self.token == Token::Comma {
                            self.bump();
                        }
                    }
                },
                Token::End if self.lexer.cut => return Err(Stop),
                Token::End => {
                    // It stops the reading either way.
                    let _ = self.unclosed(open, "the end of the file");
                    return Err(Stop);
                }
                _ => return Ok(false),
            }
        }
    }

    /// What a closing bracket that is not due is meant for, judged by what follows it.
    fn stray(&mut self, found: u8) -> Stray {
        let Some(outer) = self.open.iter().rposition(|due| due.0 == found) else { return Stray::Extra };
        let beyond = self.lexer.beyond();
        let name = beyond.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(beyond.len());
        let field = name > 0 && beyond[name..].trim_start().starts_with(':');
        let around = outer.checked_sub(1).map(|around| self.open[around].0);
        match around {
            Some(b')') if field => Stray::Outer,
            _ if field => Stray::Mistaken,
            Some(b']') => Stray::Outer,
            Some(b')') if beyond.starts_with(['(', '[', '"']) => Stray::Extra,
            None if !beyond.is_empty() => Stray::Extra,
            _ => Stray::Outer,
        }
    }

    /// Between two items, or at the end.
    fn separator(&mut self, close: u8) -> Result<(), Stop> {
        match self.token {
            Token::Comma => {
                self.bump();
                Ok(())
            }
            Token::Close(_) | Token::End => self.closed(close).map(|_| ()),
            // The item itself ended for want of a bracket, behind a comma.
            _ if self.text[..self.end - self.base].ends_with([',', ';']) => Ok(()),
            Token::Colon => {
                let help = "a : stands between a name and its value";
                Err(self.stop_with(Diagnostic::error(self.span, "this : follows no name").help(help)))
            }
            _ => {
                let line = self.line(self.end.saturating_sub(1));
                let place = Span::new(self.end, self.end);
                self.note(Diagnostic::error(
                    place,
                    format!("a comma is missing after the value on line {line}"),
                ))
            }
        }
    }

    fn unclosed(&mut self, open: Span, before: &str) -> Result<(), Stop> {
        let bracket = if self.text.as_bytes().get(open.start - self.base).is_some_and(|b| b"([{".contains(b))
        {
            &self.text[open.start - self.base..=open.start - self.base]
        } else {
            "("
        };
        let message = format!("this {bracket} is not closed");
        let close = ["(", "[", "{"].iter().position(|b| *b == bracket).map_or(")", |i| [")", "]", "}"][i]);
        let line = self.line(self.span.start);
        self.note(
            Diagnostic::error(open, message).help(format!("add {close} before {before} on line {line}")),
        )
    }

    fn bump(&mut self) {
        self.end = self.span.end;
        (self.token, self.span) = self.lexer.step();
    }

    fn line(&self, place: usize) -> usize {
        let place = place.saturating_sub(self.base).min(self.text.len());
        self.text.as_bytes()[..place].iter().filter(|b| **b == b'\n').count() + 1
    }

    /// The token in words.
    fn found(&self) -> String {
        match &self.token {
            Token::Open(byte) | Token::Close(byte) => format!("this {}", char::from(*byte)),
            Token::Comma => "this comma".into(),
            Token::Colon => "this :".into(),
            Token::Word(word) => word.to_string(),
            Token::Literal(_) | Token::Foreign => "this".into(),
            Token::End => "the end of the file".into(),
        }
    }

    fn note(&mut self, mistake: Diagnostic) -> Result<(), Stop> {
        self.lexer.found.push(mistake);
        if self.lexer.found.len() > MOST_MISTAKES { Err(Stop) } else { Ok(()) }
    }

    fn stop(&mut self, span: Span, message: impl Into<String>) -> Stop {
        self.stop_with(Diagnostic::error(span, message))
    }

    fn stop_with(&mut self, mistake: Diagnostic) -> Stop {
        self.lexer.found.push(mistake);
        Stop
    }
}
