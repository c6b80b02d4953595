//! What a restart, wished for or not, does to phones and calls.

use crate::harness::{
    CdrRow, MessageRow, PACKET_TIME, Server, Sipp, Transport, UdpPeer, forget_call_log,
    media_address_for_caller, rtp, status_of, wait_for,
};
use std::{
    collections::HashSet,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Promise P1: answered calls are ended this soon after the start.
const RESUME_LIMIT: Duration = Duration::from_secs(3);

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

/// Promise P1: what a crash leaves of calls is put in order by the next start.
#[test]
fn kill_9_under_fifty_calls_ends_each_of_them_within_3_s_and_writes_each_leg_once() {
    let mut server = Server::start_with_many_rtp_ports();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    Sipp::register(&server, 2, "1090", Transport::Udp);
    let hung_up_on = "uac-hung-up-on.xml";
    let callees = Sipp::callee(&server, 2, "uas.xml").repeated(15, 50).start();
    let alone = [(3, "9196", 14), (5, "3000", 10), (6, "700", 10), (7, "*981002", 1)];
    let mut phones: Vec<_> = alone
        .iter()
        .map(|(slot, number, calls)| {
            Sipp::caller(&server, *slot, hung_up_on, "1090", number).repeated(*calls, 25).start()
        })
        .collect();
    phones.push(Sipp::caller(&server, 0, hung_up_on, "1090", "1090").repeated(15, 25).start());
    wait_for("65 legs", Duration::from_secs(20), || {
        (server.metric("tandem_legs") == 65).then_some(())
    });
    wait_for("all answered", Duration::from_secs(20), || (answered(&server) == 65).then_some(()));

    server.kill_and_restart();

    let restarted = Instant::now();
    phones.push(callees);
    for phone in phones {
        phone.succeed();
    }
    assert!(restarted.elapsed() < RESUME_LIMIT, "{:?}", restarted.elapsed());
    let rows = server.wait_for_cdrs(65);
    let legs: HashSet<_> = rows.iter().map(|row| &row.leg).collect();
    let calls: HashSet<_> = rows.iter().map(|row| &row.call).collect();
    assert_eq!((rows.len(), legs.len(), calls.len()), (65, 65, 50), "a row a leg, and 50 calls");
    for row in &rows {
        assert_eq!((row.cause.as_str(), row.hangup.as_str()), ("crash", "system"), "{row:?}");
        assert_eq!(row.sip_status, 200, "{row:?}");
        assert!((1..60_000).contains(&row.talk_ms), "until the crash: {row:?}");
    }
    server.wait_until_quiet();
    assert_eq!((server.metric("tandem_calls"), server.metric("tandem_legs")), (0, 0), "no ghosts");

    // Registrations are back without the phones doing anything.
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();
    server.wait_for_cdrs(67);
}

#[test]
fn kill_9_keeps_each_message_that_was_acknowledged_or_spoken_and_nothing_half_done() {
    let mut server = Server::start();
    for _ in 0..2 {
        let media = UdpPeer::bind(0);
        let caller = message_caller(&server, 0, "uac-message.xml", &media).start();
        let (to, is_over) = (media_address_for_caller(&caller), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| speak(&media, to, &is_over));
            // The server tells that it keeps the message, and hangs up.
            caller.succeed();
            is_over.store(true, Ordering::Relaxed);
        });
    }
    let kept = messages(&server);
    assert_eq!(kept.len(), 2, "both were acknowledged: {kept:?}");

    let media = [(); 3].map(|()| UdpPeer::bind(0));
    let speaking: Vec<_> = [0, 1, 2]
        .into_iter()
        .zip(&media)
        .map(|(slot, media)| {
            message_caller(&server, slot, "uac-message-cut-off.xml", media).start()
        })
        .collect();
    // Somebody hears the greeting, and has said nothing.
    let greeted = Sipp::caller(&server, 3, "uac-hung-up-on.xml", "1090", "*981002").start();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for (caller, media) in speaking.iter().zip(&media) {
            let (to, is_over) = (media_address_for_caller(caller), &is_over);
            scope.spawn(move || speak(media, to, is_over));
        }
        wait_for("greetings", LIMIT, || (answered(&server) == 6).then_some(()));
        let recorded = || server.metric("tandem_recording_packets_total");
        let before = recorded();
        wait_for("three messages", LIMIT, || {
            (server.metric("tandem_recordings_running") == 3 && recorded() > before + SPOKEN)
                .then_some(())
        });
        server.kill_and_restart();
        is_over.store(true, Ordering::Relaxed);
    });
    for caller in speaking.into_iter().chain([greeted]) {
        caller.succeed();
    }

    let rows = wait_for("the messages", LIMIT, || {
        Some(messages(&server)).filter(|it| it.len() >= 5 && it.iter().all(|it| it.state == "new"))
    });
    assert_eq!(rows.len(), 5, "{rows:?}");
    let text = |rows: &[MessageRow]| format!("{rows:?}");
    assert_eq!(text(&rows[..2]), text(&kept), "what was kept is as it was");
    for row in &rows[2..] {
        assert!(row.is_cut_off && row.duration_ms >= 2000, "{row:?}");
    }
    let folder = server.folder().join("data/voicemail");
    for row in &rows {
        let length = std::fs::metadata(folder.join(&row.file)).map_or(0, |it| it.len());
        assert!(length > 8000, "{row:?}: {length} bytes");
    }
    assert_eq!(files_below(&folder), 5, "nothing else is left in {}", folder.display());
    assert_eq!(server.metric("tandem_recordings_running"), 0);
}

#[test]
fn a_second_crash_writes_no_row_twice_and_the_call_log_can_be_made_of_the_journal_anew() {
    let mut server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "200"]).run();
    callee.succeed();
    let cut_off = Sipp::caller(&server, 0, "uac-hung-up-on.xml", "1001", "9196").start();
    wait_for("answered", Duration::from_secs(10), || (answered(&server) == 3).then_some(()));

    server.kill_and_restart();
    server.kill_and_restart();

    cut_off.succeed();
    let rows = server.wait_for_cdrs(3);
    assert_eq!(rows.iter().filter(|row| row.cause == "crash").count(), 1, "{rows:?}");
    server.wait_until_quiet();
    server.terminate();
    server.wait_for_end(Duration::from_secs(20));

    forget_call_log(&server.database());
    let restored = server.command(&["journal", "restore"]);
    assert!(restored.status.success(), "{}", restored.output);
    assert_eq!(restored.output, "3 rows added to the call log; 0 were there\n");
    assert_eq!(CdrRow::read_all(&server.database()), rows, "the same as before");
    let again = server.command(&["journal", "restore"]);
    assert_eq!(again.output, "0 rows added to the call log; 3 were there\n");

    let shown = server.command(&["journal", "show"]).output;
    let events = |name: &str| shown.matches(&format!("\"event\":\"{name}\"")).count();
    let told = ["leg.began", "leg.answered", "leg.ended", "server.started", "server.stopped"];
    assert_eq!(told.map(events), [3, 3, 3, 3, 1], "{shown}");
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

/// A caller that has something to say to the mailbox of 1002.
fn message_caller(server: &Server, slot: u16, scenario: &'static str, media: &UdpPeer) -> Sipp {
    Sipp::caller(server, slot, scenario, "1090", "*981002")
        .with_media_at(media.address().port())
        .with(&["-d", "4000"])
}

/// Says something for a caller, to where the server wants it, until it is over.
fn speak(media: &UdpPeer, to: SocketAddr, is_over: &AtomicBool) {
    for n in 0..WORDS_MAX {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let mut packet = rtp(n, u32::from(media.address().port()));
        // A loud tone of 1 kHz, in syllables: one that goes on is noise.
        let is_loud = n % SYLLABLE < SYLLABLE / 2;
        for (at, sample) in packet[RTP_HEADER_LEN..].iter_mut().enumerate() {
            *sample = match (is_loud, at % 8 < 4) {
                (true, true) => 0x10,
                (true, false) => 0x90,
                (false, _) => 0xff,
            };
        }
        media.send(&packet, to);
        thread::sleep(PACKET_TIME);
    }
}

fn messages(server: &Server) -> Vec<MessageRow> {
    MessageRow::read_all(&server.database())
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|it| if it.path().is_dir() { files_below(&it.path()) } else { 1 }).sum()
}

/// Legs of which the journal knows that they were answered.
fn answered(server: &Server) -> usize {
    journal(server).matches("\"leg.answered\"").count()
}

/// All that is in the journal.
fn journal(server: &Server) -> String {
    let folder = server.folder().join("data/journal");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|it| it.path()).collect();
    paths.sort();
    paths.iter().filter_map(|it| std::fs::read_to_string(it).ok()).collect()
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

/// Packets that somebody says at most, should the test fail meanwhile: a minute of them.
const WORDS_MAX: u16 = 3000;
/// Packets from one syllable to the next.
const SYLLABLE: u16 = 20;
const RTP_HEADER_LEN: usize = 12;
/// Packets of three messages of more than three seconds, both directions of each.
const SPOKEN: u64 = 3 * 2 * 160;
const LIMIT: Duration = Duration::from_secs(30);
