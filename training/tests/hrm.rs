//! HRM and the mazes that it learns.

use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use std::collections::BTreeSet;
use std::fs;
use training::hrm::dimension::Spread;
use training::hrm::lesson::{MODEL, of_grids};
use training::hrm::net::{Net, Positions, Sizes};
use training::hrm::recursion::{Thought, step};
use training::learning::{Learning, State};
use training::lesson::{Job, Lesson, Part, Problem};
use training::supervision::carry::Carry;
use training::supervision::ease::Ease;
use training::supervision::ends::{Step, silent};
use training::tasks::grids::Grids;
use training::tasks::maze::{FIFTEEN, NINE, SYMMETRIES, Shape, TWENTY_NINE, made, read};
use training::tasks::puzzle::Puzzle;
use training::weights::{Learns, Named, Weights, numbers};

/// Mazes of 5 × 5 with ways of at least 4 steps.
const FIVE: Shape = Shape { side: 5, least: 4 };

/// Symbols of these letters.
fn symbols(letters: &str) -> Vec<u8> {
    let symbol = |letter: char| "# SGo".find(letter).expect("a letter of mazes") as u8;
    letters.chars().map(symbol).collect()
}

/// All ways from S to G that never come back to a cell, by their steps.
fn ways(shape: Shape, maze: &[u8]) -> Vec<usize> {
    fn go_on(side: usize, maze: &[u8], way: &mut Vec<usize>, found: &mut Vec<usize>) {
        let cell = way[way.len() - 1];
        if maze[cell] == 3 {
            found.push(way.len() - 1);
            return;
        }
        for next in 0..maze.len() {
            let apart = (cell / side).abs_diff(next / side) + (cell % side).abs_diff(next % side);
            if apart == 1 && maze[next] != 0 && !way.contains(&next) {
                way.push(next);
                go_on(side, maze, way, found);
                way.pop();
            }
        }
    }
    let (start, mut found) = (maze.iter().position(|symbol| *symbol == 2), Vec::new());
    go_on(shape.side, maze, &mut vec![start.expect("an S")], &mut found);
    found.sort_unstable();
    found
}

#[test]
fn the_marked_way_is_the_shortest_and_no_other_is_as_short() {
    for (shape, counts) in [(NINE, (60, 20)), (FIFTEEN, (8, 2))] {
        let puzzles = made(shape, 3, counts);
        assert_eq!((puzzles.train.len(), puzzles.test.len()), counts);
        let mut several = 0;
        for Puzzle { given, solution, .. } in puzzles.train.iter().chain(&puzzles.test) {
            let ways = ways(shape, given);
            let marked = solution.iter().filter(|symbol| **symbol == 4).count();
            assert_eq!(marked + 1, ways[0]);
            assert!(ways[0] >= shape.least && ways.get(1).is_none_or(|other| *other > ways[0]));
            let unmarked: Vec<u8> =
                solution.iter().map(|symbol| if *symbol == 4 { 1 } else { *symbol }).collect();
            assert_eq!(unmarked, *given);
            several += usize::from(ways.len() > 1);
        }
        assert!(several > 0, "no maze has two ways");
    }
}

#[test]
fn the_same_seed_makes_the_same_mazes_and_none_is_both_learnt_and_tested() {
    let puzzles = made(NINE, 1, (200, 50));
    assert_eq!(puzzles.train, made(NINE, 1, (200, 50)).train);
    assert_ne!(puzzles.train, made(NINE, 2, (200, 50)).train);
    let walls =
        |puzzle: &Puzzle| puzzle.given.iter().map(|symbol| u8::from(*symbol == 0)).collect::<Vec<u8>>();
    let learnt: BTreeSet<Vec<u8>> = puzzles.train.iter().map(walls).collect();
    let turned =
        |puzzle: &Puzzle| (0..SYMMETRIES).map(|k| NINE.turned(&walls(puzzle), k)).collect::<Vec<_>>();
    assert!(puzzles.test.iter().flat_map(turned).all(|walls| !learnt.contains(&walls)));
    let long = made(TWENTY_NINE, 1, (1, 1)).test.swap_remove(0);
    assert!(long.solution.iter().filter(|symbol| **symbol == 4).count() + 1 >= 110);
}

#[test]
fn a_turned_maze_has_its_way_turned_with_it() {
    let puzzle = made(FIVE, 1, (1, 1)).train.swap_remove(0);
    let turned: BTreeSet<Vec<u8>> = (0..SYMMETRIES).map(|k| FIVE.turned(&puzzle.given, k)).collect();
    assert!(turned.len() > 4, "a maze is not its own mirror image in most ways");
    for k in 0..SYMMETRIES {
        let solution = FIVE.solution(&FIVE.turned(&puzzle.given, k)).expect("a way");
        assert_eq!(solution, FIVE.turned(&puzzle.solution, k));
    }
}

#[test]
fn maze_files_are_read_and_lines_that_are_no_maze_are_named() {
    let three = Shape { side: 3, least: 1 };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, lines: &str| {
        fs::write(folder.path().join(name), format!("maze,solution,length\n{lines}")).expect("written");
    };
    let right = "S#G #    ,S#Go#oooo,6\n";
    write("train.csv", &right.repeat(2));
    write("test.csv", right);
    let puzzles = read(three, folder.path(), "").expect("puzzles");
    assert_eq!((puzzles.train.len(), puzzles.test.len()), (2, 1));
    let (given, solution) = (symbols("S#G #    "), symbols("S#Go#oooo"));
    assert_eq!(puzzles.test[0], Puzzle::new(given, solution));
    for (line, why) in [
        ("S#G #   ,S#Go#oooo", "the maze is not 9 letters"),
        ("S#G #    ,S#Go#xooo", "the solution is not 9 letters"),
        ("S#G #    ", "the solution is not 9 letters"),
        ("S#  #    ,S#Go#oooo", "one S and one G"),
        ("S#GS#    ,S#GS#oooo", "one S and one G"),
        ("S#G##    ,S#G##    ", "no way leads from S to G"),
        ("S       G,Soo  o  G", "another way from S to G is as short"),
        ("S#Go#oooo,S#Go#oooo", "has a way in it already"),
        ("S#G #    ,S#G #    ", "not the maze with its shortest way"),
    ] {
        write("test.csv", &format!("{right}{line}\n"));
        let said = read(three, folder.path(), "").expect_err("refused").to_string();
        assert!(said.contains("line 3") && said.contains(why), "{line}: {said}");
    }
}

fn sizes() -> Sizes {
    Sizes {
        vocabulary: 6,
        cells: 16,
        prefix: 1,
        width: 12,
        heads: 2,
        positions: Positions::Turned,
        high_blocks: 2,
        low_blocks: 1,
        expansion: 2,
        rounding: 8,
        bits: None,
        high_cycles: 2,
        low_cycles: 1,
    }
}

/// Sudoku as in the release, where four blocks of each network see 81 cells behind one place of prefix.
#[test]
fn networks_are_as_large_as_those_of_the_release() {
    let sizes = Sizes {
        vocabulary: 11,
        cells: 81,
        width: 512,
        heads: 8,
        high_blocks: 4,
        low_blocks: 4,
        expansion: 4,
        rounding: 256,
        ..sizes()
    };
    let learnt = sizes.declarations().into_iter().filter(|declaration| declaration.learns == Learns::ByRule);
    let count: usize = learnt.map(|declaration| declaration.shape.iter().product::<usize>()).sum();
    assert_eq!(count, 27_275_266);
}

const PUZZLES: usize = 3;

fn tokens(device: &Device) -> Tensor<2, Int> {
    let tokens: Vec<i64> = (0..PUZZLES as i64 * 16).map(|k| 1 + k * k % 5).collect();
    Tensor::from_data(TensorData::new(tokens, [PUZZLES, 16]), device)
}

fn prefix(device: &Device) -> Tensor<3> {
    silent([PUZZLES, 1, 12], device)
}

fn weights(sizes: &Sizes, device: &Device) -> Weights {
    Weights::draw(sizes.declarations(), 1, device)
}

/// The gradients of a step from a carry.
fn learnt(sizes: &Sizes, carry: Carry) -> (Thought, Vec<(String, Vec<f32>)>) {
    let device = Device::flex().autodiff();
    let weights = weights(sizes, &device);
    let done = step(sizes, &weights, tokens(&device), prefix(&device), carry);
    let worth = Tensor::from_data([0.1, 0.5, 0.9], &device);
    let [wrong, halting, going_on] = done.losses(tokens(&device), worth);
    let gradients = weights.gradients(&(wrong + (halting + going_on) * 0.5).sum().backward());
    (done, gradients)
}

#[test]
fn gradients_come_from_the_last_call_of_each_network_alone() {
    let (sizes, device) = (sizes(), Device::flex());
    let weights = weights(&sizes, &device);
    let fresh = || Carry::fresh(&weights, PUZZLES, 17);
    let once = Sizes { high_cycles: 1, ..sizes };
    let before = step(&once, &weights, tokens(&device), prefix(&device), fresh()).step.carry;
    let ((all, gradients), (last, same)) = (learnt(&sizes, fresh()), learnt(&once, before));
    assert_eq!(all.step.logits.dims(), [PUZZLES, 16, 6]);
    assert_eq!(numbers(all.step.logits), numbers(last.step.logits));
    assert_eq!(gradients, same);
    assert_eq!(gradients.len(), sizes.declarations().len() - 2, "what is not learnt has no gradient");
    assert!(
        gradients.iter().all(|(_, gradient)| gradient.iter().any(|g| *g != 0.0)),
        "all that is learnt moves"
    );
}

#[test]
fn the_fast_network_is_called_as_often_as_asked_before_the_slow_one() {
    let (sizes, device) = (Sizes { high_cycles: 1, low_cycles: 3, ..sizes() }, Device::flex());
    let weights = weights(&sizes, &device);
    let net = Net::new(&sizes, &weights);
    let Carry { answer, mut latent } = Carry::fresh(&weights, PUZZLES, 17);
    let x = net.ends.injected(tokens(&device), prefix(&device));
    for _ in 0..3 {
        latent = net.low(latent, answer.clone(), x.clone());
    }
    let expected = net.high(answer, latent.clone());
    let carry = Carry::fresh(&weights, PUZZLES, 17);
    let done = step(&sizes, &weights, tokens(&device), prefix(&device), carry).step.carry;
    assert_eq!(numbers(done.answer), numbers(expected));
    assert_eq!(numbers(done.latent), numbers(latent));
}

/// A thought about three puzzles of one cell, which the network has right.
fn thought(halt: [f32; 3], go_on: [f32; 3]) -> Thought {
    let device = Device::flex();
    let nothing = || Tensor::<3>::zeros([3, 1, 1], &device);
    let [halt, go_on] = [halt, go_on].map(|q| Tensor::<1>::from_data(q, &device));
    let logits = Tensor::<3>::from_data([[[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]]], &device);
    let carry = Carry { answer: nothing(), latent: nothing() };
    Thought { step: Step { logits, halt: halt.clone() - go_on.clone(), carry }, halt, go_on }
}

#[test]
fn going_on_is_worth_the_better_move_after_it_and_only_halting_at_the_end() {
    let worth = numbers(thought([1.0, -1.0, -1.0], [0.0, 2.0, 2.0]).worth(&[false, false, true]));
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    for (worth, expected) in worth.into_iter().zip([1.0, 2.0, -1.0].map(sigmoid)) {
        assert!((worth - expected).abs() < 1e-6, "{worth} for {expected}");
    }
}

#[test]
fn halting_is_worth_a_right_answer() {
    let device = Device::flex();
    let labels = Tensor::<2, Int>::from_data([[0], [1], [0]], &device);
    let worth = Tensor::from_data([0.25, 0.25, 0.25], &device);
    let [wrong, halting, going_on] = thought([2.0; 3], [0.0; 3]).losses(labels, worth).map(numbers);
    let softplus = |x: f32| x.exp().ln_1p();
    let close = |all: &[f32], expected: [f32; 3]| {
        all.iter()
            .zip(expected)
            .for_each(|(one, expected)| assert!((one - expected).abs() < 1e-6, "{all:?}"));
    };
    // s is 2 and 1; the second puzzle is wrong.
    close(&wrong, [2.0_f32 / 3.0, 1.0 / 3.0, 2.0 / 3.0].map(|likely| -likely.ln()));
    close(&halting, [softplus(-2.0), softplus(2.0), softplus(-2.0)]);
    close(&going_on, [2.0_f32.ln(); 3]);
}

#[test]
fn the_participation_ratio_counts_directions_that_are_used_alike() {
    let device = Device::flex();
    let mut spread = Spread::new(4);
    // Two channels take all signs, one is constant, one follows the first.
    let states = Tensor::<3>::from_data(
        [[[1.0, 1.0, 3.0, 2.0], [1.0, -1.0, 3.0, 2.0]], [[-1.0, 1.0, 3.0, -2.0], [-1.0, -1.0, 3.0, -2.0]]],
        &device,
    );
    spread.add(&states);
    // Eigenvalues 5 and 1.
    assert!((spread.participation() - 36.0 / 26.0).abs() < 1e-6, "{}", spread.participation());
    let mut alike = Spread::new(2);
    alike.add(&states.narrow(2, 0, 2));
    assert!((alike.participation() - 2.0).abs() < 1e-6);
    let mut still = Spread::new(2);
    still.add(&Tensor::ones([1, 3, 2], &device));
    assert_eq!(still.participation(), 0.0);
}

fn settings() -> Arguments {
    [("width", 16), ("heads", 2), ("rounding", 8), ("batch", 24), ("steps", 40), ("supervision", 3)]
        .into_iter()
        .fold(Arguments::defaults(MODEL.parameters), |settings, (name, value)| {
            settings.with(name, Argument::Integer(value))
        })
        .with("validation", Argument::Integer(20))
        .with_number("rate", 5e-3)
}

fn lesson(arguments: &Arguments) -> Result<Box<dyn Lesson>, Problem> {
    let job = Job { arguments, device: &Device::flex() };
    of_grids(Grids::maze(FIVE, made(FIVE, 1, (60, 20)), &job)?, &job)
}

fn begin(arguments: &Arguments) -> Learning {
    Learning::begin(lesson(arguments).expect("a lesson"), 1, &Device::flex().autodiff())
}

#[test]
fn mazes_are_learnt_and_how_well_is_said() {
    let mut learning = begin(&settings());
    let losses: Vec<f64> = (0..40).map(|_| learning.step()).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, after) = (mean(&losses[..5]), mean(&losses[35..]));
    assert!(after < 0.9 * before, "{before} became {after}");
    assert_eq!(learning.validate()[0].name, "validation_exact_grids");
    let figures = learning.measure_best(Part::Test);
    let of = |name: &str| figures.iter().find(|figure| figure.name == name).expect(name).value;
    assert!(of("right_cells") > 0.4 && of("right_cells") <= 1.0, "{figures:?}");
    assert!((1.0..=3.0).contains(&of("steps_until_halt")), "{figures:?}");
}

#[test]
fn puzzles_get_harder_until_nothing_of_their_solution_is_given_and_all_steps_are_taken() {
    let puzzles = made(FIVE, 1, (60, 20));
    let eased = |share: f64| {
        let (arguments, device) = (settings().with_number("ease", share), Device::flex());
        let job = Job { arguments: &arguments, device: &device };
        let grids = Grids::maze(FIVE, puzzles.clone(), &job).expect("mazes");
        Ease::of(&arguments, &grids).expect("mazes can be eased")
    };
    let all_given = |ease: Ease, taken: u64| {
        let (mut given, mut open) = (0, 0);
        for (number, puzzle) in puzzles.train.iter().cycle().take(600).enumerate() {
            let easier = ease.given(puzzle.clone(), taken, &mut Key::new(1).stream(number as u64));
            assert_eq!(easier.solution, puzzle.solution);
            for ((now, before), right) in easier.given.iter().zip(&puzzle.given).zip(&puzzle.solution) {
                assert!(now == before || now == right);
                given += usize::from(now != before);
                open += usize::from(before != right);
            }
        }
        given as f64 / open as f64
    };
    // Half of 40 steps; a share u − 1/2 of the open cells is given half way, where that is more than none.
    let ease = eased(0.5);
    for (taken, expected) in [(0, 0.5), (10, 0.125), (20, 0.0), (39, 0.0)] {
        let given = all_given(ease, taken);
        assert!((given - expected).abs() <= 0.1 * expected, "{given} of the open cells in step {taken}");
    }
    let most = |ease: Ease, taken: u64| [0, 12, 23].map(|slot| ease.most(taken, [slot, 24]));
    assert_eq!([0, 10, 15, 20].map(|taken| most(ease, taken)), [[1; 3], [2; 3], [2, 3, 3], [3; 3]]);
    assert_eq!((all_given(eased(0.0), 0), most(eased(0.0), 0)), (0.0, [3; 3]));
}

#[test]
fn dimensions_of_both_states_are_said_beside_those_before_training() {
    let arguments = settings();
    let lesson = lesson(&arguments).expect("a lesson");
    let weights = |seed: u64| Weights::draw(lesson.declarations(), seed, &Device::flex());
    let of = |seed: u64| {
        let figures = lesson.study(&weights(seed));
        let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
        let all = [
            "participation_high",
            "participation_low",
            "participation_high_untrained",
            "participation_low_untrained",
        ];
        assert_eq!(names, all);
        figures.iter().map(|figure| figure.value).collect::<Vec<f64>>()
    };
    // The seed of the settings is 1: untrained weights are their own control.
    let same = of(1);
    assert_eq!(same[..2], same[2..]);
    let other = of(2);
    assert_eq!(other[2..], same[2..]);
    assert!(other[0] != other[2] && other.iter().all(|ratio| (1.0..=16.0).contains(ratio)), "{other:?}");
}

#[test]
fn a_training_is_resumed_to_the_bit_with_its_puzzles_half_done() {
    for puzzles in [false, true] {
        let arguments = settings().with("puzzles", Argument::Flag(puzzles)).with_number("ease", 0.5);
        let mut whole = begin(&arguments);
        (0..6).for_each(|_| assert!(whole.step().is_finite()));
        let mut first = begin(&arguments);
        (0..4).for_each(|_| assert!(first.step().is_finite()));
        let (mut state, device) = (first.state(), Device::flex().autodiff());
        let resumed = |state: &State| Learning::resume(lesson(&arguments).expect("a lesson"), state, &device);
        let mut second = resumed(&state).expect("it fits");
        (0..2).for_each(|_| assert!(second.step().is_finite()));
        assert_eq!(whole.state(), second.state());
        let moved = |tensor: &Named| tensor.values.iter().all(|value| *value != 0.0);
        let table = state.tensors.iter().find(|tensor| tensor.name == "weight.puzzle_emb.weights");
        assert_eq!(table.map(moved), puzzles.then_some(true));
        state.tensors.retain(|tensor| tensor.name != "carried.slots");
        assert!(resumed(&state).is_err(), "a state without what was carried");
    }
}

#[test]
fn heads_that_do_not_fit_the_width_are_refused() {
    let refused = lesson(&settings().with("heads", Argument::Integer(5))).err().expect("refused").0;
    assert!(refused.contains("5 heads need a multiple of 10"), "{refused}");
}
