//! What a restart, wished for or not, does to phones and calls.

use crate::harness::{Server, Sipp, Transport, status_of, wait_for};
use std::{collections::HashSet, time::Duration};

#[test]
fn registration_survives_kill_9_without_the_phone_doing_anything() {
    let mut server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);

    server.kill_and_restart();

    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();
}

#[test]
fn call_that_kill_9_cuts_off_leaves_the_call_log_of_earlier_calls_whole() {
    let mut server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();

    // As soon as the rows are in the spool, and most likely not in the database yet.
    wait_for("2 rows in the spool", Duration::from_secs(10), || {
        (spooled_rows(&server) >= 2).then_some(())
    });
    server.kill_and_restart();

    assert_eq!(server.wait_for_cdrs(2).len(), 2);
}

#[test]
fn kill_9_right_after_a_hundred_calls_loses_no_row_of_the_call_log_and_doubles_none() {
    let mut server = Server::start();
    let caller = Sipp::trunk(&server, "load-uac.xml", "+74950000093").with(&["-d", "100"]);
    caller.repeated(100, 25).run();

    // A row is safe once it is in the spool: a moment after the call has ended.
    wait_for("100 rows in the spool", Duration::from_secs(10), || {
        (spooled_rows(&server) >= 100).then_some(())
    });
    server.kill_and_restart();

    assert_eq!(server.wait_for_cdrs(100).len(), 100);
    Sipp::trunk(&server, "load-uac.xml", "+74950000093").with(&["-d", "100"]).run();
    let rows = server.wait_for_cdrs(101);
    let calls: HashSet<_> = rows.iter().map(|row| &row.call).collect();
    assert_eq!((rows.len(), calls.len()), (101, 101), "a row a call");
}

#[test]
fn sigterm_lets_calls_end_refuses_new_ones_and_exits_0() {
    let mut server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "4000"]).start();
    wait_for("answer", Duration::from_secs(10), || {
        let trace = callee.trace();
        trace.iter().any(|it| it.message.starts_with("ACK ")).then_some(())
    });

    server.terminate();
    wait_for("draining", Duration::from_secs(5), || server.get("/readyz").is_none().then_some(()));

    let refused = Sipp::caller(&server, 2, "uac-draining.xml", "1003", "1002").run();
    assert!(refused.iter().any(|it| status_of(&it.message) == 503));
    Sipp::register(&server, 3, "1004", Transport::Udp);
    caller.succeed();
    callee.succeed();
    let status = server.wait_for_end(Duration::from_secs(20));
    assert!(status.success(), "{status}: {}", server.log());
}

/// Rows of the call log that wait in files, or did until they reached the database.
fn spooled_rows(server: &Server) -> usize {
    let folder = server.folder().join("data/cdr-spool");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|it| std::fs::read_to_string(it.path()).ok())
        .map(|text| text.lines().count())
        .sum()
}
