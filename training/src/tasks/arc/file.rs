//! Files of tasks: `{task: {"train": [{"input": grid, "output": grid}, …], "test": […]}}` in JSON, plain or gzip, a grid being
//! a list of rows of colours 0 to 9.

use crate::tasks::arc::grid::{COLOURS, Grid, LARGEST};
use crate::tasks::file::{DataProblem, bytes, find};
use serde_json::Value;
use std::path::Path;

/// What is shown, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// What is shown.
    pub input: Grid,
    /// What it becomes by the rule of the task.
    pub output: Grid,
}

/// A task: a rule that few pairs show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// The pairs that show the rule.
    pub train: Vec<Pair>,
    /// The pairs whose outputs are asked for.
    pub test: Vec<Pair>,
}

impl Task {
    /// Rows or columns of the largest grid, whichever are more.
    pub fn side(&self) -> usize {
        let pairs = self.train.iter().chain(&self.test);
        pairs.map(|pair| pair.input.side().max(pair.output.side())).max().unwrap_or(0)
    }
}

/// Two files of tasks.
#[derive(Clone, Debug)]
pub struct Sets {
    /// Tasks to learn from.
    pub training: Vec<Task>,
    /// Tasks whose test pairs are only tested on.
    pub evaluation: Vec<Task>,
}

/// The files `*training*.json*` and `*evaluation*.json*` of a folder whose names have `list` before that.
///
/// # Errors
/// If one is not there, or has a task that is not what it has to be.
pub fn read(folder: &Path, list: &str) -> Result<Sets, DataProblem> {
    let part = |name: &str| {
        let parts = [list, name, ".json"];
        let path = find(folder, &parts[usize::from(list.is_empty())..])?;
        let mut file = bytes(&path)?;
        let left = file.left();
        tasks(file.take(left)?).map_err(|why| DataProblem::new(&path, why))
    };
    Ok(Sets { training: part("training")?, evaluation: part("evaluation")? })
}

/// All tasks of a file, by name.
fn tasks(json: &[u8]) -> Result<Vec<Task>, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| format!("it is no JSON: {error}"))?;
    let Value::Object(tasks) = value else { return Err("it is not an object of tasks".into()) };
    if tasks.is_empty() {
        return Err("it has no task".into());
    }
    tasks.iter().map(|(name, value)| task(name, value).map_err(|why| format!("task {name}: {why}"))).collect()
}

fn task(name: &str, value: &Value) -> Result<Task, String> {
    let pairs = |part: &str| -> Result<Vec<Pair>, String> {
        let pairs = value.get(part).and_then(Value::as_array).ok_or(format!("it has no list {part:?}"))?;
        if pairs.is_empty() {
            return Err(format!("{part:?} has no pair"));
        }
        let pair = |(number, pair): (usize, &Value)| -> Result<Pair, String> {
            let grid = |which: &str| {
                let at = |why: String| format!("{which} of {part} pair {number}: {why}");
                grid(pair.get(which).ok_or_else(|| at("it is not there".into()))?).map_err(at)
            };
            Ok(Pair { input: grid("input")?, output: grid("output")? })
        };
        (1..).zip(pairs).map(pair).collect()
    };
    Ok(Task { name: name.to_owned(), train: pairs("train")?, test: pairs("test")? })
}

fn grid(value: &Value) -> Result<Grid, String> {
    let list = |value: &Value, what: &str| -> Result<Vec<Value>, String> {
        let list = value.as_array().ok_or(format!("{what} is not a list"))?;
        if (1..=LARGEST).contains(&list.len()) {
            Ok(list.clone())
        } else {
            Err(format!("{what} has {} entries, and 1 to {LARGEST} are allowed", list.len()))
        }
    };
    let rows = list(value, "the grid")?;
    let (mut cells, mut columns) = (Vec::new(), None);
    for (number, row) in (1..).zip(&rows) {
        let row = list(row, &format!("row {number}"))?;
        let first = *columns.get_or_insert(row.len());
        if row.len() != first {
            return Err(format!("row {number} has {} cells, and the first has {first}", row.len()));
        }
        for cell in &row {
            let colour = cell.as_u64().filter(|colour| *colour < COLOURS as u64);
            cells.push(colour.ok_or(format!("row {number} has {cell}, and colours are 0 to 9"))? as u8);
        }
    }
    Ok(Grid { rows: rows.len(), columns: columns.unwrap_or(0), cells })
}
