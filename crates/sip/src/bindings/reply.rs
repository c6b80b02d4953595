//! Writing the 200 to a REGISTER.

use super::{Binding, Register};
use crate::header::{Header, HeaderName, NameAddr, Q_PER_MILLE_MAX};
use base::UnixMillis;
use bytes::Bytes;

/// Headers of the 200: a Contact for each binding, Path where the device understands it.
pub fn reply_headers(bound: &[Binding], register: &Register, now: UnixMillis) -> Vec<Header> {
    let contact = |it: &Binding| Header { name: HeaderName::Contact, value: it.to_contact(now) };
    let path = |it: &NameAddr| Header { name: HeaderName::Path, value: it.to_value() };
    let paths = if register.supports_path { register.path.as_slice() } else { &[] };
    bound.iter().map(contact).chain(paths.iter().map(path)).collect()
}

impl Binding {
    /// As a Contact header value: URI parameters inside the brackets, contact parameters outside,
    /// and for how long it still holds, in whole seconds rounded up.
    fn to_contact(&self, now: UnixMillis) -> Bytes {
        let left_ms = (self.expires_at.0 - now.0).max(0);
        let mut params = self.params.clone();
        if self.q_per_mille != Q_PER_MILLE_MAX {
            params.set("q", Some(Bytes::from(format_q(self.q_per_mille))));
        }
        params.set("expires", Some(Bytes::from(((left_ms + 999) / 1000).to_string())));
        NameAddr { display: None, uri: self.contact.clone(), params }.to_value()
    }
}

fn format_q(q_per_mille: u16) -> String {
    match q_per_mille {
        0 => "0".to_owned(),
        Q_PER_MILLE_MAX.. => "1".to_owned(),
        part => format!("0.{part:03}").trim_end_matches('0').to_owned(),
    }
}
