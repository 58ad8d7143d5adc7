//! Random network files: each is placed legally and spikes as unplaced on any number of threads, or it is refused
//! with reasons that are true, worked out here from the file and from the synapses as the CPU has them.

use crate::common::{live, load, network};
use crate::file::{File, Weight, crowds, files};
use crate::legal::check;
use backends::truenorth::BACKEND;
use backends::truenorth::limits::AXONS;
use backends::truenorth::mapped::{TrueNorthMapped, map};
use backends::truenorth::quantise::{Quantisation, quantise};
use proptest::prelude::*;
use sim_core::backend::{Load, Refusal};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Steps that are run.
const STEPS: i64 = 60;

pub fn loading<T>(network: &Arc<Network>, with: impl FnOnce(&Load<'_>) -> T) -> T {
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

/// Synapses as the CPU has them: for each projection (source, target in the network, weight, delay).
type Synapses = Vec<Vec<(u32, u32, f64, i64)>>;

fn synapses(network: &Arc<Network>) -> Synapses {
    let cpu = load(network, 1);
    let of = |(number, projection): (usize, &sim_core::network::Projection)| {
        let [from, to] = [projection.source, projection.target].map(|end| network.populations[end].first);
        let mut all = Vec::new();
        cpu.weights(number, &mut |source, target, weight, delay| {
            all.push((from + source, to + target, weight, delay));
        });
        all
    };
    network.projections.iter().enumerate().map(of).collect()
}

/// That the integers are those of the file: each synapse once, with its weight times the population's scale,
/// exactly where the report says that nothing was lost, else as far off as it says.
fn check_integers(network: &Network, synapses: &Synapses, of: &Quantisation) {
    let mut wanted: BTreeMap<(u32, i64, u32), f64> = BTreeMap::new();
    let mut most: BTreeMap<(u32, i64, u32), f64> = BTreeMap::new();
    for (all, loss) in synapses.iter().zip(&of.weight_losses) {
        assert_eq!(loss.synapses, all.len() as u64);
        for &(source, target, weight, delay) in all {
            let population = network.locate(target).0;
            let key = (source, delay + of.lags[population], target);
            let gain = of.gains[target as usize];
            *wanted.entry(key).or_default() += weight * gain * of.scales[population];
            let threshold = of.reals.cells[target as usize].threshold;
            *most.entry(key).or_default() += loss.max_error * threshold * of.scales[population];
        }
    }
    let mut found: BTreeMap<(u32, i64, u32), f64> = BTreeMap::new();
    for synapse in &of.integers.synapses {
        assert!(synapse.weight != 0 && synapse.weight.abs() <= 255);
        *found.entry((synapse.source, synapse.delay.into(), synapse.target)).or_default() +=
            f64::from(synapse.weight);
    }
    for (key, &made) in &found {
        assert!(wanted.contains_key(key), "no synapse of the file is {key:?}, which weighs {made}");
    }
    for (key, wanted) in wanted {
        let made = found.get(&key).copied().unwrap_or(0.0);
        let most = most[&key] + 1e-6 * wanted.abs().max(1.0);
        assert!((made - wanted).abs() <= most, "{key:?} weighs {made} instead of {wanted}: more than {most}");
    }
}

/// Checks a mapping and runs it.
fn check_mapping(network: &Arc<Network>, synapses: &Synapses, mapped: &TrueNorthMapped) {
    use backends::chip::Mapped;
    check_integers(network, synapses, &mapped.quantisation);
    check(&mapped.quantisation.integers, &mapped.placed, mapped.chips);
    let wanted = live(&mut *mapped.unmapped(), STEPS, i64::MAX);
    for threads in [1, 2, 3] {
        let here = live(&mut *mapped.on_cores(threads), STEPS, i64::MAX);
        assert!(here == wanted, "{} spikes on {threads} threads, not {}", here.len(), wanted.len());
    }
}

/// The number before a word, or after it.
fn number_before(text: &str, word: &str) -> i64 {
    let before = text.split(word).next().unwrap_or_default().trim_end();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// "neuron 3 of P0" as a number of the network.
fn neuron_of(network: &Network, text: &str) -> u32 {
    let from = text.find("neuron ").unwrap_or_else(|| panic!("{text}"));
    let words: Vec<&str> = text[from..].split([' ', ':', ',']).collect();
    let population = network.populations.iter().find(|population| population.name == words[3]).unwrap();
    population.first + words[1].parse::<u32>().unwrap()
}

/// What the file says that TrueNorth cannot hold, whatever the placement.
fn expected(file: &File, network: &Network, synapses: &Synapses) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut lags = vec![0; file.populations.len()];
    for (number, population) in file.populations.iter().enumerate() {
        match population.name() {
            "IafLinear" => {}
            // Without its own time constants and refractory time it is an integrator.
            "CubaLif" if !population.model.contains("tau") && !population.model.contains("t_ref") => {}
            "CubaLif" | "IafPscDelta" | "IafPscExp" if file.approximate => {
                lags[number] = i64::from(population.name() == "IafPscExp");
            }
            "CubaLif" if population.model.contains("t_ref") => {
                all.insert(format!("population P{number}: CubaLif rests for"));
            }
            "CubaLif" | "IafPscDelta" | "IafPscExp" => {
                all.insert(format!("population P{number}: {} keeps", population.name()));
            }
            // By default its equations are solved exactly.
            "IafPscPulse" => {
                all.insert(format!("population P{number}: is reset inside a step"));
            }
            name => {
                all.insert(format!("population P{number}: {name} is not"));
            }
        }
    }
    for projection in file.projections.iter().filter(|projection| projection.plastic) {
        let (from, to) = (file.population(projection.ends.0), file.population(projection.ends.1));
        all.insert(format!("synapses from P{from} to P{to} are plastic"));
    }
    for (number, _) in file.stimuli.iter().enumerate().filter(|(_, s)| s.source.starts_with("Dc")) {
        all.insert(format!("stimulus S{number} is a current"));
    }
    // Synapses are looked at only if nothing else is in the way.
    if all.is_empty() {
        for (projection, all_of) in network.projections.iter().zip(synapses) {
            let longest = all_of.iter().map(|synapse| synapse.3).max().unwrap_or(0) + lags[projection.target];
            if longest > 15 {
                let ends = network.ends(projection);
                all.insert(format!(
                    "a delay from {} to {} is {longest} steps, {} more",
                    ends.source,
                    ends.target,
                    longest - 15
                ));
            }
        }
    }
    all
}

/// The most sources of one neuron whose weights do not cancel.
fn most_sources(network: &Arc<Network>) -> usize {
    let of = loading(network, |load| quantise(load, load.arguments.flag("approximate_leak"))).ok().unwrap();
    let mut sources = std::collections::BTreeMap::<_, usize>::new();
    for synapse in of.integers.synapses.iter().filter(|synapse| synapse.weight != 0) {
        *sources.entry(synapse.target).or_default() += 1;
    }
    for input in &of.integers.inputs {
        *sources.entry(input.target).or_default() += usize::from(input.most);
    }
    sources.into_values().max().unwrap_or(0)
}

/// That what was refused for want of room in the cores was refused with a true reason.
fn check_room(network: &Arc<Network>, reasons: &[String]) {
    let of = loading(network, |load| quantise(load, load.arguments.flag("approximate_leak"))).ok().unwrap();
    for reason in reasons {
        if reason.contains(" hears ") {
            let neuron = neuron_of(network, reason);
            // Each pair of a source and a delay once, and as often as that many synapses are kept apart.
            let own = of.integers.synapses.iter().filter(|synapse| synapse.target == neuron);
            let inputs = of.integers.inputs.iter().filter(|input| input.target == neuron);
            let sources = own.count() + inputs.map(|input| usize::from(input.most)).sum::<usize>();
            let axons = number_before(reason, "axons;");
            assert_eq!(number_before(reason, "sources through"), sources as i64, "{reason}");
            assert!(axons >= sources as i64 && axons > AXONS as i64, "{reason}");
            assert!(reason.contains(&format!("a core has 256, {} fewer", axons - AXONS as i64)), "{reason}");
        } else {
            assert!(reason.contains("would hold"), "{reason}");
            // Copies are needed only for delays of one step.
            let neuron = neuron_of(network, reason);
            let own = of.integers.synapses.iter().filter(|synapse| synapse.source == neuron);
            let reached = own.clone().count() as i64;
            assert!(own.clone().any(|synapse| synapse.delay == 1), "{reason}");
            assert!(number_before(reason, "axons, each") <= 4 * reached, "{reason}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn more_than_256_sources_are_counted_exactly_or_refused_with_true_reasons(file in crowds()) {
        let network = network(&file.text(), &[]);
        let synapses = synapses(&network);
        let whole = !file.populations[1].model.contains("Uniform");
        match loading(&network, |load| map(load, false)) {
            Ok(mapped) => {
                // Weights of one source that cancel leave fewer sources.
                prop_assert!(mapped.placed.counted.is_some() || most_sources(&network) <= AXONS);
                check_mapping(&network, &synapses, &mapped);
                let spikes = live(&mut *load(&network, 1), STEPS, i64::MAX);
                let here = live(&mut *mapped.on_cores(2), STEPS, i64::MAX);
                prop_assert!(!whole || here == spikes, "as on the CPU");
            }
            Err(Refusal { reasons }) => {
                check_room(&network, &reasons);
                // One weight that can be doubled is always counted.
                let one = file.projections.len() == 1;
                let small = file.projections.iter().all(|p| matches!(p.weight, Weight::Whole(w) if w.abs() < 10));
                prop_assert!(!(one && small && whole), "{reasons:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_random_network_file_is_placed_legally_and_spikes_as_unplaced_or_is_refused_with_true_reasons(
        file in files(),
    ) {
        let network = network(&file.text(), &[]);
        let synapses = synapses(&network);
        let expected = expected(&file, &network, &synapses);
        match loading(&network, |load| map(load, false)) {
            Ok(mapped) => {
                prop_assert!(expected.is_empty(), "{:?} was not refused", expected);
                check_mapping(&network, &synapses, &mapped);
            }
            Err(Refusal { reasons }) if expected.is_empty() => check_room(&network, &reasons),
            Err(Refusal { reasons }) => {
                for expected in &expected {
                    prop_assert!(reasons.iter().any(|reason| reason.starts_with(expected)), "{expected}: {reasons:?}");
                }
                for reason in &reasons {
                    prop_assert!(expected.iter().any(|expected| reason.starts_with(expected)), "{reason}");
                }
            }
        }
    }
}
