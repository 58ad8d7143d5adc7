//! `saltus generate`: a trained language model writes a text.

use crate::bad_input::BadInput;
use crate::command::summarise::summarise;
use crate::command::unmask::{UnmaskArgs, unmask};
use crate::trained::{Config, Run};
use anyhow::{Result, anyhow};
use clap::Args;
use std::io::{self, ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use training::bdh;
use training::bdh::generate::Writer;
use training::bdh::lesson::Form;
use training::bdh::native::Native;
use training::mdlm;
use training::summaries;

/// What can be asked of `saltus generate`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus generate runs/shakespeare --prompt 'ROMEO:' --length 500
  saltus generate runs/shakespeare --prompt 'ROMEO:' --temperature 0.7 --seed 2
  saltus generate runs/masked --steps 32                              a window of text out of masks
  saltus generate runs/masked --fill 'To be, or ___ to be'
  saltus generate runs/masked --sampler semi-autoregressive --length 1000
  saltus generate runs/summaries --steps 20 --temperature 0.5         of three test documents

A Bdh runs event by event, and what it remembers is its synaptic state. A text of an Mdlm is shown while its places
are unmasked, if a terminal can show it.")]
pub struct GenerateArgs {
    /// Folder of a training of Bdh, Mdlm or Summaries
    run: PathBuf,
    /// The text to go on with
    #[arg(long, value_name = "TEXT", default_value = "\n")]
    pub prompt: String,
    /// How many bytes to write (default: 500, or what is left of a window)
    #[arg(long, value_name = "N")]
    pub length: Option<usize>,
    /// Below 1 likely bytes are preferred, 0 always takes the likeliest
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    pub temperature: f64,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Summaries: how many test documents (default: 3)
    #[arg(long, value_name = "N", conflicts_with_all = ["prompt", "length", "fill"])]
    pub documents: Option<usize>,
    /// What only an Mdlm is asked
    #[command(flatten)]
    pub unmask: UnmaskArgs,
}

/// Writes a text to standard output.
pub fn generate(args: &GenerateArgs) -> Result<ExitCode> {
    if !(args.temperature >= 0.0 && args.temperature.is_finite()) {
        return Err(BadInput::of(anyhow!("--temperature {}: it is 0 or more", args.temperature)));
    }
    let run = Run::at(&args.run);
    let config = run.config().map_err(BadInput::of)?;
    let mut out = stdout().lock();
    let mut show = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush());
    let name = config.model.name;
    let shown = if name == mdlm::lesson::MODEL.name {
        show(&unmask(args, &run, &config)?)
    } else if name == summaries::lesson::MODEL.name {
        show(&summarise(args, &run, &config)?)
    } else if name == bdh::lesson::MODEL.name {
        go_on(args, &run, &config, &mut show)?
    } else {
        return Err(BadInput::of(anyhow!("a {name} does not write text; a Bdh, an Mdlm or Summaries do")));
    };
    match shown.and_then(|()| show(b"\n")) {
        // Whoever read has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        done => Ok(done.map(|()| ExitCode::SUCCESS)?),
    }
}

/// The prompt and what a Bdh writes after it, as it comes.
fn go_on(
    args: &GenerateArgs,
    run: &Run,
    config: &Config,
    show: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<io::Result<()>> {
    if args.unmask.fill.is_some() {
        return Err(BadInput::of(anyhow!("a Bdh goes on with a text; --fill is for an Mdlm")));
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
    let mut written = Writer::new(net, window, args.prompt.as_bytes(), args.temperature, args.seed);
    let length = args.length.unwrap_or(500);
    Ok(show(args.prompt.as_bytes())
        .and_then(|()| written.by_ref().take(length).try_for_each(|byte| show(&[byte]))))
}
