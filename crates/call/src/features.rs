//! What an extension wants to become of calls to it, who is signed in at its phones, and how that is
//! changed.

use crate::{
    dialplan::{DialOutcome, FeatureOrder, ForwardWhen},
    voicemail::EnteredPin,
};
use base::{CallId, DomainId, ExtensionId};

/// What is set for an extension by whoever sits there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Features {
    /// Nobody rings it: it is busy for all.
    pub do_not_disturb: bool,
    /// Whether it is rung while it is in a call; else it is busy then for all but itself.
    pub call_waiting: bool,
    /// Where all calls go; those to a group that it is in pass it over.
    pub forward_all: Option<String>,
    /// Where calls go while it is busy.
    pub forward_busy: Option<String>,
    /// Where calls go that it does not answer.
    pub forward_no_answer: Option<String>,
    /// Where calls go while no device of it is there.
    pub forward_offline: Option<String>,
}

/// As a phone is that nobody has set anything for.
impl Default for Features {
    fn default() -> Self {
        Self {
            do_not_disturb: false,
            call_waiting: true,
            forward_all: None,
            forward_busy: None,
            forward_no_answer: None,
            forward_offline: None,
        }
    }
}

impl Features {
    /// Where calls go in a case.
    pub fn forward(&self, when: ForwardWhen) -> Option<&str> {
        let to = match when {
            ForwardWhen::All => &self.forward_all,
            ForwardWhen::Busy => &self.forward_busy,
            ForwardWhen::NoAnswer => &self.forward_no_answer,
            ForwardWhen::Offline => &self.forward_offline,
        };
        to.as_deref()
    }

    /// Takes an order in.
    pub fn apply(&mut self, order: &FeatureOrder) {
        match order {
            FeatureOrder::Forward { when, to } => {
                let place = match when {
                    ForwardWhen::All => &mut self.forward_all,
                    ForwardWhen::Busy => &mut self.forward_busy,
                    ForwardWhen::NoAnswer => &mut self.forward_no_answer,
                    ForwardWhen::Offline => &mut self.forward_offline,
                };
                place.clone_from(to);
            }
            FeatureOrder::DoNotDisturb(is_on) => self.do_not_disturb = *is_on,
            FeatureOrder::CallWaiting(is_on) => self.call_waiting = *is_on,
        }
    }

    /// How many calls it may be in for one more to ring, of `max` that it may have at all.
    pub(crate) fn calls_max(&self, max: Option<u32>) -> Option<u32> {
        let of_feature = (!self.call_waiting).then_some(1);
        max.into_iter().chain(of_feature).min()
    }

    /// Whether it is rung as one of a group: whoever forwards its own calls does not forward the group's.
    pub(crate) fn takes_calls_of_groups(&self) -> bool {
        !self.do_not_disturb && self.forward_all.is_none()
    }

    /// Where a call goes that ended like this.
    pub(crate) fn forward_after(&self, outcome: DialOutcome) -> Option<&str> {
        match outcome {
            DialOutcome::Busy => self.forward(ForwardWhen::Busy),
            DialOutcome::NoAnswer => self.forward(ForwardWhen::NoAnswer),
            DialOutcome::Offline => self.forward(ForwardWhen::Offline),
            DialOutcome::Refused | DialOutcome::Failed => None,
        }
    }
}

/// A call wants something of its caller's extension changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FeatureRequest {
    /// The shard that hears the reply.
    pub shard: u8,
    /// The call that does.
    pub call: CallId,
    /// Which of the call's questions this is.
    pub asked: u32,
    /// The domain of the extension.
    pub domain: DomainId,
    /// The extension.
    pub extension: ExtensionId,
    /// What changes.
    pub order: LineOrder,
}

/// What a call wants changed of an extension.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LineOrder {
    /// What becomes of calls to it.
    Feature(FeatureOrder),
    /// Another extension of the domain is signed in at its phones from now on, if the PIN is that one's;
    /// with its own number, it is at its own phones again.
    SignIn {
        /// The number of whoever signs in.
        number: String,
        /// The PIN that was entered.
        pin: EnteredPin,
    },
    /// Nobody is signed in at its phones any more.
    SignOut,
}

/// What a call hears of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeatureReply {
    /// The call.
    pub call: CallId,
    /// Which of its questions is answered; a call that asks another one waits for that.
    pub asked: u32,
    /// What became of it.
    pub verdict: LineVerdict,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineVerdict {
    /// It is in the database, and in force.
    Kept,
    /// It could not get there.
    NotKept,
    /// Nobody has that number and that PIN.
    Wrong,
    /// Too many PINs were wrong: for some minutes none is taken.
    LockedOut,
    /// The PIN is right, and its extension may not sign in at phones of others.
    NotAllowed,
}
