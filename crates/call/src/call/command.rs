//! What people order in calls by command, as they could with the keys of their phones.

use super::{Call, State, transfer::Order};
use crate::{context::Context, dialplan::Principal};

/// An order about a live call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransferOrder {
    /// Whose other side goes on: the number of an extension that talks in the call.
    pub by: String,
    /// Where it goes, as dialled by that extension.
    pub to: String,
}

/// Why an order is not carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CommandRefusal {
    /// There is no such call.
    #[error("there is no such call")]
    NoCall,
    /// Nobody talks in it, or not the one that the order is about.
    #[error("the extension does not talk in this call: try again when it does")]
    NotTalking,
    /// Another transfer is not done yet.
    #[error("a transfer of this call is under way: wait for its end")]
    UnderWay,
    /// It would be connected with itself.
    #[error("nobody can be transferred to itself: name another number")]
    ToItself,
}

impl Call {
    /// Sends the other side of an extension on to a number.
    pub(crate) fn transfer_by_order(
        &mut self,
        ctx: &mut Context<'_>,
        order: &TransferOrder,
    ) -> Result<(), CommandRefusal> {
        let State::Talking(_) = &self.state else { return Err(CommandRefusal::NotTalking) };
        if self.transfer.is_some() {
            return Err(CommandRefusal::UnderWay);
        }
        let is_by = |leg: &usize| {
            self.takes_part(*leg)
                && self.principal_of(*leg) == Principal::Extension(order.by.clone())
        };
        let by = (0..self.legs.len()).find(is_by).ok_or(CommandRefusal::NotTalking)?;
        let other = self.other(by).ok_or(CommandRefusal::NotTalking)?;
        if self.principal_of(other) == Principal::Extension(order.to.clone()) {
            return Err(CommandRefusal::ToItself);
        }
        self.begin_transfer(ctx, by, Order { number: order.to.clone(), with: None }, None);
        Ok(())
    }
}
