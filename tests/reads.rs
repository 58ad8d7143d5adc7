//! Layers that are read from the tensors of a training compute what the training computes.
#![cfg(feature = "train")]

use burn::tensor::{Device, Int, Tensor, TensorData};
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::reads::attention::{self, Heads};
use compiler::reads::{self, Tensors, blocks};
use sim_core::rng::Key;
use training::hrm;
use training::layers::block::Mixer;
use training::layers::rope::Turning;
use training::mdlm;
use training::supervision::carry::Carry;
use training::supervision::ends::silent;
use training::trm;
use training::weights::{Declaration, Named, Weights, numbers};

/// Weights of which none is 0, as a training saves them.
fn weights(declarations: Vec<Declaration>) -> (Weights, Tensors) {
    let device = Device::flex();
    let mut saved = Weights::draw(declarations.clone(), 3, &device).save();
    for Named { name, shape, values } in &mut saved {
        let mut stream = Key::new(5).named(name).stream(0);
        let size = 0.8 / (shape[shape.len() - 1] as f64).sqrt();
        values.iter_mut().for_each(|value| *value += ((stream.uniform() * 2.0 - 1.0) * size) as f32);
    }
    let tensor = |Named { name, shape, values }: &Named| reads::Tensor {
        name: name.clone(),
        shape: shape.clone(),
        values: values.clone(),
    };
    let tensors = Tensors(saved.iter().map(tensor).collect());
    (Weights::load(declarations, &saved, &device).expect("they fit"), tensors)
}

const QUESTIONS: [[u32; 9]; 2] = [[1, 0, 3, 2, 4, 4, 1, 0, 2], [4, 4, 4, 3, 3, 0, 1, 2, 1]];

fn asked() -> Tensor<2, Int> {
    let tokens = QUESTIONS.concat().into_iter().map(i64::from).collect();
    Tensor::from_data(TensorData::new(tokens, [2, 9]), &Device::flex())
}

/// What layers answer in each round, `[round][question][place][number]`.
fn answers(program: &Program) -> Vec<Vec<f32>> {
    let one = |question: &[u32; 9]| program.run(&Asked::Tokens(question.to_vec()), |_, _| ());
    let [first, second] = [one(&QUESTIONS[0]), one(&QUESTIONS[1])];
    first.into_iter().zip(second).map(|(first, second)| [first, second].concat()).collect()
}

/// Nine logits of `tokens` tokens for each question, and one of halting.
fn compare(program: &Program, tokens: usize, steps: &[(Vec<f32>, Vec<f32>)]) {
    let rounds = answers(program);
    assert_eq!(rounds.len(), steps.len());
    for (ours, (logits, halt)) in rounds.iter().zip(steps) {
        let places = program.head.1.nodes.last().expect("a head").shape.places;
        let of_question = ours.len() / 2;
        for question in 0..2 {
            let rows: Vec<&[f32]> =
                ours[question * of_question..][..of_question].chunks(tokens + 1).collect();
            assert_eq!(rows.len(), places);
            let said = rows[places - 9..].iter().flat_map(|row| &row[..tokens]);
            let theirs = &logits[question * 9 * tokens..][..9 * tokens];
            said.zip(theirs)
                .for_each(|(ours, theirs)| assert!((ours - theirs).abs() < 2e-4, "{ours} {theirs}"));
            let (ours, theirs) = (rows[0][tokens], halt[question]);
            assert!((ours - theirs).abs() < 2e-4, "halting: {ours} and {theirs}");
        }
    }
}

#[test]
fn both_mixers_of_trm() {
    for attends in [false, true] {
        let mixer = Mixer::Attention { heads: 2, turned: Some(Turning::Line) };
        let sizes = trm::net::Sizes {
            vocabulary: 5,
            cells: 9,
            prefix: 1,
            width: 8,
            blocks: 2,
            mixer: if attends { mixer } else { Mixer::Mlp },
            expansion: 2,
            rounding: 4,
            bits: None,
            high_cycles: 2,
            low_cycles: 2,
            one_step: false,
        };
        let (weights, tensors) = weights(sizes.declarations());
        let heads = Heads { count: 2, turned: Some(attention::Turning::Line) };
        let schedule = reads::trm::Schedule {
            prefix: 1,
            cells: 9,
            blocks: 2,
            mixer: if attends { blocks::Mixer::Attention(heads) } else { blocks::Mixer::Mlp },
            high_cycles: 2,
            low_cycles: 2,
            rounds: 2,
        };
        let program = reads::trm::program(&tensors, &schedule).expect("all tensors are there");
        let mut carry = Carry::fresh(&weights, 2, sizes.places());
        let step = |_| {
            let prefix = silent([2, 1, 8], &Device::flex());
            let done = trm::recursion::step(&sizes, &weights, asked(), prefix, carry.clone());
            carry = done.carry;
            (numbers(done.logits), numbers(done.halt))
        };
        compare(&program, 5, &[0, 1].map(step));
    }
}

#[test]
fn hrm_with_places_told_apart_in_every_way() {
    use hrm::net::Positions;
    let grid = attention::Turning::Grid { before: 1, side: 3 };
    for (positions, turned) in [
        (Positions::Turned, Some(attention::Turning::Line)),
        (Positions::Grid, Some(grid)),
        (Positions::Learned, None),
    ] {
        let sizes = hrm::net::Sizes {
            vocabulary: 5,
            cells: 9,
            prefix: 1,
            width: 8,
            heads: 2,
            positions,
            high_blocks: 1,
            low_blocks: 2,
            expansion: 2,
            rounding: 4,
            bits: None,
            high_cycles: 2,
            low_cycles: 2,
        };
        let (weights, tensors) = weights(sizes.declarations());
        let schedule = reads::hrm::Schedule {
            prefix: 1,
            cells: 9,
            heads: Heads { count: 2, turned },
            blocks: [1, 2],
            high_cycles: 2,
            low_cycles: 2,
            rounds: 2,
        };
        let program = reads::hrm::program(&tensors, &schedule).expect("all tensors are there");
        let mut carry = Carry::fresh(&weights, 2, sizes.places());
        let step = |_| {
            let prefix = silent([2, 1, 8], &Device::flex());
            let done = hrm::recursion::step(&sizes, &weights, asked(), prefix, carry.clone());
            carry = done.step.carry;
            (numbers(done.step.logits), numbers(done.halt - done.go_on))
        };
        compare(&program, 5, &[0, 1].map(step));
    }
}

#[test]
fn mdlm_with_all_that_it_is_told_folded_away() {
    let sizes = mdlm::net::Sizes {
        vocabulary: 4,
        width: 8,
        heads: 2,
        blocks: 2,
        expansion: 2,
        condition: 3,
        timed: false,
        gate: 0.5,
    };
    let (weights, tensors) = weights(sizes.declarations());
    let schedule = reads::mdlm::Schedule { places: 9, heads: 2, blocks: 2, gate: 0.5 };
    let program = reads::mdlm::program(&tensors, &schedule).expect("all tensors are there");
    let theirs = numbers(sizes.forward(&weights, asked(), &[0.3, 0.9]));
    let ours = answers(&program).concat();
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
    assert!(largest > 0.3, "it says something: {largest}");
    ours.iter()
        .zip(&theirs)
        .for_each(|(ours, theirs)| assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}"));
}
