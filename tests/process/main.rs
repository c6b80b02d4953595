//! Whole-process tests: the real binary, and phones and tools that this project did not write, over
//! loopback sockets. `cargo test --test process NAME` runs one; `TANDEM_BIN` names another build.

mod audio_calls;
mod built_ins;
mod harness;
mod injection;
mod refusals;
mod restarts;
mod scenarios;
mod start_up;
