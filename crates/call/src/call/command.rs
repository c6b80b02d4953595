//! What people order in calls by command, as they could with the keys of their phones.

use super::{Call, State, Talking, talking::Exchange, transfer::Order};
use crate::{context::Context, dialplan::Principal, leg::Ordered};

/// An order about a live call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallOrder {
    /// In whose name: the number of an extension that talks in the call.
    pub by: String,
    /// What it wants.
    pub command: Command,
}

/// What somebody wants to become of its call. A number is as dialled by that extension.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// The other side hears music, whatever the phone knows of it.
    Hold,
    /// The two talk again.
    Resume,
    /// The other side goes on to a number.
    Transfer(String),
    /// The other side waits with music, and a number is called in between.
    Consult(String),
    /// Whoever waits is talked to, and the other one waits.
    Swap,
    /// The two others are connected with each other.
    Complete,
    /// Whoever was called in between is let go.
    Cancel,
    /// All three talk.
    ThreeWay,
    /// The other side waits in a parking slot, and the extension leaves; if nobody fetches it there,
    /// it comes back.
    Park,
}

/// What an order has led to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Obeyed {
    /// What was wanted.
    Done,
    /// The other side waits in this parking slot.
    Parked(u32),
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
    /// Another transfer or consultation is not done yet.
    #[error("a transfer or consultation of this call is under way: end that first")]
    UnderWay,
    /// It would be connected with itself.
    #[error("nobody can be connected with itself: name another number")]
    ToItself,
    /// The extension asks nobody.
    #[error("the extension consults nobody in this call: call somebody in between first")]
    NotConsulting,
    /// Whoever is asked has not answered.
    #[error("whoever is consulted has not answered: wait, or complete or cancel it")]
    NotAnswered,
    /// The phone holds the call by itself, and would not hear anybody else.
    #[error("the phone itself holds this call: resume it there first")]
    HeldByPhone,
    /// The plan has no place where calls are parked.
    #[error("the dialplan parks no calls: give it a rule with the step park")]
    NoParking,
    /// Each place has a call.
    #[error("all parking slots are taken: try again when somebody has left one")]
    NoFreeSlot,
    /// No media port is free.
    #[error("no media port is free: try again when another call has ended")]
    Exhausted,
    /// The two can be connected, but would not understand each other.
    #[error("the two have no codec in common: they cannot be connected")]
    NoCommonCodec,
}

impl Call {
    /// Does what an extension wants of its call.
    pub(crate) fn command(
        &mut self,
        ctx: &mut Context<'_>,
        order: &CallOrder,
    ) -> Result<Obeyed, CommandRefusal> {
        let by = order.by.as_str();
        let done = match &order.command {
            Command::Hold => self.hold(ctx, by),
            Command::Resume => self.resume(ctx, by),
            Command::Transfer(to) => {
                let by = self.talker_to_other_than(by, to)?;
                self.begin_transfer(ctx, by, Order { number: to.clone(), with: None }, None);
                Ok(())
            }
            Command::Consult(to) => {
                let by = self.talker_to_other_than(by, to)?;
                self.consult(ctx, by, to)
            }
            Command::Swap => self.swap(ctx, by),
            Command::Complete => self.complete(ctx, by),
            Command::Cancel => self.cancel_consultation(ctx, by),
            Command::ThreeWay => self.talk_together(ctx, by),
            Command::Park => {
                let (by, _) = self.free_talker(by)?;
                return self.park_other(ctx, by).map(Obeyed::Parked);
            }
        };
        done.map(|()| Obeyed::Done)
    }

    // === Hold ===

    fn hold(&mut self, ctx: &mut Context<'_>, number: &str) -> Result<(), CommandRefusal> {
        let (by, other) = self.talker(number)?;
        if self.legs[by].order(Ordered::ToHold) != Ordered::ToHold {
            self.keep_apart(ctx, [by, other]);
        }
        Ok(())
    }

    fn resume(&mut self, ctx: &mut Context<'_>, number: &str) -> Result<(), CommandRefusal> {
        let (by, other) = self.talker(number)?;
        if self.legs[by].order(Ordered::Nothing) == Ordered::ToHold {
            self.join(ctx, [by, other]).map_err(|_| CommandRefusal::NoCommonCodec)?;
        }
        Ok(())
    }

    /// Nobody holds or waits by order any more; gives what was ordered.
    pub(super) fn release_holds(&mut self) -> Vec<Ordered> {
        self.legs.iter_mut().map(|leg| leg.order(Ordered::Nothing)).collect()
    }

    /// Orders again what was ordered before.
    pub(super) fn restore_holds(&mut self, orders: Vec<Ordered>) {
        for (leg, order) in self.legs.iter_mut().zip(orders) {
            leg.order(order);
        }
    }

    // === Getters ===

    /// The leg of an extension that talks, and the one that it talks to.
    fn talker(&self, number: &str) -> Result<(usize, usize), CommandRefusal> {
        let State::Talking(Talking { exchange, .. }) = &self.state else {
            return Err(CommandRefusal::NotTalking);
        };
        if matches!(exchange, Exchange::AnswerInAck { .. }) {
            return Err(CommandRefusal::NotTalking);
        }
        let is_it = |leg: &usize| self.takes_part(*leg) && self.is_extension(*leg, number);
        let by = (0..self.legs.len()).find(is_it).ok_or(CommandRefusal::NotTalking)?;
        let other = self.other(by).ok_or(CommandRefusal::NotTalking)?;
        Ok((by, other))
    }

    /// The same, and nobody else is looked for.
    fn free_talker(&self, number: &str) -> Result<(usize, usize), CommandRefusal> {
        let talkers = self.talker(number)?;
        let is_free = self.transfer.is_none() && !self.is_consulting();
        if is_free { Ok(talkers) } else { Err(CommandRefusal::UnderWay) }
    }

    /// The leg of such an extension, which talks to somebody else than this number.
    fn talker_to_other_than(&self, number: &str, to: &str) -> Result<usize, CommandRefusal> {
        let (by, other) = self.free_talker(number)?;
        let is_itself = self.is_extension(other, to) || number == to;
        if is_itself { Err(CommandRefusal::ToItself) } else { Ok(by) }
    }

    /// Whether a leg is one of this extension.
    pub(super) fn is_extension(&self, leg: usize, number: &str) -> bool {
        self.principal_of(leg) == Principal::Extension(number.to_owned())
    }
}
