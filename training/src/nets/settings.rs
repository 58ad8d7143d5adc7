//! What can be set of networks of spiking layers, and the network that settings ask for.

use crate::lesson::{DATA, Problem, SEED, number, task, whole};
use crate::nets::feed::{Feed, Layer, Way};
use crate::spiking::forward::{Form, Kind, Reset};
use crate::spiking::patches::Patches;
use crate::spiking::surrogate::Surrogate;
use crate::tasks::decoding::Decoder;
use crate::tasks::labelled::Labelled;
use sim_core::parameter::{Arguments, Default, Kind as Of, Parameter, Range as Allowed};
use sim_core::units::Dimension;

/// What can be set.
pub static PARAMETERS: &[Parameter] = &[
    task(
        &["digits", "words", "events", "pictures"],
        "digits",
        "digits in writing (MNIST's IDX files, or drawn), spoken ones (FSE1 event files or SHD's HDF5, or made), what event cameras \
         saw (AEDAT, N-MNIST, or made), or CIFAR-10",
    ),
    DATA,
    SEED,
    Parameter::choice(
        "code",
        &["Rate", "Latency", "Population", "Delta"],
        "Rate",
        "how pictures become spikes (Population: 4 sources a pixel; Delta: changes while the picture jerks)",
    ),
    Parameter {
        name: "hidden",
        kind: Of::Values(Dimension::Number),
        default: Default::Number(128.0),
        range: Allowed::Between(1.0, 1e6),
        meaning: "neurons of each hidden layer, such as [128, 64]",
    },
    Parameter::optional(
        "conv",
        Of::Values(Dimension::Number),
        Allowed::Between(1.0, 1e4),
        "channels of each convolution before the hidden layers, such as [16, 32]",
    ),
    whole("kernel", 5.0, 1.0, 15.0, "rows and columns that a convolution looks at; odd"),
    whole("stride", 2.0, 1.0, 8.0, "from one place that a convolution looks at to the next"),
    Parameter::choice(
        "neuron",
        &["Lif", "Plif", "Alif", "CubaLif", "Linear"],
        "Lif",
        "what a neuron keeps from step to step (Plif: learnt, for each layer; Alif: spikes raise the threshold)",
    ),
    Parameter::value(
        "tau_m",
        Dimension::Time,
        1.5,
        Allowed::Positive,
        "membrane time constant; a step is 1 ms",
    ),
    Parameter::value(
        "tau_syn",
        Dimension::Time,
        2.0,
        Allowed::Positive,
        "time constant of the current (CubaLif)",
    ),
    Parameter::optional("tau_out", Of::Value(Dimension::Time), Allowed::Positive, "tau_m of the last layer"),
    number(
        "adaptation",
        0.2,
        Allowed::NotNegative,
        "what a spike adds to the threshold, in thresholds (Alif)",
    ),
    Parameter::value(
        "tau_a",
        Dimension::Time,
        20.0,
        Allowed::Positive,
        "time constant in which the threshold falls back (Alif)",
    ),
    number("leak", 0.0625, Allowed::Positive, "what V loses in a step, in thresholds, down to 0 (Linear)"),
    Parameter::flag("recurrent", false, "hidden layers are connected to themselves"),
    whole(
        "delays",
        0.0,
        0.0,
        60.0,
        "longest delay that synapses learn, in steps beyond the first; 0 for none (not of convolutions)",
    ),
    whole("window", 8.0, 1.0, 10_000.0, "steps of a sample"),
    Parameter::choice(
        "read",
        &["Rate", "Latency"],
        "Rate",
        "what spikes of the last layer count: one, or the steps that are left",
    ),
    whole("each", 1.0, 1.0, 1000.0, "neurons of each class in the last layer"),
    Parameter::choice(
        "surrogate",
        &["FastSigmoid", "Arctan", "Triangular", "Rectangular", "Sigmoid"],
        "Arctan",
        "the derivative of a spike",
    ),
    number("slope", 2.0, Allowed::Positive, "how narrow the surrogate is, per threshold"),
    whole("weight_bits", 8.0, 0.0, 16.0, "bits of a weight with its sign; 0 for floats"),
    number("gain", 1.0, Allowed::Positive, "size of weights before training; 1 keeps the sum of squares"),
    whole("batch", 128.0, 1.0, 1e6, "samples of a step"),
    whole("steps", 4000.0, 1.0, 1e9, "steps of training"),
    number("rate", 4e-3, Allowed::Positive, "learning rate at its highest"),
    number("sharpness", 1.0, Allowed::Positive, "what a spike more adds to the log odds of its class"),
    Parameter::optional(
        "clip",
        Of::Value(Dimension::Number),
        Allowed::Positive,
        "longest gradient; longer ones are shortened to it",
    ),
    number("decay", 0.0, Allowed::NotNegative, "weight decay"),
    number("average", 0.0, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    number(
        "keep",
        1.0,
        Allowed::Between(0.01, 1.0),
        "share of a batch that is learnt from, by size of gradient",
    ),
    whole(
        "jitter",
        0.0,
        0.0,
        100.0,
        "how far samples are moved at random, in pixels, or in bins of 5 ms and channels",
    ),
    whole("validation", 1000.0, 1.0, 1e9, "samples of the training data kept for validation"),
    whole("every", 500.0, 1.0, 1e9, "steps between validations"),
    Parameter::optional(
        "patience",
        Of::Integer,
        Allowed::Between(1.0, 1e9),
        "validations without progress that end it",
    ),
    Parameter::optional(
        "hold_out",
        Of::Integer,
        Allowed::Between(0.0, 255.0),
        "speaker whose words are not learnt but tested on (words)",
    ),
];

/// Looks for settings that do not go with each other or with the data.
pub fn check(data: &Labelled, arguments: &Arguments) -> Result<(), Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let (samples, validation, kernel) = (data.counts().0, whole("validation"), whole("kernel"));
    let problem = if whole("weight_bits") == 1 {
        "weight_bits is 1, and a weight has a sign and a size: 2 at least, or 0 for floats".into()
    } else if validation >= samples {
        format!("validation takes {validation} samples, and there are {samples}")
    } else if kernel % 2 == 0 {
        format!("kernel is {kernel}; a convolution has a middle, so it is odd")
    } else if arguments.flag("recurrent") && whole("delays") > 0 {
        "delays are learnt without recurrent synapses; leave one of the two out".into()
    } else if arguments.is_given("conv") && data.picture().is_none() {
        "conv needs pictures, and the task words has none".into()
    } else if arguments.word("code") != "Rate" && matches!(data, Labelled::Words(_)) {
        "code says how pictures become spikes; what cameras and ears recorded are spikes already".into()
    } else {
        return Ok(());
    };
    Err(Problem(problem))
}

/// How its spikes are read.
pub fn decoder(data: &Labelled, arguments: &Arguments) -> Decoder {
    let whole = |name: &str| arguments.integer(name) as usize;
    let early = arguments.word("read") == "Latency";
    Decoder { classes: data.classes(), each: whole("each"), early, window: whole("window") }
}

/// The network that settings ask for.
pub fn net(data: &Labelled, arguments: &Arguments) -> Feed {
    let mut layers: Vec<Layer> = Vec::new();
    let mut add = |name: String, neurons: usize, way: Way| {
        let layer = layer(arguments, name, neurons, way);
        layers.push(layer);
        neurons
    };
    let mut sources = data.sources();
    let channels = arguments.is_given("conv").then(|| arguments.values("conv"));
    if let (Some(channels), Some([mut height, mut width, mut planes])) = (channels, data.picture()) {
        let whole = |name: &str| arguments.integer(name) as usize;
        for (k, &out) in channels.iter().enumerate() {
            let patches =
                Patches { height, width, channels: planes, kernel: whole("kernel"), stride: whole("stride") };
            (height, width, planes) = (patches.rows(), patches.columns(), out as usize);
            sources = add(format!("conv{}", k + 1), patches.count() * planes, Way::Convolution(patches));
        }
    }
    for (k, &neurons) in arguments.values("hidden").iter().enumerate() {
        sources = add(format!("hidden{}", k + 1), neurons as usize, Way::All { sources });
    }
    add("output".into(), decoder(data, arguments).neurons(), Way::All { sources });
    for layer in &mut layers {
        layer.recurrent = arguments.flag("recurrent") && layer.name.starts_with("hidden");
        if let Way::All { .. } = layer.way {
            layer.longest = arguments.integer("delays") as usize;
        }
    }
    if let (Some(last), true) = (layers.last_mut(), arguments.is_given("tau_out")) {
        last.tau_m = arguments.number("tau_out");
    }
    let weight_bits = arguments.integer("weight_bits") as u32;
    Feed { inputs: data.sources(), layers, weight_bits, gain: arguments.number("gain") as f32 }
}

fn layer(arguments: &Arguments, name: String, neurons: usize, way: Way) -> Layer {
    let slope = arguments.number("slope") as f32;
    let surrogate = match arguments.word("surrogate") {
        "Arctan" => Surrogate::Arctan { slope },
        "Triangular" => Surrogate::Triangular { slope },
        "Rectangular" => Surrogate::Rectangular { slope },
        "Sigmoid" => Surrogate::Sigmoid { slope },
        _ => Surrogate::FastSigmoid { slope },
    };
    let neuron = arguments.word("neuron");
    let form = match neuron {
        "Linear" => Form::Linear,
        "CubaLif" => Form::CubaLif,
        _ => Form::Lif,
    };
    Layer {
        name,
        neurons,
        kind: Kind { reset: Reset::Zero, form, adaptation: neuron == "Alif", surrogate },
        way,
        tau_m: arguments.number("tau_m"),
        learns_tau: neuron == "Plif",
        tau_syn: (form == Form::CubaLif).then(|| arguments.number("tau_syn")),
        adaptation: (arguments.number("adaptation"), arguments.number("tau_a")),
        drive: if form == Form::Linear { -arguments.number("leak") as f32 } else { 0.0 },
        recurrent: false,
        longest: 0,
    }
}
