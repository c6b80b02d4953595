//! Every message of RFC 4475 and RFC 5118 through the whole switch.
//!
//! `crates/sip/tests/torture/index.tsv` says for each which outcomes pass. Each message comes once
//! from a stranger and once from the trunk's address, whose requests get past the gate.

use crate::support::*;
use bytes::Bytes;
use sim::{Plot, provider};
use std::{collections::BTreeSet, fs, net::SocketAddr, path::PathBuf};

/// Domains of the messages, which are ours here so that more than the gate sees them.
const DOMAINS: [&str; 5] =
    ["example.com", "example.net", "example.org", "company.com", "2001:db8::10"];

struct Entry {
    file: String,
    acceptable: String,
    bytes: Bytes,
}

fn entries() -> Vec<Entry> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sip/tests/torture");
    let table = fs::read_to_string(folder.join("index.tsv")).expect("the table is in place");
    let entry = |line: &str| {
        let columns: Vec<_> = line.split('\t').collect();
        let bytes = fs::read(folder.join(columns[0])).expect("the message is in place");
        Entry {
            file: columns[0].to_owned(),
            acceptable: columns[6].to_owned(),
            bytes: bytes.into(),
        }
    };
    table.lines().skip(1).map(entry).collect()
}

/// What became of a message.
struct Outcome {
    /// Final statuses that were sent.
    finals: BTreeSet<u16>,
    /// How many responses were sent, repeated ones included.
    responses: usize,
    story: String,
}

fn send_in(bytes: &Bytes, from: SocketAddr) -> Outcome {
    let aliases = DOMAINS.map(str::to_owned).to_vec();
    let mut city = pair_in(Plot { aliases, ..Plot::default() });
    let before = city.network.log().len();
    city.inject(from, bytes.clone());
    city.finish();
    let sent = &city.network.log()[before..];
    let statuses: Vec<u16> =
        sent.iter().filter_map(|it| it.split("SIP/2.0 ").nth(1)?.get(..3)?.parse().ok()).collect();
    Outcome {
        finals: statuses.iter().copied().filter(|it| *it >= 200).collect(),
        responses: statuses.len(),
        story: sent.join("\n"),
    }
}

impl Outcome {
    fn passes(&self, acceptable: &str) -> bool {
        let is_only = |status: u16| self.finals.iter().eq([&status]);
        acceptable.split(',').any(|it| match it {
            "any" => true,
            "drop" => self.finals.is_empty(),
            // Handled like any good message, whatever comes of it: somebody unknown is asked who
            // it is, an unknown domain is refused.
            "normal" => {
                self.finals.len() == 1 && !self.finals.contains(&400) && !self.finals.contains(&500)
            }
            status => is_only(status.parse().expect("a status")),
        })
    }
}

fn strangers_and_trunk() -> [SocketAddr; 2] {
    [SocketAddr::from(([192, 0, 2, 7], 5060)), provider()]
}

#[test]
fn each_message_gets_one_of_its_acceptable_outcomes_and_leaves_nothing_behind() {
    let entries = entries();
    assert_eq!(entries.len(), 62);
    let mut complaints = Vec::new();
    for Entry { file, acceptable, bytes } in entries {
        for from in strangers_and_trunk() {
            let outcome = send_in(&bytes, from);
            if !outcome.passes(&acceptable) {
                let Outcome { finals, story, .. } = outcome;
                complaints
                    .push(format!("{file} from {from}: {finals:?}, not {acceptable}\n{story}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn two_requests_in_one_datagram_get_one_answer() {
    let entry = entries().into_iter().find(|it| it.file.ends_with("dblreq.dat"));
    let bytes = entry.expect("the message is in the table").bytes;
    for from in strangers_and_trunk() {
        assert_eq!(send_in(&bytes, from).responses, 1);
    }
}

#[test]
fn noise_is_dropped_without_an_answer() {
    for noise in ["", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\0\0\0", "SIP/2.0 200 OK\r\n\r\n"] {
        for from in strangers_and_trunk() {
            assert_eq!(send_in(&Bytes::from_static(noise.as_bytes()), from).responses, 0);
        }
    }
}
