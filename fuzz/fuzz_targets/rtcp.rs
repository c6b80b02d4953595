//! RTCP of hostile far ends and strangers: it goes where it should or is counted, and no call ends.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/media/tests/fuzz_checks/mod.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod fuzz_checks;

fuzz_target!(|bytes: &[u8]| fuzz_checks::rtcp(bytes));
