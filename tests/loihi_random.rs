//! Random network files on Loihi: what is mapped is legal by counting everything anew, holds every synapse of
//! the file once and spikes as unmapped; what is refused is refused for reasons that are true.

mod common;

use backends::chip::proof::prove;
use backends::loihi::BACKEND;
use backends::loihi::limits::Resource;
use backends::loihi::mapped::{LoihiMapped, map, semantics};
use backends::loihi::quantise::quantise;
use backends::loihi::semantics::{Bias, Bounds};
use common::loihi::{SMALL, counted, first_refused, held, too_much, used_with};
use common::loihi_files::files;
use common::network;
use proptest::prelude::*;
use sim_core::backend::{Load, Refusal};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::{Network, Population};
use std::sync::Arc;

fn loading<T>(network: &Arc<Network>, with: impl FnOnce(&Load<'_>) -> T) -> T {
    with(&Load {
        network: Arc::clone(network),
        connectivity: Arc::new(connect(network, &NoFiles).unwrap()),
        arguments: &network.backend.arguments(BACKEND.parameters),
        files: &NoFiles,
        threads: 1,
        parts: 1,
        progress: &|_| {},
    })
}

/// Steps by which arrivals come later than they are due.
fn lag(population: &Population) -> i64 {
    i64::from(population.neuron.model.name == "IafPscExp")
}

/// All synapses of the file, as the CPU has them: source, target, delay, weight.
fn of_the_file(network: &Arc<Network>) -> Vec<(u32, u32, i64, f64)> {
    let cpu = common::load(network, 1);
    let mut all = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let (from, onto) = (&network.populations[projection.source], &network.populations[projection.target]);
        cpu.weights(number, &mut |source, target, weight, delay| {
            all.push((from.first + source, onto.first + target, delay + lag(onto), weight));
        });
    }
    all.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then(a.3.total_cmp(&b.3)));
    all
}

/// Whether the cores hold every neuron and every synapse of the file once, and each spike from outside once.
fn check_whole(network: &Arc<Network>, mapped: &LoihiMapped) {
    let (integers, placed) = (&mapped.quantisation.network, mapped.placed_network());
    let mut neurons: Vec<u32> = placed.cores.iter().flat_map(|core| core.neurons.iter().copied()).collect();
    neurons.sort_unstable();
    assert!(neurons.iter().copied().eq(0..network.neurons()));
    let (mut here, mut inputs) = (Vec::new(), Vec::new());
    for core in &placed.cores {
        for axon in &core.axons {
            for (&member, &(listed, slot)) in axon
                .members
                .iter()
                .flat_map(|member| axon.synapses.iter().map(move |synapse| (member, synapse)))
            {
                let synapse = &integers.synapses[axon.number(member, listed) as usize];
                assert_eq!(synapse, &integers.synapses[listed as usize]);
                assert_eq!(core.neurons[usize::from(slot)], synapse.target);
                let population = network.locate(synapse.target).0;
                let readings = &mapped.quantisation.readings;
                let unit = readings.scales[population] * readings.gains[synapse.target as usize];
                let weight = f64::from(integers.weight(synapse)) * 64.0 / unit;
                if member.source < network.neurons() {
                    here.push((member.source, synapse.target, i64::from(synapse.delay), weight));
                } else {
                    inputs.push((member.source, synapse.target));
                }
            }
        }
    }
    here.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then(a.3.total_cmp(&b.3)));
    let file = of_the_file(network);
    assert_eq!(here.len(), file.len());
    let losses = mapped.quantisation.loss.projections.iter();
    let most = losses.map(|loss| loss.max_error).fold(0.0, f64::max);
    for (here, file) in here.iter().zip(&file) {
        assert_eq!((here.0, here.1, here.2), (file.0, file.1, file.2));
        assert!((here.3 - file.3).abs() <= most + 1e-6 * file.3.abs(), "{here:?} of {file:?}, {most}");
    }
    inputs.sort_unstable();
    inputs.dedup();
    assert_eq!(inputs.len(), integers.inputs);
}

/// Whether a reason for a refusal is so.
fn is_true(reason: &str, network: &Arc<Network>) -> bool {
    let quoted: Vec<&str> = reason.split('"').skip(1).step_by(2).collect();
    let population = |name: &str| network.population(name).map(|number| &network.populations[number]);
    let about = quoted.first().and_then(|name| population(name));
    let given = |name: &str| about.is_some_and(|of| of.neuron.arguments.is_given(name));
    let number = |name: &str| about.map_or(f64::NAN, |of| of.neuron.arguments.quantity(name).bounds().1);
    let reading = loading(network, |load| semantics(load.arguments));
    let stimuli = |kind: &str| {
        network.stimuli.iter().any(|s| {
            s.model.name == kind
                && s.targets.iter().any(|&t| Some(t) == about.and_then(|of| network.population(&of.name)))
        })
    };
    match reason {
        _ if reason.contains("is not a neuron that chips compute") => {
            about.is_some_and(|of| of.neuron.model.primitive.is_none())
        }
        _ if reason.contains("steps; Loihi counts up to 62") => number("t_ref") > 62.0,
        _ if reason.contains("is refractory, which") => !reading.refractory && number("t_ref") >= 1.0,
        _ if reason.contains("has a constant drive") => {
            reading.bias == Bias::Absent && (number("I_e") != 0.0 || stimuli("Dc"))
        }
        _ if reason.contains("has a lowest V;") => reading.voltage != Bounds::Registers && given("V_min"),
        _ if reason.contains("has a lowest V above rest") => number("V_min") > 0.0,
        _ if reason.contains("is not reset to 0") => given("reset"),
        _ if reason.contains("differs from E_L") => number("V_reset") != number("E_L"),
        _ if reason.contains("cannot be recorded") => reason.starts_with("I_syn_ex"),
        _ if reason.contains("changes during the run") => {
            let stimulus = network.stimuli.iter().find(|stimulus| stimulus.name == quoted[0]);
            stimulus.is_some_and(|s| s.model.name == "Ac" || s.arguments.is_given("stop"))
        }
        _ if reason.contains("is not a rule of pairs") => network
            .projections
            .iter()
            .flat_map(|p| &p.plasticity)
            .any(|rule| rule.model.name == "TripletStdp"),
        _ if reason.contains("plastic synapses from") => {
            let ends = [quoted[0], quoted[1]].map(|name| network.population(name).unwrap());
            let own = network.projections.iter().enumerate();
            let own = own.filter(|(_, p)| [p.source, p.target] == ends && p.plasticity.is_some());
            let cpu = common::load(network, 1);
            own.map(|(number, _)| number).any(|number| {
                let (mut least, mut most) = (i64::MAX, 0);
                cpu.weights(number, &mut |_, _, _, d| (least, most) = (least.min(d), most.max(d)));
                if reason.contains("have delays of") { least < most } else { least == most && most >= 15 }
            })
        }
        _ if reason.contains("steps of 1 ms") => {
            let onto = network.population(quoted[1]);
            let lag = onto.map_or(0, |number| lag(&network.populations[number]));
            of_the_file(network).iter().any(|&(_, target, delay, _)| {
                Some(network.locate(target).0) == onto
                    && delay > 63
                    && reason.contains(&format!("takes {} steps", delay - lag))
            })
        }
        _ if reason.starts_with("there are") => {
            let integers =
                loading(network, |load| quantise(load, semantics(load.arguments), false)).unwrap().network;
            integers.synapses.len() as u64 > 2000
        }
        _ if reason.contains("fits none of the") => no_core_takes(reason, network),
        _ => false,
    }
}

/// Whether the neuron that a reason names is the first that no core takes, and a core would use as much
/// as is said.
fn no_core_takes(reason: &str, network: &Arc<Network>) -> bool {
    let integers = loading(network, |load| quantise(load, semantics(load.arguments), false)).unwrap().network;
    let Some((neuron, cores)) = first_refused(&integers, &SMALL) else { return false };
    let (population, index) = network.locate(neuron);
    let named = format!("neuron {index} of population \"{}\"", network.populations[population].name);
    let words: Vec<&str> = reason.split("with it core ").nth(1).unwrap_or_default().split(' ').collect();
    let (core, used): (usize, u64) = (words[0].parse().unwrap(), words[2].parse().unwrap());
    let resource =
        Resource::ALL.into_iter().find(|r| reason.contains(&format!("{used} {}", r.words()))).unwrap();
    reason.starts_with(&named)
        && used > SMALL.core[resource as usize].unwrap()
        && used == used_with(&integers, &cores, core, resource)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_file_is_mapped_legally_and_spikes_as_unmapped_or_is_refused_for_true_reasons(text in files()) {
        let network = network(&text, &[]);
        match loading(&network, |load| map(load, &SMALL, false)) {
            Ok(mapped) => {
                check_whole(&network, &mapped);
                let used = counted(&mapped.quantisation.network, &held(&mapped.placed_network()));
                prop_assert!(!too_much(&SMALL, &used), "{text}{used:?}");
                let sites: std::collections::BTreeSet<u32> = mapped.place.sites.iter().copied().collect();
                prop_assert_eq!(sites.len(), mapped.place.sites.len());
                prop_assert_eq!(used.len(), sites.len());
                prop_assert!(prove(&mapped, network.duration, |_, _| ()).is_ok(), "{text}");
            }
            Err(Refusal { reasons }) => {
                for reason in reasons {
                    prop_assert!(is_true(&reason, &network), "{text}{reason}");
                }
            }
        }
    }
}
