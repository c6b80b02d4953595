//! What somebody ordered about a leg by other means than its phone, which may know nothing of it.

use super::Leg;

/// What a leg was ordered to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Ordered {
    /// Nothing: it talks.
    #[default]
    Nothing,
    /// Its far end holds the other one.
    ToHold,
    /// Its far end waits while whoever it talked to asks somebody else.
    ToWait,
}

impl Leg {
    /// Orders something in place of what was ordered before; gives that.
    pub(crate) fn order(&mut self, order: Ordered) -> Ordered {
        std::mem::replace(&mut self.ordered, order)
    }

    /// Whether its far end holds the other one by order.
    pub(crate) fn holds_by_order(&self) -> bool {
        self.ordered == Ordered::ToHold
    }

    /// Whether its phone asked not to be sent anything.
    pub(crate) fn is_held_by_phone(&self) -> bool {
        self.media.is_held()
    }
}
