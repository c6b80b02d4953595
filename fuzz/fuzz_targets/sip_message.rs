//! SIP messages: whatever is parsed can be written and read back; streams, refusals and the trace
//! stand anything.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/sip/tests/fuzz_checks/mod.rs"]
#[expect(dead_code, reason = "shared with the other target")]
mod fuzz_checks;

fuzz_target!(|bytes: &[u8]| fuzz_checks::sip_message(bytes));
