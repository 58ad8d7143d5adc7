//! Summaries by masked diffusion: both decoders, the noise, training and writing.

use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use std::path::Path;
use training::learning::{Learning, State};
use training::lesson::{Figure, Job, Lesson, Part, Problem};
use training::mdlm::noise::{Noised, Schedule};
use training::mdlm::sampler::Sampler;
use training::summaries::importance::schedule;
use training::summaries::lesson::{MODEL, sizes, vocabulary};
use training::summaries::net::{Decoder, Sizes};
use training::summaries::study::baselines;
use training::summaries::writer::{Asked, Writer};
use training::tasks::abstracts::{Abstracts, Document};
use training::tasks::pieces::Pieces;
use training::weights::{Weights, numbers};

const SIZES: Sizes = Sizes {
    pieces: 12,
    source: 6,
    summary: 5,
    width: 8,
    heads: 2,
    encoder: 1,
    blocks: 1,
    expansion: 2,
    decoder: Decoder::Attention,
    states: 3,
};

const DECODERS: [Decoder; 2] = [Decoder::Attention, Decoder::CrossMamba];

/// Weights of which none is 0, as after training.
fn weights(sizes: &Sizes) -> Weights {
    let device = Device::flex();
    let mut saved = Weights::draw(sizes.declarations(), 4, &device).save();
    for tensor in &mut saved {
        let mut stream = Key::new(5).named(&tensor.name).stream(0);
        tensor.values.iter_mut().for_each(|value| *value += 0.3 * stream.normal() as f32);
    }
    Weights::load(sizes.declarations(), &saved, &device).expect("it fits")
}

fn logits(sizes: &Sizes, texts: &[&[u16]], summaries: &[&[i64]]) -> Vec<f32> {
    let (weights, device) = (weights(sizes), Device::flex());
    let tokens = TensorData::new(summaries.concat(), [summaries.len(), summaries[0].len()]);
    let read = sizes.read(&weights, texts, &device);
    numbers(sizes.guess(&weights, &read, Tensor::<2, Int>::from_data(tokens, &device)))
}

#[test]
fn every_place_of_a_summary_sees_all_others_and_all_of_the_text() {
    let (text, summary) = ([1_u16, 2, 3, 4, 5, 11], [12_i64, 3, 12, 7, 12]);
    for decoder in DECODERS {
        let sizes = Sizes { decoder, ..SIZES };
        let said = logits(&sizes, &[&text], &[&summary]);
        let all_differ = |other: &[f32]| said.chunks(13).zip(other.chunks(13)).all(|(a, b)| a != b);
        for place in 0..text.len() {
            let mut other = text;
            other[place] = 9;
            assert!(
                all_differ(&logits(&sizes, &[&other], &[&summary])),
                "{decoder:?}: place {place} of the text"
            );
        }
        for place in 0..summary.len() {
            let mut other = summary;
            other[place] = 5;
            assert!(all_differ(&logits(&sizes, &[&text], &[&other])), "{decoder:?}: place {place}");
        }
        let masks = logits(&sizes, &[&text], &[&[12; 5]]);
        let told_apart = masks.chunks(13).zip(masks.chunks(13).skip(1)).all(|(a, b)| a != b);
        assert!(told_apart, "{decoder:?}: masked places with nothing else to see");
        let other = [4_u16, 1, 1, 8, 2, 6];
        let together = logits(&sizes, &[&text, &other], &[&summary, &[12; 5]]);
        let each = [said, logits(&sizes, &[&other], &[&[12; 5]])].concat();
        let differs = together.iter().zip(&each).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(differs < 1e-5, "{decoder:?}: texts do not see each other, and these differ by {differs}");
    }
}

#[test]
fn texts_that_were_read_can_be_asked_several_times() {
    let (weights, device) = (weights(&SIZES), Device::flex());
    let texts: [&[u16]; 2] = [&[1, 2, 3, 4, 5, 11], &[4, 1, 1, 8, 2, 6]];
    let read = SIZES.read(&weights, &texts, &device);
    let twice = SIZES.read(&weights, &[texts[0], texts[0], texts[1], texts[1]], &device);
    let repeated = read.repeated(2);
    let pairs = [
        (numbers(repeated.states.clone()), numbers(twice.states.clone())),
        (numbers(repeated.cls.clone()), numbers(twice.cls.clone())),
        (repeated.seen(), twice.seen()),
    ];
    for (ours, theirs) in pairs {
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} and {theirs:?}");
    }
}

#[test]
fn noise_where_attention_is_even_is_mdlm_to_the_bit_and_else_each_text_has_its_own() {
    let texts: [&[u16]; 2] = [&[1, 2, 3, 3], &[3, 2, 1, 1]];
    let (times, key) = ([0.4, 0.7], Key::new(2));
    let noised = |seen: [&[f32]; 2]| {
        let of = |k: usize| schedule(seen[k], texts[k], 12, 11, 0.9);
        Noised::draw_each(&texts, &times, 12, &[of(0), of(1)], key)
    };
    let even = [0.2, 0.2, 0.2, 0.2, 0.2];
    assert_eq!(noised([&even, &even]), Noised::draw(&texts, &times, 12, &Schedule::default(), key));
    let uneven = noised([&even, &[0.2, 0.7, 0.1, 0.0, 0.0]]);
    let rates: Vec<&[f32]> = uneven.rates.chunks(12).collect();
    assert!(rates[0].iter().all(|rate| (rate - 1.0 / 0.4).abs() < 1e-5), "{rates:?}");
    // What is overlooked is masked earlier, and by 0.7 most of it is: its rate is low. What is seen is masked at the end.
    assert!(rates[1][1] < rates[1][4] && rates[1][4] < rates[1][3], "{rates:?}");
}

#[test]
fn what_cls_attends_to_is_unmasked_first() {
    // Summaries of two pieces, equally likely, of which [CLS] attends to one.
    let leaning = schedule(&[0.0, 0.9, 0.1], &[0, 1], 2, 9, 1.0);
    let likely = |tokens: &[usize], sigma: f64| {
        let time = (1.0 - (-sigma).exp()) / 0.999;
        let share = |token: usize| leaning.masked_share(token, time) as f32;
        [share(0).ln(), share(1).ln(), 0.0].repeat(tokens.len())
    };
    let sampler =
        Sampler { steps: 4, cached: true, temperature: 1.0, schedule: leaning.clone(), key: Key::new(7) };
    let (mut tokens, mut early) = (vec![2; 2000], Vec::new());
    sampler.fill(&mut tokens, 2, likely, |tokens| {
        if early.is_empty() {
            early = [0, 1].map(|token| tokens.iter().filter(|t| **t == token).count()).to_vec();
        }
    });
    for (token, early) in early.into_iter().enumerate() {
        // Of about a thousand, within four standard deviations of what is drawn and of what is unmasked.
        let expected = 1000.0 * (1.0 - leaning.masked_share(token, 0.75));
        assert!(
            (early as f64 - expected).abs() < 80.0,
            "{token}: {early} and not {expected} after a quarter"
        );
    }
    let [important, overlooked] = [0, 1].map(|token| 1.0 - leaning.masked_share(token, 0.75));
    assert!(important > 2.0 * overlooked, "{important} and {overlooked}");
    let all = tokens.iter().filter(|token| **token == 0).count();
    assert!(all.abs_diff(1000) < 90, "in the end {all} of 2000, within four standard deviations");
}

const WORDS: [&str; 8] = ["alpha", "beta", "gamma", "delta", "omega", "sigma", "theta", "kappa"];

/// Texts of which the summary is one word.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let document = |k: usize| {
        let word = WORDS[k % 8];
        format!("{{\"src\": [\"{word}\", \"so it is\"], \"tgt\": [\"{word}\"]}}\n")
    };
    for (part, count) in [("train", 48), ("dev", 8), ("test", 8)] {
        let text: String = (0..count).map(document).collect();
        std::fs::write(folder.path().join(format!("{part}.jsonl")), text).expect("a file");
    }
    folder
}

fn settings(data: &Path, more: &[(&str, i64)]) -> Arguments {
    let small = [
        ("width", 16),
        ("heads", 2),
        ("encoder", 1),
        ("blocks", 1),
        ("source", 2),
        ("summary", 2),
        ("batch", 8),
        ("pieces", 330),
        ("steps", 6),
        ("states", 4),
    ];
    let defaults = Arguments::defaults(MODEL.parameters);
    let data = Argument::Text(data.display().to_string());
    let all = small.iter().chain(more);
    all.fold(defaults.with("data", data), |all, (name, value)| all.with(name, Argument::Integer(*value)))
}

fn with_decoder(arguments: Arguments, decoder: Decoder) -> Arguments {
    let word = if decoder == Decoder::Attention { "Attention" } else { "CrossMamba" };
    arguments.with("decoder", Argument::Word(word))
}

fn lesson(arguments: &Arguments) -> Result<Box<dyn Lesson>, Problem> {
    (MODEL.lesson)(&Job { arguments, device: &Device::flex() })
}

#[test]
fn a_training_is_resumed_to_the_bit() {
    let (folder, device) = (folder(), Device::flex().autodiff());
    for decoder in DECODERS {
        let arguments = with_decoder(settings(folder.path(), &[]), decoder);
        let begin = || Learning::begin(lesson(&arguments).expect("a lesson"), 1, &device);
        let (mut whole, mut first) = (begin(), begin());
        (0..6).for_each(|_| assert!(whole.step().is_finite()));
        (0..3).for_each(|_| assert!(first.step().is_finite()));
        let state: State = first.state();
        let mut second =
            Learning::resume(lesson(&arguments).expect("a lesson"), &state, &device).expect("it fits");
        (0..3).for_each(|_| assert!(second.step().is_finite()));
        assert_eq!(whole.state(), second.state(), "{decoder:?}");
    }
}

fn of(figures: &[Figure], name: &str) -> f64 {
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("{name} in {figures:?}")).value
}

#[test]
fn both_decoders_learn_to_say_what_the_text_is_about() {
    let folder = folder();
    for decoder in DECODERS {
        let arguments = with_decoder(settings(folder.path(), &[("steps", 260)]), decoder);
        let arguments = arguments.with_number("rate", 2e-2).with_number("average", 0.8);
        let lesson_of = lesson(&arguments).expect("a lesson");
        let mut learning = Learning::begin(lesson_of, 1, &Device::flex().autodiff());
        (0..260).for_each(|_| assert!(learning.step().is_finite()));
        let figures = learning.measure_best(Part::Test);
        let bits = |name: &str| of(&figures, name);
        // Which of eight words it is are 3 bits, or 0.6 for each of about five letters.
        assert!(bits("bits_per_char") < 0.3, "{decoder:?}: {figures:?}");
        assert!(
            bits("bits_per_char_given_another_text") > 3.0 * bits("bits_per_char"),
            "{decoder:?}: {figures:?}"
        );
        assert!(bits("bits_per_char_of_frequencies") > 0.6, "{figures:?}");
        let (sizes, saved, device) = (sizes(&arguments).expect("sizes"), learning.best(), Device::flex());
        let weights = Weights::load(sizes.declarations(), &saved, &device).expect("it fits");
        let pieces = vocabulary(&saved, &sizes);
        let writer = Writer { sizes: &sizes, weights: &weights, pieces, importance: 0.5, device: &device };
        let test = Abstracts::read(folder.path()).expect("documents").test;
        let written = |document: &Document, cached: bool| {
            writer.summary(document, Asked { steps: 8, cached, temperature: 0.0, key: Key::new(3) })
        };
        let right = test.iter().filter(|document| written(document, true).0 == document.summaries[0]).count();
        assert!(right >= 5, "{decoder:?}: {right} of 8");
        let ((text, calls), (same, all)) = (written(&test[0], true), written(&test[0], false));
        assert!(text == same && calls <= 2 && all >= 8, "{calls} calls and {all}");
    }
}

#[test]
fn an_untrained_network_gives_all_pieces_the_same_chance() {
    let folder = folder();
    let arguments = settings(folder.path(), &[]).with_number("importance", 0.0).with_number("rate", 1e-30);
    let mut learning = Learning::begin(lesson(&arguments).expect("a lesson"), 1, &Device::flex().autodiff());
    learning.step();
    let figures = learning.measure_best(Part::Test);
    let (bits, error) = (of(&figures, "bits_per_char"), of(&figures, "bits_per_char_standard_error"));
    // A word of five letters is a piece, and an end comes behind it.
    let right = 2.0 * f64::log2(330.0) * (1.0 - 1e-3) / 5.0;
    assert!((bits - right).abs() < 4.0 * error && error < 0.2 * right, "{bits} ± {error}, and not {right}");
}

#[test]
fn sentences_of_the_text_are_measured_beside_it() {
    let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let documents = [
        Document { sentences: text(&["one two", "three four", "five"]), summaries: text(&["three four"]) },
        Document { sentences: text(&["one two"]), summaries: text(&["one", "one two"]) },
    ];
    let figures = baselines(&documents, Key::new(1));
    assert_eq!(of(&figures, "rouge_1_of_first_sentence"), 0.5);
    assert_eq!(of(&figures, "rouge_2_of_best_sentence"), 1.0);
    assert!([0.5, 1.0].contains(&of(&figures, "rouge_l_of_random_sentence")));
    let random = |seed: u64| of(&baselines(&documents, Key::new(seed)), "rouge_1_of_random_sentence");
    assert_eq!(random(4), random(4));
    assert!((0..20).any(|seed| random(seed) == 1.0) && (0..20).any(|seed| random(seed) == 0.5));
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = folder();
    let said = |arguments: &Arguments| lesson(arguments).err().expect("refused").0;
    let five = said(&settings(folder.path(), &[("heads", 5)]));
    assert!(five.contains("width is 16, and 5 heads need a multiple of 10"), "{five}");
    let none = said(&Arguments::defaults(MODEL.parameters));
    assert!(none.contains("the task scitldr needs --data"), "{none}");
    std::fs::write(folder.path().join("dev.jsonl"), "{}").expect("a file");
    let broken = said(&settings(folder.path(), &[]));
    assert!(broken.contains("dev.jsonl: line 1: `src`"), "{broken}");
}

#[test]
fn a_vocabulary_is_learnt_from_the_training_part_alone_and_saved() {
    let folder = folder();
    std::fs::write(folder.path().join("test.jsonl"), "{\"src\": [\"zzzz zzzz zzzz\"], \"tgt\": [\"zzzz\"]}")
        .expect("a file");
    let arguments = settings(folder.path(), &[]);
    let mut learning = Learning::begin(lesson(&arguments).expect("a lesson"), 1, &Device::flex().autodiff());
    learning.step();
    let pieces = vocabulary(&learning.best(), &sizes(&arguments).expect("sizes"));
    let train = Abstracts::read(folder.path()).expect("documents").train;
    let texts: Vec<String> =
        train.iter().flat_map(|d| d.sentences.iter().chain(&d.summaries).cloned()).collect();
    assert_eq!(pieces, Pieces::learn(texts.iter().map(String::as_str), 330));
    assert_eq!(pieces.encode("alpha").len(), 1);
    assert_eq!(pieces.encode("zzzz").len(), 5);
}
