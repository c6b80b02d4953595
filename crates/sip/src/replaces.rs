//! Which dialog a new one replaces (RFC 3891) or joins (RFC 3911), and how a transfer names it (RFC
//! 3515, RFC 5589).

use crate::{
    Endpoint,
    endpoint::DialogId,
    header::{HeaderName, Headers, NameAddr},
    message::Method,
    shard::LocalTag,
    uri::Uri,
};
use bytes::Bytes;

/// A dialog as somebody else names it: the tags are those of the one that is asked to replace it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaces {
    /// Call-ID of the dialog.
    pub call_id: Bytes,
    /// Tag of whoever is asked: ours.
    pub to_tag: Bytes,
    /// Tag of the other side.
    pub from_tag: Bytes,
    /// Whether it is meant only as long as nobody has answered.
    pub is_early_only: bool,
}

/// Where a REFER wants somebody to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReferTo {
    /// Without what follows its `?`.
    pub uri: Uri,
    /// The dialog whose place is to be taken.
    pub replaces: Option<Replaces>,
    /// Whether a call is wanted: its `method`, if it has one, is INVITE.
    pub is_call: bool,
    /// Whether the request is to have headers or a body of the sender's choice, beside `Replaces` and
    /// what requires that (RFC 3261 section 19.1.5).
    pub has_foreign_headers: bool,
}

impl Replaces {
    /// The shard whose the dialog is, and which alone knows whether it is there; `None` if the tag is
    /// none of ours.
    pub fn shard(&self) -> Option<u8> {
        LocalTag::parse(&self.to_tag).map(|it| it.shard)
    }

    /// Reads the value of a Replaces header; `None` if a part of it is missing.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = value.split(|it| *it == b';').map(<[u8]>::trim_ascii);
        let call_id = parts.next().filter(|it| !it.is_empty())?;
        let (mut to_tag, mut from_tag, mut is_early_only) = (None, None, false);
        for part in parts {
            let mut halves = part.splitn(2, |it| *it == b'=').map(<[u8]>::trim_ascii);
            match (halves.next()?.to_ascii_lowercase().as_slice(), halves.next()) {
                (b"to-tag", Some(tag)) => to_tag = Some(Bytes::copy_from_slice(tag)),
                (b"from-tag", Some(tag)) => from_tag = Some(Bytes::copy_from_slice(tag)),
                (b"early-only", None) => is_early_only = true,
                (_, _) => {}
            }
        }
        let call_id = Bytes::copy_from_slice(call_id);
        Some(Self { call_id, to_tag: to_tag?, from_tag: from_tag?, is_early_only })
    }

    /// The Replaces header of a request; `Err` if it cannot be read or is there twice.
    pub fn of(headers: &Headers) -> Result<Option<Self>, MalformedReplaces> {
        Self::named_in(headers, &HeaderName::Replaces)
    }

    /// The dialog that a Join header names, in the same words (RFC 3911 section 7.1); `Err` as above.
    pub fn joined(headers: &Headers) -> Result<Option<Self>, MalformedReplaces> {
        Self::named_in(headers, &HeaderName::Join)
    }

    fn named_in(headers: &Headers, name: &HeaderName) -> Result<Option<Self>, MalformedReplaces> {
        let mut values = headers.all(name);
        let Some(value) = values.next() else { return Ok(None) };
        match (Self::parse(value), values.next()) {
            (Some(replaces), None) => Ok(Some(replaces)),
            (_, _) => Err(MalformedReplaces),
        }
    }
}

/// A Replaces or Join header that names no dialog, or one of several.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected one Replaces or Join header with a Call-ID, to-tag and from-tag")]
pub struct MalformedReplaces;

impl ReferTo {
    /// The one Refer-To header of a REFER; `None` if there is none that can be read, or several.
    pub fn of(headers: &Headers) -> Option<Self> {
        let values = headers.elements(&HeaderName::ReferTo);
        let [value] = &values[..] else { return None };
        let NameAddr { mut uri, .. } = NameAddr::parse(value).ok()?;
        let wanted = uri.header("Replaces");
        let headers = uri.headers.take().unwrap_or_default();
        let has_foreign_headers = headers.split(|it| *it == b'&').any(is_foreign);
        let method = uri.params.value("method");
        let is_call = method.is_none_or(|it| it.as_ref() == Method::Invite.as_bytes());
        let replaces = match wanted {
            Some(value) => Some(Replaces::parse(&value)?),
            None => None,
        };
        Some(Self { uri, replaces, is_call, has_foreign_headers })
    }
}

/// Whether a header behind the `?` of an address is neither a Replaces nor the demand for one.
fn is_foreign(header: &[u8]) -> bool {
    let is_replaces = header.len() > REPLACES.len()
        && header[..REPLACES.len()].eq_ignore_ascii_case(REPLACES.as_bytes());
    !(header.is_empty() || is_replaces || header.eq_ignore_ascii_case(REQUIRES.as_bytes()))
}

const REPLACES: &str = "Replaces=";
const REQUIRES: &str = "Require=replaces";

impl Endpoint {
    /// The dialog that somebody else names.
    pub fn dialog_named(&self, replaces: &Replaces) -> Option<DialogId> {
        let local = LocalTag::parse(&replaces.to_tag)?;
        self.find_dialog(local, &replaces.call_id, &replaces.from_tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaces_has_both_tags_and_a_call_id() {
        let read = |text: &str| Replaces::parse(text.as_bytes());
        let good =
            read("98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff;early-only").unwrap();
        assert_eq!(good.call_id, "98732@sip.example.com");
        assert_eq!((&good.to_tag[..], &good.from_tag[..]), (&b"ff87ff"[..], &b"r33th4x0r"[..]));
        assert!(good.is_early_only);
        for text in ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_refer_names_a_number_and_perhaps_a_dialog() {
        let read = |value: &'static str| {
            let mut headers = Headers::new();
            headers.push(HeaderName::ReferTo, Bytes::from_static(value.as_bytes()));
            ReferTo::of(&headers)
        };
        let blind = read("<sip:1003@demo.tandem.test>").unwrap();
        assert_eq!((blind.uri.user_text().as_deref(), blind.replaces), (Some("1003"), None));
        let attended = read(
            "<sip:1003@demo.tandem.test?Replaces=abc%40h%3Bto-tag%3D01%3Bfrom-tag%3D02&Require=replaces>",
        )
        .unwrap();
        assert_eq!(attended.uri.headers, None);
        let replaces = attended.replaces.unwrap();
        assert_eq!((&replaces.call_id[..], &replaces.to_tag[..]), (&b"abc@h"[..], &b"01"[..]));
        assert!(attended.is_call && !attended.has_foreign_headers);
        assert_eq!(read("<sip:1003@demo.tandem.test?Replaces=abc>"), None);
        assert_eq!(read("nonsense"), None);
        assert_eq!(read("<sip:1003@demo.tandem.test>, <sip:1004@demo.tandem.test>"), None);
        let mut twice = Headers::new();
        for _ in 0..2 {
            twice.push(HeaderName::ReferTo, Bytes::from_static(b"<sip:1@a>"));
        }
        assert_eq!(ReferTo::of(&twice), None);
    }

    #[test]
    fn a_refer_may_want_more_than_a_call() {
        for (value, is_call, has_foreign_headers) in [
            ("<sip:1@a>", true, false),
            ("sip:1@a", true, false),
            ("<sip:1@a;method=INVITE>", true, false),
            ("<sip:1@a;method=BYE>", false, false),
            ("<sip:1@a?>", true, false),
            ("<sip:1@a?require=Replaces>", true, false),
            ("<sip:1@a?Require=timer>", true, true),
            ("<sip:1@a?From=sip%3A2%40a>", true, true),
            ("<sip:1@a?body=hello>", true, true),
            ("<sip:1@a?Require=replaces&X-Replaces=1>", true, true),
        ] {
            let mut headers = Headers::new();
            headers.push(HeaderName::ReferTo, Bytes::from_static(value.as_bytes()));
            let read = ReferTo::of(&headers).unwrap();
            assert_eq!(
                (read.is_call, read.has_foreign_headers),
                (is_call, has_foreign_headers),
                "{value}"
            );
        }
    }
}
