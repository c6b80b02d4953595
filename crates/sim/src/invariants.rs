//! What must hold after each step, and when everything is over.

use crate::{City, LineState, city::Late};
use call::{CallCounts, Cdr, LegRole};
use media::MediaEvent;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// After the last message, everything that waits for repeated ones has ended (64·T1 and some).
const SILENCE: Duration = Duration::from_secs(40);

/// Longer than any call or subscription of the city can take to die.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

impl City {
    /// What must hold after each step.
    pub(crate) fn check_step(&self) {
        let counts = self.counts();
        if counts.calls == 0 {
            let nothing = CallCounts {
                free_leases: counts.free_leases,
                subscriptions: counts.subscriptions,
                deliveries: counts.deliveries,
                endpoint: counts.endpoint,
                ..CallCounts::default()
            };
            assert_eq!(
                counts,
                nothing,
                "without calls nothing of a call is left\n{}",
                self.story()
            );
            assert!(self.occupancy.is_empty(), "nobody is in a call\n{}", self.story());
            assert!(self.conversations.is_empty(), "nobody talks\n{}", self.story());
            assert!(self.queues.is_empty(), "nobody waits\n{}", self.story());
            assert!(self.rooms.is_empty(), "nobody is in a conference\n{}", self.story());
        }
        let orphans: usize = self.shards.iter().map(call::Calls::orphans).sum();
        assert_eq!(orphans, 0, "a name is left of a call that is gone\n{}", self.story());
        assert!(counts.legs >= counts.calls, "a call has a caller\n{}", self.story());
        self.check_media(&counts);
        self.check_log();
        self.check_board();
    }

    /// Whoever takes in what calls tell has their state.
    fn check_board(&self) {
        for (shard, board) in self.shards.iter().zip(&self.board) {
            let told: Vec<_> = board.values().collect();
            let views = shard.views();
            assert_eq!(
                told,
                views.iter().collect::<Vec<_>>(),
                "facts tell everything\n{}",
                self.story()
            );
        }
    }

    fn check_media(&self, counts: &CallCounts) {
        let (mut leased, mut closed) = (0, 0);
        for late in self.back_office.values() {
            match late {
                Late::Media { event: MediaEvent::Leased { leases, .. }, .. } => {
                    leased += leases.len();
                }
                Late::Media { event: MediaEvent::Closed { .. }, .. } => closed += 1,
                Late::Media { .. }
                | Late::Registered { .. }
                | Late::Voicemail { .. }
                | Late::Feature { .. }
                | Late::Web { .. }
                | Late::Watch { .. }
                | Late::Text { .. } => {}
            }
        }
        let sessions: usize = self.workers.iter().map(crate::Worker::sessions).sum();
        assert_eq!(
            counts.media_sessions,
            sessions + closed,
            "both sides count the same media sessions\n{}",
            self.story()
        );
        let free: usize = self.workers.iter().map(crate::Worker::free).sum();
        let capacity: usize = self.workers.iter().map(crate::Worker::capacity).sum();
        assert_eq!(
            free + leased + sessions + counts.free_leases,
            capacity,
            "each port is somewhere, and in one place\n{}",
            self.story()
        );
    }

    fn check_log(&self) {
        let rows = self.cdrs.len();
        assert!(
            rows <= self.links.len() + self.former_links.len(),
            "a row for a leg that never was\n{}",
            self.story()
        );
    }

    /// Waits until the city is silent, and checks that nothing is left and each leg has its row.
    pub fn finish(&mut self) {
        for phone in &mut self.phones {
            phone.stop_refreshing();
        }
        let is_over = self.wait_until(PATIENCE, |city| {
            let silent_since = city.last_sent().unwrap_or(city.start);
            let phones_rest = city.phones.iter().all(crate::Phone::is_idle);
            let counts = city.counts();
            let is_quiet = counts.calls == 0 && counts.subscriptions == 0;
            phones_rest && is_quiet && silent_since + SILENCE <= city.now
        });
        assert!(is_over, "the city does not come to rest: {:?}\n{}", self.counts(), self.story());
        assert!(self.desk.rows.is_empty(), "a row is left of a subscription\n{}", self.story());
        let expected =
            CallCounts { free_leases: self.counts().free_leases, ..CallCounts::default() };
        assert_eq!(self.counts(), expected, "something is left behind\n{}", self.story());
        assert!(self.occupancy.is_empty(), "a seat is left behind\n{}", self.story());
        assert!(self.outbound_use.is_idle(), "a permit is left behind\n{}", self.story());
        self.check_rows();
        self.check_phones();
    }

    /// One row for each leg that ever was.
    fn check_rows(&self) {
        let legs: HashSet<_> = self.cdrs.iter().map(|it| it.leg).collect();
        assert_eq!(legs.len(), self.cdrs.len(), "two rows for one leg\n{}", self.story());
        let links = self.links.iter().map(|(_, it)| it).chain(&self.former_links);
        let mut expected: Vec<_> = links.map(String::as_str).collect();
        let mut found: Vec<_> = self.cdrs.iter().map(|it| it.sip_call_id.as_str()).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "a row for each leg\n{}", self.story());
        for cdr in &self.cdrs {
            assert!(cdr.end_ms >= 0 && cdr.talk_ms >= 0, "time runs forward: {cdr:?}");
            let answer_ms = cdr.answer_ms.unwrap_or(cdr.end_ms);
            assert_eq!(cdr.talk_ms, cdr.end_ms - answer_ms, "{cdr:?}");
            assert_eq!(cdr.answer_ms.is_some(), cdr.sip_status == 200, "{cdr:?}");
        }
    }

    /// No phone believes to be in a call.
    fn check_phones(&self) {
        for phone in self.phones.iter().filter(|it| it.is_on()) {
            for line in &phone.lines {
                assert_eq!(
                    line.state,
                    LineState::Ended,
                    "{} still has {line:?}\n{}",
                    phone.number,
                    self.story()
                );
            }
        }
    }

    /// Compares the call log with what the phones saw: conversations are as long there as here,
    /// give or take `tolerance`.
    pub fn check_talk(&self, tolerance: Duration) {
        let lines = || self.phones.iter().flat_map(|it| &it.lines);
        for cdr in &self.cdrs {
            // A proxy that forked has a line for each answer; the call is with one of them.
            let seen: Vec<_> = lines()
                .filter(|it| it.call_id == cdr.sip_call_id)
                .map(|it| it.talk_ms().unwrap_or(0))
                .collect();
            let is_close =
                |seen: &i64| u128::from(seen.abs_diff(cdr.talk_ms)) <= tolerance.as_millis();
            assert!(
                seen.is_empty() || seen.iter().any(is_close),
                "the phone saw {seen:?} ms: {cdr:?}\n{}",
                self.story()
            );
        }
    }

    /// Compares the call log with the attempts: each call that got further than the door has one
    /// row for its caller, which says what the caller heard.
    pub fn check_attempts(&self) {
        let rows: HashMap<&str, &Cdr> = self
            .cdrs
            .iter()
            .filter(|it| it.role == LegRole::Caller)
            .map(|it| (it.sip_call_id.as_str(), it))
            .collect();
        let attempts = self.phones.iter().flat_map(|it| &it.lines).filter(|it| it.is_caller);
        for line in attempts {
            let row = rows.get(line.call_id.as_str());
            match (line.final_status(), row) {
                // Gave up before the switch said anything, or asked who was there.
                (None | Some(401 | 408), _) => {}
                // Too many calls: turned away at the door, or without ports further in.
                (Some(503), None) => {}
                (Some(487), None) => {}
                (Some(status), Some(row)) => assert_eq!(
                    row.sip_status,
                    status,
                    "the caller heard something else: {row:?}\n{}",
                    self.story()
                ),
                (Some(_), None) => panic!("no row for {line:?}\n{}", self.story()),
            }
        }
        let known: HashSet<_> =
            self.phones.iter().flat_map(|it| &it.lines).map(|it| it.call_id.as_str()).collect();
        for row in rows.values() {
            assert!(known.contains(row.sip_call_id.as_str()), "nobody made this call: {row:?}");
        }
    }

    /// What is alive on all shards together.
    pub fn counts(&self) -> CallCounts {
        let mut sum = CallCounts::default();
        for counts in self.shards.iter().map(call::Calls::counts) {
            sum.calls += counts.calls;
            sum.legs += counts.legs;
            sum.subscriptions += counts.subscriptions;
            sum.deliveries += counts.deliveries;
            sum.handles += counts.handles;
            sum.media_sessions += counts.media_sessions;
            sum.free_leases += counts.free_leases;
            sum.endpoint.servers += counts.endpoint.servers;
            sum.endpoint.clients += counts.endpoint.clients;
            sum.endpoint.dialogs += counts.endpoint.dialogs;
        }
        sum
    }

    /// Everything sent so far, a line each.
    pub fn story(&self) -> String {
        self.network.log().join("\n")
    }
}
