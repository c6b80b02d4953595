//! Messages on their way to the devices of their recipients, from one shard.

use super::DeliveryOutcome;
use base::TextId;
use sip::{ClientId, Status};
use std::collections::HashMap;

/// Every delivery under way.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    by_id: HashMap<TextId, Tried>,
    by_client: HashMap<ClientId, TextId>,
}

/// How far a delivery is.
#[derive(Debug, Default)]
struct Tried {
    /// Devices that have not answered.
    waiting: usize,
    has_delivered: bool,
    /// What a device said that will never take it.
    refusal: Option<Status>,
    /// Whether some device may take it later.
    is_unreached: bool,
}

impl Deliveries {
    /// How many requests are under way.
    pub(crate) fn len(&self) -> usize {
        self.by_client.len()
    }

    /// A request to one of the devices.
    pub(super) fn begin(&mut self, id: TextId, client: ClientId) {
        self.by_id.entry(id).or_default().waiting += 1;
        self.by_client.insert(client, id);
    }

    /// Whether a client transaction is one of these.
    pub(crate) fn has_client(&self, client: ClientId) -> bool {
        self.by_client.contains_key(&client)
    }

    /// A device has answered, or will not: what is to be reported now. The first device that has the
    /// message decides at once; that it failed is known only when all have.
    pub(super) fn end(
        &mut self,
        client: ClientId,
        status: Status,
    ) -> Option<(TextId, DeliveryOutcome)> {
        let id = self.by_client.remove(&client)?;
        let tried = self.by_id.get_mut(&id)?;
        tried.waiting -= 1;
        let is_news = !tried.has_delivered;
        match Verdict::of(status) {
            Verdict::Taken => tried.has_delivered = true,
            Verdict::Refused => tried.refusal = Some(status),
            Verdict::Later => tried.is_unreached = true,
        }
        let (is_over, has_delivered) = (tried.waiting == 0, tried.has_delivered);
        let failure = match tried.refusal {
            Some(status) if !tried.is_unreached => DeliveryOutcome::Refused(status),
            Some(_) | None => DeliveryOutcome::Unreachable,
        };
        if is_over {
            self.by_id.remove(&id);
        }
        match (is_news, has_delivered, is_over) {
            (true, true, _) => Some((id, DeliveryOutcome::Delivered)),
            (true, false, true) => Some((id, failure)),
            (true, false, false) | (false, _, _) => None,
        }
    }
}

/// What a device means.
enum Verdict {
    Taken,
    /// It will not take this message, however often it is asked.
    Refused,
    Later,
}

impl Verdict {
    fn of(status: Status) -> Self {
        match status.0 {
            200..300 => Self::Taken,
            400 | 403 | 405 | 406 | 413 | 415 | 488 | 489 | 493 | 501 | 513 | 603 | 606 => {
                Self::Refused
            }
            _ => Self::Later,
        }
    }
}
