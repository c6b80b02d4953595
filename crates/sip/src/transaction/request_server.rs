//! Non-INVITE server transaction: RFC 3261 section 17.2.2.

use super::{Pending, Reliability, TRANSACTION_TIMEOUT};
use crate::message::Status;
use std::time::Instant;

/// One non-INVITE server transaction, from `Trying` to `Terminated`.
#[derive(Debug)]
pub struct RequestServer {
    reliability: Reliability,
    state: State,
    outputs: Pending<RequestServerOutput>,
}

/// What the owner must do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestServerOutput {
    /// Send the latest response, for the first time or again.
    SendResponse,
}

impl RequestServer {
    /// Starts the transaction; the owner answers with [`Self::handle_reply`].
    ///
    /// An answer is worth something for 64·T1 only, as the client waits no longer (RFC 4320
    /// section 3): after that an unanswered transaction ends in silence.
    pub fn new(now: Instant, reliability: Reliability) -> Self {
        Self {
            reliability,
            state: State::Unanswered { phase: Phase::Trying, until: now + TRANSACTION_TIMEOUT },
            outputs: Pending::none(),
        }
    }

    /// The layer above answers with `status`. False if it has answered finally before; then nothing
    /// happens.
    pub fn handle_reply(&mut self, now: Instant, status: Status) -> bool {
        let State::Unanswered { phase, .. } = &mut self.state else { return false };
        if status.is_provisional() {
            *phase = Phase::Proceeding;
        } else {
            let linger = self.reliability.linger(TRANSACTION_TIMEOUT);
            self.state = if linger.is_zero() {
                State::Terminated
            } else {
                State::Completed { until: now + linger }
            };
        }
        self.outputs.push(RequestServerOutput::SendResponse);
        true
    }

    /// The request came again.
    pub fn handle_retransmission(&mut self) {
        match self.state {
            State::Unanswered { phase: Phase::Trying, .. } => {}
            State::Unanswered { phase: Phase::Proceeding, .. } | State::Completed { .. } => {
                self.outputs.push(RequestServerOutput::SendResponse);
            }
            State::Terminated => {}
        }
    }

    /// Lets every timer whose deadline is at or before `now` fire.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|it| it <= now) {
            self.state = State::Terminated;
        }
    }

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<RequestServerOutput> {
        self.outputs.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` if never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Unanswered { until, .. } | State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Whether a final answer is still due.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Unanswered { .. })
    }

    /// Whether the owner may forget this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

#[derive(Debug)]
enum State {
    Unanswered {
        phase: Phase,
        until: Instant,
    },
    /// Timer J.
    Completed {
        until: Instant,
    },
    Terminated,
}

/// Whether a provisional response was sent that a repeated request gets again.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Trying,
    Proceeding,
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{drain, impl_machine, run, secs},
        RequestServerOutput::*,
        *,
    };

    impl_machine!(RequestServer, RequestServerOutput);

    #[test]
    fn a_repeated_request_gets_the_final_response_again_until_timer_j() {
        let start = Instant::now();
        let mut request = RequestServer::new(start, Reliability::Unreliable);

        request.handle_retransmission();
        assert_eq!(drain(&mut request), [], "nothing to repeat yet");
        request.handle_reply(start, Status(200));
        assert_eq!(drain(&mut request), [SendResponse]);
        request.handle_retransmission();
        assert_eq!(drain(&mut request), [SendResponse]);

        assert_eq!(request.poll_timeout(), Some(start + secs(32)));
        run(&mut request, start);
        assert!(request.is_terminated());
    }

    #[test]
    fn a_repeated_request_gets_the_provisional_response_again() {
        let start = Instant::now();
        let mut request = RequestServer::new(start, Reliability::Unreliable);
        request.handle_reply(start, Status(183));
        drain(&mut request);

        request.handle_retransmission();

        assert_eq!(drain(&mut request), [SendResponse]);
    }

    #[test]
    fn a_final_over_tcp_terminates_at_once() {
        let start = Instant::now();
        let mut request = RequestServer::new(start, Reliability::Reliable);

        request.handle_reply(start, Status(200));

        assert!(request.is_terminated());
        assert_eq!(drain(&mut request), [SendResponse]);
    }

    #[test]
    fn an_unanswered_request_ends_in_silence_and_a_second_final_is_ignored() {
        let start = Instant::now();
        let mut request = RequestServer::new(start, Reliability::Unreliable);
        assert_eq!(run(&mut request, start), []);
        assert!(request.is_terminated());

        let mut request = RequestServer::new(start, Reliability::Unreliable);
        assert!(request.handle_reply(start, Status(200)));
        assert!(!request.handle_reply(start, Status(500)));
    }
}
