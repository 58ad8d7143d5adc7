//! Vectors for Loihi.

mod energy;
mod learning;
mod nets;
mod neurons;

use super::case::Case;
use backends::loihi::semantics::{BRIAN2, LAVA, NENGO, Semantics};
use serde_json::Value;
use std::path::Path;

/// Runs the cases of a file; what belongs to it is looked for in its folder.
///
/// # Errors
/// When the file is not as its kind should be.
pub fn cases(folder: &Path, file: &Value) -> Result<Vec<Case>, String> {
    match file["kind"].as_str().unwrap_or_default() {
        "loihi_lif" | "loihi2_graded_delay" => neurons::cases(file),
        "loihi_weight_table" => neurons::weights(file),
        "loihi_net" => nets::cases(folder, file),
        // Read with its network.
        "loihi_net_expected" => Ok(Vec::new()),
        "loihi_bignet" => nets::big(file),
        "loihi_stdp" => learning::stepwise(file),
        "loihi_learning_lava" => learning::epochs(file),
        "loihi_energy" => energy::cases(file),
        kind => Err(format!("no kind is called {kind}")),
    }
}

/// Whose reading of the chip a source wants, by the name of the tool.
fn semantics_of(source: &str) -> Result<&'static Semantics, String> {
    let tools = [("nengo", &NENGO), ("lava", &LAVA), ("brian2", &BRIAN2)];
    let found = tools.into_iter().find(|(tool, _)| source.starts_with(tool));
    found.map(|(_, semantics)| semantics).ok_or_else(|| format!("no semantics for {source:?}"))
}

/// The cases of a file.
fn list(file: &Value, name: &str) -> Result<Vec<Value>, String> {
    file[name].as_array().cloned().ok_or_else(|| format!("{name} is not a list"))
}
