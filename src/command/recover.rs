//! `saltus recover`: makes a recording whole after a crash.

use crate::complain;
use crate::say;
use anyhow::Result;
use clap::Args;
use recordings::hdf5::recovery::recover as recover_recording;
use std::path::PathBuf;
use std::process::ExitCode;

/// What can be asked of `saltus recover`.
#[derive(Args)]
#[command(after_help = "Example:\n  saltus recover out/brunel/spikes.h5")]
pub struct RecoverArgs {
    /// Recordings of runs that were killed
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Recovers each file; all are tried.
pub fn recover(args: &RecoverArgs) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        match recover_recording(file) {
            Ok(recovered) => {
                let did = if recovered.repaired.is_empty() { "was whole" } else { "is whole again" };
                say!("{}: {did}, up to {} ms", file.display(), recovered.until_ms);
            }
            Err(error) => {
                complain!("error: {error}");
                code = ExitCode::from(2);
            }
        }
    }
    Ok(code)
}
