//! A walk without a call: what a plan would do, given how its dials end and what is pressed.

use super::{Action, DialOutcome, Outcome, Plans, RouteQuery, Walk};
use crate::features::LineVerdict;
use std::{collections::VecDeque, sync::Arc};

/// What a rehearsed call meets on its way.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    /// What the caller presses, in order, for whatever asks; `None` where nobody knows, and the
    /// rehearsal stops at the first question. After the last key it presses nothing.
    pub keys: Option<VecDeque<char>>,
    /// How dials end that nobody answers, in order. The one after the last is answered, and the
    /// rehearsal is over.
    pub outcomes: VecDeque<DialOutcome>,
    /// What web servers answer: variables and their values. A question has no answer unless all that
    /// it wants is here.
    pub answers: Vec<(String, String)>,
}

impl Rehearsal {
    /// The actions of a call up to its end, or up to where it depends on what is not known.
    pub fn of(mut self, plans: &Arc<Plans>, call: &RouteQuery<'_>) -> Vec<Action> {
        let (mut walk, now) = (Walk::begin(plans, call), call.now);
        let mut actions = Vec::new();
        let mut next = walk.next(now);
        while let Some(action) = next {
            let outcome = self.outcome(&action);
            actions.push(action);
            let Some(outcome) = outcome.filter(|_| actions.len() < ACTIONS_MAX) else { break };
            next = walk.took(&outcome, now).or_else(|| walk.next(now));
        }
        if actions.is_empty() {
            actions.push(Action::HangUp);
        }
        actions
    }

    /// What becomes of an action; `None` if it is the last.
    fn outcome(&mut self, action: &Action) -> Option<Outcome> {
        match action {
            Action::Answer | Action::Say(_) | Action::Record(_) => Some(Outcome::Done),
            Action::Gather(gather) => {
                let keys = self.keys.as_mut()?;
                let mut pressed = String::new();
                while let Some(key) = keys.pop_front() {
                    let is_end = gather.ends_with_hash && key == '#';
                    if !is_end {
                        pressed.push(key);
                    }
                    if is_end || pressed.len() >= gather.digits_max {
                        break;
                    }
                }
                Some(Outcome::Keys(pressed))
            }
            Action::Dial(_) | Action::Page(_) | Action::Fetch { .. } | Action::PickUp { .. } => {
                self.outcomes.pop_front().map(DialOutcome::told_alone)
            }
            Action::Choose(trunks) => Some(Outcome::Chosen(trunks.clone())),
            Action::SetFeature(_) | Action::SignIn { .. } | Action::SignOut => {
                Some(Outcome::Feature(LineVerdict::Kept))
            }
            // A rehearsal has no yesterday.
            Action::Recent(_) => Some(Outcome::Recent(None)),
            Action::Web(order) => {
                let names = order.into.names();
                let known = self.answers.iter().filter(|(name, _)| names.contains(&name.as_str()));
                let values: Vec<_> = known.cloned().collect();
                Some(Outcome::Web((values.len() == names.len()).then_some(values)))
            }
            Action::Park(_)
            | Action::Builtin(_)
            | Action::Conference(_)
            | Action::Supervise { .. }
            | Action::LeaveMessage { .. }
            | Action::HearMessages { .. }
            | Action::Queue { .. }
            | Action::OrderCallback { .. }
            | Action::Refuse { .. }
            | Action::HangUp => None,
        }
    }
}

/// A rehearsal of more is no example of anything.
const ACTIONS_MAX: usize = 500;
