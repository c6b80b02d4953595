//! Whether a call may go out.

use super::{Limit, OutboundAlarm, OutboundClass, Permit, Standing};
use crate::{
    context::Context,
    dialplan::Principal,
    directory::Extension,
    failure::{Cause, Refusal},
};
use base::DomainId;

/// What a call out is allowed as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed<'a> {
    /// Help is called: no right is needed, and no limit of a class, a trunk or the line's own calls stands
    /// in the way.
    Emergency,
    /// Somebody who has the right calls numbers of a class.
    Right { line: &'a Extension, class: &'a OutboundClass },
}

impl Context<'_> {
    /// Whether `by` may call a number of the world outside, which a trunk gets as `written`; refused
    /// with 403 and the reason.
    pub(crate) fn right_to_call(
        &self,
        domain: DomainId,
        by: &Principal,
        number: &str,
        written: &str,
    ) -> Result<Allowed<'_>, Refusal> {
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
        let has_right = |class: &OutboundClass| line.outbound.classes.contains(&class.name);
        let class = match directory.outbound.standing(number) {
            Standing::Emergency => return Ok(Allowed::Emergency),
            Standing::Blocked => return Err(self.blocked(line, number)),
            Standing::Unknown => return Err(barred(format!("No class of numbers holds {number}"))),
            Standing::Of(class) if has_right(class) => class,
            Standing::Of(class) => {
                return Err(barred(format!("{own} may not call numbers of class {}", class.name)));
            }
        };
        // Rules of a trunk must not lead elsewhere than the right does.
        match directory.outbound.standing_as_written(written) {
            Standing::Blocked => Err(self.blocked(line, written)),
            Standing::Of(other) if !has_right(other) => Err(barred(format!(
                "{own} may not call numbers of class {}: the trunk makes {written} of {number}",
                other.name
            ))),
            Standing::Emergency | Standing::Unknown | Standing::Of(_) => {
                Ok(Allowed::Right { line, class })
            }
        }
    }

    /// Counts a call out that is allowed; refused with 403 if a limit is reached.
    pub(crate) fn permit_to_call(
        &self,
        allowed: Allowed<'_>,
        number: &str,
    ) -> Result<Option<Permit>, Refusal> {
        let taken = self.world.outbound_use.take(self.now, allowed, number);
        taken.map_err(|alarm| alarm.refusal())
    }

    fn blocked(&self, line: &Extension, number: &str) -> Refusal {
        let alarm = OutboundAlarm {
            domain: line.domain,
            line: line.number.clone(),
            class: None,
            number: number.to_owned(),
            limit: Limit::Blocked,
        };
        let refusal = barred(alarm.to_string());
        self.world.outbound_use.raise(self.now.instant, alarm);
        refusal
    }
}

impl OutboundAlarm {
    /// What it means for a call that wants to begin or to go on.
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal { reason: Some(self.to_string()), ..Refusal::of(Cause::Capped) }
    }
}

fn barred(reason: String) -> Refusal {
    Refusal { reason: Some(reason), ..Refusal::of(Cause::Barred) }
}
