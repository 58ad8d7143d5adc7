//! Compiled networks: what their neurons send, run by the engine, is what whole numbers say, in every code.

use compiler::integers::quantise::quantise;
use compiler::integers::ranges::Ranges;
use compiler::integers::{Bits, Grains, Integers};
use compiler::layers::run::Asked;
use compiler::layers::{Operation, Program};
use compiler::reads::attention::{Heads, Turning};
use compiler::reads::blocks::Mixer;
use compiler::reads::{Tensor, Tensors, hrm, mdlm, mlp, trm};
use compiler::spikes::Code;
use compiler::spikes::chip::Chip;
use compiler::spikes::graph::Graph;
use saltus::compiled::run::{Ran, run, run_plain, times};
use saltus::compiled::{CONTINUOUS, plain_digits, write, write_plain};
use saltus::load::backend;
use sim_core::rng::Key;

/// Tensors of random numbers, up to `1/√inputs` in size.
fn random(shapes: &[(&str, &[usize])], seed: u64) -> Tensors {
    let tensor = |(name, shape): &(&str, &[usize])| {
        let mut stream = Key::new(seed).named(name).stream(0);
        let size = 1.0 / (shape[shape.len() - 1] as f64).sqrt();
        let count = shape.iter().product();
        let values = (0..count).map(|_| ((stream.uniform() * 2.0 - 1.0) * 1.7 * size) as f32).collect();
        Tensor { name: (*name).into(), shape: shape.to_vec(), values }
    };
    Tensors(shapes.iter().map(tensor).collect())
}

/// Tensors of both ends of a network over 4 tokens and 6 channels.
const ENDS: &[(&str, &[usize])] = &[
    ("H_init", &[6]),
    ("L_init", &[6]),
    ("embed_tokens.embedding_weight", &[4, 6]),
    ("lm_head.weight", &[4, 6]),
    ("q_head.weight", &[2, 6]),
    ("q_head.bias", &[2]),
];

fn a_trm() -> (Program, Vec<Asked>) {
    let blocks: &[(&str, &[usize])] = &[
        ("L_level.layers.0.mlp_t.gate_up_proj.weight", &[8, 5]),
        ("L_level.layers.0.mlp_t.down_proj.weight", &[5, 4]),
        ("L_level.layers.0.mlp.gate_up_proj.weight", &[16, 6]),
        ("L_level.layers.0.mlp.down_proj.weight", &[6, 8]),
    ];
    let tensors = random(&[ENDS, blocks].concat(), 7);
    let schedule = trm::Schedule {
        prefix: 1,
        cells: 4,
        blocks: 1,
        mixer: Mixer::Mlp,
        high_cycles: 2,
        low_cycles: 2,
        rounds: 2,
    };
    let questions = [[0, 1, 2, 3], [3, 3, 1, 0], [2, 0, 0, 1]].map(|tokens| Asked::Tokens(tokens.to_vec()));
    (trm::program(&tensors, &schedule).expect("all tensors are there"), questions.to_vec())
}

const GRID: Turning = Turning::Grid { before: 1, side: 2 };

fn an_hrm(turned: Option<Turning>) -> (Program, Vec<Asked>) {
    let block = |level: &str| {
        [
            ("self_attn.qkv_proj", [18, 6]),
            ("self_attn.o_proj", [6, 6]),
            ("mlp.gate_up_proj", [16, 6]),
            ("mlp.down_proj", [6, 8]),
        ]
        .map(|(part, shape)| (format!("{level}.layers.0.{part}.weight"), shape))
    };
    let blocks: Vec<_> = ["H_level", "L_level"].into_iter().flat_map(block).collect();
    let mut shapes = ENDS.to_vec();
    shapes.extend(blocks.iter().map(|(name, shape)| (&name[..], &shape[..])));
    shapes.push(("embed_pos.embedding_weight", &[5, 6]));
    let heads = Heads { count: if turned.is_some() { 3 } else { 2 }, turned };
    let schedule = hrm::Schedule {
        prefix: 1,
        cells: 4,
        heads,
        blocks: [1, 1],
        high_cycles: 2,
        low_cycles: 1,
        rounds: 2,
    };
    let questions = [[0, 1, 2, 3], [3, 3, 1, 0], [2, 0, 0, 1]].map(|tokens| Asked::Tokens(tokens.to_vec()));
    let program = hrm::program(&random(&shapes, 11), &schedule).expect("all tensors are there");
    (program, questions.to_vec())
}

fn an_mdlm() -> (Program, Vec<Asked>) {
    let shapes: &[(&str, &[usize])] = &[
        ("vocab_embed.embedding", &[5, 8]),
        ("sigma_map.mlp.0.weight", &[3, 6]),
        ("sigma_map.mlp.0.bias", &[3]),
        ("sigma_map.mlp.2.weight", &[3, 3]),
        ("sigma_map.mlp.2.bias", &[3]),
        ("blocks.0.norm1.weight", &[8]),
        ("blocks.0.norm2.weight", &[8]),
        ("blocks.0.attn_qkv.weight", &[24, 8]),
        ("blocks.0.attn_out.weight", &[8, 8]),
        ("blocks.0.mlp.0.weight", &[16, 8]),
        ("blocks.0.mlp.0.bias", &[16]),
        ("blocks.0.mlp.2.weight", &[8, 16]),
        ("blocks.0.mlp.2.bias", &[8]),
        ("blocks.0.adaLN_modulation.weight", &[48, 3]),
        ("blocks.0.adaLN_modulation.bias", &[48]),
        ("output_layer.norm_final.weight", &[8]),
        ("output_layer.linear.weight", &[5, 8]),
        ("output_layer.linear.bias", &[5]),
        ("output_layer.adaLN_modulation.weight", &[16, 3]),
        ("output_layer.adaLN_modulation.bias", &[16]),
    ];
    let schedule = mdlm::Schedule { places: 6, heads: 2, blocks: 1, gate: 1.0 };
    let questions = [[0, 1, 4, 3, 4, 4], [4, 4, 4, 4, 4, 4], [1, 1, 0, 4, 2, 3]];
    let program = mdlm::program(&random(shapes, 17), &schedule).expect("all tensors are there");
    (program, questions.map(|tokens| Asked::Tokens(tokens.to_vec())).to_vec())
}

fn an_mlp() -> (Program, Vec<Asked>) {
    let shapes: &[(&str, &[usize])] = &[
        ("layer0.weight", &[12, 10]),
        ("layer0.bias", &[10]),
        ("layer1.weight", &[10, 8]),
        ("layer1.bias", &[8]),
        ("layer2.weight", &[8, 4]),
        ("layer2.bias", &[4]),
    ];
    let mut stream = Key::new(3).named("pixels").stream(0);
    let questions = (0..20).map(|_| Asked::Numbers((0..12).map(|_| stream.uniform() as f32).collect()));
    (mlp::program(&random(shapes, 5), 3).expect("all tensors are there"), questions.collect())
}

fn whole((program, questions): &(Program, Vec<Asked>), bits: Bits) -> Integers {
    quantise(program, &Ranges::of(program, questions), bits).expect("it has whole numbers")
}

fn ran(given: &(Program, Vec<Asked>), bits: Bits, code: Code, threads: usize) -> Ran {
    let network = whole(given, bits);
    let graph = Graph::new(&network, code);
    let folder = tempfile::tempdir().expect("a folder");
    write(&graph, &network, &given.1, "A compiled network", folder.path()).expect("it is written");
    let cpu = backend("cpu").expect("there is a cpu");
    run(&graph, &network, &given.1, folder.path(), cpu, (Some(threads), true))
        .unwrap_or_else(|error| panic!("{error:#}"))
        .unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn all_numbers_are_sent(given: &(Program, Vec<Asked>), bits: Bits, code: Code) {
    let ran = ran(given, bits, code, 1);
    assert_eq!(ran.differ, 0, "of {}; {}", ran.numbers, ran.first.unwrap_or_default());
    assert!(ran.numbers > 400 && ran.spikes > 400, "{} numbers, {} spikes", ran.numbers, ran.spikes);
}

const EIGHT: Bits = Bits { values: 8, weights: 8, fine: 12, head: 24, grains: Grains::Closest };
const FOUR: Bits = Bits { values: 4, weights: 6, fine: 6, head: 8, grains: Grains::Closest };

#[test]
fn a_recursive_reasoner_sends_its_whole_numbers_in_digits() {
    all_numbers_are_sent(&a_trm(), EIGHT, Code::Phase);
    all_numbers_are_sent(&a_trm(), FOUR, Code::Phase);
}

#[test]
fn a_recursive_reasoner_sends_its_whole_numbers_as_counts() {
    all_numbers_are_sent(&a_trm(), FOUR, Code::Rate);
}

#[test]
fn a_recursive_reasoner_sends_its_whole_numbers_as_times() {
    all_numbers_are_sent(&a_trm(), FOUR, Code::Ttfs);
}

#[test]
fn attention_sends_its_whole_numbers_in_every_code() {
    for given in [an_hrm(Some(GRID)), an_hrm(None), an_mdlm()] {
        all_numbers_are_sent(&given, EIGHT, Code::Phase);
        all_numbers_are_sent(&given, FOUR, Code::Phase);
        all_numbers_are_sent(&given, FOUR, Code::Rate);
        all_numbers_are_sent(&given, FOUR, Code::Ttfs);
    }
}

/// A network of the size that learns Sudoku of 4 × 4, and twenty puzzles, or what is as long.
fn at_full_size() -> (Program, Vec<Asked>) {
    let block = |block: usize| {
        [
            ("mlp_t.gate_up_proj", [128, 17]),
            ("mlp_t.down_proj", [17, 64]),
            ("mlp.gate_up_proj", [256, 48]),
            ("mlp.down_proj", [48, 128]),
        ]
        .map(|(part, shape)| (format!("L_level.layers.{block}.{part}.weight"), shape))
    };
    let blocks: Vec<_> = (0..2).flat_map(block).collect();
    let mut shapes: Vec<(&str, &[usize])> = vec![
        ("H_init", &[48]),
        ("L_init", &[48]),
        ("embed_tokens.embedding_weight", &[6, 48]),
        ("lm_head.weight", &[6, 48]),
        ("q_head.weight", &[2, 48]),
        ("q_head.bias", &[2]),
    ];
    shapes.extend(blocks.iter().map(|(name, shape)| (&name[..], &shape[..])));
    let schedule = trm::Schedule {
        prefix: 1,
        cells: 16,
        blocks: 2,
        mixer: Mixer::Mlp,
        high_cycles: 2,
        low_cycles: 3,
        rounds: 1,
    };
    let mut stream = Key::new(9).named("puzzles").stream(0);
    let questions = (0..20).map(|_| Asked::Tokens((0..16).map(|_| 1 + stream.below(5)).collect())).collect();
    (trm::program(&random(&shapes, 13), &schedule).expect("all tensors are there"), questions)
}

#[test]
fn twenty_puzzles_at_full_size_are_said_in_every_code() {
    let given = at_full_size();
    for code in [Code::Phase, Code::Ttfs, Code::Rate] {
        all_numbers_are_sent(&given, FOUR, code);
    }
}

#[test]
fn rectified_layers_send_their_whole_numbers_in_every_code() {
    for code in [Code::Rate, Code::Phase, Code::Ttfs] {
        all_numbers_are_sent(&an_mlp(), FOUR, code);
        all_numbers_are_sent(&an_mlp(), EIGHT, code);
    }
}

#[test]
fn a_compiled_network_answers_alike_on_any_number_of_threads() {
    let (one, three) = (ran(&a_trm(), FOUR, Code::Phase, 1), ran(&a_trm(), FOUR, Code::Phase, 3));
    assert_eq!(one.answers, three.answers);
    assert_eq!((one.spikes, one.operations), (three.spikes, three.operations));
}

#[test]
fn a_network_that_halts_is_silent_until_the_next_question() {
    let with_bias = |of_halting: f32| {
        let (mut program, questions) = a_trm();
        let last = program.head.1.nodes.last_mut().expect("a head");
        let Operation::Linear { bias: Some(bias), .. } = &mut last.operation else { panic!("a layer") };
        *bias.last_mut().expect("the bias of halting") = of_halting;
        ran(&(program, questions), FOUR, Code::Phase, 1)
    };
    let (all, halted) = (with_bias(-40.0), with_bias(40.0));
    assert_eq!(halted.differ, 0, "{}", halted.first.unwrap_or_default());
    assert!(all.answers.iter().all(|rounds| rounds.len() == 2), "it would have gone on");
    assert!(halted.answers.iter().all(|rounds| rounds.len() == 1), "it has halted");
    assert!(halted.spikes * 10 < all.spikes * 6, "{} and {} spikes", halted.spikes, all.spikes);
}

#[test]
fn in_continuous_time_rectified_layers_are_exact() {
    let given = an_mlp();
    let (program, questions) = &given;
    let network = whole(&given, CONTINUOUS);
    let graph = Graph::continuous(&network).expect("it adds and rectifies");
    let folder = tempfile::tempdir().expect("a folder");
    write(&graph, &network, questions, "Exact", folder.path()).expect("it is written");
    let sent = times(&graph, &network, questions.len(), folder.path(), (Some(1), true)).expect("it runs");
    let mut largest = 0.0_f64;
    for (asked, sent) in questions.iter().zip(&sent) {
        let real = program.run(asked, |_, _| ());
        for (real, sent) in real[0].iter().zip(sent) {
            largest = largest.max(f64::from(*real).abs());
            assert!((f64::from(*real) - sent).abs() < 1e-6, "{real} and {sent}");
        }
    }
    assert!(largest > 0.5, "the layers said something: {largest}");
}

#[test]
fn rectified_layers_of_ordinary_neurons_send_their_whole_numbers_on_loihi_too() {
    let given = an_mlp();
    let network = whole(&given, plain_digits(4, 8)).rectified();
    let chip = Chip::new(&network, &given.1).expect("it has rectified layers");
    let folder = tempfile::tempdir().expect("a folder");
    write_plain(&chip, &network, &given.1, "Plain", folder.path()).expect("it is written");
    for name in ["cpu", "loihi", "loihi-real", "truenorth-real"] {
        let machine = backend(name).expect("a machine");
        let ran = run_plain(&chip, &network, &given.1, folder.path(), machine, (Some(1), true));
        let ran = ran.expect("it runs").unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(ran.differ, 0, "{name}, of {}: {}", ran.numbers, ran.first.unwrap_or_default());
        assert!(
            ran.numbers > 400 && ran.spikes > 500,
            "{name}: {} numbers, {} spikes",
            ran.numbers,
            ran.spikes
        );
    }
}

#[test]
fn what_chips_do_not_compute_is_named() {
    let (program, questions) = a_trm();
    let network = whole(&(program, questions.clone()), plain_digits(4, 8));
    let refusal = Chip::new(&network, &questions).expect_err("it goes over its answer");
    assert!(refusal.to_string().contains("goes over its answer"), "{refusal}");
    let network = whole(&an_mlp(), plain_digits(4, 8));
    let refusal = Chip::new(&network, &an_mlp().1).expect_err("its head has a sign");
    assert!(refusal.to_string().contains("population logits"), "{refusal}");
}

#[test]
fn what_is_not_exact_in_continuous_time_is_named() {
    let network = whole(&a_trm(), CONTINUOUS);
    let refusal = Graph::continuous(&network).expect_err("it has gates");
    assert!(refusal.to_string().contains("population block0_mix_gate"), "{refusal}");
}

/// How far the first heads are from the layers, with values of more and more bits.
fn errors(given: &(Program, Vec<Asked>)) -> [f64; 4] {
    let (program, questions) = given;
    [4, 6, 8, 10].map(|values| {
        let network = whole(given, Bits { values, weights: 12, fine: 16, head: 24, grains: Grains::Closest });
        let grain = network.head.1.last().expect("a head").sends.grain;
        let error = |asked: &Asked| {
            let (real, whole) = (program.run(asked, |_, _| ()), network.run(asked, |_, _| ()));
            let numbers = real[0].iter().zip(&whole[0]);
            numbers.map(|(real, whole)| (f64::from(*real) - *whole as f64 * grain).powi(2)).sum::<f64>()
        };
        questions.iter().map(error).sum::<f64>().sqrt()
    })
}

#[test]
fn more_bits_come_closer_to_the_layers() {
    let errors = errors(&a_trm());
    assert!(errors.windows(2).all(|pair| pair[1] < pair[0] / 2.0), "{errors:?}");
}

#[test]
fn more_bits_cost_more_spikes_and_operations() {
    let given = a_trm();
    let costs = [4, 6, 8].map(|values| {
        let ran = ran(&given, Bits { values, ..EIGHT }, Code::Phase, 1);
        [ran.spikes, ran.operations]
    });
    assert!(costs.windows(2).all(|pair| pair[0][0] < pair[1][0] && pair[0][1] < pair[1][1]), "{costs:?}");
}

#[test]
fn more_bits_come_closer_to_attention() {
    for given in [an_hrm(Some(GRID)), an_hrm(None), an_mdlm()] {
        let errors = errors(&given);
        assert!(errors.windows(2).all(|pair| pair[1] < pair[0]), "{errors:?}");
        assert!(errors[3] < errors[0] / 12.0, "{errors:?}");
    }
}
