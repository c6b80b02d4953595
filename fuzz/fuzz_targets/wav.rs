//! WAV files, and what else passes for sound: heard within bounds, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::panic;

#[path = "../../crates/media/tests/fuzz_checks/mod.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod fuzz_checks;

fuzz_target!(
    init: {
        // A panic of the library that the reader catches is a refusal; others end the target.
        panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| fuzz_checks::wav(bytes)
);
