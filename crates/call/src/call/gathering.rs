//! Keys that the plan asks the guest for: a choice, a number, a PIN.

use super::{Call, State};
use crate::{
    context::Context,
    dialplan::{Gather, Outcome},
    failure::{Cause, Refusal},
};
use media::{Playout, dtmf::Digit};
use std::time::{Duration, Instant};

/// A guest that is asked for keys.
#[derive(Debug)]
pub(super) struct Gathering {
    pressed: String,
    digits_max: usize,
    ends_with_hash: bool,
    /// How long a key may take.
    patience: Duration,
    /// When what was pressed is all; `None` while the guest is spoken to.
    due: Option<Instant>,
    /// When the call has lasted long enough.
    until: Instant,
}

impl Gathering {
    /// When [`Call::handle_gathering_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.due.map_or(self.until, |due| due.min(self.until))
    }
}

impl Call {
    /// Speaks, and takes keys; the first one cuts the words off.
    pub(super) fn gather(&mut self, ctx: &mut Context<'_>, order: &Gather) -> Result<(), Refusal> {
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        self.state = State::Gathering(Gathering {
            pressed: String::new(),
            digits_max: order.digits_max,
            ends_with_hash: order.ends_with_hash,
            patience: Duration::from_secs(order.timeout_s.into()),
            due: None,
            until: ctx.now.instant + ctx.settings.call_duration_max,
        });
        match ctx.world.sounds.speech(&order.speech) {
            Some(sound) => self.legs[self.guest].play(ctx, Playout::Prompt { sound }),
            None => self.wait_for_key(ctx),
        }
        Ok(())
    }

    pub(super) fn handle_gathering_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let State::Gathering(gathering) = &mut self.state else { return };
        let is_end = gathering.ends_with_hash && digit.as_char() == '#';
        if !is_end {
            gathering.pressed.push(digit.as_char());
        }
        if is_end || gathering.pressed.len() >= gathering.digits_max {
            return self.have_gathered(ctx);
        }
        self.wait_for_key(ctx);
    }

    /// Everything has been said.
    pub(super) fn handle_gathering_said(&mut self, ctx: &mut Context<'_>) {
        self.wait_for_key(ctx);
    }

    pub(super) fn handle_gathering_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Gathering(gathering) = &self.state else { return };
        if gathering.until <= ctx.now.instant {
            return self.end(ctx, None, Refusal::of(Cause::MaxDuration));
        }
        self.have_gathered(ctx);
    }

    fn wait_for_key(&mut self, ctx: &mut Context<'_>) {
        let State::Gathering(gathering) = &mut self.state else { return };
        gathering.due = Some(ctx.now.instant + gathering.patience);
        // A far end that hears nothing at all would take us for dead.
        self.legs[self.guest].play(ctx, Playout::Silence);
    }

    fn have_gathered(&mut self, ctx: &mut Context<'_>) {
        let State::Gathering(gathering) = &mut self.state else { return };
        let keys = std::mem::take(&mut gathering.pressed);
        self.legs[self.guest].play(ctx, Playout::Silence);
        self.go_on_after(ctx, &Outcome::Keys(keys));
    }
}
