//! Single neurons and the reference cases they are compared with.

// Each test file uses a part of this.
#![allow(dead_code)]

use serde_json::Value;
use sim_core::neuron::{Arrival, Cells, Column, Dynamics, ExactDynamics, Initial, Input, NeuronModel};
use sim_core::parameter::{Argument, Arguments, Kind};
use sim_core::real::Real;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Numbers by name: parameters and initial states.
pub type Numbers = BTreeMap<String, f64>;

/// What a neuron is given and for how long.
pub struct Drive {
    pub dt: f64,
    pub steps: usize,
    /// Current in pA by step; the last goes on.
    pub current: Vec<f64>,
    /// (time in ms, weight), in order.
    pub arrivals: Vec<(f64, f64)>,
}

/// What became of it: states by name at the end of every step, spike times.
pub struct Life {
    pub states: BTreeMap<&'static str, Vec<f64>>,
    pub spikes: Vec<f64>,
}

/// A file of the open references, or nothing when SALTUS_SHARED is not set.
pub fn open(path: &str) -> Option<PathBuf> {
    let Ok(shared) = std::env::var("SALTUS_SHARED") else {
        println!("skipped: SALTUS_SHARED is not set");
        return None;
    };
    Some(PathBuf::from(shared).join("reference/open").join(path))
}

pub fn json(path: &str) -> Option<Value> {
    let text = std::fs::read_to_string(open(path)?).expect(path);
    Some(serde_json::from_str(&text.replace("-Infinity", "null")).expect(path))
}

/// The columns of a table by name.
pub fn csv(path: &str) -> Option<Vec<(String, Vec<f64>)>> {
    let text = std::fs::read_to_string(open(path)?).expect(path);
    let mut lines = text.lines();
    let mut columns: Vec<(String, Vec<f64>)> =
        lines.next()?.split(',').map(|name| (name.to_owned(), Vec::new())).collect();
    for line in lines {
        for (column, field) in columns.iter_mut().zip(line.split(',')) {
            column.1.push(field.parse().expect(path));
        }
    }
    Some(columns)
}

/// The parameters, initial states and input of a reference case.
pub fn case(path: &str) -> Option<(Numbers, Drive)> {
    let json = json(path)?;
    let numbers = json["parameters"].as_object()?.iter();
    let numbers = numbers.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect();
    let dt = json["dt_ms"].as_f64()?;
    let steps = (json["t_stop_ms"].as_f64()? / dt).round() as usize;
    let mut current = vec![0.0; steps];
    for change in json["input_current"].as_array()? {
        let from = (change["from_ms"].as_f64()? / dt).round() as usize;
        current[from..].fill(change["amplitude_pA"].as_f64()?);
    }
    let arrivals = json["input_spikes"].as_array()?.iter();
    let arrivals = arrivals.filter_map(|a| Some((a["arrives_ms"].as_f64()?, a["weight"].as_f64()?)));
    let mut arrivals: Vec<_> = arrivals.collect();
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some((numbers, Drive { dt, steps, current, arrivals }))
}

/// One neuron of a model; numbers that are not given are the defaults.
pub fn cells(model: &'static NeuronModel, numbers: &Numbers, dt: f64) -> Cells {
    let mut arguments = Arguments::defaults(model.parameters);
    for parameter in model.parameters {
        if let Some(&value) = numbers.get(parameter.name) {
            arguments = match parameter.kind {
                Kind::Value(_) => arguments.with(parameter.name, Argument::Value(value)),
                _ => arguments.with_number(parameter.name, value),
            };
        }
    }
    let mut known = numbers.clone();
    let mut parameters = Vec::new();
    for parameter in model.parameters {
        if let Some(value) = arguments.try_number(parameter.name) {
            known.insert(parameter.name.to_owned(), value);
            if matches!(parameter.kind, Kind::Quantity(_)) {
                parameters.push((parameter.name, Column::Same(value)));
            }
        }
    }
    let mut initial = Vec::new();
    for state in model.states {
        let value = known.get(state.name).copied().unwrap_or_else(|| match state.initial {
            Initial::Value(value) => value,
            Initial::Parameter(name) => known[name],
            Initial::Formula(formula) => formula(&|name| known[name]),
        });
        known.insert(state.name.to_owned(), value);
        initial.push(Column::Same(value));
    }
    Cells { len: 1, dt, arguments, parameters, initial }
}

/// Lives in a model's grid in `R`'s precision.
pub fn live<R: Real>(model: &'static NeuronModel, mut neuron: Box<dyn Dynamics<R>>, drive: &Drive) -> Life {
    let mut life = Life::new(model);
    let mut arrivals = drive.arrivals.iter().peekable();
    let mut spikes = Vec::new();
    for step in 1..=drive.steps {
        let mut ports = [[R::ZERO]; 2];
        while let Some(&(_, weight)) = arrivals.next_if(|a| (a.0 / drive.dt).round() as usize <= step) {
            ports[model.ports.of(weight)][0] += R::of(weight);
        }
        let current = [R::of(drive.current_in(step))];
        let [ex, inh] = &mut ports;
        neuron.step(Input { ports: [ex, inh], current: &current }, &mut spikes);
        life.spikes.extend(spikes.drain(..).map(|_| step as f64 * drive.dt));
        life.see(model, |state| neuron.state(state)[0].wide());
    }
    life
}

/// Lives in a model's continuous time.
pub fn live_exactly(model: &'static NeuronModel, mut neuron: Box<dyn ExactDynamics>, drive: &Drive) -> Life {
    let mut life = Life::new(model);
    let mut coming = drive.arrivals.iter().peekable();
    let (mut arrivals, mut spikes) = (Vec::new(), Vec::new());
    for step in 1..=drive.steps {
        let start = (step - 1) as f64 * drive.dt;
        arrivals.clear();
        while let Some(&(time, weight)) = coming.next_if(|a| a.0 <= start + drive.dt * (1.0 + 1e-9)) {
            let offset = time - start;
            let offset = if offset > drive.dt * (1.0 - 1e-9) { drive.dt } else { offset };
            arrivals.push(Arrival { neuron: 0, offset, weight });
        }
        neuron.step(&arrivals, &[drive.current_in(step)], &mut spikes);
        life.spikes.extend(spikes.drain(..).map(|(_, offset)| start + offset));
        life.see(model, |state| neuron.state(state)[0]);
    }
    life
}

impl Drive {
    fn current_in(&self, step: usize) -> f64 {
        self.current.get(step - 1).or(self.current.last()).copied().unwrap_or(0.0)
    }
}

impl Life {
    fn new(model: &NeuronModel) -> Self {
        Life { states: model.states.iter().map(|s| (s.name, Vec::new())).collect(), spikes: Vec::new() }
    }

    fn see(&mut self, model: &NeuronModel, value: impl Fn(usize) -> f64) {
        for (state, row) in model.states.iter().enumerate() {
            self.states.get_mut(row.name).expect("a state").push(value(state));
        }
    }
}
