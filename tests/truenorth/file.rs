//! Random network files.

use proptest::prelude::*;
use saltus::vocabulary::VOCABULARY;
use sim_core::units::Dimension;

/// A network file in the making.
#[derive(Clone, Debug)]
pub struct File {
    pub populations: Vec<Population>,
    pub projections: Vec<Projection>,
    pub stimuli: Vec<Stimulus>,
    pub approximate: bool,
    pub half_steps: bool,
}

#[derive(Clone, Debug)]
pub struct Population {
    pub size: u32,
    /// The model as the file has it.
    pub model: String,
    pub start: bool,
}

#[derive(Clone, Debug)]
pub struct Projection {
    pub ends: (usize, usize),
    pub rule: String,
    pub weight: Weight,
    pub delay: (u32, u32),
    pub plastic: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Weight {
    Whole(i32),
    Fraction(f64),
    Between(f64, f64),
}

#[derive(Clone, Debug)]
pub struct Stimulus {
    pub target: usize,
    pub source: &'static str,
    pub weight: i32,
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

pub fn files() -> impl Strategy<Value = File> {
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

    pub fn text(self, unit: &str) -> String {
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
    pub fn name(&self) -> &str {
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
    pub fn population(&self, number: usize) -> usize {
        number % self.populations.len()
    }

    fn dt(&self) -> f64 {
        if self.half_steps { 0.5 } else { 1.0 }
    }

    pub fn text(&self) -> String {
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

/// Neurons that hear more than 256 sources after long delays.
pub fn crowds() -> impl Strategy<Value = File> {
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
