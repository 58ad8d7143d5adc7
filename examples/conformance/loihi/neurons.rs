//! Single neurons with their inputs, and the table of weights.

use super::super::case::{Case, Outcome, first_difference, number, number_or, numbers};
use super::{list, semantics_of};
use backends::loihi::arithmetic::Cells;
use backends::loihi::compartment::{Compartment, Compartments};
use backends::loihi::semantics::{BRIAN2, Exponent, LARGEST, Rounding, Semantics};
use backends::loihi::weights::{LARGEST_WEIGHT, Signs, WeightFormat, scaled};
use serde_json::Value;
use std::collections::BTreeMap;

/// What arrives in a neuron: (step, input, payload).
type Arrival = (i64, usize, i64);

/// Single neurons.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    let semantics = semantics_of(file["source"].as_str().unwrap_or_default())?;
    let steps = number(file, "steps")?;
    let mut shared: BTreeMap<i64, Vec<Arrival>> = BTreeMap::new();
    let mut cases = Vec::new();
    for case in list(file, "cases")? {
        let own = arrivals(&case)?;
        let arrivals = match case["in_ref"].as_i64() {
            Some(of) => own.or_else(|| shared.get(&of).cloned()).inspect(|own| {
                shared.insert(of, own.clone());
            }),
            None => own,
        };
        let outcome = if case["exceeds_24bit"] == true {
            Outcome::Skipped("beyond the range of its tool".into())
        } else {
            Outcome::of(run(&case, semantics, steps, &arrivals.unwrap_or_default())?)
        };
        let name = case["id"].as_str().unwrap_or_default().to_owned();
        cases.push(Case { name, semantics: semantics.name.into(), outcome });
    }
    Ok(cases)
}

fn arrivals(case: &Value) -> Result<Option<Vec<Arrival>>, String> {
    let Some(spikes) = case["in_spikes"].as_array() else { return Ok(None) };
    let arrival = |spike: &Value| {
        let payload = spike.get(2).map_or(Some(1), Value::as_i64)?;
        Some((spike.get(0)?.as_i64()?, spike.get(1)?.as_u64()? as usize, payload))
    };
    let all = spikes.iter().map(arrival).collect::<Option<_>>();
    all.map(Some).ok_or_else(|| "in_spikes is not a list of steps, inputs and payloads".into())
}

fn registers(case: &Value) -> Result<Compartment, String> {
    let fits = |name: &str, otherwise| -> Result<i32, String> {
        i32::try_from(number_or(case, name, otherwise)).map_err(|_| format!("{name} has more than 32 bits"))
    };
    Ok(Compartment {
        du: fits("du", 4095)? as u16,
        dv: fits("dv", 0)? as u16,
        threshold: fits("vth_mant", 1)? as u32,
        bias_mantissa: fits("bias_mant", 0)? as i16,
        bias_exponent: fits("bias_exp", 0)? as u8,
        refractory: fits("refract", 1)? as u8,
        v_min: fits("vmin", -i64::from(LARGEST))?,
        v_max: fits("vmax", i64::from(LARGEST))?,
    })
}

fn format(case: &Value) -> WeightFormat {
    let signs = match case["sign_mode"].as_str() {
        Some("excitatory") => Signs::Excitatory,
        Some("inhibitory") => Signs::Inhibitory,
        _ => Signs::Mixed,
    };
    let bits = number_or(case, "num_weight_bits", 8) as u8;
    WeightFormat { bits, signs, exponent: number_or(case, "weight_exp", 0) as i8 }
}

/// Mantissas as they arrive: with their full bits where the file gives no format.
fn held(case: &Value, semantics: &Semantics) -> Result<Vec<i32>, String> {
    if case["weight_mant"].is_null() {
        return Ok(Vec::new());
    }
    let whole = case["num_weight_bits"].is_null();
    let format = format(case);
    let hold = |w: i64| if whole { w as i32 } else { format.held(w as i32, semantics.rounding) };
    Ok(numbers(case, "weight_mant")?.into_iter().map(hold).collect())
}

fn run(
    case: &Value,
    semantics: &'static Semantics,
    steps: i64,
    arrivals: &[Arrival],
) -> Result<Option<String>, String> {
    let (weights, exponent) = (held(case, semantics)?, format(case).exponent);
    let delays = if case["delays"].is_null() { Vec::new() } else { numbers(case, "delays")? };
    let delay = |input: usize| delays.get(input).copied().unwrap_or(number_or(case, "delay", 0));
    let each = |w: i32| scaled(w, exponent).clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT);
    if let Some(expected) = case["weight_act"].as_array() {
        let found: Vec<i64> = weights.iter().map(|&w| i64::from(each(w)) << 6).collect();
        let expected: Vec<i64> = expected.iter().filter_map(Value::as_i64).collect();
        if let Some(place) = expected.iter().zip(&found).position(|(a, b)| a != b) {
            return Ok(Some(format!("weight {place} is {}, expected {}", found[place], expected[place])));
        }
    }
    let mut cells = Compartments::new(&[registers(case)?], semantics, None);
    let (mut u, mut v, mut spikes, mut fired) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for step in 1..=steps {
        let due = arrivals.iter().filter(|(at, input, _)| at + delay(*input) == step);
        let parts = due.map(|&(_, input, payload)| {
            let weight = weights.get(input).copied().unwrap_or_default();
            (if semantics.exponent == Exponent::OfEach { each(weight) } else { weight }) * payload as i32
        });
        let sum: i32 = parts.sum();
        let sum = if semantics.exponent == Exponent::OfEach { sum } else { scaled(sum, exponent) };
        cells.step(step, 0, &mut [sum], &mut fired);
        spikes.extend(fired.drain(..).map(|_| step));
        u.push(i64::from(cells.u()[0]));
        v.push(i64::from(cells.v()[0]));
    }
    let traces = [("u", u), ("v", v)].into_iter().filter(|(name, _)| !case[name].is_null());
    for (name, found) in traces {
        if let Some(difference) = first_difference(name, 1, &numbers(case, name)?, &found) {
            return Ok(Some(difference));
        }
    }
    let expected = numbers(case, "spikes")?;
    Ok((expected != spikes).then(|| format!("spikes in steps {spikes:?}, expected {expected:?}")))
}

/// The table of weights.
pub fn weights(file: &Value) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for case in list(file, "cases")? {
        let format = format(&case);
        let (mantissas, expected) = (numbers(&case, "weight_mant")?, numbers(&case, "weight_act")?);
        let effective = |&w: &i64| i64::from(format.effective(w as i32, Rounding::TowardZero)) << 6;
        let found: Vec<i64> = mantissas.iter().map(effective).collect();
        let wrong = (0..expected.len()).find(|&place| found.get(place) != Some(&expected[place]));
        let outcome = Outcome::of(wrong.map(|place| {
            format!(
                "mantissa {:?}: {:?}, expected {}",
                mantissas.get(place),
                found.get(place),
                expected[place]
            )
        }));
        let name = format!("{:?} {} bits, exponent {}", format.signs, format.bits, format.exponent);
        cases.push(Case { name, semantics: BRIAN2.name.into(), outcome });
    }
    Ok(cases)
}
