//! A call back from a mailbox: whoever left the message is called, as if the owner of the mailbox had
//! dialled its number. If nobody talks, the owner is at the message again, with all that it did to its
//! messages; what it deleted is gone only once somebody answers, or once it leaves.

use super::{Voicemail, Words, menu::Step};
use crate::{
    call::{AfterWords, Call, Calling, State},
    context::Context,
    dialplan::{Principal, Walk},
    failure::{Cause, Refusal},
};
use media::Playout;

/// What the owner of a mailbox comes back to if nobody talks.
#[derive(Debug)]
pub(in crate::call) struct CallBack {
    voicemail: Box<Voicemail>,
    /// The call as it was.
    walk: Option<Box<Walk>>,
    calling: Calling,
}

impl Call {
    /// Calls whoever left the message.
    pub(super) fn call_back(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let caller = voicemail.current().map(|it| it.caller.clone()).unwrap_or_default();
        let is_number = caller.trim_start_matches('+').bytes().all(|it| it.is_ascii_digit())
            && !caller.is_empty();
        if !is_number {
            return self.menu_saying(ctx, Step::ToldHere, Words::NoCaller);
        }
        let by = Principal::Extension(voicemail.visit.mailbox.number.clone());
        let calling = State::Playing { until: voicemail.until, then: AfterWords::NextStep };
        let State::Voicemail(voicemail) = std::mem::replace(&mut self.state, calling) else {
            return;
        };
        let (walk, calling) = (self.walk.clone(), self.calling.clone());
        self.calls_back = Some(Box::new(CallBack { voicemail, walk, calling }));
        self.legs[self.guest].play(ctx, Playout::Silence);
        if let Some(walk) = &mut self.walk {
            walk.transfer(&caller, by, ctx.now.unix);
        }
        self.go_on(ctx);
    }

    /// Nobody talks to one who calls back: it hears why, and is at the message again. False if the guest
    /// calls nobody back.
    pub(in crate::call) fn return_to_mailbox(
        &mut self,
        ctx: &mut Context<'_>,
        refusal: &Refusal,
    ) -> bool {
        let Some(call_back) = self.calls_back.take() else { return false };
        let CallBack { voicemail, walk, calling } = *call_back;
        (self.walk, self.calling) = (walk, calling);
        self.refused = None;
        self.state = State::Voicemail(voicemail);
        self.menu_saying(ctx, Step::ToldHere, why(refusal.cause));
        true
    }

    /// One who calls back is where it was to go, or is gone: it does not come back to its mailbox.
    pub(in crate::call) fn leave_call_back(&mut self, ctx: &mut Context<'_>) {
        if let Some(call_back) = self.calls_back.take() {
            self.purge(ctx, &call_back.voicemail);
        }
    }
}

/// Why nobody talks, as the owner of the mailbox hears it.
fn why(cause: Cause) -> Words {
    match cause {
        Cause::NotFound => Words::NoSuchNumber,
        Cause::Busy | Cause::NoAnswer | Cause::Rejected | Cause::Unavailable => Words::NobodyThere,
        Cause::Normal
        | Cause::Cancelled
        | Cause::AnsweredElsewhere
        | Cause::Refused
        | Cause::Barred
        | Cause::Capped
        | Cause::NoCommonCodec
        | Cause::TooManyCalls
        | Cause::Exhausted
        | Cause::Loop
        | Cause::RtpTimeout
        | Cause::NotAcked
        | Cause::PeerLost
        | Cause::MaxDuration
        | Cause::Shutdown
        | Cause::Transferred
        | Cause::Internal
        | Cause::Crash => Words::NotReached,
    }
}
