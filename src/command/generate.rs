//! `saltus generate`: a trained language model goes on with a text, character by character.

use crate::bad_input::BadInput;
use crate::trained::Run;
use anyhow::{Result, anyhow};
use clap::Args;
use std::io::{ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use training::bdh;
use training::bdh::generate::Writer;
use training::bdh::lesson::Form;
use training::bdh::native::Native;

/// What can be asked of `saltus generate`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus generate runs/shakespeare --prompt 'ROMEO:' --length 500
  saltus generate runs/shakespeare --prompt 'ROMEO:' --temperature 0.7 --seed 2

The network runs event by event; what it remembers is its synaptic state.")]
pub struct GenerateArgs {
    /// Folder of a training of Bdh
    run: PathBuf,
    /// The text to go on with
    #[arg(long, value_name = "TEXT", default_value = "\n")]
    prompt: String,
    /// How many bytes to write
    #[arg(long, value_name = "N", default_value_t = 500)]
    length: usize,
    /// Below 1 likely bytes are preferred, 0 always takes the likeliest
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    temperature: f64,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Writes the prompt and what follows it to standard output as it comes.
pub fn generate(args: &GenerateArgs) -> Result<ExitCode> {
    if !(args.temperature >= 0.0 && args.temperature.is_finite()) {
        return Err(BadInput::of(anyhow!("--temperature {}: it is 0 or more", args.temperature)));
    }
    let run = Run::at(&args.run);
    let config = run.config().map_err(BadInput::of)?;
    if config.model.name != bdh::lesson::MODEL.name {
        return Err(BadInput::of(anyhow!("a {} does not write text; a Bdh does", config.model.name)));
    }
    if config.arguments.word("task") != "text" || Form::of(&config.arguments) != Form::Released {
        let message = "only a Bdh of the released form that was trained on text writes text";
        return Err(BadInput::of(anyhow!(message)));
    }
    let sizes = bdh::lesson::sizes(&config.arguments).map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let saved = run.weights().map_err(BadInput::of)?;
    let net = Native::new(sizes, &saved)
        .map_err(|misfit| BadInput::of(anyhow!("weights of {}: {misfit}", run.folder().display())))?;
    let window = config.arguments.integer("window") as usize;
    let written = Writer::new(net, window, args.prompt.as_bytes(), args.temperature, args.seed);
    let mut out = stdout().lock();
    let mut show = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush());
    let shown = show(args.prompt.as_bytes())
        .and_then(|()| written.take(args.length).try_for_each(|byte| show(&[byte])))
        .and_then(|()| show(b"\n"));
    match shown {
        // Whoever read has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        done => Ok(done.map(|()| ExitCode::SUCCESS)?),
    }
}
