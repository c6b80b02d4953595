//! The side menu of the operator workspace: 20 sections in their order.

use super::Session;
use crate::store::Right;
use serde::Serialize;
use utoipa::ToSchema;

/// A section of the menu.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct MenuItem {
    /// Which section; the panel has its name.
    pub code: &'static str,
    /// Which group it stands in.
    pub group: &'static str,
    /// What waits or is unread there.
    pub badge: u32,
}

/// The sections that a session sees, in order. Nothing waits in any of them until the parts that
/// know are there.
pub fn menu_of(session: &Session) -> Vec<MenuItem> {
    SECTIONS
        .iter()
        .filter(|(_, _, right)| session.may(*right))
        .map(|&(code, group, _)| MenuItem { code, group, badge: 0 })
        .collect()
}

const SECTIONS: &[(&str, &str, Right)] = &[
    ("kb", "learning", Right::KbUse),
    ("lessons", "learning", Right::KbUse),
    ("trainings", "learning", Right::KbUse),
    ("admissions", "learning", Right::KbUse),
    ("status", "preparation", Right::WorkspaceUse),
    ("notifications", "preparation", Right::WorkspaceUse),
    ("settings", "preparation", Right::WorkspaceUse),
    ("calls", "now", Right::WorkspaceUse),
    ("dialogs", "now", Right::WorkspaceUse),
    ("campaigns", "deferred", Right::WorkspaceUse),
    ("voicemail", "deferred", Right::WorkspaceUse),
    ("callbacks", "deferred", Right::WorkspaceUse),
    ("mails", "deferred", Right::WorkspaceUse),
    ("mailboxes", "deferred", Right::WorkspaceUse),
    ("my_calls", "archive", Right::CallsOwn),
    ("interactions", "archive", Right::InteractionsView),
    ("im", "colleagues", Right::WorkspaceUse),
    ("extensions", "colleagues", Right::ExtensionsView),
    ("agents", "colleagues", Right::WorkspaceUse),
    ("phone_panel", "colleagues", Right::ExtensionsView),
];
