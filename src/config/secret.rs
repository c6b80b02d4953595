//! What must not be shown.

use super::written::MASK;
use serde::{Deserialize, Serializer, ser::SerializeMap as _};
use std::{fmt, path::PathBuf};

/// A text that logs and errors never show.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// As written: `key = "TEXT"`, `key = { value = "TEXT" }` or `key = { file = "PATH" }`.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "write \"TEXT\", { value = \"TEXT\" } or { file = \"PATH\" }")]
pub(super) enum Raw {
    Text(String),
    Value(InValue),
    File(InFile),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InValue {
    value: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InFile {
    file: PathBuf,
}

impl Raw {
    /// The secret; the error is what to tell the operator.
    pub(super) fn read(self) -> Result<Secret, String> {
        match self {
            Self::Text(text) | Self::Value(InValue { value: text }) => Ok(Secret(text)),
            Self::File(InFile { file }) => match std::fs::read_to_string(&file) {
                Ok(text) => Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned())),
                Err(error) => Err(format!(
                    "{} cannot be read ({error}): name a file that this user may read",
                    file.display()
                )),
            },
        }
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// How a key that holds a secret is written out: that it does, and whether there is one. The raw
/// secret itself cannot be written.
#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
pub(super) fn masked<S: Serializer>(secret: &Option<Raw>, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(1))?;
    map.serialize_entry(KEY, &secret.as_ref().map(|_| MASK))?;
    map.end()
}

/// The one key of what [`masked`] writes.
pub(super) const KEY: &str = "secret";
