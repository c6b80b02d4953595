//! What is set for the media of a line or a trunk, as the API tells it.

use super::{ApiState, FieldError, Text};
use call::DtmfMode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How keys come from devices and go to them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dtmf {
    /// As events where they are agreed on, else as tones in the audio.
    #[default]
    Auto,
    /// As events (RFC 4733) only.
    Rfc4733,
    /// To them by SIP INFO.
    Info,
    /// As tones in the audio only.
    Inband,
}

/// The name of music that the server has; a blank one is none.
pub(super) fn checked_music(
    api: &ApiState,
    name: Option<&str>,
) -> Result<Option<String>, FieldError> {
    let Some(name) = name.map(str::trim).filter(|it| !it.is_empty()) else { return Ok(None) };
    let known = api.house.as_ref().map_or_else(Vec::new, |it| it.music());
    if known.iter().any(|it| it == name) {
        return Ok(Some(name.to_owned()));
    }
    let known = known.join(", ");
    let message = Text::both(
        format!("Такой музыки нет; есть {known}"),
        format!("There is no such music; there is {known}"),
    );
    Err(FieldError::new("hold_music", "unknown", message))
}

impl Dtmf {
    pub(super) fn of(mode: DtmfMode) -> Self {
        match mode {
            DtmfMode::Auto => Self::Auto,
            DtmfMode::Rfc4733 => Self::Rfc4733,
            DtmfMode::Info => Self::Info,
            DtmfMode::Inband => Self::Inband,
        }
    }

    /// By the name that is stored.
    pub(super) fn named(name: &str) -> Self {
        Self::of(DtmfMode::named(name).unwrap_or_default())
    }

    pub(super) fn mode(self) -> DtmfMode {
        match self {
            Self::Auto => DtmfMode::Auto,
            Self::Rfc4733 => DtmfMode::Rfc4733,
            Self::Info => DtmfMode::Info,
            Self::Inband => DtmfMode::Inband,
        }
    }
}
