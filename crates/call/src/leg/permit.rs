//! What lets a leg go out through a trunk, and for how long.

use super::Leg;
use crate::{failure::Refusal, outbound::OutboundAlarm};
use base::Now;
use std::time::Instant;

impl Leg {
    /// When [`Self::check_permit`] wants to be called.
    pub(crate) fn permit_due(&self) -> Option<Instant> {
        self.permit.as_ref().and_then(|it| it.due())
    }

    /// Refuses a leg that its line or domain has no minutes left for.
    pub(crate) fn check_permit(&mut self, now: Now) -> Result<(), Refusal> {
        let due = self.permit_due().is_some_and(|it| it <= now.instant);
        match &mut self.permit {
            Some(permit) if due => {
                permit.check(now).map_err(|alarm| OutboundAlarm::refusal(&alarm))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn begin_to_pay(&mut self, now: Now) {
        if let Some(permit) = &mut self.permit {
            permit.answered(now);
        }
    }

    pub(super) fn end_to_pay(&mut self, now: Now) {
        if let Some(permit) = self.permit.take() {
            permit.ended(now);
        }
    }
}
