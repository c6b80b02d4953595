//! The scenarios of `sipp-scenarios/` in which somebody hands a call on or takes one over: what a strict
//! phone is told meanwhile, and what becomes of the calls.

use crate::harness::{
    CdrRow, RunningSipp, Server, Sipp, TraceEntry, Transport, header, status_of, wait_for,
};
use std::time::Duration;

#[test]
fn caller_hands_the_callee_on() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");
    let target = callee(&server, 2, "1003", "uas-hangs-up.xml", "300");

    let told = caller(&server, "uac-refer.xml", "1003").run();

    assert_referred_by(&target.succeed(), "1001");
    stays.succeed();
    assert_eq!(statuses_told(&told), [100, 180, 200]);
    assert_one_story(&server.wait_for_cdrs(3), "1001");
}

#[test]
fn callee_hands_the_caller_on() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let transfers = Sipp::callee(&server, 1, "uas-refer.xml")
        .with(&[&server.sip().to_string()])
        .with(&["-key", "target", "1003", "-d", "300"])
        .start();
    let target = callee(&server, 2, "1003", "uas-hangs-up.xml", "300");

    Sipp::caller(&server, 0, "uac-hung-up-on.xml", "1001", "1002").run();

    assert_referred_by(&target.succeed(), "1002");
    assert_eq!(statuses_told(&transfers.succeed()), [100, 180, 200]);
    assert_one_story(&server.wait_for_cdrs(3), "1002");
}

#[test]
fn whoever_hands_on_may_hang_up_at_once() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas-hangs-up.xml", "4000");
    let target = callee(&server, 2, "1003", "uas.xml", "1000");

    let told = caller(&server, "uac-refer-hangs-up.xml", "1003").run();

    stays.succeed();
    target.succeed();
    assert_eq!(statuses_told(&told), [100, 180]);
    let rows = server.wait_for_cdrs(3);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
}

#[test]
fn callee_consults_and_brings_two_together() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let address = server.sip().to_string();
    let transfers = Sipp::callee(&server, 1, "uas-refer-attended.xml")
        .with(&[&address, "-s", "1003", "-key", "caller", "1002", "-au", "1002"])
        .with(&["-ap", "demo-1002", "-auth_uri", &format!("1003@{address}"), "-d", "300"])
        .start();
    let target = callee(&server, 2, "1003", "uas.xml", "0");

    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "4000"]).run();

    target.succeed();
    assert_eq!(statuses_told(&transfers.succeed()), [100, 200]);
    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
}

#[test]
fn caller_consults_and_brings_two_together() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");
    let target = callee(&server, 2, "1003", "uas-hangs-up.xml", "2000");

    // The digest's URI names the server alone, as it is for two numbers.
    let told = caller(&server, "uac-refer-attended.xml", "1003")
        .with(&["-auth_uri", &server.sip().to_string()])
        .run();

    target.succeed();
    stays.succeed();
    assert_eq!(statuses_told(&told), [100, 200]);
    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
}

#[test]
fn whoever_is_handed_on_may_hang_up_before_and_after_the_refer() {
    let server = Server::start();
    let leaves = callee(&server, 1, "1002", "uas-hangs-up.xml", "300");
    caller(&server, "uac-refer-too-late.xml", "1003").run();
    leaves.succeed();
    server.wait_for_cdrs(2);

    let leaves = callee(&server, 1, "1002", "uas-hangs-up.xml", "1500");
    let target = callee(&server, 2, "1003", "uas-cancelled.xml", "0");
    let told = caller(&server, "uac-refer-left-alone.xml", "1003").run();
    leaves.succeed();
    target.succeed();
    assert_eq!(statuses_told(&told), [100, 180, 487]);
    server.wait_for_cdrs(5);
    server.wait_until_quiet();
    assert_eq!((server.metric("tandem_calls"), server.metric("tandem_legs")), (0, 0));
}

#[test]
fn a_call_that_nobody_takes_is_given_back() {
    let server = Server::start();
    for (target, number, status) in [
        (Some("uas-busy.xml"), "1003", 486),
        (Some("uas-declines.xml"), "1003", 603),
        (None, "1999999", 404),
        (None, "1018", 480),
    ] {
        let stays = callee(&server, 1, "1002", "uas.xml", "0");
        let target = target.map(|it| callee(&server, 2, number, it, "0"));

        let told = caller(&server, "uac-refer-in-vain.xml", number).run();

        stays.succeed();
        if let Some(target) = target {
            target.succeed();
        }
        assert_eq!(statuses_told(&told), [100, status], "{number}");
    }
}

#[test]
fn transfers_of_one_dialog_are_told_apart() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");

    let told = caller(&server, "uac-refer-again.xml", "1999999").run();

    stays.succeed();
    assert_eq!(statuses_told(&told), [100, 404, 100, 404]);
}

#[test]
fn transfers_that_make_no_sense_are_refused() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");

    Sipp::caller(&server, 0, "uac-refer-refused.xml", "1001", "1002").with(&["-d", "300"]).run();

    stays.succeed();
}

#[test]
fn a_refer_outside_dialogs_connects_the_own_phone_with_a_number() {
    let server = Server::start();
    let own = callee(&server, 1, "1001", "uas.xml", "300");
    let target = callee(&server, 2, "1003", "uas-hangs-up.xml", "300");

    let refer = Sipp::caller(&server, 0, "refer-outside.xml", "1001", "1001");
    let told = refer.with(&["-key", "target", "1003"]).run();

    target.succeed();
    own.succeed();
    assert_eq!(statuses_told(&told), [100, 180, 200]);
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
    wait_for("all dialogs to end", LIMIT, || {
        (server.metric("tandem_sip_dialogs") == 0).then_some(())
    });
}

#[test]
fn a_refer_outside_dialogs_that_makes_no_sense_is_refused() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");
    let talks = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "8000"]).start();
    let theirs = wait_for("the answer", LIMIT, || dialog_of(&talks));
    let theirs = theirs.replace(';', "%3B").replace('=', "%3D");
    let refused = |caller, refer_to: &str| {
        let refer = Sipp::caller(&server, 3, "refer-outside-refused.xml", caller, "1001");
        let trace = refer.with(&["-key", "refer_to", refer_to]).run();
        status_of(&trace.iter().rfind(|it| !it.sent).expect("an answer is due").message)
    };

    assert_eq!(refused("1003", "nonsense"), 400);
    assert_eq!(refused("1003", "<sip:1001@127.0.0.1>, <sip:1002@127.0.0.1>"), 400);
    assert_eq!(refused("1003", "<sip:1001@127.0.0.1;method=BYE>"), 501);
    assert_eq!(refused("1003", "<sip:1001@127.0.0.1?body=hello>"), 403);
    assert_eq!(refused("1003", "<sip:1001@elsewhere.example>"), 403);
    assert_eq!(refused("1003", "<sip:1003@127.0.0.1>"), 403);
    assert_eq!(refused("1003", &format!("<sip:1002@127.0.0.1?Replaces={theirs}>")), 481);
    assert_eq!(refused("1003", "<sip:1002@127.0.0.1>"), 480);
    talks.succeed();
    stays.succeed();
    assert_eq!(server.wait_for_cdrs(2).len(), 2, "nobody else was rung");
}

#[test]
fn a_dialog_is_replaced_only_by_phones_of_whose_it_is() {
    let server = Server::start();
    let guess = |slot, extension, replaces: &str| {
        refused_in_a_call(&server, slot, extension, &format!("Replaces: {replaces}"))
    };
    let stays = callee(&server, 1, "1002", "uas.xml", "0");
    let replaced = Sipp::caller(&server, 0, "uac-hung-up-on.xml", "1001", "1002").start();
    let dialog = wait_for("the answer", LIMIT, || dialog_of(&replaced));

    assert_eq!(guess(2, "1003", "nobody@127.0.0.1;to-tag=1;from-tag=2"), 481);
    assert_eq!(guess(2, "1003", &dialog), 481);
    assert_eq!(guess(2, "1003", &format!("{dialog};early-only")), 481);
    assert_eq!(guess(3, "1001", &format!("{dialog};early-only")), 486);
    Sipp::caller(&server, 3, "uac-comes-in.xml", "1001", "1002")
        .with(&["-key", "names", &format!("Replaces: {dialog}"), "-d", "300"])
        .run();
    replaced.succeed();
    stays.succeed();
    assert_eq!(guess(3, "1001", &dialog), 481);
    let rows = server.wait_for_cdrs(8);
    let rung = rows.iter().filter(|it| it.role == "callee").count();
    assert_eq!((rows.len(), rung), (8, 1), "nobody else was rung: {rows:?}");
}

#[test]
fn a_call_is_joined_by_supervisors_and_by_phones_of_whose_it_is() {
    let server = Server::start();
    let stays = callee(&server, 1, "1002", "uas.xml", "0");
    let talks = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "9000"]).start();
    let dialog = wait_for("the answer", LIMIT, || dialog_of(&talks));
    let join = format!("Join: {dialog}");

    assert_eq!(refused_in_a_call(&server, 2, "1003", &join), 403);
    let both = format!("{join}\r\nReplaces: {dialog}");
    assert_eq!(refused_in_a_call(&server, 2, "1001", &both), 400);
    let unknown = "Join: nobody@127.0.0.1;to-tag=1;from-tag=2";
    assert_eq!(refused_in_a_call(&server, 2, "1001", unknown), 481);
    for (slot, joins) in [(2, "2000"), (3, "1001")] {
        Sipp::caller(&server, slot, "uac-comes-in.xml", joins, "1002")
            .with(&["-key", "names", &join, "-d", "300"])
            .run();
    }
    talks.succeed();
    stays.succeed();
    let rows = server.wait_for_cdrs(6);
    let answered = rows.iter().filter(|it| it.sip_status == 200).count();
    assert_eq!((rows.len(), answered), (6, 4), "{rows:?}");
}

/// How an INVITE is refused that names a dialog in this header.
fn refused_in_a_call(server: &Server, slot: u16, extension: &str, names: &str) -> u16 {
    let trace = Sipp::caller(server, slot, "uac-comes-in-refused.xml", extension, "1002")
        .with(&["-key", "names", names])
        .run();
    status_of(&trace.iter().rfind(|it| !it.sent).expect("an answer is due").message)
}

/// 1001, who calls 1002 and hands it on to `target`.
fn caller(server: &Server, scenario: &'static str, target: &str) -> Sipp {
    Sipp::caller(server, 0, scenario, "1001", "1002").with(&["-key", "target", target, "-d", "300"])
}

/// A registered phone, whose scenario pauses for so long.
fn callee(
    server: &Server,
    slot: u16,
    extension: &str,
    scenario: &'static str,
    pause_ms: &str,
) -> RunningSipp {
    Sipp::register(server, slot, extension, Transport::Udp);
    Sipp::callee(server, slot, scenario).with(&["-d", pause_ms]).start()
}

/// What NOTIFYs said, each once.
fn statuses_told(trace: &[TraceEntry]) -> Vec<u16> {
    let mut told: Vec<_> = trace
        .iter()
        .filter(|it| !it.sent && it.message.starts_with("NOTIFY "))
        .filter_map(|it| Some((header(&it.message, "CSeq")?, it.message.split("\r\n\r\n").nth(1)?)))
        .collect();
    told.dedup();
    told.into_iter().map(|(_, fragment)| status_of(fragment)).collect()
}

/// How a Replaces header names the dialog of a call, once it is answered.
fn dialog_of(caller: &RunningSipp) -> Option<String> {
    let trace = caller.trace();
    let answer = trace.iter().find(|it| !it.sent && status_of(&it.message) == 200)?;
    let tag = |name| Some(header(&answer.message, name)?.split_once(";tag=")?.1);
    let call_id = header(&answer.message, "Call-ID")?;
    Some(format!("{call_id};to-tag={};from-tag={}", tag("To")?, tag("From")?))
}

/// Whoever was rung was told who handed the call over (RFC 3892), and of nobody who sent it on.
#[track_caller]
fn assert_referred_by(rung: &[TraceEntry], number: &str) {
    let invite = &rung.first().expect("it is called").message;
    let expected = format!("<sip:{number}@demo.tandem.test>");
    assert_eq!(header(invite, "Referred-By"), Some(expected.as_str()), "{invite}");
    assert_eq!(header(invite, "Diversion"), None, "{invite}");
}

/// Three legs of one call, of which `transferor`'s was ended by the server, and the others talked.
#[track_caller]
fn assert_one_story(rows: &[CdrRow], transferor: &str) {
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
    let its: Vec<_> = rows.iter().filter(|it| it.cause == "transferred").collect();
    assert!(its.len() == 1 && its[0].hangup == "system", "{rows:?}");
    assert_eq!(its[0].party, transferor, "{rows:?}");
}

const LIMIT: Duration = Duration::from_secs(10);
