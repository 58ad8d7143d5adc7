//! Where everything stands in the files of a recording.

use crate::hdf5::error::FileError;
use crate::hdf5::growing::{Column, Dataset, Element, Growing};
use crate::hdf5::plan::{Plan, Rate, Spikes, State, Weights};
use crate::hdf5::provenance::Provenance;
use rust_hdf5::DatatypeMessage;
use rust_hdf5::format::messages::datatype::EnumMember;
use sim_core::backend::Machine;
use sim_core::network::Precision;
use std::path::{Path, PathBuf};

/// The first number of every SONATA file.
pub(crate) const MAGIC: u32 = 0x0A7A;
/// The version of the SONATA layout.
pub(crate) const VERSION: [u32; 2] = [0, 1];
/// SONATA's words for the order of spikes.
const SORTING: [&str; 3] = ["none", "by_id", "by_time"];
const BY_TIME: u8 = 2;

/// Columns that grow together.
pub(crate) struct Stream {
    /// Number of their file.
    pub(crate) file: usize,
    /// Their group.
    pub(crate) group: String,
    /// Path of each column inside the group.
    pub(crate) names: &'static [&'static str],
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// Start, stop and step in the file, if rows are equally spaced.
    pub(crate) range: Option<Range>,
}

/// Times of equally spaced rows, as a dataset of start, stop and step.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    dataset: Dataset,
    start: f64,
    step: f64,
}

/// All files of a recording, with the structure laid down and no rows.
pub(crate) struct Layout {
    /// The file itself, then those beside it.
    pub(crate) files: Vec<Growing>,
    /// Everything that grows, in the order of `/saltus/streams`.
    pub(crate) streams: Vec<Stream>,
    pub(crate) places: Places,
    pub(crate) marks: Column,
    pub(crate) flushed_until: Dataset,
}

/// Which stream belongs to which entry of the plan.
pub(crate) struct Places {
    /// The stream of each entry of [`Plan::spikes`].
    pub(crate) spikes: Vec<usize>,
    /// The stream of each entry of [`Plan::rates`].
    pub(crate) rates: Vec<usize>,
    /// The stream of each entry of [`Plan::states`]; absent where no neuron is recorded.
    pub(crate) states: Vec<Option<usize>>,
    /// The stream of each entry of [`Plan::weights`]; absent where there are no synapses.
    pub(crate) weights: Vec<Option<usize>>,
}

/// The names of all files of a recording, the file itself first, and which of them each state
/// variable of the plan goes to: a SONATA file has room for one variable of a population.
pub(crate) fn files(path: &Path, plan: &Plan) -> (Vec<PathBuf>, Vec<usize>) {
    let mut files: Vec<(String, PathBuf, Vec<usize>)> = Vec::new();
    let mut of_states = Vec::new();
    for state in &plan.states {
        let fits = |file: &(String, PathBuf, Vec<usize>)| {
            file.0 == state.variable && !file.2.contains(&state.population)
        };
        let number = files.iter().position(fits).unwrap_or_else(|| {
            let again = files.iter().filter(|file| file.0 == state.variable).count();
            let name = match (files.len(), again) {
                (0, _) => path.to_path_buf(),
                (_, 0) => beside(path, &state.variable),
                _ => beside(path, &format!("{}_{}", state.variable, again + 1)),
            };
            files.push((state.variable.clone(), name, Vec::new()));
            files.len() - 1
        });
        files[number].2.push(state.population);
        of_states.push(number);
    }
    let mut names: Vec<PathBuf> = files.into_iter().map(|file| file.1).collect();
    if names.is_empty() {
        names.push(path.to_path_buf());
    }
    (names, of_states)
}

/// Creates the files and everything in them but rows. `names` are the names they will have in the
/// end, `paths` those they have now.
pub(crate) fn lay_down(
    names: &[PathBuf],
    paths: &[PathBuf],
    plan: &Plan,
    provenance: &Provenance,
    machine: &dyn Machine,
) -> Result<Layout, FileError> {
    let mut files = paths.iter().map(|path| Growing::create(path)).collect::<Result<Vec<_>, _>>()?;
    for file in &mut files {
        file.write(|writer| writer.set_group_attr_numeric("/", "magic", &MAGIC))?;
        file.write(|writer| writer.set_group_attr_array("/", "version", &[2], &VERSION))?;
        file.group("saltus")?;
    }
    let mut streams = Vec::new();
    let mut add = |stream: Stream| {
        streams.push(stream);
        streams.len() - 1
    };
    let main = &mut files[0];
    provenance_of(main, plan, provenance)?;
    let spikes = plan.spikes.iter().map(|spikes| Ok(add(lay_spikes(main, plan, spikes)?)));
    let spikes = spikes.collect::<Result<Vec<_>, FileError>>()?;
    let mut rates = Vec::new();
    for (number, rate) in plan.rates.iter().enumerate() {
        let again = plan.rates[..number].iter().filter(|other| other.population == rate.population).count();
        rates.push(add(lay_rate(main, plan, rate, again)?));
    }
    let mut weights = Vec::new();
    for entry in &plan.weights {
        weights.push(lay_weights(main, plan, entry, machine)?.map(&mut add));
    }
    let mut states = Vec::new();
    for (state, file) in plan.states.iter().zip(self::files(&names[0], plan).1) {
        states.push(lay_state(&mut files[file], file, plan, state)?.map(&mut add));
    }
    let main = &mut files[0];
    let listed = listings(&streams, names);
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    if !listed.is_empty() {
        main.texts("saltus/streams", &listed)?;
    }
    let width = 1 + streams.len() + plan.rates.len();
    let (marks, _) = main.column("saltus/marks", Element::I64, Some(width as u64))?;
    let flushed_until = main.number("saltus/flushed_until", 0)?;
    let places = Places { spikes, rates, states, weights };
    Ok(Layout { files, streams, places, marks, flushed_until })
}

impl Range {
    /// Writes the range for `rows` rows.
    pub(crate) fn set(self, file: &mut Growing, rows: u64) -> Result<(), FileError> {
        let bytes: Vec<u8> =
            range(self.start, self.step, rows).iter().flat_map(|number| number.to_le_bytes()).collect();
        file.overwrite(self.dataset, &bytes)
    }
}

/// Start, stop and step of `rows` rows.
pub(crate) fn range(start: f64, step: f64, rows: u64) -> [f64; 3] {
    let mut stop = start + step * rows as f64;
    // Readers count rows as the whole part of (stop - start) / step: rounding must not lose the last.
    while ((stop - start) / step) < rows as f64 {
        stop = stop.next_up();
    }
    [start, stop, step]
}

/// How `/saltus/streams` calls what grows: by its group, with its file if that is another.
pub(crate) fn listings(streams: &[Stream], names: &[PathBuf]) -> Vec<String> {
    let file = |number: usize| names[number].file_name().unwrap_or_default().to_string_lossy();
    let listing = |stream: &Stream| match stream.file {
        0 => stream.group.clone(),
        number => format!("{}:{}", file(number), stream.group),
    };
    streams.iter().map(listing).collect()
}

/// Steps of the first sample after the warm-up, and how many samples there will be.
fn samples(plan: &Plan, every: i64) -> (i64, u64) {
    let before = plan.warm_up / every;
    ((before + 1) * every, (plan.duration / every - before).max(0) as u64)
}

/// A name as HDF5 can have it.
fn link(name: &str) -> String {
    name.replace('/', "_")
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or("h5".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}.{what}.{extension}"))
}

fn element(plan: &Plan) -> Element {
    match plan.precision {
        Precision::F32 => Element::F32,
        Precision::F64 => Element::F64,
    }
}

fn provenance_of(file: &mut Growing, plan: &Plan, provenance: &Provenance) -> Result<(), FileError> {
    let text = file.text("saltus/network", &provenance.network)?;
    let started = plan.dt * plan.warm_up as f64;
    let words = [
        ("title", plan.title.as_str()),
        ("saltus_version", &provenance.version),
        ("host", &provenance.host),
        ("started_at", &provenance.started_at),
    ];
    let numbers = [
        ("dt", plan.dt),
        ("duration", plan.dt * plan.duration as f64),
        ("warm_up", started),
        ("build_s", provenance.build_s),
    ];
    let counts = [("seed", plan.seed), ("threads", provenance.threads as u64)];
    // On the file, where people look, and on the text, where all of it can be read back.
    for (name, word) in words {
        file.write(|writer| writer.set_group_attr_string("/", name, word))?;
        file.describe(text, name, word)?;
    }
    for (name, number) in numbers {
        file.write(|writer| writer.set_group_attr_numeric("/", name, &number))?;
        file.annotate(text, name, number)?;
    }
    for (name, count) in counts {
        file.write(|writer| writer.set_group_attr_numeric("/", name, &count))?;
        file.annotate(text, name, count)?;
    }
    file.write(|writer| writer.set_group_attr_numeric("/", "complete", &0_u8))
}

fn lay_spikes(file: &mut Growing, plan: &Plan, spikes: &Spikes) -> Result<Stream, FileError> {
    let population = &plan.populations[spikes.population];
    let group = format!("spikes/{}", link(&population.name));
    file.group(&group)?;
    let sorting = DatatypeMessage::enumeration(DatatypeMessage::u8_type(), members());
    file.write(|writer| {
        writer.set_group_attr_typed(&format!("/{group}"), "sorting", sorting, vec![BY_TIME])
    })?;
    let (times, dataset) = file.column(&format!("{group}/timestamps"), Element::F64, None)?;
    file.describe(dataset, "units", "ms")?;
    let (ids, dataset) = file.column(&format!("{group}/node_ids"), Element::U64, None)?;
    file.annotate(dataset, "size", u64::from(population.size))?;
    file.annotate(dataset, "recorded", spikes.neurons.len() as u64)?;
    Ok(Stream { file: 0, group, names: &["timestamps", "node_ids"], columns: vec![times, ids], range: None })
}

fn members() -> Vec<EnumMember> {
    let member =
        |(value, name): (usize, &&str)| EnumMember { name: (*name).into(), value: vec![value as u8] };
    SORTING.iter().enumerate().map(member).collect()
}

fn lay_rate(file: &mut Growing, plan: &Plan, rate: &Rate, again: usize) -> Result<Stream, FileError> {
    let population = link(&plan.populations[rate.population].name);
    let group = match again {
        0 => format!("rates/{population}"),
        _ => format!("rates/{population}_{}", again + 1),
    };
    file.group(&group)?;
    let (values, dataset) = file.column(&format!("{group}/values"), Element::F64, None)?;
    file.describe(dataset, "units", "Hz")?;
    file.annotate(dataset, "recorded", rate.neurons.len() as u64)?;
    let (start, step) = (plan.dt * plan.warm_up as f64, plan.dt * rate.bin as f64);
    let bins = (plan.duration - plan.warm_up).max(0) / rate.bin;
    let range = lay_range(file, &format!("{group}/time"), start, step, bins as u64)?;
    Ok(Stream { file: 0, group, names: &["values"], columns: vec![values], range: Some(range) })
}

fn lay_range(file: &mut Growing, path: &str, start: f64, step: f64, rows: u64) -> Result<Range, FileError> {
    let dataset = file.fixed(path, &range(start, step, rows))?;
    file.describe(dataset, "units", "ms")?;
    Ok(Range { dataset, start, step })
}

fn lay_state(
    file: &mut Growing,
    number: usize,
    plan: &Plan,
    state: &State,
) -> Result<Option<Stream>, FileError> {
    let count = state.neurons.len();
    if count == 0 {
        return Ok(None);
    }
    let group = format!("report/{}", link(&plan.populations[state.population].name));
    let mapping = format!("{group}/mapping");
    file.group(&mapping)?;
    // libsonata reads single precision only, so what is more precise stands beside it.
    let names: &[&str] = match plan.precision {
        Precision::F32 => &["data"],
        Precision::F64 => &["data", "data64"],
    };
    let mut columns = Vec::new();
    for (name, element) in names.iter().zip([Element::F32, Element::F64]) {
        let (column, dataset) = file.column(&format!("{group}/{name}"), element, Some(count as u64))?;
        file.describe(dataset, "units", &state.unit)?;
        file.describe(dataset, "variable", &state.variable)?;
        columns.push(column);
    }
    let ids: Vec<u64> = state.neurons.iter().map(|&id| u64::from(id)).collect();
    let dataset = file.fixed(&format!("{mapping}/node_ids"), &ids)?;
    file.annotate(dataset, "sorted", 1_i8)?;
    // One element for each node. libsonata asks for `index_pointers`, bmtk for `index_pointer`.
    let pointers: Vec<u64> = (0..=count as u64).collect();
    file.fixed(&format!("{mapping}/index_pointers"), &pointers)?;
    file.link(&mapping, "index_pointer", "index_pointers")?;
    file.fixed(&format!("{mapping}/element_ids"), &vec![0_u32; count])?;
    file.fixed(&format!("{mapping}/element_pos"), &vec![0.5_f32; count])?;
    let (first, rows) = samples(plan, state.every);
    let (start, step) = (plan.dt * first as f64, plan.dt * state.every as f64);
    let range = lay_range(file, &format!("{mapping}/time"), start, step, rows)?;
    Ok(Some(Stream { file: number, group, names, columns, range: Some(range) }))
}

fn lay_weights(
    file: &mut Growing,
    plan: &Plan,
    weights: &Weights,
    machine: &dyn Machine,
) -> Result<Option<Stream>, FileError> {
    let (mut sources, mut targets) = (Vec::new(), Vec::new());
    machine.weights(weights.projection, &mut |source, target, _, _| {
        sources.push(source);
        targets.push(target);
    });
    if sources.is_empty() {
        return Ok(None);
    }
    let group = format!("weights/{}", link(&weights.name));
    file.group(&group)?;
    let synapses = sources.len() as u64;
    for (name, ids, population) in
        [("source_node_id", sources, weights.source), ("target_node_id", targets, weights.target)]
    {
        let dataset = file.fixed(&format!("{group}/{name}"), &ids)?;
        file.describe(dataset, "node_population", &plan.populations[population].name)?;
    }
    let (weight, dataset) = file.column(&format!("{group}/weight"), element(plan), Some(synapses))?;
    file.describe(dataset, "units", &weights.unit)?;
    let (time, dataset) = file.column(&format!("{group}/time"), Element::F64, None)?;
    file.describe(dataset, "units", "ms")?;
    Ok(Some(Stream { file: 0, group, names: &["weight", "time"], columns: vec![weight, time], range: None }))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn readers_that_divide_find_every_row() {
        for step in [0.1, 0.2, 0.3, 0.7, 1.0, 1.0 / 3.0, 12.8] {
            for first in [1, 7, 101, 12_345] {
                for rows in (0..100).chain([9_999, 1_000_000]) {
                    let [start, stop, step] = range(first as f64 * step, step, rows);
                    assert_eq!(((stop - start) / step) as u64, rows, "{rows} rows of {step} from {start}");
                    assert!((stop - (start + step * rows as f64)).abs() < 1e-9 * stop);
                }
            }
        }
    }
}
