//! A line, and how it stands.

use crate::events::{LineCard, LineState, LineStatus, Stamp};
use base::{CallId, DomainId, ExtensionId, UserId};
use call::{LegRole, LegView, facts::LegState};

/// A line, for lists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineView {
    /// Id.
    pub id: ExtensionId,
    /// The number, which is also the SIP user name.
    pub number: String,
    /// Shown to those it calls.
    pub name: String,
    /// Who sits there.
    pub user: Option<UserId>,
    /// Number of the line at whose phones it is signed in; `None` at its own.
    pub workplace: Option<String>,
    /// How it stands.
    pub status: LineState,
    /// Since when.
    pub since: Stamp,
}

/// A line with what its state is derived from.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) domain: DomainId,
    pub(super) view: LineView,
    pub(super) is_registered: bool,
    /// Its legs of live calls, by their index in the call.
    pub(super) legs: Vec<(CallId, usize)>,
}

impl Line {
    /// Brings the state up to date with what it is derived from; whether it is another.
    pub(super) fn derive<'a>(
        &mut self,
        legs: impl Iterator<Item = &'a LegView>,
        now: Stamp,
    ) -> bool {
        let live = legs.filter_map(|leg| Some((state_of(leg)?, leg.since)));
        let (status, since) = match live.min_by_key(|(state, since)| (urgency(*state), *since)) {
            Some((state, since)) => (state, Stamp(since)),
            None if self.view.user.is_none() => (LineState::NotAssigned, now),
            None if self.is_registered => (LineState::Idle, now),
            None => (LineState::Unregistered, now),
        };
        let is_other = status != self.view.status;
        if is_other {
            (self.view.status, self.view.since) = (status, since);
        }
        is_other
    }

    /// For the stream.
    pub(super) fn status(&self) -> LineStatus {
        let LineView { id, number, status, since, .. } = &self.view;
        LineStatus { id: id.0, number: number.clone(), status: *status, since: *since }
    }

    /// For who has not heard of it.
    pub(super) fn card(&self) -> LineCard {
        let LineView { id, number, name, user, workplace, status, since } = self.view.clone();
        let user_id = user.map(|it| it.0);
        LineCard { id: id.0, number, name, user_id, workplace, status, since }
    }
}

/// What a leg makes of its line. A device that was not heard of yet does not make it ring.
fn state_of(leg: &LegView) -> Option<LineState> {
    match (leg.role, leg.state) {
        (_, LegState::Talking | LegState::Waiting) => Some(LineState::Talking),
        (_, LegState::Held) => Some(LineState::Held),
        (_, LegState::Ringing) => Some(LineState::Ringing),
        (LegRole::Caller, LegState::Dialing) => Some(LineState::Dialing),
        (LegRole::Callee, LegState::Dialing) | (_, LegState::Ended) => None,
    }
}

/// Of several legs the one that a person attends to decides; the least first.
fn urgency(state: LineState) -> u8 {
    match state {
        LineState::Talking => 0,
        LineState::Ringing => 1,
        LineState::Dialing => 2,
        LineState::Held => 3,
        LineState::Idle | LineState::Unregistered | LineState::NotAssigned => 4,
    }
}
