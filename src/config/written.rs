//! The configuration as it was written: what the checked one is made of, what a reload may change
//! of it, and how each key is shown.
//!
//! Keys, their order and their descriptions have one source each: the raw sections say which keys
//! there are, `docs/config.example.toml` says what they mean, `descriptions_ru.toml` in Russian.

use super::{
    Config, ConfigError, Description, Overrides, Raw, described::description_of,
    overrides::Touched, reading::Reader, secret,
};
use serde_json::Value;
use std::{fmt, path::Path};

/// A configuration as it was written, which may hold secrets.
#[derive(Clone, Default)]
pub struct Written {
    /// Name of the file, without its directory; `None` for the defaults.
    name: Option<String>,
    file: toml::Table,
    overrides: Overrides,
}

/// One key of the configuration, as it may be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// Dotted: `sip.listen`, `trunk[0].name`.
    pub key: String,
    /// As one would write it, text without quotes; `None` for none. A secret is [`MASK`].
    pub value: Option<String>,
    /// Whether the value must not be shown.
    pub is_secret: bool,
    /// Who has said so.
    pub source: Source,
    /// Whether a change waits for the next start; SIGHUP takes the others over.
    pub needs_restart: bool,
    /// What it means.
    pub description: Description,
}

/// Where a value comes from. Who wins comes last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// The program.
    Default,
    /// The configuration file.
    File,
    /// A variable of the environment.
    Environment,
    /// A flag.
    CommandLine,
}

/// What stands for a secret.
pub const MASK: &str = "••••••";

impl Written {
    /// Reads `file`, if one is given; what it says is not checked yet.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, Vec<ConfigError>> {
        let Some(file) = file else { return Self::parse("", overrides) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = format!("cannot be read ({error}): name an existing file with --config");
            vec![ConfigError { key: file.display().to_string(), problem }]
        })?;
        let name = file.file_name().map(|it| it.to_string_lossy().into_owned());
        Ok(Self { name, ..Self::parse(&text, overrides)? })
    }

    /// As [`Self::load`], from the text of the file.
    pub fn parse(text: &str, overrides: &Overrides) -> Result<Self, Vec<ConfigError>> {
        let file = text.parse().map_err(|error: toml::de::Error| {
            vec![ConfigError { key: "TOML".to_owned(), problem: error.to_string() }]
        })?;
        Ok(Self { name: None, file, overrides: overrides.clone() })
    }

    /// What it means, or all that is wrong with it.
    pub fn check(&self) -> Result<Config, Vec<ConfigError>> {
        let mut reader = Reader::new(self.file.clone());
        let mut raw = Raw::read(&mut reader);
        let mut problems = reader.finish();
        self.overrides.apply(&mut raw);
        let config = raw.check(&mut problems);
        problems.into_result(config)
    }

    /// This one with what can change without a restart as `newer` has it.
    #[must_use]
    pub fn reloaded(&self, newer: &Self) -> Self {
        let mut file = self.file.clone();
        for key in RELOADED {
            let Some((section, key)) = key.split_once('.') else {
                put(&mut file, key, newer.file.get(*key));
                continue;
            };
            let own = file.entry(section).or_insert_with(|| toml::Table::new().into());
            let theirs = newer.file.get(section).and_then(|it| it.get(key));
            // What is no section stops the start, and any reload.
            if let Some(own) = own.as_table_mut() {
                put(own, key, theirs);
            }
        }
        Self { file, ..self.clone() }
    }

    /// Name of the file, without its directory; `None` where there is none.
    pub fn file_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Every key with its value, in the order of the documentation; of trunks, those of the file.
    pub fn settings(&self) -> Vec<Setting> {
        let mut raw = Raw::read(&mut Reader::new(self.file.clone()));
        let touched = self.overrides.apply(&mut raw);
        // Every raw section can be written: the keys of a structure are texts.
        let written = serde_json::to_value(&raw).unwrap_or_default();
        let mut settings = Vec::new();
        for (section, keys) in written.as_object().into_iter().flatten() {
            let in_file = self.file.get(section);
            let many = keys.as_array().map(|items| items.iter().enumerate());
            for (n, keys) in many.into_iter().flatten() {
                let in_file = in_file.and_then(|it| it.get(n));
                let one = Section { name: section, number: Some(n), in_file };
                settings.extend(one.settings(keys, &touched));
            }
            let alone = Section { name: section, number: None, in_file };
            settings.extend(alone.settings(keys, &touched));
        }
        settings.sort_by_key(|(place, _)| *place);
        settings.into_iter().map(|(_, setting)| setting).collect()
    }
}

/// Without its values: some are secret.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").field("name", &self.name).finish_non_exhaustive()
    }
}

fn put(table: &mut toml::Table, key: &str, value: Option<&toml::Value>) {
    match value {
        Some(value) => table.insert(key.to_owned(), value.clone()),
        None => table.remove(key),
    };
}

/// `[name]`, or one of many `[[name]]`.
struct Section<'a> {
    name: &'a str,
    number: Option<usize>,
    in_file: Option<&'a toml::Value>,
}

impl Section<'_> {
    /// Each with its place among all.
    fn settings(
        &self,
        keys: &Value,
        touched: &Touched,
    ) -> impl Iterator<Item = ((usize, usize), Setting)> {
        let number = self.number.map(|n| format!("[{n}]")).unwrap_or_default();
        keys.as_object().into_iter().flatten().map(move |(key, value)| {
            let documented_key = format!("{}.{key}", self.name);
            let is_in_file = self.in_file.is_some_and(|it| it.get(key).is_some());
            let by_file = if is_in_file { Source::File } else { Source::Default };
            let (position, description) = description_of(&documented_key);
            let secret = value.get(secret::KEY);
            let setting = Setting {
                key: format!("{}{number}.{key}", self.name),
                value: shown(secret.unwrap_or(value)),
                is_secret: secret.is_some(),
                source: touched.get(documented_key.as_str()).copied().unwrap_or(by_file),
                needs_restart: ![self.name, &documented_key].iter().any(|it| RELOADED.contains(it)),
                description,
            };
            ((self.number.unwrap_or(0), position), setting)
        })
    }
}

/// As one would write it.
fn shown(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    // What TOML cannot write is nothing at all.
    toml::Value::try_from(value).ok().map(|it| it.to_string())
}

/// Sections and keys that SIGHUP takes over; [`Written::reloaded`] leaves all others as they were at
/// the start.
const RELOADED: &[&str] = &[
    "server.dialplans_dir",
    "server.sounds_dir",
    "calls.hold_music",
    "calls.tones",
    "log.level",
    "outbound",
    "outbound_class",
    "trunk",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::described::{DOCUMENTED, EXAMPLE};
    use std::collections::BTreeSet;

    fn written(text: &str) -> Written {
        Written::parse(text, &Overrides::default()).unwrap()
    }

    fn keys(settings: &[Setting], is_so: impl Fn(&Setting) -> bool) -> BTreeSet<&str> {
        settings.iter().filter(|it| is_so(it)).map(|it| it.key.as_str()).collect()
    }

    /// A key of the example as it is shown of a file that has one of each.
    fn numbered(key: &str) -> String {
        ["trunk", "outbound_class"]
            .iter()
            .find_map(|list| {
                Some(format!("{list}[0].{}", key.strip_prefix(list)?.strip_prefix('.')?))
            })
            .unwrap_or_else(|| key.to_owned())
    }

    #[test]
    fn every_key_is_shown_with_its_value_and_what_the_documentation_says() {
        let settings = written(FULL).settings();

        let of_example = DOCUMENTED.iter().map(|it| numbered(&it.key));
        let shown: Vec<_> = settings.iter().map(|it| it.key.clone()).collect();
        assert_eq!(shown, of_example.collect::<Vec<_>>(), "in the order of the documentation");
        assert_eq!(keys(&settings, |it| it.source != Source::File), BTreeSet::new());
        assert_eq!(keys(&settings, |it| it.value.is_none()), BTreeSet::new());
        for it in &settings {
            let words = it.description.en;
            assert!(words.len() > 10, "{} has no description", it.key);
            assert!(!words.contains('\n'), "{} is described in more than a line", it.key);
        }
        let described: BTreeSet<_> = settings.iter().map(|it| it.description).collect();
        assert_eq!(described.len(), settings.len(), "two keys share a description");
        let value = |key: &str| {
            let found = settings.iter().find(|it| it.key == key);
            found.and_then(|it| it.value.as_deref()).unwrap()
        };
        assert_eq!(value("sip.listen"), r#"["0.0.0.0:5160/udp", "[::]:5160/tcp"]"#);
        assert_eq!(value("http.secure_cookies"), "false");
        assert_eq!(value("registrar.expires_min_s"), "61");
        assert_eq!(value("log.format"), "json");
        assert_eq!(value("trunk[0].source_port"), "5070");
        assert_eq!(value("trunk[0].dtmf"), "info");
    }

    #[test]
    fn without_a_file_every_key_has_its_default() {
        let settings = Written::default().settings();

        assert_eq!(keys(&settings, |it| it.source != Source::Default), BTreeSet::new());
        assert_eq!(
            keys(&settings, |it| it.value.is_none()),
            BTreeSet::from([
                "sip.advertised_ipv4",
                "sip.advertised_ipv6",
                "media.advertised_ipv4",
                "media.advertised_ipv6",
                "recording.dir",
                "journal.dir",
                "http.public_url",
                "mail.url",
                "mail.from",
                "store.url",
                "voicemail.dir",
            ])
        );
        let full = written(FULL).settings();
        for (default, other) in settings.iter().zip(&full) {
            assert_eq!(default.key, other.key);
            assert_ne!(default.value, other.value, "{} is not another in FULL", default.key);
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("database-url");
        std::fs::write(&file, "postgres://tandem:hunter4@db/tandem").unwrap();
        let in_file =
            FULL.replace(r#""postgres://u:hunter2@db/x""#, &format!("{{ file = {file:?} }}"));
        let as_value =
            FULL.replace(r#""postgres://u:hunter2@db/x""#, r#"{ value = "sqlite:hunter2" }"#);

        for text in [FULL, &in_file, &as_value] {
            let written = written(text);
            written.check().unwrap();
            let settings = written.settings();

            let secrets = keys(&settings, |it| it.is_secret);
            let expected =
                ["mail.url", "store.url", "trunk[0].inbound_password", "trunk[0].password"];
            assert_eq!(secrets, BTreeSet::from(expected));
            let masked = keys(&settings, |it| it.value.as_deref() == Some(MASK));
            assert_eq!(masked, secrets);
            for shown in [format!("{settings:?}"), format!("{written:?}")] {
                assert!(!shown.contains("hunter") && !shown.contains("database-url"), "{shown}");
            }
        }
    }

    #[test]
    fn whoever_decides_a_value_is_named() {
        let overrides = Overrides {
            listen: vec!["127.0.0.2".parse().unwrap()],
            rtp_ports: Some("40000-40099".parse().unwrap()),
            data_dir: Some("here".into()),
            log_level: Some("info".to_owned()),
            log_format: Some(super::super::LogFormat::Text),
            from_environment: ["log_level".to_owned()].into(),
            ..Overrides::default()
        };
        let ports =
            Overrides { sip_port: Some(6060), http_port: Some(8888), ..Overrides::default() };
        let file = "[log]\nlevel = \"debug\"\n[http]\nsecure_cookies = true\n";

        let both = Written::parse(file, &overrides).unwrap().settings();
        let moved = Written::parse(file, &ports).unwrap().settings();

        assert_eq!(keys(&both, |it| it.source == Source::File), ["http.secure_cookies"].into());
        assert_eq!(keys(&both, |it| it.source == Source::Environment), ["log.level"].into());
        assert_eq!(
            keys(&both, |it| it.source == Source::CommandLine),
            BTreeSet::from([
                "sip.listen",
                "http.listen",
                "media.listen",
                "media.ports",
                "server.data_dir",
                "log.format",
            ])
        );
        assert_eq!(
            keys(&moved, |it| it.source == Source::CommandLine),
            BTreeSet::from(["sip.listen", "http.listen"])
        );
    }

    #[test]
    fn a_flag_that_changes_a_key_is_always_named() {
        let file = written(FULL);
        let all = Overrides {
            listen: vec!["127.0.0.2".parse().unwrap()],
            sip_port: Some(6060),
            http_port: Some(8888),
            rtp_ports: Some("40000-40099".parse().unwrap()),
            data_dir: Some("here".into()),
            log_level: Some("warn".to_owned()),
            log_format: Some(super::super::LogFormat::Text),
            from_environment: BTreeSet::new(),
        };

        let with = Written { overrides: all, ..file.clone() }.settings();

        let before = file.settings();
        let changed = before.iter().zip(&with).filter(|(a, b)| a.value != b.value);
        let changed: BTreeSet<_> = changed.map(|(_, it)| it.key.as_str()).collect();
        assert_eq!(keys(&with, |it| it.source == Source::CommandLine), changed);
    }

    #[test]
    fn a_reload_takes_over_what_needs_no_restart_and_nothing_else() {
        for (old, new) in [("", FULL), (FULL, ""), (FULL, "[server]\n[log]\n")] {
            let (old, new) = (written(old), written(new));

            let reloaded = old.reloaded(&new);

            reloaded.check().unwrap();
            let expected: Vec<_> = {
                let kept = old.settings().into_iter().filter(|it| it.needs_restart);
                let taken = new.settings().into_iter().filter(|it| !it.needs_restart);
                kept.chain(taken).collect()
            };
            let settings = reloaded.settings();
            assert_eq!(settings.len(), expected.len());
            for it in settings {
                assert!(expected.contains(&it), "{it:?}");
            }
            assert!(old.settings() != reloaded.settings());
        }
    }

    #[test]
    fn the_documentation_says_what_needs_no_restart() {
        let head = EXAMPLE.split_once("\n\n").unwrap().0;

        for key in RELOADED {
            let section = format!("[{key}]");
            let written = if key.contains('.') { key } else { section.as_str() };
            assert!(head.contains(written), "{written}");
        }
        let settings = written(FULL).settings();
        let reloaded = keys(&settings, |it| !it.needs_restart);
        let is_of_section =
            |it: &&&str| ["trunk[0].", "outbound"].iter().any(|of| it.starts_with(of));
        assert_eq!(reloaded.iter().filter(|it| !is_of_section(it)).count(), 5);
        assert!(reloaded.contains("trunk[0].destination"));
    }

    #[test]
    fn trunks_are_numbered_and_the_file_is_named_without_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("office.toml");
        let trunk = |name: &str| {
            format!(
                "[[trunk]]\nname = {name:?}\ndomain = \"d\"\ndestination = \"192.0.2.1:5060/udp\"\n"
            )
        };
        std::fs::write(&file, [trunk("a"), trunk("b")].concat()).unwrap();

        let written = Written::load(Some(&file), &Overrides::default()).unwrap();

        assert_eq!(written.file_name(), Some("office.toml"));
        let settings = written.settings();
        let names: Vec<_> = settings
            .iter()
            .filter(|it| it.key.starts_with("trunk["))
            .map(|it| (it.key.as_str(), it.source == Source::File))
            .collect();
        let expected: Vec<_> = (0..2)
            .flat_map(|n| {
                let keys = [("name", true), ("domain", true), ("destination", true)];
                let rest = [
                    "sources",
                    "source_port",
                    "inbound_user",
                    "inbound_password",
                    "user",
                    "password",
                    "realm",
                    "register_expires_s",
                    "register_fallbacks",
                    "channels_max",
                    "cps_max",
                    "health_interval_s",
                    "dtmf",
                    "codecs",
                    "called_out",
                    "called_in",
                    "caller_out",
                    "caller_in",
                    "caller_default",
                    "asserts_callers",
                    "rates",
                ];
                let rest = rest.map(|key| (key, false));
                keys.into_iter().chain(rest).map(move |(key, of)| (format!("trunk[{n}].{key}"), of))
            })
            .collect();
        assert_eq!(names, expected.iter().map(|(key, of)| (key.as_str(), *of)).collect::<Vec<_>>());
    }

    /// Every key, each with another value than its default.
    const FULL: &str = include_str!("full.toml");
}
