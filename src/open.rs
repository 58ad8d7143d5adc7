//! From a file on disk, with what the command line changes, to a checked network.

use crate::checkpoint::{digest, write_whole};
use crate::complain;
use crate::output::Output;
use crate::vocabulary::VOCABULARY;
use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde_json::{Value, json};
use sim_core::network::Network;
use sim_core::parse;
use sim_core::source::{Severity, Source};
use sim_core::units::{Dimension, Unit};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Mistakes and warnings that are drawn at most: who has more begins with the first.
const MOST_DRAWN: usize = 50;

/// What the command line may change about a network file.
#[derive(Args, Default)]
pub struct OpenArgs {
    /// Change a value of the file, named by its path; may be given several times
    #[arg(
        long,
        value_name = "PATH=VALUE",
        help = "Change a value of the file, e.g. scale=0.1, 'projections[1].weight=mV(-0.3)', \
                'populations.E.size=100'; may be given several times"
    )]
    pub set: Vec<String>,
    /// Seed of all random numbers
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How long to simulate, e.g. 2s, 500ms
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Model time between checkpoints, e.g. 1s
    #[arg(long, value_name = "TIME")]
    pub checkpoint_every: Option<String>,
}

/// A network file that was read and checked.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub path: PathBuf,
    /// Its text with the settings of the command line.
    pub source: Source,
    /// What it means.
    pub network: Arc<Network>,
}

impl OpenArgs {
    /// Reads and checks a file; what there is to say is printed to stderr.
    ///
    /// # Errors
    /// The exit code of the program: 2 for bad input.
    pub fn open(&self, path: &Path) -> Result<Opened, ExitCode> {
        let opened = self.settings().map_err(|error| anyhow!(error)).and_then(|sets| open(path, &sets));
        opened.map_err(|error| {
            tell(&error);
            ExitCode::from(2)
        })
    }

    fn settings(&self) -> Result<Vec<String>, String> {
        let mut settings = self.set.clone();
        settings.extend(self.seed.map(|seed| format!("simulation.seed={seed}")));
        for (path, time) in [("duration", &self.duration), ("checkpoint_every", &self.checkpoint_every)] {
            if let Some(time) = time {
                settings.push(format!("simulation.{path}={}", time_value(time)?));
            }
        }
        Ok(settings)
    }
}

/// Reads and checks a network's text; the error is every mistake, drawn.
pub fn read(name: &str, text: &str, settings: &[String]) -> Result<Network, String> {
    let mut source = Source::new(name, text);
    settings.iter().for_each(|setting| source.set(setting.as_str()));
    let drawn =
        |found: Vec<sim_core::source::Diagnostic>| found.iter().map(|d| source.draw(d)).collect::<String>();
    parse::network(&source, &VOCABULARY).map(|(network, _)| network).map_err(drawn)
}

/// Says what went wrong; mistakes in a file or a setting are drawn and say "error" themselves.
pub fn tell(error: &anyhow::Error) {
    let text = format!("{error:#}");
    if text.contains(": error: ") {
        complain!("{}", text.trim_end());
    } else {
        complain!("error: {text}");
    }
}

/// Reads and checks a network file; the error is every mistake, drawn.
pub fn open(path: &Path, settings: &[String]) -> Result<Opened> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let text =
            String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let (line, column) = Source::new("", &text).line_column(text.len());
        anyhow!("{}:{line}:{column}: this is not text in UTF-8; save the file as UTF-8", path.display())
    })?;
    opened(path, &text, settings)
}

fn opened(path: &Path, text: &str, settings: &[String]) -> Result<Opened> {
    let mut source = Source::new(path.display().to_string(), text);
    settings.iter().for_each(|setting| source.set(setting.as_str()));
    match parse::network(&source, &VOCABULARY) {
        Ok((network, warnings)) => {
            warnings.iter().for_each(|warning| complain!("{}", source.draw(warning).trim_end()));
            Ok(Opened { path: path.to_owned(), source, network: Arc::new(network) })
        }
        Err(found) => {
            let mistakes = found.iter().filter(|d| d.severity == Severity::Error).count();
            let mut drawn: String = found.iter().take(MOST_DRAWN).map(|d| source.draw(d)).collect();
            if found.len() > MOST_DRAWN {
                drawn += &format!("the first {MOST_DRAWN} are shown; ");
            }
            if mistakes > 1 {
                drawn += &format!("{mistakes} mistakes\n");
            }
            Err(anyhow!(drawn))
        }
    }
}

/// Opens what [`Opened::note`] noted: the network as it was run, where its files are, and on which backend.
pub fn reopen(note: &Path) -> Result<(Opened, Output, String)> {
    let text = fs::read_to_string(note).with_context(|| format!("{} cannot be read", note.display()))?;
    let noted: Value = serde_json::from_str(&text).with_context(|| note.display().to_string())?;
    let said = |name: &str| {
        noted[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| anyhow!("{}: {name} is missing", note.display()))
    };
    let settings: Vec<String> = noted["settings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| Some(s.as_str()?.to_owned()))
        .collect();
    let opened = opened(Path::new(&said("file")?), &said("network")?, &settings)?;
    let checkpoints = note.parent().unwrap_or(Path::new("")).to_owned();
    let folder = checkpoints.parent().unwrap_or(Path::new("")).to_owned();
    let output = Output {
        recording: folder.join(said("recording")?),
        raster: folder.join(said("raster")?),
        summary: folder.join(said("summary")?),
        checkpoints,
    };
    Ok((opened, output, said("backend")?))
}

impl Opened {
    /// The text as run: settings of the command line stand as comments above it.
    pub fn text(&self) -> String {
        let settings = self.source.settings().map(|(_, setting)| format!("// --set {setting}\n"));
        settings.chain([self.source.text.clone()]).collect()
    }

    /// Tells this network from others: a checkpoint belongs to one.
    pub fn digest(&self) -> u64 {
        digest(self.text().as_bytes())
    }

    /// Writes down what is being run, so that it can be resumed from a checkpoint beside the note.
    pub fn note(&self, path: &Path, output: &Output, backend: &str) -> Result<()> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let settings: Vec<&str> = self.source.settings().map(|(_, setting)| setting).collect();
        let file = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let note = json!({
            "file": file,
            "network": self.source.text,
            "settings": settings,
            "backend": backend,
            "recording": name(&output.recording),
            "raster": name(&output.raster),
            "summary": name(&output.summary),
        });
        write_whole(path, format!("{note:#}\n").as_bytes())
            .with_context(|| format!("{} was not written", path.display()))
    }
}

/// "500ms" → "ms(500)"; what already is a value of the file's language stays as it is.
fn time_value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.ends_with(')') {
        return Ok(text.to_owned());
    }
    time(text).map(|(value, (unit, _))| format!("{unit}({value:?})"))
}

/// "0.5s" → 500.
pub fn milliseconds(text: &str) -> Result<f64, String> {
    time(text.trim()).map(|(value, (_, factor))| value * factor)
}

/// A number with a unit of time behind it.
fn time(text: &str) -> Result<(f64, Unit), String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = Dimension::Time.units().iter().find(|known| known.0 == unit);
    match (number.trim().parse::<f64>(), unit) {
        (Ok(value), Some(&unit)) if value.is_finite() => Ok((value, unit)),
        _ => Err(format!("{text:?} is not a time; write 2s, 500ms or 50us")),
    }
}

#[cfg(test)]
mod tests {
    use super::{milliseconds, time_value};

    #[test]
    fn a_time_on_the_command_line_may_stand_with_its_unit_behind_it() {
        assert_eq!(time_value("500ms").as_deref(), Ok("ms(500.0)"));
        assert_eq!(time_value("2 s").as_deref(), Ok("s(2.0)"));
        assert_eq!(time_value("s(2)").as_deref(), Ok("s(2)"));
        assert!(time_value("20").is_err());
        assert!(time_value("fast").is_err());
        assert_eq!(milliseconds("0.5s"), Ok(500.0));
    }
}
