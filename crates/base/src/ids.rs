//! Ids are types, so that a leg is never looked up among the calls.

use crate::{Rng, UnixMillis};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new time-ordered id (UUID v7, RFC 9562 section 5.7).
            pub fn new(now: UnixMillis, rng: &mut Rng) -> Self {
                let mut random = [0; 10];
                rng.fill(&mut random);
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// What a person experiences as one call; has legs. Not SIP's Call-ID, which names a dialog.
    CallId
}
uuid_id! {
    /// One dialog and one media session, seen from us.
    LegId
}
uuid_id! {
    /// One row of the call log.
    CdrId
}
uuid_id! {
    /// A tenant: the host part of its addresses of record.
    DomainId
}
uuid_id! {
    /// A person who signs in.
    UserId
}
uuid_id! {
    /// A set of rights with a name, of one domain.
    RoleId
}
uuid_id! {
    /// Somebody who is signed in.
    SessionId
}
uuid_id! {
    /// A number with SIP credentials inside a domain.
    ExtensionId
}
uuid_id! {
    /// What was kept of the sound of a call, from one start to its end.
    RecordingId
}
uuid_id! {
    /// A subscription to events.
    SubscriptionId
}
uuid_id! {
    /// A text message from one extension to another.
    TextId
}
uuid_id! {
    /// A link to a carrier that the database keeps.
    TrunkId
}

impl CallId {
    /// When the call began: all its legs agree on it.
    pub fn began(self) -> UnixMillis {
        made_at(self.0)
    }
}

impl RecordingId {
    /// When the recording began, or the message came into its mailbox.
    pub fn began(self) -> UnixMillis {
        made_at(self.0)
    }
}

fn made_at(id: Uuid) -> UnixMillis {
    UnixMillis((id.as_u128() >> V7_RANDOM_BITS) as i64)
}

/// Below the milliseconds of a UUID v7.
const V7_RANDOM_BITS: u32 = 80;

impl CdrId {
    /// The row of a leg whose end was found only later: the same each time that it is found.
    pub fn of_leg(ended: UnixMillis, leg: LegId) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&leg.0.as_bytes()[6..]);
        let millis = u64::try_from(ended.0).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

/// One media session of a worker: unique for the life of the process, never reused.
///
/// The top byte is the number of the signalling shard that named it, so that a worker knows whom
/// to tell about it without a shared map; the other 56 bits are the shard's own count.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MediaId(pub u64);

impl MediaId {
    /// The `n`th session of a shard. A shard would have to open sessions for thousands of years
    /// to use up 56 bits; what is above them is cut off.
    pub fn new(shard: u8, n: u64) -> Self {
        Self(u64::from(shard) << SHARD_SHIFT | n & (u64::MAX >> 8))
    }

    /// The shard that named this session.
    pub fn shard(self) -> u8 {
        (self.0 >> SHARD_SHIFT) as u8
    }
}

const SHARD_SHIFT: u32 = 56;

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

/// One conference room of a worker, from its first party to its last: unique for the life of the
/// process, never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        let (at, mut rng) = (UnixMillis(1_795_780_800_123), Rng::from_number(1));
        assert_eq!(CallId::new(at, &mut rng).began(), at);
        assert_eq!(RecordingId::new(at, &mut rng).began(), at);
    }

    #[test]
    fn a_media_id_tells_its_shard_whatever_its_number() {
        for n in [0, 1, u64::MAX >> 8, u64::MAX] {
            assert_eq!(MediaId::new(200, n).shard(), 200);
        }
        assert_ne!(MediaId::new(1, 7), MediaId::new(2, 7));
    }
}
