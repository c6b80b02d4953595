//! Calls out through trunks: who may call what, and how much of it.
//!
//! Nothing goes out that nobody allowed. A number belongs to a [`OutboundClass`] by its longest
//! prefix, and an extension has the right to some classes, none unless somebody gave it one. A call
//! goes out with the rights of whoever sends it there, which is a [`crate::dialplan::Principal`]: the
//! caller, who forwards or transfers it, or the extension that a plan names. A trunk has no rights.
//!
//! And nobody calls more than is usual: a class may have [`Caps`], which [`OutboundUse`] counts up to.

mod caps;
mod classes;
mod gate;
mod line;
mod usage;

pub use caps::{Caps, Limit, Scope};
pub(crate) use classes::as_comparable;
pub use classes::{Notation, OutboundClass, OutboundRules, Standing};
pub(crate) use gate::Allowed;
pub use line::LineOutbound;
pub(crate) use usage::Permit;
pub use usage::{DayUse, OutboundAlarm, OutboundUse, UseKey};
