//! From a TOML table to raw sections, collecting every problem on the way.

use super::ConfigError;
use serde::de::DeserializeOwned;
use std::{fmt::Display, ops::RangeInclusive, time::Duration};

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<ConfigError>);

impl Problems {
    /// Adds one; `key` is the whole path, `sip.listen[1]`.
    pub(super) fn add(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push(ConfigError { key: key.into(), problem: problem.into() });
    }

    /// `value`, which is complained about when it is out of `range`.
    pub(super) fn in_range<T: Copy + Display + PartialOrd>(
        &mut self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> T {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            self.add(
                key,
                format!("{value} is out of range: write a number from {least} to {most}"),
            );
        }
        value
    }

    /// As [`Self::in_range`], for a number of seconds.
    pub(super) fn seconds(
        &mut self,
        key: &str,
        value: u32,
        range: RangeInclusive<u32>,
    ) -> Duration {
        Duration::from_secs(self.in_range(key, value, range).into())
    }

    /// As [`Self::in_range`], for a number of milliseconds.
    pub(super) fn millis(&mut self, key: &str, value: u32, range: RangeInclusive<u32>) -> Duration {
        Duration::from_millis(self.in_range(key, value, range).into())
    }

    /// `value`, unless there were problems.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Vec<ConfigError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// Takes sections out of the file; what is left at the end is not ours.
pub(super) struct Reader {
    table: toml::Table,
    known: Vec<&'static str>,
    problems: Problems,
}

impl Reader {
    pub(super) fn new(table: toml::Table) -> Self {
        Self { table, known: Vec::new(), problems: Problems::default() }
    }

    /// The section `[name]`; what is wrong in it keeps its default.
    pub(super) fn section<Raw: Default + DeserializeOwned>(&mut self, name: &'static str) -> Raw {
        self.known.push(name);
        match self.table.remove(name) {
            None => Raw::default(),
            Some(toml::Value::Table(table)) => read_keys(name, table, &mut self.problems),
            Some(_) => {
                self.problems.add(name, format!("is a section: write its keys below [{name}]"));
                Raw::default()
            }
        }
    }

    /// Each `[[name]]`.
    pub(super) fn sections<Raw: Default + DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Vec<Raw> {
        self.known.push(name);
        let items = match self.table.remove(name) {
            None => return Vec::new(),
            Some(toml::Value::Array(items)) => items,
            Some(_) => {
                self.problems.add(name, format!("is a list: write [[{name}]] before each one"));
                return Vec::new();
            }
        };
        let mut sections = Vec::with_capacity(items.len());
        for (n, item) in items.into_iter().enumerate() {
            let path = format!("{name}[{n}]");
            if let toml::Value::Table(table) = item {
                sections.push(read_keys(&path, table, &mut self.problems));
            } else {
                self.problems.add(path, format!("write [[{name}]] and its keys below"));
            }
        }
        sections
    }

    /// The problems, with one for each section that nobody asked for.
    pub(super) fn finish(mut self) -> Problems {
        for key in self.table.keys() {
            let known = self.known.join(", ");
            self.problems.add(key, format!("unknown section: the sections are {known}"));
        }
        self.problems
    }
}

/// Every key has a default, so each can be tried alone: that finds all wrong ones, where serde
/// would stop at the first.
fn read_keys<Raw: Default + DeserializeOwned>(
    path: &str,
    table: toml::Table,
    problems: &mut Problems,
) -> Raw {
    let mut good = toml::Table::new();
    for (key, value) in table {
        let alone = toml::Table::from_iter([(key.clone(), value.clone())]);
        match alone.try_into::<Raw>() {
            Ok(_) => {
                good.insert(key, value);
            }
            Err(error) => problems.add(format!("{path}.{key}"), one_line(error.message())),
        }
    }
    good.try_into().unwrap_or_default()
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
