//! Single neurons in every mode.

use super::super::case::{Case, Outcome, first_difference, number, numbers};
use super::{fast, first_spike, mode};
use backends::truenorth::bits::Bits;
use backends::truenorth::core::{Core, Target};
use backends::truenorth::draws::Draws;
use backends::truenorth::emulator::Input;
use backends::truenorth::limits::{AXONS, TYPES};
use backends::truenorth::neuron::{Neuron, Semantics};
use serde_json::Value;

/// A single neuron, tick by tick.
pub fn cases(case: &Value) -> Result<Vec<Case>, String> {
    let (neuron, start) = (parameters(case)?, number(case, "v0")? as i32);
    let events = events(case)?;
    let draws = case["prn"].as_array().into_iter().flatten().flat_map(|tick| tick.as_array()).flatten();
    let draws: Vec<u32> = draws.filter_map(|draw| draw.as_u64()?.try_into().ok()).collect();
    let spikes: Vec<[i64; 3]> = numbers(case, "spikes")?.into_iter().map(|tick| [tick, 0, 0]).collect();
    let wanted = numbers(case, "v")?;
    let difference = |found: &[[i64; 3]], potentials: &[i64]| {
        first_spike("spike (tick, core, neuron)", &spikes, found)
            .or_else(|| first_difference("the potential", 0, &wanted, potentials))
    };
    let case_of = |semantics: &str, outcome| Case {
        name: case["id"].as_str().unwrap_or("a neuron").to_owned(),
        semantics: semantics.into(),
        outcome,
    };

    let (mut v, mut stream) = (start, Draws::recorded(draws.clone()));
    let (mut befores, mut potentials, mut fired) = (Vec::new(), Vec::new(), Vec::new());
    for (tick, types) in (0..).zip(&events) {
        let lived = neuron.live(v, types.iter().copied(), &mut stream, Semantics::default());
        v = lived.potential;
        befores.push(i64::from(lived.before_reset));
        potentials.push(i64::from(v));
        fired.extend(lived.fired.then_some([tick, 0, 0]));
    }
    let before =
        first_difference("the potential before reset", 0, &numbers(case, "v_before_reset")?, &befores);
    let left = (stream.left() != Some(0)).then(|| format!("{:?} draws are left over", stream.left()));
    let plain = Outcome::of(before.or_else(|| difference(&fired, &potentials)).or(left));

    let parallel = match through_axons(neuron, start, &events) {
        None => Outcome::Skipped("a tick has more events than a core has axons for".into()),
        Some((core, inputs)) => {
            let story = fast(&[core], &inputs, events.len() as i64, Some(draws), 1)?;
            let potentials: Vec<i64> = story.potentials.iter().map(|cores| cores[0][0].into()).collect();
            Outcome::of(difference(&story.spikes, &potentials))
        }
    };
    Ok(vec![case_of("plain", plain), case_of("parallel", parallel)])
}

fn parameters(case: &Value) -> Result<Neuron, String> {
    let flag = |value: &Value| value.as_i64().unwrap_or(0) != 0;
    let weights: [i64; TYPES] = numbers(case, "s")?.try_into().map_err(|_| "s is not four numbers")?;
    Ok(Neuron {
        weights: weights.map(|s| s as i16),
        stochastic_weights: std::array::from_fn(|g| flag(&case["b"][g])),
        leak: number(case, "lambda")? as i16,
        stochastic_leak: flag(&case["c_lambda"]),
        leak_reversal: flag(&case["epsilon"]),
        alpha: number(case, "alpha")? as i32,
        beta: number(case, "beta")? as i32,
        mask: number(case, "M")? as i32,
        reset: number(case, "R")? as i32,
        mode: mode(number(case, "gamma")?)?,
        saturates: flag(&case["kappa"]),
    })
}

/// Types of the active axons of each tick, in order.
fn events(case: &Value) -> Result<Vec<Vec<usize>>, String> {
    let list = case["events"].as_array().ok_or("events is not a list")?;
    let digit = |digit: char| digit.to_digit(TYPES as u32).map(|digit| digit as usize);
    let types = |text: &Value| text.as_str()?.chars().map(digit).collect::<Option<Vec<usize>>>();
    list.iter().map(types).collect::<Option<_>>().ok_or("events are not texts of axon types".into())
}

/// A core of one neuron whose axons go through the types that are used, again and again, so that events of a
/// tick keep their order; nothing if it has too few.
fn through_axons(neuron: Neuron, start: i32, events: &[Vec<usize>]) -> Option<(Core, Vec<Input>)> {
    let used: Vec<usize> = (0..TYPES).filter(|kind| events.iter().any(|tick| tick.contains(kind))).collect();
    let kind_of = |axon: usize| used.get(axon % used.len().max(1)).copied().unwrap_or(0);
    let mut inputs = Vec::new();
    for (tick, types) in (1..).zip(events) {
        let mut next = 0;
        for &kind in types {
            let axon = (next..AXONS).find(|&axon| kind_of(axon) == kind)?;
            inputs.push(Input { tick, core: 0, axon: axon as u8 });
            next = axon + 1;
        }
    }
    let core = Core {
        axon_types: (0..AXONS).map(|axon| kind_of(axon) as u8).collect(),
        rows: vec![Bits([1, 0, 0, 0]); AXONS],
        neurons: vec![neuron],
        potentials: vec![start],
        targets: vec![Target::Out],
    };
    Some((core, inputs))
}
