//! A language model from the command line: trained, measured, and writing.
#![cfg(feature = "train")]

use recordings::hdf5::reading::Recording;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn saltus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_saltus")).args(arguments).output().expect("saltus starts")
}

fn done(arguments: &[&str]) -> Vec<u8> {
    let output = saltus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn refused(arguments: &[&str]) -> String {
    let output = saltus(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A small training on the text that comes with the program.
fn train(run: &str, more: &[&str]) {
    let settings =
        ["width=24", "heads=2", "neurons=64", "layers=2", "window=32", "every=100", "rate=0.01", "batch=16"];
    let mut arguments = vec!["train", "bdh", "--task", "text", "--out", run, "--quiet"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    arguments.extend(more);
    done(&arguments);
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn a_language_model_beats_the_frequency_of_bytes_and_its_events_say_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run").display().to_string();
    train(&run, &["--set", "steps=200"]);
    let measured = json(&done(&["eval", &run, "--json"]));
    let of = |name: &str| measured[name].as_f64().unwrap_or_else(|| panic!("{name} in {measured}"));
    assert!(of("bits_per_char") < of("bits_per_char_of_1_grams") - 0.3, "{measured}");
    assert!((of("bits_per_char_in_8_bits") - of("bits_per_char_as_events")).abs() < 0.01, "{measured}");
    assert!(of("bits_per_char_in_2_bits") > of("bits_per_char_in_8_bits"), "{measured}");
    assert!(of("bits_per_char_in_1_spikes") > of("bits_per_char_in_16_spikes"), "{measured}");
    let done = of("multiplications_per_token_in_all");
    assert!(done < of("multiplications_per_token_without_events"), "{measured}");
    assert!(of("layer_1_share_of_xy_that_fires") <= of("layer_1_share_of_x_that_fires"), "{measured}");
    let text = |seed: &str| done_text(&run, seed);
    assert!(text("1").starts_with(b"The mill"));
    // The prompt, 100 bytes, and the end of the line.
    assert_eq!(text("1").len(), 8 + 100 + 1);
    assert_eq!(text("1"), text("1"), "a seed writes one text");
    assert_ne!(text("1"), text("2"));
}

#[test]
fn the_neurons_of_a_language_model_are_a_signed_graph() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run").display().to_string();
    train(&run, &["--set", "steps=5"]);
    done(&["eval", &run, "--graph", "0.1"]);
    let network = folder.path().join("run/graph/network.ron").display().to_string();
    let out = folder.path().join("graph").display().to_string();
    let graph = String::from_utf8(done(&["graph", &network, "--out", &out])).expect("text");
    // A tenth of the pairs of 128 neurons, rounded.
    assert!(graph.contains("1638") || graph.contains("1 638"), "{graph}");
    let said = refused(&["eval", &run, "--graph", "2"]);
    assert!(said.contains("--graph 2: a share is above 0 and at most 1"), "{said}");
}

#[test]
fn the_graph_of_a_language_model_runs_as_it_was_written_and_its_hebbian_synapses_grow() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run").display().to_string();
    train(&run, &["--set", "steps=50"]);
    done(&["eval", &run, "--graph", "0.1"]);
    let network = folder.path().join("run/graph/network.ron").display().to_string();
    let out = folder.path().join("ran");
    done(&["run", &network, "--out", &out.display().to_string()]);
    let recording = Recording::open(&out.join("spikes.h5")).expect("a recording");
    let spikes = recording.spikes("neurons").expect("spikes").times.len();
    // 128 neurons driven at 20 Hz for a second fire 2560 times by that alone; ten times as often would be a seizure.
    assert!((2000..25_000).contains(&spikes), "{spikes}");
    let weights = recording.weights("excitatory").expect("weights");
    let synapses = weights.sources.len();
    let (first, last) = (&weights.values[..synapses], &weights.values[weights.values.len() - synapses..]);
    assert!(synapses > 500 && weights.times.len() > 1, "{synapses} synapses, {:?}", weights.times);
    assert!(first.iter().zip(last).all(|(before, after)| after >= before), "a Hebbian synapse shrank");
    let grown = first.iter().zip(last).filter(|(before, after)| after > before).count();
    assert!(2 * grown > first.len(), "{grown} of {}", first.len());
}

fn done_text(run: &str, seed: &str) -> Vec<u8> {
    done(&["generate", run, "--prompt", "The mill", "--length", "100", "--seed", seed])
}

#[test]
fn texts_and_settings_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run").display().to_string();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let data_text = data.display().to_string();
    let said = refused(&["train", "bdh", "--data", &data_text, "--out", &out]);
    assert!(said.contains("train.txt"), "{said}");
    let write = |name: &str, text: &str| std::fs::write(Path::new(&data).join(name), text).expect("a file");
    write("train.txt", &"abc ".repeat(100));
    write("val.txt", "abc");
    let said = refused(&["train", "bdh", "--data", &data_text, "--set", "window=4", "--out", &out]);
    assert!(said.contains("the test part of the text is 3 bytes, and a window of 4 needs 5"), "{said}");
    let said = refused(&["train", "bdh", "--set", "neurons=7", "--out", &out]);
    assert!(said.contains("neurons is 7, and they turn in pairs"), "{said}");
    let said = refused(&["generate", &out]);
    assert!(said.contains("is not the folder of a training"), "{said}");
}

#[test]
fn a_masked_model_learns_which_bytes_are_frequent_and_fills_in_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run").display().to_string();
    let settings =
        ["width=32", "heads=2", "blocks=1", "window=32", "batch=16", "steps=150", "every=150", "rate=0.01"];
    let mut arguments = vec!["train", "mdlm", "--task", "text", "--out", &run, "--quiet"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    done(&arguments);
    let measured = json(&done(&["eval", &run, "--json"]));
    let of = |name: &str| measured[name].as_f64().unwrap_or_else(|| panic!("{name} in {measured}"));
    // Untrained it needs 8 bits; that e and t are frequent brings it to half of them.
    assert!(of("bits_per_char") < 5.0 && of("bits_per_char_standard_error") < 0.2, "{measured}");
    assert!(of("filled_in_of_15_percent") > of("filled_in_of_50_percent") - 0.05, "{measured}");
    assert!(of("network_calls_in_8_steps") <= 8.0 + 1.0, "{measured}");
    assert!(of("network_calls_in_256_steps") <= 33.0, "{measured}");
    let text = |more: &[&str]| done(&[&["generate", &run], more].concat());
    let filled = text(&["--fill", "The m_ll a_d the w___r"]);
    let kept = |k: &usize| !b"The m_ll a_d the w___r"[*k].eq(&b'_');
    assert!((0..22).filter(kept).all(|k| filled[k] == b"The m_ll a_d the w___r"[k]));
    assert_eq!(filled.len(), 22 + 1);
    let ancestral = text(&["--sampler", "ancestral", "--steps", "50", "--prompt", "The"]);
    assert_eq!(ancestral, text(&["--steps", "50", "--prompt", "The"]), "cached or not, the text is one");
    assert!(ancestral.starts_with(b"The") && ancestral.len() == 32 + 1);
    assert_ne!(ancestral, text(&["--steps", "50", "--prompt", "The", "--seed", "2"]));
    let long =
        text(&["--sampler", "semi-autoregressive", "--steps", "8", "--prompt", "The", "--length", "100"]);
    assert!(long.starts_with(b"The") && long.len() == 3 + 100 + 1);
    let said = refused(&["generate", &run, "--length", "100"]);
    assert!(said.contains("the network learnt windows of 32"), "{said}");
    let said = refused(&["generate", &run, "--sampler", "semi-autoregressive", "--stride", "33"]);
    assert!(said.contains("--stride 33: it is from 1 to the window, 32"), "{said}");
}

/// Ten documents that say what their summary says.
fn documents(folder: &Path) {
    let words = ["alpha", "beta", "gamma", "delta", "omega"];
    let document = |k: usize| {
        let word = words[k % 5];
        format!("{{\"src\": [\"On {word}.\", \"It is about {word} cells.\"], \"tgt\": [\"{word} cells\"]}}\n")
    };
    for part in ["train", "dev", "test"] {
        let text: String = (0..10).map(document).collect();
        std::fs::write(folder.join(format!("{part}.jsonl")), text).expect("a file");
    }
}

#[test]
fn summaries_are_learnt_measured_beside_sentences_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    documents(folder.path());
    let (data, run) = (folder.path().display().to_string(), folder.path().join("run").display().to_string());
    let settings = [
        "width=16",
        "encoder=1",
        "blocks=1",
        "source=8",
        "summary=4",
        "pieces=320",
        "batch=4",
        "steps=8",
        "every=4",
        "heads=2",
        "decoder=CrossMamba",
    ];
    let mut arguments = vec!["train", "summaries", "--data", &data, "--out", &run, "--quiet"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    done(&arguments);
    let measured = json(&done(&["eval", &run, "--json"]));
    let of = |name: &str| measured[name].as_f64().unwrap_or_else(|| panic!("{name} in {measured}"));
    // "On alpha." has one of two words of the reference and one that it has not, the other sentence two of its five.
    assert!((of("rouge_1_of_first_sentence") - 0.5).abs() < 1e-9, "{measured}");
    assert!((of("rouge_2_of_best_sentence") - 0.4).abs() < 1e-9, "{measured}");
    assert!(of("rouge_l_of_random_sentence") >= 0.5 && of("rouge_1") <= 1.0, "{measured}");
    assert!(of("bits_per_char") > 0.0 && of("network_calls_per_summary") <= 5.0, "{measured}");
    let text = |more: &[&str]| String::from_utf8(done(&[&["generate", &run], more].concat())).expect("text");
    let written = text(&["--documents", "2", "--steps", "4"]);
    assert!(written.starts_with("1. On alpha. …\n   reference: alpha cells\n   summary:   "), "{written}");
    assert_eq!(written.matches("summary:").count(), 2, "{written}");
    assert_eq!(written, text(&["--documents", "2", "--steps", "4", "--sampler", "ancestral"]));
    let said = refused(&["generate", &run, "--fill", "a _"]);
    assert!(said.contains("Summaries are written whole"), "{said}");
    let other = folder.path().join("other").display().to_string();
    let said = refused(&["train", "summaries", "--out", &other]);
    assert!(said.contains("the task scitldr needs --data"), "{said}");
    std::fs::write(folder.path().join("dev.jsonl"), "{\"src\": []}").expect("a file");
    let said = refused(&["train", "summaries", "--data", &data, "--out", &other]);
    assert!(said.contains("dev.jsonl: line 1: `src` is a list of one or more texts"), "{said}");
}
