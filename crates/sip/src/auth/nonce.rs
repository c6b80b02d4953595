//! Nonces that prove by themselves when and for which realm they were issued.

use base::Rng;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// Issues nonces and recognises its own.
///
/// A nonce is 48 hexadecimal digits: milliseconds since the mint was made (48 bits), chance (48
/// bits), and HMAC-SHA-256 over both and the realm, cut to 96 bits.
pub(super) struct NonceMint {
    started: Instant,
    lifetime: Duration,
    rng: Rng,
    key: Hmac<Sha256>,
}

/// What tells a genuine nonce from all others: time and chance. Sorts by time of issue.
pub(super) type NonceId = [u8; ID_BYTES];

impl NonceMint {
    pub(super) fn new(now: Instant, mut rng: Rng, lifetime: Duration) -> Self {
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let key = Hmac::new_from_slice(&secret).expect("HMAC takes keys of any length");
        Self { started: now, lifetime, rng, key }
    }

    /// A fresh nonce.
    pub(super) fn issue(&mut self, now: Instant, realm: &str) -> String {
        let mut id = self.id_at(now);
        self.rng.fill(&mut id[TIME_BYTES..]);
        let mac = self.mac(&id, realm).finalize().into_bytes();
        let mut nonce = String::with_capacity(2 * NONCE_BYTES);
        for byte in id.iter().chain(&mac[..MAC_BYTES]) {
            write!(nonce, "{byte:02x}").expect("a String takes whatever is written");
        }
        nonce
    }

    /// The id of a nonce of ours for `realm` that is not expired.
    pub(super) fn open(&self, now: Instant, realm: &str, nonce: &str) -> Option<NonceId> {
        let bytes = decode(nonce)?;
        let (id, mac) = bytes.split_first_chunk::<ID_BYTES>()?;
        self.mac(id, realm).verify_truncated_left(mac).ok()?;
        (*id >= self.oldest_alive(now)).then_some(*id)
    }

    /// Ids below this are expired.
    pub(super) fn oldest_alive(&self, now: Instant) -> NonceId {
        now.checked_sub(self.lifetime).map_or([0; ID_BYTES], |it| self.id_at(it))
    }

    /// The lowest id of a moment.
    fn id_at(&self, at: Instant) -> NonceId {
        let millis = at.saturating_duration_since(self.started).as_millis() as u64;
        let mut id = [0; ID_BYTES];
        id[..TIME_BYTES].copy_from_slice(&millis.to_be_bytes()[8 - TIME_BYTES..]);
        id
    }

    fn mac(&self, id: &NonceId, realm: &str) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(id);
        mac.update(realm.as_bytes());
        mac
    }
}

fn decode(hex: &str) -> Option<[u8; NONCE_BYTES]> {
    let digits: &[u8; 2 * NONCE_BYTES] = hex.as_bytes().try_into().ok()?;
    let mut bytes = [0; NONCE_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |it: u8| char::from(it).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(bytes)
}

/// 48 bits of milliseconds last for 8900 years.
const TIME_BYTES: usize = 6;
const ID_BYTES: usize = TIME_BYTES + 6;
const MAC_BYTES: usize = 12;
const NONCE_BYTES: usize = ID_BYTES + MAC_BYTES;
