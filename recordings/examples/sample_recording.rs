//! Writes a small recording with everything in it, for readers of other makers to be tried on:
//! `sample_recording FILE [abort]`; with `abort` the process is aborted on the way.

#[path = "../tests/clockwork/mod.rs"]
mod clockwork;

use clockwork::{Clockwork, plan};
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::recorder::{Existing, Recorder};
use sim_core::run::run;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: sample_recording FILE [abort]");
    let plan = plan();
    let mut machine = Clockwork::of(&plan);
    if arguments.next().is_some() {
        machine.abort_at = 6200;
    }
    let until = plan.duration;
    let provenance = Provenance::now("(a network text)", "0.1.0", 2, 0.5);
    let mut recorder = Recorder::create(Path::new(&path), plan, &provenance, &machine, Existing::Replace)
        .unwrap_or_else(|error| panic!("{error}"));
    run(&mut machine, until, &mut [&mut recorder], &AtomicBool::new(false))
        .unwrap_or_else(|error| panic!("{error}"));
}
