//! `saltus bench` as its users meet it. How fast it is on this machine is nobody's promise.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn bench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saltus"));
    command.current_dir(folder).arg("bench").args(arguments).output().expect("saltus starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn number(measured: &Value, path: &str) -> f64 {
    measured.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} is not in {measured}"))
}

#[test]
fn bench_prints_a_row_for_each_workload_and_writes_everything_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let asked = ["cuba", "sparse:5000", "--duration", "20ms", "--repeats", "3", "--threads", "2"];
    let run = bench(folder.path(), &[&asked[..], &["--json", "bench.json"]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let said = text(&run.stdout);
    for word in ["load average", "RTF", "ns/event", "cuba", "sparse:5000", "deliver", "fibres"] {
        assert!(said.contains(word), "{word} is not in\n{said}");
    }
    let json = fs::read_to_string(folder.path().join("bench.json")).unwrap();
    let Value::Array(all) = serde_json::from_str(&json).unwrap() else { panic!("{json}") };
    assert_eq!(all.iter().map(|one| one["workload"].as_str().unwrap()).collect::<Vec<_>>(), asked[..2]);
    for measured in &all {
        assert_eq!((number(measured, "/threads"), number(measured, "/repeats")), (2.0, 3.0));
        assert!((number(measured, "/window_ms") - 20.0).abs() < 1e-9);
        let wall = |which: &str| number(measured, &format!("/real_time_factor/wall/{which}"));
        assert!(0.0 < wall("min") && wall("min") <= wall("median") && wall("median") <= wall("max"));
        assert!((number(measured, "/simulate_s/wall/median") / 0.02 / wall("median") - 1.0).abs() < 1e-9);
        assert!(number(measured, "/real_time_factor_without_recording/wall/median") > 0.0);
        assert!((0.0..1.0).contains(&number(measured, "/recording/waited_share")));
        assert!(number(measured, "/build_s/wall") > 0.0 && number(measured, "/synapses") > 0.0);
        assert_eq!(measured["machine"]["version"], env!("CARGO_PKG_VERSION"));
    }
    assert_eq!(number(&all[1], "/neurons"), 5050.0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only what was asked for is left behind");
}

#[test]
fn rates_and_events_are_those_of_the_windows() {
    let folder = tempfile::tempdir().unwrap();
    let asked = ["cuba", "--duration", "200ms", "--repeats", "2", "--seed", "3", "--out", "kept"];
    let run = bench(folder.path(), &[&asked[..], &["--json", "bench.json"]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let json = fs::read_to_string(folder.path().join("bench.json")).unwrap();
    let measured = &serde_json::from_str::<Value>(&json).unwrap()[0];
    assert_eq!(number(measured, "/seed"), 3.0);
    let recording = recordings::hdf5::reading::Recording::open(&folder.path().join("kept/cuba/spikes.h5"));
    let spikes = recording.unwrap().spikes("E").unwrap().times;
    // The warm-up of 500 ms is not recorded, and the recording ends with the last window it is for.
    assert!(spikes.iter().all(|&time| 500.0 < time && time <= 900.0 + 1e-9));
    let recorded = spikes.len() as f64 / 3200.0 / 0.4;
    let rate = number(measured, "/rates_hz/E");
    assert!((rate / recorded - 1.0).abs() < 1e-9, "{rate} Hz, but {recorded} Hz were recorded");
    let events_hz = number(measured, "/synaptic_events_per_window") / 0.2 / number(measured, "/synapses");
    assert!((events_hz / recorded - 1.0).abs() < 0.2, "{events_hz} Hz of synapses, {recorded} Hz of neurons");
}

#[test]
fn bench_without_recording_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let asked = ["cuba", "--duration", "5ms", "--repeats", "1", "--no-record", "--json", "bench.json"];
    assert_eq!(bench(folder.path(), &asked).status.code(), Some(0));
    let json = fs::read_to_string(folder.path().join("bench.json")).unwrap();
    let measured = &serde_json::from_str::<Value>(&json).unwrap()[0];
    assert!(measured["recording"].is_null());
    assert_eq!(measured["real_time_factor"], measured["real_time_factor_without_recording"]);
}

#[test]
fn bench_refuses_what_it_cannot_measure_with_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for (asked, hint) in [
        (&["brunell"][..], "did you mean brunel"),
        (&["cuba:2"], "one size"),
        (&["microcircuit:1.5"], "scale"),
        (&["truenorth:4097"], "1 to 4096"),
        (&["loihi:0"], "1 to 128"),
        (&["sparse:4000000000"], "no machine can hold that"),
        (&["cuba", "--duration", "soon"], "not a time"),
        (&["cuba", "--duration", "0s"], "longer"),
        (&["cuba", "--duration", "10us"], "one step"),
        (&["cuba", "--duration", "1e300s"], "more than can be counted"),
    ] {
        let run = bench(folder.path(), asked);
        assert_eq!(run.status.code(), Some(2), "{asked:?}");
        let said = text(&run.stderr);
        assert!(said.contains(hint), "{asked:?} said {said}");
    }
}

#[test]
fn chips_full_of_neurons_fire_at_20_hz_with_128_synapses_a_spike() {
    let folder = tempfile::tempdir().unwrap();
    let asked = [
        "truenorth:8",
        "truenorth_varied:8",
        "loihi:2",
        "--duration",
        "200ms",
        "--repeats",
        "2",
        "--threads",
        "2",
    ];
    let run = bench(folder.path(), &[&asked[..], &["--json", "bench.json"]].concat());
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let json = fs::read_to_string(folder.path().join("bench.json")).unwrap();
    for measured in serde_json::from_str::<Value>(&json).unwrap().as_array().unwrap() {
        assert_eq!(number(measured, "/neurons"), 2048.0);
        let rate = number(measured, "/rates_hz/chip");
        assert!((rate - 20.0).abs() < 0.5, "{rate} Hz");
        let synapses = number(measured, "/synaptic_events_per_window") / (rate * 0.2 * 2048.0);
        assert!((synapses / 128.0 - 1.0).abs() < 0.05, "{synapses} synapses a spike");
    }
}
