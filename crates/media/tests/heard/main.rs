//! What far ends hear of a worker, in virtual time.

#![expect(clippy::unwrap_used, reason = "a helper that panics fails its test, as it should")]

mod allocations;
mod conference;
mod names;
mod packet_times;
mod playouts;
mod recording_tone;
mod support;
mod taps;
mod world;
