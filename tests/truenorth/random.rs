//! Random network files: each is placed legally and spikes as unplaced on any number of threads, or it is refused
//! with reasons that are true, worked out here from the file and from the synapses as the CPU has them.

use crate::common::{live, load, network};
use crate::legal::check;
use backends::truenorth::BACKEND;
use backends::truenorth::limits::AXONS;
use backends::truenorth::mapped::{TrueNorthMapped, map};
use backends::truenorth::quantise::{Quantisation, quantise};
use proptest::prelude::*;
use saltus::vocabulary::VOCABULARY;
use sim_core::backend::{Load, Refusal};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::units::Dimension;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Steps that are run.
const STEPS: i64 = 60;

/// A network file in the making.
#[derive(Clone, Debug)]
struct File {
    populations: Vec<Population>,
    projections: Vec<Projection>,
    stimuli: Vec<Stimulus>,
    approximate: bool,
    half_steps: bool,
}

#[derive(Clone, Debug)]
struct Population {
    size: u32,
    /// The model as the file has it.
    model: String,
    start: bool,
}

#[derive(Clone, Debug)]
struct Projection {
    ends: (usize, usize),
    rule: String,
    weight: Weight,
    delay: (u32, u32),
    plastic: bool,
}

#[derive(Clone, Copy, Debug)]
enum Weight {
    Whole(i32),
    Fraction(f64),
    Between(f64, f64),
}

#[derive(Clone, Debug)]
struct Stimulus {
    target: usize,
    source: &'static str,
    weight: i32,
}

fn linear() -> impl Strategy<Value = String> {
    let threshold = prop_oneof![
        (1_u32..60).prop_map(|v| format!("mV({v})")),
        (10_u32..400).prop_map(|v| format!("mV({})", f64::from(v) / 8.0)),
        Just("Uniform(low: mV(5), high: mV(30))".to_owned()),
    ];
    let floor = prop_oneof![Just(String::new()), (0_u32..40).prop_map(|v| format!(", V_min: mV(-{v})"))];
    let reset = prop_oneof![Just(""), Just(", reset: Linear"), Just(", V_reset: mV(-2)")];
    (threshold, -3_i32..4, floor, reset).prop_map(|(threshold, leak, floor, reset)| {
        // A reset is not below the floor.
        let floor = if reset.contains("V_reset") { "" } else { &floor };
        format!("IafLinear(V_th: {threshold}, I_e: pA({leak}){floor}{reset})")
    })
}

fn models() -> impl Strategy<Value = String> {
    let on_grid: Vec<&str> =
        VOCABULARY.neurons.iter().filter(|model| model.grid.is_some()).map(|model| model.name).collect();
    prop_oneof![
        12 => linear(),
        1 => prop::sample::select(on_grid).prop_map(str::to_owned),
        1 => Just("CubaLif(V_th: mV(15), I_e: pA(1))".to_owned()),
        1 => Just("CubaLif(tau_m: ms(20))".to_owned()),
        1 => Just("CubaLif(t_ref: ms(4))".to_owned()),
        1 => Just("IafPscDelta(t_ref: ms(0))".to_owned()),
    ]
}

fn files() -> impl Strategy<Value = File> {
    let size = prop_oneof![5 => 1_u32..50, 1 => 100_u32..280];
    let population =
        (size, models(), any::<bool>()).prop_map(|(size, model, start)| Population { size, model, start });
    let weight = prop_oneof![
        4 => (1_i32..9).prop_map(Weight::Whole),
        1 => (200_i32..400).prop_map(Weight::Whole),
        1 => (1_i32..60).prop_map(|w| Weight::Fraction(f64::from(w) / 8.0)),
        1 => (0.05..1.0_f64).prop_map(|low| Weight::Between(low, 9.0 * low)),
    ];
    let rule = prop_oneof![
        1 => Just("AllToAll()".to_owned()),
        3 => (1_u32..40).prop_map(|n| format!("FixedIndegree(n: {n})")),
        2 => (1_u32..50).prop_map(|p| format!("PairwiseBernoulli(p: {})", f64::from(p) / 100.0)),
        1 => (1_u32..30).prop_map(|n| format!("FixedOutdegree(n: {n})")),
    ];
    let delay = prop_oneof![12 => (1_u32..5, 0_u32..8), 1 => (10_u32..16, 0_u32..5)];
    let projection = ((0_usize..3, 0_usize..3), rule, weight, any::<bool>(), delay, 0_u32..25).prop_map(
        |(ends, rule, weight, negative, (shortest, longer), plastic)| Projection {
            ends,
            rule,
            weight: if negative { weight.negative() } else { weight },
            delay: (shortest, shortest + longer),
            plastic: plastic == 0,
        },
    );
    let source = prop_oneof![
        6 => Just("Poisson(rate: Hz(80))"),
        2 => Just("Poisson(rate: kHz(2))"),
        2 => Just("SpikeList(times: ms([2, 5, 6, 20, 21, 22]))"),
        1 => Just("Dc(amplitude: pA(2))"),
    ];
    let stimulus = (0_usize..3, source, 1_i32..30).prop_map(|(target, source, weight)| Stimulus {
        target,
        source,
        weight,
    });
    (
        prop::collection::vec(population, 1..4),
        prop::collection::vec(projection, 0..5),
        prop::collection::vec(stimulus, 1..4),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(populations, projections, stimuli, approximate, half_steps)| File {
            populations,
            projections,
            stimuli,
            approximate,
            half_steps,
        })
}

/// A number with a unit; some have none.
fn amount(unit: &str, value: f64) -> String {
    if unit.is_empty() { format!("{value:?}") } else { format!("{unit}({value:?})") }
}

impl Weight {
    fn negative(self) -> Weight {
        match self {
            Weight::Whole(w) => Weight::Whole(-w),
            Weight::Fraction(w) => Weight::Fraction(-w),
            Weight::Between(low, high) => Weight::Between(-high, -low),
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Weight::Whole(w) => amount(unit, w.into()),
            Weight::Fraction(w) => amount(unit, w),
            Weight::Between(low, high) => {
                format!("Uniform(low: {}, high: {})", amount(unit, low), amount(unit, high))
            }
        }
    }
}

impl Population {
    fn name(&self) -> &str {
        self.model.split('(').next().unwrap_or_default()
    }

    fn unit(&self) -> &'static str {
        let model = VOCABULARY.neurons.iter().find(|model| model.name == self.name()).unwrap();
        match model.weight {
            Dimension::Voltage => "mV",
            Dimension::Current => "pA",
            Dimension::Conductance => "nS",
            _ => "",
        }
    }
}

impl File {
    /// The population that a number stands for.
    fn population(&self, number: usize) -> usize {
        number % self.populations.len()
    }

    fn dt(&self) -> f64 {
        if self.half_steps { 0.5 } else { 1.0 }
    }

    fn text(&self) -> String {
        let mut populations = String::new();
        for (number, Population { size, model, start }) in self.populations.iter().enumerate() {
            let start = if *start && model.starts_with("IafLinear") {
                ", initial: (V_m: Uniform(low: mV(0), high: mV(9)))"
            } else {
                ""
            };
            populations += &format!("(name: \"P{number}\", size: {size}, model: {model}{start}),\n");
        }
        let mut projections = String::new();
        for (number, projection) in self.projections.iter().enumerate() {
            let (from, to) = (self.population(projection.ends.0), self.population(projection.ends.1));
            let weight = projection.weight.text(self.populations[to].unit());
            let (low, high) = projection.delay;
            let dt = self.dt();
            let delay = if low == high {
                format!("ms({})", f64::from(low) * dt)
            } else {
                format!("Uniform(low: ms({}), high: ms({}))", f64::from(low) * dt, f64::from(high) * dt)
            };
            let bound = if weight.contains('-') { -500.0 } else { 500.0 };
            let unit = self.populations[to].unit();
            let plasticity = if projection.plastic {
                format!(", plasticity: Stdp(w_max: {})", amount(unit, bound))
            } else {
                String::new()
            };
            projections += &format!(
                "(name: \"J{number}\", from: [\"P{from}\"], to: [\"P{to}\"], rule: {}, weight: {weight}, \
                 delay: {delay}{plasticity}),\n",
                projection.rule
            );
        }
        let mut stimuli = String::new();
        for (number, Stimulus { target, source, weight }) in self.stimuli.iter().enumerate() {
            let target = self.population(*target);
            let unit = self.populations[target].unit();
            let weight = if source.starts_with("Dc") {
                String::new()
            } else {
                format!(", weight: {}", amount(unit, f64::from(*weight)))
            };
            stimuli += &format!("(name: \"S{number}\", to: [\"P{target}\"], source: {source}{weight}),\n");
        }
        format!(
            "(format: 1, populations: [{populations}], projections: [{projections}], stimuli: [{stimuli}],
            simulation: (duration: ms(100), dt: ms({:?}), seed: 5, precision: F64,
                backend: TrueNorth(approximate_leak: {})))",
            self.dt(),
            self.approximate
        )
    }
}

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

/// Neurons that hear more than 256 sources after long delays.
fn crowds() -> impl Strategy<Value = File> {
    let weights = prop_oneof![1_i32..9, -9_i32..0, Just(120)];
    let many = (257_u32..500, 1_u32..5, prop::collection::vec(weights, 1..4), 3_u32..8, 0_u32..3);
    let thresholds =
        prop_oneof![Just("mV(40)"), Just("mV(200)"), Just("Uniform(low: mV(50), high: mV(300))")];
    (many, thresholds, 0_u32..40, any::<bool>()).prop_map(
        |((sources, targets, weights, shortest, longer), threshold, floor, two)| {
            let population = |size, model: &str| Population { size, model: model.to_owned(), start: false };
            let projection = |&weight: &i32| Projection {
                ends: (0, 1),
                rule: "PairwiseBernoulli(p: 0.7)".to_owned(),
                weight: Weight::Whole(weight),
                delay: (shortest, shortest + longer),
                plastic: false,
            };
            let all = Projection { rule: "AllToAll()".to_owned(), ..projection(&weights[0]) };
            let more = if two { &weights[1..] } else { &[] };
            File {
                populations: vec![
                    population(sources, "IafLinear(V_th: mV(10), I_e: pA(1))"),
                    population(targets, &format!("IafLinear(V_th: {threshold}, V_min: mV(-{floor}))")),
                ],
                projections: std::iter::once(all).chain(more.iter().map(projection)).collect(),
                stimuli: vec![Stimulus { target: 0, source: "Poisson(rate: Hz(80))", weight: 6 }],
                approximate: false,
                half_steps: false,
            }
        },
    )
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
                prop_assert!(mapped.placed.counted.is_some());
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
