//! A lowered graph → the text of a network file and the tables beside it.

use super::dialect::Dialect;
use super::flat::Flat;
use super::linear::{Entry, one_to_one};
use super::lower::{Lowered, Population, Projection, Role, shape_words};
use super::neurons::{Parameters, is_silent, parameters};
use std::fmt::Write;

/// A neuron without memory that a spike of weight 1 makes spike. 129/256 is a threshold that Loihi has exactly
/// at a small scale, which leaves its sums room for several spikes at once.
const RELAY: &str = "IafPscPulse(tau_m: ms(0.0), V_th: mV(0.50390625))";

/// Edges of a projection that is not one-to-one, for a file.
pub struct Table<'a> {
    /// Name of the edge population.
    pub name: String,
    /// Source and target population.
    pub ends: (&'a str, &'a str),
    /// The edges.
    pub entries: &'a [Entry],
    /// Delays in ms, if they differ.
    pub delays: Option<Vec<f64>>,
}

/// What a network file is to say beside the graph.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Title of the network.
    pub title: &'a str,
    /// Comment lines above everything.
    pub header: Vec<String>,
    /// Name of the file with the edges, beside the network file.
    pub edges: &'a str,
    /// Whether inputs are neurons that chips hold, which spike once a step at most.
    pub relay: bool,
    /// Spikes a second of each input, of the synthetic input.
    pub rate: f64,
    /// In ms.
    pub duration: f64,
}

/// The network file, and the tables it names.
///
/// # Errors
/// The first node whose parameters make no neuron.
pub fn text<'a>(
    flat: &Flat,
    lowered: &'a Lowered,
    dialect: &Dialect,
    about: &About<'_>,
) -> Result<(String, Vec<Table<'a>>), String> {
    let mut out = String::new();
    let mut tables = Vec::new();
    about.header.iter().for_each(|line| add(&mut out, &format!("// {line}")));
    add(&mut out, &format!("(\n    format: 1,\n    title: {},\n\n    populations: [", quoted(about.title)));
    for population in &lowered.populations {
        let model = model(flat, population, dialect, about.relay)
            .map_err(|error| format!("{:?}, a {}: {error}", population.name, flat.kind(population.node)))?;
        let (name, size) = (quoted(&population.name), population.size);
        let kind = match population.role {
            Role::Readout => "sums of what arrives, for the Output",
            _ => flat.kind(population.node),
        };
        add(&mut out, &format!("        // {kind}, {}", shape_words(population)));
        add(&mut out, &format!("        (name: {name}, size: {size}, model: {model}),"));
    }
    add(&mut out, "    ],\n\n    projections: [");
    for projection in &lowered.projections {
        let (source, target) =
            (&lowered.populations[projection.from].name, &lowered.populations[projection.to].name);
        let own = format!("{source}_to_{target}");
        let taken = |name: &str| tables.iter().any(|table: &Table<'_>| table.name == name);
        let name = (1..).map(|count| if count == 1 { own.clone() } else { format!("{own}_{count}") });
        let name = name.into_iter().find(|name| !taken(name)).unwrap_or_default();
        let (line, table) = projection_line(lowered, projection, dialect, (about.edges, name));
        add(&mut out, &line);
        tables.extend(table);
    }
    add(&mut out, "    ],\n");
    add_ends(&mut out, lowered, flat, dialect, about);
    Ok((out, tables))
}

fn add(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// The model of a population, as a network file says it.
fn model(flat: &Flat, population: &Population, dialect: &Dialect, relay: bool) -> Result<String, String> {
    let bias = parameter("I_e", "pA", &population.bias, 0.0);
    match population.role {
        Role::Input if relay => return Ok(RELAY.into()),
        Role::Input => return Ok("Parrot".into()),
        Role::Readout => return Ok(format!("IafPscPulse({}spikes: false, tau_m: ms(0.0))", bias)),
        Role::Neurons => {}
    }
    let node = &flat.nodes[population.node].1;
    let Parameters { r, tau_m, tau_syn, w_in, v_leak, v_th, v_reset, linear, jump, euler } =
        parameters(node, population.size as usize, dialect)?;
    // Without a leak r is V per A and s, or with jumps V per A.
    let r: Vec<f64> = if tau_m.is_none() && !jump { r.iter().map(|r| r / 1e3).collect() } else { r };
    let mut said = parameter("R_m", "", &r, 1.0);
    said += &tau_m.map_or(String::new(), |tau| parameter("tau_m", "s", &tau, f64::NAN));
    said += &tau_syn.map_or(String::new(), |tau| parameter("tau_syn", "s", &tau, 0.0));
    said += &parameter("w_in", "", &w_in, 1.0);
    said += &parameter("E_L", "mV", &v_leak, 0.0);
    match &v_th {
        Some(v_th) => said += &parameter("V_th", "mV", v_th, f64::NAN),
        None => said += "spikes: false, ",
    }
    said += &parameter("V_reset", "mV", &v_reset, 0.0);
    said += &bias;
    for (word, is) in
        [("reset: Linear, ", linear), ("integration: Euler, ", euler), ("arrivals: Jump, ", jump)]
    {
        said += if is { word } else { "" };
    }
    Ok(format!("IafPscPulse({})", said.trim_end_matches(", ")))
}

/// `name: unit(value), `, or a list, or nothing where all are the default.
fn parameter(name: &str, unit: &str, values: &[f64], default: f64) -> String {
    let Some(first) = values.first() else { return String::new() };
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        return if *first == default { String::new() } else { format!("{name}: {}, ", number(unit, *first)) };
    }
    let listed: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    match unit {
        "" => format!("{name}: [{}], ", listed.join(", ")),
        unit => format!("{name}: {unit}([{}]), ", listed.join(", ")),
    }
}

fn number(unit: &str, value: f64) -> String {
    if unit.is_empty() { format!("{value:?}") } else { format!("{unit}({value:?})") }
}

fn projection_line<'a>(
    lowered: &'a Lowered,
    projection: &'a Projection,
    dialect: &Dialect,
    (file, name): (&str, String),
) -> (String, Option<Table<'a>>) {
    let (source, target) = (&lowered.populations[projection.from], &lowered.populations[projection.to]);
    let ends = format!("from: [{}], to: [{}]", quoted(&source.name), quoted(&target.name));
    let ms = |delay: f64| projection.steps as f64 * dialect.dt + delay * 1e3;
    let same_size = source.size == target.size;
    if let Some((weight, delay)) = one_to_one(&projection.entries, source.size).filter(|_| same_size) {
        let rule = format!("rule: OneToOne, weight: {}", number("pA", weight));
        return (format!("        ({ends}, {rule}, delay: ms({:?})),", ms(delay)), None);
    }
    let rule = format!("rule: EdgeFile(path: {}, population: {})", quoted(file), quoted(&name));
    let first = projection.entries.first().map_or(0.0, |entry| entry.delay);
    let alike = projection.entries.iter().all(|entry| entry.delay == first);
    let delay = if alike { format!(", delay: ms({:?})", ms(first)) } else { String::new() };
    let delays = (!alike).then(|| projection.entries.iter().map(|entry| ms(entry.delay)).collect());
    let table = Table { name, ends: (&source.name, &target.name), entries: &projection.entries, delays };
    (format!("        ({ends}, {rule}{delay}),"), Some(table))
}

/// Stimuli, recordings, simulation.
fn add_ends(out: &mut String, lowered: &Lowered, flat: &Flat, dialect: &Dialect, about: &About<'_>) {
    let names = |wanted: &dyn Fn(&Population) -> bool| {
        let names: Vec<String> =
            lowered.populations.iter().filter(|p| wanted(p)).map(|p| quoted(&p.name)).collect();
        names.join(", ")
    };
    let silent = |p: &Population| p.role == Role::Readout || is_silent(flat.kind(p.node));
    let inputs = names(&|p| p.role == Role::Input);
    if !inputs.is_empty() {
        let text = format!(
            "    // Synthetic input; for spikes of your own: source: SpikeFile(path: \"spikes.h5\", population: \"…\")\n    \
             stimuli: [\n        \
             (name: \"synthetic\", source: Poisson(rate: Hz({:?})), to: [{inputs}], weight: {}, delay: ms({:?})),\n    \
             ],\n",
            about.rate,
            if about.relay { "pA(1.0)" } else { "1" },
            dialect.dt
        );
        add(out, &text);
    }
    add(out, "    recordings: [");
    let spiking = names(&|p| !silent(p));
    if !spiking.is_empty() {
        add(out, &format!("        (what: Spikes, from: [{spiking}]),"));
    }
    let read = names(&silent);
    if !read.is_empty() {
        let every = format!("every: ms({:?})", dialect.dt);
        add(out, &format!("        (what: State(variables: [\"V_m\"], {every}), from: [{read}]),"));
    }
    add(out, "    ],\n");
    let time = format!("duration: ms({:?}), dt: ms({:?})", about.duration, dialect.dt);
    add(out, &format!("    simulation: ({time}, seed: 1, precision: F64),\n)"));
}

/// A text in quotes, as network files have it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out += "\\n",
            letter if letter.is_control() => drop(write!(out, "\\u{{{:x}}}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out + "\""
}
