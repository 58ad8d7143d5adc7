//! Recurrent networks, run unmapped on two threads.

use super::super::case::{Case, Outcome, first_difference, number, number_or, numbers, tuples};
use super::super::read;
use super::{list, semantics_of};
use backends::loihi::arithmetic::Cells;
use backends::loihi::build::{Integers, Layout, shards};
use backends::loihi::compartment::Compartment;
use backends::loihi::drive::Drive;
use backends::loihi::network::{Quantised, Synapse};
use backends::loihi::running::Running;
use backends::loihi::semantics::Semantics;
use backends::loihi::weights::{Signs, WeightFormat};
use serde_json::Value;
use sim_core::backend::Epoch;
use sim_core::spike::Spike;
use std::path::Path;

/// A synapse of a file: source, target, mantissa.
pub type Listed = [i64; 3];

/// What a run gave: (step, neuron) of each spike, and u and v of all neurons after each step.
pub struct Trace {
    pub spikes: Vec<[i64; 2]>,
    pub u: Vec<Vec<i64>>,
    pub v: Vec<Vec<i64>>,
}

/// A network of equal exponents: excitatory and inhibitory weights are groups of eight bits each.
pub fn network(
    semantics: &'static Semantics,
    compartments: Vec<Compartment>,
    exponent: i8,
    (synapses, from_inputs, inputs): (&[Listed], &[Listed], usize),
) -> Quantised {
    let neurons = compartments.len() as u32;
    let format = |signs| WeightFormat { bits: 8, signs, exponent };
    let synapse = |first: u32, &[source, target, mantissa]: &Listed| {
        let format = u8::from(mantissa < 0);
        let synapse = Synapse { target: target as u32, mantissa: mantissa as i16, delay: 1, format };
        (first + source as u32, synapse)
    };
    let own = synapses.iter().map(|listed| synapse(0, listed));
    let all: Vec<_> = own.chain(from_inputs.iter().map(|listed| synapse(neurons, listed))).collect();
    let formats = vec![format(Signs::Excitatory), format(Signs::Inhibitory)];
    Quantised::new(semantics, compartments, inputs, formats, &all)
}

/// Runs a network; `in_spikes` are (step of the arrival, input).
pub fn run(network: &Quantised, steps: i64, in_spikes: &[[i64; 2]]) -> Result<Trace, String> {
    let layout = Layout::unmapped(network, network.longest_delay(), 2);
    let numbers = Integers { network, noise: None };
    let shards = shards(network, (&layout, None), &numbers, &|_| Ok(Drive::new(Vec::new())))
        .map_err(|error| error.to_string())?;
    let mut running = Running::new(shards, 2);
    let mut trace = Trace { spikes: Vec::new(), u: Vec::new(), v: Vec::new() };
    let mut epoch = Epoch::default();
    for step in 1..=steps {
        let due = in_spikes.iter().filter(|[at, _]| *at == step);
        let first = network.neurons() as u32;
        let inputs: Vec<Spike> = due
            .map(|&[_, input]| Spike { step: step - 1, lead: 0.0, neuron: first + input as u32 })
            .collect();
        running.advance(step, &inputs, &mut epoch);
        trace.spikes.extend(epoch.spikes.iter().map(|spike| [spike.step, i64::from(spike.neuron)]));
        let (mut u, mut v) = (vec![0; network.neurons()], vec![0; network.neurons()]);
        running.team.visit(|shard| {
            for (place, &neuron) in shard.neurons().iter().enumerate() {
                u[neuron as usize] = shard.cells().state(0, place) as i64;
                v[neuron as usize] = shard.cells().state(1, place) as i64;
            }
        });
        trace.u.push(u);
        trace.v.push(v);
    }
    Ok(trace)
}

/// A network with what each tool that can run it expects.
pub fn cases(folder: &Path, file: &Value) -> Result<Vec<Case>, String> {
    let name = file["name"].as_str().unwrap_or_default();
    let neurons = number(file, "n")? as usize;
    let biases = numbers(file, "bias_mant")?;
    let compartment = |neuron: usize| Compartment {
        du: number_or(file, "du", 0) as u16,
        dv: number_or(file, "dv", 0) as u16,
        threshold: number_or(file, "vth_mant", 1) as u32,
        bias_mantissa: biases.get(neuron).copied().unwrap_or_default() as i16,
        bias_exponent: number_or(file, "bias_exp", 0) as u8,
        refractory: number_or(file, "refract", 1) as u8,
        ..Compartment::default()
    };
    let (own, from_inputs) = (tuples(file, "synapses")?, tuples(file, "in_synapses")?);
    let mut cases = Vec::new();
    for tool in ["nengo", "lava", "brian2"] {
        let path = folder.join(format!("loihi_net_{name}.expected_{tool}.json"));
        if !path.exists() {
            continue;
        }
        let (expected, semantics) = (read(&path)?, semantics_of(tool)?);
        let inputs = number(file, "n_in")? as usize;
        let exponent = number_or(file, "weight_exp", 0) as i8;
        let compartments = (0..neurons).map(compartment).collect();
        let network = network(semantics, compartments, exponent, (&own, &from_inputs, inputs));
        let trace = run(&network, number(file, "steps")?, &tuples(file, "in_spikes")?)?;
        let outcome = Outcome::of(differs(&expected, &trace)?);
        cases.push(Case { name: name.into(), semantics: semantics.name.into(), outcome });
    }
    Ok(cases)
}

fn differs(expected: &Value, trace: &Trace) -> Result<Option<String>, String> {
    for (name, found) in [("u", &trace.u), ("v", &trace.v)] {
        for neuron in numbers(expected, "probes")? {
            let found: Vec<i64> = found.iter().map(|step| step[neuron as usize]).collect();
            let expected = numbers(&expected[name], &neuron.to_string())?;
            let what = format!("{name} of neuron {neuron}");
            if let Some(difference) = first_difference(&what, 1, &expected, &found) {
                return Ok(Some(difference));
            }
        }
    }
    let spikes = tuples::<2>(expected, "spikes")?;
    let place =
        (0..spikes.len().max(trace.spikes.len())).find(|&place| spikes.get(place) != trace.spikes.get(place));
    Ok(place.map(|place| {
        format!("spike {place} is {:?}, expected {:?}", trace.spikes.get(place), spikes.get(place))
    }))
}

/// Networks that are made by a recipe.
pub fn big(file: &Value) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for spec in list(file, "nets")? {
        let recipe = Recipe::new(&spec)?;
        for tool in list(&spec, "tools")? {
            let semantics = semantics_of(tool.as_str().unwrap_or_default())?;
            let outcome = Outcome::of(recipe.differs(&spec, semantics)?);
            let name = spec["name"].as_str().unwrap_or_default().to_owned();
            cases.push(Case { name, semantics: semantics.name.into(), outcome });
        }
    }
    Ok(cases)
}

struct Recipe {
    neurons: usize,
    inputs: usize,
    steps: i64,
    synapses: Vec<Listed>,
    from_inputs: Vec<Listed>,
    in_spikes: Vec<[i64; 2]>,
}

impl Recipe {
    fn new(spec: &Value) -> Result<Recipe, String> {
        let mut random = SplitMix(number(spec, "seed")? as u64);
        let (neurons, inputs) = (number(spec, "n")?, number(spec, "n_in")?);
        let (mut synapses, mut from_inputs, mut in_spikes) = (Vec::new(), Vec::new(), Vec::new());
        for source in 0..neurons {
            let mut seen = vec![false; neurons as usize];
            for _ in 0..number(spec, "degree")? {
                let target = random.below(neurons);
                let excitatory = source < neurons * 4 / 5;
                let weight = if excitatory { 1 + random.below(63) } else { -(64 + random.below(192)) };
                if target != source && !std::mem::replace(&mut seen[target as usize], true) {
                    synapses.push([source, target, weight]);
                }
            }
        }
        for source in 0..inputs {
            let mut seen = vec![false; neurons as usize];
            for _ in 0..number(spec, "in_degree")? {
                let (target, weight) = (random.below(neurons), 20 + random.below(236));
                if !std::mem::replace(&mut seen[target as usize], true) {
                    from_inputs.push([source, target, weight]);
                }
            }
        }
        let steps = number(spec, "steps")?;
        for step in 2..=steps {
            for input in 0..inputs {
                if random.below(1_000_000) < number(spec, "in_ppm")? {
                    in_spikes.push([step, input]);
                }
            }
        }
        Ok(Recipe {
            neurons: neurons as usize,
            inputs: inputs as usize,
            steps,
            synapses,
            from_inputs,
            in_spikes,
        })
    }

    fn differs(&self, spec: &Value, semantics: &'static Semantics) -> Result<Option<String>, String> {
        let flat = self.synapses.iter().flatten().chain(self.from_inputs.iter().flatten());
        let made = digest(flat.chain(self.in_spikes.iter().flatten()).copied());
        if spec["net_fnv"].as_str().is_some_and(|expected| expected != made) {
            return Ok(Some(format!("the recipe gives network {made}, expected {}", spec["net_fnv"])));
        }
        let compartment = Compartment {
            du: number_or(spec, "du", 0) as u16,
            dv: number_or(spec, "dv", 0) as u16,
            threshold: number_or(spec, "vth_mant", 1) as u32,
            refractory: number_or(spec, "refract", 1) as u8,
            ..Compartment::default()
        };
        let exponent = number_or(spec, "weight_exp", 0) as i8;
        let sources = (&self.synapses[..], &self.from_inputs[..], self.inputs);
        let network = network(semantics, vec![compartment; self.neurons], exponent, sources);
        let trace = run(&network, self.steps, &self.in_spikes)?;
        let mut per_step = vec![0; self.steps as usize];
        trace.spikes.iter().for_each(|[step, _]| per_step[*step as usize - 1] += 1);
        let sums = |values: &[Vec<i64>]| values.iter().map(|step| step.iter().sum()).collect();
        let found: [(&str, Vec<i64>); 3] = [
            ("spikes_per_step", per_step),
            ("usum_per_step", sums(&trace.u)),
            ("vsum_per_step", sums(&trace.v)),
        ];
        let expected = &spec["expected"];
        for (name, found) in found {
            if let Some(difference) = first_difference(name, 1, &numbers(expected, name)?, &found) {
                return Ok(Some(difference));
            }
        }
        let last = |values: &[Vec<i64>]| digest(values.last().into_iter().flatten().copied());
        let digests = [
            ("spike_fnv", digest(trace.spikes.iter().flatten().copied())),
            ("u_last_fnv", last(&trace.u)),
            ("v_last_fnv", last(&trace.v)),
        ];
        let wrong = digests.into_iter().find(|(name, found)| expected[name].as_str() != Some(found));
        Ok(wrong.map(|(name, found)| format!("{name} is {found}, expected {}", expected[name])))
    }
}

/// SplitMix64.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: i64) -> i64 {
        ((u128::from(self.next() >> 33) * bound as u128) >> 31) as i64
    }
}

/// FNV-1a of 64 bits over 32-bit words.
fn digest(words: impl Iterator<Item = i64>) -> String {
    let bytes = words.flat_map(|word| (word as u32).to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
