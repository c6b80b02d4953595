//! Subscriptions to events as their notifier sees them (RFC 6665): reading a SUBSCRIBE, and the
//! machine of one subscription, which decides when a NOTIFY goes out and what it says of itself.
//!
//! What a package tells, and who may ask for it, is the layer's above.

mod notifier;
mod request;

pub use notifier::{Delivery, Notifier};
pub use request::{IntervalPolicy, Refusal, Subscribe};

use bytes::Bytes;

/// What a NOTIFY says of its subscription: the value of Subscription-State.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It goes on.
    Active {
        /// For so many seconds, unless it is refreshed.
        expires_s: u32,
    },
    /// This NOTIFY is its last.
    Terminated(EndReason),
}

/// Why a subscription ends (RFC 6665 section 4.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndReason {
    /// Its time is over, or its subscriber wants no more of it.
    Timeout,
    /// What it is about, or who subscribed, does not exist any more.
    NoResource,
    /// It must be begun anew, with credentials that are good now.
    Deactivated,
}

impl Standing {
    /// As a header value.
    pub fn to_value(self) -> Bytes {
        match self {
            Self::Active { expires_s } => Bytes::from(format!("active;expires={expires_s}")),
            Self::Terminated(EndReason::Timeout) => {
                Bytes::from_static(b"terminated;reason=timeout")
            }
            Self::Terminated(EndReason::NoResource) => {
                Bytes::from_static(b"terminated;reason=noresource")
            }
            Self::Terminated(EndReason::Deactivated) => {
                Bytes::from_static(b"terminated;reason=deactivated")
            }
        }
    }
}

#[cfg(test)]
mod tests;
