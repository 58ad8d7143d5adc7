//! Data sets of events, in the layouts of their makers.

use std::fs;
use std::path::Path;
use training::tasks::{camera, heidelberg};

/// N-MNIST's five bytes: column, row, polarity and time in µs.
fn five(column: u8, row: u8, brighter: bool, time: u32) -> [u8; 5] {
    let [_, a, b, c] = time.to_be_bytes();
    [column, row, a | u8::from(brighter) << 7, b, c]
}

fn aedat_3(events: &[(u32, u32, bool, u32)]) -> Vec<u8> {
    let mut file = b"#!AER-DAT3.1\r\n#!END-HEADER\r\n".to_vec();
    let count = events.len() as u32;
    file.extend([1, 0, 0, 0]);
    [8, 4, 0, count, count, count].iter().for_each(|word: &u32| file.extend(word.to_le_bytes()));
    for &(column, row, brighter, time) in events {
        let data = column << 17 | row << 2 | u32::from(brighter) << 1 | 1;
        file.extend([data.to_le_bytes(), time.to_le_bytes()].concat());
    }
    file
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
}

#[test]
fn folders_of_classes_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    for (class, column) in [("0", 3), ("7", 33)] {
        write(&folder.path().join("Train").join(class).join("1.bin"), &five(column, 2, false, 12_000));
    }
    let later = [five(1, 33, true, 40_000), five(1, 33, true, 40_010), five(2, 0, true, 30_000)].concat();
    write(&folder.path().join("Test/7/1.bin"), &later);
    let set = camera::recordings(folder.path()).expect("recordings");
    assert_eq!((set.shape, set.classes), ([34, 34, 2], 2));
    assert_eq!(set.train.iter().map(|word| word.label).collect::<Vec<_>>(), [0, 1]);
    // Time begins with the first event; bins are 5 ms; two events of a pixel in one bin are one.
    assert_eq!(set.test[0].events, [(0, 2 * 2), (2, (33 * 34 + 1) * 2)]);
    let message = camera::recordings(&folder.path().join("Train")).expect_err("no such layout").message;
    assert!(message.contains("trials_to_train.txt"), "{message}");
}

#[test]
fn gestures_are_cut_out_of_their_recordings() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("trials_to_train.txt"), "a.aedat\n").expect("written");
    fs::write(at("trials_to_test.txt"), "a.aedat\n\n").expect("written");
    write(&at("a.aedat"), &aedat_3(&[(127, 127, true, 5), (4, 2, false, 100), (5, 2, true, 20_000)]));
    fs::write(at("a_labels.csv"), "class,startTime_usec,endTime_usec\n2,0,50\n11,100,30000\n")
        .expect("written");
    let set = camera::recordings(folder.path()).expect("recordings");
    assert_eq!((set.shape, set.classes, set.train.len()), ([128, 128, 2], 11, 2));
    assert_eq!((set.test[1].label, set.test[1].events.len()), (10, 2));
    write(&at("a.aedat"), &aedat_3(&[(127, 30_000, true, 5)]));
    let message = camera::recordings(folder.path()).expect_err("no such camera").message;
    assert!(message.contains("30001 rows"), "{message}");
    fs::write(at("a_labels.csv"), "class,start,end\n0,0,50\n").expect("written");
    let message = camera::recordings(folder.path()).expect_err("no class 0").message;
    assert!(message.contains("line 2"), "{message}");
}

#[test]
fn a_folder_without_words_in_hdf5_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("shd_train.h5"), "not HDF5").expect("written");
    fs::write(folder.path().join("shd_test.h5"), "not HDF5").expect("written");
    let problem = heidelberg::spoken(folder.path()).expect_err("not HDF5");
    assert!(problem.message.contains("not an HDF5 file"), "{}", problem.message);
}
