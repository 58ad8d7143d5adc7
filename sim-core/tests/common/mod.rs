//! A small vocabulary of plug-ins that cannot live: enough to check what files may say of them.
#![allow(dead_code)] // Every test file uses its own part.

use sim_core::backend::{Backend, Refusal};
use sim_core::data::DataError;
use sim_core::network::Network;
use sim_core::neuron::{GridBuild, Initial, NeuronModel, Ports, State};
use sim_core::parameter::{Argument, Complaint, Default, Kind, Parameter, Range};
use sim_core::rule::ConnectionRule;
use sim_core::source::{Diagnostic, Source};
use sim_core::stimulus::{StimulusBuild, StimulusModel};
use sim_core::synapse::SynapseModel;
use sim_core::units::Dimension;
use sim_core::vocabulary::Vocabulary;

const MEMBRANE: &[Parameter] = &[
    Parameter::quantity("C_m", Dimension::Capacitance, 250.0, Range::Positive, "capacitance"),
    Parameter::quantity("tau_m", Dimension::Time, 10.0, Range::Positive, "membrane time constant"),
    Parameter::quantity("t_ref", Dimension::Time, 2.0, Range::NotNegative, "refractory time"),
    Parameter::quantity("E_L", Dimension::Voltage, -70.0, Range::Any, "rest"),
    Parameter::quantity("V_th", Dimension::Voltage, -55.0, Range::Any, "threshold"),
    Parameter::quantity("V_reset", Dimension::Voltage, -70.0, Range::Any, "reset"),
    Parameter::quantity("tau_syn", Dimension::Time, 0.5, Range::Positive, "synaptic time constant"),
];

const V_M: &[State] = &[State {
    name: "V_m",
    dimension: Dimension::Voltage,
    initial: Initial::Parameter("E_L"),
    meaning: "membrane potential",
}];

fn reset_below_threshold(arguments: &sim_core::parameter::Arguments) -> Vec<Complaint> {
    let (reset, threshold) = (arguments.number("V_reset"), arguments.number("V_th"));
    let wrong = reset >= threshold;
    let complaint =
        || Complaint::about("V_reset", format!("V_reset = {reset} mV is not below V_th = {threshold} mV"));
    wrong.then(complaint).into_iter().collect()
}

fn never<T>() -> T {
    unreachable!("these plug-ins are never built")
}

const NOWHERE: GridBuild = GridBuild { f32: |_| never(), f64: |_| never() };

static CURRENT: NeuronModel = NeuronModel {
    name: "Lif",
    nest: "lif",
    summary: "takes currents",
    parameters: MEMBRANE,
    states: V_M,
    weight: Dimension::Current,
    ports: Ports::One,
    check: reset_below_threshold,
    charge: Some(|arguments, weight| weight * arguments.number("tau_syn")),
    grid: Some(NOWHERE),
    exact: None,
    lazy: None,
    primitive: None,
};

static CONDUCTANCE: NeuronModel = NeuronModel {
    name: "CondLif",
    nest: "cond_lif",
    summary: "takes conductances",
    parameters: MEMBRANE,
    states: &[
        State {
            name: "V_m",
            dimension: Dimension::Voltage,
            initial: Initial::Value(-70.0),
            meaning: "potential",
        },
        State { name: "g_ex", dimension: Dimension::Conductance, initial: Initial::Value(0.0), meaning: "g" },
    ],
    weight: Dimension::Conductance,
    ports: Ports::BySign,
    check: |_| Vec::new(),
    charge: None,
    grid: Some(NOWHERE),
    exact: None,
    lazy: None,
    primitive: None,
};

static EXACT: NeuronModel = NeuronModel {
    name: "ExactLif",
    nest: "lif_ps",
    summary: "spikes between steps",
    parameters: MEMBRANE,
    states: V_M,
    weight: Dimension::Current,
    ports: Ports::One,
    check: |_| Vec::new(),
    charge: None,
    grid: None,
    exact: Some(|_| never()),
    lazy: None,
    primitive: None,
};

static ALL_TO_ALL: ConnectionRule = ConnectionRule {
    name: "AllToAll",
    summary: "every source to every target",
    parameters: &[Parameter::flag("autapses", true, "self-connections")],
    check: |_, _| Vec::new(),
    expected: |_, ends| Some(f64::from(ends.sources) * f64::from(ends.targets)),
    shrink: Some(|arguments, _, _, _| arguments.clone()),
    wire: |_| never(),
};

static FIXED_INDEGREE: ConnectionRule = ConnectionRule {
    name: "FixedIndegree",
    summary: "n sources for each target",
    parameters: &[
        Parameter::required("n", Kind::Integer, Range::NotNegative, "synapses onto each target"),
        Parameter::flag("multapses", true, "a pair may be joined twice"),
    ],
    check: |arguments, ends| {
        let n = arguments.integer("n");
        let wrong = !arguments.flag("multapses") && n > i64::from(ends.sources);
        let complaint = || {
            let (source, sources) = (&ends.source, ends.sources);
            Complaint::about(
                "n",
                format!("each target needs {n} sources, but \"{source}\" has {sources} neurons"),
            )
        };
        wrong.then(complaint).into_iter().collect()
    },
    expected: |arguments, ends| Some(arguments.integer("n") as f64 * f64::from(ends.targets)),
    shrink: Some(|arguments, _, _, indegrees| {
        let n = arguments.integer("n") as f64 * indegrees;
        arguments.clone().with("n", Argument::Integer(n.round() as i64))
    }),
    wire: |_| never(),
};

static BERNOULLI: ConnectionRule = ConnectionRule {
    name: "PairwiseBernoulli",
    summary: "each pair with probability p",
    parameters: &[Parameter::required(
        "p",
        Kind::Value(Dimension::Number),
        Range::Probability,
        "probability",
    )],
    check: |_, _| Vec::new(),
    expected: |arguments, ends| {
        Some(arguments.number("p") * f64::from(ends.sources) * f64::from(ends.targets))
    },
    shrink: Some(|arguments, _, neurons, indegrees| {
        arguments.clone().with("p", Argument::Value(arguments.number("p") * indegrees / neurons))
    }),
    wire: |_| never(),
};

static LIST: ConnectionRule = ConnectionRule {
    name: "List",
    summary: "these pairs",
    parameters: &[Parameter::required("pairs", Kind::Pairs, Range::Any, "pairs of indices")],
    check: |_, _| Vec::new(),
    expected: |arguments, _| Some(arguments.pairs("pairs").len() as f64),
    shrink: None,
    wire: |_| never(),
};

static EDGE_FILE: ConnectionRule = ConnectionRule {
    name: "EdgeFile",
    summary: "the edges of a file",
    parameters: &[Parameter::required("path", Kind::Text, Range::Any, "the file")],
    check: |_, _| Vec::new(),
    expected: |_, _| None,
    shrink: None,
    wire: |_| Err(DataError { path: String::new(), message: String::new() }),
};

static POISSON: StimulusModel = StimulusModel {
    name: "Poisson",
    summary: "independent trains",
    parameters: &[
        Parameter::required("rate", Kind::Value(Dimension::Rate), Range::NotNegative, "rate"),
        Parameter::value("start", Dimension::Time, 0.0, Range::NotNegative, "start"),
        Parameter::optional("stop", Kind::Value(Dimension::Time), Range::NotNegative, "stop"),
    ],
    check: |_, _| Vec::new(),
    rate: Some(|arguments, _| arguments.number("rate")),
    shrink: Some(|arguments, k| {
        arguments.clone().with("rate", Argument::Value(arguments.number("rate") * k))
    }),
    build: StimulusBuild::Spikes(|_| never()),
};

static DC: StimulusModel = StimulusModel {
    name: "Dc",
    summary: "a constant current",
    parameters: &[
        Parameter::required("amplitude", Kind::Quantity(Dimension::Current), Range::Any, "current"),
        Parameter::value("start", Dimension::Time, 0.0, Range::NotNegative, "start"),
    ],
    check: |_, _| Vec::new(),
    rate: None,
    shrink: None,
    build: StimulusBuild::Current(|_| never()),
};

static STDP: SynapseModel = SynapseModel {
    name: "Stdp",
    nest: "stdp_synapse",
    summary: "pairs of spikes",
    parameters: &[
        Parameter::value("tau_plus", Dimension::Time, 20.0, Range::Positive, "potentiation"),
        Parameter {
            name: "tau_minus",
            kind: Kind::Value(Dimension::Time),
            default: Default::SameAs("tau_plus"),
            range: Range::Positive,
            meaning: "depression",
        },
        Parameter::choice("weight_dependence", &["Additive", "Multiplicative"], "Additive", "dependence"),
        Parameter::optional("w_max", Kind::Weight, Range::Any, "largest weight"),
    ],
    check: |_| Vec::new(),
    f32: |_| never(),
    f64: |_| never(),
    primitive: None,
};

static LOIHI: Backend = Backend {
    name: "Loihi",
    summary: "a chip",
    parameters: &[],
    load: |_| Err(Refusal { reasons: Vec::new() }),
};

/// The small vocabulary.
pub static VOCABULARY: Vocabulary = Vocabulary {
    neurons: &[&CURRENT, &CONDUCTANCE, &EXACT],
    synapses: &[&STDP],
    rules: &[&ALL_TO_ALL, &FIXED_INDEGREE, &BERNOULLI, &LIST, &EDGE_FILE],
    stimuli: &[&POISSON, &DC],
    backends: &[&LOIHI],
};

/// What a text with settings is checked to be.
pub fn read(text: &str, settings: &[&str]) -> Result<(Network, Vec<Diagnostic>), String> {
    let mut source = Source::new("net.ron", text);
    settings.iter().for_each(|setting| source.set(*setting));
    sim_core::parse::network(&source, &VOCABULARY)
        .map_err(|found| found.iter().map(|diagnostic| source.draw(diagnostic)).collect::<String>())
}

/// The network, which must have neither errors nor warnings.
pub fn network(text: &str, settings: &[&str]) -> Network {
    let (network, warnings) = read(text, settings).unwrap_or_else(|drawn| panic!("{drawn}"));
    assert!(warnings.is_empty(), "{warnings:?}");
    network
}

/// What is said about a text that has mistakes.
pub fn mistakes(text: &str, settings: &[&str]) -> String {
    match read(text, settings) {
        Ok(_) => panic!("no mistake was found"),
        Err(drawn) => drawn,
    }
}

/// First lines of the errors and warnings only.
pub fn headlines(text: &str, settings: &[&str]) -> Vec<String> {
    let drawn = mistakes(text, settings);
    drawn
        .lines()
        .filter(|line| line.contains(": error: ") || line.contains(": warning: "))
        .map(String::from)
        .collect()
}

/// Two populations that excite and inhibit each other.
pub const TWO: &str = r##"(
    format: 1,
    title: "two",
    neuron_models: {"lif": Lif(tau_m: ms(20.0), V_th: mV(-50.0))},
    populations: [
        (name: "E", size: 100, model: Use("lif"), sign: Excitatory, colour: "#1f77b4", rate: Hz(5)),
        (name: "A", size: 25, model: Use("lif"), sign: Inhibitory, rate: Hz(10)),
    ],
    projections: [
        (from: ["E"], to: ["E", "A"], rule: FixedIndegree(n: 10), weight: pA(20.0), delay: ms(1.5)),
        (from: ["A"], to: ["E", "A"], rule: PairwiseBernoulli(p: 0.1), weight: pA(-80.0), delay: ms(1.5)),
    ],
    stimuli: [(source: Poisson(rate: kHz(1)), to: ["E", "A"], weight: pA(20), delay: ms(1.5))],
    recordings: [
        (what: Spikes, from: ["E", "A"]),
        (what: State(variables: ["V_m"], every: ms(0.5)), from: "E", pick: First(3)),
    ],
    simulation: (duration: s(1.0), warm_up: ms(100), seed: 7, backend: Cpu(threads: Count(4))),
    output: (path: "two.h5"),
)
"##;
