//! What is recorded is what happened, and it is still there when the run is not.

mod clockwork;

use clockwork::{Clockwork, plan};
use recordings::hdf5::error::FileError;
use recordings::hdf5::plan::Plan;
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::reading::Recording;
use recordings::hdf5::recorder::{Existing, Recorder};
use recordings::hdf5::recovery::recover;
use sim_core::backend::Machine;
use sim_core::network::Precision;
use sim_core::run::run;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// The text of the network, longer than an attribute may be.
fn network() -> String {
    "Netz: α → β\n".repeat(10_000)
}

fn provenance() -> Provenance {
    Provenance::now(&network(), "0.1.0", 3, 0.25)
}

fn record(path: &Path, plan: Plan, until: i64) -> Result<(), FileError> {
    let mut machine = Clockwork::of(&plan);
    let mut recorder = Recorder::create(path, plan, &provenance(), &machine, Existing::Refuse)?;
    run(&mut machine, until, &mut [&mut recorder], &AtomicBool::new(false)).expect("records");
    Ok(())
}

/// Spikes of the clockwork in steps `from + 1 ..= until`: those of one population, in order.
fn spikes(plan: &Plan, population: usize, from: i64, until: i64) -> Vec<(f64, u64)> {
    let members = &plan.populations[population];
    let entry = plan.spikes.iter().find(|spikes| spikes.population == population).expect("recorded");
    let at = |step: i64| {
        let fires = move |&&id: &&u32| (step + i64::from(id + members.first)) % 7 == 0;
        entry.neurons.iter().filter(fires).map(move |&id| (step as f64 * plan.dt, u64::from(id)))
    };
    (from + 1..=until).flat_map(at).collect()
}

/// Checks that a recording holds everything up to a step, in every detail.
fn assert_holds(path: &Path, plan: &Plan, until: i64) {
    let recording = Recording::open(path).expect("opens");
    assert_eq!(recording.spike_populations(), ["E", "I"]);
    for (population, name) in ["E", "I"].into_iter().enumerate() {
        let list = recording.spikes(name).expect("spikes");
        let found: Vec<(f64, u64)> = list.times.iter().copied().zip(list.neurons.iter().copied()).collect();
        assert_eq!(found, spikes(plan, population, plan.warm_up, until), "spikes of {name}");
        assert_eq!(list.size, Some(u64::from(plan.populations[population].size)));
    }
    assert_eq!(recording.spikes("I").expect("spikes").recorded, Some(3));
    for (probe, state) in plan.states.iter().enumerate() {
        let name = &plan.populations[state.population].name;
        let report = recording.report(name, &state.variable).expect("report");
        let first = plan.warm_up / state.every + 1;
        assert_eq!((report.start, report.unit.as_str()), ((first * state.every) as f64 * plan.dt, "mV"));
        assert_eq!(report.step, state.every as f64 * plan.dt);
        assert_eq!(report.neurons, state.neurons.iter().map(|&id| u64::from(id)).collect::<Vec<_>>());
        let value = |step: i64, id: u32| {
            let value = step as f64 + f64::from(id) / 3.0 + probe as f64 * 1e4;
            if plan.precision == Precision::F32 { f64::from(value as f32) } else { value }
        };
        let rows = (first..=until / state.every).map(|row| row * state.every);
        let expected: Vec<f64> =
            rows.flat_map(|step| state.neurons.iter().map(move |&id| value(step, id))).collect();
        assert_eq!(report.values, expected, "{} of {name}", state.variable);
    }
    let rate = recording.rate("E").expect("rate");
    let bins = (until - plan.warm_up) / 70;
    let count = |bin: i64| spikes(plan, 0, plan.warm_up + bin * 70, plan.warm_up + (bin + 1) * 70).len();
    let expected: Vec<f64> = (0..bins).map(|bin| count(bin) as f64 / (40.0 * 0.007)).collect();
    assert_eq!((rate.start, rate.step), (plan.warm_up as f64 * plan.dt, 70.0 * plan.dt));
    let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9 * b.max(1.0);
    assert!(rate.values.len() == expected.len() && rate.values.iter().zip(&expected).all(close));
    let weights = recording.weights("stdp").expect("weights");
    assert_eq!((weights.source.as_str(), weights.target.as_str()), ("E", "I"));
    assert_eq!(weights.unit, "pA");
    let order: Vec<(u64, u64)> =
        (0..10).flat_map(|target| (0..3).map(move |source| (source, target))).collect();
    assert!(weights.sources.iter().copied().zip(weights.targets.iter().copied()).eq(order));
    let start = (plan.warm_up <= until).then_some(plan.warm_up);
    let samples = start.into_iter().chain((1..=until / 2000).map(|sample| sample * 2000));
    let times: Vec<f64> = samples.map(|step| step as f64 * plan.dt).collect();
    assert_eq!(weights.times, times);
    for (row, time) in weights.values.chunks(30).zip(&times) {
        let now = (time / plan.dt).round();
        assert!(
            row.iter().enumerate().all(|(synapse, &weight)| weight == (synapse % 3) as f64 + now / 1024.0)
        );
    }
}

#[test]
fn everything_that_happened_after_the_warm_up_is_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    for precision in [Precision::F32, Precision::F64] {
        let plan = Plan { precision, ..plan() };
        record(&path, plan.clone(), plan.duration).expect("records");
        assert_holds(&path, &plan, plan.duration);
        assert_eq!(
            Recording::open(&path).expect("opens").reports(),
            [("E", "V_m"), ("I", "V_m"), ("E", "U_m")].map(|(a, b)| (a.to_string(), b.to_string()))
        );
        let run = Recording::open(&path).expect("opens").run().expect("ours");
        assert_eq!((run.seed, run.threads, run.network), (12345, 3, network()));
        assert_eq!((run.dt, run.duration, run.warm_up, run.build_s), (0.1, 1000.0, 10.0, 0.25));
        assert_eq!((run.flushed_until, run.complete), (10_000, true));
        std::fs::remove_file(&path).expect("is there");
        std::fs::remove_file(folder.path().join("run.U_m.h5")).expect("is beside it");
    }
}

#[test]
fn a_run_that_is_asked_to_stop_leaves_a_whole_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    record(&path, plan(), 4000).expect("records");
    assert_holds(&path, &plan(), 4000);
    assert!(!Recording::open(&path).expect("opens").run().expect("ours").complete);
    assert_eq!(recover(&path).expect("whole").repaired, Vec::<std::path::PathBuf>::new());
}

#[test]
fn an_existing_file_is_replaced_only_when_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let beside = folder.path().join("run.U_m.h5");
    std::fs::write(&beside, "precious").expect("writes");
    let error = record(&path, plan(), 100).expect_err("refuses");
    assert_eq!(error.to_string(), format!("{}: this file exists already", beside.display()));
    assert!(!path.exists());
    assert_eq!(std::fs::read(&beside).expect("is there"), b"precious");
    let machine = Clockwork::of(&plan());
    assert!(Recorder::create(&path, plan(), &provenance(), &machine, Existing::Replace).is_ok());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_in_words() {
    let error = record(Path::new("/nowhere/at/all/run.h5"), plan(), 100).expect_err("cannot");
    let text = error.to_string();
    assert!(text.starts_with("/nowhere/at/all/run.h5: cannot create the recording"), "{text}");
}

#[test]
fn readers_see_what_was_flushed_while_the_run_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let plan = plan();
    let mut machine = Clockwork::of(&plan);
    let mut recorder =
        Recorder::create(&path, plan.clone(), &provenance(), &machine, Existing::Refuse).expect("creates");
    for until in [2000, 6000] {
        run_on(&mut machine, &mut recorder, until);
        assert_eq!(recorder.wait().expect("writes"), until);
        assert_holds(&path, &plan, until);
        let run = Recording::open(&path).expect("opens").run().expect("ours");
        assert_eq!((run.flushed_until, run.complete), (until, false));
    }
    let error = recover(&path).expect_err("it is being written");
    assert!(error.message.starts_with("cannot be repaired"), "{error}");
}

#[test]
fn what_a_file_holds_does_not_depend_on_how_often_it_was_flushed() {
    let folder = tempfile::tempdir().expect("a folder");
    let [often, seldom] = ["often.h5", "seldom.h5"].map(|name| folder.path().join(name));
    // Too fast for a flush every 100 ms of model time.
    let usual = Plan { flush_every: None, checkpoint_every: None, ..plan() };
    record(&often, plan(), 6543).expect("records");
    record(&seldom, usual.clone(), 6543).expect("records");
    assert_same(&often, &seldom);
    // The steps at which one might have been are marked all the same.
    let mut machine = Clockwork { now: 3000, ..Clockwork::of(&usual) };
    let mut recorder =
        Recorder::resume(&seldom, usual.clone(), &provenance(), &machine, 3000).expect("goes on");
    run_on(&mut machine, &mut recorder, 5000);
    assert_eq!(recorder.wait().expect("writes"), 5000);
    assert_holds(&seldom, &usual, 5000);
}

/// Lives on without telling the recorder that the run is over.
fn run_on(machine: &mut Clockwork, recorder: &mut Recorder, until: i64) {
    use sim_core::observer::Observer;
    let mut epoch = sim_core::backend::Epoch::default();
    while machine.now() < until {
        let stop = recorder.next_stop(machine.now()).unwrap_or(until);
        machine.advance(until.min(stop).min(machine.now() + machine.epoch()), &mut epoch);
        recorder.see(&epoch, machine).expect("records");
    }
}

#[test]
fn a_recording_resumed_at_a_checkpoint_is_that_of_an_uninterrupted_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.h5");
    record(&whole, plan(), plan().duration).expect("records");
    // Interrupted before, at and after the checkpoint, which lies inside a bin of the rate.
    for (step, interrupted) in [(0, 1500), (2500, 2500), (2500, 4321), (4321, 4321), (7500, 9999)] {
        let path = folder.path().join(format!("{step}-{interrupted}.h5"));
        record(&path, plan(), interrupted).expect("records");
        let mut machine = Clockwork { now: step, ..Clockwork::of(&plan()) };
        let mut recorder = Recorder::resume(&path, plan(), &provenance(), &machine, step).expect("goes on");
        let until = plan().duration;
        run(&mut machine, until, &mut [&mut recorder], &AtomicBool::new(false)).expect("records");
        assert_holds(&path, &plan(), until);
        assert_same(&whole, &path);
        assert!(!folder.path().join(format!("{step}-{interrupted}.h5.part")).exists());
    }
}

/// Compares two recordings through the reader, value for value.
fn assert_same(one: &Path, other: &Path) {
    let [one, other] = [one, other].map(|path| Recording::open(path).expect("opens"));
    for name in ["E", "I"] {
        assert_eq!(one.spikes(name), other.spikes(name));
    }
    assert_eq!(one.rate("E"), other.rate("E"));
    assert_eq!(one.weights("stdp"), other.weights("stdp"));
    assert_eq!(one.reports(), other.reports());
    for (population, variable) in one.reports() {
        assert_eq!(one.report(&population, &variable), other.report(&population, &variable));
    }
}

#[test]
fn a_recording_cannot_go_on_elsewhere_or_as_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    record(&path, plan(), 4000).expect("records");
    let resume = |plan: Plan, step| {
        let machine = Clockwork { now: step, ..Clockwork::of(&plan) };
        Recorder::resume(&path, plan, &provenance(), &machine, step).map(|_| ()).expect_err("refuses").message
    };
    assert_eq!(
        resume(plan(), 2345),
        "this recording cannot go on at step 2345: it reaches step 4000, and was not flushed there"
    );
    let other = Plan { seed: 1, ..plan() };
    assert_eq!(resume(other, 2500), "this is the recording of another network, seed or time step");
    assert_holds(&path, &plan(), 4000);
}

/// The variable that makes the test binary the child that is killed.
const CHILD: &str = "SALTUS_RECORDING_CHILD";

/// Records for ever and prints each step that is confirmed; does nothing unless it is the child.
#[test]
fn the_child_records_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let plan = Plan { duration: 10_000_000, flush_every: Some(300), ..plan() };
    let mut machine = Clockwork::of(&plan);
    let mut recorder =
        Recorder::create(Path::new(&path), plan, &provenance(), &machine, Existing::Refuse).expect("creates");
    for until in (300..).step_by(300) {
        run_on(&mut machine, &mut recorder, until);
        println!("confirmed {}", recorder.flushed_until());
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_takes_nothing_that_was_confirmed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    // A limit on the size of files stands in for the end of a disk.
    let script = "trap '' XFSZ; ulimit -f 6000; exec \"$0\" \"$@\"";
    let child = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "the_child_records_until_it_is_killed", "--nocapture"])
        .env(CHILD, &path)
        .output()
        .expect("runs");
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    let told = out.lines().filter_map(|line| line.split_once("confirmed ")?.1.parse::<i64>().ok()).max();
    let told = told.expect("confirms");
    assert!(err.contains("run.h5: cannot write the recording: "), "{err}");
    assert!(err.contains(" ms is safe in the file"), "{err}");
    assert!(told > 0 && Recording::open(&path).expect("opens").run().expect("ours").flushed_until >= told);
    let found = recover(&path).expect("is ours").until;
    assert!(found >= told);
    assert_holds(&path, &Plan { duration: 10_000_000, flush_every: Some(300), ..plan() }, found);
}

#[test]
fn a_kill_takes_nothing_that_was_confirmed() {
    let folder = tempfile::tempdir().expect("a folder");
    for kill in 0..12 {
        let path = folder.path().join(format!("{kill}.h5"));
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "the_child_records_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut confirmed = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("confirmed ").and_then(|(_, step)| step.parse::<i64>().ok()))
            .filter(|&step| step > 0);
        let told = confirmed.nth(kill).expect("confirms");
        // Somewhere on the way to the next flush, or in the middle of it.
        std::thread::sleep(std::time::Duration::from_micros(137 * kill as u64));
        child.kill().expect("is killed");
        let told = confirmed.last().unwrap_or(told);
        child.wait().expect("is dead");

        let plan = Plan { duration: 10_000_000, flush_every: Some(300), ..plan() };
        let found = Recording::open(&path).expect("opens").run().expect("ours").flushed_until;
        assert!(found >= told, "the file holds {found}, {told} was confirmed");
        let recovered = recover(&path).expect("is ours");
        assert_eq!((recovered.until, recovered.repaired.len()), (found, 2));
        assert_holds(&path, &plan, found);
        let bytes = std::fs::read(&path).expect("is there");
        assert_eq!(recover(&path).expect("is whole").repaired.len(), 0);
        assert_eq!(bytes, std::fs::read(&path).expect("is there"));
    }
}
