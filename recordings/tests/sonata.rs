//! SONATA files of all dialects are read, and files that are broken are errors in words.

mod clockwork;

use clockwork::{Clockwork, plan};
use recordings::hdf5::folder::Folder;
use recordings::hdf5::provenance::Provenance;
use recordings::hdf5::reading::Recording;
use recordings::hdf5::recorder::{Existing, Recorder};
use recordings::hdf5::recovery::recover;
use rust_hdf5::{H5File, H5Type, Hdf5Error};
use sim_core::data::DataFiles;
use sim_core::run::run;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn put<T: H5Type>(file: &H5File, path: &str, shape: &[usize], values: &[T]) -> Result<(), Hdf5Error> {
    file.new_dataset::<T>().shape(shape).create(path)?.write_raw(values)
}

fn groups(file: &H5File, path: &str) -> Result<(), Hdf5Error> {
    let deeper = |group: rust_hdf5::H5Group, name: &str| group.create_group(name);
    path.split('/').try_fold(file.root_group(), deeper).map(|_| ())
}

#[test]
fn spikes_are_read_in_all_dialects_and_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, what: fn(&H5File) -> Result<(), Hdf5Error>| {
        let file = H5File::create(at(name)).expect("creates");
        what(&file).expect("writes");
        file.close().expect("closes");
    };
    write("new.h5", |file| {
        groups(file, "spikes/V1")?;
        put(file, "spikes/V1/timestamps", &[3], &[0.5, 1.5, 2.5])?;
        put(file, "spikes/V1/node_ids", &[3], &[7_u16, 8, 9])
    });
    write("by_id.h5", |file| {
        groups(file, "spikes/V1")?;
        put(file, "spikes/V1/timestamps", &[3], &[2.5_f32, 0.5, 1.5])?;
        put(file, "spikes/V1/node_ids", &[3], &[9_i64, 7, 8])
    });
    write("old.h5", |file| {
        groups(file, "spikes")?;
        put(file, "spikes/timestamps", &[3], &[0.5, 1.5, 2.5])?;
        put(file, "spikes/gids", &[3], &[7.0, 8.0, 9.0])
    });
    for (name, population) in [("new.h5", "V1"), ("new.h5", ""), ("by_id.h5", "V1"), ("old.h5", "")] {
        let list = Recording::open(&at(name)).expect("opens").spikes(population).expect("reads");
        assert_eq!((list.times, list.neurons), (vec![0.5, 1.5, 2.5], vec![7, 8, 9]), "{name}");
        let table = Folder::new(folder.path()).spikes(name, population).expect("reads");
        assert_eq!(table.column("time"), Some(&[0.5, 1.5, 2.5][..]));
        assert_eq!(table.column("neuron"), Some(&[7.0, 8.0, 9.0][..]));
    }
    write("several.h5", |file| {
        groups(file, "spikes/LGN")?;
        file.root_group().group("spikes")?.create_group("TW")?;
        put(file, "spikes/TW/timestamps", &[1], &[0.5])?;
        put(file, "spikes/TW/node_ids", &[1], &[-1_i32])
    });
    let told = |name: &str, population: &str| {
        Folder::new(folder.path()).spikes(name, population).expect_err("refuses").to_string()
    };
    assert_eq!(told("several.h5", ""), "several.h5: there are spikes of several: LGN, TW; say which");
    assert_eq!(told("several.h5", "V1"), "several.h5: there are no spikes of \"V1\"; there are LGN, TW");
    assert_eq!(
        told("several.h5", "LGN"),
        "several.h5: /spikes/LGN has no node_ids (nor gids, as old files have)"
    );
    assert_eq!(told("several.h5", "TW"), "several.h5: /spikes/TW/node_ids: -1 is not an id");
    assert!(told("nothing.h5", "").starts_with("nothing.h5: cannot be read: "));
}

#[test]
fn reports_are_read_under_both_names_of_their_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: [(&str, &[u32]); 4] = [
        ("index_pointers", &[0, 1, 3]),
        ("index_pointer", &[0, 1, 3]),
        ("index_pointers", &[0, 1]),
        ("index_pointer", &[0, 1]),
    ];
    for (number, (name, pointers)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.h5"));
        let file = H5File::create(&path).expect("creates");
        groups(&file, "report/V1/mapping").expect("writes");
        put(&file, "report/V1/data", &[2, 3], &[1_f32, 2.0, 3.0, 4.0, 5.0, 6.0]).expect("writes");
        put(&file, "report/V1/mapping/node_ids", &[2], &[4_u32, 8]).expect("writes");
        put(&file, &format!("report/V1/mapping/{name}"), &[pointers.len()], pointers).expect("writes");
        put(&file, "report/V1/mapping/time", &[3], &[0.0, 1.0, 0.5]).expect("writes");
        file.close().expect("closes");
        let report = Recording::open(&path).expect("opens").report("V1", "").expect("reads");
        assert_eq!(report.neurons, [4, 8, 8]);
        assert_eq!(report.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((report.start, report.step), (0.0, 0.5));
    }
}

#[test]
fn edges_come_with_weights_and_delays_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = H5File::create(folder.path().join("edges.h5")).expect("creates");
    groups(&file, "edges/a_to_b/0").expect("writes");
    put(&file, "edges/a_to_b/source_node_id", &[3], &[0_u64, 1, 2]).expect("writes");
    put(&file, "edges/a_to_b/target_node_id", &[3], &[5_i32, 5, 4]).expect("writes");
    put(&file, "edges/a_to_b/edge_group_index", &[3], &[2_u16, 0, 1]).expect("writes");
    put(&file, "edges/a_to_b/0/syn_weight", &[3], &[0.5_f32, 1.5, 2.5]).expect("writes");
    file.close().expect("closes");
    let files = Folder::new(folder.path());
    let table = files.edges("edges.h5", "").expect("reads");
    assert_eq!(table.column("source"), Some(&[0.0, 1.0, 2.0][..]));
    assert_eq!(table.column("target"), Some(&[5.0, 5.0, 4.0][..]));
    assert_eq!(table.column("weight"), Some(&[2.5, 0.5, 1.5][..]));
    assert_eq!(table.column("delay"), None);
    assert_eq!(
        files.edges("edges.h5", "b_to_a").expect_err("refuses").to_string(),
        "edges.h5: there are no edges of \"b_to_a\"; there are a_to_b"
    );
    let spikes = files.spikes("edges.h5", "a").expect_err("refuses").to_string();
    assert_eq!(spikes, "edges.h5: there is nothing in /spikes");
}

#[test]
fn a_file_cut_off_anywhere_or_garbled_is_an_error_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.h5");
    let plan = plan();
    let mut machine = Clockwork::of(&plan);
    let provenance = Provenance::now("text", "0.1.0", 1, 0.0);
    let mut recorder =
        Recorder::create(&whole, plan, &provenance, &machine, Existing::Refuse).expect("creates");
    run(&mut machine, 400, &mut [&mut recorder], &AtomicBool::new(false)).expect("records");
    let bytes = std::fs::read(&whole).expect("is there");
    let path = folder.path().join("broken.h5");
    let read_all = |path: &Path| {
        if let Ok(recording) = Recording::open(path) {
            let populations = recording.spike_populations();
            populations.iter().for_each(|name| drop(recording.spikes(name)));
            recording.reports().iter().for_each(|(name, variable)| drop(recording.report(name, variable)));
            recording.rates().iter().for_each(|name| drop(recording.rate(name)));
            recording.weight_names().iter().for_each(|name| drop(recording.weights(name)));
            recording.run();
        }
        drop(recover(path));
        drop(Folder::new(Path::new("")).edges(&path.display().to_string(), ""));
    };
    for length in (0..40).map(|part| bytes.len() * part / 40).chain([1, 7, 8, 11, 12, 47, 48]) {
        std::fs::write(&path, &bytes[..length]).expect("writes");
        read_all(&path);
        assert!(Recording::open(&path).is_err() && recover(&path).is_err(), "cut at {length}");
    }
    // A keyed walk over the structure, which stands at the start and the end of the file.
    let mut place = 1_u64;
    for _ in 0..150 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut garbled = bytes.clone();
        let at = (place >> 33) as usize % 12_000;
        let at = if place.is_multiple_of(2) { at } else { bytes.len() - 1 - at };
        garbled[at] ^= 1 << (place >> 61);
        std::fs::write(&path, &garbled).expect("writes");
        read_all(&path);
    }
    std::fs::write(&path, "populations: []").expect("writes");
    let error = recover(&path).expect_err("is text").to_string();
    assert_eq!(error, format!("{}: this is not an HDF5 file", path.display()));
    let foreign = H5File::create(&path).expect("creates");
    put(&foreign, "x", &[1], &[1.0]).expect("writes");
    foreign.close().expect("closes");
    let error = recover(&path).expect_err("is foreign").message;
    assert_eq!(error, "this is an HDF5 file, but not a recording of Saltus");
}

/// A folder of the shared material, if there is any.
fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("SALTUS_SHARED");
    if shared.is_none() {
        println!("skipped: SALTUS_SHARED is not set");
    }
    shared.map(|shared| Path::new(&shared).join(path))
}

#[test]
fn every_file_that_readers_of_other_makers_were_tried_on_is_read() {
    let Some(folder) = shared("material/sonata_interop") else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("is there") {
        let path = entry.expect("is there").path();
        let recording = Recording::open(&path).expect("opens");
        for name in recording.spike_populations() {
            let list = recording.spikes(&name).expect("reads");
            assert!(!list.times.is_empty() && list.times.is_sorted(), "{}", path.display());
            read += 1;
        }
        for (population, variable) in recording.reports() {
            let report = recording.report(&population, &variable).expect("reads");
            assert!(!report.values.is_empty(), "{}", path.display());
            assert_eq!(report.values.len() % report.neurons.len(), 0);
            read += 1;
        }
    }
    assert!(read >= 18, "read only {read}");
}

#[test]
fn the_circuits_of_the_sonata_repository_are_read() {
    let Some(folder) = shared("material/sonata") else { return };
    let files = Folder::new(&folder);
    let table = files.edges("300_pointneurons/network/internal_internal_edges.h5", "").expect("reads");
    let edges = table.column("source").expect("sources").len();
    assert!(edges > 1000);
    assert_eq!(table.column("target").expect("targets").len(), edges);
    for (name, population) in [
        ("spike_files/spikes.h5", ""),
        ("spike_files/spikes.old.h5", ""),
        ("spike_files/spikes.one_pop.h5", ""),
        ("300_pointneurons/inputs/external_spike_trains.h5", ""),
        ("9_cells/output/spikes.h5", ""),
    ] {
        let table = files.spikes(name, population).unwrap_or_else(|error| panic!("{error}"));
        assert!(table.column("time").is_some_and(|times| times.is_sorted() && !times.is_empty()), "{name}");
    }
    let report = Recording::open(&folder.join("9_cells/output/membrane_potential.h5")).expect("opens");
    let (population, variable) = report.reports().into_iter().next().expect("a report");
    assert!(!report.report(&population, &variable).expect("reads").values.is_empty());
}
