//! A live call as the board holds it.

use super::line::Line;
use crate::events::{ActiveCall, CallLeg, Party, Stamp};
use base::{ExtensionId, UserId};
use call::{
    CallView, LegView,
    cdr::number_of,
    facts::{CallState, LegState},
};
use std::{collections::HashMap, sync::Arc};

/// A call and whom it concerns.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) shard: u8,
    pub(super) view: CallView,
    /// As it was published last; `None` once it has ended for people.
    pub(super) shown: Option<Arc<ActiveCall>>,
    /// On whose lines it is now.
    pub(super) users: Vec<UserId>,
    /// On whose lines it ever was.
    pub(super) ever: Vec<UserId>,
    /// Rows that are in the call log already.
    pub(super) rows: usize,
    /// The parking slot that it was shown in last.
    pub(super) slot: Option<u32>,
}

impl Live {
    pub(super) fn new(shard: u8, view: CallView) -> Self {
        let (users, ever) = (Vec::new(), Vec::new());
        Self { shard, view, shown: None, users, ever, rows: 0, slot: None }
    }

    /// Whether people see it.
    pub(super) fn is_live(&self) -> bool {
        self.view.state != CallState::Ending
    }

    /// On whose lines it is; with `is_ever` also those whose legs have ended.
    pub(super) fn owners(&self, lines: &HashMap<ExtensionId, Line>, is_ever: bool) -> Vec<UserId> {
        let is_meant = |leg: &&LegView| is_ever || leg.state != LegState::Ended;
        let mut users: Vec<_> = self
            .view
            .legs
            .iter()
            .filter(is_meant)
            .filter_map(|leg| lines.get(&leg.extension?)?.view.user)
            .collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// As panels read it.
    pub(super) fn show(&self, lines: &HashMap<ExtensionId, Line>) -> ActiveCall {
        let CallView { id, direction, state, dialled, started, answered, recording, .. } =
            &self.view;
        ActiveCall {
            id: id.0,
            direction: (*direction).into(),
            state: (*state).into(),
            caller: self.caller(lines),
            dialled: dialled.clone(),
            started_at: Stamp(*started),
            answered_at: answered.map(Stamp),
            legs: self.view.legs.iter().map(|leg| self.leg(lines, leg)).collect(),
            recording: (*recording).into(),
            is_recording_forced: self.view.is_recording_forced,
            actions: self.actions(),
        }
    }

    /// What can be done with it by who may: as `POST /calls/{id}/…` names it.
    fn actions(&self) -> Vec<&'static str> {
        let mut actions = match self.view.state {
            CallState::Talking | CallState::Playing | CallState::Conference => {
                vec!["hangup", "record"]
            }
            CallState::Ringing
            | CallState::Held
            | CallState::Parked { .. }
            | CallState::Paging
            | CallState::Supervising
            | CallState::Voicemail
            | CallState::Ending => vec!["hangup"],
        };
        actions.extend(self.orders());
        actions
    }

    /// What those who talk in it can order in it.
    fn orders(&self) -> &'static [&'static str] {
        let are = |state: LegState| self.view.legs.iter().filter(move |it| it.state == state);
        let waits = are(LegState::Waiting).count() > 0;
        match self.view.state {
            CallState::Talking | CallState::Held if waits => {
                &["hold", "resume", "swap", "complete", "cancel", "three-way", "supervise"]
            }
            CallState::Talking | CallState::Held => {
                &["hold", "resume", "transfer", "consult", "park", "supervise"]
            }
            CallState::Ending => &[],
            // Whoever asks has come to something else than a person, or to nobody yet.
            _ if waits => &["complete", "cancel"],
            CallState::Ringing if self.rings_at_lines() => &["pickup"],
            // In a room of the plan everybody has a call of its own.
            CallState::Conference if are(LegState::Talking).count() > 1 => &["complete", "cancel"],
            CallState::Ringing
            | CallState::Playing
            | CallState::Voicemail
            | CallState::Conference
            | CallState::Paging
            | CallState::Parked { .. }
            | CallState::Supervising => &[],
        }
    }

    /// Whether somebody calls lines of the domain, who have not answered.
    fn rings_at_lines(&self) -> bool {
        let is_rung = |it: &LegView| {
            let waits = matches!(it.state, LegState::Dialing | LegState::Ringing);
            it.role == call::LegRole::Callee && it.extension.is_some() && waits
        };
        let calls = self.view.legs.first().is_some_and(|it| it.role == call::LegRole::Caller);
        calls && self.view.legs.iter().any(is_rung)
    }

    fn caller(&self, lines: &HashMap<ExtensionId, Line>) -> Party {
        let extension = self.view.legs.first().and_then(|it| it.extension);
        Party {
            number: number_of(&self.view.caller).to_owned(),
            name: extension
                .and_then(|it| name_of(lines, it))
                .or_else(|| self.view.caller_name.clone()),
        }
    }

    fn leg(&self, lines: &HashMap<ExtensionId, Line>, leg: &LegView) -> CallLeg {
        let name = match leg.extension {
            Some(extension) => name_of(lines, extension),
            None if leg.role == call::LegRole::Caller => self.view.caller_name.clone(),
            None => None,
        };
        CallLeg {
            id: leg.id.0,
            role: leg.role.into(),
            number: leg.number().to_owned(),
            name,
            line_id: leg.extension.map(|it| it.0),
            state: leg.state.into(),
            since: Stamp(leg.since),
        }
    }
}

fn name_of(lines: &HashMap<ExtensionId, Line>, extension: ExtensionId) -> Option<String> {
    let name = &lines.get(&extension)?.view.name;
    (!name.is_empty()).then(|| name.clone())
}
