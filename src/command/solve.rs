//! `saltus solve`: a trained network solves a puzzle in spikes, and shows how its answer settles.

use crate::bad_input::BadInput;
use crate::checkpoint::write_whole;
use crate::compiled::answers::Reading;
use crate::compiled::program::{asked, program};
use crate::compiled::run::{Running, names, running};
use crate::compiled::settling::{Frame, Grid, picture};
use crate::compiled::{digits, write};
use crate::load::backend;
use crate::say;
use crate::trained::{Config, Run};
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::Args;
use compiler::integers::Integers;
use compiler::integers::quantise::quantise;
use compiler::integers::ranges::Ranges;
use compiler::integers::run::Moment;
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::spikes::Code;
use compiler::spikes::decode::Heard;
use compiler::spikes::graph::Graph;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use training::lesson::{Job, Part};
use training::tasks::sudoku::{FOUR, NINE, SIX, Shape};

/// What can be asked of `saltus solve`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus train trm --task sudoku4 --out runs/four
  saltus solve runs/four --puzzle 1000040003000020
  saltus solve runs/four --puzzle '1... .4.. .3.. ..2.' --bits 4 --all-rounds

The network is compiled to spikes (binary digits, --bits of them) and run event by event; whenever it has renewed its
answer, the grid is shown as the network would read it out then. solved/settling.svg in the folder of the training shows
the same beside the spikes.")]
pub struct SolveArgs {
    /// Folder of a training of Trm on Sudoku
    run: PathBuf,
    /// The puzzle, row by row; 0 or a dot where a cell is empty, spaces wherever they help
    #[arg(long, value_name = "CELLS")]
    puzzle: String,
    /// Bits of a value, its sign included
    #[arg(long, value_name = "K", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=12))]
    bits: u32,
    /// Go on to the last round, though the network would halt
    #[arg(long)]
    all_rounds: bool,
    /// How many threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Folder for the network file and the picture (default: solved in the folder of the training)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Solves the puzzle.
pub fn solve(args: &SolveArgs) -> Result<ExitCode> {
    let at = Run::at(&args.run);
    let config = at.config().map_err(BadInput::of)?;
    let shape = shape(&config)?;
    let given = cells(&args.puzzle, shape)?;
    let program = program(&config, at.weights().map_err(BadInput::of)?, given.len());
    let program = program.map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let network = whole(&program, &config, args)?;
    let graph = Graph::new(&network, Code::Phase);
    let folder = args.out.clone().unwrap_or_else(|| args.run.join("solved"));
    let question = [Asked::Tokens(given.iter().map(|digit| u32::from(*digit) + 1).collect())];
    write(&graph, &network, &question, "A puzzle that is solved in spikes", &folder)
        .with_context(|| folder.display().to_string())?;
    let cpu = backend("cpu").expect("there is a cpu");
    let running = running(&names(&graph), &folder, cpu, (args.threads.map(usize::from), false))?;
    let running = running.map_err(|refusal| anyhow!(refusal))?;
    let frames = frames(&graph, &network, &program, &given, &running, &question[0]);
    let side = shape.side();
    let grid = Grid { side, boxed: (shape.rows, shape.columns), given: &given };
    let mut before = given.clone();
    for frame in &frames {
        say!("{} ms\n{}", frame.time, drawn(&grid, &frame.digits, &before));
        before.clone_from(&frame.digits);
    }
    let path = folder.join("settling.svg");
    write_whole(&path, picture(&graph, &grid, &frames, &running.spikes).as_bytes())
        .with_context(|| path.display().to_string())?;
    let kept = given.iter().zip(&before).all(|(given, digit)| *given == 0 || given == digit);
    let verdict = if kept && shape.is_solution(&before) { "solved" } else { "not a solution" };
    let spikes = running.spikes.len();
    say!(
        "{verdict}: {} renewals of the answer, {spikes} spikes; {} shows it",
        frames.len() - 1,
        path.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn shape(config: &Config) -> Result<Shape> {
    match (config.model.name, config.arguments.word("task")) {
        ("Trm" | "Hrm", "sudoku4") => Ok(FOUR),
        ("Trm" | "Hrm", "sudoku6") => Ok(SIX),
        ("Trm" | "Hrm", "sudoku9") => Ok(NINE),
        (name, task) => Err(BadInput::of(anyhow!(
            "a {name} that learnt {task} solves no Sudoku; a Trm or an Hrm that learnt it does"
        ))),
    }
}

/// The digits of a puzzle as it was typed.
fn cells(puzzle: &str, shape: Shape) -> Result<Vec<u8>> {
    let (side, mut cells) = (shape.side(), Vec::new());
    for letter in puzzle.chars().filter(|letter| !letter.is_whitespace()) {
        let digit = if letter == '.' { Some(0) } else { letter.to_digit(10) };
        match digit.filter(|digit| *digit as usize <= side) {
            Some(digit) => cells.push(digit as u8),
            None => {
                let cell = cells.len() + 1;
                let message = format!(
                    "--puzzle: cell {cell} is {letter:?}; write 1 to {side}, and 0 or a dot where it is empty"
                );
                return Err(BadInput::of(anyhow!(message)));
            }
        }
    }
    if cells.len() != shape.cells() {
        let message = format!(
            "--puzzle has {} cells, and a grid of {side} × {side} has {}",
            cells.len(),
            shape.cells()
        );
        return Err(BadInput::of(anyhow!(message)));
    }
    if shape.solutions(&cells, 1).is_empty() {
        return Err(BadInput::of(anyhow!("--puzzle has no solution")));
    }
    Ok(cells)
}

fn whole(program: &Program, config: &Config, args: &SolveArgs) -> Result<Integers> {
    let device = Device::flex();
    let lesson = (config.model.lesson)(&Job { arguments: &config.arguments, device: &device });
    let lesson = lesson.map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let seen = lesson.questions(Part::Validation, CALIBRATION);
    let seen = seen.ok_or_else(|| BadInput::of(anyhow!("this network cannot be compiled")))?;
    let network = quantise(program, &Ranges::of(program, &asked(&seen)), digits(Code::Phase, args.bits, 8));
    let network = network.map_err(|problem| BadInput::of(anyhow!(problem)))?;
    Ok(if args.all_rounds { network.without_halt() } else { network })
}

/// Puzzles that show how large values are.
const CALIBRATION: usize = 50;

/// What was given, and the answer whenever it was renewed, up to the halt.
fn frames(
    graph: &Graph,
    network: &Integers,
    program: &Program,
    given: &[u8],
    running: &Running,
    question: &Asked,
) -> Vec<Frame> {
    let (reading, mut heard) = (Reading::of(program, None), Heard::new(graph, 1));
    for &(population, neuron, time) in &running.spikes {
        heard.spike(population, neuron, time.round() as usize - 1);
    }
    let rounds = network.run(question, |_, _| ()).len();
    let mut frames = vec![Frame { time: 0, digits: given.to_vec() }];
    let timing = &graph.timing;
    for round in 0..rounds {
        for (number, wave) in
            network.waves.iter().enumerate().filter(|(_, wave)| wave.writes == network.head.0)
        {
            let unit = network.nets[wave.net].len() - 1;
            let grain = network.nets[wave.net][unit].sends.grain;
            let sent = heard.sent(network, 0, Moment { round, wave: number, unit });
            let state: Vec<f32> = sent.iter().map(|number| (*number as f64 * grain) as f32).collect();
            let head = program.head.1.run(&state).pop().unwrap_or_default();
            let tokens = reading.answer(&head.into_iter().map(f64::from).collect::<Vec<f64>>());
            let digits = tokens.iter().map(|token| token.saturating_sub(1) as u8).collect();
            frames.push(Frame { time: round * timing.round + timing.waves[number + 1], digits });
        }
    }
    frames
}

/// The grid in letters; what has changed since `before` is bold in a terminal.
fn drawn(grid: &Grid<'_>, digits: &[u8], before: &[u8]) -> String {
    let (bold, plain) = if std::io::stdout().is_terminal() { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    for (row, cells) in digits.chunks(grid.side).enumerate() {
        if row > 0 && row % grid.boxed.0 == 0 {
            text.push('\n');
        }
        text.push_str("  ");
        for (column, digit) in cells.iter().enumerate() {
            if column > 0 && column % grid.boxed.1 == 0 {
                text.push(' ');
            }
            let shown = if *digit == 0 { ".".to_owned() } else { digit.to_string() };
            let changed = before[row * grid.side + column] != *digit;
            text += &if changed { format!(" {bold}{shown}{plain}") } else { format!(" {shown}") };
        }
        text.push('\n');
    }
    text
}
