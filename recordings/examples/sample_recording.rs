//! Writes a small recording with everything in it, for readers of other makers to be tried on:
//! `sample_recording FILE [abort | double]`; with `abort` the process is aborted on the way, with
//! `double` values are in double precision.
//! `sample_recording FILE recover` makes it whole.

#[path = "../tests/clockwork/mod.rs"]
mod clockwork;

use clockwork::{Clockwork, plan};
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::recorder::{Existing, Recorder};
use recordings::hdf5::recovery::recover;
use sim_core::network::Precision;
use sim_core::run::run;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: sample_recording FILE [abort | double | recover]")?;
    let (path, word) = (Path::new(path), arguments.get(1).map(String::as_str));
    if word == Some("recover") {
        let recovered = recover(path)?;
        println!("whole up to {} ms", recovered.until_ms);
        return Ok(());
    }
    let mut plan = plan();
    if word == Some("double") {
        plan.precision = Precision::F64;
    }
    let mut machine = Clockwork::of(&plan);
    if word == Some("abort") {
        machine.abort_at = 6200;
    }
    let until = plan.duration;
    let provenance = Provenance::now("(a network text)", "0.1.0", 2, 0.5);
    let mut recorder = Recorder::create(path, plan, &provenance, &machine, Existing::Replace)?;
    run(&mut machine, until, &mut [&mut recorder], &AtomicBool::new(false))?;
    Ok(())
}
