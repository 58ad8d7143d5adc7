//! Random network files for Loihi.

use proptest::prelude::*;

/// Models with the unit of their weights: those that the chip takes, more or less, and others.
const MODELS: [(&str, &str); 14] = [
    ("IafLinear(V_th: mV(20))", "mV"),
    ("IafLinear(V_th: mV(20), I_e: pA(3), V_min: mV(0))", "mV"),
    ("IafLinear(V_th: Uniform(low: mV(10), high: mV(30)), I_e: pA(1))", "mV"),
    ("CubaLif(V_th: mV(20), I_e: pA(2))", "pA"),
    ("CubaLif(V_th: mV(20), tau_m: ms(20), tau_syn: ms(5), t_ref: ms(3))", "pA"),
    ("CubaLif(V_th: mV(20), tau_m: Uniform(low: ms(5), high: ms(50)), I_e: pA(2))", "pA"),
    ("CubaLif(V_th: mV(20), V_min: mV(-10), I_e: pA(2))", "pA"),
    ("CubaLif(V_th: mV(20), V_min: mV(3))", "pA"),
    ("CubaLif(V_th: mV(20), t_ref: ms(64))", "pA"),
    ("IafPscDelta(I_e: pA(500), E_L: mV(0), V_reset: mV(0), V_th: mV(15))", "mV"),
    ("IafPscExp(I_e: pA(600))", "pA"),
    ("IafLinear(V_th: mV(20), reset: Linear)", "mV"),
    ("IafPscDelta(V_reset: mV(-65))", "mV"),
    ("Izhikevich()", "mV"),
];
const RULES: [&str; 4] =
    ["AllToAll()", "FixedIndegree(n: 3)", "PairwiseBernoulli(p: 0.3)", "AllToAll(autapses: false)"];
const DELAYS: [&str; 5] = ["ms(1)", "ms(3)", "Uniform(low: ms(1), high: ms(7))", "ms(20)", "ms(63)"];
const PLASTIC: [&str; 5] = [
    "",
    ", plasticity: Stdp(weight_dependence: Additive, lambda: 0.1, w_max: most)",
    ", plasticity: Stdp(weight_dependence: Multiplicative, lambda: 0.1, tau_plus: ms(15), w_max: most)",
    ", plasticity: VogelsSprekeler(eta: 0.5, w_max: most)",
    ", plasticity: TripletStdp(w_max: most)",
];
const SOURCES: [&str; 5] = [
    "Poisson(rate: Hz(200))",
    "SpikeList(times: ms([2, 3, 5, 8, 13]))",
    "Dc(amplitude: pA(2))",
    "Dc(amplitude: pA(2), stop: ms(10))",
    "Ac(amplitude: pA(2), frequency: Hz(100))",
];

/// A file of up to four populations. Most parts are ones that fit, so that many files do.
pub fn files() -> impl Strategy<Value = String> {
    let often = |first: usize, all: usize| prop_oneof![9 => 0..first, 1 => 0..all];
    let population = (often(7, MODELS.len()), 1_u32..12);
    let weight = prop_oneof!["[1-9]", Just("Uniform".to_string()), Just("-4".to_string())];
    let rule = prop_oneof![5 => Just(0), 1 => 1..PLASTIC.len()];
    let projection = (0_usize..4, 0_usize..4, 0..RULES.len(), often(3, DELAYS.len()), weight, rule);
    let stimulus = (0_usize..4, often(3, SOURCES.len()), 1..9_u32);
    let semantics = prop_oneof![6 => Just("Nengo"), 1 => Just("Lava"), 1 => Just("Brian2")];
    (
        prop::collection::vec(population, 1..5),
        prop::collection::vec(projection, 0..7),
        prop::collection::vec(stimulus, 0..3),
        semantics,
        1..3_u32,
        0..1000_u32,
        any::<bool>(),
    )
        .prop_map(|(populations, projections, stimuli, semantics, chips, seed, record)| {
            let end = |number: usize| number % populations.len();
            let unit = |number: usize| MODELS[populations[end(number)].0].1;
            let mut text = "(\n    format: 1,\n    populations: [\n".to_string();
            for (number, (model, size)) in populations.iter().enumerate() {
                text += &format!("        (name: \"P{number}\", size: {size}, model: {}),\n", MODELS[*model].0);
            }
            text += "    ],\n    projections: [\n";
            for (number, (from, to, rule, delay, weight, plastic)) in projections.iter().enumerate() {
                let (unit, rule, delay) = (unit(*to), RULES[*rule], DELAYS[*delay]);
                let plastic = if weight == "-4" { "" } else { PLASTIC[*plastic] };
                let plastic = plastic.replace("most", &format!("{unit}(12)"));
                let weight = match weight.as_str() {
                    "Uniform" => format!("Uniform(low: {unit}(1), high: {unit}(9))"),
                    number => format!("{unit}({number})"),
                };
                text += &format!(
                    "        (name: \"p{number}\", from: [\"P{}\"], to: [\"P{}\"], rule: {rule}, weight: {weight}, \
                     delay: {delay}{plastic}),\n",
                    end(*from),
                    end(*to)
                );
            }
            text += "    ],\n    stimuli: [\n";
            for (number, (to, source, weight)) in stimuli.iter().enumerate() {
                let source = SOURCES[*source];
                let current = source.contains("amplitude");
                let weight = if current { String::new() } else { format!("weight: {}({weight}), ", unit(*to)) };
                text +=
                    &format!("        (name: \"s{number}\", to: [\"P{}\"], {weight}source: {source}),\n", end(*to));
            }
            let variable = if MODELS[populations[0].0].0.starts_with("IafPscExp") { "I_syn_ex" } else { "V_m" };
            let record = if record {
                format!("recordings: [(what: State(variables: [\"{variable}\"], every: ms(1)), from: [\"P0\"])],\n    ")
            } else {
                String::new()
            };
            text + &format!(
                "    ],\n    {record}simulation: (duration: ms(40), dt: ms(1), seed: {seed}, \
                 backend: Loihi(semantics: {semantics}, chips: {chips})),\n)\n"
            )
        })
}
