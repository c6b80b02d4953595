//! Which shard a message belongs to, and the names that carry a shard's number.
//!
//! Every tag and branch that an endpoint makes begins with its shard's number, so that a message
//! finds the owner of its dialog or transaction without a map that all shards share.

use crate::{
    header::HeaderName,
    message::{Message, Request},
};
use base::Rng;
use bytes::Bytes;
use std::fmt;

/// The shard, below `shards`, that owns the dialog or transaction of `message`.
///
/// Responses go by the branch of their topmost Via, in-dialog requests by the To tag, where we made
/// them; everything else goes by its Call-ID, so that CANCEL and the ACK of a refused INVITE come
/// to the shard of the INVITE, and so do merged requests.
pub fn shard_of(message: &Message, shards: u8) -> u8 {
    if shards <= 1 {
        return 0;
    }
    let named = match message {
        Message::Request(request) => to_tag(request).map(|it| it.shard),
        Message::Response(response) => {
            let via = response.headers.via().ok();
            via.and_then(|it| Branch::parse(it.branch()?)).map(|it| it.shard)
        }
    };
    named.filter(|it| *it < shards).unwrap_or_else(|| by_call_id(message, shards))
}

/// The same for a dialog, by our tag in it and its Call-ID.
pub fn shard_of_dialog(local_tag: &[u8], call_id: &Bytes, shards: u8) -> u8 {
    if shards <= 1 {
        return 0;
    }
    let named = LocalTag::parse(local_tag).map(|it| it.shard);
    named.filter(|it| *it < shards).unwrap_or_else(|| hashed(Some(call_id), shards))
}

/// A tag of ours: `01` + 16 hexadecimal digits of chance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LocalTag {
    /// Whose it is.
    pub(crate) shard: u8,
    /// What makes it unguessable (RFC 3261 section 19.3 asks for 32 bits at least).
    pub(crate) random: u64,
}

impl LocalTag {
    pub(crate) fn new(shard: u8, rng: &mut Rng) -> Self {
        Self { shard, random: rng.u64() }
    }

    /// Reads a tag; `None` if it is not one of ours.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (shard, random) = text.split_at_checked(2)?;
        if random.len() != 16 {
            return None;
        }
        Some(Self { shard: u8::try_from(hex(shard)?).ok()?, random: hex(random)? })
    }
}

impl fmt::Display for LocalTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:016x}", self.shard, self.random)
    }
}

/// A branch of ours: `z9hG4bK01-2f-` + 16 hexadecimal digits of chance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Branch {
    /// Whose it is.
    pub(crate) shard: u8,
    /// Which client transaction's.
    pub(crate) id: u64,
    /// What makes it unguessable, so that nobody off the path can answer in the peer's name.
    pub(crate) random: u64,
}

/// What every branch of RFC 3261 begins with (section 8.1.1.7).
pub(crate) const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

impl Branch {
    /// Reads a branch; `None` if it is not one of ours.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.strip_prefix(MAGIC_COOKIE)?.split(|it| *it == b'-');
        let shard = u8::try_from(hex(parts.next()?)?).ok()?;
        let id = hex(parts.next()?)?;
        let random = hex(parts.next()?)?;
        parts.next().is_none().then_some(Self { shard, id, random })
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z9hG4bK{:02x}-{:x}-{:016x}", self.shard, self.id, self.random)
    }
}

/// The To tag of a request, if it is one of ours.
pub(crate) fn to_tag(request: &Request) -> Option<LocalTag> {
    LocalTag::parse(&request.headers.to_tag().ok()??)
}

fn by_call_id(message: &Message, shards: u8) -> u8 {
    hashed(message.headers().first(&HeaderName::CallId), shards)
}

fn hashed(call_id: Option<&Bytes>, shards: u8) -> u8 {
    let hash = stable_hash(call_id);
    // The high bits: FNV mixes them best.
    ((hash >> 32) % u64::from(shards)) as u8
}

/// FNV-1a: the same on every machine and in every run.
pub(crate) fn stable_hash(text: Option<&Bytes>) -> u64 {
    text.into_iter()
        .flatten()
        .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

fn hex(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        Some(number << 4 | u64::from(char::from(*digit).to_digit(16)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_branches_read_back_what_they_wrote() {
        let tag = LocalTag::new(0xfe, &mut Rng::from_number(1));
        let branch = Branch { shard: 3, id: 0x2f, random: 7 };

        assert_eq!(LocalTag::parse(tag.to_string().as_bytes()), Some(tag));
        assert_eq!(Branch::parse(branch.to_string().as_bytes()), Some(branch));
    }

    #[test]
    fn names_of_others_are_not_taken_for_ours() {
        for tag in ["", "0", "01", "01234", "zz0123456789abcdef", "010123456789abcdef0"] {
            assert_eq!(LocalTag::parse(tag.as_bytes()), None, "{tag}");
        }
        for branch in ["z9hG4bK", "z9hG4bK-", "z9hG4bK01-2", "z9hG4bK01-2-3-4", "01-2-3"] {
            assert_eq!(Branch::parse(branch.as_bytes()), None, "{branch}");
        }
    }
}
