//! `saltus compile`: a trained network of layers becomes a network file of spiking neurons.

use crate::bad_input::BadInput;
use crate::checkpoint::write_whole;
use crate::compiled::compiling::Trained;
use crate::load::backend;
use crate::say;
use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use compiler::spikes::Code;
use std::path::PathBuf;
use std::process::ExitCode;

/// What can be asked of `saltus compile`.
#[derive(Args)]
#[command(after_help = "Examples:
  saltus compile runs/sudoku                                  8 bits, as binary digits
  saltus compile runs/sudoku --code ttfs --bits 4 --questions 5
  saltus compile runs/digits --code rate --bits 4 --backend cpu --questions 100
  saltus compile runs/digits --chip --bits 4 --backend loihi  ordinary neurons, which chips have as well
  saltus run runs/sudoku/compiled/network.ron                 the network file is an ordinary one

Every value becomes a whole number of --bits bits, and every number is said in spikes: as a count (rate), as its binary
digits (phase), or by the time of one spike (ttfs). With --backend the network is run, and every number that its neurons
send is compared with the whole numbers.")]
pub struct CompileArgs {
    /// Folder of a training
    pub(crate) run: PathBuf,
    /// How numbers are said in spikes
    #[arg(long, value_enum, default_value = "phase")]
    pub(crate) code: Coding,
    /// Bits of a value, its sign included
    #[arg(long, value_name = "K", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=12))]
    pub(crate) bits: u32,
    /// Bits of a weight, its sign included
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=16))]
    pub(crate) weight_bits: u32,
    /// How many test samples the network file asks
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) questions: u32,
    /// How many test samples are answered in whole numbers for the table (default: all)
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<usize>,
    /// How many samples kept for validation show how large values are
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) calibration: u32,
    /// Folder of other data files
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Folder for the network file (default: compiled in the folder of the training)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Use ordinary integrate-and-fire neurons, as chips have them: rectified layers only, numbers as counts
    #[arg(long, conflicts_with = "code")]
    pub(crate) chip: bool,
    /// Take all rounds, though the network would halt
    #[arg(long)]
    pub(crate) all_rounds: bool,
    /// A machine to run it on, such as cpu; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Vec<String>,
    /// How many threads (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A code on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub enum Coding {
    /// Counts of spikes
    Rate,
    /// Binary digits, the largest first
    Phase,
    /// The time of one spike
    Ttfs,
    /// The time of one spike, not rounded: in continuous time, of rectified sums only
    Exact,
}

impl Coding {
    /// The code of whole numbers, if they are whole.
    fn code(self) -> Option<Code> {
        match self {
            Coding::Rate => Some(Code::Rate),
            Coding::Phase => Some(Code::Phase),
            Coding::Ttfs => Some(Code::Ttfs),
            Coding::Exact => None,
        }
    }
}

/// Compiles, writes, and shows what came of it.
pub fn compile(args: &CompileArgs) -> Result<ExitCode> {
    let known =
        |name: &String| backend(name).ok_or_else(|| BadInput::of(anyhow!("no backend is called {name:?}")));
    let machines = args.backend.iter().map(known).collect::<Result<Vec<_>>>()?;
    let trained = Trained::read(args)?;
    let folder = args.out.clone().unwrap_or_else(|| args.run.join("compiled"));
    let all = match args.code.code() {
        _ if args.chip => trained.on_chips(&machines, &folder, args)?,
        Some(code) => trained.in_numbers(code, &machines, &folder, args)?,
        None => trained.in_time(&folder, args)?,
    };
    let path = folder.join("report.json");
    write_whole(&path, format!("{all:#}\n").as_bytes()).with_context(|| path.display().to_string())?;
    if args.json {
        say!("{all:#}");
    } else {
        say!("wrote {} and report.json beside it", folder.join("network.ron").display());
    }
    Ok(ExitCode::SUCCESS)
}
