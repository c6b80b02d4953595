//! Our `o=` line.

use super::write::{end_line, family_name, put};
use bytes::Bytes;
use std::net::IpAddr;

/// The origin of our descriptions towards one leg: one session id for the life of the dialog, and
/// a version that rises by one whenever our description changes and stays while it does not
/// (RFC 3264 section 8).
#[derive(Clone, Debug)]
pub struct Origin {
    session_id: u64,
    version: u64,
    last: Bytes,
}

impl Origin {
    /// Starts with version 0. `session_id` should be random; its upper two bits are given up, since
    /// some phones read it as a signed number.
    pub fn new(session_id: u64) -> Self {
        Self { session_id: session_id >> 2, version: 0, last: Bytes::new() }
    }

    /// Our current description towards this leg, empty before the first.
    pub fn description(&self) -> &Bytes {
        &self.last
    }

    /// Takes the next description: `v=` and `o=` are written here, the rest by `body`. One that is
    /// the same as the last *is* the last, version and all.
    pub(super) fn publish(
        &mut self,
        address: IpAddr,
        bytes_expected: usize,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Bytes {
        let mut text = Vec::with_capacity(bytes_expected + HEAD_BYTES);
        put(&mut text, format_args!("v=0\r\no=- {} ", self.session_id));
        let version_start = text.len();
        put(&mut text, format_args!("{}", self.version));
        let version_end = text.len();
        put(&mut text, format_args!(" IN {} {address}", family_name(address)));
        end_line(&mut text);
        body(&mut text);

        if self.last == text {
            return self.last.clone();
        }
        if !self.last.is_empty() {
            self.version += 1;
            text.splice(version_start..version_end, self.version.to_string().into_bytes());
        }
        self.last = Bytes::from(text);
        self.last.clone()
    }
}

/// The `m=` lines of a description of ours, without `m=`.
pub(super) fn streams(description: &[u8]) -> impl Iterator<Item = &str> {
    description
        .split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line.strip_prefix(b"m=")?).ok())
        .map(str::trim_ascii_end)
}

/// Room for `v=` and `o=`.
const HEAD_BYTES: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_version_rises_by_one_with_each_change_and_only_then() {
        let mut origin = Origin::new(40);

        let versions: Vec<_> = ["a", "a", "b", "a", "a"]
            .into_iter()
            .map(|body| {
                let text = origin.publish(Ipv4Addr::LOCALHOST.into(), 0, |out| {
                    out.extend_from_slice(body.as_bytes());
                });
                String::from_utf8(text.to_vec()).unwrap()
            })
            .collect();

        let head = |version, body| format!("v=0\r\no=- 10 {version} IN IP4 127.0.0.1\r\n{body}");
        assert_eq!(
            versions,
            [head(0, "a"), head(0, "a"), head(1, "b"), head(2, "a"), head(2, "a")]
        );
    }
}
