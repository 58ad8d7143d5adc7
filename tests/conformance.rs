//! Every vector that another tool made is met, but for those that the vectors' own notes except.

#[path = "../examples/conformance/main.rs"]
#[allow(dead_code)]
mod conformance;

use std::path::Path;

#[test]
fn every_vector_is_equal_or_excepted_by_its_own_notes() {
    let Ok(shared) = std::env::var("SALTUS_SHARED") else {
        println!("skipped: SALTUS_SHARED is not set");
        return;
    };
    let lines = conformance::matrix(&Path::new(&shared).join("golden/open")).expect("the folder is read");
    assert!(!lines.is_empty());
    for line in &lines {
        assert_eq!(line.difference(), None, "{}", line.name());
        for why in line.skipped().into_keys() {
            assert_eq!(why, "beyond the range of its tool", "{}", line.name());
        }
    }
}
