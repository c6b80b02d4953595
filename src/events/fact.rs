//! What frames tell, as panels read it.

use super::Stamp;
use base::{CallId, ExtensionId};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that is otherwise than it was.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A line stands otherwise.
    Line(Arc<LineStatus>),
    /// A line is there from now on, or has another number, name or owner.
    LineChanged(Arc<LineCard>),
    /// A line is gone.
    LineRemoved {
        /// Which.
        id: ExtensionId,
        /// The number that it had.
        number: String,
    },
    /// A live call is there or stands otherwise.
    Call(Arc<ActiveCall>),
    /// A call is over.
    CallEnded {
        /// Which.
        id: CallId,
        /// When.
        ended_at: Stamp,
    },
    /// The rows of a call are in the call log.
    CallLogged {
        /// Which.
        id: CallId,
    },
    /// A number can be reached from now on, or no longer.
    Registration {
        /// Which.
        number: String,
        /// Whether a device of it can be reached.
        registered: bool,
    },
    /// What the panel keeps for a person is otherwise: told to that person's panels.
    Setting {
        /// Which: a key of the settings, or `locale`.
        key: String,
        /// As it is from now on; null if it is forgotten.
        value: serde_json::Value,
    },
    /// Somebody changed an object that people edit.
    Admin {
        /// What kind: `user`, `role`, `line`, …
        object: &'static str,
        /// Which.
        id: String,
        /// Its version from now on; `None` if it is gone.
        version: Option<i64>,
        /// The login of who did it.
        by: String,
    },
    /// A line calls outside more than it may, or what nobody may.
    OutboundAlarm {
        /// Its number.
        line: String,
        /// What it called.
        number: String,
        /// Which limit.
        limit: &'static str,
    },
}

/// How a line stands: what the panel calls «Статус линии».
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct LineStatus {
    /// The line.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// How it stands.
    pub status: LineState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Stamp,
}

/// A line, for who has not heard of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct LineCard {
    /// The line.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Shown to those it calls.
    pub name: String,
    /// Who sits there.
    pub user_id: Option<Uuid>,
    /// Number of the line at whose phones it is signed in; `null` at its own.
    pub workplace: Option<String>,
    /// How it stands.
    pub status: LineState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Stamp,
}

/// Derived from the live legs of a line, its registration and its owner; never stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// No device can be reached.
    Unregistered,
    /// Free.
    Idle,
    /// Somebody calls it.
    Ringing,
    /// It calls somebody.
    Dialing,
    /// In a conversation.
    Talking,
    /// It put the other side on hold.
    Held,
    /// Nobody sits there.
    NotAssigned,
}

/// A live call.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct ActiveCall {
    /// Id; the call log's too.
    pub id: Uuid,
    /// Where it comes from and goes to.
    pub direction: CallDirection,
    /// How it stands.
    pub state: CallState,
    /// Who calls.
    pub caller: Party,
    /// What was dialled.
    pub dialled: String,
    /// When the INVITE came.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Stamp,
    /// When the caller was answered.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub answered_at: Option<Stamp>,
    /// The caller first, then those that are rung for it.
    pub legs: Vec<CallLeg>,
    /// Whether it is recorded.
    pub recording: CallRecording,
    /// Whether its dialplan rule wants it recorded, which nobody can stop.
    pub is_recording_forced: bool,
    /// What can be done with it by who may.
    pub actions: Vec<&'static str>,
}

/// Who is at one end of a call.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Party {
    /// The number.
    pub number: String,
    /// The name, where one is known.
    #[schema(required)]
    pub name: Option<String>,
}

/// A leg of a live call.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct CallLeg {
    /// Id; the call log's too.
    pub id: Uuid,
    /// Whether the far end called or was called.
    pub role: LegRole,
    /// The number at the far end.
    pub number: String,
    /// The name, where one is known.
    #[schema(required)]
    pub name: Option<String>,
    /// The line, if it is one of the domain's.
    #[schema(required)]
    pub line_id: Option<Uuid>,
    /// How it stands.
    pub state: LegState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Stamp,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }
    };
}

words! {
    /// Where a call comes from and goes to, as its domain sees it.
    CallDirection {
        /// From a trunk.
        In,
        /// To a trunk.
        Out,
        /// Neither.
        Internal,
    }
}

words! {
    /// How a live call stands.
    CallState {
        /// Somebody is being rung.
        Ringing,
        /// Two talk.
        Talking,
        /// One of the two is on hold.
        Held,
        /// The caller hears the server.
        Playing,
        /// The caller waits in a parking slot.
        Parked,
        /// The caller is in a conference, or at its door.
        Conference,
        /// The caller hears others talk.
        Supervising,
        /// Its caller leaves a message, or hears its own.
        Voicemail,
        /// Many hear its caller.
        Paging,
        /// It is being put away.
        Ending,
    }
}

words! {
    /// Whether a call is recorded.
    CallRecording {
        /// No.
        Off,
        /// Yes.
        On,
        /// Yes, but not what is said now.
        Paused,
    }
}

words! {
    /// Which side of the server the far end is on.
    LegRole {
        /// It called.
        Caller,
        /// It was called.
        Callee,
    }
}

words! {
    /// How a leg stands.
    LegState {
        /// Not answered.
        Dialing,
        /// Its device rings.
        Ringing,
        /// Answered.
        Talking,
        /// It put the other side on hold.
        Held,
        /// Answered, and waits while whoever it talked to asks somebody else.
        Waiting,
        /// Told to end.
        Ended,
    }
}

impl From<call::facts::CallDirection> for CallDirection {
    fn from(it: call::facts::CallDirection) -> Self {
        match it {
            call::facts::CallDirection::In => Self::In,
            call::facts::CallDirection::Out => Self::Out,
            call::facts::CallDirection::Internal => Self::Internal,
        }
    }
}

impl From<call::facts::CallState> for CallState {
    fn from(it: call::facts::CallState) -> Self {
        match it {
            call::facts::CallState::Ringing => Self::Ringing,
            call::facts::CallState::Talking => Self::Talking,
            call::facts::CallState::Held => Self::Held,
            call::facts::CallState::Playing => Self::Playing,
            call::facts::CallState::Parked { .. } => Self::Parked,
            call::facts::CallState::Conference => Self::Conference,
            call::facts::CallState::Supervising => Self::Supervising,
            call::facts::CallState::Voicemail => Self::Voicemail,
            call::facts::CallState::Paging => Self::Paging,
            call::facts::CallState::Ending => Self::Ending,
        }
    }
}

impl From<call::facts::CallRecording> for CallRecording {
    fn from(it: call::facts::CallRecording) -> Self {
        match it {
            call::facts::CallRecording::Off => Self::Off,
            call::facts::CallRecording::On => Self::On,
            call::facts::CallRecording::Paused => Self::Paused,
        }
    }
}

impl From<call::facts::LegState> for LegState {
    fn from(it: call::facts::LegState) -> Self {
        match it {
            call::facts::LegState::Dialing => Self::Dialing,
            call::facts::LegState::Ringing => Self::Ringing,
            call::facts::LegState::Talking => Self::Talking,
            call::facts::LegState::Held => Self::Held,
            call::facts::LegState::Waiting => Self::Waiting,
            call::facts::LegState::Ended => Self::Ended,
        }
    }
}

impl From<call::LegRole> for LegRole {
    fn from(it: call::LegRole) -> Self {
        match it {
            call::LegRole::Caller => Self::Caller,
            call::LegRole::Callee => Self::Callee,
        }
    }
}

impl Fact {
    /// The frame's `t`.
    fn kind(&self) -> &'static str {
        match self {
            Self::Line(_) => "line.status",
            Self::LineChanged(_) => "line.changed",
            Self::LineRemoved { .. } => "line.removed",
            Self::Call(_) => "call.updated",
            Self::CallEnded { .. } => "call.ended",
            Self::CallLogged { .. } => "call.logged",
            Self::Registration { .. } => "registration.changed",
            Self::Setting { .. } => "setting.changed",
            Self::Admin { .. } => "admin.changed",
            Self::OutboundAlarm { .. } => "outbound.alarm",
        }
    }

    /// The frame's `k`: what the fact is about.
    fn key(&self) -> String {
        match self {
            Self::Line(line) => format!("line:{}", line.id),
            // Not `line:`, whose frames replace each other: how a line stands tells no name.
            Self::LineChanged(line) => format!("extension:{}", line.id),
            Self::LineRemoved { id, .. } => format!("extension:{}", id.0),
            Self::Call(call) => format!("call:{}", call.id),
            Self::CallEnded { id, .. } | Self::CallLogged { id } => format!("call:{id}"),
            Self::Registration { number, .. } => format!("number:{number}"),
            Self::Setting { key, .. } => format!("setting:{key}"),
            Self::Admin { object, id, .. } => format!("{object}:{id}"),
            Self::OutboundAlarm { line, limit, .. } => format!("outbound-alarm:{line} {limit}"),
        }
    }

    /// Facts of one slot replace each other while they wait. That a call is logged says nothing
    /// about how it stands.
    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::Line(line) => Slot::Line(ExtensionId(line.id)),
            Self::LineChanged(line) => Slot::Extension(ExtensionId(line.id)),
            Self::LineRemoved { id, .. } => Slot::Extension(*id),
            Self::Call(call) => Slot::Call(CallId(call.id)),
            Self::CallEnded { id, .. } => Slot::Call(*id),
            Self::CallLogged { id } => Slot::Logged(*id),
            Self::Registration { number, .. } => Slot::Number(number.clone()),
            Self::Setting { key, .. } => Slot::Object("setting", key.clone()),
            Self::Admin { object, id, .. } => Slot::Object(object, id.clone()),
            Self::OutboundAlarm { line, limit, .. } => {
                Slot::Object("outbound-alarm", [line, " ", limit].concat())
            }
        }
    }

    /// Writes the frame behind what `out` holds.
    pub(super) fn write_frame(&self, seq: u64, at: Stamp, out: &mut Vec<u8>) {
        let frame = Frame { s: seq, t: self.kind(), k: self.key(), at, d: Data::of(self) };
        // Plain structs into memory: there is nothing that could fail.
        let _ = serde_json::to_writer(out, &frame);
    }
}

/// What may be waiting at most once.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Slot {
    Line(ExtensionId),
    Extension(ExtensionId),
    Call(CallId),
    Logged(CallId),
    Number(String),
    Object(&'static str, String),
}

#[derive(Serialize)]
struct Frame<'a> {
    s: u64,
    t: &'static str,
    k: String,
    at: Stamp,
    d: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Line(&'a LineStatus),
    LineChanged(&'a LineCard),
    LineRemoved { id: Uuid, number: &'a str },
    Call(&'a ActiveCall),
    CallEnded { id: Uuid, ended_at: Stamp },
    CallLogged { id: Uuid },
    Registration { number: &'a str, registered: bool },
    Setting { key: &'a str, value: &'a serde_json::Value },
    Admin { object: &'a str, id: &'a str, version: Option<i64>, by: &'a str },
    OutboundAlarm { line: &'a str, number: &'a str, limit: &'a str },
}

impl<'a> Data<'a> {
    fn of(fact: &'a Fact) -> Self {
        match fact {
            Fact::Line(line) => Self::Line(line),
            Fact::LineChanged(line) => Self::LineChanged(line),
            Fact::LineRemoved { id, number } => Self::LineRemoved { id: id.0, number },
            Fact::Call(call) => Self::Call(call),
            Fact::CallEnded { id, ended_at } => Self::CallEnded { id: id.0, ended_at: *ended_at },
            Fact::CallLogged { id } => Self::CallLogged { id: id.0 },
            Fact::Registration { number, registered } => {
                Self::Registration { number, registered: *registered }
            }
            Fact::Setting { key, value } => Self::Setting { key, value },
            Fact::Admin { object, id, version, by } => {
                Self::Admin { object, id, version: *version, by }
            }
            Fact::OutboundAlarm { line, number, limit } => {
                Self::OutboundAlarm { line, number, limit }
            }
        }
    }
}
