//! What is set for a device or a trunk about its media.

use crate::leg::LegError;
use bytes::Bytes;
use media::{
    Format,
    dtmf::KeyForm,
    sdp::{Allowed, NegotiationError, RemoteSide, Sdp},
};
use std::borrow::Cow;

/// What is set for the devices of an extension, or for a trunk.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MediaRules {
    /// How keys come and go.
    pub dtmf: DtmfMode,
    /// Voice codecs that are taken of it and offered to it, the preferred first; empty for all.
    pub codecs: Codecs,
    /// Music that whoever it puts on hold hears, by name; `None` for what everybody else hears.
    pub hold_music: Option<String>,
}

/// Codecs in order of preference, by their names in the IANA registry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Codecs(Vec<String>);

/// Why codecs cannot be set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CodecsError {
    /// Nobody has heard of one.
    #[error("{name:?} is no codec: write some of {}", Codecs::KNOWN.join(", "))]
    Unknown {
        /// As it was written.
        name: String,
    },
    /// One is there twice.
    #[error("{name} is there twice: write it once")]
    Repeated {
        /// Which.
        name: &'static str,
    },
}

impl Codecs {
    /// All that can be set: first those that we translate into each other, then those that only
    /// pass where both sides have them.
    pub const KNOWN: [&str; 13] = [
        "opus", "G722", "PCMA", "PCMU", "L16", "G729", "G723", "G726-32", "GSM", "iLBC", "AMR",
        "AMR-WB", "speex",
    ];

    /// Reads names, whatever their case.
    pub fn parse(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, CodecsError> {
        let mut codecs: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref().trim();
            let mut known = Self::KNOWN.into_iter();
            let Some(known) = known.find(|it| it.eq_ignore_ascii_case(name)) else {
                return Err(CodecsError::Unknown { name: name.to_owned() });
            };
            if codecs.iter().any(|it| it == known) {
                return Err(CodecsError::Repeated { name: known });
            }
            codecs.push(known.to_owned());
        }
        Ok(Self(codecs))
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl MediaRules {
    /// The far end's description with what is allowed alone.
    pub(crate) fn limit(&self, description: Sdp) -> Result<Sdp, NegotiationError> {
        match self.allowed().limit(&description)? {
            Cow::Owned(limited) => Ok(limited),
            Cow::Borrowed(_) => Ok(description),
        }
    }

    /// The same for our offer to the far end, made of another's if it is not of us alone.
    pub(crate) fn limit_offer(&self, offer: Bytes, other: Option<&Sdp>) -> Result<Bytes, LegError> {
        let parsed = Sdp::parse(&offer)?;
        let limited = match other {
            Some(other) => self.allowed().limit_offer(&parsed, other)?,
            None => self.allowed().limit(&parsed)?,
        };
        match limited {
            Cow::Owned(limited) => Ok(limited.encode()),
            Cow::Borrowed(_) => Ok(offer),
        }
    }

    fn allowed(&self) -> Allowed<'_> {
        Allowed { codecs: self.codecs.names(), has_events: self.dtmf != DtmfMode::Inband }
    }
}

/// How keys come from a far end and go to it. INFO that comes is understood in any mode.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum DtmfMode {
    /// As events where they are agreed on, else as tones.
    #[default]
    Auto,
    /// As events (RFC 4733) only: its audio is left alone.
    Rfc4733,
    /// To it by SIP INFO.
    Info,
    /// As tones only: events are not agreed on.
    Inband,
}

/// How keys come from a far end and how they can be told to it, as agreed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct KeyForms {
    pub(crate) heard: Option<KeyForm>,
    pub(crate) told: Option<KeyForm>,
}

impl DtmfMode {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Rfc4733, Self::Info, Self::Inband];

    /// Name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Rfc4733 => "rfc4733",
            Self::Info => "info",
            Self::Inband => "inband",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What this means for a far end, once it is known what was agreed with it.
    pub(crate) fn forms(self, side: &RemoteSide) -> KeyForms {
        let events = side.formats.iter().any(Format::is_event).then_some(KeyForm::Events);
        let tones = side.hears_playouts().then_some(KeyForm::Tones);
        match self {
            Self::Auto => KeyForms { heard: events.or(tones), told: events.or(tones) },
            Self::Rfc4733 => KeyForms { heard: events, told: events },
            Self::Info => KeyForms { heard: events, told: Some(KeyForm::Info) },
            Self::Inband => KeyForms { heard: tones, told: tones },
        }
    }
}

impl KeyForms {
    /// How keys that come from here must be converted for the other: from and into; `None` if they
    /// pass as they come.
    pub(crate) fn towards(self, other: Self) -> Option<(KeyForm, KeyForm)> {
        let (heard, told) = (self.heard?, other.told?);
        (heard != told).then_some((heard, told))
    }
}
