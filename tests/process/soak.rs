//! Many calls, then bad input, and everything back where it was.

use crate::harness::{Server, Sipp, Transport};
use std::fs;

#[test]
fn nothing_is_left_of_two_thousand_calls() {
    let server = Server::start_with_many_rtp_ports();
    Sipp::register(&server, 1, "1090", Transport::Udp);
    calls(&server, WARM_UP, CALLS_A_SECOND * 3 / 2);

    // What is kept in bounds (caches, traces, the allocator's pages, RTP ports as many as the worst
    // moment took) fills up and is full; what leaks grows by the same with every round.
    let mut rounds = vec![Footprint::of(&server)];
    while rounds.len() <= ROUNDS_MIN || has_grown(&rounds) && rounds.len() <= ROUNDS_MAX {
        let echoes = Sipp::caller(&server, 0, "uac.xml", "1090", "9196").with(&["-d", "500"]);
        let echoes = echoes.repeated(ECHO_CALLS, 10).start();
        calls(&server, CALLS, CALLS_A_SECOND);
        echoes.succeed();
        server.wait_until_quiet();
        rounds.push(Footprint::of(&server));
    }

    let played = rounds.len() as u32 - 1;
    let rows = 2 * (WARM_UP + played * CALLS) + played * ECHO_CALLS;
    assert_eq!(server.wait_for_cdrs(rows as usize).len(), rows as usize);
    let all = WARM_UP + played * (CALLS + ECHO_CALLS);
    assert_eq!(server.metric("tandem_calls_total"), u64::from(all));
    assert_eq!(server.metric("tandem_call_panics_total"), 0);
    assert!(!has_grown(&rounds), "each round leaves something: {rounds:?}");
}

/// By the last round, and by more than rounds without a leak differ.
fn has_grown(rounds: &[Footprint]) -> bool {
    let [.., before, last] = rounds else { return false };
    last.files > before.files + FILES_SLACK || last.resident_kib > before.resident_kib + KIB_SLACK
}

fn calls(server: &Server, count: u32, rate: u32) {
    let callee = Sipp::callee(server, 1, "uas.xml").with(&["-d", "20"]).repeated(count, 1);
    let callee = callee.start();
    let caller = Sipp::trunk(server, "load-uac.xml", "+74950000090").with(&["-d", "200"]);
    caller.repeated(count, rate).run();
    callee.succeed();
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Footprint {
    files: usize,
    resident_kib: u64,
}

impl Footprint {
    fn of(server: &Server) -> Self {
        let process = format!("/proc/{}", server.pid());
        let status = fs::read_to_string(format!("{process}/status")).expect("the server lives");
        let resident_kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
            .expect("the kernel counts memory");
        let files = fs::read_dir(format!("{process}/fd")).expect("the server lives").count();
        Self { files, resident_kib }
    }
}

const WARM_UP: u32 = 480;
/// Of a round.
const CALLS: u32 = 1_000;
const ECHO_CALLS: u32 = 50;
const ROUNDS_MIN: usize = 2;
const ROUNDS_MAX: usize = 4;
const CALLS_A_SECOND: u32 = 80;
/// Connections to database, HTTP and the like come and go.
const FILES_SLACK: usize = 32;
/// In a round: 6 kB a call. Rounds that leak nothing differ by up to 4 MiB.
const KIB_SLACK: u64 = 6 * 1024;
