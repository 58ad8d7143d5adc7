//! ARC: files, variants, votes, and networks that learn which task they have before them.

use burn::tensor::Device;
use proptest::prelude::*;
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use training::learning::Learning;
use training::lesson::{Figure, Job, Lesson, Model, Part, Problem};
use training::supervision::identity::Identities;
use training::tasks::arc::Tasks;
use training::tasks::arc::change::{Change, changes};
use training::tasks::arc::file::{Pair, Sets, read};
use training::tasks::arc::grid::{Canvas, Grid};
use training::tasks::arc::vote::{Answer, Ballot, Ballots, ranked};
use training::tasks::grids::Grids;
use training::weights::{Named, Weights, numbers};

/// A grid as its rows are written, such as "01/20".
fn grid(rows: &str) -> Grid {
    let lines: Vec<&str> = rows.split('/').collect();
    let cells = lines.concat().bytes().map(|digit| digit - b'0').collect();
    Grid { rows: lines.len(), columns: lines[0].len(), cells }
}

fn pair(input: &str, output: &str) -> Pair {
    Pair { input: grid(input), output: grid(output) }
}

/// A grid of up to 6 × 6.
fn any_grid() -> impl Strategy<Value = Grid> {
    (1_usize..=6, 1_usize..=6).prop_flat_map(|(rows, columns)| {
        prop::collection::vec(0_u8..10, rows * columns).prop_map(move |cells| Grid { rows, columns, cells })
    })
}

fn change(seed: u64) -> Change {
    Change::draw(&mut Key::new(seed).stream(0))
}

proptest! {
    #[test]
    fn a_grid_comes_back_from_every_change_and_every_canvas(grid in any_grid(), seed: u64, more in 0_usize..3) {
        let (change, canvas) = (change(seed), Canvas { side: grid.side() + more });
        let changed = change.of(&grid);
        let seen = canvas.read(&canvas.write(&changed, [0, 0]));
        prop_assert_eq!(&seen, &changed);
        prop_assert_eq!(change.back(&seen), grid.clone());
        let ground = |grid: &Grid| grid.cells.iter().filter(|colour| **colour == 0).count();
        prop_assert_eq!(ground(&changed), ground(&grid));
    }

    #[test]
    fn whatever_a_network_says_is_a_grid(tokens in prop::collection::vec(0_u8..12, 25), seed: u64) {
        let grid = Canvas { side: 5 }.read(&tokens);
        prop_assert_eq!(grid.cells.len(), grid.rows * grid.columns);
        prop_assert_eq!(grid.cells.is_empty(), tokens[0] < 2);
        prop_assert_eq!(change(seed).of(&change(seed).back(&grid)), grid);
    }
}

#[test]
fn changes_turn_and_mirror_in_all_eight_ways_and_leave_colour_0() {
    let flag = grid("000/011");
    let ground =
        |grid: Grid| (grid.rows, grid.cells.iter().map(|colour| u8::from(*colour > 0)).collect::<Vec<u8>>());
    let seen: BTreeSet<_> = (0..200).map(|seed| ground(change(seed).of(&flag))).collect();
    assert_eq!(seen.len(), 8);
    let colours: BTreeSet<Vec<u8>> = (0..200).map(|seed| change(seed).of(&grid("1")).cells).collect();
    assert_eq!(colours, (1..10).map(|colour| vec![colour]).collect());
}

#[test]
fn a_canvas_shows_where_a_grid_ends() {
    let canvas = Canvas { side: 4 };
    let rows = |at: [usize; 2]| canvas.write(&grid("33/34"), at);
    assert_eq!(rows([0, 0]), [5, 5, 1, 0, 5, 6, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(rows([1, 2]), [0, 0, 0, 0, 0, 0, 5, 5, 0, 0, 5, 6, 0, 0, 1, 1]);
    // Behind its end a network may say anything.
    let said = [5, 5, 1, 9, 5, 6, 1, 9, 1, 1, 9, 9, 9, 9, 9, 9];
    assert_eq!(canvas.read(&said), grid("33/34"));
    // The largest of 1 × 4, 2 × 3, 3 × 1 and 4 × 1.
    let said = [2, 3, 4, 5, 6, 7, 8, 1, 9, 0, 2, 2, 3, 3, 3, 3];
    assert_eq!(canvas.read(&said), grid("012/456"));
}

#[test]
fn variants_of_a_task_are_all_different_and_as_many_as_there_are() {
    let all = |pairs: [&[Pair]; 2], others: usize| changes("a", pairs, others, Key::new(1));
    let rich = [pair("012/340", "56/70")];
    let variants = all([&rich, &[]], 20);
    let seen: BTreeSet<Pair> = variants.iter().map(|change| change.of_pair(&rich[0])).collect();
    assert_eq!((variants.len(), seen.len()), (21, 21));
    assert_eq!(variants[0], Change::NONE);
    assert_eq!(all([&[pair("0", "00/00")], &[]], 20), [Change::NONE], "nothing changes it");
    // Colour 1 becomes one of nine.
    assert_eq!(all([&[pair("0", "0")], &[pair("1", "1")]], 100).len(), 9);
}

#[test]
fn more_votes_come_first_then_surer_ones_then_earlier_ones() {
    let votes = [("1", 0.0), ("2", 3.0), ("3", -1.0), ("3", -2.0), ("4", 3.0), ("5", 4.0)];
    let order = ranked(votes.into_iter().map(|(cells, logit)| (grid(cells), logit)));
    assert_eq!(order, ["3", "5", "2", "4", "1"].map(grid));
    assert_eq!(ranked(std::iter::empty()), []);
}

fn value(figures: &[Figure], name: &str) -> f64 {
    figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("{name}: {figures:?}")).value
}

#[test]
fn one_of_two_attempts_has_to_be_right() {
    let canvas = Canvas { side: 3 };
    let changes = [Change::NONE, change(1), change(2), change(3)];
    let ballot = |pair: Pair| Ballot { pair, changes: changes.to_vec() };
    let inputs = vec![
        ballot(pair("120", "012")),
        ballot(pair("12/34", "12/34")),
        ballot(pair("5", "6")),
        ballot(pair("7", "777")),
    ];
    let ballots = Ballots { canvas, inputs };
    // What is said of each input, before it is turned back: the right one twice, once and surer than another, once and less sure
    // than two others, and never.
    let said = [
        [("012", 0.0), ("012", 0.0), ("1", 9.0), ("2", 9.0)],
        [("1", 0.0), ("1", 0.0), ("12/34", 2.0), ("2", 1.0)],
        [("1", 1.0), ("2", 2.0), ("6", 0.0), ("3", -1.0)],
        [("7", 0.0), ("77", 0.0), ("7", 0.0), ("7/7/7", 0.0)],
    ];
    let answer = |((rows, halt), change): (&(&str, f32), &Change)| Answer {
        tokens: canvas.write(&change.of(&grid(rows)), [0, 0]),
        halt: *halt,
    };
    let answers: Vec<Answer> = said.iter().flat_map(|said| said.iter().zip(&changes).map(answer)).collect();
    assert_eq!(ballots.answers(), answers.len());
    let figures = ballots.figures(&answers);
    let shares = ["solved_in_two_attempts", "solved_at_first_attempt", "solved_by_copying_the_input"];
    assert_eq!(shares.map(|name| value(&figures, name)), [0.5, 0.25, 0.25]);
}

/// Three tasks of training and two of evaluation; the last of each has a grid of 4 columns.
const TRAINING: &str = r#"{
    "a": {"train": [{"input": [[1, 2]], "output": [[2, 1]]}, {"input": [[3, 4]], "output": [[4, 3]]}],
          "test": [{"input": [[5, 6]], "output": [[6, 5]]}], "name": "a"},
    "b": {"train": [{"input": [[0], [7]], "output": [[7]]}], "test": [{"input": [[8], [0]], "output": [[8]]}]},
    "c": {"train": [{"input": [[1]], "output": [[1, 1, 1, 1]]}], "test": [{"input": [[2]], "output": [[2, 2, 2, 2]]}]}
}"#;
const EVALUATION: &str = r#"{
    "d": {"train": [{"input": [[1, 0]], "output": [[1]]}], "test": [{"input": [[9, 0]], "output": [[9]]}, {"input": [[0, 4]], "output": [[4]]}]},
    "e": {"train": [{"input": [[3]], "output": [[3, 0, 0, 3]]}], "test": [{"input": [[4]], "output": [[4, 0, 0, 4]]}]}
}"#;

fn write(folder: &Path, training: &str, evaluation: &str) {
    fs::write(folder.join("training.json"), training).expect("written");
    fs::write(folder.join("evaluation_open.json"), evaluation).expect("written");
}

fn sets() -> Sets {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), TRAINING, EVALUATION);
    read(folder.path(), "").expect("tasks")
}

#[test]
fn files_are_read_and_what_is_wrong_is_named_with_its_task() {
    let sets = sets();
    let names = |tasks: &[training::tasks::arc::file::Task]| {
        tasks.iter().map(|task| task.name.clone()).collect::<Vec<_>>().concat()
    };
    assert_eq!((names(&sets.training).as_str(), names(&sets.evaluation).as_str()), ("abc", "de"));
    assert_eq!(sets.training[1].train, [pair("0/7", "7")]);
    assert_eq!(sets.evaluation[0].test, [pair("90", "9"), pair("04", "4")]);
    let folder = tempfile::tempdir().expect("a folder");
    let with = |pair: &str| format!(r#"{{"t1": {{"train": [{pair}], "test": [{pair}]}}}}"#);
    let with_input = |input: &str| with(&format!(r#"{{"input": {input}, "output": [[1]]}}"#));
    let wide = format!("[[{}]]", ["1"; 31].join(","));
    for (training, why) in [
        ("{\"t1\": ".to_owned(), "it is no JSON: EOF"),
        ("[1]".to_owned(), "it is not an object of tasks"),
        ("{}".to_owned(), "it has no task"),
        (r#"{"t1": 3}"#.to_owned(), r#"task t1: it has no list "train""#),
        (r#"{"t1": {"train": [], "test": []}}"#.to_owned(), r#"task t1: "train" has no pair"#),
        (with(r#"{"input": [[1]]}"#), "task t1: output of train pair 1: it is not there"),
        (with_input("5"), "task t1: input of train pair 1: the grid is not a list"),
        (with_input("[]"), "the grid has 0 entries, and 1 to 30 are allowed"),
        (with_input("[1]"), "row 1 is not a list"),
        (with_input("[[1, 2], [3]]"), "row 2 has 1 cells, and the first has 2"),
        (with_input("[[1], [10]]"), "row 2 has 10, and colours are 0 to 9"),
        (with_input("[[1.5]]"), "row 1 has 1.5"),
        (with_input(&wide), "row 1 has 31 entries"),
    ] {
        write(folder.path(), &training, EVALUATION);
        let said = read(folder.path(), "").expect_err("refused").to_string();
        assert!(said.contains("training.json: ") && said.contains(why), "{said} for {why}");
    }
    fs::remove_file(folder.path().join("training.json")).expect("removed");
    let said = read(folder.path(), "").expect_err("refused").to_string();
    assert!(said.contains("there is no file *training*.json*"), "{said}");
}

static TRM: &Model = &training::trm::lesson::MODEL;
static HRM: &Model = &training::hrm::lesson::MODEL;

fn settings(model: &Model) -> Arguments {
    [("width", 8), ("heads", 2), ("rounding", 8), ("batch", 2), ("steps", 30), ("supervision", 2)]
        .into_iter()
        .chain([("validation", 1), ("side", 4), ("variants", 5), ("prefix", 2)])
        .fold(Arguments::defaults(model.parameters), |settings, (name, value)| {
            settings.with(name, Argument::Integer(value))
        })
        .with_number("rate", 1e-2)
}

fn tasks(arguments: &Arguments) -> Result<Tasks, Problem> {
    Tasks::of(sets(), &Job { arguments, device: &Device::flex() })
}

#[test]
fn tests_of_evaluation_and_validation_are_never_learnt() {
    let plain = settings(TRM).with("augment", Argument::Flag(false));
    let all = tasks(&plain).expect("tasks");
    let canvas = Canvas { side: 4 };
    let learnt: BTreeSet<(usize, Grid, Grid)> = (0..400)
        .map(|seed| all.learnt.draw(&mut Key::new(seed).stream(0)))
        .map(|drawn| (drawn.identity, canvas.read(&drawn.given), canvas.read(&drawn.solution)))
        .collect();
    let expected = [
        (0, "12", "21"),
        (0, "34", "43"),
        (0, "56", "65"),
        (1, "0/7", "7"),
        (1, "8/0", "8"),
        (2, "1", "1111"),
        (3, "10", "1"),
        (4, "3", "3003"),
    ];
    assert_eq!(learnt, expected.map(|(identity, a, b)| (identity, grid(a), grid(b))).into_iter().collect());
    assert_eq!(all.learnt.first(100).len(), expected.len());
    let asked = |puzzles: &[training::tasks::puzzle::Puzzle]| {
        puzzles.iter().map(|puzzle| (puzzle.identity, canvas.read(&puzzle.given))).collect::<Vec<_>>()
    };
    assert_eq!(asked(&all.validation), [(2, grid("2"))]);
    assert_eq!(asked(&all.tested), [(3, grid("90")), (3, grid("04")), (4, grid("4"))]);
}

#[test]
fn every_variant_has_an_identity_and_is_asked_and_learnt_anywhere_on_the_canvas() {
    let all = tasks(&settings(TRM)).expect("tasks");
    let of = |name: &str| {
        let sets = sets();
        let task = sets.training.into_iter().chain(sets.evaluation).find(|task| task.name == name);
        task.expect("a task").test
    };
    let (identities, inputs) = (all.learnt.identities, &all.ballots.inputs);
    assert_eq!(identities, 30);
    assert_eq!(
        inputs.iter().map(|ballot| ballot.pair.clone()).collect::<Vec<_>>(),
        [of("d"), of("e")].concat()
    );
    assert_eq!(all.ballots.answers(), all.tested.len());
    // All of one test input, then all of the next; those of a task have its identities.
    let asked: Vec<usize> = all.tested.iter().map(|puzzle| puzzle.identity).collect();
    assert_eq!(asked, (18..24).chain(18..24).chain(24..30).collect::<Vec<_>>());
    let canvas = all.ballots.canvas;
    let back =
        inputs.iter().flat_map(|ballot| ballot.changes.iter().map(move |change| (change, &ballot.pair)));
    for ((change, pair), puzzle) in back.zip(&all.tested) {
        assert_eq!(change.back(&canvas.read(&puzzle.given)), pair.input);
        assert_eq!(change.back(&canvas.read(&puzzle.solution)), pair.output);
    }
    let drawn: Vec<_> = (0..600).map(|seed| all.learnt.draw(&mut Key::new(seed).stream(0))).collect();
    let seen: BTreeSet<usize> = drawn.iter().map(|puzzle| puzzle.identity).collect();
    assert_eq!(seen, (0..identities).collect());
    let corner = drawn.iter().filter(|puzzle| puzzle.given[0] >= 2).count();
    assert!(corner > 200 && corner < 550, "{corner} of 600 stand in the corner");
}

#[test]
fn tasks_that_are_too_many_or_too_large_are_left_out() {
    let with = |name: &str, value: i64| settings(TRM).with(name, Argument::Integer(value));
    assert_eq!(tasks(&with("side", 3)).expect("tasks").learnt.identities, 18);
    assert_eq!(tasks(&with("tasks", 2)).expect("tasks").learnt.identities, 24);
    let refused = |arguments: Arguments| tasks(&arguments).err().expect("refused").0;
    assert_eq!(refused(with("side", 1)), "validation takes 1 tasks of training, and there are 0");
    assert_eq!(refused(with("tasks", 1)), "validation takes 1 tasks of training, and there are 1");
    let mut few = sets();
    few.evaluation.remove(0);
    let arguments = with("side", 3);
    let refused = Tasks::of(few, &Job { arguments: &arguments, device: &Device::flex() }).err();
    assert_eq!(refused.expect("refused").0, "no task of evaluation has only grids of up to 3 × 3");
    let nowhere = settings(TRM).with("task", Argument::Word("arc"));
    let refused = (TRM.lesson)(&Job { arguments: &nowhere, device: &Device::flex() }).err();
    assert!(refused.expect("refused").0.contains("--data"));
}

#[test]
fn a_vector_of_each_puzzle_stands_in_the_first_place_of_the_prefix() {
    let arguments = settings(TRM);
    let grids = Grids::arc(tasks(&arguments).expect("tasks"));
    let identities = Identities::of(&arguments, &grids, [2, 3]).expect("they fit");
    let table = identities.declaration().expect("tasks have rules of their own");
    assert_eq!(table.shape, [30, 3]);
    let saved =
        [Named { name: table.name.clone(), shape: vec![30, 3], values: (0..90_u8).map(f32::from).collect() }];
    let weights = Weights::load(vec![table], &saved, &Device::flex()).expect("they fit");
    let (prefix, rows) = identities.prefix(&weights, &[4, 0, 4]);
    assert_eq!(prefix.dims(), [3, 2, 3]);
    assert_eq!(
        numbers(prefix),
        [12.0, 13.0, 14.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 12.0, 13.0, 14.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(rows.expect("a table").places, [4, 0, 4]);
    let without = arguments.with("puzzles", Argument::Flag(false));
    assert!(!Identities::of(&without, &grids, [2, 3]).expect("they fit").are_learnt());
}

/// The lesson of the tasks above, from files.
fn lesson(model: &Model, folder: &Path) -> Box<dyn Lesson> {
    write(folder, TRAINING, EVALUATION);
    let arguments = settings(model)
        .with("task", Argument::Word("arc"))
        .with("data", Argument::Text(folder.display().to_string()));
    (model.lesson)(&Job { arguments: &arguments, device: &Device::flex() }).expect("a lesson")
}

#[test]
fn no_part_of_an_answer_can_be_given_where_it_fills_nothing_in() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), TRAINING, EVALUATION);
    for model in [TRM, HRM] {
        let arguments = settings(model)
            .with("task", Argument::Word("arc"))
            .with("data", Argument::Text(folder.path().display().to_string()))
            .with_number("ease", 0.5);
        let refused = (model.lesson)(&Job { arguments: &arguments, device: &Device::flex() }).err();
        let Problem(why) = refused.expect("refused");
        assert!(why.contains("ease is 0.5, and answers"), "{why}");
    }
}

#[test]
fn a_training_moves_the_vectors_of_its_puzzles_alone_and_is_resumed_to_the_bit() {
    let (folder, device) = (tempfile::tempdir().expect("a folder"), Device::flex().autodiff());
    for model in [TRM, HRM] {
        let asked = lesson(model, folder.path()).questions(Part::Test, 1);
        assert!(asked.is_none(), "a compiled network would not know which task it is");
        let begin = || Learning::begin(lesson(model, folder.path()), 1, &device);
        let moved = |learning: &Learning| -> BTreeSet<usize> {
            let state = learning.state();
            let table = state.tensors.iter().find(|tensor| tensor.name == "weight.puzzle_emb.weights");
            let rows = table.expect("a table").values.chunks(8).enumerate();
            rows.filter(|(_, row)| row.iter().any(|value| *value != 0.0)).map(|(row, _)| row).collect()
        };
        let mut whole = begin();
        assert!(moved(&whole).is_empty());
        // Two slots keep their puzzles for two steps.
        let mut before = BTreeSet::new();
        for _ in 0..6 {
            assert!(whole.step().is_finite());
            let now = moved(&whole);
            assert!(now.is_superset(&before) && now.len() <= before.len() + 2, "{before:?} became {now:?}");
            before = now;
        }
        assert!((3..=6).contains(&before.len()), "{before:?}");
        let mut first = begin();
        (0..3).for_each(|_| assert!(first.step().is_finite()));
        let resumed = Learning::resume(lesson(model, folder.path()), &first.state(), &device);
        let mut second = resumed.expect("it fits");
        (0..3).for_each(|_| assert!(second.step().is_finite()));
        assert_eq!(whole.state(), second.state(), "{}", model.name);
    }
}

#[test]
fn tasks_are_learnt_and_what_two_attempts_solve_is_said_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut learning = Learning::begin(lesson(TRM, folder.path()), 1, &Device::flex().autodiff());
    let losses: Vec<f64> = (0..30).map(|_| learning.step()).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (before, after) = (mean(&losses[..4]), mean(&losses[26..]));
    assert!(after < 0.8 * before, "{before} became {after}");
    assert_eq!(learning.validate()[0].name, "validation_exact_grids");
    let figures = learning.measure_best(Part::Test);
    assert_eq!(figures[0].name, "solved_in_two_attempts");
    for name in ["solved_at_first_attempt", "right_cells", "right_cells_by_copying", "exact_grids_of_learnt"]
    {
        assert!((0.0..=1.0).contains(&value(&figures, name)), "{figures:?}");
    }
    assert_eq!(value(&figures, "solved_by_copying_the_input"), 0.0);
}
