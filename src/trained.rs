//! The folder that a training leaves, and what can be read back from it.

use crate::checkpoint::write_whole;
use crate::command::train::Log;
use anyhow::{Context, Result, anyhow, bail};
use recordings::hdf5::plain::{Edges, Plain};
use recordings::hdf5::tensors::{self, Tensor};
use serde_json::{Value, json};
use sim_core::parameter::{Argument, Arguments, Parameter};
use sim_core::source::{Source, nearest};
use sim_core::{parse, write};
use std::fs;
use std::path::{Path, PathBuf};
use training::MODELS;
use training::learning::State;
use training::lesson::Model;
use training::nets::export::{EDGES, Exported, SPIKES};
use training::weights::Named;

/// The folder of a training.
pub struct Run {
    folder: PathBuf,
}

/// What a run was asked for.
pub struct Config {
    /// What is trained.
    pub model: &'static Model,
    /// Its settings.
    pub arguments: Arguments,
}

impl Run {
    /// The folder, there or not.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the state stands while a run lasts.
    pub fn state_file(&self) -> PathBuf {
        self.folder.join("state.h5")
    }

    /// Where the figures stand.
    pub fn metrics_file(&self) -> PathBuf {
        self.folder.join("metrics.json")
    }

    /// Where the curve stands.
    pub fn curve_file(&self) -> PathBuf {
        self.folder.join("curve.svg")
    }

    fn config_file(&self) -> PathBuf {
        self.folder.join("config.ron")
    }

    fn weights_file(&self) -> PathBuf {
        self.folder.join("weights.h5")
    }

    /// Reads the settings of a new run.
    ///
    /// # Errors
    /// If the model or a setting is unknown, or if another run stands in the folder.
    pub fn wanted(&self, model: &str, settings: &[String]) -> Result<Config> {
        let model = MODELS.iter().find(|row| row.name.eq_ignore_ascii_case(model)).ok_or_else(|| {
            let names = MODELS.iter().map(|row| row.name);
            let hint =
                nearest(model, names.clone()).map_or(String::new(), |name| format!("; did you mean {name}?"));
            anyhow!("there is no model {model:?}{hint} (there are {})", names.collect::<Vec<_>>().join(", "))
        })?;
        let mut source = Source::new("settings", model.name);
        settings.iter().for_each(|setting| source.set(setting));
        let config = Config::read(&source)?;
        if self.config_file().exists() {
            bail!(
                "{} holds a run already; --resume goes on with it if it was interrupted, another --out begins anew",
                self.folder.display()
            );
        }
        Ok(config)
    }

    /// Makes the folder, and writes the settings to it.
    pub fn begin(&self, config: &Config) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        let text = write::plugin(config.model.name, &config.arguments);
        write_whole(&self.config_file(), text.as_bytes())
            .with_context(|| self.config_file().display().to_string())
    }

    /// What a run in the folder was asked for.
    ///
    /// # Errors
    /// If there is none, or its `config.ron` is broken.
    pub fn config(&self) -> Result<Config> {
        let path = self.config_file();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} is not the folder of a training", self.folder.display()))?;
        Config::read(&Source::new(path.display().to_string(), &text))
    }

    /// Saves where a run is.
    pub fn write_state(&self, state: &State, log: &Log) -> Result<()> {
        let best = state.best.map(|(step, figure)| json!([step, figure]));
        let about = json!({
            "step": state.step, "best": best, "losses": log.losses, "validations": log.validations,
            "measured": log.measured, "cpu_s": log.cpu_s,
        });
        let all: Vec<Tensor> = state.tensors.iter().cloned().map(tensor).collect();
        Ok(tensors::write(&self.state_file(), &all, &about.to_string())?)
    }

    /// Where an interrupted run was.
    ///
    /// # Errors
    /// If there is none, or its `state.h5` is broken.
    pub fn state(&self) -> Result<(State, Log)> {
        let path = self.state_file();
        if !path.exists() {
            bail!("no interrupted run stands in {}", self.folder.display());
        }
        let (tensors, about) = tensors::read(&path)?;
        let broken = || anyhow!("{} is broken", path.display());
        let about: Value = serde_json::from_str(&about).map_err(|_| broken())?;
        let points = |name: &str| -> Option<Vec<(f64, f64)>> {
            about[name]
                .as_array()?
                .iter()
                .map(|point| Some((point[0].as_f64()?, point[1].as_f64()?)))
                .collect()
        };
        let log = Log {
            losses: points("losses").ok_or_else(broken)?,
            validations: points("validations").ok_or_else(broken)?,
            measured: about["measured"].as_str().ok_or_else(broken)?.to_owned(),
            cpu_s: about["cpu_s"].as_f64().ok_or_else(broken)?,
        };
        let state = State {
            step: about["step"].as_u64().ok_or_else(broken)?,
            best: about["best"][0].as_u64().zip(about["best"][1].as_f64()),
            tensors: tensors.into_iter().map(named).collect(),
        };
        Ok((state, log))
    }

    /// Removes the state: the run is over.
    pub fn forget_state(&self) -> Result<()> {
        fs::remove_file(self.state_file()).with_context(|| self.state_file().display().to_string())
    }

    /// Writes the weights, with the settings they were trained by.
    pub fn write_weights(&self, weights: &[Tensor]) -> Result<()> {
        let about = fs::read_to_string(self.config_file())?;
        Ok(tensors::write(&self.weights_file(), weights, &about)?)
    }

    /// The trained weights.
    ///
    /// # Errors
    /// If the training is not over, or the file is broken.
    pub fn weights(&self) -> Result<Vec<Named>> {
        if !self.weights_file().exists() {
            bail!(
                "the training in {} is not over; saltus train --resume goes on with it",
                self.folder.display()
            );
        }
        Ok(tensors::read(&self.weights_file())?.0.into_iter().map(named).collect())
    }
}

impl Config {
    fn read(source: &Source) -> Result<Self> {
        let tables: Vec<(&'static str, &'static [Parameter])> =
            MODELS.iter().map(|row| (row.name, row.parameters)).collect();
        match parse::plugin(source, "a model", &tables) {
            Ok((row, arguments)) => Ok(Self { model: MODELS[row], arguments }),
            Err(mistakes) => {
                let drawn: Vec<String> = mistakes.iter().map(|mistake| source.draw(mistake)).collect();
                Err(anyhow!(drawn.concat().trim_end().to_owned()))
            }
        }
    }

    /// What `metrics.json` says of it.
    pub fn metrics(&self) -> Value {
        json!({
            "model": self.model.name,
            "task": self.arguments.word("task"),
            "data": self.arguments.text("data"),
            "seed": self.arguments.integer("seed"),
        })
    }

    /// Takes data from another folder.
    pub fn read_data(&mut self, folder: &Path) {
        let text = Argument::Text(folder.display().to_string());
        self.arguments = self.arguments.clone().with("data", text);
    }

    /// A title for pictures.
    pub fn title(&self) -> String {
        format!("{} learns {}", self.model.name, self.arguments.word("task"))
    }
}

/// Writes a network file and what it reads to a folder.
pub fn write_network(network: &Exported, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut synapses = Plain::create(&folder.join(EDGES))?;
    synapses.sonata()?;
    for one in &network.edges {
        let edges = Edges {
            source: &one.source,
            target: &one.target,
            sources: &one.sources,
            targets: &one.targets,
            weights: &one.weights,
            delays: Some(&one.delays[..]).filter(|delays| !delays.is_empty()),
        };
        synapses.edges(&one.name, &edges)?;
    }
    synapses.close()?;
    let mut input = Plain::create(&folder.join(SPIKES))?;
    input.sonata()?;
    input.spikes("input", &network.spikes)?;
    input.close()?;
    Ok(write_whole(&folder.join("network.ron"), network.network.as_bytes())?)
}

/// Tensors as files hold them.
pub fn tensors(named: Vec<Named>) -> Vec<Tensor> {
    named.into_iter().map(tensor).collect()
}

fn tensor(Named { name, shape, values }: Named) -> Tensor {
    Tensor { name, shape, values }
}

fn named(Tensor { name, shape, values }: Tensor) -> Named {
    Named { name, shape, values }
}
