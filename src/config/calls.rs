//! `[calls]`

use super::Problems;
use media::progress::Country;
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, time::Duration};

/// Bounds of calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Calls {
    /// Calls at a time in the whole server; one more is refused with 503.
    pub calls_max: u32,
    /// A call is ended after this long.
    pub duration_max: Duration,
    /// How long a trunk may ring before the call counts as not answered. Extensions have their own.
    pub trunk_ring_timeout: Duration,
    /// Music that parties on hold hear; `None` for what the holder's phone sends.
    pub hold_music: Option<String>,
    /// Whether two go on talking when the third hangs up, who brought them together.
    pub others_stay: bool,
    /// Whose tones tell callers how their calls go.
    pub tones: Country,
    /// How much louder prompts are than their files, in decibels.
    pub prompts_db: i8,
    /// How much louder hold music is than its files, in decibels.
    pub music_db: i8,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    calls_max: u32,
    duration_max_s: u32,
    trunk_ring_timeout_s: u32,
    hold_music: String,
    others_stay: bool,
    tones: String,
    prompts_db: i8,
    music_db: i8,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            calls_max: 10_000,
            duration_max_s: 14_400,
            trunk_ring_timeout_s: 120,
            hold_music: "default".to_owned(),
            others_stay: true,
            tones: Country::default().code().to_owned(),
            prompts_db: 0,
            music_db: 0,
        }
    }
}

/// How much louder or quieter than their files sounds may be played.
const LOUDER_DB: RangeInclusive<i8> = -40..=20;

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Calls {
        Calls {
            calls_max: problems.in_range("calls.calls_max", self.calls_max, 1..=1_000_000),
            duration_max: problems.seconds(
                "calls.duration_max_s",
                self.duration_max_s,
                60..=604_800,
            ),
            trunk_ring_timeout: problems.seconds(
                "calls.trunk_ring_timeout_s",
                self.trunk_ring_timeout_s,
                5..=600,
            ),
            hold_music: Some(self.hold_music).filter(|it| !it.is_empty()),
            others_stay: self.others_stay,
            tones: Country::with_code(&self.tones).unwrap_or_else(|| {
                let known = Country::ALL.map(Country::code).join(", ");
                problems.add(
                    "calls.tones",
                    format!("{:?} is no country: write one of {known}", self.tones),
                );
                Country::default()
            }),
            prompts_db: problems.in_range("calls.prompts_db", self.prompts_db, LOUDER_DB),
            music_db: problems.in_range("calls.music_db", self.music_db, LOUDER_DB),
        }
    }
}
