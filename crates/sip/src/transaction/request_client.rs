//! Non-INVITE client transaction: RFC 3261 section 17.1.2.

use super::{Pending, Reliability, Retransmit, T2, T4, TRANSACTION_TIMEOUT, earlier};
use crate::message::Status;
use std::time::Instant;

/// One non-INVITE client transaction, from `Trying` to `Terminated`.
#[derive(Debug)]
pub struct RequestClient {
    reliability: Reliability,
    state: State,
    outputs: Pending<RequestClientOutput>,
}

/// What the owner must do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestClientOutput {
    /// Send the request, for the first time or again.
    SendRequest,
    /// Hand the response that was just taken in to the layer above.
    Deliver,
    /// No final response came within 64·T1 (timer F).
    TimedOut,
    /// The transport could not deliver the request.
    Undeliverable,
}

impl RequestClient {
    /// Starts the transaction; the first output is [`RequestClientOutput::SendRequest`].
    pub fn new(now: Instant, reliability: Reliability) -> Self {
        let mut outputs = Pending::none();
        outputs.push(RequestClientOutput::SendRequest);
        Self {
            reliability,
            state: State::Waiting {
                phase: Phase::Trying,
                retransmit: reliability.retransmit(now),
                give_up_at: now + TRANSACTION_TIMEOUT,
            },
            outputs,
        }
    }

    /// Takes in a response that matched this transaction's branch.
    pub fn handle_response(&mut self, now: Instant, status: Status) {
        let State::Waiting { phase, .. } = &mut self.state else { return };
        if status.is_provisional() {
            *phase = Phase::Proceeding;
        } else {
            let linger = self.reliability.linger(T4);
            self.state = if linger.is_zero() {
                State::Terminated
            } else {
                State::Completed { until: now + linger }
            };
        }
        self.outputs.push(RequestClientOutput::Deliver);
    }

    /// The transport could not deliver the request.
    pub fn handle_send_failure(&mut self) {
        if matches!(self.state, State::Waiting { .. }) {
            self.state = State::Terminated;
            self.outputs.push(RequestClientOutput::Undeliverable);
        }
    }

    /// Lets every timer whose deadline is at or before `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Waiting { give_up_at, .. } if *give_up_at <= now => {
                self.state = State::Terminated;
                self.outputs.push(RequestClientOutput::TimedOut);
            }
            State::Waiting { phase, retransmit: Some(retransmit), .. } if retransmit.at <= now => {
                match phase {
                    Phase::Trying => retransmit.back_off(now, T2),
                    Phase::Proceeding => *retransmit = Retransmit { at: now + T2, interval: T2 },
                }
                self.outputs.push(RequestClientOutput::SendRequest);
            }
            State::Completed { until } if *until <= now => self.state = State::Terminated,
            State::Waiting { .. } => {}
            State::Completed { .. } => {}
            State::Terminated => {}
        }
    }

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<RequestClientOutput> {
        self.outputs.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { retransmit, give_up_at, .. } => {
                Some(earlier(retransmit.as_ref(), *give_up_at))
            }
            State::Completed { until } => Some(*until),
            State::Terminated => None,
        }
    }

    /// Whether a final response came, or none will: the request is not sent again.
    pub fn is_finished(&self) -> bool {
        !matches!(self.state, State::Waiting { .. })
    }

    /// Whether the owner may forget this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

#[derive(Debug)]
enum State {
    /// `Trying` and `Proceeding`: timers E and F.
    Waiting {
        phase: Phase,
        retransmit: Option<Retransmit>,
        give_up_at: Instant,
    },
    /// Timer K.
    Completed {
        until: Instant,
    },
    Terminated,
}

/// Whether a provisional response came; it slows timer E down to T2.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Trying,
    Proceeding,
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{drain, impl_machine, run, secs},
        RequestClientOutput::*,
        *,
    };

    impl_machine!(RequestClient, RequestClientOutput);

    #[test]
    fn udp_request_is_retransmitted_by_timer_e_up_to_t2_until_timer_f() {
        let (start, mut request) = trying(Reliability::Unreliable);

        let log = run(&mut request, start);

        let sent_at: Vec<_> = log.iter().filter(|it| it.1 == SendRequest).map(|it| it.0).collect();
        assert_eq!(
            sent_at,
            [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]
        );
        assert_eq!(log.last(), Some(&(32_000, TimedOut)));
        assert!(request.is_terminated());
    }

    #[test]
    fn tcp_request_is_sent_once_and_given_up_by_timer_f() {
        let (start, mut request) = trying(Reliability::Reliable);

        assert_eq!(run(&mut request, start), [(0, SendRequest), (32_000, TimedOut)]);
    }

    #[test]
    fn a_provisional_response_slows_retransmission_to_t2() {
        let (start, mut request) = trying(Reliability::Unreliable);

        request.handle_response(start, Status(100));
        let log = run(&mut request, start);

        assert_eq!(
            log[..4],
            [(0, SendRequest), (0, Deliver), (500, SendRequest), (4_500, SendRequest)]
        );
        assert_eq!(log.last(), Some(&(32_000, TimedOut)));
    }

    #[test]
    fn repeated_finals_are_absorbed_until_timer_k() {
        let (start, mut request) = trying(Reliability::Unreliable);
        drain(&mut request);

        request.handle_response(start, Status(200));
        request.handle_response(start, Status(200));

        assert_eq!(drain(&mut request), [Deliver]);
        assert_eq!(request.poll_timeout(), Some(start + secs(5)));
        run(&mut request, start);
        assert!(request.is_terminated());
    }

    #[test]
    fn a_final_over_tcp_terminates_at_once() {
        let (start, mut request) = trying(Reliability::Reliable);

        request.handle_response(start, Status(200));

        assert!(request.is_terminated());
    }

    #[test]
    fn send_failure_is_reported_once() {
        let (_, mut request) = trying(Reliability::Reliable);
        drain(&mut request);

        request.handle_send_failure();
        request.handle_send_failure();

        assert_eq!(drain(&mut request), [Undeliverable]);
    }

    fn trying(reliability: Reliability) -> (Instant, RequestClient) {
        let start = Instant::now();
        (start, RequestClient::new(start, reliability))
    }
}
