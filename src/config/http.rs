//! `[http]`

use super::Problems;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};

/// Where the API, the metrics and the health checks are served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Http {
    /// What to bind; empty for no HTTP at all.
    pub listen: Vec<SocketAddr>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) listen: Vec<SocketAddr>,
}

impl Default for Raw {
    fn default() -> Self {
        Self { listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))] }
    }
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Http {
        for (n, address) in self.listen.iter().enumerate() {
            if self.listen[..n].contains(address) {
                problems.add(format!("http.listen[{n}]"), "is there twice: remove one");
            }
        }
        Http { listen: self.listen }
    }
}
