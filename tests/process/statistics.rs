//! Figures and Asterisk's `queue_log`, made of the journal of a server that was killed.

use crate::harness::{RunningSipp, Server, Sipp, Transport, Visitor, forget_call_log, wait_for};
use base::UnixMillis;
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tandem::http::api::time::rfc3339;

#[test]
fn figures_of_the_call_log_and_of_the_journal_are_the_same_after_kill_9() {
    let mut server = Server::start();
    let from = rfc3339(UnixMillis(now().0 - 60_000));
    let cut_off = make_calls(&server);

    server.kill_and_restart();

    for phone in cut_off {
        phone.succeed();
    }
    server.wait_for_cdrs(11);
    server.wait_until_quiet();
    let to = rfc3339(UnixMillis(now().0 + 60_000));
    let admin = Visitor::sign_in(&server, "admin");
    let before = same_of_both(&server, &admin, &from, &to);
    let calls = &before["total"]["calls"];
    assert_eq!((&calls["offered"], &calls["answered"]), (&8.into(), &5.into()), "{before}");
    for reason in ["busy", "cancelled", "unreachable"] {
        assert_eq!(calls["missed"][reason], 1, "{reason}: {before}");
    }
    assert_eq!(calls["causes"]["crash"], 2, "{before}");

    forget_call_log(&server.database());
    assert!(server.command(&["journal", "restore"]).output.starts_with("11 rows added"));
    assert_eq!(same_of_both(&server, &admin, &from, &to), before, "restored");

    let table = server.command(&["journal", "statistics", "--by", "line", "--from", &from]).output;
    assert!(table.contains("legs of those who were rung"), "{table}");
    assert!(table.lines().any(|it| it.starts_with("1002 ")), "{table}");
    let vague = server.command(&["journal", "statistics", "--from", "yesterday"]);
    assert!(!vague.status.success() && vague.output.contains("2026-11-27"), "{}", vague.output);
    the_queue_log_is_asterisks(&server);
}

/// Six calls that end by themselves, and two that do not, of which one waits in a queue.
fn make_calls(server: &Server) -> Vec<RunningSipp> {
    Sipp::register(server, 1, "1002", Transport::Udp);
    let call = |scenario, number| Sipp::caller(server, 0, scenario, "1001", number);
    let callee = Sipp::callee(server, 1, "uas.xml").start();
    call("uac.xml", "1002").with(&["-d", "200"]).run();
    callee.succeed();
    let callee = Sipp::callee(server, 1, "uas-busy.xml").start();
    call("uac-busy.xml", "1002").run();
    callee.succeed();
    let callee = Sipp::callee(server, 1, "uas-cancelled.xml").start();
    call("uac-cancel.xml", "1002").with(&["-d", "500"]).run();
    callee.succeed();
    call("uac-offline.xml", "1003").run();
    call("uac-hung-up-on.xml", "4000").run();
    call("uac.xml", "4001").with(&["-d", "1100"]).run();
    let cut_off =
        |slot, number| Sipp::caller(server, slot, "uac-hung-up-on.xml", "1001", number).start();
    let running = vec![cut_off(2, "9196"), cut_off(3, "4000")];
    wait_for("both calls", Duration::from_secs(10), || {
        let shown = server.command(&["journal", "show"]).output;
        let events = |name: &str| shown.matches(name).count();
        (events("\"queue.entered\"") == 3 && events("\"leg.answered\"") == 6).then_some(())
    });
    running
}

/// The answer without groups, after the same questions to the API and to the journal.
fn same_of_both(server: &Server, admin: &Visitor<'_>, from: &str, to: &str) -> Value {
    for group in ["day", "hour", "direction", "line", "trunk"] {
        let asked = format!("/statistics/calls?from={from}&to={to}&group={group}");
        let told = of_journal(server, &["--from", from, "--to", to, "--by", group]);
        assert_eq!(admin.get(&asked), told, "{group}");
    }
    let all = admin.get(&format!("/statistics/calls?from={from}&to={to}"));
    let domain = ["--from", from, "--to", to, "--domain", "demo.tandem.test"];
    assert_eq!(of_journal(server, &domain), all);
    all
}

fn of_journal(server: &Server, arguments: &[&str]) -> Value {
    let command = [&["journal", "statistics", "--json"], arguments].concat();
    let outcome = server.command(&command);
    let json = outcome.output.lines().find(|it| it.starts_with('{'));
    serde_json::from_str(json.unwrap_or_default()).unwrap_or_else(|_| panic!("{}", outcome.output))
}

fn the_queue_log_is_asterisks(server: &Server) {
    let log = server.command(&["journal", "queue-log"]).output;
    let lines: Vec<Vec<&str>> = log.lines().map(|it| it.split('|').collect()).collect();
    let events: Vec<_> = lines.iter().map(|it| it[4]).collect();
    assert_eq!(
        events,
        [
            "QUEUESTART",
            "ENTERQUEUE",
            "EXITEMPTY",
            "ENTERQUEUE",
            "ABANDON",
            "ENTERQUEUE",
            "ABANDON",
            "QUEUESTART",
        ],
        "{log}"
    );
    for line in &lines {
        assert!(now().0 / 1000 - line[0].parse::<i64>().unwrap() < 600, "seconds: {log}");
        assert_eq!(line[3], "NONE", "no agents: {log}");
    }
    assert_eq!(lines[0][1..], ["NONE", "NONE", "NONE", "QUEUESTART", ""], "{log}");
    assert_eq!(lines[1][2..], ["4000", "NONE", "ENTERQUEUE", "", "1001", "1"], "{log}");
    assert_eq!(lines[1][1], lines[2][1], "one call: {log}");
    let heard: i64 = lines[2][7].parse().unwrap();
    assert_eq!(lines[2][5..7], ["1", "1"], "{log}");
    assert!((1..30).contains(&heard), "the words take some seconds: {log}");
    assert_eq!(lines[4][2..], ["4001", "NONE", "ABANDON", "1", "1", "1"], "{log}");
    assert_eq!(lines[5][1], lines[6][1], "whom the crash cut off: {log}");

    let later = server.command(&["journal", "queue-log", "--from", "2100-01-01"]).output;
    assert_eq!(later, "");
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixMillis(since.as_millis() as i64)
}
