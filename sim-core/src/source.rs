//! The text of a network file, places in it, and what is said about them.

use std::fmt::Write as _;

/// A half-open stretch of bytes of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The stretch from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The network cannot be run.
    Error,
    /// It can, but is probably not what was meant.
    Warning,
}

/// One thing to say about a network file.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, in one sentence: "no population is called \"Ii\"".
    pub message: String,
    /// What to do, or the nearest known word.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Error, span, message: message.into(), help: None }
    }

    /// A warning at a place.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, span, message: message.into(), help: None }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A named text, and the settings (`--set path=value`) that change what it says.
///
/// Spans run on from the file into the settings: the first setting begins one byte behind the end
/// of the file, so that a mistake in a setting is drawn there and not in the file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name as the user gave it.
    pub name: String,
    /// Its text, without a byte order mark.
    pub text: String,
    settings: Vec<String>,
}

impl Source {
    /// A text under a name; a UTF-8 byte order mark is dropped.
    pub fn new(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Source { name: name.into(), text, settings: Vec::new() }
    }

    /// Adds a setting `path=value`, as given with `--set`; later ones win.
    pub fn set(&mut self, setting: impl Into<String>) {
        self.settings.push(setting.into());
    }

    /// The settings, each with the place of its first byte.
    pub fn settings(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut start = self.text.len() + 1;
        self.settings.iter().map(move |setting| {
            let place = start;
            start += setting.len() + 1;
            (place, setting.as_str())
        })
    }

    /// The text of a stretch, of the file or of a setting.
    pub fn slice(&self, span: Span) -> &str {
        let (_, text, base) = self.part(span.start);
        let start = floor(text, span.start - base);
        &text[start..floor(text, span.end.saturating_sub(base)).max(start)]
    }

    /// Line and column of a byte, both counted from 1, columns in characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let (_, text, base) = self.part(byte);
        let before = &text[..floor(text, byte - base)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Draws a diagnostic: `file:line:column: error: …`, the line, a caret, the help.
    pub fn draw(&self, diagnostic: &Diagnostic) -> String {
        let (line, column) = self.line_column(diagnostic.span.start);
        let (name, text, _) = self.part(diagnostic.span.start);
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = format!("{}:{line}:{column}: {severity}: {}\n", name, diagnostic.message);
        let full = text.lines().nth(line - 1).unwrap_or("");
        // A very long line is shown around the place only.
        let skipped = column.saturating_sub(80);
        let shown: String =
            full.chars().skip(skipped).take(120).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let number = line.to_string();
        let pad = " ".repeat(number.len());
        let first_line = self.slice(diagnostic.span).lines().next().unwrap_or("");
        let room = shown.chars().count().saturating_sub(column - 1 - skipped).max(1);
        let carets = "^".repeat(first_line.trim_end().chars().count().clamp(1, room));
        let _ = writeln!(out, " {number} | {}", shown.trim_end());
        let _ = writeln!(out, " {pad} | {}{carets}", " ".repeat(column - 1 - skipped));
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, " {pad} = help: {help}");
        }
        out
    }

    /// Name, text and first byte of the part (file or setting) that a byte is in.
    fn part(&self, byte: usize) -> (&str, &str, usize) {
        let setting = self.settings().filter(|(start, _)| *start <= byte).last();
        setting.map_or((&self.name, &self.text, 0), |(start, text)| ("--set", text, start))
    }
}

fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The known word nearest to a misspelt one, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |w: &str| w.to_lowercase().replace(['_', '-'], "");
    let word_plain = plain(word);
    known
        .into_iter()
        .map(|candidate| (edits(&word_plain, &plain(candidate)), candidate))
        // Near, and not altogether another word.
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(word.len()).max(3))
        .filter(|(distance, candidate)| {
            *distance < plain(candidate).chars().count().max(word_plain.chars().count())
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance with transpositions of neighbours (Damerau 1964), restricted form.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i.max(j)
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let swap = if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    rows[i - 2][j - 2] + 1
                } else {
                    usize::MAX
                };
                change.min(swap).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place_even_behind_wide_letters() {
        let source = Source::new("net.ron", "(\n  name: \"Grüße\", x: bad,\n)");
        let at = source.text.find("bad").unwrap();
        let drawn = source.draw(&Diagnostic::error(Span::new(at, at + 3), "no").help("good"));
        assert_eq!(
            drawn,
            "net.ron:2:21: error: no\n 2 |   name: \"Grüße\", x: bad,\n   |                     ^^^\n   = help: good\n"
        );
    }

    #[test]
    fn the_nearest_word_is_found_across_case_and_swaps() {
        assert_eq!(nearest("tau_mem", ["tau_m", "C_m", "t_ref"]), Some("tau_m"));
        assert_eq!(nearest("IafPscDleta", ["IafPscExp", "IafPscDelta"]), Some("IafPscDelta"));
        assert_eq!(nearest("LIF", ["lif"]), Some("lif"));
        assert_eq!(nearest("xyz", ["lif", "E"]), None);
    }

    #[test]
    fn a_mistake_in_a_setting_is_drawn_in_the_setting() {
        let mut source = Source::new("net.ron", "()");
        source.set("a=1");
        source.set("scale=two");
        let (start, _) = source.settings().last().unwrap();
        let drawn = source.draw(&Diagnostic::error(Span::new(start + 6, start + 9), "no number"));
        assert_eq!(drawn, "--set:1:7: error: no number\n 1 | scale=two\n   |       ^^^\n");
    }

    #[test]
    fn a_place_past_the_end_is_drawn_at_the_end() {
        let source = Source::new("f", "(");
        assert!(source.draw(&Diagnostic::error(Span::new(90, 99), "gone")).starts_with("f:1:2: error: gone"));
    }
}
