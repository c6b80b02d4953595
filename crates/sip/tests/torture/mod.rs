//! The torture messages of RFC 4475 and RFC 5118 beside this file, and the verdict on each in
//! `index.tsv`: a row a message, `acceptable` naming every outcome that passes.

use bytes::Bytes;
use std::{fs, path::PathBuf};

/// One message with its verdict.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// For example `rfc4475/wsinv.dat`.
    pub(crate) file: String,
    /// Whether it is a request.
    pub(crate) is_request: bool,
    /// Outcomes that pass.
    pub(crate) acceptable: Vec<Outcome>,
    /// The message, byte by byte.
    pub(crate) bytes: Bytes,
}

/// What may become of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It is answered with this status.
    Status(u16),
    /// It is handled like any good message.
    Normal,
    /// It is dropped without an answer.
    Drop,
    /// Anything but a crash.
    Any,
}

impl Entry {
    /// Whether `outcome` passes.
    pub(crate) fn accepts(&self, outcome: Outcome) -> bool {
        self.acceptable.iter().any(|it| *it == outcome || *it == Outcome::Any)
    }
}

/// Every message of the table.
pub(crate) fn entries() -> Vec<Entry> {
    let table = fs::read_to_string(folder().join("index.tsv")).expect("the table is in place");
    table.lines().skip(1).map(entry).collect()
}

/// The message of a file such as `rfc4475/wsinv.dat`.
pub(crate) fn message(file: &str) -> Bytes {
    let path = folder().join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

fn entry(line: &str) -> Entry {
    let columns: Vec<_> = line.split('\t').collect();
    let [file, _source, _title, kind, _valid, _rfc, acceptable, _must_also, size] = columns[..]
    else {
        panic!("nine columns: {line}");
    };
    let bytes = message(file);
    assert_eq!(bytes.len().to_string(), size, "{file} is not the file that was judged");
    Entry {
        file: file.to_owned(),
        is_request: kind.starts_with("req"),
        acceptable: acceptable.split(',').map(outcome).collect(),
        bytes,
    }
}

fn outcome(word: &str) -> Outcome {
    match word {
        "normal" => Outcome::Normal,
        "drop" => Outcome::Drop,
        "any" => Outcome::Any,
        status => Outcome::Status(status.parse().expect("a status")),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}
