//! Our reading of RON against the `ron` crate's, and against broken texts.

mod common;

use common::{TWO, VOCABULARY};
use proptest::prelude::*;
use ron::Value as Theirs;
use sim_core::ron::parse::parse;
use sim_core::ron::value::{Node, Value as Ours};
use sim_core::source::Source;
use std::time::{Duration, Instant};

/// Our tree as theirs.
fn theirs(value: &Ours) -> Theirs {
    let all = |items: &[Ours]| Theirs::Seq(items.iter().map(theirs).collect());
    match &value.node {
        Node::Bool(flag) => Theirs::Bool(*flag),
        Node::Integer(number) => Theirs::Number(integer(*number)),
        Node::Unsigned(number) => Theirs::Number(ron::value::Number::U64(*number)),
        Node::Float(number) => Theirs::Number(float(*number)),
        Node::Char(letter) => Theirs::Char(*letter),
        Node::Text(text) => Theirs::String(text.to_string()),
        Node::Bytes(bytes) => Theirs::Bytes(bytes.to_vec()),
        Node::Word(word) if &**word == "None" => Theirs::Option(None),
        Node::Word(_) => Theirs::Unit,
        Node::List(items) => all(items),
        Node::Tuple(items) if items.is_empty() => Theirs::Unit,
        Node::Tuple(items) => all(items),
        Node::Map(entries) => {
            Theirs::Map(entries.iter().map(|(key, value)| (theirs(key), theirs(value))).collect())
        }
        Node::Struct(s) if &*s.name == "Some" => Theirs::Option(Some(Box::new(theirs(&s.items[0])))),
        Node::Struct(s) if s.fields.is_empty() => all(&s.items),
        Node::Struct(s) => Theirs::Map(
            s.fields
                .iter()
                .map(|field| (Theirs::String(field.name.to_string()), theirs(&field.value)))
                .collect(),
        ),
    }
}

/// The smallest type that holds a number, as the crate chooses it.
fn integer(number: i64) -> ron::value::Number {
    let text = number.to_string();
    match ron::from_str::<Theirs>(&text) {
        Ok(Theirs::Number(number)) => number,
        other => panic!("{other:?}"),
    }
}

/// Single precision where that loses nothing, as the crate chooses it.
fn float(number: f64) -> ron::value::Number {
    let single = number as f32;
    if f64::from(single) == number {
        ron::value::Number::F32(single.into())
    } else {
        ron::value::Number::F64(number.into())
    }
}

fn values() -> impl Strategy<Value = Theirs> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Theirs::Bool),
        any::<i64>().prop_map(|n| Theirs::Number(integer(n))),
        any::<u64>().prop_map(|n| Theirs::Number(ron::value::Number::U64(n.max(1 << 63)))),
        any::<f64>().prop_map(|n| Theirs::Number(float(n))),
        any::<char>().prop_map(Theirs::Char),
        ".*".prop_map(Theirs::String),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Theirs::Bytes),
        Just(Theirs::Unit),
        Just(Theirs::Option(None)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Theirs::Seq),
            proptest::collection::vec((inner.clone(), inner.clone()), 0..6)
                .prop_map(|entries| Theirs::Map(entries.into_iter().collect())),
            inner.prop_map(|value| Theirs::Option(Some(Box::new(value)))),
        ]
    })
}

fn read(text: &str) -> Theirs {
    let parsed = parse(text, 0);
    assert!(parsed.mistakes.is_empty(), "{text}\n{:?}", parsed.mistakes);
    theirs(&parsed.value.expect("a text without mistakes is a value"))
}

proptest! {
    #[test]
    fn whatever_the_ron_crate_prints_is_read_as_it_was_meant(value in values(), pretty in any::<bool>()) {
        let text = if pretty {
            ron::ser::to_string_pretty(&value, ron::ser::PrettyConfig::default()).unwrap()
        } else {
            ron::to_string(&value).unwrap()
        };
        prop_assert_eq!(read(&text), value, "{}", text);
    }
}

#[test]
fn every_form_of_ron_is_read_as_the_ron_crate_reads_it() {
    let texts = [
        "(a: 1, b: (2, 3.5), c: [],)",
        "Name(a: 1, b: Other(2))",
        "#![enable(implicit_some)]\n#![enable(unwrap_newtypes)]\n(a: 1)",
        "// comment\n( /* a /* nested */ one */ 1, 2)",
        "[1_000, 0xff, 0b1010, 0o17, -0x10, +5]",
        "[1.5, .5, 1., 1e5, -2.5E-3, 1_000.5]",
        "[inf, -inf]",
        r#"["a\n\t\"\\\u{e9}\x41", 'x', '\'', '\n', "multi
line"]"#,
        r##"[r"C:\data", r#"a "quoted" one"#]"##,
        r#"[b"bytes\x00\xff", b'a']"#,
        "{\"k\": 1, 2: \"v\",}",
        "(Some(1), None, Some(Some(())), true, false)",
        "(r#type: 1, größe: 2)",
        "[1u8, -2i8, 1.5f32]",
        "(a:1,b:2)\r\n",
    ];
    for text in texts {
        let expected = ron::from_str::<Theirs>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(format!("{:?}", read(text)), format!("{expected:?}"), "{text}");
    }
}

#[test]
fn deep_nesting_is_an_error_with_a_name_and_not_an_overflow() {
    for bracket in ["(", "[", "{", "a(", "(a:", "{1:"] {
        let parsed = parse(&bracket.repeat(100_000), 0);
        assert!(parsed.value.is_none());
        assert!(parsed.mistakes[0].message.contains("nested more than 128 deep"), "{:?}", parsed.mistakes);
    }
}

#[test]
fn a_file_with_nothing_in_it_is_called_empty() {
    for text in ["", "  \n", "// only a comment\n", "\u{feff}"] {
        let source = Source::new("net.ron", text);
        let found = sim_core::parse::network(&source, &VOCABULARY).unwrap_err();
        assert_eq!(found[0].message, "the file is empty");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let windows = format!("\u{feff}{}", TWO.replace('\n', "\r\n"));
    let read = |text: &str| sim_core::parse::network(&Source::new("net.ron", text), &VOCABULARY).unwrap().0;
    let (one, other) = (read(TWO), read(&windows));
    assert_eq!(one.projections.len(), other.projections.len());
    assert_eq!(one.duration, other.duration);
}

/// One damage to a text.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Delete(usize, usize),
    Double(usize, usize),
    Swap(usize, usize),
    Insert(usize, &'static str),
}

const TOKENS: [&str; 26] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "/*",
    "//",
    "r#\"",
    "\\",
    "-",
    "NaN",
    "inf",
    "1e999",
    "0x",
    "..",
    "Some(",
    "None",
    "ms(",
    "Normal(mean: pA(1), sd: pA(1))",
    "99999999999999999999",
    "µ",
];

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let place = || 0usize..4096;
    let one = prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (place(), 1usize..40).prop_map(|(at, len)| Damage::Delete(at, len)),
        (place(), 1usize..40).prop_map(|(at, len)| Damage::Double(at, len)),
        (place(), place()).prop_map(|(a, b)| Damage::Swap(a, b)),
        (place(), proptest::sample::select(&TOKENS[..])).prop_map(|(at, token)| Damage::Insert(at, token)),
    ];
    proptest::collection::vec(one, 1..5)
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for damage in damages {
        let len = bytes.len().max(1);
        match *damage {
            Damage::Flip(at, byte) => {
                if let Some(found) = bytes.get_mut(at % len) {
                    *found = byte;
                }
            }
            Damage::Delete(at, count) => {
                let at = (at % len).min(bytes.len());
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Damage::Double(at, count) => {
                let at = (at % len).min(bytes.len());
                let again = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            Damage::Swap(a, b) => swap_tokens(&mut bytes, a % len, b % len),
            Damage::Insert(at, token) => {
                let at = (at % len).min(bytes.len());
                bytes.splice(at..at, token.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Swaps the tokens (runs of letters, or single signs) at two places.
fn swap_tokens(bytes: &mut Vec<u8>, a: usize, b: usize) {
    let token = |bytes: &[u8], at: usize| {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'.';
        let start = (0..=at.min(bytes.len()))
            .rev()
            .take_while(|i| bytes.get(*i).is_some_and(word))
            .last()
            .unwrap_or(at);
        let len = bytes[start.min(bytes.len())..].iter().take_while(|byte| word(byte)).count().max(1);
        start.min(bytes.len())..(start + len).min(bytes.len())
    };
    let (first, second) = (token(bytes, a.min(b)), token(bytes, a.max(b)));
    if first.end <= second.start {
        let (one, other) = (bytes[first.clone()].to_vec(), bytes[second.clone()].to_vec());
        bytes.splice(second, one);
        bytes.splice(first, other);
    }
}

/// Reads and draws; the only promise is that it comes back.
fn survive(text: &str, setting: &str) {
    let mut source = Source::new("net.ron", text);
    source.set(setting);
    let found = match sim_core::parse::network(&source, &VOCABULARY) {
        Ok((_, warnings)) => warnings,
        Err(found) => {
            assert!(
                found.iter().any(|d| d.severity == sim_core::source::Severity::Error),
                "refused for no reason"
            );
            found
        }
    };
    found.iter().for_each(|diagnostic| assert!(source.draw(diagnostic).contains(": ")));
}

proptest! {
    #[test]
    fn no_damage_to_a_file_or_setting_makes_it_panic(file in damages(), setting in damages()) {
        survive(&damaged(TWO, &file), "scale=0.5");
        survive(TWO, &damaged("populations.E.size=100", &setting));
        survive(&damaged(TWO, &file), &damaged("stimuli.Poisson.source.rate=kHz(2.0)", &setting));
    }
}

/// `SALTUS_FUZZ_SECONDS=600` goes on for ten minutes; without it, a moment.
#[test]
fn damage_upon_damage_is_survived_for_as_long_as_one_likes() {
    let seconds = std::env::var("SALTUS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0.2);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    if seconds > 1.0 {
        runner = proptest::test_runner::TestRunner::default();
    }
    let mut text = TWO.to_owned();
    while Instant::now() < end {
        let tree = damages().new_tree(&mut runner).unwrap();
        text = damaged(&text, &proptest::strategy::ValueTree::current(&tree));
        survive(&text, "simulation.dt=ms(0.2)");
        // Beyond repair a text teaches nothing more.
        if text.len() > 20_000 || parse(&text, 0).mistakes.len() > 8 {
            text = TWO.to_owned();
        }
    }
}

#[test]
fn a_million_pairs_are_read_whole() {
    let mut text = String::from("[");
    for i in 0..1_000_000u32 {
        text.push_str(&format!("({i},{}),", i * 7 % 1_000_003));
    }
    text.push(']');
    let parsed = parse(&text, 0);
    let Some(Node::List(items)) = parsed.value.map(|value| value.node) else { panic!("not a list") };
    assert_eq!(items.len(), 1_000_000);
}
