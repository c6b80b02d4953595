//! What the journal holds, and its entries as lines.

use crate::store::{
    cdr_line::{Record, as_text},
    checked_line,
};
use base::{CallId, DomainId, LegId, UnixMillis};
use bytes::Bytes;
use call::{
    Cdr,
    journal::{LegEvent, LegHappening, QueueEvent, QueueHappening, Unfinished, Wait},
};
use serde::{Deserialize, Serialize};
use sip::{Destination, Host, Transport, dialog::DialogRecord};
use std::borrow::Cow;

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A server has started and put in order what the one before left.
    Started(UnixMillis),
    /// A server has stopped as it should.
    Stopped(UnixMillis),
    /// A server lived, and legs with it.
    Alive(UnixMillis),
    /// Another file begins: legs that lived then are told anew before.
    Continued(UnixMillis),
    /// So many entries found no room and are missing here.
    Lost(UnixMillis, u64),
    /// Something happened to a leg.
    Leg(LegEvent),
    /// A leg that began in an earlier file still lives.
    GoesOn(UnixMillis, Box<Unfinished>),
    /// A leg has ended: its row of the call log.
    Ended(Box<Cdr>),
}

impl Entry {
    /// When it was so.
    pub fn at(&self) -> UnixMillis {
        match self {
            Self::Started(at)
            | Self::Stopped(at)
            | Self::Alive(at)
            | Self::Continued(at)
            | Self::Lost(at, _)
            | Self::GoesOn(at, _) => *at,
            Self::Leg(event) => event.at,
            Self::Ended(row) => UnixMillis(row.started.0 + row.end_ms),
        }
    }

    /// The call that it is about, if it is about one.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Leg(event) => Some(event.call),
            Self::GoesOn(_, leg) => Some(leg.row.call),
            Self::Ended(row) => Some(row.call),
            Self::Started(_)
            | Self::Stopped(_)
            | Self::Alive(_)
            | Self::Continued(_)
            | Self::Lost(..) => None,
        }
    }

    /// For people and their programs.
    pub fn json(&self) -> String {
        serde_json::to_string(&Line::from(self)).expect("texts and numbers leave nothing to fail")
    }

    /// Appends its line, with its line break.
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        checked_line::append(&Line::from(self), out);
    }

    /// Reads a line, given without its line break.
    pub fn parse(line: &[u8]) -> Result<Self, Unreadable> {
        let line = checked_line::parse::<Line<'_>>(line).ok_or(Unreadable::Damaged)?;
        line.entry().ok_or(Unreadable::Unknown)
    }
}

/// Why a line is no entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreadable {
    /// It was torn or damaged.
    Damaged,
    /// It is whole, and says what only another version knows. There is no number of a format: keys
    /// are added, and never change their meaning.
    Unknown,
}

/// The JSON.
#[derive(Default, Deserialize, Serialize)]
struct Line<'a> {
    at: i64,
    event: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<Text<CallId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leg: Option<Text<LegId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<Record<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dialog: Option<DialogLine<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueLine<'a>>,
}

/// A queue and what is known of a caller in it; what a kind of entry does not tell is not there.
#[derive(Deserialize, Serialize)]
struct QueueLine<'a> {
    domain: Text<DomainId>,
    name: Cow<'a, str>,
    position: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_position: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waited_ms: Option<i64>,
}

/// An id as text.
#[derive(Deserialize, Serialize)]
#[serde(bound(serialize = "T: std::fmt::Display"))]
#[serde(bound(deserialize = "T: std::str::FromStr<Err: std::fmt::Display>"))]
struct Text<T>(#[serde(with = "as_text")] T);

#[derive(Deserialize, Serialize)]
struct DialogLine<'a> {
    call_id: Cow<'a, str>,
    local_tag: Cow<'a, str>,
    remote_tag: Cow<'a, str>,
    local: Cow<'a, str>,
    remote: Cow<'a, str>,
    routes: Vec<Cow<'a, str>>,
    strict_route: Option<Cow<'a, str>>,
    target: Cow<'a, str>,
    transport: Cow<'a, str>,
    host: Cow<'a, str>,
    port: u16,
    local_cseq: u32,
    remote_cseq: Option<u32>,
}

impl<'a> From<&'a Entry> for Line<'a> {
    fn from(entry: &'a Entry) -> Self {
        let of = |event: &'static str| Line {
            at: entry.at().0,
            event: Cow::Borrowed(event),
            ..Line::default()
        };
        match entry {
            Entry::Started(_) => of(STARTED),
            Entry::Stopped(_) => of(STOPPED),
            Entry::Alive(_) => of(ALIVE),
            Entry::Continued(_) => of(CONTINUED),
            Entry::Lost(_, count) => Line { count: Some(*count), ..of(LOST) },
            Entry::Leg(event) => of_event(event),
            Entry::GoesOn(_, leg) => Line {
                row: Some(Record::from(&leg.row)),
                dialog: leg.dialog.as_ref().and_then(DialogLine::of),
                ..of(GOES_ON)
            },
            Entry::Ended(row) => Line { row: Some(Record::from(&**row)), ..of(ENDED) },
        }
    }
}

fn of_event(event: &LegEvent) -> Line<'_> {
    let of = |name: &'static str| Line {
        at: event.at.0,
        event: Cow::Borrowed(name),
        call: Some(Text(event.call)),
        leg: Some(Text(event.leg)),
        ..Line::default()
    };
    match &event.what {
        LegHappening::Began(row) => Line { row: Some(Record::from(&**row)), ..of(BEGAN) },
        LegHappening::Rang => of(RANG),
        LegHappening::Answered(dialog) => {
            Line { dialog: dialog.as_deref().and_then(DialogLine::of), ..of(ANSWERED) }
        }
        LegHappening::Held => of(HELD),
        LegHappening::Resumed => of(RESUMED),
        LegHappening::Moved => of(MOVED),
        LegHappening::Queue(event) => {
            Line { queue: Some(QueueLine::of(event)), ..of(queue_event(&event.what)) }
        }
    }
}

fn queue_event(what: &QueueHappening) -> &'static str {
    match what {
        QueueHappening::Entered { .. } => QUEUE_ENTERED,
        QueueHappening::LeftEmpty(_) => QUEUE_LEFT_EMPTY,
        QueueHappening::Abandoned(_) => QUEUE_ABANDONED,
    }
}

impl Line<'_> {
    fn entry(self) -> Option<Entry> {
        let at = UnixMillis(self.at);
        let row = |row: Option<Record<'_>>| Cdr::try_from(row?).ok().map(Box::new);
        let dialog = self.dialog.as_ref().and_then(DialogLine::record);
        let what = match &*self.event {
            STARTED => return Some(Entry::Started(at)),
            STOPPED => return Some(Entry::Stopped(at)),
            ALIVE => return Some(Entry::Alive(at)),
            CONTINUED => return Some(Entry::Continued(at)),
            LOST => return Some(Entry::Lost(at, self.count?)),
            ENDED => return Some(Entry::Ended(row(self.row)?)),
            GOES_ON => {
                let leg = Unfinished { row: *row(self.row)?, dialog };
                return Some(Entry::GoesOn(at, Box::new(leg)));
            }
            BEGAN => LegHappening::Began(row(self.row)?),
            RANG => LegHappening::Rang,
            ANSWERED => LegHappening::Answered(dialog.map(Box::new)),
            HELD => LegHappening::Held,
            RESUMED => LegHappening::Resumed,
            MOVED => LegHappening::Moved,
            name => LegHappening::Queue(Box::new(self.queue?.event(name)?)),
        };
        Some(Entry::Leg(LegEvent { call: self.call?.0, leg: self.leg?.0, at, what }))
    }
}

impl<'a> QueueLine<'a> {
    fn of(event: &'a QueueEvent) -> Self {
        let (position, caller, wait) = match &event.what {
            QueueHappening::Entered { caller, position } => (*position, Some(caller), None),
            QueueHappening::LeftEmpty(wait) | QueueHappening::Abandoned(wait) => {
                (wait.position, None, Some(wait))
            }
        };
        Self {
            domain: Text(event.domain),
            name: Cow::Borrowed(&event.queue),
            position,
            caller: caller.map(|it| Cow::Borrowed(it.as_str())),
            first_position: wait.map(|it| it.first_position),
            waited_ms: wait.map(|it| it.waited_ms),
        }
    }

    /// As the event of this name tells it; `None` if only another version knows it.
    fn event(self, name: &str) -> Option<QueueEvent> {
        let wait = || {
            let (first_position, waited_ms) = (self.first_position?, self.waited_ms?);
            Some(Wait { position: self.position, first_position, waited_ms })
        };
        let what = match name {
            QUEUE_ENTERED => {
                let caller = self.caller?.into_owned();
                QueueHappening::Entered { caller, position: self.position }
            }
            QUEUE_LEFT_EMPTY => QueueHappening::LeftEmpty(wait()?),
            QUEUE_ABANDONED => QueueHappening::Abandoned(wait()?),
            _ => return None,
        };
        Some(QueueEvent { domain: self.domain.0, queue: self.name.into_owned(), what })
    }
}

impl<'a> DialogLine<'a> {
    /// `None` for a dialog whose peer wrote no UTF-8: JSON has no bytes, and such a peer hears no BYE
    /// from us after a crash.
    fn of(dialog: &'a DialogRecord) -> Option<Self> {
        let text = |bytes: &'a Bytes| std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        let strict_route = match &dialog.strict_route {
            Some(route) => Some(text(route)?),
            None => None,
        };
        Some(Self {
            call_id: text(&dialog.call_id)?,
            local_tag: Cow::Borrowed(&dialog.local_tag),
            remote_tag: text(&dialog.remote_tag)?,
            local: text(&dialog.local)?,
            remote: text(&dialog.remote)?,
            routes: dialog.routes.iter().map(text).collect::<Option<_>>()?,
            strict_route,
            target: text(&dialog.target)?,
            transport: Cow::Borrowed(dialog.hop.transport.uri_token()),
            host: dialog.hop.host.to_string().into(),
            port: dialog.hop.port,
            local_cseq: dialog.local_cseq,
            remote_cseq: dialog.remote_cseq,
        })
    }

    fn record(&self) -> Option<DialogRecord> {
        let bytes = |text: &Cow<'_, str>| Bytes::copy_from_slice(text.as_bytes());
        Some(DialogRecord {
            call_id: bytes(&self.call_id),
            local_tag: self.local_tag.to_string(),
            remote_tag: bytes(&self.remote_tag),
            local: bytes(&self.local),
            remote: bytes(&self.remote),
            routes: self.routes.iter().map(bytes).collect(),
            strict_route: self.strict_route.as_ref().map(bytes),
            target: bytes(&self.target),
            hop: Destination {
                transport: Transport::from_token(&self.transport)?,
                host: Host::parse(&bytes(&self.host)).ok()?,
                port: self.port,
                flow: None,
                local: None,
            },
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
        })
    }
}

const STARTED: &str = "server.started";
const STOPPED: &str = "server.stopped";
const ALIVE: &str = "server.alive";
const CONTINUED: &str = "journal.continued";
const LOST: &str = "journal.lost";
const BEGAN: &str = "leg.began";
const RANG: &str = "leg.rang";
const ANSWERED: &str = "leg.answered";
const HELD: &str = "leg.held";
const RESUMED: &str = "leg.resumed";
const MOVED: &str = "leg.moved";
const QUEUE_ENTERED: &str = "queue.entered";
const QUEUE_LEFT_EMPTY: &str = "queue.left_empty";
const QUEUE_ABANDONED: &str = "queue.abandoned";
const GOES_ON: &str = "leg.goes_on";
const ENDED: &str = "leg.ended";
