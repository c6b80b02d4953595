//! What needs a restart: the configuration file, read once and checked whole.
//!
//! One section a file. Each reads a raw serde structure, in which every key has a default, and
//! checks it into values with types: durations, addresses, bounds. All problems are reported at
//! once, each with its key and what to do. `docs/config.example.toml` documents every key.

mod calls;
mod cdr;
mod described;
mod fetcher;
mod http;
mod journal;
mod listener;
mod log;
mod mail;
mod media;
mod overrides;
mod reading;
mod recording;
mod registrar;
mod secret;
mod server;
mod signalling;
mod sip;
mod store;
mod trace;
mod trunks;
mod voicemail;
mod written;

#[cfg(test)]
mod tests;

pub use calls::Calls;
pub use cdr::CdrWriting;
pub use described::Description;
pub use fetcher::Fetching;
pub use http::Http;
pub use journal::JournalKeeping;
pub use listener::{Protocol, SipListener};
pub use log::{Log, LogFormat};
pub use mail::Mail;
pub use media::{Media, PortRange};
pub use overrides::Overrides;
pub use recording::{Recording, RecordingFormat};
pub use registrar::Registrar;
pub use secret::Secret;
pub use server::Server;
pub use signalling::Signalling;
pub use sip::{Sip, SourceLimits, StreamLimits};
pub use store::{SqliteSync, Store};
pub use trace::Trace;
pub use trunks::{Trunk, TrunkMistake, TrunkText, codecs_mistake};
pub use voicemail::Voicemail;
pub use written::{MASK, Setting, Source, Written};

use reading::{Problems, Reader};
use serde::Serialize;
use std::{fmt, path::Path};

/// Everything that the operator of a server decides, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[server]`: where things lie and how the process ends.
    pub server: Server,
    /// `[sip]`: listeners and the limits of strangers.
    pub sip: Sip,
    /// `[registrar]`: bounds of registrations.
    pub registrar: Registrar,
    /// `[calls]`: bounds of calls.
    pub calls: Calls,
    /// `[signalling]`: shards.
    pub signalling: Signalling,
    /// `[media]`: workers, addresses and ports.
    pub media: Media,
    /// `[recording]`: where recordings of calls are, and for how long.
    pub recording: Recording,
    /// `[fetcher]`: what may be asked of web servers.
    pub fetcher: Fetching,
    /// `[journal]`: where the journal of calls is, and how much of it is kept.
    pub journal: JournalKeeping,
    /// `[voicemail]`: where messages for mailboxes are, and their bounds.
    pub voicemail: Voicemail,
    /// `[http]`: listeners and sessions.
    pub http: Http,
    /// `[mail]`: how letters leave; `None` for no letters.
    pub mail: Option<Mail>,
    /// `[store]`: the database.
    pub store: Store,
    /// `[cdr]`: how call detail records get there.
    pub cdr: CdrWriting,
    /// `[trace]`: the SIP trace kept in memory.
    pub trace: Trace,
    /// `[log]`: the process's own log.
    pub log: Log,
    /// `[[trunk]]`: links to carriers.
    pub trunks: Vec<Trunk>,
}

/// One thing that is wrong with the configuration.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// Where: `sip.listen[1]`; the file's name if it could not be read at all.
    pub key: String,
    /// What is wrong and what to write instead.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)
    }
}

impl Config {
    /// Reads `file`, if one is given, over the defaults, and `overrides` over both.
    ///
    /// The errors are all that could be found, in the order of the sections.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, Vec<ConfigError>> {
        Written::load(file, overrides)?.check()
    }

    /// As [`Config::load`], from the text of the file.
    pub fn parse(text: &str, overrides: &Overrides) -> Result<Self, Vec<ConfigError>> {
        Written::parse(text, overrides)?.check()
    }
}

impl Default for Config {
    /// What an empty file means.
    fn default() -> Self {
        Raw::default().check(&mut Problems::default())
    }
}

/// The file as written.
#[derive(Debug, Default, Serialize)]
struct Raw {
    server: server::Raw,
    sip: sip::Raw,
    registrar: registrar::Raw,
    calls: calls::Raw,
    signalling: signalling::Raw,
    media: media::Raw,
    recording: recording::Raw,
    fetcher: fetcher::Raw,
    journal: journal::Raw,
    voicemail: voicemail::Raw,
    http: http::Raw,
    mail: mail::Raw,
    store: store::Raw,
    cdr: cdr::Raw,
    trace: trace::Raw,
    log: log::Raw,
    #[serde(rename = "trunk")]
    trunks: Vec<trunks::Raw>,
}

impl Raw {
    fn read(reader: &mut Reader) -> Self {
        Self {
            server: reader.section("server"),
            sip: reader.section("sip"),
            registrar: reader.section("registrar"),
            calls: reader.section("calls"),
            signalling: reader.section("signalling"),
            media: reader.section("media"),
            recording: reader.section("recording"),
            fetcher: reader.section("fetcher"),
            journal: reader.section("journal"),
            voicemail: reader.section("voicemail"),
            http: reader.section("http"),
            mail: reader.section("mail"),
            store: reader.section("store"),
            cdr: reader.section("cdr"),
            trace: reader.section("trace"),
            log: reader.section("log"),
            trunks: reader.sections("trunk"),
        }
    }

    fn check(self, problems: &mut Problems) -> Config {
        let server = self.server.check(problems);
        let http = self.http.check(problems);
        Config {
            sip: self.sip.check(problems),
            registrar: self.registrar.check(problems),
            calls: self.calls.check(problems),
            signalling: self.signalling.check(problems),
            media: self.media.check(problems),
            recording: self.recording.check(&server, problems),
            fetcher: self.fetcher.check(problems),
            journal: self.journal.check(&server, problems),
            voicemail: self.voicemail.check(&server, problems),
            mail: self.mail.check(&http, problems),
            store: self.store.check(&server, problems),
            cdr: self.cdr.check(problems),
            trace: self.trace.check(problems),
            log: self.log.check(problems),
            trunks: trunks::check_all(self.trunks, problems),
            server,
            http,
        }
    }
}
