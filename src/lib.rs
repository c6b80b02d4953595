//! The shell of Tandem: everything that touches a socket, a file, a clock or the database.
//!
//! The binary is one call into [`cli`]; tests and benches use the rooms directly. Cores live in
//! `crates/`.

pub mod cli;
pub mod config;
pub mod registrar;
pub mod store;
pub mod telemetry;
