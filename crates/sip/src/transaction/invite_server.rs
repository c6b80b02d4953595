//! INVITE server transaction: RFC 3261 section 17.2.1 as amended by RFC 6026, with the
//! retransmission of 2xx responses that section 13.3.1.4 asks of the core above it.

use super::{Pending, Reliability, Retransmit, T2, T4, TRANSACTION_TIMEOUT, earlier};
use crate::message::Status;
use std::time::{Duration, Instant};

/// One INVITE server transaction, from `Proceeding` to `Terminated`.
#[derive(Debug)]
pub struct InviteServer {
    reliability: Reliability,
    state: State,
    outputs: Pending<InviteServerOutput>,
}

/// What the owner must do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InviteServerOutput {
    /// Send 100 Trying, which is then the latest response.
    SendTrying,
    /// Send the latest response, for the first time or again.
    SendResponse,
    /// Our 2xx was acknowledged for the first time.
    Acked,
    /// Our 2xx was repeated for 64·T1 and nobody acknowledged it.
    NotAcked,
}

impl InviteServer {
    /// Starts the transaction; the owner answers with [`Self::handle_reply`].
    pub fn new(now: Instant, reliability: Reliability) -> Self {
        let state = State::Proceeding { trying_at: Some(now + TRYING_DELAY) };
        Self { reliability, state, outputs: Pending::none() }
    }

    /// The layer above answers with `status`. False if it has answered finally before; then nothing
    /// happens.
    pub fn handle_reply(&mut self, now: Instant, status: Status) -> bool {
        if !self.is_unanswered() {
            return false;
        }
        let until = now + TRANSACTION_TIMEOUT;
        match status.0 {
            100..=199 => self.state = State::Proceeding { trying_at: None },
            // Repeated over TCP too: a proxy on the way may have forwarded it over UDP.
            200..=299 => {
                let unacked = Some(Retransmit::start(now));
                self.state = State::Accepted { unacked, until };
            }
            _ => {
                let retransmit = self.reliability.retransmit(now);
                self.state = State::Completed { retransmit, until };
            }
        }
        self.outputs.push(InviteServerOutput::SendResponse);
        true
    }

    /// The INVITE came again.
    pub fn handle_retransmission(&mut self) {
        match &mut self.state {
            State::Proceeding { trying_at } => {
                let output = match trying_at.take() {
                    Some(_) => InviteServerOutput::SendTrying,
                    None => InviteServerOutput::SendResponse,
                };
                self.outputs.push(output);
            }
            State::Completed { .. } => self.outputs.push(InviteServerOutput::SendResponse),
            // The 2xx has a timer of its own (RFC 6026 section 7.1).
            State::Accepted { .. } => {}
            State::Confirmed { .. } | State::Terminated => {}
        }
    }

    /// An ACK came: of this transaction for a non-2xx, of its dialog and CSeq for a 2xx.
    pub fn handle_ack(&mut self, now: Instant) {
        match &mut self.state {
            State::Completed { .. } => {
                let linger = self.reliability.linger(T4);
                self.state = if linger.is_zero() {
                    State::Terminated
                } else {
                    State::Confirmed { until: now + linger }
                };
            }
            State::Accepted { unacked, .. } => {
                if unacked.take().is_some() {
                    self.outputs.push(InviteServerOutput::Acked);
                }
            }
            State::Proceeding { .. } | State::Confirmed { .. } | State::Terminated => {}
        }
    }

    /// The dialog ended before the ACK came: the 2xx is repeated no more.
    pub fn handle_dialog_end(&mut self) {
        if let State::Accepted { unacked, .. } = &mut self.state {
            *unacked = None;
        }
    }

    /// Lets every timer whose deadline is at or before `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Proceeding { trying_at } if trying_at.is_some_and(|it| it <= now) => {
                *trying_at = None;
                self.outputs.push(InviteServerOutput::SendTrying);
            }
            State::Accepted { unacked, until } if *until <= now => {
                if unacked.is_some() {
                    self.outputs.push(InviteServerOutput::NotAcked);
                }
                self.state = State::Terminated;
            }
            State::Completed { until, .. } | State::Confirmed { until } if *until <= now => {
                self.state = State::Terminated;
            }
            State::Accepted { unacked: Some(retransmit), .. }
            | State::Completed { retransmit: Some(retransmit), .. }
                if retransmit.at <= now =>
            {
                retransmit.back_off(now, T2);
                self.outputs.push(InviteServerOutput::SendResponse);
            }
            State::Proceeding { .. } => {}
            State::Accepted { .. } => {}
            State::Completed { .. } => {}
            State::Confirmed { .. } => {}
            State::Terminated => {}
        }
    }

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<InviteServerOutput> {
        self.outputs.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Proceeding { trying_at } => *trying_at,
            State::Terminated => None,
            State::Accepted { unacked: retransmit, until }
            | State::Completed { retransmit, until } => Some(earlier(retransmit.as_ref(), *until)),
            State::Confirmed { until } => Some(*until),
        }
    }

    /// Whether a final answer is still due.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether a 2xx waits for its ACK.
    pub fn awaits_ack_of_2xx(&self) -> bool {
        matches!(self.state, State::Accepted { unacked: Some(_), .. })
    }

    /// Whether the latest response may have to be sent again.
    pub fn needs_response(&self) -> bool {
        match &self.state {
            State::Proceeding { .. } | State::Completed { .. } => true,
            State::Accepted { unacked, .. } => unacked.is_some(),
            State::Confirmed { .. } | State::Terminated => false,
        }
    }

    /// Whether the owner may forget this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

/// An INVITE that has no answer by then gets 100 Trying (RFC 3261 section 17.2.1). Most calls ring
/// or are refused earlier and are spared a message.
const TRYING_DELAY: Duration = Duration::from_millis(200);

/// A timer lives in the one state in which it may fire.
#[derive(Debug)]
enum State {
    /// Without an answer so far, 100 is due at some time.
    Proceeding {
        trying_at: Option<Instant>,
    },
    /// A 2xx was sent and is repeated until its ACK comes; timer L.
    Accepted {
        unacked: Option<Retransmit>,
        until: Instant,
    },
    /// Timers G and H.
    Completed {
        retransmit: Option<Retransmit>,
        until: Instant,
    },
    /// Timer I.
    Confirmed {
        until: Instant,
    },
    Terminated,
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{drain, impl_machine, run, secs},
        InviteServerOutput::*,
        *,
    };

    impl_machine!(InviteServer, InviteServerOutput);

    #[test]
    fn an_invite_without_an_answer_gets_one_100_after_200_ms() {
        let start = Instant::now();
        let mut invite = InviteServer::new(start, Reliability::Reliable);

        assert_eq!(run(&mut invite, start), [(200, SendTrying)]);
        invite.handle_retransmission();

        assert_eq!(drain(&mut invite), [SendResponse]);
    }

    #[test]
    fn an_invite_that_comes_again_before_its_100_gets_it_at_once() {
        let start = Instant::now();
        let mut invite = InviteServer::new(start, Reliability::Unreliable);

        invite.handle_retransmission();

        assert_eq!(drain(&mut invite), [SendTrying]);
        assert_eq!(invite.poll_timeout(), None);
    }

    #[test]
    fn a_repeated_invite_gets_the_latest_provisional_again() {
        let now = Instant::now();
        let mut invite = InviteServer::new(now, Reliability::Unreliable);
        invite.handle_reply(now, Status(180));
        drain(&mut invite);

        invite.handle_retransmission();

        assert_eq!(drain(&mut invite), [SendResponse]);
        assert_eq!(invite.poll_timeout(), None);
    }

    #[test]
    fn a_refusal_over_udp_is_repeated_by_timer_g_until_timer_h() {
        let (start, mut invite) = answered(Reliability::Unreliable, 486);

        let log = run(&mut invite, start);

        let sent_at: Vec<_> = log.iter().map(|it| it.0).collect();
        assert_eq!(
            sent_at,
            [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]
        );
        assert!(log.iter().all(|it| it.1 == SendResponse));
        assert!(invite.is_terminated());
    }

    #[test]
    fn a_refusal_over_tcp_is_sent_once_and_waits_for_its_ack_until_timer_h() {
        let (start, mut invite) = answered(Reliability::Reliable, 486);

        assert_eq!(run(&mut invite, start), [(0, SendResponse)]);
        assert!(invite.is_terminated());
    }

    #[test]
    fn ack_of_a_refusal_confirms_and_timer_i_absorbs_more_of_them() {
        let (start, mut invite) = answered(Reliability::Unreliable, 486);
        drain(&mut invite);

        invite.handle_ack(start + secs(1));
        invite.handle_ack(start + secs(1));
        invite.handle_retransmission();

        assert_eq!(drain(&mut invite), []);
        assert_eq!(invite.poll_timeout(), Some(start + secs(6)));
        run(&mut invite, start);
        assert!(invite.is_terminated());
    }

    #[test]
    fn ack_of_a_refusal_over_tcp_terminates_at_once() {
        let (start, mut invite) = answered(Reliability::Reliable, 486);

        invite.handle_ack(start);

        assert!(invite.is_terminated());
    }

    #[test]
    fn a_2xx_is_repeated_over_any_transport_until_it_is_reported_as_not_acked() {
        for reliability in [Reliability::Unreliable, Reliability::Reliable] {
            let (start, mut invite) = answered(reliability, 200);

            let log = run(&mut invite, start);

            assert_eq!(log.iter().filter(|it| it.1 == SendResponse).count(), 11);
            assert_eq!(log.last(), Some(&(32_000, NotAcked)));
            assert!(invite.is_terminated());
        }
    }

    #[test]
    fn an_acked_2xx_is_reported_once_and_timer_l_absorbs_repeated_invites() {
        let (start, mut invite) = answered(Reliability::Unreliable, 200);
        drain(&mut invite);

        invite.handle_ack(start + secs(1));
        assert_eq!(drain(&mut invite), [Acked]);
        invite.handle_ack(start + secs(2));
        invite.handle_retransmission();

        assert_eq!(drain(&mut invite), []);
        assert_eq!(invite.poll_timeout(), Some(start + secs(32)));
        assert_eq!(run(&mut invite, start), []);
        assert!(invite.is_terminated());
    }

    #[test]
    fn a_2xx_of_an_ended_dialog_is_repeated_no_more() {
        let (start, mut invite) = answered(Reliability::Unreliable, 200);
        drain(&mut invite);

        invite.handle_dialog_end();

        assert_eq!(run(&mut invite, start), []);
        assert!(invite.is_terminated());
    }

    #[test]
    fn a_second_final_answer_is_ignored() {
        let (start, mut invite) = answered(Reliability::Unreliable, 200);
        drain(&mut invite);

        assert!(!invite.handle_reply(start, Status(486)));

        assert_eq!(drain(&mut invite), []);
    }

    fn answered(reliability: Reliability, status: u16) -> (Instant, InviteServer) {
        let start = Instant::now();
        let mut invite = InviteServer::new(start, reliability);
        assert!(invite.handle_reply(start, Status(status)));
        (start, invite)
    }
}
