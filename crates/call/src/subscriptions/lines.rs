//! The dialogs of a line, as its live calls show them.

use crate::{
    cdr::LegRole,
    facts::{CallState, CallView, LegState, LegView, number_of},
};
use base::{ExtensionId, LegId};

/// A dialog of a device of the line (RFC 4235 section 3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineDialog {
    /// The leg.
    pub leg: LegId,
    /// Who began it.
    pub direction: DialogDirection,
    /// How it stands.
    pub state: DialogState,
    /// Whether the line has put the other side on hold.
    pub is_held: bool,
    /// Who is at the other end.
    pub remote: RemoteParty,
}

/// Who began a dialog.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DialogDirection {
    /// The line called.
    Initiator,
    /// The line was called.
    Recipient,
}

/// How a dialog stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DialogState {
    /// The line calls, and nothing rings yet.
    Trying,
    /// Something rings.
    Early,
    /// Answered.
    Confirmed,
    /// Over.
    Terminated,
}

/// Who is at the other end of a dialog.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteParty {
    /// Number.
    pub number: String,
    /// Name, where it is known.
    pub name: Option<String>,
}

/// The dialogs that a call is for a line. `name_of` tells what an extension is called.
///
/// A device that has not said that it rings is not in a dialog yet: it may be switched off.
pub fn dialogs_of(
    call: &CallView,
    line: ExtensionId,
    name_of: impl Fn(ExtensionId) -> Option<String>,
) -> Vec<LineDialog> {
    if call.state == CallState::Ending {
        return Vec::new();
    }
    let own = call.legs.iter().filter(|it| it.extension == Some(line));
    own.filter_map(|leg| {
        let state = state_of(call, leg)?;
        let (direction, remote) = match leg.role {
            LegRole::Caller => (DialogDirection::Initiator, called(call, &name_of)),
            LegRole::Callee => (DialogDirection::Recipient, caller(call, &name_of)),
        };
        let is_held = leg.state == LegState::Held;
        Some(LineDialog { leg: leg.id, direction, state, is_held, remote })
    })
    .collect()
}

fn state_of(call: &CallView, leg: &LegView) -> Option<DialogState> {
    match (leg.role, leg.state) {
        (_, LegState::Talking | LegState::Held) => Some(DialogState::Confirmed),
        (_, LegState::Ringing) => Some(DialogState::Early),
        (LegRole::Caller, LegState::Dialing) => {
            let rings = call.legs.iter().any(|it| it.state == LegState::Ringing);
            Some(if rings { DialogState::Early } else { DialogState::Trying })
        }
        (LegRole::Callee, LegState::Dialing) | (_, LegState::Ended) => None,
    }
}

/// Whom the caller has reached, or wants to.
fn called(call: &CallView, name_of: &impl Fn(ExtensionId) -> Option<String>) -> RemoteParty {
    let mut callees = call.legs.iter().filter(|it| it.role == LegRole::Callee);
    let has_answered = |it: &&LegView| matches!(it.state, LegState::Talking | LegState::Held);
    let answered = callees.clone().find(has_answered);
    let meant = answered.or_else(|| callees.find(|it| it.number() == call.dialled));
    RemoteParty {
        number: meant.map_or_else(|| call.dialled.clone(), |it| it.number().to_owned()),
        name: meant.and_then(|it| name_of(it.extension?)),
    }
}

fn caller(call: &CallView, name_of: &impl Fn(ExtensionId) -> Option<String>) -> RemoteParty {
    let extension = call.legs.first().and_then(|it| it.extension);
    RemoteParty {
        number: number_of(&call.caller, extension.is_some()).to_owned(),
        name: extension.and_then(name_of).or_else(|| call.caller_name.clone()),
    }
}
