//! What a network file says, before anyone asks what it means.
//!
//! Texts, sizes and times are read; what depends on the plug-ins (their parameters, weights whose
//! unit the target decides) stays unread, so the description never grows with the models. Whatever
//! could not be read is `None`; the mistake has been told, and nothing more is said about it.

mod parts;
mod simulation;

use crate::network::{Pick, Precision, Sign};
use crate::read::arguments::Plugin;
use crate::read::{Reader, Spanned};
use crate::ron::value::{Node, Value};
use crate::source::Span;

/// The newest `format` that is understood.
pub const FORMAT: u64 = 1;

/// The sections of a network file.
pub const SECTIONS: [&str; 11] = [
    "format",
    "title",
    "neuron_models",
    "populations",
    "projections",
    "projection_tables",
    "stimuli",
    "recordings",
    "simulation",
    "output",
    "scale",
];

/// A network file.
#[derive(Debug)]
pub struct Description<'v> {
    /// Where it stands.
    pub span: Span,
    /// What it is called.
    pub title: Option<String>,
    /// Models with parameters, by the name that `Use("…")` gives.
    pub neuron_models: Vec<(Spanned<String>, Option<Plugin<'v>>)>,
    /// In the order of the file.
    pub populations: Vec<Population<'v>>,
    /// In the order of the file.
    pub projections: Vec<Projection<'v>>,
    /// In the order of the file.
    pub tables: Vec<Table<'v>>,
    /// In the order of the file.
    pub stimuli: Vec<Stimulus<'v>>,
    /// In the order of the file.
    pub recordings: Vec<Recording>,
    /// How it is run.
    pub simulation: Option<Simulation<'v>>,
    /// Where the recording goes.
    pub output: Output,
    /// Factors by which the network is shrunk.
    pub scale: Option<Scale>,
}

/// One entry of `populations`.
#[derive(Debug)]
pub struct Population<'v> {
    /// Where the entry stands.
    pub span: Span,
    /// What it is called.
    pub name: Option<Spanned<String>>,
    /// How many neurons.
    pub size: Option<Spanned<u32>>,
    /// What they are.
    pub model: Option<Model<'v>>,
    /// Initial states, unread.
    pub initial: Vec<(Spanned<&'v str>, &'v Value)>,
    /// What all outgoing weights are.
    pub sign: Option<Sign>,
    /// `#rrggbb`.
    pub colour: Option<String>,
    /// Where the neurons are.
    pub positions: Option<Spanned<Layout>>,
    /// Expected rate of the full network in Hz.
    pub rate: Option<f64>,
}

/// The model of a population.
#[derive(Debug)]
pub enum Model<'v> {
    /// A name from `neuron_models`.
    Use(Spanned<String>),
    /// A plug-in.
    Word(Plugin<'v>),
}

/// Where the neurons of a population are; lengths in µm, 0 along an axis it does not have.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// In the centres of the cells of a grid, first axis fastest.
    Grid {
        /// Cells along each axis.
        shape: Vec<u64>,
        /// Size of the layer.
        extent: [f64; 3],
    },
    /// Anywhere, uniformly.
    Random {
        /// Size of the layer.
        extent: [f64; 3],
    },
    /// At these points.
    List(Vec<[f64; 3]>),
}

/// One entry of `projections`.
#[derive(Debug)]
pub struct Projection<'v> {
    /// Where the entry stands.
    pub span: Span,
    /// What it is called, or empty.
    pub name: String,
    /// Names of the sources.
    pub from: Vec<Spanned<String>>,
    /// Names of the targets.
    pub to: Vec<Spanned<String>>,
    /// Who reaches whom.
    pub rule: Option<Plugin<'v>>,
    /// Unread: its unit is the target's.
    pub weight: Option<&'v Value>,
    /// Unread.
    pub delay: Option<&'v Value>,
    /// A plastic synapse.
    pub plasticity: Option<Plugin<'v>>,
}

/// One entry of `projection_tables`.
#[derive(Debug)]
pub struct Table<'v> {
    /// Where the entry stands.
    pub span: Span,
    /// What its projections are called, or empty.
    pub name: String,
    /// Sources: the columns.
    pub from: Vec<Spanned<String>>,
    /// Targets: the rows.
    pub to: Vec<Spanned<String>>,
    /// Who reaches whom; its first required parameter is in the cells.
    pub rule: Option<Plugin<'v>>,
    /// One row for each target, one cell for each source; absent where the shape is wrong.
    pub values: Option<Vec<&'v [Value]>>,
    /// Weights; later lines override earlier ones.
    pub weight: Vec<Line<'v>>,
    /// Delays; later lines override earlier ones.
    pub delay: Vec<Line<'v>>,
    /// A plastic synapse for all of them.
    pub plasticity: Option<Plugin<'v>>,
}

/// A value for some cells of a table.
#[derive(Debug)]
pub struct Line<'v> {
    /// Only from these; empty for all.
    pub from: Vec<Spanned<String>>,
    /// Only to these; empty for all.
    pub to: Vec<Spanned<String>>,
    /// The value, unread; absent if it was forgotten, which has been told.
    pub value: Option<&'v Value>,
}

/// One entry of `stimuli`.
#[derive(Debug)]
pub struct Stimulus<'v> {
    /// Where the entry stands.
    pub span: Span,
    /// What it is called: its own name, or the source's word.
    pub name: Option<Spanned<String>>,
    /// What it is.
    pub source: Option<Plugin<'v>>,
    /// Names of the populations.
    pub to: Vec<Spanned<String>>,
    /// Unread: its unit is the target's.
    pub weight: Option<&'v Value>,
    /// In ms.
    pub delay: Option<Spanned<f64>>,
}

/// One entry of `recordings`.
#[derive(Debug)]
pub struct Recording {
    /// What.
    pub what: Option<What>,
    /// Where `what` stands.
    pub span: Span,
    /// Names of the populations; absent for all.
    pub from: Option<Vec<Spanned<String>>>,
    /// Which of their neurons.
    pub pick: Spanned<Pick>,
}

/// What is recorded; times in ms.
#[derive(Debug)]
pub enum What {
    /// Every spike.
    Spikes,
    /// State variables.
    State {
        /// Their names.
        variables: Vec<Spanned<String>>,
        /// Time between samples.
        every: Option<Spanned<f64>>,
    },
    /// The weights of a projection.
    Weights {
        /// Its name.
        projection: Option<Spanned<String>>,
        /// Time between samples.
        every: Option<Spanned<f64>>,
    },
    /// Spikes per neuron and second.
    PopulationRate {
        /// Width of the bins.
        bin: Option<Spanned<f64>>,
    },
}

/// `simulation`; times in ms.
#[derive(Debug)]
pub struct Simulation<'v> {
    /// Where it stands.
    pub span: Span,
    /// Biological time to run.
    pub duration: Option<Spanned<f64>>,
    /// Length of a step; absent if it could not be read.
    pub dt: Option<f64>,
    /// Seed of all random numbers.
    pub seed: Option<u64>,
    /// Whether the file gives a seed, right or wrong.
    pub seeded: bool,
    /// Time at the start that is not recorded.
    pub warm_up: Option<Spanned<f64>>,
    /// Time between checkpoints.
    pub checkpoint_every: Option<Spanned<f64>>,
    /// Precision of states and weights.
    pub precision: Precision,
    /// The clock, if the file says.
    pub clock: Option<Spanned<crate::network::Clock>>,
    /// The machine, if the file says.
    pub backend: Option<Plugin<'v>>,
    /// Its threads; absent for all.
    pub threads: Option<usize>,
}

/// `output`.
#[derive(Debug, Default)]
pub struct Output {
    /// File name, relative to the network file.
    pub path: Option<String>,
    /// Time between flushes in ms.
    pub flush_every: Option<Spanned<f64>>,
}

/// `scale`.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Where it stands.
    pub span: Span,
    /// Factor of all sizes.
    pub neurons: f64,
    /// Factor of all in-degrees.
    pub indegrees: f64,
}

impl<'v> Description<'v> {
    /// Reads a whole file.
    pub fn read(root: &'v Value, reader: &mut Reader) -> Option<Self> {
        let mut fields = reader.fields(root, "a network file")?;
        if let Some(format) = fields.required(reader, "format", "1")
            && let Some(format) = reader.whole(format, "format", 1, u64::MAX)
            && format.value > FORMAT
        {
            let message =
                format!("this file has format {}; this version knows formats up to {FORMAT}", format.value);
            reader.error_with(format.span, message, "a newer version of saltus reads it");
        }
        let title = fields.take(reader, "title").and_then(|value| reader.text(value, "title"));
        let neuron_models = fields.take(reader, "neuron_models");
        let neuron_models = neuron_models.map(|value| neuron_models_of(value, reader)).unwrap_or_default();
        let populations = fields.required(reader, "populations", "[(name: \"E\", size: 100, model: …)]");
        let projections = fields.take(reader, "projections");
        let tables = fields.take(reader, "projection_tables");
        let stimuli = fields.take(reader, "stimuli");
        let recordings = fields.take(reader, "recordings");
        let simulation = fields.required(reader, "simulation", "(duration: s(1.0), seed: 1)");
        let output = fields.take(reader, "output");
        let scale = fields.take(reader, "scale");
        let span = fields.span;
        fields.finish(reader);
        Some(Description {
            span,
            title: title.map(|title| title.value),
            neuron_models,
            populations: each(populations, "populations", reader, parts::population),
            projections: each(projections, "projections", reader, parts::projection),
            tables: each(tables, "projection_tables", reader, parts::table),
            stimuli: each(stimuli, "stimuli", reader, parts::stimulus),
            recordings: each(recordings, "recordings", reader, simulation::recording),
            simulation: simulation.and_then(|value| simulation::simulation(value, reader)),
            output: output.and_then(|value| simulation::output(value, reader)).unwrap_or_default(),
            scale: scale.and_then(|value| simulation::scale(value, reader)),
        })
    }
}

fn each<'v, T>(
    value: Option<&'v Value>,
    name: &str,
    reader: &mut Reader,
    read: fn(&'v Value, &mut Reader) -> Option<T>,
) -> Vec<T> {
    let items = value.and_then(|value| reader.list(value, name)).unwrap_or_default();
    items.iter().filter_map(|item| read(item, reader)).collect()
}

fn neuron_models_of<'v>(value: &'v Value, reader: &mut Reader) -> Vec<(Spanned<String>, Option<Plugin<'v>>)> {
    let Node::Map(entries) = &value.node else {
        let message = format!("neuron_models is a map in curly brackets, not {}", value.noun());
        reader.error_with(value.span(), message, "write { \"name\": Model(…), … }");
        return Vec::new();
    };
    let mut models: Vec<(Spanned<String>, Option<Plugin>)> = Vec::new();
    for (key, value) in entries {
        let Some(name) = reader.name(key, "the name of a neuron model") else { continue };
        if models.iter().any(|(other, _)| other.value == name.value) {
            reader.error(name.span, format!("two neuron models are called \"{}\"", name.value));
        }
        models.push((name, reader.plugin(value, "a neuron model")));
    }
    models
}
