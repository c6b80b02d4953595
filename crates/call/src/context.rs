//! What a call works with while it handles one event, and the index that finds its legs.

use crate::{
    call::{Invitee, Wanted},
    output::Output,
    ports::Ports,
    settings::{Settings, World},
};
use base::{CallId, DomainId, MediaId, Now, Rng};
use sip::{ClientId, DialogId, Endpoint, ServerId};
use std::collections::{HashMap, VecDeque};

/// The shard's parts, lent to a call for one event.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) ports: &'a mut Ports,
    pub(crate) handles: &'a mut Handles,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) settings: &'a Settings,
    pub(crate) world: &'a World,
    pub(crate) rng: &'a mut Rng,
    /// What is left to be done that concerns another call, too.
    pub(crate) errands: &'a mut Vec<Errand>,
}

/// Something that concerns two calls, which is done when the one that wants it is done with its event.
#[derive(Debug)]
pub(crate) enum Errand {
    /// The guest of a call takes the place of a leg of another call.
    Join {
        /// The guest's.
        call: CallId,
        /// The leg.
        other: LegRef,
    },
    /// Somebody is rung to be asked into a conference.
    Invite {
        /// The domain of the conference.
        domain: DomainId,
        /// Who is.
        invitee: Box<Invitee>,
    },
    /// The guest of a call comes into another one.
    ComeIn {
        /// The guest's.
        newcomer: CallId,
        /// Into which.
        wanted: Wanted,
    },
    /// A call in which somebody is rung for another one ends if that is no more to be had.
    LookFor {
        /// The one in which somebody is rung.
        seeker: CallId,
        /// The other one.
        wanted: Wanted,
    },
}

/// What the endpoint or a worker calls a part of a leg.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Handle {
    Server(ServerId),
    Client(ClientId),
    Dialog(DialogId),
    Media(MediaId),
}

/// A leg of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LegRef {
    pub(crate) call: CallId,
    pub(crate) leg: usize,
}

/// Which leg a handle belongs to.
#[derive(Debug, Default)]
pub(crate) struct Handles(HashMap<Handle, LegRef>);

impl Handles {
    pub(crate) fn insert(&mut self, handle: Handle, leg: LegRef) {
        self.0.insert(handle, leg);
    }

    pub(crate) fn remove(&mut self, handle: Handle) {
        self.0.remove(&handle);
    }

    pub(crate) fn find(&self, handle: Handle) -> Option<LegRef> {
        self.0.get(&handle).copied()
    }

    /// Takes every name of a call out.
    pub(crate) fn remove_call(&mut self, call: CallId) {
        self.0.retain(|_, leg| leg.call != call);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Names that lead to calls of this kind.
    pub(crate) fn count_of(&self, is_meant: impl Fn(CallId) -> bool) -> usize {
        self.0.values().filter(|leg| is_meant(leg.call)).count()
    }
}
