//! The city: phones, a network and a whole switch in virtual time.
//!
//! The system under test is [`call::Calls`]; everything around it is simulated. The phones are a
//! second implementation of SIP that shares no code with `crates/sip`: they read and build their
//! messages with `rsip`, and have transactions and digests of their own. Time jumps from event to
//! event, so that an hour of calls takes milliseconds, and one seed gives one history.
//!
//! [`City`] is the entrance: make one, let phones act, wait, look. After each step it checks what
//! must always hold, and [`City::finish`] checks that a day's traffic leaves nothing behind.
//!
//! What is wrong is told by panics: all of this is for tests.

mod changes;
mod city;
mod day;
mod desk;
mod invariants;
mod journal;
mod mailboxes;
mod network;
mod outputs;
mod phone;
mod plot;
mod recording;
mod registrar;
mod restart;
mod texts;
mod wire;
mod worker;
mod workplaces;

pub use city::City;
pub use day::live_a_day;
pub use desk::Desk;
pub use mailboxes::{Mailboxes, Message, MessageState};
pub use network::{Network, Quality};
pub use phone::{AudioWay, Gate, Line, LineState, Manner, Phone, Subscribed, Then, Told};
pub use plot::{DOMAIN, NEIGHBOUR, Plot, SUPERVISOR, SUPERVISOR_TOO, backup, provider, switch};
pub use recording::Recording;
pub use registrar::Registrar;
pub use texts::Texts;
pub use wire::Heard;
pub use worker::{Recorded, Worker};
