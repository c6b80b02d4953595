//! INVITE client transaction: RFC 3261 section 17.1.1 as amended by RFC 6026, and CANCEL's part in
//! it (section 9.1).

use super::{Pending, Reliability, Retransmit, TIMER_D, TRANSACTION_TIMEOUT, earlier};
use crate::message::Status;
use std::time::{Duration, Instant};

/// One INVITE client transaction, from `Calling` to `Terminated`.
#[derive(Debug)]
pub struct InviteClient {
    reliability: Reliability,
    state: State,
    outputs: Pending<InviteClientOutput>,
}

/// What the owner must do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InviteClientOutput {
    /// Send the INVITE, for the first time or again.
    SendInvite,
    /// Send the ACK for a non-2xx final response.
    SendAck,
    /// Send CANCEL, in a transaction of its own.
    SendCancel,
    /// Hand the response that was just taken in to the dialog above.
    Deliver,
    /// No final response came within 64·T1 of the INVITE (timer B) or of its CANCEL.
    TimedOut,
    /// The transport could not deliver the INVITE.
    Undeliverable,
}

impl InviteClient {
    /// Starts the transaction; the first output is [`InviteClientOutput::SendInvite`].
    pub fn new(now: Instant, reliability: Reliability) -> Self {
        let mut outputs = Pending::none();
        outputs.push(InviteClientOutput::SendInvite);
        Self {
            reliability,
            state: State::Calling {
                retransmit: reliability.retransmit(now),
                give_up_at: now + TRANSACTION_TIMEOUT,
                cancel: Cancel::No,
            },
            outputs,
        }
    }

    /// Takes in a response that matched this transaction's branch.
    pub fn handle_response(&mut self, now: Instant, status: Status) {
        match (&self.state, status.0) {
            (State::Calling { cancel: Cancel::WhenProceeding, .. }, 100..=199) => {
                self.send_cancel(now);
                self.outputs.push(InviteClientOutput::Deliver);
            }
            (State::Calling { cancel: Cancel::No, .. }, 100..=199) => {
                self.state = State::Proceeding { give_up_at: None };
                self.outputs.push(InviteClientOutput::Deliver);
            }
            (State::Proceeding { .. }, 100..=199) => {
                self.outputs.push(InviteClientOutput::Deliver);
            }
            (State::Calling { .. } | State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted { until: now + TRANSACTION_TIMEOUT };
                self.outputs.push(InviteClientOutput::Deliver);
            }
            (State::Calling { .. } | State::Proceeding { .. }, 300..=699) => {
                self.state = State::completed(now, self.reliability.linger(TIMER_D));
                self.outputs.push(InviteClientOutput::SendAck);
                self.outputs.push(InviteClientOutput::Deliver);
            }
            // Each 2xx of a forked INVITE opens a dialog of its own, and a repeated one wants its
            // ACK again: the dialog above tells them apart.
            (State::Accepted { .. }, 200..=299) => self.outputs.push(InviteClientOutput::Deliver),
            (State::Completed { .. }, 300..=699) => self.outputs.push(InviteClientOutput::SendAck),
            // Strays and repeats, which RFC 3261 tells us to absorb.
            (_, _) => {}
        }
    }

    /// The caller gave up: CANCEL goes out at once if a provisional response came, else when one
    /// comes. Too late after a final response, and done only once.
    pub fn handle_cancel(&mut self, now: Instant) {
        match &mut self.state {
            State::Calling { cancel, .. } => *cancel = Cancel::WhenProceeding,
            State::Proceeding { give_up_at: None } => self.send_cancel(now),
            State::Proceeding { give_up_at: Some(_) } => {}
            State::Accepted { .. } | State::Completed { .. } | State::Terminated => {}
        }
    }

    /// The dialog ended under a re-INVITE: waits no longer than 64·T1 for the 487 that is due.
    pub fn handle_dialog_end(&mut self, now: Instant) {
        if let State::Proceeding { give_up_at } = &mut self.state {
            give_up_at.get_or_insert(now + TRANSACTION_TIMEOUT);
        }
    }

    /// The transport could not deliver the INVITE.
    pub fn handle_send_failure(&mut self) {
        if matches!(self.state, State::Calling { .. }) {
            self.state = State::Terminated;
            self.outputs.push(InviteClientOutput::Undeliverable);
        }
    }

    /// Lets every timer whose deadline is at or before `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Calling { give_up_at, .. }
            | State::Proceeding { give_up_at: Some(give_up_at) }
                if *give_up_at <= now =>
            {
                self.state = State::Terminated;
                self.outputs.push(InviteClientOutput::TimedOut);
            }
            State::Calling { retransmit: Some(retransmit), .. } if retransmit.at <= now => {
                retransmit.back_off(now, Duration::MAX);
                self.outputs.push(InviteClientOutput::SendInvite);
            }
            State::Accepted { until } | State::Completed { until } if *until <= now => {
                self.state = State::Terminated;
            }
            State::Calling { .. } => {}
            State::Proceeding { .. } => {}
            State::Accepted { .. } | State::Completed { .. } => {}
            State::Terminated => {}
        }
    }

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<InviteClientOutput> {
        self.outputs.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Calling { retransmit, give_up_at, .. } => {
                Some(earlier(retransmit.as_ref(), *give_up_at))
            }
            State::Proceeding { give_up_at } => *give_up_at,
            State::Accepted { until } | State::Completed { until } => Some(*until),
            State::Terminated => None,
        }
    }

    /// Whether a final response came, or none will.
    pub fn is_finished(&self) -> bool {
        match self.state {
            State::Calling { .. } | State::Proceeding { .. } => false,
            State::Accepted { .. } | State::Completed { .. } | State::Terminated => true,
        }
    }

    /// Whether a 2xx came, so that neither ACK nor CANCEL will be built from the INVITE again.
    pub fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted { .. })
    }

    /// Whether the owner may forget this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn send_cancel(&mut self, now: Instant) {
        self.state = State::Proceeding { give_up_at: Some(now + TRANSACTION_TIMEOUT) };
        self.outputs.push(InviteClientOutput::SendCancel);
    }
}

/// A timer lives in the one state in which it may fire.
#[derive(Debug)]
enum State {
    /// Timers A and B.
    Calling {
        retransmit: Option<Retransmit>,
        give_up_at: Instant,
        cancel: Cancel,
    },
    /// Waits as long as the layer above likes, unless the INVITE was cancelled.
    Proceeding {
        give_up_at: Option<Instant>,
    },
    /// Timer M.
    Accepted {
        until: Instant,
    },
    /// Timer D.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl State {
    fn completed(now: Instant, linger: Duration) -> Self {
        if linger.is_zero() { Self::Terminated } else { Self::Completed { until: now + linger } }
    }
}

/// A CANCEL may not overtake its INVITE: it waits for a provisional response.
#[derive(Debug)]
enum Cancel {
    No,
    WhenProceeding,
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{drain, impl_machine, run, secs},
        InviteClientOutput::*,
        *,
    };

    impl_machine!(InviteClient, InviteClientOutput);

    #[test]
    fn udp_invite_is_retransmitted_at_doubling_intervals_until_timer_b() {
        let (start, mut invite) = calling(Reliability::Unreliable);

        let log = run(&mut invite, start);

        let sent_at: Vec<_> = log.iter().filter(|it| it.1 == SendInvite).map(|it| it.0).collect();
        assert_eq!(sent_at, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        assert_eq!(log.last(), Some(&(32_000, TimedOut)));
        assert!(invite.is_terminated());
    }

    #[test]
    fn tcp_invite_is_sent_once_and_given_up_by_timer_b() {
        let (start, mut invite) = calling(Reliability::Reliable);

        assert_eq!(run(&mut invite, start), [(0, SendInvite), (32_000, TimedOut)]);
    }

    #[test]
    fn provisional_response_stops_retransmission_and_waits_for_ever() {
        let (start, mut invite) = calling(Reliability::Unreliable);

        invite.handle_response(start, Status(180));

        assert_eq!(drain(&mut invite), [SendInvite, Deliver]);
        assert_eq!(invite.poll_timeout(), None);
    }

    #[test]
    fn busy_is_acknowledged_again_when_repeated_until_timer_d() {
        let (start, mut invite) = calling(Reliability::Unreliable);
        drain(&mut invite);

        invite.handle_response(start, Status(486));
        assert_eq!(drain(&mut invite), [SendAck, Deliver]);
        invite.handle_response(start, Status(486));
        assert_eq!(drain(&mut invite), [SendAck]);

        assert_eq!(invite.poll_timeout(), Some(start + secs(32)));
        assert_eq!(run(&mut invite, start), []);
        assert!(invite.is_terminated());
    }

    #[test]
    fn busy_over_tcp_terminates_at_once() {
        let (start, mut invite) = calling(Reliability::Reliable);
        drain(&mut invite);

        invite.handle_response(start, Status(486));

        assert!(invite.is_terminated());
        assert_eq!(drain(&mut invite), [SendAck, Deliver]);
    }

    #[test]
    fn each_2xx_is_delivered_until_timer_m_and_other_finals_are_absorbed() {
        let (start, mut invite) = calling(Reliability::Reliable);
        drain(&mut invite);

        invite.handle_response(start, Status(200));
        assert_eq!(drain(&mut invite), [Deliver]);
        invite.handle_response(start, Status(486));
        assert_eq!(drain(&mut invite), []);
        invite.handle_response(start, Status(200));
        assert_eq!(drain(&mut invite), [Deliver]);

        assert_eq!(invite.poll_timeout(), Some(start + secs(32)));
        assert_eq!(run(&mut invite, start), []);
        assert!(invite.is_terminated());
    }

    #[test]
    fn cancel_waits_for_a_provisional_response() {
        let (start, mut invite) = calling(Reliability::Unreliable);
        drain(&mut invite);

        invite.handle_cancel(start);
        assert_eq!(drain(&mut invite), []);
        invite.handle_response(start + secs(1), Status(100));

        assert_eq!(drain(&mut invite), [SendCancel, Deliver]);
        invite.handle_cancel(start + secs(1));
        assert_eq!(run(&mut invite, start), [(33_000, TimedOut)]);
    }

    #[test]
    fn a_2xx_that_wins_the_race_against_cancel_is_delivered() {
        let (start, mut invite) = calling(Reliability::Unreliable);
        invite.handle_response(start, Status(180));
        drain(&mut invite);
        invite.handle_cancel(start);
        assert_eq!(drain(&mut invite), [SendCancel]);

        invite.handle_response(start, Status(200));

        assert_eq!(drain(&mut invite), [Deliver]);
    }

    #[test]
    fn send_failure_ends_a_calling_transaction_only() {
        let (start, mut invite) = calling(Reliability::Reliable);
        drain(&mut invite);
        invite.handle_send_failure();
        assert_eq!((drain(&mut invite), invite.is_terminated()), (vec![Undeliverable], true));

        let (_, mut invite) = calling(Reliability::Reliable);
        invite.handle_response(start, Status(180));
        drain(&mut invite);
        invite.handle_send_failure();
        assert_eq!((drain(&mut invite), invite.is_terminated()), (vec![], false));
    }

    fn calling(reliability: Reliability) -> (Instant, InviteClient) {
        let start = Instant::now();
        (start, InviteClient::new(start, reliability))
    }
}
