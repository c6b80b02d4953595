//! Calls out through trunks: who may call what, and how much of it.
//!
//! Nothing goes out that nobody allowed. A number belongs to a [`OutboundClass`] by its longest
//! prefix, and an extension has the right to some classes, none unless somebody gave it one. A call
//! goes out with the rights of whoever sends it there, which is a [`crate::dialplan::Principal`]: the
//! caller, who forwards or transfers it, or the extension that a plan names. A trunk has no rights.

mod classes;
mod gate;

pub use classes::{Notation, OutboundClass, OutboundRules, Standing};
