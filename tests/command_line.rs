//! The program as its users meet it.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = r#"(
    format: 1,
    title: "small",
    populations: [
        (name: "E", size: 80, model: IafPscExp(I_e: Uniform(low: pA(350), high: pA(450)))),
        (name: "I", size: 20, model: IafPscExp(I_e: pA(380)), sign: Inhibitory),
    ],
    projections: [
        (name: "plastic", from: ["E"], to: ["E"], rule: FixedIndegree(n: 8), weight: pA(30), delay: ms(1.5),
         plasticity: Stdp(w_max: pA(60))),
        (from: ["I"], to: ["E"], rule: FixedIndegree(n: 2), weight: pA(-150), delay: ms(1.5)),
    ],
    stimuli: [(source: Poisson(rate: kHz(1)), to: ["E", "I"], weight: pA(30))],
    recordings: [
        (what: Spikes, from: ["E", "I"]),
        (what: State(variables: ["V_m"], every: ms(1)), from: ["E"], pick: First(3)),
        (what: PopulationRate(bin: ms(10)), from: ["E"]),
        (what: Weights(projection: "plastic", every: ms(100)), from: ["E"]),
    ],
    simulation: (duration: ms(300), dt: ms(0.1), seed: 42),
)"#;

fn saltus(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saltus"));
    command.current_dir(folder).args(arguments).output().expect("saltus starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn with_small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.ron"), SMALL).unwrap();
    folder
}

fn spikes(file: &Path, population: &str) -> (Vec<f64>, Vec<u64>) {
    let recording = recordings::hdf5::reading::Recording::open(file).unwrap();
    let list = recording.spikes(population).unwrap();
    (list.times, list.neurons)
}

#[test]
fn run_leaves_a_recording_a_raster_and_a_summary() {
    let folder = with_small();
    let run = saltus(folder.path(), &["run", "small.ron", "--out", "out", "--threads", "2"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let out = folder.path().join("out");
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!((summary["neurons"].as_u64(), summary["synapses"].as_u64()), (Some(100), Some(800)));
    assert_eq!((summary["threads"].as_u64(), summary["seed"].as_u64()), (Some(2), Some(42)));
    for key in [
        "duration_ms",
        "build_s",
        "simulate_s",
        "real_time_factor",
        "spikes",
        "synaptic_events",
        "synaptic_events_per_s",
        "peak_rss_bytes",
    ] {
        assert!(summary[key].as_f64().is_some_and(|value| value > 0.0), "{key} is {}", summary[key]);
    }
    assert!(summary["stages_s"].is_object());
    let (times, neurons) = spikes(&out.join("spikes.h5"), "E");
    assert_eq!(times.len(), neurons.len());
    let rate = times.len() as f64 / 80.0 / 0.3;
    assert!((summary["rates_hz"]["E"].as_f64().unwrap() - rate).abs() < 1e-9);
    assert!(fs::read_to_string(out.join("raster.svg")).unwrap().starts_with("<svg"));
    assert!(text(&run.stdout).contains("real-time factor"));
}

#[test]
fn quiet_says_nothing_and_the_command_line_wins_over_the_file() {
    let folder = with_small();
    let arguments = [
        "run",
        "small.ron",
        "--quiet",
        "--out",
        "out",
        "--seed",
        "7",
        "--duration",
        "50ms",
        "--set",
        "populations.I.size=10",
    ];
    let run = saltus(folder.path(), &arguments);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert!(run.stdout.is_empty() && run.stderr.is_empty());
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("out/summary.json")).unwrap()).unwrap();
    assert_eq!((summary["seed"].as_u64(), summary["neurons"].as_u64()), (Some(7), Some(90)));
    assert_eq!(summary["duration_ms"].as_f64(), Some(50.0));
}

#[test]
fn bad_input_is_told_with_its_place_and_exit_code_2() {
    let folder = with_small();
    fs::write(folder.path().join("bad.ron"), SMALL.replace("I_e: pA(380)", "I_f: pA(380)")).unwrap();
    for verb in ["run", "check", "graph"] {
        let run = saltus(folder.path(), &[verb, "bad.ron"]);
        assert_eq!(run.status.code(), Some(2));
        let said = text(&run.stderr);
        assert!(said.contains("bad.ron:6:") && said.contains("I_f") && said.contains('^'), "{said}");
    }
    assert!(!folder.path().join("out").exists(), "nothing is left behind");
    let gone = saltus(folder.path(), &["run", "gone.ron"]);
    assert_eq!(gone.status.code(), Some(2));
    assert!(text(&gone.stderr).contains("gone.ron"));
    let setting = saltus(folder.path(), &["run", "small.ron", "--set", "populations.E.sise=1"]);
    assert_eq!(setting.status.code(), Some(2));
    assert!(text(&setting.stderr).contains("size"), "{}", text(&setting.stderr));
}

#[test]
fn a_second_run_moves_the_earlier_one_aside() {
    let folder = with_small();
    let once = || saltus(folder.path(), &["run", "small.ron", "--out", "out", "--duration", "20ms"]);
    once();
    let second = once();
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    assert!(folder.path().join("out/spikes.previous-1/spikes.h5").exists());
    once();
    assert!(folder.path().join("out/spikes.previous-2/raster.svg").exists());
    let refused = saltus(folder.path(), &["run", "small.ron", "--out", "out", "--backend", "Gpu"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(folder.path().join("out/spikes.h5").exists(), "a refused run moves nothing");
}

#[test]
fn a_run_that_cannot_write_fails_with_exit_code_1() {
    let folder = with_small();
    fs::write(folder.path().join("taken"), "a file, not a folder").unwrap();
    let run = saltus(folder.path(), &["run", "small.ron", "--out", "taken"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("taken"), "{}", text(&run.stderr));
}

#[test]
fn a_resumed_run_ends_with_the_recording_of_an_uninterrupted_one() {
    let folder = with_small();
    let path = folder.path();
    let whole = saltus(
        path,
        &["run", "small.ron", "--out", "whole", "--checkpoint-every", "100ms", "--threads", "1"],
    );
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    let checkpoints = path.join("whole/checkpoints");
    let from = checkpoints.join("step-000000001000.checkpoint");
    assert!(
        from.exists(),
        "{:?}",
        fs::read_dir(&checkpoints).unwrap().flatten().map(|e| e.path()).collect::<Vec<_>>()
    );
    let before = spikes(&path.join("whole/spikes.h5"), "E");
    let summary = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(path.join(name)).unwrap()).unwrap()
    };
    let (rates, events) = (
        summary("whole/summary.json")["rates_hz"].clone(),
        summary("whole/summary.json")["synaptic_events"].clone(),
    );
    let again = saltus(path, &["run", "--resume", from.to_str().unwrap(), "--threads", "2"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(spikes(&path.join("whole/spikes.h5"), "E"), before);
    assert_eq!(summary("whole/summary.json")["rates_hz"], rates);
    assert_eq!(summary("whole/summary.json")["synaptic_events"], events);

    let mut damaged = fs::read(&from).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&from, damaged).unwrap();
    let refused = saltus(path, &["run", "--resume", from.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("damaged"), "{}", text(&refused.stderr));
}

#[test]
fn check_prints_what_would_be_built() {
    let folder = with_small();
    let check = saltus(folder.path(), &["check", "small.ron"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    let said = text(&check.stdout);
    for part in ["100 neurons", "800 synapses", "shortest delay: 1.5 ms", "memory"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let json = saltus(folder.path(), &["check", "small.ron", "--json"]);
    let numbers: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(numbers["synapses"].as_f64(), Some(800.0));
}

#[test]
fn list_knows_every_word_and_suggests_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let all = text(&saltus(folder.path(), &["list"]).stdout);
    for word in ["IafPscExp", "Stdp", "FixedIndegree", "Poisson", "Cpu"] {
        assert!(all.contains(word), "{word} is not listed");
    }
    let one = text(&saltus(folder.path(), &["list", "IafPscExp"]).stdout);
    assert!(one.contains("tau_m") && one.contains("ms(10)") && one.contains("V_m (mV)"), "{one}");
    let wrong = saltus(folder.path(), &["list", "IafPscEx"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("IafPscExp"));
}

#[test]
fn plot_draws_every_figure_that_the_recording_holds() {
    let folder = with_small();
    saltus(folder.path(), &["run", "small.ron", "--out", "out"]);
    let plot = saltus(folder.path(), &["plot", "out/spikes.h5"]);
    assert_eq!(plot.status.code(), Some(0), "{}", text(&plot.stderr));
    for figure in ["raster", "rates", "isi", "traces", "weights"] {
        let path = folder.path().join("out/plots").join(figure).with_extension("svg");
        assert!(fs::read_to_string(&path).unwrap().contains("<svg"), "{figure}");
    }
    let one = saltus(
        folder.path(),
        &["plot", "out/spikes.h5", "--figure", "raster", "--window", "100:200", "--out", "r.png"],
    );
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    assert!(fs::read(folder.path().join("r.png")).unwrap().starts_with(b"\x89PNG"));
    let wrong = saltus(folder.path(), &["plot", "out/spikes.h5", "--figure", "rasta"]);
    assert!(text(&wrong.stderr).contains("raster"));
}

#[test]
fn graph_reports_degrees_components_and_delays() {
    let folder = with_small();
    let graph = saltus(folder.path(), &["graph", "small.ron", "--out", "g", "--json", "--bootstraps", "10"]);
    assert_eq!(graph.status.code(), Some(0), "{}", text(&graph.stderr));
    let numbers: Value = serde_json::from_slice(&graph.stdout).unwrap();
    assert_eq!(numbers["synapses"].as_u64(), Some(800));
    assert_eq!(numbers["indegrees"]["mean"].as_f64(), Some(8.0));
    assert_eq!(numbers["delays_ms"]["shortest"].as_f64(), Some(1.5));
    assert!(folder.path().join("g/degrees.svg").exists());
}

#[test]
fn recover_finds_a_whole_recording_whole_and_refuses_other_files() {
    let folder = with_small();
    saltus(folder.path(), &["run", "small.ron", "--out", "out", "--duration", "20ms"]);
    let whole = saltus(folder.path(), &["recover", "out/spikes.h5"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    assert!(text(&whole.stdout).contains("20 ms"), "{}", text(&whole.stdout));
    let other = saltus(folder.path(), &["recover", "small.ron"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("small.ron"));
}

#[test]
fn the_network_of_the_readme_is_the_shipped_one_and_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let first = fs::read_to_string(root.join("networks/first.ron")).unwrap();
    assert!(fs::read_to_string(root.join("README.md")).unwrap().contains(&first));
    let folder = tempfile::tempdir().unwrap();
    let file = root.join("networks/first.ron");
    let run = saltus(folder.path(), &["run", file.to_str().unwrap(), "--out", "out"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
}

#[test]
fn the_example_of_the_language_reference_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/network-file.md")).unwrap();
    let example = page.split("```ron\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("example.ron"), example).unwrap();
    let run = saltus(folder.path(), &["run", "example.ron"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert!(run.stderr.is_empty(), "{}", text(&run.stderr));
    for file in ["example.h5", "example.raster.svg", "example.summary.json"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

#[test]
fn compare_says_what_two_runs_have_in_common_and_draws_both() {
    let folder = with_small();
    for (out, setting) in [("a", "seed=42"), ("b", "seed=42"), ("c", "seed=43")] {
        let setting = format!("simulation.{setting}");
        let run = saltus(folder.path(), &["run", "small.ron", "--out", out, "--quiet", "--set", &setting]);
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    }
    let compare = |other: &str| {
        let other = format!("{other}/spikes.h5");
        let arguments = ["compare", "a/spikes.h5", &other, "--out", "both.svg", "--json", "found.json"];
        let compare = saltus(folder.path(), &arguments);
        assert_eq!(compare.status.code(), Some(0), "{}", text(&compare.stderr));
        let found: Value =
            serde_json::from_str(&fs::read_to_string(folder.path().join("found.json")).unwrap()).unwrap();
        (text(&compare.stdout), found)
    };
    let (said, found) = compare("b");
    assert!(said.contains("every spike is the same"), "{said}");
    assert_eq!(found["equal"], true);
    assert_eq!(found["populations"][0]["coincidence_factor"], 1.0);
    let (said, found) = compare("c");
    assert!(said.contains("the first difference is at"), "{said}");
    assert_eq!((&found["equal"], found["populations"].as_array().unwrap().len()), (&Value::Bool(false), 2));
    assert!(fs::read_to_string(folder.path().join("both.svg")).unwrap().contains("first difference"));
    let strange = saltus(folder.path(), &["compare", "a/spikes.h5", "small.ron"]);
    assert_eq!(strange.status.code(), Some(2));
}

#[test]
fn a_run_can_be_compared_with_the_same_network_on_another_machine() {
    let folder = with_small();
    let run = saltus(folder.path(), &["run", "small.ron", "--out", "out", "--compare", "cpu"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    assert!(text(&run.stdout).contains("every spike is the same"));
    for file in ["spikes.h5", "cpu/spikes.h5", "comparison.svg", "comparison.json"] {
        assert!(folder.path().join("out").join(file).exists(), "{file}");
    }
    let misspelt = saltus(folder.path(), &["run", "small.ron", "--out", "new", "--compare", "cpux"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(!folder.path().join("new").exists(), "nothing was run");
}
