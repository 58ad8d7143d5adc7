//! Scientific abstracts and what they say in one sentence (SciTLDR-A): `train`, `dev` and `test` in a folder, each
//! `*.jsonl`, packed with gzip or not, a document a line:
//!
//! ```text
//! {"id": "…", "src": ["sentence", …], "tgt": ["summary", …]}
//! ```
//!
//! Reference: Cachola et al. (2020), arXiv:2004.15011.

use crate::tasks::file::{DataProblem, bytes, find};
use serde_json::Value;
use std::path::Path;

/// A text and what summarises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its sentences, one or more.
    pub sentences: Vec<String>,
    /// Summaries of it, one or more.
    pub summaries: Vec<String>,
}

impl Document {
    /// All sentences, one after another.
    pub fn text(&self) -> String {
        self.sentences.join(" ")
    }
}

/// Documents to learn from, to validate on and to be tested on; none of them is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abstracts {
    /// To learn from.
    pub train: Vec<Document>,
    /// To choose by.
    pub dev: Vec<Document>,
    /// To be tested on.
    pub test: Vec<Document>,
}

impl Abstracts {
    /// Reads the three files of a folder.
    ///
    /// # Errors
    /// If one is not there, has nothing in it or a line that is not such a document; file and line are named.
    pub fn read(folder: &Path) -> Result<Self, DataProblem> {
        let read = |part: &str| documents(&find(folder, &[part, ".jsonl"])?);
        Ok(Self { train: read("train")?, dev: read("dev")?, test: read("test")? })
    }
}

fn documents(path: &Path) -> Result<Vec<Document>, DataProblem> {
    let mut file = bytes(path)?;
    let left = file.left();
    let text = std::str::from_utf8(file.take(left)?);
    let text = text.map_err(|error| DataProblem::new(path, format!("this is no text: {error}")))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &str)| {
        document(line).map_err(|message| DataProblem::new(path, format!("line {number}: {message}")))
    };
    let all: Vec<Document> = lines.map(read).collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(DataProblem::new(path, "there are no documents in it"));
    }
    Ok(all)
}

fn document(line: &str) -> Result<Document, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("this is no JSON: {error}"))?;
    let texts = |name: &str| -> Result<Vec<String>, String> {
        let list = value[name].as_array().filter(|list| !list.is_empty());
        let texts: Option<Vec<String>> =
            list.and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
        texts
            .ok_or_else(|| format!("`{name}` is a list of one or more texts, and here it is {}", value[name]))
    };
    Ok(Document { sentences: texts("src")?, summaries: texts("tgt")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn written(folder: &Path, train: &str) {
        std::fs::write(folder.join("dev.jsonl"), "{\"src\": [\"a\"], \"tgt\": [\"b\", \"c\"]}\n\n")
            .expect("a file");
        std::fs::write(folder.join("test.jsonl"), "{\"src\": [\"a\", \"d\"], \"tgt\": [\"b\"]}")
            .expect("a file");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(train.as_bytes()).expect("memory");
        std::fs::write(folder.join("train.jsonl.gz"), packed.finish().expect("memory")).expect("a file");
    }

    fn refused(train: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), train);
        Abstracts::read(folder.path()).expect_err("refused").to_string()
    }

    #[test]
    fn documents_are_read_from_packed_and_plain_files() {
        let folder = tempfile::tempdir().expect("a folder");
        written(folder.path(), "{\"id\": \"x\", \"src\": [\"One.\", \"Two.\"], \"tgt\": [\"Both – é.\"]}\n");
        let read = Abstracts::read(folder.path()).expect("three files");
        assert_eq!(read.train[0].text(), "One. Two.");
        assert_eq!(read.train[0].summaries, ["Both – é."]);
        assert_eq!((read.dev.len(), read.dev[0].summaries.len(), read.test[0].sentences.len()), (1, 2, 2));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let good = "{\"src\": [\"a\"], \"tgt\": [\"b\"]}\n";
        let said = refused(&format!("{good}{{\"src\": [\"a\"]\n"));
        assert!(said.contains("train.jsonl.gz: line 2: this is no JSON"), "{said}");
        let said = refused(&format!("{good}{good}{{\"src\": [], \"tgt\": [\"b\"]}}\n"));
        assert!(said.contains("line 3: `src` is a list of one or more texts, and here it is []"), "{said}");
        let said = refused("{\"src\": [\"a\"], \"tgt\": [3]}");
        assert!(said.contains("line 1: `tgt` is a list of one or more texts"), "{said}");
        assert!(refused("\n").contains("there are no documents in it"));
        let said =
            Abstracts::read(tempfile::tempdir().expect("a folder").path()).expect_err("nothing").to_string();
        assert!(said.contains("there is no file *train*.jsonl*"), "{said}");
    }
}
