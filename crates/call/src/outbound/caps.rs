//! How much of a class may be called, and what it means that so much is called already.

use std::fmt;

/// How much of a class one line, or a whole domain, may call; `None` for as much as it likes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Caps {
    /// Most calls at a time, those that ring among them.
    pub calls_max: Option<u32>,
    /// Most calls that begin within any minute.
    pub calls_a_minute: Option<u32>,
    /// Most minutes that are talked on one day.
    pub minutes_a_day: Option<u32>,
}

/// Whose calls are counted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scope {
    /// Those of one line.
    Line,
    /// Those of a domain.
    Domain,
}

/// What stands in the way of a call for which there is a right, or in that of every call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Limit {
    /// [`Caps::calls_max`].
    Calls(Scope),
    /// [`Caps::calls_a_minute`].
    Rate(Scope),
    /// [`Caps::minutes_a_day`].
    Minutes(Scope),
    /// The class may not be called at this time.
    Hours,
    /// The number is on the black list.
    Blocked,
}

impl Limit {
    /// In a word, for figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls(Scope::Line) => "line_calls",
            Self::Calls(Scope::Domain) => "domain_calls",
            Self::Rate(Scope::Line) => "line_rate",
            Self::Rate(Scope::Domain) => "domain_rate",
            Self::Minutes(Scope::Line) => "line_minutes",
            Self::Minutes(Scope::Domain) => "domain_minutes",
            Self::Hours => "hours",
            Self::Blocked => "blocked",
        }
    }

    /// Whether all lines of a domain reach it together.
    pub fn is_of_domain(self) -> bool {
        match self {
            Self::Calls(scope) | Self::Rate(scope) | Self::Minutes(scope) => scope == Scope::Domain,
            Self::Hours | Self::Blocked => false,
        }
    }

    /// The key of the configuration that says so.
    pub fn key(self) -> &'static str {
        match self {
            Self::Calls(Scope::Line) => "line_calls_max",
            Self::Calls(Scope::Domain) => "domain_calls_max",
            Self::Rate(Scope::Line) => "line_calls_a_minute",
            Self::Rate(Scope::Domain) => "domain_calls_a_minute",
            Self::Minutes(Scope::Line) => "line_minutes_a_day",
            Self::Minutes(Scope::Domain) => "domain_minutes_a_day",
            Self::Hours => "hours",
            Self::Blocked => "blocked",
        }
    }
}

/// Ends a sentence that begins with whose limit it is.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls(_) => "has as many calls as it may",
            Self::Rate(_) => "has as many new calls a minute as it may",
            Self::Minutes(_) => "has talked as many minutes today as it may",
            Self::Hours => "may not be called at this time",
            Self::Blocked => "is on the black list",
        })
    }
}
