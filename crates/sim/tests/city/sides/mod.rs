//! Every feature with an extension and with a carrier on each side of it: somebody at an extension does
//! something, and the other party and a third are inside or outside.

mod arriving;
mod hanging_up;
mod talking;

use crate::support::*;
use sim::{City, LineState, Plot};

/// Whoever does something: 1001.
pub(super) const ACTOR: usize = 0;
/// Whom it talks to, or who calls it.
pub(super) const PEER: usize = 1;
/// Somebody else.
pub(super) const THIRD: usize = 2;

/// Where a party is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// It is an extension.
    Inside,
    /// It is behind a trunk: the peer behind `provider`, the third behind `backup`.
    Outside,
}

/// Where the others of a feature are, and who called whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    /// Whether the actor called its peer; else it was called.
    pub(super) calls: bool,
    pub(super) peer: Place,
    pub(super) third: Place,
}

impl Sides {
    /// All that there are.
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for calls in [true, false] {
            for peer in [Place::Inside, Place::Outside] {
                for third in [Place::Inside, Place::Outside] {
                    all.push(Self { calls, peer, third });
                }
            }
        }
        all
    }

    /// Those with somebody outside.
    pub(super) fn with_carrier() -> Vec<Self> {
        let has_carrier = |it: &Self| [it.peer, it.third].contains(&Place::Outside);
        Self::all().into_iter().filter(has_carrier).collect()
    }

    /// Those of a feature of two; the third, if there is one, is an extension.
    pub(super) fn of_two() -> Vec<Self> {
        Self::all().into_iter().filter(|it| it.third == Place::Inside).collect()
    }

    /// Those in which the peer calls, and is not answered yet.
    pub(super) fn called() -> Vec<Self> {
        Self::all().into_iter().filter(|it| !it.calls).collect()
    }

    /// All three are there.
    pub(super) fn city(self) -> City {
        self.city_in(Plot { has_hold_music: true, ..Plot::default() })
    }

    pub(super) fn city_in(self, plot: Plot) -> City {
        let mut city = city_with(plot);
        city.add_registered("1001");
        match self.peer {
            Place::Inside => city.add_registered("1002"),
            Place::Outside => city.add_provider("+79161234567"),
        };
        match self.third {
            Place::Inside => city.add_registered("1003"),
            Place::Outside => city.add_backup("+79167654321"),
        };
        city
    }

    /// The actor and its peer talk.
    pub(super) fn talking(self) -> City {
        self.talking_in(Plot { has_hold_music: true, ..Plot::default() })
    }

    pub(super) fn talking_in(self, plot: Plot) -> City {
        let mut city = self.city_in(plot);
        if self.calls {
            city.dial(ACTOR, self.peer_number());
        } else {
            self.let_peer_call(&mut city);
        }
        city.wait(secs(4));
        assert!(talk(&city, ACTOR, PEER), "{self:?}: {}", city.story());
        city
    }

    /// The peer calls the actor.
    pub(super) fn let_peer_call(self, city: &mut City) {
        let uri = match self.peer {
            Place::Inside => "sip:1001@demo.tandem.test",
            Place::Outside => "sip:74950000001@10.0.0.1",
        };
        city.act(PEER, |phone, now| phone.dial_uri(now, uri, true));
    }

    /// The third calls the actor.
    pub(super) fn let_third_call(self, city: &mut City) {
        let uri = match self.third {
            Place::Inside => "sip:1001@demo.tandem.test",
            Place::Outside => "sip:74960000001@10.0.0.1",
        };
        city.act(THIRD, |phone, now| phone.dial_uri(now, uri, true));
    }

    /// What the actor dials to reach its peer.
    pub(super) fn peer_number(self) -> &'static str {
        match self.peer {
            Place::Inside => "1002",
            Place::Outside => "989161234567",
        }
    }

    /// What the actor dials to reach the third.
    pub(super) fn third_number(self) -> &'static str {
        match self.third {
            Place::Inside => "1003",
            Place::Outside => "089167654321",
        }
    }

    /// The number of the peer as those see it who talk to it.
    pub(super) fn peer_shown(self) -> &'static str {
        match (self.peer, self.calls) {
            (Place::Inside, _) => "1002",
            (Place::Outside, true) => "89161234567",
            (Place::Outside, false) => "+79161234567",
        }
    }
}

/// Whether a phone is in no call.
pub(super) fn is_free(city: &City, phone: usize) -> bool {
    city.phones[phone].lines.iter().all(|it| it.state == LineState::Ended)
}

/// Moments at which somebody hangs up: so many of them.
pub(super) fn moments(count: u64) -> impl Iterator<Item = std::time::Duration> {
    (0..count).map(|n| millis(37 * n))
}

/// Somebody gives up whatever call it has.
pub(super) fn leave(city: &mut City, phone: usize) {
    for line in 0..city.phones[phone].lines.len() {
        city.act(phone, |phone, now| {
            phone.cancel(now, line);
            phone.hang_up(now, line);
        });
    }
}

/// The same; a CANCEL that crossed an answer is followed by a BYE.
pub(super) fn leave_for_good(city: &mut City, phone: usize) {
    leave(city, phone);
    city.wait(secs(1));
    leave(city, phone);
    city.wait(secs(1));
}
