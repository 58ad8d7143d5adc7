//! A trained network being compiled: what is written, run, compared and said.

use crate::bad_input::BadInput;
use crate::command::compile::CompileArgs;
use crate::compiled::answers::{Exam, Reading, Score};
use crate::compiled::program::{asked, cells, program};
use crate::compiled::report::{Report, rows};
use crate::compiled::{CONTINUOUS, digits, plain_digits, run, write, write_plain};
use crate::load::{build, threads};
use crate::open::open;
use crate::say;
use crate::trained::{Config, Run};
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use compiler::integers::Integers;
use compiler::integers::quantise::quantise;
use compiler::integers::ranges::Ranges;
use compiler::layers::Program;
use compiler::layers::run::Asked;
use compiler::reads::Problem;
use compiler::spikes::Code;
use compiler::spikes::chip::Chip;
use compiler::spikes::graph::Graph;
use recordings::hdf5::folder::Folder;
use serde_json::{Map, Value, json};
use sim_core::backend::Backend;
use std::fmt::Write as _;
use std::path::Path;
use training::lesson::{Job, Part};

/// A trained network and samples of its task.
pub struct Trained {
    config: Config,
    program: Program,
    reading: Reading,
    /// Samples that show how large values are.
    calibration: Vec<Asked>,
    /// Test samples, and their right answers.
    asked: Vec<Asked>,
    right: Vec<Vec<u32>>,
    /// What layers make of them.
    heads: Vec<Vec<Vec<f64>>>,
    /// Whether a network that would halt does.
    halts: bool,
}

/// Questions whose populations are counted and compared with the layers.
const MEASURED: usize = 20;

impl Trained {
    /// Reads the folder of a training.
    ///
    /// # Errors
    /// If it holds none, or one that cannot be compiled.
    pub fn read(args: &CompileArgs) -> Result<Self> {
        let at = Run::at(&args.run);
        let mut config = at.config().map_err(BadInput::of)?;
        if let Some(data) = &args.data {
            config.read_data(data);
        }
        let device = Device::flex();
        let lesson = (config.model.lesson)(&Job { arguments: &config.arguments, device: &device });
        let lesson = lesson.map_err(|problem| BadInput::of(anyhow!(problem)))?;
        let seen = lesson.questions(Part::Validation, args.calibration as usize);
        let test = lesson.questions(Part::Test, args.samples.unwrap_or(usize::MAX));
        let program = program(&config, at.weights().map_err(BadInput::of)?, test.as_ref().map_or(0, cells));
        let program = program.map_err(|problem| BadInput::of(anyhow!(problem)))?;
        let (Some(seen), Some(test)) = (seen, test) else {
            return Err(BadInput::of(anyhow!(
                "a {} that learns a vector of each puzzle cannot be compiled; one with puzzles=false can",
                config.model.name
            )));
        };
        let seen = asked(&seen);
        let head = |asked: &Asked| -> Vec<Vec<f64>> {
            let rounds = program.run(asked, |_, _| ());
            rounds.into_iter().map(|head| head.into_iter().map(f64::from).collect()).collect()
        };
        let asked = asked(&test);
        Ok(Self {
            reading: Reading::of(&program, test.blank),
            calibration: seen,
            right: test.answers,
            heads: asked.iter().map(head).collect(),
            halts: !args.all_rounds,
            asked,
            config,
            program,
        })
    }

    fn title(&self) -> String {
        format!("A network that was trained on {}, compiled to spikes", self.config.arguments.word("task"))
    }

    fn score(&self, heads: &[Vec<Vec<f64>>]) -> Score {
        let answer = |rounds: &Vec<Vec<f64>>| {
            self.reading
                .taken(rounds, self.halts)
                .last()
                .map(|head| self.reading.answer(head))
                .unwrap_or_default()
        };
        let theirs: Vec<_> = self.heads.iter().map(answer).collect();
        let exam = Exam { asked: &self.asked, right: &self.right };
        Score::of(&self.reading, heads, exam, &theirs, self.halts)
    }

    /// Compiles to whole numbers, and to spikes that say them.
    pub fn in_numbers(
        &self,
        code: Code,
        machines: &[&Backend],
        folder: &Path,
        args: &CompileArgs,
    ) -> Result<Value> {
        let bits = digits(code, args.bits, args.weight_bits);
        let network = quantise(&self.program, &Ranges::of(&self.program, &self.calibration), bits);
        let network = network.map_err(|problem| BadInput::of(anyhow!(problem)))?;
        let network = if self.halts { network } else { network.without_halt() };
        let graph = Graph::new(&network, code);
        let shown = &self.asked[..self.asked.len().min(args.questions as usize)];
        write(&graph, &network, shown, &self.title(), folder)
            .with_context(|| folder.display().to_string())?;
        let report = Report {
            rows: rows(&self.program, &network, &graph, &shown[..shown.len().min(MEASURED)]),
            machines: capable(folder)?,
            waves: network.waves.len() * network.rounds,
            graph: &graph,
        };
        let wholes = |asked: &Asked| real(&network, &network.run(asked, |_, _| ()));
        let heads: Vec<_> = self.asked.iter().map(wholes).collect();
        let mut scores = vec![
            ("layers".to_owned(), self.score(&self.heads), None),
            (format!("{}-bit numbers", args.bits), self.score(&heads), None),
        ];
        for machine in machines {
            let options = (args.threads.map(usize::from), args.json);
            let ran = run::run(&graph, &network, shown, folder, machine, options)?;
            let ran = ran.map_err(|refusal| BadInput::of(anyhow!(refusal)))?;
            let heads: Vec<_> = ran.answers.iter().map(|rounds| real(&network, rounds)).collect();
            scores.push((machine.name.to_owned(), self.score(&heads), Some(ran)));
        }
        if !args.json {
            say!(
                "{}\n{}",
                report.text(),
                table(&self.reading, &scores, (shown.len(), network.rounds)).trim_end()
            );
        }
        Ok(self.as_json(&report, &scores))
    }

    /// Compiles rectified layers to ordinary neurons, as chips have them.
    pub fn on_chips(&self, machines: &[&Backend], folder: &Path, args: &CompileArgs) -> Result<Value> {
        let bad = |problem: Problem| BadInput::of(anyhow!(problem));
        let bits = plain_digits(args.bits, args.weight_bits);
        let network = quantise(&self.program, &Ranges::of(&self.program, &self.calibration), bits);
        let network = network.map_err(bad)?.rectified();
        let shown = &self.asked[..self.asked.len().min(args.questions as usize)];
        let chip = Chip::new(&network, &self.calibration).map_err(bad)?;
        write_plain(&chip, &network, shown, &self.title(), folder)
            .with_context(|| folder.display().to_string())?;
        let heads: Vec<_> =
            self.asked.iter().map(|asked| real(&network, &network.run(asked, |_, _| ()))).collect();
        let mut scores = vec![
            ("layers".to_owned(), self.score(&self.heads), None),
            (format!("{}-bit numbers", args.bits), self.score(&heads), None),
        ];
        let mut refused = Vec::new();
        for machine in machines {
            let options = (args.threads.map(usize::from), args.json);
            match run::run_plain(&chip, &network, shown, folder, machine, options)? {
                Ok(ran) => {
                    let heads: Vec<_> = ran.answers.iter().map(|rounds| real(&network, rounds)).collect();
                    scores.push((machine.name.to_owned(), self.score(&heads), Some(ran)));
                }
                Err(why) => refused.push((machine.name, why)),
            }
        }
        if !args.json {
            let neurons: usize = chip.layers.iter().map(|layer| layer.size).sum();
            say!("{neurons} neurons; a question takes {} steps of 1 ms", chip.trial);
            say!("{}", table(&self.reading, &scores, (shown.len(), 1)).trim_end());
            refused.iter().for_each(|(name, why)| say!("{name} cannot take it: {}", why.trim_end()));
        }
        let mut all = self.config.metrics();
        all["steps"] = json!(chip.trial);
        all["scores"] = scores.iter().map(|row| self.row(row)).collect();
        all["refused"] = refused
            .into_iter()
            .map(|(name, why)| (name.to_owned(), json!(why)))
            .collect::<Map<_, _>>()
            .into();
        Ok(all)
    }

    /// Compiles to spikes in continuous time, and says how far they are from the layers.
    pub fn in_time(&self, folder: &Path, args: &CompileArgs) -> Result<Value> {
        let shown = &self.asked[..self.asked.len().min(args.questions as usize)];
        let seen: Vec<Asked> = self.calibration.iter().chain(shown).cloned().collect();
        let network = quantise(&self.program, &Ranges::of(&self.program, &seen), CONTINUOUS);
        let network = network.map_err(|problem| BadInput::of(anyhow!(problem)))?;
        let graph = Graph::continuous(&network).map_err(|problem| BadInput::of(anyhow!(problem)))?;
        write(&graph, &network, shown, &self.title(), folder)
            .with_context(|| folder.display().to_string())?;
        let options = (args.threads.map(usize::from), args.json);
        let sent = run::times(&graph, &network, shown.len(), folder, options)?;
        let heads: Vec<Vec<Vec<f64>>> = sent.into_iter().map(|head| vec![head]).collect();
        let pairs = heads.iter().zip(&self.heads).flat_map(|(sent, real)| sent[0].iter().zip(&real[0]));
        let (apart, largest) = pairs.fold((0.0_f64, 0.0_f64), |(apart, largest), (sent, real)| {
            (apart.max((sent - real).abs()), largest.max(real.abs()))
        });
        let score = self.score(&heads);
        if !args.json {
            say!(
                "{} {:.4}, agreement with the layers {:.4}; numbers of the head, up to {largest:.1}, are at most {apart:.1e} \
                 apart, on {} samples",
                self.reading.metric(),
                score.right,
                score.agreement,
                shown.len()
            );
        }
        let mut all = self.config.metrics();
        all["code"] = json!("exact");
        all["samples"] = json!(shown.len());
        all[self.reading.metric().replace(' ', "_")] = json!(score.right);
        all["agreement"] = json!(score.agreement);
        all["apart"] = json!(apart);
        all["largest"] = json!(largest);
        Ok(all)
    }
}

/// Numbers of the head in the unit of the layers.
fn real(network: &Integers, rounds: &[Vec<i64>]) -> Vec<Vec<f64>> {
    let grain = network.head.1.last().map_or(1.0, |unit| unit.sends.grain);
    rounds.iter().map(|head| head.iter().map(|number| *number as f64 * grain).collect()).collect()
}

/// What each machine says to the network.
fn capable(folder: &Path) -> Result<Vec<(&'static str, Option<String>)>> {
    let network = open(&folder.join("network.ron"), &[])?.network;
    let threads = threads(None);
    let one = |machine: &&'static Backend| {
        let built = build(&network, machine, &Folder::new(folder), (threads, threads), true);
        (machine.name, built.err())
    };
    Ok(backends::ALL.iter().map(one).collect())
}

/// Means of whole numbers are closer to them than this.
const ROUNDING: f64 = 1e-6;

type Row = (String, Score, Option<run::Ran>);

fn table(reading: &Reading, scores: &[Row], (shown, rounds): (usize, usize)) -> String {
    let bits = scores.iter().any(|(_, score, _)| score.bits.is_some());
    let mut text = format!(
        "{:<16} {:>12} {:>10} {:>8}{} {:>15} {:>20}\n",
        "",
        reading.metric(),
        "agreement",
        "rounds",
        if bits { "     bits" } else { "" },
        "spikes/question",
        "operations/question"
    );
    for (name, score, ran) in scores {
        let _ =
            write!(text, "{name:<16} {:>12.4} {:>10.4} {:>8.2}", score.right, score.agreement, score.rounds);
        if let Some(bits) = score.bits {
            let _ = write!(text, " {bits:>8.3}");
        }
        if let Some(ran) = ran {
            let each = |count: u64| count as f64 / shown.max(1) as f64;
            let _ = write!(text, " {:>15.0} {:>20.0}", each(ran.spikes), each(ran.operations));
            let _ = match &ran.first {
                None => write!(text, "  all {} numbers equal, {shown} samples", ran.numbers),
                Some(first) => write!(text, "  {} of {} numbers differ: {first}", ran.differ, ran.numbers),
            };
        }
        text.push('\n');
    }
    if let Some((_, score, _)) = scores.last().filter(|(_, score, _)| score.rounds < rounds as f64 - ROUNDING)
    {
        let saved = 100.0 * (1.0 - score.rounds / rounds as f64);
        let _ = writeln!(text, "halting saves {saved:.1} % of the waves");
    }
    text
}

impl Trained {
    fn row(&self, (name, score, ran): &Row) -> Value {
        let mut row = json!({
            "name": name, self.reading.metric().replace(' ', "_"): score.right, "agreement": score.agreement,
            "rounds": score.rounds,
        });
        if let Some(bits) = score.bits {
            row["bits_per_place"] = json!(bits);
        }
        if let Some(ran) = ran {
            row["spikes"] = json!(ran.spikes);
            row["operations"] = json!(ran.operations);
            row["numbers"] = json!(ran.numbers);
            row["numbers_differ"] = json!(ran.differ);
            row["seconds"] = json!(ran.seconds);
        }
        row
    }

    fn as_json(&self, report: &Report<'_>, scores: &[Row]) -> Value {
        let mut all = self.config.metrics();
        all["parameters"] = json!(self.program.parameters());
        all["network"] = report.json();
        all["scores"] = scores.iter().map(|row| self.row(row)).collect();
        all
    }
}
