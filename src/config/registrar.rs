//! `[registrar]`

use super::Problems;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Bounds of registrations (RFC 3261 section 10.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registrar {
    /// A shorter expiry is refused with 423 and this as Min-Expires.
    pub expires_min: Duration,
    /// A longer expiry is granted as this.
    pub expires_max: Duration,
    /// What a REGISTER gets that asks for no expiry.
    pub expires_default: Duration,
    /// Most contacts of one address of record.
    pub contacts_max: usize,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    expires_min_s: u32,
    expires_max_s: u32,
    expires_default_s: u32,
    contacts_max: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self { expires_min_s: 60, expires_max_s: 3600, expires_default_s: 3600, contacts_max: 10 }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Registrar {
        let expires_min = problems.seconds("registrar.expires_min_s", self.expires_min_s, 1..=3600);
        let expires_max =
            problems.seconds("registrar.expires_max_s", self.expires_max_s, 60..=604_800);
        let expires_default =
            problems.seconds("registrar.expires_default_s", self.expires_default_s, 1..=604_800);
        if !(expires_min..=expires_max).contains(&expires_default) {
            problems.add(
                "registrar.expires_default_s",
                "must lie between registrar.expires_min_s and registrar.expires_max_s",
            );
        }
        let contacts_most = u32::try_from(sip::limits::BINDINGS_MAX).unwrap_or(u32::MAX);
        let contacts_max =
            problems.in_range("registrar.contacts_max", self.contacts_max, 1..=contacts_most);
        Registrar { expires_min, expires_max, expires_default, contacts_max: contacts_max as usize }
    }
}
