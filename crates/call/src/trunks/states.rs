//! How the trunks stand: what all shards read, and one of them writes.

use base::DomainId;
use sip::{Destination, Status};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// How the trunks stand. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct TrunkStates(Arc<RwLock<BTreeMap<String, TrunkState>>>);

/// How one trunk stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkState {
    /// Whose calls use it.
    pub domain: DomainId,
    /// Whether it is there.
    pub health: TrunkHealth,
    /// Whether we are registered with it.
    pub registration: RegistrationState,
    /// What went wrong when it was asked whether it is there last; `None` if nothing did.
    pub health_failure: Option<TrunkFailure>,
    /// The same of our last registration.
    pub registration_failure: Option<TrunkFailure>,
}

/// Whether a trunk is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrunkHealth {
    /// Nobody asks it.
    NotAsked,
    /// It answers, or has not shown otherwise yet.
    Up,
    /// It does not answer: calls pass it over.
    Down,
}

/// Whether we are registered with a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RegistrationState {
    /// We do not want to be.
    NotWanted,
    /// We try to be.
    Lost,
    /// We are, there: calls go there.
    At(Destination),
}

/// Why something that a trunk was asked failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TrunkFailure {
    /// It did not answer in time, or could not be reached.
    #[error("no answer")]
    Silent,
    /// It said no.
    #[error("{} {}", .0.0, .0.reason())]
    Refused(Status),
}

impl TrunkFailure {
    pub(super) fn of(answer: Option<Status>) -> Self {
        answer.map_or(Self::Silent, Self::Refused)
    }
}

/// What is new about a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TrunkNews {
    /// It does not answer any more: calls pass it over.
    Down,
    /// It answers again.
    Up,
    /// We are registered with it, there.
    Registered {
        /// At its destination, or a further one.
        at: Destination,
    },
    /// We are registered with it no longer, and try to be.
    RegistrationLost,
    /// It does not know us, or not with this password. Told each time.
    RegistrationRefused {
        /// What it answers.
        status: Status,
    },
}

impl TrunkStates {
    /// Whether calls pass a trunk over.
    pub fn is_down(&self, name: &str) -> bool {
        self.read(|states| states.get(name).is_some_and(|it| it.health == TrunkHealth::Down))
    }

    /// Where we are registered with a trunk, if we are.
    pub fn registered_at(&self, name: &str) -> Option<Destination> {
        self.read(|states| match &states.get(name)?.registration {
            RegistrationState::At(destination) => Some(destination.clone()),
            RegistrationState::NotWanted | RegistrationState::Lost => None,
        })
    }

    /// All trunks that calls go through, by name.
    pub fn all(&self) -> BTreeMap<String, TrunkState> {
        self.read(BTreeMap::clone)
    }

    /// What is known of a trunk from now on.
    pub(super) fn set(&self, name: &str, state: TrunkState) {
        self.write(|states| states.insert(name.to_owned(), state));
    }

    /// Changes what is known of a trunk that there is.
    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut TrunkState)) {
        self.write(|states| states.get_mut(name).map(change));
    }

    pub(super) fn retain(&self, is_kept: impl Fn(&str) -> bool) {
        self.write(|states| states.retain(|name, _| is_kept(name)));
    }

    // A panic elsewhere cannot leave a half-made state: locks are held for single steps only.

    fn read<T>(&self, read: impl FnOnce(&BTreeMap<String, TrunkState>) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, write: impl FnOnce(&mut BTreeMap<String, TrunkState>) -> T) {
        write(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}
