use super::*;
use base::Rng;
use std::fmt::Write as _;

#[test]
fn the_legs_of_a_call_are_one_ladder_in_order_of_time() {
    let mut trace = Trace::new(10, 1 << 20);
    let call = call(1);
    let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
    let invite = request("INVITE", &a);
    trace.record(UnixMillis(5), Direction::Received, PHONE_1, Transport::Udp, &a, &invite);
    trace.link(call, &a);
    trace.link(call, &b);
    let invite = request("INVITE", &b);
    trace.record(UnixMillis(9), Direction::Sent, PHONE_2, Transport::Tcp, &b, &invite);
    let ringing = response("180 Ringing", &b);
    trace.record(UnixMillis(1005), Direction::Received, PHONE_2, Transport::Tcp, &b, &ringing);

    let ladder = trace.ladder(call).unwrap();

    assert_eq!(ladder.parties, [Party::Peer(PHONE_1), Party::Us, Party::Peer(PHONE_2)]);
    let rungs: Vec<_> = ladder
        .rungs
        .iter()
        .map(|it| (it.after_ms, it.from, it.to, &*it.sip_call_id, &*it.summary))
        .collect();
    assert_eq!(
        rungs,
        [
            (0, 0, 1, "a", "INVITE (SDP)"),
            (4, 1, 2, "b", "INVITE (SDP)"),
            (1000, 2, 1, "b", "180 Ringing (INVITE)"),
        ]
    );
    assert!(ladder.rungs[0].text.starts_with("INVITE sip:1002@h SIP/2.0\nVia:"));
    assert_eq!(trace.ladder_of_dialog(b"b"), Some(ladder));
    assert_eq!(trace.calls().collect::<Vec<_>>(), [call]);
}

#[test]
fn a_ladder_is_drawn_with_a_column_a_party() {
    let mut trace = Trace::new(10, 1 << 20);
    let a = Bytes::from_static(b"a");
    trace.link(call(1), &a);
    let mut at = 0;
    for (direction, peer, message) in [
        (Direction::Received, PHONE_1, request("INVITE", &a)),
        (Direction::Sent, PHONE_2, request("INVITE", &a)),
        (Direction::Received, PHONE_2, response("486 Busy \u{1b}[2J and much more to say", &a)),
        (Direction::Sent, PHONE_1, response("486 Busy Here", &a)),
    ] {
        trace.record(UnixMillis(at), direction, peer, Transport::Udp, &a, &message);
        at += 20;
    }

    let drawn = trace.ladder(call(1)).unwrap().to_string();

    let expected = "
        ms            192.0.2.1:5060                          Tandem                          192.0.2.2:5060
         0                   |-----------INVITE (SDP)----------->|                                   |
        20                   |                                   |-----------INVITE (SDP)----------->|
        40                   |                                   |<-486 Busy \\u{1b}[2J and much m…---|
        60                   |<-----486 Busy Here (INVITE)-------|                                   |
";
    assert_eq!(format!("\n{drawn}"), expected);
}

#[test]
fn messages_that_came_before_the_link_are_found_and_linking_twice_changes_nothing() {
    let mut trace = Trace::new(10, 1 << 20);
    let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
    record(&mut trace, 2, &b);
    record(&mut trace, 1, &a);
    for _ in 0..2 {
        trace.link(call(1), &a);
        trace.link(call(1), &b);
    }

    let ladder = trace.ladder(call(1)).unwrap();

    let order: Vec<_> = ladder.rungs.iter().map(|it| &*it.sip_call_id).collect();
    assert_eq!(order, ["a", "b"]);
    assert_eq!(trace.strays.len(), 0);
    check_bytes(&trace);
}

#[test]
fn the_oldest_call_goes_first_and_strays_drive_out_no_call() {
    let mut trace = Trace::new(2, 1 << 20);
    for n in 0..3 {
        let id = Bytes::from(format!("call-{n}"));
        record(&mut trace, n, &id);
        trace.link(call(n as u64), &id);
    }
    for n in 0..2 * STRAYS_MAX {
        record(&mut trace, 9, &Bytes::from(format!("register-{n}")));
    }

    assert_eq!(trace.ladder(call(0)), None);
    assert_eq!(trace.ladder_of_dialog(b"call-0"), None);
    assert!(trace.ladder(call(1)).is_some() && trace.ladder(call(2)).is_some());
    assert_eq!(trace.calls().collect::<Vec<_>>(), [call(2), call(1)]);
    assert_eq!(trace.strays.len(), STRAYS_MAX);
    assert_eq!(trace.ladder_of_dialog(b"register-0"), None);
    assert_eq!(trace.by_sip_call_id.len(), 2 + STRAYS_MAX);
    assert_eq!(trace.by_call.len(), 2);
    check_bytes(&trace);
}

#[test]
fn the_bytes_are_bounded_whatever_comes() {
    let bytes_max = 64 * 1024;
    let mut trace = Trace::new(1000, bytes_max);
    let mut rng = Rng::from_number(1);
    for n in 0..5000 {
        let id = Bytes::from(format!("dialog-{}", rng.below(200)));
        record(&mut trace, n, &id);
        if rng.chance(300) {
            trace.link(call(rng.below(50)), &id);
        }

        assert!(trace.bytes() <= bytes_max, "{}", trace.bytes());
        check_bytes(&trace);
    }
    assert!(trace.calls().count() > 1);
}

#[test]
fn a_long_call_keeps_its_beginning_and_its_end() {
    let mut trace = Trace::new(10, 1 << 20);
    let a = Bytes::from_static(b"a");
    trace.link(call(1), &a);
    let count = CALL_MESSAGES_MAX as i64 + 50;
    for n in 0..count {
        record(&mut trace, n, &a);
    }

    let ladder = trace.ladder(call(1)).unwrap();

    assert_eq!((ladder.rungs.len(), ladder.left_out), (CALL_MESSAGES_MAX, 50));
    assert_eq!(ladder.rungs[0].after_ms, 0);
    assert_eq!(ladder.rungs.last().unwrap().after_ms, count - 1);
    assert!(ladder.to_string().ends_with("50 messages from the middle are not kept\n"));
    check_bytes(&trace);
}

#[test]
fn nothing_in_a_message_can_drive_a_terminal() {
    let mut trace = Trace::new(10, 1 << 20);
    let a = Bytes::from_static(b"a");
    let message = Bytes::from_static(b"\x1b[2J\xff\xe2\x80\xae\r\nX: \x07\r\n\xd0\xaf");
    trace.record(UnixMillis(0), Direction::Received, PHONE_1, Transport::Udp, &a, &message);

    let rung = trace.ladder_of_dialog(b"a").unwrap().rungs.remove(0);

    assert_eq!(rung.text, "\\u{1b}[2J\\xff\\u{202e}\nX: \\u{7}\n\u{42f}");
    assert_eq!(rung.summary, "\\u{1b}[2J\\xff\\u{202e}");
}

#[test]
fn credentials_are_not_kept() {
    let mut trace = Trace::new(10, 1 << 20);
    let a = Bytes::from_static(b"a");
    let mut text = String::from_utf8(request("REGISTER", &a).to_vec()).unwrap();
    let head_end = text.find("Content-Type").unwrap();
    let mut row = String::new();
    write!(row, "Authorization: Digest username=\"1001\", response=\"{SECRET}\"\r\n").unwrap();
    text.insert_str(head_end, &row);
    let message = Bytes::from(text);
    trace.record(UnixMillis(0), Direction::Received, PHONE_1, Transport::Udp, &a, &message);

    assert!(!format!("{trace:?}").contains(SECRET));
    let rung = trace.ladder_of_dialog(b"a").unwrap().rungs.remove(0);
    assert!(rung.text.contains("username=\"1001\", response=***\n"), "{}", rung.text);
    assert_eq!(rung.summary, "REGISTER (SDP)");
}

#[test]
fn kept_calls_are_listed_latest_first_with_who_called_whom() {
    let mut trace = Trace::new(10, 1 << 20);
    for (at, id) in [(1, "a"), (2, "b")] {
        let id = Bytes::from_static(id.as_bytes());
        record(&mut trace, at, &id);
        trace.link(call(at.unsigned_abs()), &id);
    }

    let kept: Vec<_> = trace.kept_calls().collect();

    let expected = |at| KeptCall {
        call: call(at),
        started: UnixMillis(at.cast_signed()),
        caller: "a".to_owned(),
        dialled: "c".to_owned(),
    };
    assert_eq!(kept, [expected(2), expected(1)]);
}

#[test]
fn a_trace_of_nothing_keeps_nothing() {
    for mut trace in [Trace::new(0, 1 << 20), Trace::new(10, 0)] {
        record(&mut trace, 0, &Bytes::from_static(b"a"));
        trace.link(call(1), &Bytes::from_static(b"a"));

        assert_eq!((trace.bytes(), trace.ladder(call(1))), (0, None));
    }
}

/// The sums must be what is there.
fn check_bytes(trace: &Trace) {
    let sum =
        |groups: &BTreeMap<GroupId, Group>| -> usize { groups.values().map(|it| it.bytes).sum() };
    assert_eq!(trace.call_bytes, sum(&trace.calls));
    assert_eq!(trace.stray_bytes, sum(&trace.strays));
    for group in trace.calls.values().chain(trace.strays.values()) {
        let records: usize = group.records.iter().map(Record::cost).sum();
        let names: usize = group.sip_call_ids.iter().map(|it| size_of::<Group>() + it.len()).sum();
        assert_eq!(group.bytes, records + names);
    }
}

fn record(trace: &mut Trace, at: i64, call_id: &Bytes) {
    let message = request("OPTIONS", call_id);
    let at = UnixMillis(at);
    trace.record(at, Direction::Received, PHONE_1, Transport::Udp, call_id, &message);
}

fn request(method: &str, call_id: &Bytes) -> Bytes {
    message(&format!("{method} sip:1002@h SIP/2.0"), method, call_id, "v=0\r\n")
}

fn response(status: &str, call_id: &Bytes) -> Bytes {
    message(&format!("SIP/2.0 {status}"), "INVITE", call_id, "")
}

fn message(start: &str, method: &str, call_id: &Bytes, body: &str) -> Bytes {
    let call_id = String::from_utf8_lossy(call_id);
    format!(
        "{start}\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nContent-Type: application/sdp\r\n\r\n{body}"
    )
    .into()
}

fn call(number: u64) -> CallId {
    CallId::new(UnixMillis(0), &mut Rng::from_number(number))
}

const PHONE_1: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 5060);
const PHONE_2: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 5060);
const SECRET: &str = "6629fae49393a05397450978507c4ef1";
