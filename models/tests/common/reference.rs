//! Single-neuron references: parameters, input, trace and spikes of a neuron simulated elsewhere.

use super::{Precision, Step, cells_with, live};
use sim_core::neuron::NeuronModel;
use sim_core::parameter::{Argument, Arguments, Kind};
use sim_core::quantity::Quantity;
use std::path::{Path, PathBuf};

/// The stimuli each model was run with.
pub const STIMULI: [&str; 7] =
    ["rest", "dc_sub", "dc_supra", "dc_negative", "two_epsp_one_ipsp", "frozen_noise", "spike_bombardment"];

/// The folder of the references, or nothing (and a line that says so).
pub fn folder(name: &str) -> Option<PathBuf> {
    match std::env::var_os("SALTUS_SHARED") {
        Some(shared) => Some(Path::new(&shared).join("reference/open").join(name)),
        None => {
            println!("skipped: SALTUS_SHARED is not set");
            None
        }
    }
}

/// What one case says.
pub struct Case {
    /// `iaf_psc_exp__dc_sub`
    pub id: String,
    json: serde_json::Value,
    /// Names of the recorded states.
    pub recorded: Vec<String>,
    /// One row per step: time, then the recorded states.
    pub rows: Vec<Vec<f64>>,
    /// ms
    pub spikes: Vec<f64>,
}

/// What our neuron did with a case's input.
pub struct Run {
    /// The recorded states after each step.
    pub rows: Vec<Vec<f64>>,
    /// ms
    pub spikes: Vec<f64>,
}

impl Case {
    /// Reads a case; `kind` is empty for NEST's own trace, or `rk4` for the finer one beside it.
    pub fn read(folder: &Path, id: &str, kind: &str) -> Case {
        let text = |ending: &str| {
            let path = folder.join(format!("{id}.{ending}"));
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let (trace, spikes) = match kind {
            "" => ("trace.csv".to_owned(), "spikes.csv".to_owned()),
            kind => (format!("{kind}.csv"), format!("{kind}_spikes.csv")),
        };
        // An endless lower bound is not JSON.
        let json = text("json").replace("-Infinity", "-1.7976931348623157e308");
        let (header, rows) = table(&text(&trace));
        Case {
            id: id.to_owned(),
            json: serde_json::from_str(&json).expect("a case is JSON"),
            recorded: header[1..].iter().map(|name| name.trim_end_matches("_mV").to_owned()).collect(),
            rows,
            spikes: table(&text(&spikes)).1.into_iter().map(|row| row[0]).collect(),
        }
    }

    /// A number of the case.
    pub fn number(&self, name: &str) -> f64 {
        self.json[name].as_f64().expect("a number of the case")
    }

    /// The case's parameters, as far as the model has them, over its defaults.
    pub fn arguments(&self, model: &NeuronModel) -> Arguments {
        let mut arguments = Arguments::defaults(model.parameters);
        for parameter in model.parameters {
            let value = &self.json["parameters"][parameter.name];
            let argument = match parameter.kind {
                Kind::Flag => value.as_bool().map(Argument::Flag),
                Kind::Quantity(_) => value.as_f64().map(|v| Argument::Quantity(Quantity::Constant(v))),
                _ => value.as_f64().map(Argument::Value),
            };
            if let Some(argument) = argument {
                arguments = arguments.with(parameter.name, argument);
            }
        }
        arguments
    }

    /// The case's initial value of a state.
    pub fn initial(&self, state: &str) -> Option<f64> {
        self.json["parameters"][state].as_f64()
    }

    /// What arrives in each step.
    pub fn input(&self) -> Vec<Step> {
        let dt = self.number("dt_ms");
        let steps = (self.number("t_stop_ms") / dt).round() as usize;
        let mut input = vec![Step::same(1, 0.0, 0.0, 0.0); steps];
        let list = |name: &str| self.json[name].as_array().expect("a list").clone();
        for change in list("input_current") {
            // A current from a on acts in the steps that end after a.
            let first = (change["from_ms"].as_f64().unwrap() / dt).round() as usize;
            for step in input.iter_mut().skip(first) {
                step.current[0] = change["amplitude_pA"].as_f64().unwrap();
            }
        }
        for arrival in list("input_spikes") {
            let weight = arrival["weight"].as_f64().unwrap();
            let step = (arrival["arrives_ms"].as_f64().unwrap() / dt).round() as usize;
            if let Some(step) = input.get_mut(step.wrapping_sub(1)) {
                let sum = if weight < 0.0 { &mut step.negative[0] } else { &mut step.positive[0] };
                *sum += weight;
            }
        }
        input
    }

    /// Lives the case in one precision.
    pub fn run<R: Precision>(&self, model: &NeuronModel) -> Run {
        let dt = self.number("dt_ms");
        let arguments = self.arguments(model);
        let mut neuron =
            R::build(model, &cells_with(model, &arguments, (1, dt), |state| self.initial(state)));
        let place = |name: &String| model.states.iter().position(|state| state.name == name);
        let places: Vec<usize> =
            self.recorded.iter().map(|name| place(name).expect("the model records it")).collect();
        let mut run = Run { rows: Vec::new(), spikes: Vec::new() };
        for (number, step) in self.input().iter().enumerate() {
            if !live(model, &mut *neuron, step).is_empty() {
                run.spikes.push((number + 1) as f64 * dt);
            }
            run.rows.push(places.iter().map(|&place| neuron.state(place)[0].wide()).collect());
        }
        run
    }
}

/// Header and rows of a table of numbers.
pub fn table(text: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or("").split(',').map(str::to_owned).collect();
    // One of the gallery's files writes its numbers as `np.float64(1.0)`.
    let number = |cell: &str| -> f64 {
        let plain = cell.trim_start_matches("np.float64(").trim_end_matches(')');
        plain.parse().unwrap_or_else(|_| panic!("{cell} is not a number"))
    };
    (header, lines.map(|line| line.split(',').map(number).collect()).collect())
}

/// How far a run is from its case.
#[derive(Debug)]
pub struct Distance {
    /// Largest difference of V_m in mV, up to the first spike that is not the same (or was missed).
    pub voltage: f64,
    /// Largest difference of any other recorded state, over the same rows.
    pub others: f64,
    /// Spikes of the reference.
    pub spikes: usize,
    /// Spikes at another step; all of them when the counts differ.
    pub moved: usize,
    /// The largest such move in ms; endless when the counts differ.
    pub farthest: f64,
}

/// Compares a run with its case.
pub fn distance(case: &Case, run: &Run) -> Distance {
    let dt = case.number("dt_ms");
    let pairs = || case.spikes.iter().zip(&run.spikes);
    let moved = |(a, b): &(&f64, &f64)| (*a - *b).abs() > 0.5 * dt;
    let same_count = case.spikes.len() == run.spikes.len();
    let first_moved = pairs().find(moved).map(|(a, b)| a.min(*b));
    let common = case.spikes.len().min(run.spikes.len());
    let first_missed = case.spikes.get(common).or(run.spikes.get(common)).copied();
    let end = first_moved.or(first_missed).unwrap_or(f64::INFINITY) - 0.5 * dt;
    let (mut voltage, mut others) = (0.0_f64, 0.0_f64);
    // The recordings end a millisecond before the run.
    assert!(case.rows.len() + 20 > run.rows.len() && case.rows.len() <= run.rows.len(), "{}", case.id);
    for (number, (row, ours)) in case.rows.iter().zip(&run.rows).enumerate() {
        assert!((row[0] - (number + 1) as f64 * dt).abs() < 1e-6, "{}: {} ms", case.id, row[0]);
        if row[0] > end {
            break;
        }
        for (name, (theirs, ours)) in case.recorded.iter().zip(row[1..].iter().zip(ours)) {
            let worst = if name == "V_m" { &mut voltage } else { &mut others };
            *worst = worst.max((theirs - ours).abs());
        }
    }
    Distance {
        voltage,
        others,
        spikes: case.spikes.len(),
        moved: if same_count { pairs().filter(moved).count() } else { case.spikes.len().max(1) },
        farthest: if same_count {
            pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        } else {
            f64::INFINITY
        },
    }
}
