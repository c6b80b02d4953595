//! Whom each extension called last, and who called it last, on all shards together.

use base::DomainId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The last numbers of every extension. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Recents(Arc<Mutex<BTreeMap<Key, Recent>>>);

/// An extension.
type Key = (DomainId, String);

#[derive(Debug, Default)]
struct Recent {
    dialled: Option<String>,
    caller: Option<String>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecentOf {
    /// The number that the extension called last.
    Dialled,
    /// The number of whoever called it last.
    Caller,
}

impl RecentOf {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dialled, Self::Caller];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dialled => "dialled",
            Self::Caller => "caller",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Recents {
    /// An extension called a number, or was called by it. What cannot be dialled is left out.
    pub fn note(&self, domain: DomainId, extension: &str, of: RecentOf, number: &str) {
        let is_number = number.bytes().all(|it| it.is_ascii_digit() || b"+*#".contains(&it));
        if number.is_empty() || !is_number {
            return;
        }
        let mut recents = self.lock();
        let recent = recents.entry((domain, extension.to_owned())).or_default();
        let place = match of {
            RecentOf::Dialled => &mut recent.dialled,
            RecentOf::Caller => &mut recent.caller,
        };
        *place = Some(number.to_owned());
    }

    /// The last number of an extension.
    pub fn last(&self, domain: DomainId, extension: &str, of: RecentOf) -> Option<String> {
        let recents = self.lock();
        let recent = recents.get(&(domain, extension.to_owned()))?;
        match of {
            RecentOf::Dialled => recent.dialled.clone(),
            RecentOf::Caller => recent.caller.clone(),
        }
    }

    /// A panic elsewhere cannot leave a half-made list: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Recent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn the_last_number_counts_and_what_nobody_can_dial_does_not() {
        let (recents, mut rng) = (Recents::default(), Rng::from_number(1));
        let mut domain = || DomainId::new(UnixMillis(0), &mut rng);
        let (ours, theirs) = (domain(), domain());
        for number in ["1002", "+79160000001", "anonymous", "", "a;b"] {
            recents.note(ours, "1001", RecentOf::Caller, number);
        }
        assert_eq!(recents.last(ours, "1001", RecentOf::Caller).as_deref(), Some("+79160000001"));
        assert_eq!(recents.last(ours, "1001", RecentOf::Dialled), None);
        assert_eq!(recents.last(ours, "1002", RecentOf::Caller), None);
        assert_eq!(recents.last(theirs, "1001", RecentOf::Caller), None);
    }
}
