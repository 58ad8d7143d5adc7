//! Reads recordings, ours and those of other SONATA writers, and ours while they are being written
//! or after they were interrupted.

use crate::hdf5::error::FileError;
use crate::hdf5::numbers::{Source, join};
use std::path::Path;

/// A recording opened for reading.
pub struct Recording {
    /// The file itself, then those beside it.
    sources: Vec<Source>,
}

/// Spikes of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpikeList {
    /// In ms, ascending.
    pub times: Vec<f64>,
    /// Who fired, as an index in the population.
    pub neurons: Vec<u64>,
    /// Neurons in the population, if the file says.
    pub size: Option<u64>,
    /// How many of them were recorded, if the file says.
    pub recorded: Option<u64>,
}

/// Samples of a state variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Name of the population; empty in files from before populations.
    pub population: String,
    /// Name of the variable; empty if the file does not say.
    pub variable: String,
    /// Its unit; empty if the file does not say.
    pub unit: String,
    /// Time of the first sample in ms.
    pub start: f64,
    /// Time between samples in ms.
    pub step: f64,
    /// The neuron of each column.
    pub neurons: Vec<u64>,
    /// One row for each sample, one value for each column, row after row.
    pub values: Vec<f64>,
}

/// Spikes per neuron and second, in bins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateCurve {
    /// Start of the first bin in ms.
    pub start: f64,
    /// Width of a bin in ms.
    pub step: f64,
    /// In Hz.
    pub values: Vec<f64>,
}

/// Weights of a projection as they changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightTable {
    /// Name of the source population.
    pub source: String,
    /// Name of the target population.
    pub target: String,
    /// Their unit; empty if it is a plain number.
    pub unit: String,
    /// The source neuron of each synapse.
    pub sources: Vec<u64>,
    /// The target neuron of each synapse.
    pub targets: Vec<u64>,
    /// Times of the samples in ms.
    pub times: Vec<f64>,
    /// One row for each sample, one weight for each synapse, row after row.
    pub values: Vec<f64>,
}

/// What a recording of ours says of its run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The network's title.
    pub title: String,
    /// The network text as it was run.
    pub network: String,
    /// Version of the program.
    pub version: String,
    /// Name of the computer.
    pub host: String,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// How many threads ran it.
    pub threads: u64,
    /// Length of a step in ms.
    pub dt: f64,
    /// How long the run was to last, warm-up included, in ms.
    pub duration: f64,
    /// How long nothing was recorded at the start, in ms.
    pub warm_up: f64,
    /// Seconds that building the network took.
    pub build_s: f64,
    /// The step up to which everything is in the file.
    pub flushed_until: i64,
    /// Whether the run came to its end.
    pub complete: bool,
}

impl Recording {
    /// Opens a recording and the files beside it.
    ///
    /// # Errors
    /// When it is not a readable HDF5 file. Files beside it that are gone are passed over.
    pub fn open(path: &Path) -> Result<Recording, FileError> {
        let main = Source::open(path)?;
        let mut beside: Vec<String> = streams(&main)?.into_iter().filter_map(|(file, _)| file).collect();
        beside.dedup();
        let beside = beside.iter().map(|name| path.with_file_name(name)).filter(|path| path.exists());
        let beside = beside.map(|path| Source::open(&path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Recording { sources: std::iter::once(main).chain(beside).collect() })
    }

    /// The files it consists of, the one that was opened first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().map(Source::path)
    }

    /// Names of the populations with spikes, sorted. In files from before populations, which have
    /// one list for all, its name is empty.
    pub fn spike_populations(&self) -> Vec<String> {
        let main = &self.sources[0];
        if main.has("spikes/timestamps") { vec![String::new()] } else { main.groups("spikes") }
    }

    /// The spikes of a population. The name may be empty if the file has only one.
    ///
    /// # Errors
    /// When the file has no such population, or its datasets cannot be read.
    pub fn spikes(&self, population: &str) -> Result<SpikeList, FileError> {
        let main = &self.sources[0];
        let name = choose(main, "spikes", "spikes of", population, self.spike_populations())?;
        let group = if name.is_empty() { "spikes".into() } else { join("spikes", &name) };
        let Some(ids) = main.any(&group, &["node_ids", "gids"]) else {
            return Err(main.error(format!("/{group} has no node_ids (nor gids, as old files have)")));
        };
        let ids = join(&group, ids);
        let mut times = main.floats(&join(&group, "timestamps"))?;
        let mut neurons = main.ids(&ids)?;
        // The two end at different lengths when a run was killed between them.
        let count = times.len().min(neurons.len());
        times.truncate(count);
        neurons.truncate(count);
        if !times.is_sorted() {
            let mut pairs: Vec<(f64, u64)> = times.into_iter().zip(neurons).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            (times, neurons) = pairs.into_iter().unzip();
        }
        let (size, recorded) = (main.count(&ids, "size"), main.count(&ids, "recorded"));
        Ok(SpikeList { times, neurons, size, recorded })
    }

    /// Populations and variables of all reports.
    pub fn reports(&self) -> Vec<(String, String)> {
        self.report_groups().into_iter().map(|(_, _, population, variable)| (population, variable)).collect()
    }

    /// The samples of a variable. The variable may be empty if it does not matter which.
    ///
    /// # Errors
    /// When there is no such report, or its datasets cannot be read or do not fit each other.
    pub fn report(&self, population: &str, variable: &str) -> Result<Report, FileError> {
        let groups = self.report_groups();
        let wanted = |report: &&(usize, String, String, String)| {
            report.2 == population && (variable.is_empty() || report.3 == variable)
        };
        let Some((source, group, _, variable)) = groups.iter().find(wanted) else {
            let there: Vec<String> =
                groups.iter().map(|report| format!("{} of {}", report.3, report.2)).collect();
            let there = if there.is_empty() { "nothing".into() } else { there.join(", ") };
            return Err(self.sources[0].error(format!(
                "there is no report of {variable} of population {population:?}; reported: {there}"
            )));
        };
        read_report(&self.sources[*source], group, population, variable)
    }

    /// Names of the recorded rates: populations, with `_2` and so on for further ones of the same.
    pub fn rates(&self) -> Vec<String> {
        self.sources[0].groups("rates")
    }

    /// A rate.
    ///
    /// # Errors
    /// When there is no such rate, or it cannot be read.
    pub fn rate(&self, name: &str) -> Result<RateCurve, FileError> {
        let main = &self.sources[0];
        let name = choose(main, "rates", "rate of", name, self.rates())?;
        let [start, _, step] = read_range(main, &format!("rates/{name}/time"))?;
        Ok(RateCurve { start, step, values: main.floats(&format!("rates/{name}/values"))? })
    }

    /// Names of the projections with weights.
    pub fn weight_names(&self) -> Vec<String> {
        self.sources[0].groups("weights")
    }

    /// The weights of a projection.
    ///
    /// # Errors
    /// When there is no such projection, or its datasets cannot be read or do not fit each other.
    pub fn weights(&self, name: &str) -> Result<WeightTable, FileError> {
        let main = &self.sources[0];
        let group = format!("weights/{}", choose(main, "weights", "weights of", name, self.weight_names())?);
        let at = |name: &str| join(&group, name);
        let (sources, targets) = (main.ids(&at("source_node_id"))?, main.ids(&at("target_node_id"))?);
        let (mut times, mut values) = (main.floats(&at("time"))?, main.floats(&at("weight"))?);
        if sources.len() != targets.len() || sources.is_empty() || values.len() % sources.len() != 0 {
            return Err(main.error(format!("the datasets of /{group} do not fit each other")));
        }
        let rows = times.len().min(values.len() / sources.len());
        times.truncate(rows);
        values.truncate(rows * sources.len());
        let population = |name: &str| main.word(&at(name), "node_population").unwrap_or_default();
        let (source, target) = (population("source_node_id"), population("target_node_id"));
        let unit = main.word(&at("weight"), "units").unwrap_or_default();
        Ok(WeightTable { source, target, unit, sources, targets, times, values })
    }

    /// What the file says of its run, if it is one of ours.
    pub fn run(&self) -> Option<Run> {
        let (main, path) = (&self.sources[0], "saltus/network");
        let word = |name: &str| main.word(path, name).unwrap_or_default();
        let (dt, duration) = (main.number(path, "dt")?, main.number(path, "duration")?);
        let flushed_until = flushed_until(main).ok()?;
        Some(Run {
            title: word("title"),
            network: main.texts(path).ok()?.into_iter().next()?,
            version: word("saltus_version"),
            host: word("host"),
            started_at: word("started_at"),
            seed: main.count(path, "seed")?,
            threads: main.count(path, "threads")?,
            dt,
            duration,
            warm_up: main.number(path, "warm_up")?,
            build_s: main.number(path, "build_s")?,
            flushed_until,
            complete: flushed_until >= (duration / dt).round() as i64,
        })
    }

    /// File, group, population and variable of all reports.
    fn report_groups(&self) -> Vec<(usize, String, String, String)> {
        let mut found = Vec::new();
        for (number, source) in self.sources.iter().enumerate() {
            let populations = source.groups("report").into_iter().map(|name| (join("report", &name), name));
            // Files from before populations have one report, at the root.
            let old = source.has("data").then(|| (String::new(), String::new()));
            for (group, population) in populations.chain(old) {
                let variable = source.word(&join(&group, "data"), "variable").unwrap_or_default();
                found.push((number, group, population, variable));
            }
        }
        found
    }
}

/// What grows in a recording of ours: the file beside it, if it is there, and the group.
pub(super) fn streams(main: &Source) -> Result<Vec<(Option<String>, String)>, FileError> {
    if !main.has("saltus/streams") {
        return Ok(Vec::new());
    }
    let split = |stream: String| match stream.rfind(":report/") {
        Some(colon) => (Some(stream[..colon].to_string()), stream[colon + 1..].to_string()),
        None => (None, stream),
    };
    Ok(main.texts("saltus/streams")?.into_iter().map(split).collect())
}

/// The step up to which a recording of ours is whole.
pub(super) fn flushed_until(main: &Source) -> Result<i64, FileError> {
    let numbers = main.integers("saltus/flushed_until")?;
    numbers.first().copied().ok_or_else(|| main.error("/saltus/flushed_until is empty"))
}

/// Start, stop and step.
pub(super) fn read_range(source: &Source, path: &str) -> Result<[f64; 3], FileError> {
    <[f64; 3]>::try_from(source.floats(path)?)
        .map_err(|_| source.error(format!("/{path} is not start, stop and step")))
}

/// The entry of a group that is meant; if there is only one, it need not be named.
pub(super) fn choose(
    source: &Source,
    group: &str,
    what: &str,
    name: &str,
    there: Vec<String>,
) -> Result<String, FileError> {
    if there.is_empty() {
        return Err(source.error(format!("there is nothing in /{group}")));
    }
    if name.is_empty() && there.len() == 1 {
        return Ok(there.into_iter().next().unwrap_or_default());
    }
    // Names with a slash cannot be names in HDF5.
    let link = name.replace('/', "_");
    if there.contains(&link) {
        return Ok(link);
    }
    let listed = there.join(", ");
    Err(source.error(match name {
        "" => format!("there are {what} several: {listed}; say which"),
        _ if there == [""] => format!("this file is from before populations; it has no {what} {name:?}"),
        _ => format!("there are no {what} {name:?}; there are {listed}"),
    }))
}

fn read_report(source: &Source, group: &str, population: &str, variable: &str) -> Result<Report, FileError> {
    // Ours have a second copy in double precision, if the run had it.
    let data = join(group, source.any(group, &["data64", "data"]).unwrap_or("data"));
    let mapping = join(group, "mapping");
    let shape = source.shape(&data)?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(source.error(format!("/{data} is not a table of samples and neurons")));
    };
    let Some(ids) = source.any(&mapping, &["node_ids", "gids"]) else {
        return Err(source.error(format!("/{mapping} has no node_ids (nor gids, as old files have)")));
    };
    let ids = source.ids(&join(&mapping, ids))?;
    let Some(pointers) = source.any(&mapping, &["index_pointers", "index_pointer"]) else {
        return Err(source.error(format!("/{mapping} has no index_pointers (nor index_pointer)")));
    };
    let mut pointers = source.ids(&join(&mapping, pointers))?;
    // Some writers leave the last one out.
    if pointers.len() == ids.len() {
        pointers.push(columns as u64);
    }
    let fits = pointers.len() == ids.len() + 1
        && pointers.is_sorted()
        && pointers.last().is_some_and(|&last| last == columns as u64);
    if !fits {
        return Err(
            source.error(format!("the index pointers of /{mapping} do not fit its node_ids and data"))
        );
    }
    let widths = pointers.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
    let neurons: Vec<u64> =
        ids.into_iter().zip(widths).flat_map(|(id, n)| std::iter::repeat_n(id, n)).collect();
    let [start, _, step] = read_range(source, &join(&mapping, "time"))?;
    let values = source.floats(&data)?;
    if neurons.len() != columns || values.len() != rows * columns {
        return Err(source.error(format!("/{data} has another size than its mapping")));
    }
    let unit = source.word(&data, "units").unwrap_or_default();
    let (population, variable) = (population.into(), variable.into());
    Ok(Report { population, variable, unit, start, step, neurons, values })
}
