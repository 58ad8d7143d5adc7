//! TRM and the puzzles that it learns.

use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use std::collections::BTreeSet;
use std::fs;
use training::layers::block::Mixer;
use training::layers::rope::Turning;
use training::learning::{Learning, State};
use training::lesson::{Job, Lesson, Part, Problem};
use training::supervision::carry::Carry;
use training::supervision::ends::{Step, silent};
use training::tasks::sudoku::{FOUR, NINE, SIX, made, read};
use training::tasks::symmetry::Symmetry;
use training::trm::lesson::{MODEL, of_puzzles};
use training::trm::net::Sizes;
use training::trm::recursion::{losses, step};
use training::weights::{Learns, Weights, numbers};

#[test]
fn there_are_288_grids_of_4_by_4_and_they_follow_the_rules() {
    let grids = FOUR.solutions(&[0; 16], 1000);
    assert_eq!(grids.iter().collect::<BTreeSet<_>>().len(), 288);
    assert!(grids.iter().all(|grid| FOUR.is_solution(grid)));
    let mut broken = grids[0].clone();
    broken.swap(0, 1);
    assert!(!FOUR.is_solution(&broken));
}

#[test]
fn puzzles_that_are_made_have_one_solution_and_none_is_both_learnt_and_tested() {
    for (shape, counts, givens) in [(FOUR, (150, 50), 4), (SIX, (60, 20), 8), (NINE, (10, 5), 30)] {
        let puzzles = made(shape, 3, counts);
        assert_eq!((puzzles.train.len(), puzzles.test.len()), counts);
        for puzzle in puzzles.train.iter().chain(&puzzles.test) {
            assert!(shape.is_solution(&puzzle.solution));
            assert_eq!(shape.solutions(&puzzle.given, 2), vec![puzzle.solution.clone()]);
            assert!(puzzle.given.iter().filter(|digit| **digit > 0).count() >= givens);
        }
        let learnt: BTreeSet<&Vec<u8>> = puzzles.train.iter().map(|puzzle| &puzzle.solution).collect();
        assert!(puzzles.test.iter().all(|puzzle| !learnt.contains(&puzzle.solution)));
        assert_eq!(puzzles.train, made(shape, 3, counts).train);
    }
}

#[test]
fn a_symmetry_of_a_puzzle_is_a_puzzle_with_one_solution() {
    for shape in [FOUR, SIX, NINE] {
        let (puzzles, key) = (made(shape, 5, (10, 1)).train, Key::new(1).named("symmetries"));
        let mut seen = BTreeSet::new();
        for (number, puzzle) in puzzles.iter().enumerate() {
            let other = Symmetry::draw(shape, &mut key.stream(number as u64)).of(puzzle);
            assert!(shape.is_solution(&other.solution));
            assert_eq!(shape.solutions(&other.given, 2), vec![other.solution.clone()]);
            seen.insert(other != *puzzle);
        }
        assert!(seen.contains(&true), "no puzzle has changed");
    }
}

#[test]
fn files_are_read_and_lines_that_are_no_puzzle_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, lines: &str| {
        fs::write(folder.path().join(name), format!("puzzle,solution,givens\n{lines}")).expect("written");
    };
    let right = "0030340000020243,2134342143121243,7\n";
    write("train.csv", &right.repeat(2));
    write("test.csv", &right.replace('0', "."));
    let puzzles = read(FOUR, folder.path(), "").expect("puzzles");
    assert_eq!((puzzles.train.len(), puzzles.test.len()), (2, 1));
    assert_eq!(puzzles.train[0], puzzles.test[0]);
    write("hard_train.csv", right);
    assert_eq!(
        read(FOUR, folder.path(), "hard").expect_err("one part").message,
        "there is no file *hard*test*.csv*"
    );
    write("hard_test.csv", &right.repeat(3));
    let puzzles = read(FOUR, folder.path(), "hard").expect("puzzles");
    assert_eq!((puzzles.train.len(), puzzles.test.len()), (1, 3));
    fs::remove_file(folder.path().join("hard_test.csv")).expect("removed");
    for (line, why) in [
        ("003034000002024,2134342143121243", "the puzzle is not 16 digits"),
        ("0030340000020243,2134342143121253", "the solution is not 16 digits of 0 to 4"),
        ("0030340000020243", "the solution is not 16 digits"),
        ("0030340000020243,2134342143121234", "breaks the rules"),
        ("1030340000020243,2134342143121243", "of another puzzle"),
    ] {
        write("test.csv", &format!("{right}{line}\n"));
        let said = read(FOUR, folder.path(), "").expect_err("refused").to_string();
        assert!(said.contains("line 3") && said.contains(why), "{said}");
    }
}

fn sizes(mixer: Mixer) -> Sizes {
    Sizes {
        vocabulary: 6,
        cells: 16,
        prefix: 2,
        width: 12,
        blocks: 2,
        mixer,
        expansion: 2,
        rounding: 8,
        bits: None,
        high_cycles: 3,
        low_cycles: 2,
        one_step: false,
    }
}

const MIXERS: [Mixer; 2] = [Mixer::Mlp, Mixer::Attention { heads: 2, turned: Some(Turning::Line) }];

/// Sudoku as in the release has as many numbers as the networks there.
#[test]
fn networks_are_as_large_as_those_of_the_release() {
    for (mixer, expected) in
        [(Mixer::Mlp, 5_028_866), (Mixer::Attention { heads: 8, turned: Some(Turning::Line) }, 6_828_034)]
    {
        let sizes = Sizes {
            vocabulary: 11,
            cells: 81,
            prefix: 16,
            width: 512,
            expansion: 4,
            rounding: 256,
            ..sizes(mixer)
        };
        let learnt =
            sizes.declarations().into_iter().filter(|declaration| declaration.learns == Learns::ByRule);
        let count: usize = learnt.map(|declaration| declaration.shape.iter().product::<usize>()).sum();
        assert_eq!(count, expected, "{mixer:?}");
    }
}

fn tokens(device: &Device) -> Tensor<2, Int> {
    let tokens: Vec<i64> = (0..3 * 16).map(|k| 1 + k * k % 5).collect();
    Tensor::from_data(TensorData::new(tokens, [3, 16]), device)
}

/// The gradients of a step from a carry.
fn learnt(sizes: &Sizes, carry: Carry) -> (Step, Vec<(String, Vec<f32>)>) {
    let device = Device::flex().autodiff();
    let weights = Weights::draw(sizes.declarations(), 1, &device);
    let done = step(sizes, &weights, tokens(&device), silent([3, 2, 12], &device), carry);
    let (wrong, halting) = losses(&done, tokens(&device));
    let gradients = weights.gradients(&(wrong + halting * 0.5).sum().backward());
    (done, gradients)
}

#[test]
fn with_three_bits_all_that_passes_on_is_one_of_seven_numbers_and_is_learnt_from() {
    for mixer in MIXERS {
        let sizes = Sizes { bits: Some(3), ..sizes(mixer) };
        let weights = Weights::draw(sizes.declarations(), 1, &Device::flex());
        let (done, gradients) = learnt(&sizes, Carry::fresh(&weights, 3, 18));
        for state in [done.carry.answer, done.carry.latent] {
            let said = numbers(state);
            let grain = said.iter().map(|x| x.abs()).filter(|x| *x > 0.0).fold(f32::INFINITY, f32::min);
            let levels: BTreeSet<i32> = said.iter().map(|x| (x / grain) as i32).collect();
            assert!(said.iter().all(|x| x % grain == 0.0) && grain.log2().fract() == 0.0, "{grain}");
            assert!(levels.len() > 3 && levels.iter().all(|level| level.abs() <= 3), "{levels:?}");
        }
        let moved = |(name, gradient): &(String, Vec<f32>)| {
            assert!(gradient.iter().any(|slope| *slope != 0.0), "{mixer:?}: {name}");
        };
        gradients.iter().for_each(moved);
    }
}

#[test]
fn gradients_come_from_the_last_cycle_alone() {
    for mixer in MIXERS {
        let sizes = sizes(mixer);
        let weights = Weights::draw(sizes.declarations(), 1, &Device::flex());
        let fresh = || Carry::fresh(&weights, 3, 18);
        let (all, gradients) = learnt(&sizes, fresh());
        assert_eq!(all.logits.dims(), [3, 16, 6]);
        assert_eq!(all.halt.dims(), [3]);
        assert_eq!(all.carry.answer.dims(), [3, 18, 12]);
        let shorter = |high_cycles: usize| Sizes { high_cycles, ..sizes };
        let device = Device::flex();
        let prefix = silent([3, 2, 12], &device);
        let before = step(&shorter(2), &weights, tokens(&device), prefix, fresh());
        let (last, same) = learnt(&shorter(1), before.carry);
        assert_eq!(numbers(all.logits), numbers(last.logits), "{mixer:?}");
        assert_eq!(gradients, same, "{mixer:?}");
        assert_eq!(gradients.len(), sizes.declarations().len() - 2, "what is not learnt has no gradient");
        let moves = |name: &str| {
            let (_, gradient) = gradients.iter().find(|(this, _)| this == name).expect("it has a gradient");
            gradient.iter().any(|g| *g != 0.0)
        };
        assert!(moves("embed_tokens.embedding_weight") && moves("q_head.bias"), "{mixer:?}");
    }
}

#[test]
fn the_one_step_gradient_comes_from_the_last_renewals_alone() {
    let sizes = Sizes { high_cycles: 1, low_cycles: 3, ..sizes(Mixer::Mlp) };
    let weights = Weights::draw(sizes.declarations(), 1, &Device::flex());
    let fresh = || Carry::fresh(&weights, 3, 18);
    let (whole, through_all) = learnt(&sizes, fresh());
    let (one, gradients) = learnt(&Sizes { one_step: true, ..sizes }, fresh());
    assert_eq!(numbers(whole.logits), numbers(one.logits));
    assert_ne!(through_all, gradients);
    let device = Device::flex();
    let before = Sizes { low_cycles: 2, ..sizes };
    let before = step(&before, &weights, tokens(&device), silent([3, 2, 12], &device), fresh());
    let carry = Carry { latent: before.carry.latent, ..fresh() };
    assert_eq!(learnt(&Sizes { low_cycles: 1, ..sizes }, carry).1, gradients);
}

#[test]
fn the_loss_is_that_of_stablemax_and_cells_without_a_label_do_not_count() {
    let device = Device::flex();
    // Behind two cells a third, of which nothing is asked.
    let logits = [[1.0, -1.0, 0.5], [3.0, 0.0, -3.0], [0.0, 9.0, 0.0]];
    // s is 2, 1/2, 3/2 and 4, 1, 1/4.
    let wrong = -((1.5_f32 / 4.0).ln() + (4.0_f32 / 5.25).ln()) / 2.0;
    let right = -((2.0_f32 / 4.0).ln() + (4.0_f32 / 5.25).ln()) / 2.0;
    for (labels, expected, is_right) in [([2, 0, -1], wrong, 0.0), ([0, 0, -1], right, 1.0)] {
        let nothing = || Tensor::<3>::zeros([1, 1, 1], &device);
        let carry = Carry { answer: nothing(), latent: nothing() };
        let logits = Tensor::<3>::from_data([logits], &device);
        let done = Step { logits, halt: Tensor::from_data([0.5], &device), carry };
        let (loss, halting) = losses(&done, Tensor::from_data([labels], &device));
        assert!((numbers(loss)[0] - expected).abs() < 1e-6, "{labels:?}");
        let surprise = (1.0 + 0.5_f32.exp()).ln() - 0.5 * is_right;
        assert!((numbers(halting)[0] - surprise).abs() < 1e-6, "{labels:?}");
    }
}

fn settings(mixer: &'static str) -> Arguments {
    [("width", 16), ("heads", 2), ("rounding", 8), ("batch", 24), ("steps", 40), ("supervision", 3)]
        .into_iter()
        .fold(Arguments::defaults(MODEL.parameters), |settings, (name, value)| {
            settings.with(name, Argument::Integer(value))
        })
        .with("mixer", Argument::Word(mixer))
        .with("validation", Argument::Integer(20))
        .with_number("rate", 5e-3)
        .with_number("average", 0.9)
}

fn lesson(arguments: &Arguments) -> Result<Box<dyn Lesson>, Problem> {
    of_puzzles(FOUR, made(FOUR, 1, (100, 30)), &Job { arguments, device: &Device::flex() })
}

fn begin(arguments: &Arguments) -> Learning {
    Learning::begin(lesson(arguments).expect("a lesson"), 1, &Device::flex().autodiff())
}

#[test]
fn both_mixers_learn_and_say_how_well() {
    for mixer in ["Mlp", "Attention"] {
        let mut learning = begin(&settings(mixer));
        let losses: Vec<f64> = (0..40).map(|_| learning.step()).collect();
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (before, after) = (mean(&losses[..5]), mean(&losses[35..]));
        assert!(after < 0.95 * before, "{mixer}: {before} became {after}");
        assert_eq!(learning.validate()[0].name, "validation_exact_grids");
        let figures = learning.measure_best(Part::Test);
        let of = |name: &str| figures.iter().find(|figure| figure.name == name).expect(name).value;
        assert!(of("right_cells") > 0.25 && of("right_cells") <= 1.0, "{mixer}: {figures:?}");
        assert!((1.0..=3.0).contains(&of("steps_until_halt")), "{mixer}: {figures:?}");
        assert!(of("exact_grids_after_1_steps") <= 1.0 && of("exact_grids_after_2_steps") <= 1.0);
    }
}

#[test]
fn puzzles_stay_in_their_slots_until_their_time_is_over() {
    let mut learning = begin(&settings("Mlp"));
    let slots = |learning: &Learning| {
        let state = learning.state();
        let slots = state.tensors.into_iter().find(|tensor| tensor.name == "carried.slots");
        slots.expect("slots are carried").values
    };
    // The network does not want to halt at first, so a puzzle stays for three steps.
    for (taken, steps, halted) in [(0.0, 1.0, 0.0), (0.0, 2.0, 0.0), (0.0, 3.0, 1.0), (3.0, 1.0, 0.0)] {
        learning.step();
        assert!(slots(&learning).chunks_exact(3).all(|slot| slot == [taken, steps, halted]));
    }
}

#[test]
fn a_training_is_resumed_to_the_bit_with_its_puzzles_half_done() {
    for puzzles in [false, true] {
        let arguments = settings("Mlp").with("puzzles", Argument::Flag(puzzles));
        let mut whole = begin(&arguments);
        (0..6).for_each(|_| assert!(whole.step().is_finite()));
        let mut first = begin(&arguments);
        (0..4).for_each(|_| assert!(first.step().is_finite()));
        let (mut state, device) = (first.state(), Device::flex().autodiff());
        let resumed = |state: &State| Learning::resume(lesson(&arguments).expect("a lesson"), state, &device);
        let mut second = resumed(&state).expect("it fits");
        (0..2).for_each(|_| assert!(second.step().is_finite()));
        assert_eq!(whole.state(), second.state());
        state.tensors.retain(|tensor| tensor.name != "carried.z_L");
        assert!(resumed(&state).is_err(), "a state without what was carried");
    }
}

#[test]
fn puzzles_of_one_kind_share_a_vector_that_starts_as_zeros_and_is_learnt_by_signs() {
    let arguments = settings("Mlp").with("puzzles", Argument::Flag(true)).with_number("puzzle_rate", 0.5);
    let vector = |learning: &Learning, of: &str| {
        let tensors = learning.state().tensors;
        let found = tensors.into_iter().find(|tensor| tensor.name == format!("{of}.puzzle_emb.weights"));
        found.map(|tensor| (tensor.shape, tensor.values))
    };
    let mut learning = begin(&arguments);
    assert_eq!(vector(&learning, "weight"), Some((vec![1, 16], vec![0.0; 16])));
    learning.step();
    // Warm-up is over after two steps of forty.
    let moved = vector(&learning, "weight").expect("a table").1;
    assert!(moved.iter().all(|value| value.abs() == 0.25), "{moved:?}");
    assert!(moved.contains(&0.25) && moved.contains(&-0.25), "{moved:?}");
    assert_eq!(vector(&learning, "m"), None, "signs have no means");
    assert_eq!(vector(&learning, "average"), None);
    assert_eq!(vector(&begin(&settings("Mlp")), "weight"), None, "nobody asked for it");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |arguments: Arguments| lesson(&arguments).err().expect("refused").0;
    let five = settings("Attention").with("heads", Argument::Integer(5));
    assert!(refused(five).contains("5 heads need a multiple of 10"));
    let all = settings("Mlp").with("validation", Argument::Integer(100));
    assert!(refused(all).contains("validation takes 100 puzzles, and there are 100"));
    let nowhere = settings("Mlp").with("puzzles", Argument::Flag(true)).with("prefix", Argument::Integer(0));
    assert!(refused(nowhere).contains("prefix is 0"));
}
