//! `tandem trace`: what the server remembers of its last calls, and what it never shows.

use crate::harness::{Server, Sipp, Transport, header, tandem};

#[test]
fn trace_lists_calls_and_draws_the_ladder_of_one_without_credentials() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();
    server.wait_for_cdrs(2);
    let secrets: Vec<_> = caller.iter().filter_map(|it| digest_response(&it.message)).collect();
    assert!(!secrets.is_empty(), "the caller sent a digest");

    let list = server.command(&["trace"]).output;
    let line = list.lines().find(|it| it.contains("1001 -> 1002"));
    let id = line.and_then(|it| it.split(' ').next()).unwrap_or_else(|| panic!("{list}"));
    let sip_call_id = header(&caller[0].message, "Call-ID").expect("a request has a Call-ID");
    let by_id = server.command(&["trace", id]);
    let by_sip_call_id = server.command(&["trace", sip_call_id]);

    assert!(by_id.status.success(), "{}", by_id.output);
    assert_eq!(by_id.output, by_sip_call_id.output, "both name the same call");
    for expected in ["INVITE", "401", "180 Ringing", "200 OK", "ACK", "BYE", "127.0.0.1"] {
        assert!(by_id.output.contains(expected), "{expected} is missing: {}", by_id.output);
    }
    for secret in secrets.iter().map(String::as_str).chain(["demo-1001"]) {
        assert!(!by_id.output.contains(secret), "{secret} is shown: {}", by_id.output);
    }
}

#[test]
fn trace_of_a_call_that_is_not_kept_says_where_to_look() {
    let server = Server::start();

    let outcome = server.command(&["trace", "nobody@nowhere"]);

    assert!(!outcome.status.success() && outcome.output.lines().count() == 1, "{outcome:?}");
    assert!(outcome.output.contains("`tandem trace` lists"), "{}", outcome.output);
}

#[test]
fn trace_without_a_server_says_so_in_one_line() {
    let folder = tempfile::tempdir().expect("temporary folder can be made");

    let outcome = tandem(folder.path(), &["trace", "--data", &folder.path().to_string_lossy()]);

    assert!(!outcome.status.success() && outcome.output.lines().count() == 1, "{outcome:?}");
    assert!(outcome.output.contains("no server is running"), "{}", outcome.output);
}

#[test]
fn logs_at_their_most_talkative_hold_no_credentials() {
    let server = Server::start_with("[log]\nlevel = \"trace\"\n");
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();
    server.wait_for_cdrs(2);
    let added = ["extension", "add", "1500", "--domain", "demo.tandem.test"];
    server.command(&[&added[..], &["--password", "very-secret"]].concat());

    let log = server.log();

    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is talkative: {log}");
    let digests = caller.iter().filter_map(|it| digest_response(&it.message));
    for secret in digests.chain(["demo-100", "very-secret", "response=\""].map(str::to_owned)) {
        assert!(!log.contains(&secret), "{secret} is logged");
    }
}

fn digest_response(message: &str) -> Option<String> {
    let credentials =
        header(message, "Authorization").or_else(|| header(message, "Proxy-Authorization"))?;
    let (_, response) = credentials.split_once("response=\"")?;
    Some(response.split('"').next()?.to_owned())
}
