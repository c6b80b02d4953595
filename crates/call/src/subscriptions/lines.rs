//! The dialogs of a line, as its live calls show them.

use crate::{
    cdr::{LegRole, number_of},
    facts::{CallState, CallView, LegState, LegView},
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
        let direction = match leg.role {
            LegRole::Caller => DialogDirection::Initiator,
            LegRole::Callee => DialogDirection::Recipient,
        };
        let remote = remote_of(call, leg, &name_of);
        let is_held = leg.state == LegState::Held;
        Some(LineDialog { leg: leg.id, direction, state, is_held, remote })
    })
    .collect()
}

/// The dialog that a call is for a parking slot: of whoever waits there.
pub fn dialog_in_slot(
    call: &CallView,
    slot: u32,
    name_of: impl Fn(ExtensionId) -> Option<String>,
) -> Option<LineDialog> {
    let CallState::Parked { slot: own, leg } = call.state else { return None };
    let leg = call.legs.get(usize::from(leg)).filter(|_| own == slot)?;
    Some(LineDialog {
        leg: leg.id,
        direction: DialogDirection::Recipient,
        state: DialogState::Confirmed,
        is_held: false,
        remote: party(call, leg, &name_of),
    })
}

fn state_of(call: &CallView, leg: &LegView) -> Option<DialogState> {
    match (leg.role, leg.state) {
        (_, LegState::Talking | LegState::Held | LegState::Waiting) => Some(DialogState::Confirmed),
        (_, LegState::Ringing) => Some(DialogState::Early),
        (LegRole::Caller, LegState::Dialing) => {
            let rings = call.legs.iter().any(|it| it.state == LegState::Ringing);
            Some(if rings { DialogState::Early } else { DialogState::Trying })
        }
        (LegRole::Callee, LegState::Dialing) | (_, LegState::Ended) => None,
    }
}

/// Who is at the other end: whoever is connected with the leg, and before that whom the caller wants
/// to reach, or the caller.
fn remote_of(
    call: &CallView,
    leg: &LegView,
    name_of: &impl Fn(ExtensionId) -> Option<String>,
) -> RemoteParty {
    let mut connected = call.legs.iter().filter(|it| is_connected(it) && it.id != leg.id);
    match (connected.next().filter(|_| is_connected(leg)), connected.next(), leg.role) {
        (Some(other), None, _) => party(call, other, name_of),
        (_, _, LegRole::Caller) => {
            let meant = call
                .legs
                .iter()
                .find(|it| it.role == LegRole::Callee && it.number() == call.dialled);
            RemoteParty {
                number: call.dialled.clone(),
                name: meant.and_then(|it| name_of(it.extension?)),
            }
        }
        (_, _, LegRole::Callee) => {
            let extension = call.legs.first().and_then(|it| it.extension);
            RemoteParty {
                number: number_of(&call.caller).to_owned(),
                name: extension.and_then(name_of).or_else(|| call.caller_name.clone()),
            }
        }
    }
}

fn is_connected(leg: &LegView) -> bool {
    matches!(leg.state, LegState::Talking | LegState::Held)
}

fn party(
    call: &CallView,
    leg: &LegView,
    name_of: &impl Fn(ExtensionId) -> Option<String>,
) -> RemoteParty {
    let told = call.caller_name.clone().filter(|_| leg.role == LegRole::Caller);
    RemoteParty { number: leg.number().to_owned(), name: leg.extension.and_then(name_of).or(told) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{CallDirection, CallRecording};
    use base::{CallId, DomainId, Rng, UnixMillis};

    #[test]
    fn the_other_end_is_whoever_is_connected_and_before_that_who_calls_or_is_called() {
        let call = call([LegState::Dialing, LegState::Ringing, LegState::Ringing]);
        assert_eq!(seen(&call, 0), [(DialogState::Early, "2000", None)]);
        assert_eq!(seen(&call, 2), [(DialogState::Early, "74950000000", Some("Trunk's"))]);

        let answered = self::call([LegState::Talking, LegState::Ended, LegState::Talking]);
        assert_eq!(seen(&answered, 0), [(DialogState::Confirmed, "1002", Some("two"))]);
        assert_eq!(seen(&answered, 1), []);

        let handed_on = self::call([LegState::Ended, LegState::Talking, LegState::Held]);
        assert_eq!(seen(&handed_on, 2), [(DialogState::Confirmed, "1001", Some("one"))]);
    }

    /// A trunk calls 2000, and 1001 and 1002 ring.
    fn call(states: [LegState; 3]) -> CallView {
        let mut rng = Rng::from_number(1);
        let parties = [("provider/74950000000", 0), ("1001", 1), ("1002", 2)];
        let legs = parties.iter().zip(states).map(|((party, n), state)| LegView {
            id: LegId::new(UnixMillis(*n), &mut rng),
            role: if *n == 0 { LegRole::Caller } else { LegRole::Callee },
            party: (*party).to_owned(),
            extension: (*n > 0).then(|| line(*n)),
            state,
            since: UnixMillis(0),
        });
        let legs = legs.collect();
        CallView {
            id: CallId::new(UnixMillis(0), &mut rng),
            domain: DomainId::new(UnixMillis(0), &mut rng),
            direction: CallDirection::In,
            state: CallState::Talking,
            caller: "provider/74950000000".to_owned(),
            caller_name: Some("Trunk's".to_owned()),
            dialled: "2000".to_owned(),
            started: UnixMillis(0),
            answered: None,
            recording: CallRecording::Off,
            is_recording_forced: false,
            legs,
        }
    }

    /// The dialogs of a leg, as if it were the line's; those of the trunk as if it were one.
    fn seen(call: &CallView, leg: usize) -> Vec<(DialogState, &'static str, Option<&'static str>)> {
        let mut call = call.clone();
        let own = line(9);
        call.legs[leg].extension = Some(own);
        let name_of = |it| Some(if it == line(1) { "one" } else { "two" }.to_owned());
        let dialogs = dialogs_of(&call, own, name_of);
        let words = ["2000", "74950000000", "1001", "1002", "Trunk's", "one", "two"];
        let known = |text: &str| words.into_iter().find(|it| *it == text);
        let of = |it: &LineDialog| {
            let number = known(&it.remote.number).expect("a known number");
            (it.state, number, it.remote.name.as_deref().and_then(known))
        };
        dialogs.iter().map(of).collect()
    }

    fn line(n: i64) -> ExtensionId {
        ExtensionId::new(UnixMillis(n), &mut Rng::from_number(2))
    }
}
