//! Whoever sits at a phone of another extension signs in there, and out.

use super::Call;
use crate::{
    context::Context,
    dialplan::{Outcome, Principal},
    failure::{Cause, Refusal},
    features::LineOrder,
    voicemail::EnteredPin,
};
use base::ExtensionId;

impl Call {
    /// The guest's phone is for the extension of this number from now on, if the PIN is its.
    pub(super) fn sign_in(
        &mut self,
        ctx: &mut Context<'_>,
        number: String,
        pin: EnteredPin,
    ) -> Result<Option<Outcome>, Refusal> {
        let phone = self.own_phone(ctx)?;
        self.ask_for_change(ctx, phone, LineOrder::SignIn { number, pin })
    }

    /// The guest's phone is for nobody but its own extension.
    pub(super) fn sign_out(&mut self, ctx: &mut Context<'_>) -> Result<Option<Outcome>, Refusal> {
        let phone = self.own_phone(ctx)?;
        self.ask_for_change(ctx, phone, LineOrder::SignOut)
    }

    /// The extension whose phone the guest calls from. Nobody else disposes of it: not whoever has
    /// calls forwarded here, or hands one on.
    fn own_phone(&self, ctx: &Context<'_>) -> Result<ExtensionId, Refusal> {
        let guest = self.principal_of(self.guest);
        let is_own_wish = self.principal().as_ref() == Some(&guest);
        let number = match &guest {
            Principal::Extension(own) if is_own_wish => {
                Some(self.legs[self.guest].workplace().unwrap_or(own))
            }
            Principal::Extension(_) | Principal::Trunk(_) => None,
        };
        let phone = number.and_then(|it| ctx.world.directory.extension(self.domain, it));
        phone.map(|it| it.id).ok_or_else(|| {
            let reason = Some("Only who calls from a phone signs in there".to_owned());
            Refusal { reason, ..Refusal::of(Cause::Refused) }
        })
    }
}
