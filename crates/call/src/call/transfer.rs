//! One leg lets another take its place.

use super::Call;
use crate::{context::Context, failure::Refusal};

/// Somebody hands the guest on.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Whose place is taken.
    pub(super) by: usize,
}

impl Call {
    pub(super) fn note_arrival(&mut self, _ctx: &mut Context<'_>) {}
    pub(super) fn tell_of_ringing(&mut self, _ctx: &mut Context<'_>) {}
    pub(super) fn finish_transfer(&mut self, _ctx: &mut Context<'_>) {}
    pub(super) fn fail_transfer(&mut self, _ctx: &mut Context<'_>, _refusal: &Refusal) -> bool {
        false
    }
}
