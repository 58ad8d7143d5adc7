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
        ("learnt", &["--set", "neuron=Plif", "--set", "tau_m=ms(3)", "--set", "tau_out=ms(4)"]),
        ("convolved", &["--set", "conv=[4, 6]", "--set", "kernel=3"]),
        ("pruned", &["--set", "keep=0.6"]),
        ("latencies", &["--set", "code=Latency", "--set", "read=Latency", "--set", "each=3"]),
        ("changes", &["--set", "code=Delta", "--set", "window=16"]),
        ("delayed", &["--set", "delays=4"]),
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
fn time_constants_are_learnt_where_the_neuron_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    train(folder.path(), &["--set", "neuron=Plif", "--set", "tau_m=ms(2)"]);
    let run = folder.path().display().to_string();
    done(&["eval", &run, "--samples", "20", "--backend", "cpu"]);
    let network = fs::read_to_string(folder.path().join("network/network.ron")).expect("a network");
    let constants: Vec<f64> = network
        .split("tau_m: ms(")
        .skip(1)
        .map(|rest| rest.split(')').next().and_then(|number| number.parse().ok()).expect("a number"))
        .collect();
    assert_eq!(constants.len(), 2, "{network}");
    assert!(constants.iter().all(|tau| *tau > 0.2 && (tau - 2.0).abs() > 1e-3), "{constants:?}");
}

#[test]
fn a_net_with_thresholds_that_adapt_learns_and_says_that_no_machine_runs_it() {
    let folder = tempfile::tempdir().expect("a folder");
    train(folder.path(), &["--set", "neuron=Alif"]);
    assert!(metrics(folder.path())["test_accuracy"].as_f64().expect("a figure") > 0.5);
    let output = saltus(&["eval", &folder.path().display().to_string(), "--backend", "cpu"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be written as a network file"));
}

#[test]
fn words_are_learnt_in_time_and_a_speaker_may_be_held_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let mut arguments = vec!["train", "snn", "--task", "words", "--out", &out, "--quiet"];
    for setting in [
        "hidden=[32]",
        "recurrent=true",
        "batch=32",
        "window=50",
        "steps=120",
        "validation=200",
        "hold_out=3",
    ] {
        arguments.extend(["--set", setting]);
    }
    done(&arguments);
    let accuracy = metrics(folder.path())["test_accuracy"].as_f64().expect("a figure");
    assert!(accuracy > 0.5, "{accuracy}");
}

#[test]
fn a_recurrent_net_that_would_go_on_by_itself_is_silenced_between_samples() {
    let folder = tempfile::tempdir().expect("a folder");
    for neuron in ["Lif", "CubaLif"] {
        let run = folder.path().join(neuron).display().to_string();
        let neuron = format!("neuron={neuron}");
        let settings =
            ["recurrent=true", "hidden=[64]", "tau_m=ms(20)", "window=40", "batch=32", "steps=200", &neuron];
        let mut arguments = vec!["train", "snn", "--task", "words", "--out", &run, "--quiet"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        done(&arguments);
        let measured = done(&["eval", &run, "--samples", "60", "--backend", "cpu", "--json"]);
        let measured: Value = serde_json::from_str(&measured).expect("JSON");
        assert_eq!(measured["machines"]["Cpu"]["exact"], true, "{neuron}: {measured}");
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
        (&["train", "snn", "--set", "kernel=4", "--out", &out], "kernel is 4"),
        (&["train", "snn", "--task", "words", "--set", "conv=[4]", "--out", &out], "conv needs pictures"),
        (&["train", "snn", "--task", "words", "--set", "hold_out=9", "--out", &out], "hold_out is 9"),
        (&["train", "snn", "--task", "pictures", "--out", &out], "needs --data"),
        (&["train", "snn", "--data", "nowhere", "--out", &out], "nowhere"),
        (&["train", "snn", "--out", &out, "--resume"], "is not the folder of a training"),
        (&["eval", &out], "is not the folder of a training"),
        (&["eval", &out, "--backend", "gpu"], "no backend is called"),
    ] {
        let output = saltus(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
        assert_eq!(said.matches("error: ").count(), 1, "{arguments:?}: {said}");
        assert!(!Path::new(&out).join("weights.h5").exists());
    }
}

#[test]
fn what_was_trained_in_numbers_is_compiled_to_spikes_that_say_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("mlp").display().to_string();
    let settings = ["hidden=[20]", "batch=32", "steps=200", "every=200", "validation=100"];
    let mut arguments = vec!["train", "mlp", "--task", "digits", "--out", &run, "--quiet"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    done(&arguments);
    for code in ["phase", "ttfs", "rate"] {
        let wanted =
            ["eval", &run, "--code", code, "--bits", "4", "--samples", "20", "--backend", "cpu", "--json"];
        let compiled: Value = serde_json::from_str(&done(&wanted)).expect("JSON");
        let machine = &compiled["scores"][2];
        assert_eq!(machine["numbers_differ"], 0, "{code}: {machine}");
        assert!(machine["numbers"].as_u64().expect("a count") >= 20 * 30, "{code}: {machine}");
        assert!(machine["accuracy"].as_f64().expect("a figure") > 0.7, "{code}: {machine}");
    }
    let exact: Value =
        serde_json::from_str(&done(&["compile", &run, "--code", "exact", "--json"])).expect("JSON");
    let (apart, largest) = (&exact["apart"], &exact["largest"]);
    assert!(apart.as_f64() < largest.as_f64().map(|largest| 1e-6 * largest), "{apart} of {largest}");
    let network = folder.path().join("mlp/compiled/network.ron").display().to_string();
    assert!(done(&["check", &network]).contains("neurons"), "the network file is an ordinary one");
}

#[test]
fn what_cannot_be_compiled_or_solved_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("snn");
    train(&run, &["--set", "steps=1"]);
    let run = run.display().to_string();
    let refused = |arguments: &[&str], what: &str| {
        let output = saltus(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(what), "{said}");
    };
    refused(&["compile", &run], "a Snn cannot be compiled");
    refused(&["solve", &run, "--puzzle", "1"], "solves no Sudoku");
    let four = folder.path().join("four").display().to_string();
    let tiny = ["width=8", "rounding=8", "steps=1", "batch=4", "supervision=2", "every=1", "validation=20"];
    let mut arguments = vec!["train", "trm", "--out", &four, "--quiet"];
    tiny.iter().for_each(|setting| arguments.extend(["--set", setting]));
    done(&arguments);
    refused(&["compile", &four, "--code", "exact"], "population block0_mix_gate does not add and rectify");
    refused(&["solve", &four, "--puzzle", "12"], "--puzzle has 2 cells");
    refused(&["solve", &four, "--puzzle", "1100 0000 0000 0000"], "has no solution");
    refused(&["solve", &four, "--puzzle", "x"], "cell 1 is 'x'");
    let solved = done(&["solve", &four, "--puzzle", "1... .4.. .3.. ..2.", "--bits", "4"]);
    assert!(solved.contains("renewals of the answer"), "{solved}");
    let picture = fs::read_to_string(folder.path().join("four/solved/settling.svg")).expect("a picture");
    assert!(picture.contains("<animate") && picture.contains("logits_pos"), "it moves, and shows spikes");
}
