//! Populations: sizes, models, initial states, layouts.

use crate::description::{self, Description, Model};
use crate::network::{Neuron, Population};
use crate::neuron::NeuronModel;
use crate::parameter::{Argument, Arguments, Kind};
use crate::quantity::Quantity;
use crate::read::arguments::{Plugin, Surroundings};
use crate::read::number::{Asked, plain};
use crate::read::{Reader, Spanned, suggestion};
use crate::rule::{Ends, Places};
use crate::source::{Span, nearest};
use crate::units::Dimension;
use crate::validate::layout::places;
use crate::validate::simulation::Run;
use crate::vocabulary::Vocabulary;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All populations in the order of their names, those with mistakes included.
pub(super) struct Entries {
    entries: Vec<Entry>,
    /// Whether a name that is not here is a mistake for sure.
    pub known: bool,
}

/// One population, as far as it could be made out.
pub(super) struct Entry {
    pub name: String,
    pub span: Span,
    listed: usize,
    /// Neurons in the full network.
    pub full: Option<u32>,
    /// Neurons in this network.
    pub size: Option<u32>,
    /// The model, even where its arguments are wrong, and where it stands.
    pub model: Option<(&'static NeuronModel, Span)>,
    pub neuron: Option<Neuron>,
    pub sign: Option<crate::network::Sign>,
    pub rate: Option<f64>,
    colour: Option<String>,
    full_places: Option<Arc<Places>>,
    places: Option<Arc<Places>>,
}

/// A model, where it stands, and its arguments unless they are wrong.
#[derive(Clone)]
struct Checked {
    model: &'static NeuronModel,
    span: Span,
    arguments: Option<Arguments>,
}

pub(super) fn populations(
    description: &Description,
    vocabulary: &Vocabulary,
    run: &Run,
    reader: &mut Reader,
) -> Entries {
    let named = description.neuron_models.iter();
    let models: Vec<(&str, Option<Checked>)> = named
        .map(|(name, plugin)| {
            (name.value.as_str(), plugin.and_then(|plugin| model(plugin, vocabulary, reader)))
        })
        .collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut taken: BTreeMap<&str, Span> = BTreeMap::new();
    let mut known = description.populations_known;
    for (listed, said) in description.populations.iter().enumerate() {
        let checked = match &said.model {
            Some(Model::Use(name)) => used(name, &models, description.models_known, reader),
            Some(Model::Word(plugin)) => model(*plugin, vocabulary, reader),
            None => None,
        };
        let Some(name) = &said.name else { continue };
        if let Some(first) = taken.insert(&name.value, said.span) {
            let (line, _) = reader.source.line_column(first.start);
            let message = format!("two populations are called \"{}\"", name.value);
            reader.error_with(name.span, message, format!("the first is on line {line}"));
            known = false;
            continue;
        }
        entries.push(entry(said, name, listed, checked, run, reader));
    }
    if description.populations.is_empty() && known {
        reader.error_with(description.span, "there are no populations", "a network has at least one");
    }
    too_many(&entries, reader);
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Entries { entries, known }
}

fn entry(
    said: &description::Population,
    name: &Spanned<String>,
    listed: usize,
    checked: Option<Checked>,
    run: &Run,
    reader: &mut Reader,
) -> Entry {
    let full = said.size.as_ref().map(|size| size.value);
    let size = full.map(|full| shrunk(full, run.neurons));
    let model = checked.as_ref().map(|checked| (checked.model, checked.span));
    let neuron = checked.and_then(|Checked { model, arguments, .. }| {
        let initial = initial(said, model, full, run, reader);
        let arguments = arguments?;
        lists_fit(&arguments, full, run.neurons, name, reader);
        initial.map(|initial| Neuron { model, arguments, initial })
    });
    let full_places = said.positions.as_ref().zip(full);
    let full_places =
        full_places.and_then(|(layout, full)| places(layout, full, &name.value, run, reader)).map(Arc::new);
    let places = full_places.as_ref().zip(size).map(|(places, size)| {
        if size as usize == places.points.len() {
            return places.clone();
        }
        Arc::new(Places { points: places.points[..size as usize].to_vec(), extent: places.extent })
    });
    Entry {
        name: name.value.clone(),
        span: said.span,
        listed,
        full,
        size,
        model,
        neuron,
        sign: said.sign,
        rate: said.rate,
        colour: said.colour.clone(),
        full_places,
        places,
    }
}

/// A population never shrinks to nothing.
fn shrunk(full: u32, factor: f64) -> u32 {
    (f64::from(full) * factor).round().max(f64::from(full.min(1))) as u32
}

fn model(plugin: Plugin, vocabulary: &Vocabulary, reader: &mut Reader) -> Option<Checked> {
    let model = reader.row(&plugin, vocabulary.neurons, |row| row.name, "neuron model")?;
    let around = Surroundings { lists: true, ..Surroundings::default() };
    let arguments = reader.arguments(plugin, model.parameters, around);
    let arguments = arguments.filter(|arguments| {
        reversal(arguments, reader);
        // A reset "above" the threshold is only an echo of the wrong unit.
        volts_are_millivolts(arguments, reader) && reader.complain((model.check)(arguments), arguments)
    });
    Some(Checked { model, span: plugin.span, arguments })
}

fn used(
    name: &Spanned<String>,
    models: &[(&str, Option<Checked>)],
    models_known: bool,
    reader: &mut Reader,
) -> Option<Checked> {
    if let Some((_, checked)) = models.iter().find(|(known, _)| *known == name.value) {
        return checked.clone();
    }
    if !models_known {
        return None;
    }
    let known = || models.iter().map(|(known, _)| *known);
    let help = match nearest(&name.value, known()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => suggestion(&name.value, known(), "neuron_models"),
    };
    reader.error_with(name.span, format!("no neuron model is called \"{}\"", name.value), help);
    None
}

/// −0.065 where −65 mV is meant: resting potentials and thresholds all lie within these volts.
fn volts_are_millivolts(arguments: &Arguments, reader: &mut Reader) -> bool {
    let volts: Vec<(&'static str, f64)> = arguments
        .table()
        .iter()
        .filter(|p| p.kind == Kind::Quantity(Dimension::Voltage) && arguments.is_given(p.name))
        .filter_map(|p| Some((p.name, arguments.quantity(p.name).constant()?)))
        .filter(|(_, value)| (-0.12..=-0.02).contains(value))
        .collect();
    let [(first, a), (second, b), ..] = volts[..] else { return true };
    let message = format!(
        "{first} = {} mV and {second} = {} mV look like volts written as millivolts",
        plain(a),
        plain(b)
    );
    let help = format!("write V({}) or mV({})", plain(a), plain(a * 1e3));
    reader.error_with(arguments.span(first), message, help);
    false
}

/// Excitation that pulls below rest is possible, but seldom meant.
fn reversal(arguments: &Arguments, reader: &mut Reader) {
    let number = |name: &str| {
        let has = arguments.table().iter().any(|p| p.name == name);
        has.then(|| arguments.try_number(name)).flatten()
    };
    if let (Some(excitatory), Some(rest)) = (number("E_ex"), number("E_L"))
        && excitatory <= rest
    {
        let message = format!("E_ex = {} mV is not above E_L = {} mV", plain(excitatory), plain(rest));
        reader.warn(arguments.span("E_ex"), message, "excitatory synapses will not excite");
    }
}

/// Lists give one value for each neuron of the full network, and cannot be shrunk.
fn lists_fit(
    arguments: &Arguments,
    full: Option<u32>,
    neurons: f64,
    name: &Spanned<String>,
    reader: &mut Reader,
) {
    for parameter in arguments.table() {
        if let Argument::Quantity(Quantity::List(values)) = arguments.get(parameter.name) {
            let span = arguments.span(parameter.name);
            reader.fits_population(values.len(), full, neurons, (parameter.name, &name.value), span);
        }
    }
}

impl Reader<'_> {
    /// Checks that a list has one value for each neuron; says whether it has.
    pub(super) fn fits_population(
        &mut self,
        found: usize,
        full: Option<u32>,
        neurons: f64,
        (what, population): (&str, &str),
        span: Span,
    ) -> bool {
        if neurons < 1.0 {
            let message =
                format!("{what} is listed neuron by neuron, and \"{population}\" is shrunk by scale");
            self.error_with(span, message, "write a distribution, or leave out scale");
            return false;
        }
        if full.is_some_and(|full| full as usize != found) {
            let full = full.unwrap_or(0);
            let message = format!("{what} lists {found} values, but \"{population}\" has {full} neurons");
            self.error(span, message);
            return false;
        }
        true
    }
}

fn initial(
    said: &description::Population,
    model: &NeuronModel,
    full: Option<u32>,
    run: &Run,
    reader: &mut Reader,
) -> Option<Vec<(usize, Quantity)>> {
    let mut initial: Vec<(usize, Quantity)> = Vec::new();
    let before = reader.errors();
    for (name, value) in &said.initial {
        let Some(place) = model.states.iter().position(|state| state.name == name.value) else {
            let help = suggestion(name.value, model.states.iter().map(|state| state.name), "state variables");
            reader.error_with(
                name.span,
                format!("{} has no state variable {}", model.name, name.value),
                help,
            );
            continue;
        };
        if initial.iter().any(|(other, _)| *other == place) {
            reader.error(name.span, format!("{} is given twice", name.value));
            continue;
        }
        let asked = Asked::new(name.value, model.states[place].dimension);
        let Some(quantity) = reader.quantity(value, asked) else { continue };
        if let Quantity::List(values) = &quantity {
            let population = said.name.as_ref().map_or("", |name| &name.value);
            reader.fits_population(values.len(), full, run.neurons, (name.value, population), value.span());
        }
        initial.push((place, quantity));
    }
    (reader.errors() == before).then_some(initial)
}

fn too_many(entries: &[Entry], reader: &mut Reader) {
    let mut total = 0u64;
    for entry in entries {
        total += u64::from(entry.size.unwrap_or(0));
        if total > u64::from(u32::MAX) {
            let message = format!("up to here the network has {total} neurons; it can have {}", u32::MAX);
            reader.error(entry.span, message);
            return;
        }
    }
}

impl Entries {
    /// The place of a population.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()
    }

    /// A population by place.
    pub fn at(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Names in their order.
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// Names in the order of the file.
    pub fn listed_names(&self) -> Vec<&str> {
        let mut listed: Vec<&Entry> = self.entries.iter().collect();
        listed.sort_by_key(|entry| entry.listed);
        listed.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// Every population's model, and where it stands.
    pub fn models(&self) -> impl Iterator<Item = (&'static NeuronModel, Span)> {
        self.entries.iter().filter_map(|entry| entry.model)
    }

    /// Two populations as a rule sees them: of the full network, or of the shrunken one.
    pub fn ends(&self, source: usize, target: usize, full: bool) -> Option<Ends> {
        let (from, to) = (&self.entries[source], &self.entries[target]);
        let size = |entry: &Entry| if full { entry.full } else { entry.size };
        let places = |entry: &Entry| if full { entry.full_places.clone() } else { entry.places.clone() };
        Some(Ends {
            source: from.name.clone(),
            target: to.name.clone(),
            sources: size(from)?,
            targets: size(to)?,
            recurrent: source == target,
            source_places: places(from),
            target_places: places(to),
        })
    }

    /// The populations of the network, numbered; nothing if one of them has a mistake.
    pub fn finish(self, compensation: &[f64]) -> Option<Vec<Population>> {
        let mut first = 0u32;
        let mut populations = Vec::with_capacity(self.entries.len());
        for (entry, compensation) in self.entries.into_iter().zip(compensation) {
            let size = entry.size?;
            populations.push(Population {
                name: entry.name,
                listed: entry.listed,
                first,
                size,
                neuron: entry.neuron?,
                sign: entry.sign,
                compensation: *compensation,
                colour: entry.colour,
                places: entry.places,
            });
            first = first.checked_add(size)?;
        }
        Some(populations)
    }
}
