//! `saltus train` and `saltus eval`, from the command line to the last spike.
#![cfg(feature = "train")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn saltus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_saltus")).args(arguments).output().expect("saltus starts")
}

fn done(arguments: &[&str]) -> String {
    let output = saltus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A small training on digits that the program draws.
fn train(folder: &Path, more: &[&str]) {
    let settings = ["hidden=[40]", "batch=32", "steps=150", "every=50", "validation=200"];
    let out = folder.display().to_string();
    let mut arguments = vec!["train", "snn", "--task", "digits", "--out", &out, "--quiet"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    arguments.extend(more);
    done(&arguments);
}

fn metrics(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("metrics.json")).expect("metrics")).expect("JSON")
}

#[test]
fn a_net_learns_drawn_digits_and_fires_on_machines_as_it_was_trained() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, more) in [
        ("lif", &[][..]),
        ("cuba", &["--set", "neuron=CubaLif", "--set", "window=12"]),
        ("recurrent", &["--set", "recurrent=true", "--set", "hidden=[24, 24]"]),
        ("linear", &["--set", "neuron=Linear"]),
    ] {
        let run = folder.path().join(name);
        train(&run, &[more, &["--set", "steps=400"]].concat());
        let trained = metrics(&run);
        assert!(trained["test_accuracy"].as_f64().expect("a figure") > 0.8, "{name}: {trained}");
        for file in ["weights.h5", "config.ron", "curve.svg"] {
            assert!(run.join(file).exists(), "{name}: {file}");
        }
        assert!(!run.join("state.h5").exists(), "{name}: the state is left behind");
        let run = run.display().to_string();
        let measured =
            done(&["eval", &run, "--samples", "60", "--backend", "cpu", "--backend", "loihi-real", "--json"]);
        let measured: Value = serde_json::from_str(&measured).expect("JSON");
        for machine in ["Cpu", "LoihiReal"] {
            let there = &measured["machines"][machine];
            assert_eq!(there["exact"], true, "{name} on {machine}: {there}");
            assert!(there["spikes"].as_u64().expect("a count") > 1000, "{name} on {machine}: {there}");
        }
    }
}

#[test]
fn an_interrupted_training_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(&whole, &[]);
    let out = cut.display().to_string();
    let mut arguments = vec!["train", "snn", "--out", &out, "--quiet"];
    for setting in ["hidden=[40]", "batch=32", "steps=150", "every=50", "validation=200"] {
        arguments.extend(["--set", setting]);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_saltus")).args(&arguments).spawn().expect("starts");
    while !cut.join("state.h5").exists() && child.try_wait().expect("waits").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    done(&["train", "snn", "--out", &out, "--quiet", "--resume"]);
    let bytes = |folder: &Path| fs::read(folder.join("weights.h5")).expect("weights");
    assert!(bytes(&whole) == bytes(&cut), "the weights differ");
    assert_eq!(metrics(&whole)["test_accuracy"], metrics(&cut)["test_accuracy"]);
}

#[test]
fn what_is_misspelt_is_told_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let out = out.display().to_string();
    for (arguments, told) in [
        (&["train", "sn", "--out", &out][..], "did you mean Snn?"),
        (&["train", "snn", "--task", "digit", "--out", &out], "digits"),
        (&["train", "snn", "--set", "hiden=[3]", "--out", &out], "did you mean hidden?"),
        (&["train", "snn", "--set", "steps=0", "--out", &out], "steps"),
        (&["train", "snn", "--data", "nowhere", "--out", &out], "nowhere"),
        (&["train", "snn", "--out", &out, "--resume"], "is not the folder of a training"),
        (&["eval", &out], "is not the folder of a training"),
        (&["eval", &out, "--backend", "gpu"], "no backend is called"),
    ] {
        let output = saltus(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
        assert!(!Path::new(&out).join("weights.h5").exists());
    }
}
