//! Files that someone's keyboard went over: whatever stands in them, they are read or refused, and
//! no plug-in's check panics over numbers that only just pass its table.
//!
//! `SALTUS_FUZZ_SECONDS=600` goes on for ten minutes; without it, a moment.

use saltus::vocabulary::VOCABULARY;
use sim_core::rng::{Key, Stream};
use sim_core::source::Source;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Values at the edges of what is allowed, and words that belong elsewhere.
const ODD: [&str; 22] = [
    "0",
    "-1",
    "1e300",
    "-1e300",
    "1e-300",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "0.0",
    "1.0",
    "true",
    "None",
    "All",
    "\"E\"",
    "[]",
    "()",
    "[1, 2]",
    "ms(1)",
    "mV(0)",
    "Normal(mean: ms(1), sd: ms(0), min: ms(1e-9))",
    "LogNormal(mean: pA(1e-300), sd: pA(1e300))",
    "Uniform(low: 0, high: 1)",
];

fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("networks"), root.join("tests/mistakes")];
    let paths =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "ron")).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Words and signs of a text, blanks kept with the token before them.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for letter in text.chars() {
        let part_of_word = letter.is_alphanumeric() || "_.-\"".contains(letter);
        match tokens.last_mut() {
            Some(last) if (word && part_of_word) || letter.is_whitespace() => last.push(letter),
            _ => tokens.push(letter.into()),
        }
        word = part_of_word;
    }
    tokens
}

fn pick<'t>(from: &'t [String], draw: &mut Stream) -> &'t str {
    &from[draw.below(from.len() as u32) as usize]
}

/// A text with one to four tokens replaced by tokens of all texts, odd values, or nothing.
fn damaged(text: &str, all: &[String], draw: &mut Stream) -> String {
    let mut tokens = tokens(text);
    if tokens.is_empty() {
        return String::new();
    }
    for _ in 0..=draw.below(4) {
        let place = draw.below(tokens.len() as u32) as usize;
        tokens[place] = match draw.below(4) {
            0 => pick(all, draw).to_owned(),
            1 => String::new(),
            2 => tokens[place].repeat(2),
            // A number by an odd value more often than anything else.
            _ => {
                let numbers: Vec<usize> = (0..tokens.len())
                    .filter(|i| tokens[*i].starts_with(|c: char| c.is_ascii_digit()))
                    .collect();
                let odd = ODD[draw.below(ODD.len() as u32) as usize].to_owned();
                if !numbers.is_empty() {
                    tokens[numbers[draw.below(numbers.len() as u32) as usize]] = odd;
                }
                tokens[place].clone()
            }
        };
    }
    tokens.concat()
}

#[test]
fn no_network_file_makes_the_program_panic() {
    let seconds = std::env::var("SALTUS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let texts = texts();
    let all: Vec<String> = texts.iter().flat_map(|text| tokens(text)).collect();
    let key = Key::new(1).named("damage");
    for round in 0.. {
        if Instant::now() > end {
            break;
        }
        let mut draw = key.stream(round);
        let text = damaged(pick(&texts, &mut draw), &all, &mut draw);
        let source = Source::new(format!("round {round}"), &text);
        let found = match sim_core::parse::network(&source, &VOCABULARY) {
            Ok((_, warnings)) => warnings,
            Err(found) => found,
        };
        found.iter().for_each(|diagnostic| assert!(!source.draw(diagnostic).is_empty()));
    }
}
