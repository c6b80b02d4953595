//! RTCP of a session: where it goes, whom we believe, and the figures that come of it.

use super::Session;
use crate::{
    command,
    figures::{FarStats, Figures, Quality, StreamStats},
    quality::{Passage, mos},
    relay::{Channel, DropReason},
    reports::{Facts, Reports},
    rtcp::REPORT_MAX,
};
use base::Rng;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

impl Session {
    /// Takes in a valid RTCP packet. `age` is the time on the clock of our reports.
    pub(crate) fn receive_rtcp(
        &mut self,
        now: Instant,
        age: Duration,
        (channel, from): (Channel, SocketAddr),
        packet: &[u8],
    ) -> Result<(), DropReason> {
        let is_ours = match channel {
            Channel::Rtp => self.latch.destination() == Some(from),
            Channel::Rtcp => self.rtcp.path.believes(from, self.latch.source()),
        };
        if !is_ours {
            self.foreign = self.foreign.saturating_add(1);
            return Err(DropReason::Foreign);
        }
        self.silence.end(now);
        self.rtcp.reports.take(now, age, self.outgoing.ssrc(), packet);
        Ok(())
    }

    /// Writes the report that is due, if one is and there is somewhere to send it: by which socket,
    /// where to and how long; and how the session does.
    pub(crate) fn report(
        &mut self,
        now: Instant,
        age: Duration,
        rng: &mut Rng,
        packet: &mut [u8; REPORT_MAX],
    ) -> Option<(Option<Addressed>, Figures)> {
        if !self.rtcp.reports.is_due(now) {
            return None;
        }
        let facts = self.facts(now);
        let figures = self.figures(now);
        let len = self.rtcp.reports.write(now, age, &facts, false, packet);
        self.rtcp.reports.made(now, &facts, rng);
        let addressed = self.rtcp_destination().zip(len);
        Some((addressed.map(|((channel, to), len)| (channel, to, len)), figures))
    }

    /// Writes the last report, with a goodbye, if we were heard at all.
    pub(crate) fn say_goodbye(
        &mut self,
        now: Instant,
        age: Duration,
        packet: &mut [u8; REPORT_MAX],
    ) -> Option<Addressed> {
        let (channel, to) = self.rtcp_destination()?;
        let facts = self.facts(now);
        let len = self.rtcp.reports.write(now, age, &facts, true, packet)?;
        Some((channel, to, len))
    }

    /// Figures of its whole life.
    pub(crate) fn stats(&self) -> StreamStats {
        let rtt_ms = self.rtcp.reports.rtt_ms().map(|(_, mean)| mean);
        let far = self.rtcp.reports.far_view();
        let far_jitter_ms = far.and_then(|it| self.far_jitter_ms(it.jitter_ticks));
        let far_loss =
            far.map(|it| it.packets_lost.max(0) as f32 / self.outgoing.packets().max(1) as f32);
        let passage = Passage {
            loss: self.reception.loss(),
            burst_ratio: self.reception.burst_ratio(),
            jitter_ms: self.reception.jitter_ms(),
            rtt_ms: rtt_ms.unwrap_or_default(),
        };
        StreamStats {
            packets_received: self.reception.packets(),
            bytes_received: self.reception.bytes(),
            packets_sent: self.outgoing.packets(),
            bytes_sent: self.outgoing.bytes(),
            packets_lost: self.reception.lost(),
            jitter_ms: self.reception.jitter_ms(),
            mos: self.encoding().and_then(|it| mos(it, passage)),
            far: FarStats {
                packets_lost: far.map(|it| it.packets_lost),
                jitter_ms: far_jitter_ms,
                mos: self.far_mos(far_loss, far_jitter_ms, rtt_ms),
                rtt_ms,
            },
            packets_foreign: self.foreign.into(),
            payload_type: self.reception.payload_type(),
            latched: self.latch.source(),
            transcoded: self.has_transcoded,
        }
    }

    /// How it does since the report before.
    fn figures(&self, now: Instant) -> Figures {
        let rtt_ms = self.rtcp.reports.rtt_ms().map(|(last, _)| last);
        let received = self.encoding().map(|encoding| {
            let loss = self.rtcp.reports.fraction_lost(self.reception.counts());
            let jitter_ms = self.reception.jitter_ms();
            let passage = Passage::by_chance(loss, jitter_ms, rtt_ms);
            Quality { loss, jitter_ms, mos: mos(encoding, passage) }
        });
        let sent = self.rtcp.reports.fresh_far_view(now).map(|it| {
            let (loss, jitter_ms) = (it.fraction_lost, self.far_jitter_ms(it.jitter_ticks));
            let mos = self.far_mos(Some(loss), jitter_ms, rtt_ms);
            Quality { loss, jitter_ms: jitter_ms.unwrap_or_default(), mos }
        });
        Figures { received, sent, rtt_ms }
    }

    fn facts(&self, now: Instant) -> Facts {
        Facts {
            heard: self.reception.block(),
            counts: self.reception.counts(),
            stream: self.outgoing.stream(now),
            packets_sent: self.outgoing.packets(),
            bytes_sent: self.outgoing.bytes(),
        }
    }

    fn far_mos(
        &self,
        loss: Option<f32>,
        jitter_ms: Option<f32>,
        rtt_ms: Option<f32>,
    ) -> Option<f32> {
        let passage = Passage::by_chance(loss?, jitter_ms.unwrap_or_default(), rtt_ms);
        mos(self.encoding()?, passage)
    }

    /// Ticks of the clock of our stream in milliseconds.
    fn far_jitter_ms(&self, ticks: u32) -> Option<f32> {
        let rate = self.outgoing.clock_rate().filter(|it| *it > 0)?;
        Some(ticks as f32 * 1000.0 / rate as f32)
    }

    /// The name of the codec that the far end speaks; it hears the same one.
    fn encoding(&self) -> Option<&str> {
        let spoken = self.reception.payload_type().and_then(|it| self.formats.find(it));
        let format = spoken
            .filter(|it| it.is_speech())
            .or_else(|| self.formats.all.iter().find(|it| it.is_speech()));
        format.map(|it| it.encoding.as_str())
    }

    /// Where RTCP for the far end goes. An address that it wrote is not used where its RTP comes
    /// from another: between us is a NAT that lets nothing in there.
    fn rtcp_destination(&self) -> Option<(Channel, SocketAddr)> {
        let rtp = self.latch.destination()?;
        match self.rtcp.path {
            RtcpPath::Mux => Some((Channel::Rtp, rtp)),
            RtcpPath::Own { described, source } => source
                .or_else(|| Some(described).filter(|it| it.ip() == rtp.ip()))
                .map(|it| (Channel::Rtcp, it)),
        }
    }
}

/// RTCP of one session.
#[derive(Debug)]
pub(super) struct Rtcp {
    pub(super) path: RtcpPath,
    reports: Reports,
}

impl Rtcp {
    pub(super) fn new(now: Instant, rng: &mut Rng) -> Self {
        Self { path: RtcpPath::Mux, reports: Reports::new(now, rng) }
    }
}

/// By which socket a report goes, where to, and how long it is.
pub(crate) type Addressed = (Channel, SocketAddr, usize);

/// How RTCP of this far end travels.
#[derive(Debug)]
pub(super) enum RtcpPath {
    Mux,
    Own { described: SocketAddr, source: Option<SocketAddr> },
}

impl RtcpPath {
    pub(super) fn describe(&mut self, rtcp: command::Rtcp) {
        match (rtcp, &*self) {
            (command::Rtcp::Mux, _) => *self = Self::Mux,
            (command::Rtcp::At(address), Self::Own { described, .. }) if *described == address => {}
            (command::Rtcp::At(address), Self::Own { .. } | Self::Mux) => {
                *self = Self::Own { described: address, source: None };
            }
        }
    }

    /// Believed: the described address, or one port (the first that speaks) of the host whose RTP
    /// is believed.
    fn believes(&mut self, from: SocketAddr, rtp_source: Option<SocketAddr>) -> bool {
        let Self::Own { described, source } = self else { return false };
        if let Some(source) = source {
            return *source == from;
        }
        let is_ours = from == *described || rtp_source.is_some_and(|it| it.ip() == from.ip());
        if is_ours {
            *source = Some(from);
        }
        is_ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtcp_is_believed_from_the_host_of_the_rtp_and_then_from_one_port() {
        let mut path = RtcpPath::Mux;
        path.describe(command::Rtcp::At(address(1, 5)));
        let rtp_source = Some(address(2, 4));

        assert!(!path.believes(address(3, 5), rtp_source), "a stranger");
        assert!(path.believes(address(2, 99), rtp_source), "behind the NAT that RTP came through");
        assert!(!path.believes(address(2, 98), rtp_source), "another port of it");
        path.describe(command::Rtcp::At(address(1, 5)));
        assert!(path.believes(address(2, 99), rtp_source), "the same description changes nothing");
        path.describe(command::Rtcp::At(address(1, 7)));
        assert!(path.believes(address(1, 7), rtp_source), "another description starts afresh");
    }

    fn address(host: u8, port: u16) -> SocketAddr {
        ([192, 0, 2, host], port).into()
    }
}
