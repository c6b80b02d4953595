//! A start that cannot succeed ends with one line that says what to do.

use crate::{
    harness::{Outcome, repository, rtp_ports_of, tandem},
    ports::PortBlock,
};
use std::{
    fs,
    net::{Ipv4Addr, UdpSocket},
};

#[test]
fn port_in_use_stops_the_start_with_one_line() {
    let ports = PortBlock::claim();
    let sip_port = ports.port(2);
    let _taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, sip_port)).expect("port is free");

    let demo = fs::read_to_string(repository("docs/config.demo.toml")).expect("it is there");

    let outcome = serve(&ports, &demo);

    assert_one_line(&outcome, &[&sip_port.to_string()]);
}

#[test]
fn unknown_key_in_the_config_stops_the_start_with_one_line() {
    let outcome = serve(&PortBlock::claim(), "[server]\ndata_dri = \"elsewhere\"\n");

    assert_one_line(&outcome, &["server.data_dri"]);
}

#[test]
fn every_wrong_key_is_reported_at_once() {
    let outcome =
        serve(&PortBlock::claim(), "[server]\ndata_dri = \"x\"\n[media]\nworkers = \"many\"\n");

    assert!(!outcome.status.success());
    for key in ["server.data_dri", "media.workers"] {
        assert!(outcome.output.contains(key), "{key} is missing: {}", outcome.output);
    }
}

#[test]
fn database_that_is_not_there_stops_the_start_with_one_line_without_its_password() {
    let ports = PortBlock::claim();
    let nobody_listens = ports.port(30);
    let url = format!("postgres://tandem:very-secret@127.0.0.1:{nobody_listens}/tandem");

    let outcome = serve(&ports, &format!("[store]\nurl = {{ value = \"{url}\" }}\n"));

    assert_one_line(&outcome, &[&nobody_listens.to_string()]);
    assert!(!outcome.output.contains("very-secret"), "{}", outcome.output);
}

#[test]
fn config_that_is_not_there_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().expect("temporary folder can be made");

    let outcome = tandem(folder.path(), &["serve", "--config", "/nowhere/tandem.toml"]);

    assert_one_line(&outcome, &["/nowhere/tandem.toml"]);
}

/// Tries to start a server whose only log is errors.
fn serve(ports: &PortBlock, config: &str) -> Outcome {
    let folder = tempfile::tempdir().expect("temporary folder can be made");
    let file = folder.path().join("tandem.toml");
    fs::write(&file, config).expect("config can be written");
    let data = folder.path().join("data");
    tandem(
        folder.path(),
        &[
            "serve",
            "--config",
            &file.to_string_lossy(),
            "--data",
            &data.to_string_lossy(),
            "--sip-port",
            &ports.port(2).to_string(),
            "--http-port",
            &ports.port(6).to_string(),
            "--rtp-ports",
            &rtp_ports_of(ports),
            "--log-level",
            "error",
        ],
    )
}

#[track_caller]
fn assert_one_line(outcome: &Outcome, words: &[&str]) {
    assert!(!outcome.status.success(), "it started: {}", outcome.output);
    assert_eq!(outcome.output.lines().count(), 1, "{}", outcome.output);
    for word in words {
        assert!(outcome.output.contains(word), "{word:?} is missing: {}", outcome.output);
    }
}
