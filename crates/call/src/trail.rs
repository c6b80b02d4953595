//! How a call came to those who are rung: who had it and sent it on, and who handed it over.
//!
//! Two headers tell of the same diversions, since some peers know one and some the other: Diversion (RFC
//! 5806) and History-Info (RFC 7044); RFC 7544 says what corresponds to what. Whoever handed a call over
//! by a transfer is in Referred-By (RFC 3892).

use crate::names::{asks_for_privacy, number_of};
use bytes::Bytes;
use sip::{Header, HeaderName, Headers, NameAddr, Uri};

/// What is told of a call to those who are rung for it, beside who calls.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Trail {
    /// The oldest first.
    diversions: Vec<Diversion>,
    /// Whoever handed it over last.
    pub(crate) referred_by: Option<Holder>,
}

/// Somebody who had a call before those who are rung.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Holder {
    /// As plans write it.
    pub(crate) number: String,
    /// Whether it is an extension of the domain.
    pub(crate) is_line: bool,
    /// Whether it wants to be unknown to those who are called.
    pub(crate) is_withheld: bool,
}

/// A call that was for one goes to another.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Diversion {
    by: Holder,
    why: Why,
    /// How often in a row, where others count so.
    times: u32,
}

/// Why a call goes elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// Nobody says.
    Unknown,
    /// All calls do.
    Unconditional,
    /// It is busy there.
    Busy,
    /// Nobody answers there.
    NoAnswer,
    /// No device is there.
    Unavailable,
    /// Whoever was rung wants it so.
    Deflection,
}

/// A holder as somebody is told of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) uri: Uri,
    /// Whether it is to be told to nobody else.
    pub(crate) is_private: bool,
}

impl Trail {
    /// What a trunk tells; `own` makes its numbers ours. What cannot be read is left out.
    pub(crate) fn told(headers: &Headers, own: impl Fn(&str) -> String) -> Self {
        let (diversions, history) = (told_diversions(headers), told_history(headers));
        // Whoever tells both tells the same twice; where hops on the way know one alone, that tells more.
        let mut diversions = if history.len() < diversions.len() { diversions } else { history };
        diversions.drain(..diversions.len().saturating_sub(TOLD_MAX));
        let is_private = asks_for_privacy(headers, &PRIVATE_HISTORY);
        for Diversion { by, .. } in &mut diversions {
            by.number = own(&by.number);
            by.is_withheld |= is_private;
        }
        Self { diversions, referred_by: None }
    }

    /// How often the call was sent on.
    pub(crate) fn times(&self) -> u32 {
        self.diversions.iter().fold(0, |sum, it| sum.saturating_add(it.times))
    }

    /// An extension sends the call on.
    pub(crate) fn send_on(&mut self, extension: &str, why: Why) {
        self.diversions.push(Diversion { by: Holder::line(extension), why, times: 1 });
    }

    /// The headers of an INVITE to `called`; `seen` says what its far end may know of a holder.
    pub(crate) fn headers(&self, called: &Uri, seen: impl Fn(&Holder) -> Seen) -> Vec<Header> {
        let diversions: Vec<_> =
            self.diversions.iter().map(|it| (it.clone(), seen(&it.by))).collect();
        // The last one stands first (RFC 5806 section 4.1).
        let mut headers: Vec<_> = diversions.iter().rev().map(diversion_header).collect();
        headers.extend(history_header(&diversions, called));
        let referrer = self.referred_by.as_ref().map(seen).filter(|it| !it.is_private);
        headers.extend(referrer.map(|it| Header {
            name: HeaderName::ReferredBy,
            value: NameAddr::new(it.uri).to_value(),
        }));
        headers
    }
}

impl Holder {
    /// An extension. Whether it wants to be unknown outside is known where the call goes out.
    pub(crate) fn line(number: &str) -> Self {
        Self { number: number.to_owned(), is_line: true, is_withheld: false }
    }
}

impl Why {
    const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Unconditional,
        Self::Busy,
        Self::NoAnswer,
        Self::Unavailable,
        Self::Deflection,
    ];

    /// As Diversion has it (RFC 5806 section 4.1).
    fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unconditional => "unconditional",
            Self::Busy => "user-busy",
            Self::NoAnswer => "no-answer",
            Self::Unavailable => "unavailable",
            Self::Deflection => "deflection",
        }
    }

    /// As History-Info has it (RFC 4458 section 2, RFC 7544 section 3).
    fn cause(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Unconditional => 302,
            Self::Busy => 486,
            Self::NoAnswer => 408,
            Self::Unavailable => 503,
            Self::Deflection => 480,
        }
    }

    fn of_reason(reason: &[u8]) -> Self {
        let is_it = |it: &Self| reason.eq_ignore_ascii_case(it.reason().as_bytes());
        Self::ALL.into_iter().find(is_it).unwrap_or(Self::Unknown)
    }

    fn of_cause(cause: u16) -> Self {
        // Some tell a deflection while it rang from one before.
        let cause = if cause == DEFLECTED_RINGING { Self::Deflection.cause() } else { cause };
        Self::ALL.into_iter().find(|it| it.cause() == cause).unwrap_or(Self::Unknown)
    }
}

// === Writing ===

fn diversion_header((diversion, seen): &(Diversion, Seen)) -> Header {
    let mut address = NameAddr::new(seen.uri.clone());
    address.params.set("reason", Some(Bytes::from_static(diversion.why.reason().as_bytes())));
    if diversion.times > 1 {
        address.params.set("counter", Some(diversion.times.to_string().into()));
    }
    if seen.is_private {
        address.params.set("privacy", Some(Bytes::from_static(b"full")));
    }
    Header { name: HeaderName::Diversion, value: address.to_value() }
}

/// One entry for each who had the call, and one for whoever is called; `None` if nobody had it.
fn history_header(diversions: &[(Diversion, Seen)], called: &Uri) -> Option<Header> {
    let (mut entries, mut index, mut before) = (Vec::new(), "1".to_owned(), None);
    for (diversion, seen) in diversions {
        let mut uri = seen.uri.clone();
        let privacy = if seen.is_private { "Privacy=history&" } else { "" };
        let reason = format!("{privacy}Reason=SIP%3Bcause%3D{}", diversion.why.cause());
        uri.headers = Some(reason.into());
        entries.push(history_entry(uri, &index, before.as_ref()));
        let next = [&index, ".1"].concat();
        before = Some((std::mem::replace(&mut index, next), diversion.why));
    }
    before.as_ref()?;
    entries.push(history_entry(called.clone(), &index, before.as_ref()));
    Some(Header { name: HeaderName::HistoryInfo, value: entries.join(&b", "[..]).into() })
}

/// An entry; `before` is the one that it was mapped from, and why.
fn history_entry(mut uri: Uri, index: &str, before: Option<&(String, Why)>) -> Bytes {
    if let Some((_, why)) = before {
        uri.params.set("cause", Some(why.cause().to_string().into()));
    }
    let mut entry = NameAddr::new(uri);
    entry.params.set("index", Some(index.to_owned().into()));
    if let Some((mapped_from, _)) = before {
        entry.params.set("mp", Some(mapped_from.clone().into()));
    }
    entry.to_value()
}

// === Reading ===

fn told_diversions(headers: &Headers) -> Vec<Diversion> {
    let all = headers.elements(&HeaderName::Diversion);
    all.iter().rev().filter_map(|it| Diversion::parse(&NameAddr::parse(it).ok()?)).collect()
}

impl Diversion {
    fn parse(address: &NameAddr) -> Option<Self> {
        let param = |name: &str| address.params.value(name).map(|it| &**it).unwrap_or_default();
        let is_withheld =
            [&b"full"[..], b"uri"].iter().any(|it| param("privacy").eq_ignore_ascii_case(it));
        let times = std::str::from_utf8(param("counter")).ok().and_then(|it| it.parse().ok());
        Some(Self {
            by: Holder { number: number_of(address)?, is_line: false, is_withheld },
            why: Why::of_reason(param("reason")),
            times: times.unwrap_or(1).max(1),
        })
    }
}

/// One entry of History-Info.
struct Entry {
    address: NameAddr,
    index: Bytes,
}

fn told_history(headers: &Headers) -> Vec<Diversion> {
    let elements = headers.elements(&HeaderName::HistoryInfo);
    let entries: Vec<_> = elements.iter().filter_map(Entry::parse).collect();
    entries.iter().filter_map(|it| it.diversion(&entries)).collect()
}

impl Entry {
    fn parse(element: &Bytes) -> Option<Self> {
        let address = NameAddr::parse(element).ok()?;
        let index = address.params.value("index")?.clone();
        Some(Self { address, index })
    }

    /// Who sent the call on to this one, and why; `None` for the first, and where it only took its way.
    fn diversion(&self, all: &[Self]) -> Option<Diversion> {
        let mapped_from = self.address.params.value("mp");
        let parent = || last_dot(&self.index).map(|it| self.index.slice(..it));
        let before = mapped_from.cloned().or_else(parent)?;
        let before = &all.iter().find(|it| it.index == before)?.address;
        let cause = self.address.uri.params.value("cause").and_then(|it| number(it));
        let cause = cause.or_else(|| sip_cause(&before.uri.header("Reason")?));
        if cause.is_none() && mapped_from.is_none() {
            return None;
        }
        let privacy = before.uri.header("Privacy").unwrap_or_default();
        let is_withheld = privacy.eq_ignore_ascii_case(b"history");
        Some(Diversion {
            by: Holder { number: number_of(before)?, is_line: false, is_withheld },
            why: cause.map_or(Why::Unknown, Why::of_cause),
            times: 1,
        })
    }
}

/// Where the last part of an index begins.
fn last_dot(index: &[u8]) -> Option<usize> {
    index.iter().rposition(|it| *it == b'.')
}

/// The SIP status in a Reason (RFC 3326).
fn sip_cause(reason: &[u8]) -> Option<u16> {
    let mut parts = reason.split(|it| *it == b';').map(<[u8]>::trim_ascii);
    if !parts.next()?.eq_ignore_ascii_case(b"SIP") {
        return None;
    }
    parts.find_map(|it| it.strip_prefix(b"cause=")).and_then(number)
}

fn number(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// So many of the diversions that a trunk tells are kept, the last ones: more than are ever followed.
const TOLD_MAX: usize = 16;
/// A deflection after ringing (RFC 7544 section 3).
const DEFLECTED_RINGING: u16 = 487;
/// Values of Privacy that keep a call's history from those who are called (RFC 7044 section 10.1).
const PRIVATE_HISTORY: [&str; 3] = ["history", "header", "session"];

#[cfg(test)]
mod tests {
    use super::*;
    use sip::Host;

    #[test]
    fn one_list_makes_both_headers_and_they_make_it_again() {
        let mut trail = Trail::default();
        for (by, why) in [
            ("1", Why::Unconditional),
            ("2", Why::Busy),
            ("3", Why::NoAnswer),
            ("4", Why::Unavailable),
            ("5", Why::Deflection),
            ("6", Why::Unknown),
        ] {
            trail.send_on(by, why);
        }
        let written = trail.headers(&address("9"), |it| seen(it, false));
        let diversions: Vec<_> =
            written.iter().filter(|it| it.name == HeaderName::Diversion).collect();
        assert_eq!(diversions[0].value, "<sip:6@pbx.test>;reason=unknown");
        assert_eq!(diversions[5].value, "<sip:1@pbx.test>;reason=unconditional");
        assert_eq!(written.len(), 7);

        for kept in [HeaderName::Diversion, HeaderName::HistoryInfo] {
            let rows = written.iter().filter(|it| it.name == kept).cloned();
            let again = Trail::told(&rows.collect(), str::to_owned);
            assert_eq!(story(&again), story(&trail), "{kept:?}");
        }
    }

    #[test]
    fn the_history_says_of_each_who_had_the_call_why_it_went_on_and_from_whom_the_next_has_it() {
        let mut trail = Trail::default();
        trail.send_on("1002", Why::Unconditional);
        trail.send_on("1003", Why::Busy);

        let written = trail.headers(&address("1004"), |it| seen(it, it.number == "1003"));

        let values: Vec<_> = written.iter().map(|it| String::from_utf8_lossy(&it.value)).collect();
        assert_eq!(
            values,
            [
                "<sip:1003@pbx.test>;reason=user-busy;privacy=full",
                "<sip:1002@pbx.test>;reason=unconditional",
                "<sip:1002@pbx.test?Reason=SIP%3Bcause%3D302>;index=1, \
                 <sip:1003@pbx.test;cause=302?Privacy=history&Reason=SIP%3Bcause%3D486>;index=1.1;mp=1, \
                 <sip:1004@pbx.test;cause=486>;index=1.1.1;mp=1.1",
            ]
        );
        let again = Trail::told(&written.into_iter().collect(), str::to_owned);
        let withheld: Vec<_> = again.diversions.iter().map(|it| it.by.is_withheld).collect();
        assert_eq!(withheld, [false, true]);
    }

    #[test]
    fn what_carriers_write_is_read() {
        for (name, value, expected) in [
            (
                DIVERSION,
                "<sip:+7495@c>;reason=\"user-busy\";counter=3",
                &[("+7495", Why::Busy, 3)][..],
            ),
            (
                DIVERSION,
                "<tel:+7-495>;REASON=No-Answer, sip:5@c",
                &[("5", Why::Unknown, 1), ("+7495", Why::NoAnswer, 1)],
            ),
            (DIVERSION, "<sip:5@c>;reason=follow-me;counter=0", &[("5", Why::Unknown, 1)]),
            (DIVERSION, "<sip:c>;reason=no-answer, nonsense, \"x", &[]),
            // RFC 4244 knew neither `mp` nor a cause in the address.
            (
                HISTORY,
                "<sip:1@c?Reason=SIP%3Bcause%3D302>;index=1, <sip:2@c>;index=1.1",
                &[("1", Why::Unconditional, 1)],
            ),
            (
                HISTORY,
                "<sip:1@c>;index=1, <sip:2@c;cause=487>;index=1.1",
                &[("1", Why::Deflection, 1)],
            ),
            (HISTORY, "<sip:1@c>;index=1,<sip:2@c>;index=1.1;mp=1", &[("1", Why::Unknown, 1)]),
            // It only took its way.
            (HISTORY, "<sip:1@c>;index=1,<sip:1@d>;index=1.1;rc=1,<sip:1@e>;index=1.1.1", &[]),
            (HISTORY, "<sip:1@c>;index=1,<sip:2@c;cause=302>;index=1.7.1;mp=4,<sip:3@c>", &[]),
        ] {
            let read = Trail::told(&headers(name, value), str::to_owned);
            let expected: Vec<_> =
                expected.iter().map(|(by, why, times)| ((*by).to_owned(), *why, *times)).collect();
            assert_eq!(story(&read), expected, "{value}");
        }
    }

    #[test]
    fn whoever_wants_to_be_unknown_is_marked_so() {
        for (name, value, privacy, expected) in [
            (DIVERSION, "<sip:5@c>;privacy=full", "", true),
            (DIVERSION, "<sip:5@c>;privacy=off", "", false),
            (DIVERSION, "<sip:5@c>", "history", true),
            (DIVERSION, "<sip:5@c>", "id", false),
            (HISTORY, "<sip:5@c?Privacy=history>;index=1,<sip:2@c>;index=1.1;mp=1", "", true),
            (HISTORY, "<sip:5@c>;index=1,<sip:2@c?Privacy=history>;index=1.1;mp=1", "", false),
        ] {
            let mut headers = headers(name, value);
            headers.push(HeaderName::Privacy, privacy);
            let read = Trail::told(&headers, str::to_owned);
            let withheld: Vec<_> = read.diversions.iter().map(|it| it.by.is_withheld).collect();
            assert_eq!(withheld, [expected], "{value}, {privacy}");
        }
    }

    #[test]
    fn of_endless_diversions_the_last_ones_are_kept_and_all_that_are_counted_count() {
        let value = (0..40).map(|n| format!("<sip:{n}@c>;counter=4294967295")).collect::<Vec<_>>();
        let mut headers = Headers::new();
        headers.push(HeaderName::Diversion, value.join(","));
        let read = Trail::told(&headers, str::to_owned);
        assert_eq!(read.diversions.len(), TOLD_MAX);
        assert_eq!(read.diversions.last().map(|it| it.by.number.as_str()), Some("0"));
        assert_eq!(read.times(), u32::MAX);
    }

    fn story(trail: &Trail) -> Vec<(String, Why, u32)> {
        trail.diversions.iter().map(|it| (it.by.number.clone(), it.why, it.times)).collect()
    }

    fn seen(holder: &Holder, is_private: bool) -> Seen {
        Seen { uri: address(&holder.number), is_private }
    }

    fn address(number: &str) -> Uri {
        Uri::sip(Some(number), Host::Name(Bytes::from_static(b"pbx.test")), None)
    }

    fn headers(name: HeaderName, value: &'static str) -> Headers {
        let mut headers = Headers::new();
        headers.push(name, value);
        headers
    }

    const DIVERSION: HeaderName = HeaderName::Diversion;
    const HISTORY: HeaderName = HeaderName::HistoryInfo;
}
