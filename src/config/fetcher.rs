//! `[fetcher]`

use super::Problems;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What may be asked of web servers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetching {
    /// Names and addresses that may be asked though they are not public.
    pub private_hosts: BTreeSet<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    private_hosts: Vec<String>,
}

impl Raw {
    pub(super) fn check(self, problems: &mut Problems) -> Fetching {
        let is_bare = |it: &&String| !it.is_empty() && !it.contains(['/', '@', ' ', '[', ']']);
        if self.private_hosts.iter().any(|it| !is_bare(&it)) {
            problems.add(
                "fetcher.private_hosts",
                "expected names or addresses alone, like \"crm.lan\" or \"10.0.0.5\"",
            );
        }
        Fetching { private_hosts: self.private_hosts.into_iter().collect() }
    }
}
