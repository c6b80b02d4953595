//! RTCP of the sessions: what comes in, and the reports that are due.

use super::{Channel, DropReason, Relay, Slot, Transmit};
use crate::{
    figures::Figures,
    rtcp::{self, REPORT_MAX},
    session::session_mut,
};
use base::MediaId;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

impl Relay {
    /// How a session does that has just reported, oldest first.
    pub fn poll_figures(&mut self) -> Option<(MediaId, Figures)> {
        self.figures.pop_front()
    }

    /// RTCP goes on while media is held (RFC 3264 section 8.4).
    pub(super) fn take_rtcp(
        &mut self,
        now: Instant,
        slot: Slot,
        source: (Channel, SocketAddr),
        packet: &[u8],
    ) -> Result<(), DropReason> {
        let age = self.age(now);
        let session = session_mut(&mut self.sessions, slot).ok_or(DropReason::NoSession)?;
        if !rtcp::is_valid(packet) {
            return Err(DropReason::Malformed);
        }
        self.outbox.clear();
        session.receive_rtcp(now, age, source, packet)
    }

    /// Sends the reports that are due.
    pub(super) fn report(&mut self, now: Instant, send: &mut impl FnMut(Transmit, &[u8])) {
        let age = self.age(now);
        let mut packet = [0; REPORT_MAX];
        for (slot, session) in (0..).map(Slot).zip(&mut self.sessions) {
            let Some(session) = session else { continue };
            let Some((addressed, figures)) = session.report(now, age, &mut self.rng, &mut packet)
            else {
                continue;
            };
            self.figures.push_back((session.media(), figures));
            if let Some((channel, to, len)) = addressed {
                self.counters.packets_out += 1;
                send(Transmit { slot, channel, to }, &packet[..len]);
            }
        }
    }

    /// Puts the last report of a session into the outbox.
    pub(super) fn say_goodbye(&mut self, now: Instant, slot: Slot) {
        let age = self.age(now);
        self.outbox.clear();
        let mut packet = [0; REPORT_MAX];
        if let Some(session) = session_mut(&mut self.sessions, slot)
            && let Some((channel, to, len)) = session.say_goodbye(now, age, &mut packet)
        {
            self.counters.packets_out += 1;
            self.outbox.put(Transmit { slot, channel, to }, &packet[..len]);
        }
    }

    /// What our sender reports take for the time: since the worker began (RFC 3550 section 6.4.1
    /// lets who has no wall clock do so). Only differences of it are ever used.
    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.born_at)
    }
}
