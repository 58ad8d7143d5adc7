//! The program in bad hands and on bad machines: it says what is wrong, ends with the right code,
//! and never panics.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SMALL: &str = r#"(
    format: 1,
    populations: [(name: "E", size: 100, model: IafPscExp(I_e: pA(400)))],
    projections: [(from: ["E"], to: ["E"], rule: FixedIndegree(n: 8), weight: pA(1), delay: ms(1.5))],
    recordings: [(what: Spikes, from: ["E"])],
    simulation: (duration: ms(100), dt: ms(0.1), seed: 42),
)"#;

fn saltus(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saltus"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

/// The same in a shell, with something around it: `$0` is the program.
fn in_shell(folder: &Path, line: &str) -> Output {
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", line, env!("CARGO_BIN_EXE_saltus")]).output().expect("sh starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ends with this code and these words.
fn refuses(output: &Output, code: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word} is not in\n{said}"));
}

fn with_small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.ron"), SMALL).unwrap();
    folder
}

#[test]
fn a_reader_that_goes_away_is_not_missed() {
    let folder = with_small();
    for verb in ["list --json", "check small.ron", "graph small.ron --out g", "run small.ron --out o"] {
        let line = format!("{{ \"$0\" {verb}; echo code $? >&2; }} | true");
        let output = in_shell(folder.path(), &line);
        assert!(said(&output).contains("code 0"), "{verb}: {}", said(&output));
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_a_failure_and_no_panic() {
    if Path::new("/dev/full").exists() {
        let output = in_shell(with_small().path(), "\"$0\" list > /dev/full");
        refuses(&output, 1, &["standard output cannot be written"]);
        refuses(&in_shell(with_small().path(), "\"$0\" check gone.ron 2> /dev/full"), 2, &[]);
    }
}

#[test]
fn more_threads_than_a_file_may_ask_for_are_refused_as_a_flag_too() {
    let folder = with_small();
    for threads in ["0", "10000", "1000000000000000000000"] {
        let output = saltus(folder.path(), &["run", "small.ron", "--threads", threads]).output().unwrap();
        refuses(&output, 2, &["--threads", threads]);
    }
}

#[test]
fn a_network_larger_than_the_memory_is_refused_before_it_is_built() {
    let folder = with_small();
    let limited =
        |arguments: &str| in_shell(folder.path(), &format!("ulimit -v 4000000; exec \"$0\" {arguments}"));
    if limited("list").status.code() != Some(0) {
        println!("skipped: this shell cannot limit memory");
        return;
    }
    let synapses = "--set 'projections[0].rule.n=50000000'";
    for verb in ["run", "graph"] {
        let output = limited(&format!("{verb} small.ron --out big {synapses}"));
        refuses(&output, 2, &["GB of memory", "are free"]);
    }
    let grown = "--set 'projections[0].rule=BarabasiAlbert(m: 2000)' --set populations.E.size=1000000";
    refuses(&limited(&format!("run small.ron --out big {grown}")), 2, &["GB of memory"]);
    let neurons = "--set populations.E.size=4000000000 --set 'projections=[]' --set 'recordings=[]'";
    refuses(&limited(&format!("run small.ron --out big {neurons}")), 2, &["GB of memory"]);
    assert!(!folder.path().join("big").exists(), "nothing is left behind");
    assert_eq!(limited(&format!("check small.ron {synapses}")).status.code(), Some(0));
}

#[test]
fn delays_that_nothing_limits_are_refused_if_they_do_not_fit() {
    let folder = with_small();
    for delay in ["s(7)", "Normal(mean: s(6), sd: s(1), min: ms(1))", "Uniform(low: s(1), high: s(9))"] {
        let set = format!("projections[0].delay={delay}");
        let output = saltus(folder.path(), &["run", "small.ron", "--set", &set]).output().unwrap();
        refuses(&output, 2, &["65535 steps"]);
    }
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_its_place() {
    let folder = with_small();
    let text = [&SMALL.as_bytes()[..20], b"\xe9", &SMALL.as_bytes()[20..]].concat();
    fs::write(folder.path().join("latin.ron"), text).unwrap();
    let output = saltus(folder.path(), &["check", "latin.ron"]).output().unwrap();
    refuses(&output, 2, &["latin.ron:3:4: ", "UTF-8"]);
}

#[test]
fn ten_thousand_mistakes_are_counted_but_not_all_shown() {
    let folder = with_small();
    let wrong: String = (0..10_000).map(|i| format!("(name: \"P{i}\", size: 1, model: Foo),\n")).collect();
    fs::write(
        folder.path().join("wrong.ron"),
        SMALL.replace("populations: [", &format!("populations: [{wrong}")),
    )
    .unwrap();
    let output = saltus(folder.path(), &["check", "wrong.ron"]).output().unwrap();
    refuses(&output, 2, &["10000 mistakes", "the first 50"]);
    assert!(said(&output).lines().count() < 300);
}

#[test]
fn files_that_are_something_else_are_bad_input() {
    let folder = with_small();
    let path = folder.path();
    let refused = |arguments: &[&str], words: &[&str]| {
        refuses(&saltus(path, arguments).output().unwrap(), 2, words);
    };
    refused(&["plot", "small.ron"], &["small.ron", "not an HDF5 file"]);
    refused(&["plot", "gone.h5"], &["gone.h5"]);
    refused(&["recover", "."], &["not a file"]);
    refused(&["run", "--resume", "gone"], &["gone"]);
    refused(&["run", "--resume", "small.ron"], &["run.json"]);
    let run =
        saltus(path, &["run", "small.ron", "--out", "o", "--checkpoint-every", "50ms"]).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    refused(&["plot", "o/spikes.h5", "--window", "5:5"], &["window"]);
    refused(&["plot", "o/spikes.h5", "--bin", "0"], &["bin"]);
    refused(&["plot", "o/spikes.h5", "--figure", "raster", "--out", "r.bmp"], &["r.bmp"]);
    let note = path.join("o/checkpoints/run.json");
    for text in ["", "{}", "null", "{\"file\": \"x\", \"network\": \"(\"}"] {
        fs::write(&note, text).unwrap();
        refused(&["run", "--resume", "o"], &[]);
    }
    fs::remove_file(&note).unwrap();
    refused(&["run", "--resume", "o"], &["run.json"]);
    let taken = saltus(path, &["run", "small.ron", "--out", "small.ron"]).output().unwrap();
    refuses(&taken, 1, &["small.ron is a file, not a folder"]);
}

/// Sends a signal once the recording is there, and waits for the end.
fn signalled(mut child: Child, recording: &Path, signal: &str) -> Output {
    let patience = Instant::now() + Duration::from_secs(60);
    while !recording.exists() && Instant::now() < patience {
        sleep(Duration::from_millis(20));
    }
    // Long enough for the run to be on its way, far too short for its end.
    sleep(Duration::from_millis(300));
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    if !kill.success() {
        child.kill().unwrap();
    }
    child.wait_with_output().unwrap()
}

#[test]
fn a_run_that_is_asked_to_end_leaves_a_whole_recording_and_a_checkpoint() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let folder = with_small();
        let out = folder.path().join("o");
        let arguments =
            ["run", "small.ron", "--out", "o", "--duration", "100000s", "--checkpoint-every", "50000s"];
        let child =
            saltus(folder.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let output = signalled(child, &out.join("spikes.h5"), signal);
        refuses(&output, 130, &["interrupted at", "whole"]);
        let recovered = saltus(folder.path(), &["recover", "o/spikes.h5"]).output().unwrap();
        assert!(String::from_utf8_lossy(&recovered.stdout).contains("was whole"), "{}", said(&recovered));
        let mut names = fs::read_dir(out.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
        assert!(names.any(|path| path.extension().is_some_and(|word| word == "checkpoint")));
    }
}

#[test]
fn ctrl_c_while_building_ends_at_once_and_leaves_nothing_behind() {
    let folder = with_small();
    let sets = ["--set", "populations.E.size=200000", "--set", "projections[0].rule.n=1000"];
    let arguments = [&["run", "small.ron", "--out", "o", "--duration", "100000s"], &sets[..]].concat();
    let child = saltus(folder.path(), &arguments).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_millis(300));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    refuses(&output, 130, &["interrupted"]);
    // A machine that had built it all by then has something to finish.
    assert_eq!(folder.path().join("o").exists(), said(&output).contains("interrupted at"));
}
