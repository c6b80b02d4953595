//! Rights: what a route of the API asks for, and what a role gives.

use super::StoreError;
use std::{collections::BTreeSet, fmt, str::FromStr};

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One thing that somebody may do.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Right {
            $($(#[$doc])* $name,)*
        }

        impl Right {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As stored and as the API writes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

rights! {
    /// Open the operator workspace.
    WorkspaceUse = "workspace.use",
    /// See one's own calls.
    CallsOwn = "calls.own",
    /// See the calls of the whole domain.
    CallsTeam = "calls.team",
    /// See what everybody's lines and calls do at the moment.
    LiveView = "live.view",
    /// End somebody else's call.
    CallHangupAny = "call.hangup_any",
    /// Record somebody else's call.
    CallRecordAny = "call.record_any",
    /// Hear somebody else's call while it goes on, and speak in it.
    CallSupervise = "call.supervise",
    /// Hear recordings of the calls that one sees.
    RecordingsListen = "recordings.listen",
    /// Read the SIP messages of calls.
    TraceView = "trace.view",
    /// See the archive of interactions.
    InteractionsView = "interactions.view",
    /// See colleagues' numbers and their status.
    ExtensionsView = "extensions.view",
    /// Show the board on a wall.
    WallView = "wall.view",
    /// Make and remove the tokens of walls.
    WallManage = "wall.manage",
    /// See records as raw JSON.
    UiJson = "ui.json",
    /// Make and change people.
    UsersManage = "users.manage",
    /// Make and change roles.
    RolesManage = "roles.manage",
    /// Make and change extensions.
    LinesManage = "lines.manage",
    /// Make and change trunks.
    TrunksManage = "trunks.manage",
    /// Make and change domains.
    DomainsManage = "domains.manage",
    /// Read dialplans.
    DialplansView = "dialplans.view",
    /// Change dialplans.
    DialplansManage = "dialplans.manage",
    /// See which phones are registered.
    RegistrationsView = "registrations.view",
    /// Read the call log.
    CdrsView = "cdrs.view",
    /// Take the call log away as a file.
    CdrsExport = "cdrs.export",
    /// See how the server is.
    HealthView = "health.view",
    /// Read the configuration in force.
    ConfigView = "config.view",
    /// Read who did what.
    AuditView = "audit.view",
    /// Read the knowledge base.
    KbUse = "kb.use",
    /// See assessments of one's own contacts.
    QmView = "qm.view",
    /// Assess contacts.
    QmAudit = "qm.audit",
    /// Force an operator's status.
    AgentForceStatus = "agent.force_status",
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Right {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        (Self::ALL.iter().copied())
            .find(|it| it.as_str() == word)
            .ok_or_else(|| StoreError::Invalid(format!("{word:?} is no right")))
    }
}

/// As the tables keep a set.
pub(super) fn to_json(rights: &BTreeSet<Right>) -> String {
    let words: Vec<_> = rights.iter().map(|it| it.as_str()).collect();
    serde_json::Value::from(words).to_string()
}

/// A stored set; words of a newer version, which this one has no use for, are passed over.
pub(super) fn from_json(json: &str) -> sqlx::Result<BTreeSet<Right>> {
    let words: Vec<String> =
        serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(words.iter().filter_map(|it| it.parse().ok()).collect())
}
