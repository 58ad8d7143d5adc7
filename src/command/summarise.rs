//! `saltus generate` of a training on summaries: what it writes about test documents, beside their references.

use crate::bad_input::BadInput;
use crate::command::generate::GenerateArgs;
use crate::command::unmask::Way;
use crate::complain;
use crate::trained::{Config, Run};
use anyhow::{Result, anyhow};
use burn::tensor::Device;
use sim_core::rng::Key;
use std::fmt::Write as _;
use training::lesson::Job;
use training::summaries::lesson::{documents, sizes, vocabulary};
use training::summaries::writer::{Asked, Writer};
use training::weights::Weights;

/// How many test documents are summarised unless it is said.
const DOCUMENTS: usize = 3;

/// Summaries of the first test documents, and a line about how.
pub fn summarise(args: &GenerateArgs, run: &Run, config: &Config) -> Result<Vec<u8>> {
    if args.unmask.fill.is_some() || args.unmask.sampler == Way::SemiAutoregressive {
        let message = "Summaries are written whole; --fill and --sampler semi-autoregressive are for an Mdlm";
        return Err(BadInput::of(anyhow!(message)));
    }
    let device = Device::flex();
    let job = Job { arguments: &config.arguments, device: &device };
    let sizes = sizes(job.arguments).map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let test = documents(&job).map_err(|problem| BadInput::of(anyhow!(problem)))?.test;
    let saved = run.weights().map_err(BadInput::of)?;
    let weights = Weights::load(sizes.declarations(), &saved, &device)
        .map_err(|misfit| BadInput::of(anyhow!("weights of {}: {misfit}", run.folder().display())))?;
    let writer = Writer {
        sizes: &sizes,
        weights: &weights,
        pieces: vocabulary(&saved, &sizes),
        importance: job.arguments.number("importance"),
        device: &device,
    };
    let asked = |number: usize| Asked {
        steps: args.unmask.steps,
        cached: args.unmask.sampler == Way::Cached,
        temperature: args.temperature,
        key: Key::new(args.seed).named("summary").numbered(number as u64),
    };
    let (mut text, mut calls) = (String::new(), 0);
    for (number, document) in test.iter().take(args.documents.unwrap_or(DOCUMENTS)).enumerate() {
        let (summary, more) = writer.summary(document, asked(number));
        calls += more;
        writeln!(text, "{}. {} …", number + 1, document.sentences[0].trim())?;
        writeln!(text, "   reference: {}", document.summaries[0])?;
        writeln!(text, "   summary:   {summary}")?;
    }
    complain!("  {calls} calls of the decoder");
    Ok(text.trim_end().as_bytes().to_vec())
}
