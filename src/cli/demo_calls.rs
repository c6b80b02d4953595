//! Past calls of the demo: three fixed ones and some weeks of a small contact centre's days.
//!
//! The same on every machine for the same day. The numbers outside are nobody's: +7495 000-00-xx
//! and +7900 000-00-xx.

use crate::{
    http::api::time,
    store::{CallQuery, DomainRow, Store, StoreError},
};
use base::{CallId, CdrId, LegId, Rng, UnixMillis};
use call::{Cdr, Extension, HangupParty, LegRole};
use media::{FarStats, StreamStats};
use std::collections::HashMap;

/// Makes the past calls of `domain`, unless it has calls already.
pub async fn seed(store: &Store, domain: &DomainRow, now: UnixMillis) -> Result<(), StoreError> {
    let any = CallQuery {
        domain: domain.id,
        user: None,
        direction: None,
        search: None,
        peer: None,
        from: None,
        until: None,
        is_newest_first: true,
        after: None,
        limit: 1,
    };
    if !store.page_calls(&any, false).await?.calls.is_empty() {
        return Ok(());
    }
    let rows = store.list_extensions().await?.into_iter().map(|it| it.extension);
    let own = rows.filter(|it| it.domain == domain.id).map(|it| (it.number.clone(), it));
    let mut history = History {
        domain: domain.clone(),
        extensions: own.collect(),
        rng: Rng::from_number(SEED),
        records: Vec::new(),
    };
    history.add_fixed();
    history.add_days(now);
    store.insert_cdrs(&history.records).await?;
    Ok(())
}

struct History {
    domain: DomainRow,
    extensions: HashMap<String, Extension>,
    rng: Rng,
    records: Vec<Cdr>,
}

/// A call to be made up.
struct Story {
    started: UnixMillis,
    /// A number, or `TRUNK/NUMBER`.
    caller: String,
    dialled: String,
    callee: String,
    ring_ms: i64,
    ending: Ending,
}

#[derive(Clone, Copy)]
enum Ending {
    Talk { ms: i64 },
    Busy,
    NoAnswer,
    GivenUp,
}

impl History {
    /// The rows of the training deck.
    fn add_fixed(&mut self) {
        for (at, caller, dialled, callee, talk_s) in FIXED {
            let talk_ms = talk_s * 1000;
            self.add(&Story {
                started: time::parse(at).unwrap_or_default(),
                caller: (*caller).to_owned(),
                dialled: (*dialled).to_owned(),
                callee: (*callee).to_owned(),
                ring_ms: 4000,
                ending: if talk_ms > 0 { Ending::Talk { ms: talk_ms } } else { Ending::NoAnswer },
            });
        }
    }

    /// Working days before today, fewer calls on the days off.
    fn add_days(&mut self, now: UnixMillis) {
        let today = now.0.div_euclid(DAY_MS);
        for day in today - DAYS..today {
            // 1970-01-01 was a Thursday.
            let is_day_off = (day + 3).rem_euclid(7) >= 5;
            let calls = if is_day_off { 4 } else { 16 + self.rng.below(10) };
            let mut starts: Vec<_> =
                (0..calls).map(|_| self.rng.below(WORKING_HOURS_MS) as i64).collect();
            starts.sort_unstable();
            for start in starts {
                let started = UnixMillis(day * DAY_MS + OPENS_MS + start);
                let story = self.invent(started);
                self.add(&story);
            }
        }
    }

    fn invent(&mut self, started: UnixMillis) -> Story {
        let operator = (1001 + self.rng.below(8)).to_string();
        let colleague = (1001 + self.rng.below(18)).to_string();
        let stranger = if self.rng.chance(700) {
            format!("+790000000{:02}", self.rng.below(60))
        } else {
            format!("+749500000{:02}", 10 + self.rng.below(60))
        };
        let (caller, dialled, callee) = match self.rng.below(100) {
            0..=54 => {
                let line = &operator[2..];
                (format!("provider/{stranger}"), format!("+749500000{line}"), operator)
            }
            55..=79 => {
                let number = stranger.trim_start_matches('+').to_owned();
                (operator, format!("9{number}"), format!("provider/{number}"))
            }
            _ if colleague == operator => (operator, "2000".to_owned(), "2000".to_owned()),
            _ => (operator, colleague.clone(), colleague),
        };
        let ending = match self.rng.below(100) {
            0..=76 => Ending::Talk { ms: 8000 + self.rng.below(420_000) as i64 },
            77..=85 => Ending::Busy,
            86..=92 => Ending::NoAnswer,
            _ => Ending::GivenUp,
        };
        let ring_ms = 1500 + self.rng.below(14_000) as i64;
        Story { started, caller, dialled, callee, ring_ms, ending }
    }

    fn add(&mut self, story: &Story) {
        let call = CallId::new(story.started, &mut self.rng);
        for role in [LegRole::Caller, LegRole::Callee] {
            let record = self.leg(story, call, role);
            self.records.push(record);
        }
    }

    fn leg(&mut self, story: &Story, call: CallId, role: LegRole) -> Cdr {
        let party = match role {
            LegRole::Caller => &story.caller,
            LegRole::Callee => &story.callee,
        };
        let line = self.extensions.get(party);
        let (talk_ms, wait_ms, sip_status, cause) = match story.ending {
            Ending::Talk { ms } => (ms, story.ring_ms, 200, "normal"),
            Ending::Busy => (0, 400, 486, "busy"),
            Ending::NoAnswer => (0, 60_000, 480, "no_answer"),
            Ending::GivenUp => (0, story.ring_ms, 487, "cancelled"),
        };
        let hangup = match (story.ending, role) {
            (Ending::NoAnswer, _) => HangupParty::System,
            (Ending::Busy, LegRole::Callee) => HangupParty::Remote,
            (Ending::Busy, LegRole::Caller) => HangupParty::Peer,
            (Ending::Talk { .. } | Ending::GivenUp, LegRole::Caller) => HangupParty::Remote,
            (Ending::Talk { .. } | Ending::GivenUp, LegRole::Callee) => HangupParty::Peer,
        };
        let (name, user) = match line {
            Some(it) => (Some(it.display_name.clone()), it.user),
            None => (None, None),
        };
        let end_ms = wait_ms + talk_ms;
        let score = 4.2 + self.rng.below(20) as f32 / 100.0;
        let far = FarStats {
            packets_lost: Some(0),
            jitter_ms: Some(self.rng.below(40) as f32 / 10.0),
            mos: Some(4.2 + self.rng.below(20) as f32 / 100.0),
            rtt_ms: Some(1.0 + self.rng.below(300) as f32 / 10.0),
        };
        let far = if talk_ms > 0 { far } else { FarStats::default() };
        let packets = (talk_ms / PACKET_MS).unsigned_abs();
        let is_ringing = !matches!(story.ending, Ending::Busy);
        let ended = UnixMillis(story.started.0 + end_ms);
        Cdr {
            id: CdrId::new(ended, &mut self.rng),
            call,
            leg: LegId::new(story.started, &mut self.rng),
            domain: self.domain.id,
            role,
            caller: story.caller.clone(),
            dialled: story.dialled.clone(),
            party: party.clone(),
            name: name.filter(|it| !it.is_empty()),
            user,
            workplace: None,
            sip_call_id: format!("{}@{}", self.rng.hex(16), self.domain.name),
            signalling_peer: "127.0.0.1:5070;udp".to_owned(),
            started: story.started,
            ring_ms: is_ringing.then_some(180),
            answer_ms: (talk_ms > 0).then_some(wait_ms),
            end_ms,
            talk_ms,
            sip_status,
            hangup,
            cause: cause.to_owned(),
            codec: (talk_ms > 0).then(|| "PCMA/8000".to_owned()),
            media: StreamStats {
                packets_received: packets,
                bytes_received: packets * 160,
                packets_sent: packets,
                bytes_sent: packets * 160,
                jitter_ms: self.rng.below(40) as f32 / 10.0,
                payload_type: (talk_ms > 0).then_some(8),
                mos: (talk_ms > 0).then_some(score),
                far,
                ..StreamStats::default()
            },
        }
    }
}

/// Start, caller, dialled, callee, seconds of talk.
const FIXED: &[(&str, &str, &str, &str, i64)] = &[
    ("2025-10-23T10:45:58+03:00", "1001", "1004", "1004", 0),
    ("2025-10-22T10:16:34+03:00", "provider/+79000000097", "+74950000001", "1001", 30),
    ("2025-10-21T19:03:52+03:00", "provider/+79000000093", "+74950000001", "1001", 40),
];

const SEED: u64 = 20_251_023;
const DAYS: i64 = 24;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Nine o'clock in Moscow.
const OPENS_MS: i64 = 6 * 3600 * 1000;
const WORKING_HOURS_MS: u64 = 9 * 3600 * 1000;
/// Audio in an RTP packet, in ms.
const PACKET_MS: i64 = 20;
