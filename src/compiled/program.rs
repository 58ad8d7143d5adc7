//! From the folder of a training to layers and questions.

use crate::trained::Config;
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::reads::{Problem, Tensor, Tensors, mlp, trm};
use training::lesson::{self, Questions};
use training::weights::Named;

/// The layers of a trained network.
///
/// # Errors
/// If the compiler does not know the family, or a tensor is missing.
pub fn program(config: &Config, weights: Vec<Named>) -> Result<Program, Problem> {
    let tensor = |Named { name, shape, values }| Tensor { name, shape, values };
    let tensors = Tensors(weights.into_iter().map(tensor).collect());
    let whole = |name: &str| config.arguments.integer(name) as usize;
    match config.model.name {
        "Mlp" => {
            let layers = tensors.0.iter().filter(|tensor| tensor.name.ends_with(".weight")).count();
            mlp::program(&tensors, layers)
        }
        "Trm" if config.arguments.word("mixer") == "Mlp" => {
            let places =
                tensors.0.iter().find(|tensor| tensor.name == "L_level.layers.0.mlp_t.down_proj.weight");
            let places = places.map_or(0, |tensor| tensor.shape[0]);
            let schedule = trm::Schedule {
                prefix: whole("prefix"),
                cells: places.saturating_sub(whole("prefix")),
                blocks: whole("blocks"),
                high_cycles: whole("high_cycles"),
                low_cycles: whole("low_cycles"),
                rounds: whole("supervision"),
            };
            trm::program(&tensors, &schedule)
        }
        "Trm" => Err(Problem("attention cannot be compiled yet; a Trm with mixer=Mlp can".into())),
        name => Err(Problem(format!("a {name} cannot be compiled; an Mlp and a Trm with mixer=Mlp can"))),
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
