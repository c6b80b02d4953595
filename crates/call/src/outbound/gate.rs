//! Whether a call may go out.

use super::Standing;
use crate::{
    context::Context,
    dialplan::Principal,
    failure::{Cause, Refusal},
};
use base::DomainId;

impl Context<'_> {
    /// Whether `by` may call a number of the world outside; refused with 403 and the reason.
    pub(crate) fn right_to_call(
        &self,
        domain: DomainId,
        by: &Principal,
        number: &str,
    ) -> Result<(), Refusal> {
        let directory = &self.world.directory;
        let Principal::Extension(own) = by else {
            // Strangers would call at our expense.
            let who = by.name();
            return Err(barred(format!(
                "Trunk {who} has no right to call out: name an extension by `as` in the dialplan"
            )));
        };
        let Some(line) = directory.extension(domain, own) else {
            return Err(barred(format!("There is no {own} that could call out")));
        };
        match directory.outbound.standing(number) {
            Standing::Emergency => Ok(()),
            Standing::Blocked => Err(barred(format!("{number} is on the black list"))),
            Standing::Unknown => Err(barred(format!("No class of numbers holds {number}"))),
            Standing::Of(class) if line.outbound_classes.contains(&class.name) => Ok(()),
            Standing::Of(class) => {
                Err(barred(format!("{own} may not call numbers of class {}", class.name)))
            }
        }
    }
}

fn barred(reason: String) -> Refusal {
    Refusal { reason: Some(reason), ..Refusal::of(Cause::Barred) }
}
