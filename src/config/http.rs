//! `[http]`

use super::Problems;
use serde::{Deserialize, Serialize};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Where the API, the panel, the metrics and the health checks are served, and for how long people
/// stay signed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Http {
    /// What to bind; empty for no HTTP at all.
    pub listen: Vec<SocketAddr>,
    /// Where people reach the panel, without a slash at the end: what letters link to.
    pub public_url: Option<String>,
    /// Whether the session's cookie is for HTTPS and loopback only.
    pub secure_cookies: bool,
    /// A session that is not used for this long is over.
    pub session_idle: Duration,
    /// A session is over after this long, however busy.
    pub session_max: Duration,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) listen: Vec<SocketAddr>,
    public_url: Option<String>,
    secure_cookies: bool,
    session_idle_s: u32,
    session_max_s: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))],
            public_url: None,
            secure_cookies: true,
            session_idle_s: 12 * HOUR_S,
            session_max_s: 7 * 24 * HOUR_S,
        }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Http {
        for (n, address) in self.listen.iter().enumerate() {
            if self.listen[..n].contains(address) {
                problems.add(format!("http.listen[{n}]"), "is there twice: remove one");
            }
        }
        let public_url = self.public_url.map(|it| it.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url
            && !["http://", "https://"].iter().any(|it| url.starts_with(it))
        {
            problems.add("http.public_url", "is no address of a page: write \"https://HOST\"");
        }
        Http {
            listen: self.listen,
            public_url,
            secure_cookies: self.secure_cookies,
            session_idle: problems.seconds("http.session_idle_s", self.session_idle_s, RANGE_S),
            session_max: problems.seconds("http.session_max_s", self.session_max_s, RANGE_S),
        }
    }
}

const HOUR_S: u32 = 3600;

/// From a minute to a year.
const RANGE_S: std::ops::RangeInclusive<u32> = 60..=365 * 24 * HOUR_S;
