//! Traces and plastic weights.

use super::super::case::{Case, Outcome, first_difference, number, number_or, numbers};
use super::list;
use backends::loihi::learning::epoch::{Epochs, Profile, Synapse};
use backends::loihi::learning::rule::{Rule, Target};
use backends::loihi::learning::stepwise::{Stepwise, decayed};
use backends::loihi::learning::{Draw, Trace, round_by_chance};
use backends::loihi::weights::Signs;
use serde_json::Value;

fn rule(case: &Value) -> Result<Rule, String> {
    Rule::parse(case["rule"].as_str().unwrap_or_default()).map_err(|error| error.to_string())
}

/// Learning in every step.
pub fn stepwise(file: &Value) -> Result<Vec<Case>, String> {
    let steps = number(file, "steps")?;
    let run = |case: &Value| {
        let outcome = Outcome::of(stepwise_differs(case, steps)?);
        let name = case["id"].as_str().unwrap_or_default().to_owned();
        Ok(Case { name, semantics: "Brian2".into(), outcome })
    };
    list(file, "cases")?.iter().map(run).collect()
}

const TRACES: [&str; 4] = ["x1", "x2", "y1", "y2"];

fn stepwise_differs(case: &Value, steps: i64) -> Result<Option<String>, String> {
    let trace = |name: &str| Trace {
        impulse: number_or(case, &format!("imp_{name}"), 0) as i32,
        tau: case[format!("tau_{name}")].as_f64().unwrap_or(1.0),
    };
    let traces = TRACES.map(trace);
    let (pre, post) = (numbers(case, "pre_spikes")?, numbers(case, "post_spikes")?);
    let weight = number(case, "w0")? as i32;
    let synapse = Stepwise::new(rule(case)?, traces, weight, ((0, 255), 0));
    let mut synapse = synapse.map_err(|variable| format!("the rule has {variable}"))?;
    let recorded: Vec<Option<Vec<i64>>> = TRACES
        .iter()
        .map(|name| if case[name].is_null() { Ok(None) } else { numbers(case, name).map(Some) })
        .collect::<Result<_, _>>()?;
    let by_chance = case["rounding"] == "stochastic";
    let mut weights = Vec::new();
    for step in 1..=steps {
        let before = synapse.traces();
        let spikes = (pre.contains(&step), post.contains(&step));
        synapse.step(step, spikes, &mut |_: Draw, _: usize, _: i64| 1.0);
        weights.push(i64::from(synapse.weight()));
        let mut values = synapse.traces();
        for (place, recorded) in recorded.iter().enumerate() {
            let Some(&expected) = recorded.as_ref().and_then(|all| all.get(step as usize - 1)) else {
                continue;
            };
            let expected = expected as i32;
            let spike = if place < 2 { spikes.0 } else { post.contains(&(step - 1)) };
            let raised = if spike { traces[place].raised(before[place]) } else { before[place] };
            let exact = decayed(raised, &traces[place]);
            let above = by_chance && (spike || exact.fract() != 0.0);
            if values[place] != expected
                && !(above && expected == round_by_chance(exact, 0.0).max(exact as i32 + 1))
            {
                let (name, found) = (TRACES[place], values[place]);
                return Ok(Some(format!("{name} is {found} in step {step}, expected {expected}")));
            }
            values[place] = expected;
        }
        synapse.resynchronise(values);
    }
    Ok(first_difference("w", 1, &numbers(case, "w")?, &weights))
}

/// Learning in epochs.
pub fn epochs(file: &Value) -> Result<Vec<Case>, String> {
    let steps = number(file, "steps")?;
    let run = |case: &Value| {
        let outcome = Outcome::of(epochs_differ(case, steps)?);
        let name = case["id"].as_str().unwrap_or_default().to_owned();
        Ok(Case { name, semantics: "Lava".into(), outcome })
    };
    list(file, "cases")?.iter().map(run).collect()
}

fn epochs_differ(case: &Value, steps: i64) -> Result<Option<String>, String> {
    let trace = |name: &str| Trace {
        impulse: number_or(case, &format!("{name}_impulse"), 0) as i32,
        tau: case[format!("{name}_tau")].as_f64().unwrap_or(1.0),
    };
    let profile = Profile {
        epoch: number(case, "t_epoch")? as usize,
        pre: ["x1", "x2"].map(trace),
        post: ["y1", "y2", "y3"].map(trace),
        rules: vec![(Target::Weight, rule(case)?)],
        signs: Signs::Excitatory,
    };
    let draws = |name: &str| -> Vec<f64> {
        let list = case["rand"][name].as_array().into_iter().flatten();
        list.filter_map(Value::as_f64).collect()
    };
    let banks = ["x_decay", "y_decay", "weight_round"].map(draws);
    let steps_of_epoch = number(case, "t_epoch")?;
    let mut random = |draw: Draw, _: usize, step: i64| {
        let bank = match draw {
            Draw::Pre => 0,
            Draw::Post => 1,
            Draw::Round(_) => 2,
        };
        banks[bank].get(((step - 1) / steps_of_epoch) as usize).copied().unwrap_or(1.0)
    };
    let start = Synapse { pre: 0, post: 0, weight: number(case, "w0")? as i32, delay: 0, tag: 0 };
    let mut engine = Epochs::new(profile, 1, 1, vec![start]);
    let (pre, post) = (numbers(case, "pre")?, numbers(case, "post")?);
    let mut found: [Vec<i64>; 5] = Default::default();
    for step in 1..=steps {
        if pre.contains(&step) {
            engine.pre_spike(0, step);
        }
        if post.contains(&step) {
            engine.post_spike(0, step);
        }
        engine.end_of_step(step, &mut random);
        let ([x1, x2], [y1, y2, _]) = (engine.pre_traces(0), engine.post_traces(0));
        let values = [x1, x2, y1, y2, engine.synapses()[0].weight];
        found.iter_mut().zip(values).for_each(|(all, value)| all.push(i64::from(value)));
    }
    for (name, found) in ["x1", "x2", "y1", "y2", "weights"].into_iter().zip(found) {
        if let Some(difference) = first_difference(name, 1, &numbers(case, name)?, &found) {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}
