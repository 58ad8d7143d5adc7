//! From the folder of a training to layers and questions.

use crate::trained::Config;
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::reads::attention::{Heads, Turning};
use compiler::reads::blocks::Mixer;
use compiler::reads::{Problem, Tensor, Tensors, hrm, mdlm, mlp, trm};
use training::lesson::{self, Questions};
use training::weights::Named;

/// The layers of a trained network that is asked about `cells` places.
///
/// # Errors
/// If the compiler does not know the family, or a tensor is missing.
pub fn program(config: &Config, weights: Vec<Named>, cells: usize) -> Result<Program, Problem> {
    let tensor = |Named { name, shape, values }| Tensor { name, shape, values };
    let tensors = Tensors(weights.into_iter().map(tensor).collect());
    let whole = |name: &str| config.arguments.integer(name) as usize;
    match config.model.name {
        "Mlp" => {
            let layers = tensors.0.iter().filter(|tensor| tensor.name.ends_with(".weight")).count();
            mlp::program(&tensors, layers)
        }
        "Trm" => {
            let attends = config.arguments.word("mixer") == "Attention";
            let heads = Heads { count: whole("heads"), turned: Some(Turning::Line) };
            let schedule = trm::Schedule {
                prefix: whole("prefix"),
                cells,
                blocks: whole("blocks"),
                mixer: if attends { Mixer::Attention(heads) } else { Mixer::Mlp },
                high_cycles: whole("high_cycles"),
                low_cycles: whole("low_cycles"),
                rounds: whole("supervision"),
            };
            trm::program(&tensors, &schedule)
        }
        "Hrm" => {
            let turned = match config.arguments.word("positions") {
                "Turned" => Some(Turning::Line),
                "Grid" => Some(Turning::Grid { before: whole("prefix"), side: cells.isqrt() }),
                _ => None,
            };
            let schedule = hrm::Schedule {
                prefix: whole("prefix"),
                cells,
                heads: Heads { count: whole("heads"), turned },
                blocks: [whole("high_blocks"), whole("low_blocks")],
                high_cycles: whole("high_cycles"),
                low_cycles: whole("low_cycles"),
                rounds: whole("supervision"),
            };
            hrm::program(&tensors, &schedule)
        }
        "Mdlm" if config.arguments.flag("timed") => {
            Err(Problem("an Mdlm that is told the time cannot be compiled; one with timed=false can".into()))
        }
        "Mdlm" => {
            let gate = config.arguments.number("gate") as f32;
            let (heads, blocks) = (whole("heads"), whole("blocks"));
            mdlm::program(&tensors, &mdlm::Schedule { places: cells, heads, blocks, gate })
        }
        name => Err(Problem(format!("a {name} cannot be compiled; an Mlp, a Trm, an Hrm and an Mdlm can"))),
    }
}

/// Questions as the compiler knows them.
pub fn asked(questions: &Questions) -> Vec<Asked> {
    let one = |asked: &lesson::Asked| match asked {
        lesson::Asked::Numbers(numbers) => Asked::Numbers(numbers.clone()),
        lesson::Asked::Tokens(tokens) => Asked::Tokens(tokens.clone()),
    };
    questions.asked.iter().map(one).collect()
}

/// Places of a question.
pub fn cells(questions: &Questions) -> usize {
    match questions.asked.first() {
        Some(lesson::Asked::Tokens(tokens)) => tokens.len(),
        _ => 0,
    }
}
