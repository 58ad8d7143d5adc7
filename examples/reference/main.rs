//! Runs every case of a folder of references and compares: traces, spikes, weights, networks.
//!
//! ```text
//! cargo run --release --example reference -- FOLDER [--f32] [--only PART]
//! ```
//!
//! Each case is written as a network file, and goes down the ordinary road: text, network,
//! connectivity, machine. One line a case: its name, the largest difference, how many spikes
//! matched, and `pass`, `fail` or `unsupported` with the model that is missing. The exit code is 1
//! if a case failed, 2 if the folder cannot be read.
//!
//! Tolerances in double precision: linear models 1e-9 mV and every spike on its step; conductance
//! models 1e-4 mV, spikes within a step for 1 % of them; AdEx 1e-2 mV below -45 mV, spikes within a
//! step; Hodgkin–Huxley 0.5 mV rms, spikes within 0.1 ms; off-grid spikes 1e-9 ms; plastic weights
//! 1e-9 of their size; the Izhikevich gallery bit by bit. Single precision (`--f32`) keeps 24 bits
//! of a voltage of some 70 mV, so about 1e-5 mV a step; what it is allowed is in
//! [`tolerance`].

mod case;
mod networks;
mod neurons;
mod patterns;
mod road;
mod synapses;
mod tolerance;

use case::{Outcome, Verdict};
use std::path::Path;
use std::process::ExitCode;
use tolerance::Precision;

fn main() -> ExitCode {
    let mut folder = None;
    let mut only = None;
    let mut precision = Precision::F64;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--f32" => precision = Precision::F32,
            "--only" => only = arguments.next(),
            _ => folder = Some(argument),
        }
    }
    let Some(folder) = folder.filter(|folder| Path::new(folder).is_dir()) else {
        eprintln!(
            "usage: reference FOLDER [--f32] [--only PART]; FOLDER holds neurons/, synapses/, networks/ …"
        );
        return ExitCode::from(2);
    };
    let wanted = |name: &str| only.as_deref().is_none_or(|part| name.contains(part));
    let (mut passed, mut failed, mut unsupported) = (0, 0, 0);
    let mut tell = |outcome: Outcome| {
        match outcome.verdict {
            Verdict::Pass => passed += 1,
            Verdict::Fail(_) => failed += 1,
            Verdict::Unsupported(_) => unsupported += 1,
        }
        println!("{outcome}");
    };
    let folder = Path::new(&folder);
    let kinds: [case::Kind; 4] = [
        ("neurons", neurons::cases),
        ("synapses", synapses::cases),
        ("networks", networks::cases),
        ("patterns", patterns::cases),
    ];
    for (_, cases) in kinds {
        for case in cases(folder) {
            if wanted(&case.name) {
                tell(case.run(precision));
            }
        }
    }
    println!("{passed} passed, {failed} failed, {unsupported} unsupported");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
