//! Keys that wait to be sent.

use super::{Digit, QueueFull};
use std::{collections::VecDeque, time::Duration};

/// Keys in the order in which they were pressed, each with how long it is down.
#[derive(Clone, Debug)]
pub(super) struct KeyQueue {
    keys: VecDeque<(Digit, Duration)>,
    /// Whether the key that came last is still down.
    is_held: bool,
}

impl KeyQueue {
    pub(super) fn new() -> Self {
        Self { keys: VecDeque::with_capacity(KEYS_MAX), is_held: false }
    }

    /// Adds a key of which it is known how long it is down.
    pub(super) fn press(&mut self, digit: Digit, held: Duration) -> Result<(), QueueFull> {
        if self.keys.len() >= KEYS_MAX {
            return Err(QueueFull);
        }
        self.keys.push_back((digit, held));
        self.is_held = false;
        Ok(())
    }

    /// Adds a key that is down until [`Self::release`].
    pub(super) fn hold(&mut self, digit: Digit) -> Result<(), QueueFull> {
        self.press(digit, FOR_NOW)?;
        self.is_held = true;
        Ok(())
    }

    /// The key that came last is up. Says whether it has left the queue, so that whoever took it
    /// must end it.
    pub(super) fn release(&mut self, held: Duration) -> bool {
        if !std::mem::take(&mut self.is_held) {
            return false;
        }
        match self.keys.back_mut() {
            Some((_, waiting)) => {
                *waiting = held;
                false
            }
            None => true,
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Digit, Duration)> {
        self.keys.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Keys that may wait.
pub(super) const KEYS_MAX: usize = 64;

/// How long a key is down whose end is not known yet: longer than anybody presses.
const FOR_NOW: Duration = Duration::from_secs(24 * 60 * 60);
