//! Every network in `tests/loihi_refusals/` is more than Loihi holds, or something that it does not have;
//! beside it stands what is said.
//!
//! A first line `// On small cores.` puts it on cores that hold little. `UPDATE_EXPECT=1 cargo test --test
//! loihi_refusals` writes what is said now; read the difference before committing it.

mod common;

use backends::loihi::BACKEND;
use backends::loihi::limits::Resource;
use backends::loihi::mapped::{limits, map};
use common::loihi::SMALL;
use common::network;
use sim_core::backend::{Load, Refusal};
use sim_core::connect::connect;
use sim_core::data::{DataError, DataFiles, Table};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Edge files that exist in the tests.
struct Edges;

impl DataFiles for Edges {
    fn edges(&self, path: &str, _: &str) -> Result<Table, DataError> {
        let column = |name: &str, values: [f64; 2]| (name.to_string(), values.to_vec());
        let ends = [column("source", [0.0, 1.0]), column("target", [1.0, 2.0])];
        let numbers = match path {
            "full.h5" => vec![column("weight", [-1.0, 1.0]), column("delay", [1.0, 2.0])],
            "short.h5" => vec![column("weight", [1.0, 1.0]), column("delay", [0.25, 2.0])],
            _ => Vec::new(),
        };
        Ok(Table { columns: ends.into_iter().chain(numbers).collect() })
    }

    fn spikes(&self, path: &str, _: &str) -> Result<Table, DataError> {
        Err(DataError { path: path.into(), message: "no such file".into() })
    }
}

fn said(text: &str) -> String {
    let network = network(text, &[]);
    let arguments = network.backend.arguments(BACKEND.parameters);
    let load = Load {
        network: Arc::clone(&network),
        connectivity: Arc::new(connect(&network, &Edges).unwrap()),
        arguments: &arguments,
        files: &Edges,
        threads: 1,
        parts: 1,
        progress: &|_| {},
    };
    let within = if text.starts_with("// On small cores.") { &SMALL } else { limits(&arguments) };
    match map(&load, within, false) {
        Ok(_) => "mapped\n".into(),
        Err(Refusal { reasons }) => reasons.join("\n") + "\n",
    }
}

#[test]
fn every_refusal_is_worded_as_agreed_and_there_is_one_for_every_limit() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loihi_refusals");
    let (mut different, mut all) = (Vec::new(), String::new());
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "ron")).collect();
    paths.sort();
    for path in paths {
        let said = said(&fs::read_to_string(&path).unwrap());
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&*said) {
            different.push(format!("{} is now answered:\n{said}", path.display()));
        }
        if said == "mapped\n" {
            different.push(format!("{} is no refusal", path.display()));
        }
        all += &said;
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    for resource in Resource::ALL {
        assert!(all.contains(resource.remedy()), "no network has too many {}", resource.words());
    }
}
