//! Wrong PINs at the doors of rooms, in whatever calls they were entered: whoever enters too many is let
//! in nowhere for a while.
//!
//! Lines are known, and each counts for itself. A caller from a trunk may have another number next time,
//! or none, so that all of them together count, too: past that bound no caller from outside tries a PIN
//! at this door, and lines still do. A right PIN forgets nothing: who knows the one of guests could try
//! those of moderators without end otherwise.

use super::Key;
use base::DomainId;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Who tries PINs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Visitor {
    /// An extension, or a trunk and number.
    pub(crate) party: String,
    /// Whether it is an extension, whose number is certain.
    pub(crate) is_line: bool,
}

/// What becomes of one who entered a PIN.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It may come in.
    Right,
    /// It may try again.
    Wrong,
    /// It may not for a while, from now on.
    LocksOut(PinAlarm),
    /// It might not even try.
    LockedOut,
}

/// So many wrong PINs were entered at the door of a conference that an administrator should look at it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PinAlarm {
    /// The domain.
    pub domain: DomainId,
    /// Name of the conference.
    pub room: String,
    /// Who entered the last of them: an extension, or a trunk and number.
    pub party: String,
    /// Whether all callers from outside are locked out, and not only this one.
    pub is_of_all_outside: bool,
}

/// The doors at which wrong PINs were entered lately.
#[derive(Debug, Default)]
pub(super) struct Doors(BTreeMap<(Key, Whose), Wrong>);

/// What is counted together.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Whose {
    Party(String),
    AllOutside,
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    count: u32,
    last: Instant,
}

impl Doors {
    /// Whether somebody may try no PIN at a door now.
    pub(super) fn is_locked_out(&self, now: Instant, door: &Key, visitor: &Visitor) -> bool {
        let wrong_of = |whose| {
            let wrong = self.0.get(&(door.clone(), whose));
            wrong.filter(|it| it.counts_at(now)).map_or(0, |it| it.count)
        };
        wrong_of(Whose::Party(visitor.party.clone())) >= WRONG_PINS_MAX
            || !visitor.is_line && wrong_of(Whose::AllOutside) >= WRONG_PINS_OUTSIDE_MAX
    }

    /// Judges a PIN that somebody entered, and counts it if it is wrong.
    pub(super) fn judge(
        &mut self,
        now: Instant,
        door: &Key,
        visitor: &Visitor,
        is_right: bool,
    ) -> Verdict {
        if self.is_locked_out(now, door, visitor) {
            return Verdict::LockedOut;
        }
        if is_right {
            return Verdict::Right;
        }
        self.0.retain(|_, it| it.counts_at(now));
        let own = self.count(now, door, Whose::Party(visitor.party.clone()));
        let outside = if visitor.is_line { 0 } else { self.count(now, door, Whose::AllOutside) };
        let is_of_all_outside = outside >= WRONG_PINS_OUTSIDE_MAX;
        if !is_of_all_outside && own < WRONG_PINS_MAX {
            return Verdict::Wrong;
        }
        let ((domain, room), party) = (door.clone(), visitor.party.clone());
        Verdict::LocksOut(PinAlarm { domain, room, party, is_of_all_outside })
    }

    /// One more wrong PIN; gives how many there are.
    fn count(&mut self, now: Instant, door: &Key, whose: Whose) -> u32 {
        let wrong = self.0.entry((door.clone(), whose)).or_insert(Wrong { count: 0, last: now });
        *wrong = Wrong { count: wrong.count + 1, last: now };
        wrong.count
    }
}

impl Wrong {
    /// Whether it is not forgotten yet.
    fn counts_at(&self, now: Instant) -> bool {
        now < self.last + LOCKED_FOR
    }
}

/// Wrong PINs of one caller, in whatever calls, after which it tries none for a while.
const WRONG_PINS_MAX: u32 = 3;
/// The same of all callers from outside together: few enough that four digits outlive days of trying.
const WRONG_PINS_OUTSIDE_MAX: u32 = 10;
/// How long nobody of them does, from the last wrong one.
const LOCKED_FOR: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn three_wrong_pins_lock_a_caller_out_of_one_room_until_five_minutes_after_the_last() {
        let (mut doors, start) = (Doors::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let [here, there] = ["3100", "3101"].map(door);
        let line = visitor("1001", true);
        assert_eq!(doors.judge(at(0), &here, &line, false), Verdict::Wrong);
        assert_eq!(doors.judge(at(0), &here, &line, true), Verdict::Right, "it forgets nothing");
        assert_eq!(doors.judge(at(200), &here, &line, false), Verdict::Wrong);
        let alarm = PinAlarm {
            domain: here.0,
            room: "3100".to_owned(),
            party: "1001".to_owned(),
            is_of_all_outside: false,
        };
        assert_eq!(doors.judge(at(400), &here, &line, false), Verdict::LocksOut(alarm));
        assert_eq!(doors.judge(at(500), &here, &line, true), Verdict::LockedOut);
        assert!(doors.is_locked_out(at(699), &here, &line), "trying does not make it longer");
        assert!(!doors.is_locked_out(at(700), &here, &line));
        assert_eq!(doors.judge(at(500), &there, &line, true), Verdict::Right);
        assert_eq!(doors.judge(at(500), &here, &visitor("1002", true), true), Verdict::Right);
    }

    #[test]
    fn callers_who_change_their_number_are_locked_out_together_and_lines_are_not() {
        let (mut doors, now, here) = (Doors::default(), Instant::now(), door("3100"));
        for n in 1..WRONG_PINS_OUTSIDE_MAX {
            let guest = visitor(&format!("provider/{n}"), false);
            assert_eq!(doors.judge(now, &here, &guest, false), Verdict::Wrong);
        }
        let last = visitor("provider/anonymous", false);
        let verdict = doors.judge(now, &here, &last, false);
        assert!(matches!(&verdict, Verdict::LocksOut(it) if it.is_of_all_outside), "{verdict:?}");

        let other = visitor("backup/4951234567", false);
        assert_eq!(doors.judge(now, &here, &other, true), Verdict::LockedOut);
        assert_eq!(doors.judge(now, &here, &visitor("1001", true), true), Verdict::Right);
        let later = now + LOCKED_FOR;
        assert_eq!(doors.judge(later, &here, &other, true), Verdict::Right);
        assert_eq!(doors.judge(later, &here, &other, false), Verdict::Wrong);
        assert_eq!(doors.0.len(), 2, "what is over is forgotten");
    }

    fn visitor(party: &str, is_line: bool) -> Visitor {
        Visitor { party: party.to_owned(), is_line }
    }

    fn door(room: &str) -> Key {
        (DomainId::new(UnixMillis(0), &mut Rng::from_number(1)), room.to_owned())
    }
}
