//! The four transaction machines of RFC 3261 section 17 as amended by RFC 6026.
//!
//! Each is sans-IO and knows neither messages nor addresses: it is told that something matched it
//! or that time has passed, and says what must be sent or delivered. [`crate::Endpoint`] owns them
//! together with the bytes they speak of.

mod invite_client;
mod invite_server;
mod request_client;
mod request_server;

pub use invite_client::{InviteClient, InviteClientOutput};
pub use invite_server::{InviteServer, InviteServerOutput};
pub use request_client::{RequestClient, RequestClientOutput};
pub use request_server::{RequestServer, RequestServerOutput};

use std::time::{Duration, Instant};

/// Round-trip estimate, RFC 3261 section 17.1.1.1.
pub const T1: Duration = Duration::from_millis(500);

/// Longest interval between retransmissions of anything but an INVITE.
pub const T2: Duration = Duration::from_secs(4);

/// How long a message may stay in the network.
pub const T4: Duration = Duration::from_secs(5);

/// 64·T1: timers B, F, H, J, L and M, and the wait for a final response after CANCEL.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(32);

/// Timer D over UDP: how long repeated final responses to an INVITE are acknowledged.
pub const TIMER_D: Duration = Duration::from_secs(32);

/// Whether the transport retransmits for us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reliability {
    /// UDP.
    Unreliable,
    /// TCP, TLS, WS and WSS.
    Reliable,
}

impl From<crate::Transport> for Reliability {
    fn from(transport: crate::Transport) -> Self {
        if transport.is_reliable() { Self::Reliable } else { Self::Unreliable }
    }
}

impl Reliability {
    /// `span` over UDP; nothing to wait for where the transport delivers once.
    fn linger(self, span: Duration) -> Duration {
        match self {
            Self::Unreliable => span,
            Self::Reliable => Duration::ZERO,
        }
    }

    fn retransmit(self, now: Instant) -> Option<Retransmit> {
        match self {
            Self::Unreliable => Some(Retransmit::start(now)),
            Self::Reliable => None,
        }
    }
}

/// A retransmission timer: A, E, G, or that of a 2xx. First after T1, then at doubled intervals.
#[derive(Clone, Copy, Debug)]
struct Retransmit {
    at: Instant,
    interval: Duration,
}

impl Retransmit {
    fn start(now: Instant) -> Self {
        Self { at: now + T1, interval: T1 }
    }

    /// Doubles the interval, up to `longest`.
    fn back_off(&mut self, now: Instant, longest: Duration) {
        self.interval = (self.interval * 2).min(longest);
        self.at = now + self.interval;
    }
}

/// The earlier of a retransmission and the end of waiting.
fn earlier(retransmit: Option<&Retransmit>, until: Instant) -> Instant {
    retransmit.map_or(until, |it| it.at.min(until))
}

/// Outputs that wait for their owner: at most two, which is what one input can cause.
#[derive(Clone, Copy, Debug)]
struct Pending<T>([Option<T>; 2]);

impl<T: Copy> Pending<T> {
    const fn none() -> Self {
        Self([None, None])
    }

    fn push(&mut self, output: T) {
        let free = self.0.iter_mut().find(|it| it.is_none());
        *free.expect("the owner drains after each input, and no input causes a third output") =
            Some(output);
    }

    fn pop(&mut self) -> Option<T> {
        let [first, second] = &mut self.0;
        let output = first.take();
        *first = second.take();
        output
    }
}

#[cfg(test)]
mod testing {
    use std::time::{Duration, Instant};

    /// What the machines have in common, so that one clock can drive all four.
    pub(super) trait Machine {
        type Output;
        fn timeout(&self) -> Option<Instant>;
        fn fire(&mut self, now: Instant);
        fn output(&mut self) -> Option<Self::Output>;
    }

    /// Everything the machine puts out until it has no timer left, with the time since `start`.
    pub(super) fn run<M: Machine>(machine: &mut M, start: Instant) -> Vec<(u64, M::Output)> {
        let mut log: Vec<_> = drain(machine).into_iter().map(|it| (0, it)).collect();
        while let Some(now) = machine.timeout() {
            machine.fire(now);
            let after = u64::try_from((now - start).as_millis()).unwrap();
            log.extend(drain(machine).into_iter().map(|it| (after, it)));
        }
        log
    }

    pub(super) fn drain<M: Machine>(machine: &mut M) -> Vec<M::Output> {
        std::iter::from_fn(|| machine.output()).collect()
    }

    pub(super) fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    macro_rules! impl_machine {
        ($machine:ty, $output:ty) => {
            impl $crate::transaction::testing::Machine for $machine {
                type Output = $output;
                fn timeout(&self) -> Option<std::time::Instant> {
                    self.poll_timeout()
                }
                fn fire(&mut self, now: std::time::Instant) {
                    self.handle_timeout(now);
                }
                fn output(&mut self) -> Option<$output> {
                    self.poll_output()
                }
            }
        };
    }
    pub(super) use impl_machine;
}
