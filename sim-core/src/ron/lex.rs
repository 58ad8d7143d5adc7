//! RON text → tokens with places. Mistakes inside a token are noted and the token is read as meant.

use crate::ron::value::{Node, Struct, Value};
use crate::source::{Diagnostic, Span};

/// What stands between two places.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// A name.
    Word(Box<str>),
    /// A number, text, character or switch.
    Literal(Node),
    /// Something that RON does not have; it was noted.
    Foreign,
    /// The end of the text.
    End,
}

/// Walks through the text.
pub struct Lexer<'a> {
    text: &'a str,
    base: usize,
    at: usize,
    /// Mistakes found so far.
    pub found: Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    /// At the start of a text whose first byte counts as byte `base`.
    pub fn new(text: &'a str, base: usize) -> Self {
        Lexer { text, base, at: 0, found: Vec::new() }
    }

    /// The next token and its place.
    pub fn step(&mut self) -> (Token, Span) {
        self.skip_blank();
        let start = self.at;
        let token = self.token();
        (token, self.span(start, self.at))
    }

    /// Whether the next token begins with this byte.
    pub fn next_is(&mut self, byte: u8) -> bool {
        self.skip_blank();
        self.peek() == Some(byte)
    }

    /// Skips `#![enable(…)]` lines at the start.
    pub fn skip_attributes(&mut self) {
        self.skip_blank();
        while self.rest().starts_with("#!") {
            match self.rest().find(']') {
                Some(end) => self.at += end + 1,
                None => {
                    self.note(self.at, self.at + 2, "this #![…] is never closed");
                    self.at = self.text.len();
                }
            }
            self.skip_blank();
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }

    fn note(&mut self, start: usize, end: usize, message: impl Into<String>) -> &mut Diagnostic {
        let span = self.span(start, end);
        self.found.push(Diagnostic::error(span, message));
        self.found.last_mut().expect("one was just pushed")
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let rest = &rest[blank..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.skip_block_comment();
            } else if rest.starts_with('#') && !rest.starts_with("#!") {
                let end = rest.find('\n').unwrap_or(rest.len());
                self.note(self.at, self.at + end, "a comment begins with //, not with #");
                self.at += end;
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else if let Some(letter) = rest.chars().next() {
                self.at += letter.len_utf8();
            } else {
                self.note(start, start + 2, "this comment is never closed").help = Some("add */".into());
                return;
            }
        }
    }

    fn token(&mut self) -> Token {
        let Some(byte) = self.peek() else { return Token::End };
        let one = |lexer: &mut Self, token| {
            lexer.at += 1;
            token
        };
        match byte {
            b'(' | b'[' | b'{' => one(self, Token::Open(byte)),
            b')' | b']' | b'}' => one(self, Token::Close(byte)),
            b',' => one(self, Token::Comma),
            b':' => one(self, Token::Colon),
            b';' => {
                self.note(self.at, self.at + 1, "items are separated by commas, not by ;");
                one(self, Token::Comma)
            }
            b'=' => {
                let help = Some("write name: value".into());
                self.note(self.at, self.at + 1, "a colon stands between a name and its value, not =").help =
                    help;
                one(self, Token::Colon)
            }
            b'"' => self.text_literal(),
            b'\'' => self.char_literal(),
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number(),
            b'r' if self.raw_text_follows(1) => self.raw_text(1),
            b'b' if self.rest()[1..].starts_with('"') => self.bytes_literal(),
            b'b' if self.rest()[1..].starts_with('\'') => self.byte_literal(),
            b'b' if self.rest()[1..].starts_with('r') && self.raw_text_follows(2) => match self.raw_text(2) {
                Token::Literal(Node::Text(text)) => Token::Literal(Node::Bytes(text.as_bytes().into())),
                token => token,
            },
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        if let Some(raw) = rest.strip_prefix("r#") {
            let end = raw.find(|c: char| !(name_letter(c) || "+-.".contains(c))).unwrap_or(raw.len());
            if end > 0 {
                self.at += 2 + end;
                return Token::Word(raw[..end].into());
            }
        }
        let end = rest.find(|c: char| !name_letter(c)).unwrap_or(rest.len());
        if end == 0 {
            return self.foreign();
        }
        self.at += end;
        match &rest[..end] {
            "true" => Token::Literal(Node::Bool(true)),
            "false" => Token::Literal(Node::Bool(false)),
            "inf" | "inff32" | "inff64" => Token::Literal(Node::Float(f64::INFINITY)),
            "NaN" | "NaNf32" | "NaNf64" => Token::Literal(Node::Float(f64::NAN)),
            word => Token::Word(word.into()),
        }
    }

    fn foreign(&mut self) -> Token {
        let start = self.at;
        let letter = self.rest().chars().next().expect("a token begins with a letter");
        self.at += letter.len_utf8();
        if "“”„«»".contains(letter) {
            // As from a word processor: read up to the next such quote.
            let rest = self.rest();
            let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
            let text = line.find(['“', '”', '„', '«', '»', '"']).map(|end| &line[..end]);
            let message = "texts stand in straight quotes \"…\"";
            self.note(start, start + letter.len_utf8(), message);
            let Some(text) = text else { return Token::Foreign };
            self.at += text.len() + self.rest()[text.len()..].chars().next().map_or(0, char::len_utf8);
            return Token::Literal(Node::Text(text.into()));
        }
        self.note(start, self.at, format!("{letter:?} has no meaning here"));
        Token::Foreign
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let rest = self.rest();
        let sign = usize::from(rest.starts_with(['+', '-']));
        let (negative, unsigned) = (rest.starts_with('-'), &rest[sign..]);
        for (word, value) in [("inf", f64::INFINITY), ("NaN", f64::NAN)] {
            if unsigned.starts_with(word) {
                self.at += sign + 3;
                return Token::Literal(Node::Float(if negative { -value } else { value }));
            }
        }
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] {
            if let Some(digits) = unsigned.strip_prefix(prefix) {
                let end = digits.find(|c: char| !(c.is_digit(radix) || c == '_')).unwrap_or(digits.len());
                self.at += sign + 2 + end;
                let plain = digits[..end].replace('_', "");
                return self.whole(start, u64::from_str_radix(&plain, radix).ok(), negative);
            }
        }
        let length = number_length(unsigned);
        self.at += sign + length;
        if length == 0 {
            self.at = start + 1;
            let dots = rest.starts_with("..");
            let message = if dots { "ranges a..b have no meaning here" } else { "a number has digits" };
            self.note(start, start + 1, message);
            self.at += usize::from(dots);
            return Token::Foreign;
        }
        let spelled = &unsigned[..length];
        let plain = if spelled.contains('_') { &*spelled.replace('_', "") } else { spelled };
        let token = if plain.bytes().all(|b| b.is_ascii_digit()) {
            self.whole(start, plain.parse().ok(), negative)
        } else {
            match plain.parse::<f64>() {
                Ok(value) => Token::Literal(Node::Float(if negative { -value } else { value })),
                Err(_) => {
                    self.note(start, self.at, "this is not a number");
                    Token::Foreign
                }
            }
        };
        self.after_number(start, token)
    }

    /// A whole number from its sign and size.
    fn whole(&mut self, start: usize, size: Option<u64>, negative: bool) -> Token {
        let value = match size {
            Some(size) if negative => 0i64.checked_sub_unsigned(size).map(Node::Integer),
            Some(size) => Some(i64::try_from(size).map_or(Node::Unsigned(size), Node::Integer)),
            None => None,
        };
        let Some(value) = value else {
            self.note(start, self.at, "this whole number does not fit into 64 bits");
            return Token::Foreign;
        };
        Token::Literal(value)
    }

    /// `20ms` is read as `ms(20)`; a Rust suffix such as `u8` is dropped.
    fn after_number(&mut self, start: usize, token: Token) -> Token {
        let rest = self.rest();
        let end = rest.find(|c: char| !name_letter(c)).unwrap_or(rest.len());
        let (number_end, suffix) = (self.at, &rest[..end]);
        self.at += end;
        let rust = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "i128", "u128"];
        if suffix.is_empty() || rust.contains(&suffix) {
            return token;
        }
        let help = format!("write {suffix}({})", &self.text[start..number_end]);
        self.note(start, self.at, "a unit stands before its number").help = Some(help);
        let Token::Literal(node) = token else { return token };
        Token::Literal(Node::Struct(Box::new(Struct {
            name: suffix.into(),
            name_span: self.span(number_end, self.at),
            fields: Vec::new(),
            items: vec![Value::new(self.span(start, number_end), node)],
        })))
    }

    fn text_literal(&mut self) -> Token {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(['"', '\\']) else { return self.unclosed_text(start, rest) };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Token::Literal(Node::Text(text.into()));
            }
            text.extend(self.escape());
        }
    }

    /// The text is taken to end with its line, or before a comma or bracket at the line's end.
    fn unclosed_text(&mut self, start: usize, _: &str) -> Token {
        self.note(start, start + 1, "this text is never closed").help = Some("add a \" at its end".into());
        let line = self.text[start + 1..].lines().next().unwrap_or("");
        let text = line.trim_end().trim_end_matches([',', ')', ']', '}']);
        self.at = start + 1 + text.len();
        Token::Literal(Node::Text(text.into()))
    }

    fn char_literal(&mut self) -> Token {
        let start = self.at;
        let mut letters = self.rest()[1..].chars();
        let (first, second) = (letters.next(), letters.next());
        if let (Some(letter), Some('\'')) = (first, second)
            && letter != '\\'
        {
            self.at += 2 + letter.len_utf8();
            return Token::Literal(Node::Char(letter));
        }
        if first == Some('\\') {
            self.at += 2;
            let letter = self.escape();
            if self.peek() == Some(b'\'') {
                self.at += 1;
                return letter.map_or(Token::Foreign, |letter| Token::Literal(Node::Char(letter)));
            }
        }
        self.at = start + 1;
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let Some(end) = line.find('\'') else {
            self.note(start, start + 1, "this ' is never closed").help = Some("texts stand in \"…\"".into());
            return Token::Foreign;
        };
        self.at += end + 1;
        let help = format!("write \"{}\"", &line[..end]);
        self.note(start, self.at, "texts stand in double quotes").help = Some(help);
        Token::Literal(Node::Text(line[..end].into()))
    }

    fn bytes_literal(&mut self) -> Token {
        self.at += 1;
        let start = self.at;
        let mut bytes = Vec::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(['"', '\\']) else { return self.unclosed_text(start, rest) };
            bytes.extend_from_slice(&rest.as_bytes()[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Token::Literal(Node::Bytes(bytes.into()));
            }
            // \x80 and above are single bytes here, not letters.
            let hex = self.rest().starts_with('x');
            match self.escape() {
                Some(letter) if hex => bytes.push(letter as u32 as u8),
                Some(letter) => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {}
            }
        }
    }

    fn byte_literal(&mut self) -> Token {
        self.at += 1;
        match self.char_literal() {
            Token::Literal(Node::Char(letter)) => {
                Token::Literal(Node::Integer(i64::from(letter as u32 as u8)))
            }
            token => token,
        }
    }

    fn raw_text_follows(&self, prefix: usize) -> bool {
        self.rest()[prefix..].trim_start_matches('#').starts_with('"')
    }

    fn raw_text(&mut self, prefix: usize) -> Token {
        let start = self.at;
        let rest = &self.rest()[prefix..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let close = format!("\"{}", &rest[..hashes]);
        let body = &rest[hashes + 1..];
        let Some(end) = body.find(&close) else {
            let help = Some(format!("add {close} at its end"));
            self.note(start, start + prefix + hashes + 1, "this raw text is never closed").help = help;
            self.at = self.text.len();
            return Token::Foreign;
        };
        self.at += prefix + hashes + 1 + end + close.len();
        Token::Literal(Node::Text(body[..end].into()))
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Option<char> {
        let start = self.at - 1;
        let letter = self.rest().chars().next()?;
        self.at += letter.len_utf8();
        match letter {
            'n' => return Some('\n'),
            'r' => return Some('\r'),
            't' => return Some('\t'),
            '0' => return Some('\0'),
            '\\' | '"' | '\'' => return Some(letter),
            'x' => {
                let digits = self.rest().get(..2).unwrap_or("");
                if let (2, Ok(code)) = (digits.len(), u8::from_str_radix(digits, 16)) {
                    self.at += 2;
                    return Some(char::from(code));
                }
            }
            'u' => {
                let braced = self.rest().strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let code = braced.and_then(|(digits, _)| u32::from_str_radix(digits, 16).ok());
                if let (Some((digits, _)), Some(letter)) = (braced, code.and_then(char::from_u32)) {
                    self.at += digits.len() + 2;
                    return Some(letter);
                }
            }
            _ => {}
        }
        let help = Some("a backslash itself is written \\\\".into());
        self.note(start, self.at, "a text has no such escape").help = help;
        Some(letter)
    }
}

fn name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Bytes of an unsigned decimal number at the start of a text; 0 if there is none.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
            at += 1;
        }
        at
    };
    if bytes.first() == Some(&b'_') {
        return 0;
    }
    let mut at = digits(0);
    let mut any = at > 0;
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1) != Some(&b'.') {
        let end = digits(at + 1);
        any |= end > at + 1;
        at = end;
    }
    if !any {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = digits(at + 1 + sign);
        if end > at + 1 + sign {
            return end;
        }
    }
    at
}
