//! `saltus generate` of a masked diffusion model: a text that comes out of masks, shown as it does.

use crate::bad_input::BadInput;
use crate::command::generate::GenerateArgs;
use crate::complain;
use crate::trained::{Config, Run};
use anyhow::{Result, anyhow};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sim_core::rng::Key;
use training::mdlm::lesson::{schedule, sizes};
use training::mdlm::sampler::{Sampler, Windows};
use training::mdlm::study::Known;
use training::weights::Weights;

/// What can be asked of a masked diffusion model besides.
#[derive(Args)]
pub struct UnmaskArgs {
    /// Mdlm, Summaries: how places are unmasked
    #[arg(long, value_name = "NAME", default_value = "cached")]
    pub sampler: Way,
    /// Mdlm, Summaries: steps from all masks to none, for each window
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: u32,
    /// Mdlm: a text whose underscores are filled in
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["prompt", "length"])]
    pub fill: Option<String>,
    /// Mdlm: by how many bytes a window moves on (default: half a window)
    #[arg(long, value_name = "N")]
    pub stride: Option<usize>,
}

/// The samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// All places of one window, the network called in every step
    Ancestral,
    /// The same text, the network called only in steps that unmask something
    Cached,
    /// Window by window, as long as is asked for; the network called as by cached
    SemiAutoregressive,
}

/// What stands in a text to be filled where nothing is known.
const BLANK: u8 = b'_';
/// How masks are shown.
const MASK: char = '░';

/// A text drawn from the network, and a line about how.
pub fn unmask(args: &GenerateArgs, run: &Run, config: &Config) -> Result<Vec<u8>> {
    let sizes = sizes(&config.arguments).map_err(|problem| BadInput::of(anyhow!(problem)))?;
    let device = Device::flex();
    let saved = run.weights().map_err(BadInput::of)?;
    let weights = Weights::load(sizes.declarations(), &saved, &device)
        .map_err(|misfit| BadInput::of(anyhow!("weights of {}: {misfit}", run.folder().display())))?;
    let schedule = schedule(&saved);
    let known = Known { sizes: &sizes, weights: &weights, schedule: schedule.clone(), device: &device };
    let (mask, window) = (sizes.mask(), config.arguments.integer("window") as usize);
    let asked = &args.unmask;
    let sampler = Sampler {
        steps: asked.steps,
        cached: asked.sampler != Way::Ancestral,
        temperature: args.temperature,
        schedule,
        key: Key::new(args.seed).named("unmasked text"),
    };
    let network = |tokens: &[usize], sigma: f64| known.logits(tokens, sigma);
    let screen = Screen::new(mask);
    let mut text = begun(args, window, mask)?;
    let (visible, calls) = match asked.sampler {
        Way::SemiAutoregressive if asked.fill.is_none() => {
            let windows = Windows { window, stride: stride(asked, window)? };
            let (begun, length) = (text.len(), args.length.unwrap_or(500));
            let calls = sampler.go_on(&mut text, length, windows, mask, network, |text| screen.show(text));
            (begun, calls)
        }
        _ => {
            let visible = text.iter().filter(|token| **token != mask).count();
            (visible, sampler.fill(&mut text, mask, network, |text| screen.show(text)))
        }
    };
    screen.clear();
    complain!("  {} places unmasked in {calls} calls of the network", text.len() - visible);
    Ok(text.into_iter().map(|token| token as u8).collect())
}

/// What the text begins as.
fn begun(args: &GenerateArgs, window: usize, mask: usize) -> Result<Vec<usize>> {
    let token = |byte: u8| usize::from(byte);
    if let Some(text) = &args.unmask.fill {
        let token = |byte: u8| if byte == BLANK { mask } else { token(byte) };
        return fits(text.bytes().map(token).collect(), window);
    }
    let mut text: Vec<usize> = args.prompt.bytes().map(token).collect();
    if args.unmask.sampler == Way::SemiAutoregressive {
        return Ok(text);
    }
    let length = args.length.unwrap_or_else(|| window.saturating_sub(text.len()));
    text.resize(text.len() + length, mask);
    fits(text, window)
}

fn fits(text: Vec<usize>, window: usize) -> Result<Vec<usize>> {
    if text.len() > window {
        let message = format!(
            "the text is {} bytes, and the network learnt windows of {window}; --sampler semi-autoregressive \
             writes longer ones",
            text.len()
        );
        return Err(BadInput::of(anyhow!(message)));
    }
    Ok(text)
}

fn stride(args: &UnmaskArgs, window: usize) -> Result<usize> {
    let stride = args.stride.unwrap_or((window / 2).max(1));
    if stride == 0 || stride > window {
        return Err(BadInput::of(anyhow!("--stride {stride}: it is from 1 to the window, {window}")));
    }
    Ok(stride)
}

/// Shows a text on a terminal while it comes.
struct Screen {
    bar: ProgressBar,
    mask: usize,
}

impl Screen {
    fn new(mask: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is fixed and valid"));
        Self { bar, mask }
    }

    fn show(&self, text: &[usize]) {
        let bytes: Vec<u8> = text.iter().flat_map(|token| self.bytes(*token)).collect();
        self.bar.set_message(String::from_utf8_lossy(&bytes).into_owned());
        self.bar.tick();
    }

    fn bytes(&self, token: usize) -> Vec<u8> {
        if token == self.mask { MASK.to_string().into_bytes() } else { vec![token as u8] }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
