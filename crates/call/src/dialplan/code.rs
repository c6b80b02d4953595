//! What those who talk may order by keys, as a plan allows it.

use std::fmt;

/// A kind of order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CodeKind {
    /// To record the call, or no longer, or to pause that.
    Record,
    /// To send the other side on to another number.
    Transfer,
    /// To ask somebody else while the other side waits, and what follows from that.
    Consult,
}

/// Kinds of orders.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Codes(u8);

impl CodeKind {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Record, Self::Transfer, Self::Consult];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Transfer => "transfer",
            Self::Consult => "consult",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Codes {
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this kind is one of them.
    pub fn has(self, kind: CodeKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

impl FromIterator<CodeKind> for Codes {
    fn from_iter<T: IntoIterator<Item = CodeKind>>(kinds: T) -> Self {
        Self(kinds.into_iter().fold(0, |all, kind| all | 1 << kind as u8))
    }
}

/// Their names, each after a blank.
impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = CodeKind::ALL.into_iter().filter(|it| self.has(*it));
        all.try_for_each(|it| write!(f, " {}", it.name()))
    }
}
