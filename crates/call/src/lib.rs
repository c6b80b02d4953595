//! The B2BUA, sans-IO: calls, legs, routing, authentication of callers, call detail records.
//!
//! Read [`call`] first.

pub mod cdr;
pub mod dialplan;
pub mod directory;
pub mod registration;

pub use cdr::{Cdr, HangupParty, LegRole};
pub use directory::{Contact, Directory, Domain, Extension, Locator, Trunk};
