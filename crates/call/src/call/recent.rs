//! Whom the guest called last, and who called it: for redialling and for calling back.

use super::Call;
use crate::{
    context::Context,
    dialplan::{Dial, DialTarget, Outcome, Principal},
    recents::RecentOf,
};

impl Call {
    /// The last number of the guest, if it is an extension and there is one. That is what it has
    /// dialled then, as others see it, and not the code; unless they were told otherwise.
    pub(super) fn recent(&mut self, ctx: &Context<'_>, of: RecentOf) -> Outcome {
        let number = match self.principal_of(self.guest) {
            Principal::Extension(own) => ctx.world.recents.last(self.domain, &own, of),
            Principal::Trunk(_) => None,
        };
        // A row that a crash cut off may name the code itself, which would go in circles.
        let number = number.filter(|it| *it != self.dialled);
        if let Some(number) = number.as_ref().filter(|_| self.told.is_none()) {
            self.dialled.clone_from(number);
        }
        Outcome::Recent(number)
    }

    /// Somebody is rung for the guest: both sides remember it. Calls that are handed on or forwarded
    /// are nobody's own.
    pub(super) fn note_recents(&self, ctx: &Context<'_>, dial: &Dial) {
        let recents = &ctx.world.recents;
        let by = self.principal_of(self.guest);
        let walk = self.walk.as_ref().filter(|walk| *walk.by() == by);
        if let (Principal::Extension(own), Some(walk)) = (&by, walk)
            && self.transfer.is_none()
            && self.calling.trail.times() == 0
        {
            recents.note(self.domain, own, RecentOf::Dialled, walk.dialled());
        }
        for target in &dial.targets {
            let DialTarget::User(number) = target else { continue };
            if *number != self.calling.number
                && ctx.world.directory.extension(self.domain, number).is_some()
            {
                recents.note(self.domain, number, RecentOf::Caller, &self.calling.number);
            }
        }
    }
}
