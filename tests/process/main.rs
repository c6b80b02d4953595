//! Whole-process tests: the real binary, and phones and tools that this project did not write, over
//! loopback sockets. `cargo test --test process NAME` runs one; `TANDEM_BIN` names another build.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

#[path = "../support/base64.rs"]
mod base64;
#[path = "../support/ports.rs"]
mod ports;
#[path = "../support/postgres.rs"]
mod postgres;

mod administration;
mod audio_calls;
mod built_ins;
mod codec_rules;
mod commands;
mod conferences;
mod configuration;
mod connections;
mod database;
mod digits;
mod domains;
mod harness;
mod hold_music;
mod injection;
mod ipv6;
mod limits;
mod linphone;
mod media_figures;
mod outbound;
mod packet_times;
mod pages;
mod panels;
mod plans;
mod quality;
mod recents;
mod recordings;
mod refusals;
mod restarts;
mod scenarios;
mod soak;
mod start_up;
mod statistics;
mod subscriptions;
mod supervision;
mod texts;
mod torture;
mod traces;
mod transfer_scenarios;
mod transfers;
mod trunks;
mod voicemail;
mod workplaces;
