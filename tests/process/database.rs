//! PostgreSQL as the server's database, and calls while it or SQLite is away.

use crate::{
    harness::{
        Server, Sipp, Transport, UdpPeer, header, postgres_rows, request, status_of, wait_for,
        while_locked,
    },
    postgres::Postgres,
};
use std::time::Duration;

#[test]
fn calls_go_on_while_the_database_is_away_and_the_call_log_catches_up() {
    let mut postgres = Postgres::start();
    let server = Server::start_with(&format!(
        "[store]\nurl = {{ value = \"{}\" }}\nwait_max_ms = 1000\n",
        postgres.url("postgres")
    ));
    Sipp::register(&server, 1, "1002", Transport::Udp);
    a_call(&server, "200");
    wait_for("two rows", LIMIT, || (rows(&postgres) == 2).then_some(()));

    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "4000"]).start();
    wait_for("answer", LIMIT, || {
        let trace = callee.trace();
        trace.iter().any(|it| it.message.starts_with("ACK ")).then_some(())
    });
    postgres.kill();

    wait_for("not being ready", LIMIT, || {
        let (status, body) = server.get_any("/readyz")?;
        (status == 503 && body.contains("database")).then_some(())
    });
    let phone = UdpPeer::bind(0);
    let register = request(&phone, "REGISTER", "sip:127.0.0.1", "127.0.0.1");
    let refused = phone.ask_as("1001", &register, server.sip()).expect("an answer is due");
    assert_eq!(status_of(&refused), 503, "{refused}");
    assert!(header(&refused, "Retry-After").is_some(), "{refused}");
    caller.succeed();
    callee.succeed();
    a_call(&server, "200");

    postgres.start_again();
    wait_for("readiness", LIMIT, || server.get("/readyz"));
    wait_for("six rows", LIMIT, || (rows(&postgres) == 6).then_some(()));
    Sipp::register(&server, 1, "1002", Transport::Udp);
    a_call(&server, "200");
    wait_for("eight rows", LIMIT, || (rows(&postgres) == 8).then_some(()));
}

#[test]
fn calls_go_on_while_sqlite_is_locked_and_the_call_log_catches_up() {
    let server = Server::start_with("[store]\nwait_max_ms = 500\n");
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let database = server.folder().join("data/tandem.db");

    while_locked(&database, || {
        a_call(&server, "200");
        let phone = UdpPeer::bind(0);
        let register = request(&phone, "REGISTER", "sip:127.0.0.1", "127.0.0.1");
        let refused = phone.ask_as("1001", &register, server.sip()).expect("an answer is due");
        assert_eq!(status_of(&refused), 503, "{refused}");
        assert_eq!(server.wait_for_cdrs(0).len(), 0, "nothing is written");
    });

    assert_eq!(server.wait_for_cdrs(2).len(), 2);
    Sipp::register(&server, 0, "1001", Transport::Udp);
}

/// 1001 calls 1002, whose binding is known.
fn a_call(server: &Server, talk_ms: &str) {
    let callee = Sipp::callee(server, 1, "uas.xml").with(&["-d", "0"]).start();
    Sipp::caller(server, 0, "uac.xml", "1001", "1002").with(&["-d", talk_ms]).run();
    callee.succeed();
}

/// How many rows the call log has; each row's id is its primary key, so none is there twice.
fn rows(postgres: &Postgres) -> i64 {
    postgres_rows(&postgres.url("postgres"), "cdr")
}

const LIMIT: Duration = Duration::from_secs(20);
