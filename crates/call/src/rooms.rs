//! Conference rooms: who is in which, and which are locked. The one list that all shards share.
//!
//! What a room sounds like is the business of the media worker on which all its parties live; who
//! may come in is decided here, and from here it is told who is there.

mod doors;

pub use doors::PinAlarm;
pub(crate) use doors::{Verdict, Visitor};

use base::{CallId, DomainId, RoomId, UnixMillis};
use doors::Doors;
use media::{PartyMode, sound::Sound};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// All rooms. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Rooms(Arc<Mutex<Registry>>);

#[derive(Debug, Default)]
struct Registry {
    named: u64,
    rooms: BTreeMap<Key, Room>,
    /// They outlive the calls that come to them.
    doors: Doors,
}

/// A room's name within its domain.
type Key = (DomainId, String);

#[derive(Debug)]
struct Room {
    id: RoomId,
    worker: u8,
    is_locked: bool,
    is_recorded: bool,
    /// Those who are asked for the PIN.
    waiting: usize,
    parties: Vec<PartyView>,
}

/// A room as people see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoomView {
    /// Name within the domain: what the plan calls it, usually the number.
    pub name: String,
    /// Whether nobody else may come in.
    pub is_locked: bool,
    /// Whether it is recorded as a whole.
    pub is_recorded: bool,
    /// Who is in it, the first who came first.
    pub parties: Vec<PartyView>,
}

/// A party of a room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartyView {
    /// Its call.
    pub call: CallId,
    /// Who it is: an extension, or a trunk and number.
    pub party: String,
    /// What it said that its name is, where names are announced.
    pub name: Option<Sound>,
    /// Whether it came in with the PIN of moderators.
    pub is_moderator: bool,
    /// Whether it is muted or deaf.
    pub mode: PartyMode,
    /// How loud it talks, in decibels below full scale; `None` while it is silent.
    pub level: Option<u8>,
    /// When it came in.
    pub since: UnixMillis,
}

/// Why a room lets nobody in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Closed {
    /// A moderator locked it.
    Locked,
    /// As many are in it as may be.
    Full,
}

/// A call's place in a room or before its door; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Place {
    rooms: Rooms,
    key: Key,
    id: RoomId,
    worker: u8,
    /// Whether a moderator wants it in, be the room locked or not.
    is_invited: bool,
    /// Once it is in.
    call: Option<CallId>,
}

impl Rooms {
    /// All rooms of a domain in which somebody is, by name.
    pub fn of(&self, domain: DomainId) -> Vec<RoomView> {
        let registry = self.lock();
        let first = (domain, String::new());
        let rooms = registry.rooms.range(first..).take_while(|((of, _), _)| *of == domain);
        rooms
            .filter(|(_, room)| !room.parties.is_empty())
            .map(|((_, name), room)| RoomView {
                name: name.clone(),
                is_locked: room.is_locked,
                is_recorded: room.is_recorded,
                parties: room.parties.clone(),
            })
            .collect()
    }

    /// Locks or opens a room; false if nobody is there.
    pub fn set_locked(&self, domain: DomainId, name: &str, is_locked: bool) -> bool {
        let mut registry = self.lock();
        let room = registry.rooms.get_mut(&(domain, name.to_owned()));
        room.map(|room| room.is_locked = is_locked).is_some()
    }

    /// Whether nobody is in any room or before one.
    pub fn is_empty(&self) -> bool {
        self.lock().rooms.is_empty()
    }

    /// Comes to the door of a room. Its worker is `worker` unless somebody is there already.
    pub(crate) fn come(&self, domain: DomainId, name: String, worker: u8) -> Place {
        let mut registry = self.lock();
        let Registry { named, rooms, doors: _ } = &mut *registry;
        let key = (domain, name);
        let room = rooms.entry(key.clone()).or_insert_with(|| {
            *named += 1;
            let id = RoomId(*named);
            Room {
                id,
                worker,
                is_locked: false,
                is_recorded: false,
                waiting: 0,
                parties: Vec::new(),
            }
        });
        room.waiting += 1;
        let (id, worker) = (room.id, room.worker);
        Place { rooms: self.clone(), key, id, worker, is_invited: false, call: None }
    }

    /// A panic elsewhere cannot leave a half-made list: the lock is held for single steps only.
    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn admit(&self, may_pass: bool, parties_max: usize) -> Result<(), Closed> {
        if self.is_locked && !may_pass {
            Err(Closed::Locked)
        } else if self.parties.len() >= parties_max {
            Err(Closed::Full)
        } else {
            Ok(())
        }
    }
}

impl Place {
    /// The room as its worker knows it.
    pub(crate) fn room(&self) -> RoomId {
        self.id
    }

    /// The worker on which all media of the room lives.
    pub(crate) fn worker(&self) -> u8 {
        self.worker
    }

    /// The same for somebody whom a moderator wants in.
    pub(crate) fn invited(mut self) -> Self {
        self.is_invited = true;
        self
    }

    /// Whether somebody has entered so many wrong PINs here that it may try none now.
    pub(crate) fn is_locked_out(&self, now: Instant, visitor: &Visitor) -> bool {
        self.rooms.lock().doors.is_locked_out(now, &self.key, visitor)
    }

    /// Judges a PIN that somebody entered, which counts if it is wrong, whatever becomes of the call.
    pub(crate) fn judge_pin(&self, now: Instant, visitor: &Visitor, is_right: bool) -> Verdict {
        self.rooms.lock().doors.judge(now, &self.key, visitor, is_right)
    }

    /// Whether it could come in now: the room is not full, nor locked to those who are no moderators.
    pub(crate) fn admit(&self, is_moderator: bool, parties_max: usize) -> Result<(), Closed> {
        let may_pass = is_moderator || self.is_invited;
        let admitted = self.with_room(|room| room.admit(may_pass, parties_max));
        admitted.unwrap_or(Err(Closed::Locked))
    }

    /// Comes in, if it may.
    pub(crate) fn enter(&mut self, party: PartyView, parties_max: usize) -> Result<(), Closed> {
        let (call, may_pass) = (party.call, party.is_moderator || self.is_invited);
        let entered = self.with_room(|room| {
            room.admit(may_pass, parties_max)?;
            room.waiting -= 1;
            room.parties.push(party);
            Ok(())
        });
        entered.unwrap_or(Err(Closed::Locked))?;
        self.call = Some(call);
        Ok(())
    }

    /// Changes what people see of this party.
    pub(crate) fn update(&self, change: impl FnOnce(&mut PartyView)) {
        self.with_room(|room| {
            room.parties.iter_mut().find(|it| Some(it.call) == self.call).map(change)
        });
    }

    /// Whether a call is in the room.
    pub(crate) fn has(&self, call: CallId) -> bool {
        self.with_room(|room| room.parties.iter().any(|it| it.call == call)).unwrap_or(false)
    }

    /// How many are in the room.
    pub(crate) fn parties(&self) -> usize {
        self.with_room(|room| room.parties.len()).unwrap_or(0)
    }

    /// What this party said that its name is.
    pub(crate) fn name(&self) -> Option<Sound> {
        let own = |room: &mut Room| {
            let party = room.parties.iter().find(|it| Some(it.call) == self.call);
            party.and_then(|it| it.name.clone())
        };
        self.with_room(own).flatten()
    }

    /// Who is in the room, the first who came first: of so many at most.
    pub(crate) fn roll(&self, most: usize) -> Vec<PartyView> {
        let roll = self.with_room(|room| room.parties.iter().take(most).cloned().collect());
        roll.unwrap_or_default()
    }

    /// Locks the room if it is open, and opens it otherwise; gives whether it is locked now.
    pub(crate) fn toggle_lock(&self) -> bool {
        let toggled = self.with_room(|room| {
            room.is_locked = !room.is_locked;
            room.is_locked
        });
        toggled.unwrap_or(false)
    }

    /// Whether the room is to be recorded as a whole.
    pub(crate) fn is_recorded(&self) -> bool {
        self.with_room(|room| room.is_recorded).unwrap_or(false)
    }

    /// Has the room recorded, or no longer.
    pub(crate) fn set_recorded(&self, is_recorded: bool) {
        self.with_room(|room| room.is_recorded = is_recorded);
    }

    fn with_room<T>(&self, work: impl FnOnce(&mut Room) -> T) -> Option<T> {
        self.rooms.lock().rooms.get_mut(&self.key).map(work)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut registry = self.rooms.lock();
        let Some(room) = registry.rooms.get_mut(&self.key) else { return };
        match self.call {
            Some(call) => room.parties.retain(|it| it.call != call),
            None => room.waiting -= 1,
        }
        if room.waiting == 0 && room.parties.is_empty() {
            registry.rooms.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn a_room_is_there_from_the_first_who_comes_to_the_last_who_leaves() {
        let (rooms, domain) = (Rooms::default(), domain(1));
        let mut first = rooms.come(domain, "3000".to_owned(), 2);
        assert!(rooms.of(domain).is_empty(), "nobody is in it yet");
        let mut second = rooms.come(domain, "3000".to_owned(), 7);
        assert_eq!((second.room(), second.worker()), (first.room(), 2), "the first one's worker");

        assert_eq!(first.enter(party(1, false), 2), Ok(()));
        assert_eq!(second.enter(party(2, false), 2), Ok(()));
        second.update(|party| party.level = Some(20));
        let names = |rooms: &Rooms| -> Vec<_> {
            let parties = rooms.of(domain).into_iter().flat_map(|it| it.parties);
            parties.map(|it| (it.party, it.level)).collect()
        };
        assert_eq!(names(&rooms), [("1".to_owned(), None), ("2".to_owned(), Some(20))]);

        let old = first.room();
        drop(first);
        assert_eq!(names(&rooms).len(), 1);
        drop(second);
        assert!(rooms.is_empty());
        assert_ne!(rooms.come(domain, "3000".to_owned(), 7).room(), old, "never the same again");
    }

    #[test]
    fn a_locked_room_takes_moderators_only_and_a_full_one_nobody() {
        let (rooms, domain) = (Rooms::default(), domain(1));
        let mut moderator = rooms.come(domain, "3000".to_owned(), 0);
        moderator.enter(party(1, true), 3).unwrap();
        assert!(moderator.toggle_lock());
        assert!(rooms.of(domain)[0].is_locked);

        let mut other = rooms.come(domain, "3000".to_owned(), 0);
        assert_eq!(other.enter(party(2, false), 3), Err(Closed::Locked));
        assert_eq!(other.enter(party(2, true), 3), Ok(()));
        assert!(!moderator.toggle_lock());
        let mut third = rooms.come(domain, "3000".to_owned(), 0);
        assert_eq!(third.enter(party(3, false), 2), Err(Closed::Full));
        assert!(rooms.set_locked(domain, "3000", true));
        assert!(!rooms.set_locked(domain, "3001", true));
    }

    #[test]
    fn rooms_of_the_same_name_in_two_domains_are_two() {
        let rooms = Rooms::default();
        let mut here = rooms.come(domain(1), "3000".to_owned(), 0);
        let there = rooms.come(domain(2), "3000".to_owned(), 0);
        here.enter(party(1, false), 9).unwrap();
        assert_ne!(here.room(), there.room());
        assert_eq!(rooms.of(domain(1)).len(), 1);
        assert!(rooms.of(domain(2)).is_empty());
    }

    fn party(n: u64, is_moderator: bool) -> PartyView {
        PartyView {
            call: CallId::new(UnixMillis(0), &mut Rng::from_number(n)),
            party: n.to_string(),
            name: None,
            is_moderator,
            mode: PartyMode::default(),
            level: None,
            since: UnixMillis(0),
        }
    }

    fn domain(n: u64) -> DomainId {
        DomainId::new(UnixMillis(0), &mut Rng::from_number(n))
    }
}
