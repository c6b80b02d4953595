//! Calls to an extension that go elsewhere, and the extension that says so.

use super::{Call, Fault, Refused, State};
use crate::{
    cdr::HangupParty,
    context::Context,
    dialplan::{FeatureOrder, ForwardWhen, Outcome, Principal},
    directory::Extension,
    failure::{Cause, Refusal},
    features::{FeatureReply, FeatureRequest, LineOrder},
    names::number_of,
    output::Output,
    trail::Why,
};
use base::ExtensionId;
use media::Playout;
use sip::{HeaderName, NameAddr, Response};
use std::{cmp::Reverse, time::Duration};

impl Call {
    /// What is set for the one extension that is to be rung: the call is not taken, goes elsewhere, or
    /// finds it busy.
    pub(super) fn heed_features(&mut self, ctx: &mut Context<'_>, number: &str) -> Option<Outcome> {
        if let Err(refusal) = ctx.screen(self.domain, &self.calling, number) {
            return Some(self.have_dialled(ctx, Refused::of(refusal)));
        }
        let features = &ctx.world.directory.extension(self.domain, number)?.features;
        if let Some(to) = features.forward(ForwardWhen::All) {
            let to = to.to_owned();
            return Some(self.forward(ctx, number, &to, Why::Unconditional));
        }
        if features.do_not_disturb {
            let reason = Some(format!("{number} does not want to be disturbed"));
            return Some(
                self.have_dialled(ctx, Refused::of(Refusal { reason, ..Refusal::of(Cause::Busy) })),
            );
        }
        None
    }

    /// Nobody of those who were rung talks; an extension may want the call to go elsewhere then.
    pub(super) fn have_dialled(&mut self, ctx: &mut Context<'_>, refused: Refused) -> Outcome {
        let (outcome, fault) = (refused.refusal.outcome(), refused.fault);
        self.refused = Some(refused);
        let rung = self.rung.take();
        let extension = |it: &String| ctx.world.directory.extension(self.domain, it);
        let to = rung
            .as_ref()
            .and_then(extension)
            .and_then(|it| it.features.forward_after(outcome).map(str::to_owned));
        match (rung, to) {
            (Some(number), Some(to)) => self.forward(ctx, &number, &to, outcome.why()),
            (_, _) => match fault {
                Fault::Callee => Outcome::Dialled(outcome),
                Fault::Way => Outcome::NotReached(outcome),
            },
        }
    }

    /// A device of the one extension that is rung says where the call is to go (RFC 3261 section 8.1.3.4):
    /// it is forwarded there, and the other devices stop ringing. False if that is not followed: by one
    /// of a group, by a trunk, or if no number can be read.
    pub(super) fn follow_redirect(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        response: &Response,
    ) -> bool {
        let is_rung = matches!(&self.state, State::Ringing(ringing) if leg >= ringing.first());
        let Some(to) = redirected_to(response) else { return false };
        if !is_rung || self.legs[leg].has_ended() {
            return false;
        }
        let Some(from) = self.rung.take() else { return false };
        self.legs[leg].failed(ctx, HangupParty::Remote, response.status);
        self.dismiss(ctx, None, Cause::AnsweredElsewhere);
        let outcome = self.forward(ctx, &from, &to, Why::Deflection);
        self.go_on_after(ctx, &outcome);
        true
    }

    /// The call goes on to another number with the rights of the one that it was for.
    fn forward(&mut self, ctx: &mut Context<'_>, from: &str, to: &str, why: Why) -> Outcome {
        // Others may have sent it on before it came to us.
        if self.calling.trail.times() >= FORWARDS_MAX {
            let reason = Some(format!("Forwarded {FORWARDS_MAX} times, and again by {from}"));
            let refusal = Refusal { reason, ..Refusal::of(Cause::Loop) };
            let outcome = refusal.outcome();
            self.refused = Some(Refused::of(refusal));
            return Outcome::Dialled(outcome);
        }
        self.calling.trail.send_on(from, why);
        if let Some(walk) = &mut self.walk {
            walk.detour(to, Principal::Extension(from.to_owned()), ctx.now.unix);
        }
        Outcome::Done
    }

    // === Whoever sits at an extension changes what is set for it ===

    /// Has changed what becomes of calls to the extension that calls.
    pub(super) fn set_feature(
        &mut self,
        ctx: &mut Context<'_>,
        order: FeatureOrder,
    ) -> Result<Option<Outcome>, Refusal> {
        let by = match self.walk.as_ref().map(|it| it.by()) {
            Some(Principal::Extension(number)) => {
                ctx.world.directory.extension(self.domain, number)
            }
            Some(Principal::Trunk(_)) | None => None,
        };
        let Some(&Extension { id: extension, .. }) = by else {
            let reason = Some("Only extensions can set this".to_owned());
            return Err(Refusal { reason, ..Refusal::of(Cause::Refused) });
        };
        self.ask_for_change(ctx, extension, LineOrder::Feature(order))
    }

    /// Has something changed of an extension; the guest hears nothing meanwhile.
    pub(super) fn ask_for_change(
        &mut self,
        ctx: &mut Context<'_>,
        extension: ExtensionId,
        order: LineOrder,
    ) -> Result<Option<Outcome>, Refusal> {
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        self.legs[self.guest].play(ctx, Playout::Silence);
        let asked = self.ask_until(ctx.now.instant + REPLY_TIMEOUT);
        let (shard, call, domain) = (ctx.settings.shard, self.id, self.domain);
        let request = FeatureRequest { shard, call, asked, domain, extension, order };
        ctx.outputs.push_back(Output::Feature(Box::new(request)));
        Ok(None)
    }

    /// What became of the change; too late is no answer.
    pub(crate) fn handle_feature(&mut self, ctx: &mut Context<'_>, reply: FeatureReply) {
        if self.awaits_answer(reply.asked) {
            self.go_on_after(ctx, &Outcome::Feature(reply.verdict));
        }
    }
}

impl crate::dialplan::DialOutcome {
    /// Why a call is forwarded that ended like this.
    fn why(self) -> Why {
        match self {
            Self::Busy => Why::Busy,
            Self::NoAnswer => Why::NoAnswer,
            Self::Offline => Why::Unavailable,
            Self::Refused | Self::Failed => Why::Unknown,
        }
    }
}

/// The number that a redirect names: that of the contact which is preferred. The host is of no concern,
/// since a number leads where our plan has it go.
fn redirected_to(response: &Response) -> Option<String> {
    if !FOLLOWED.contains(&response.status.0) {
        return None;
    }
    let contacts = response.headers.elements(&HeaderName::Contact);
    let numbers = contacts.iter().filter_map(|it| {
        let contact = NameAddr::parse(it).ok()?;
        Some((contact.q_per_mille()?, number_of(&contact)?))
    });
    numbers.min_by_key(|(q_per_mille, _)| Reverse(*q_per_mille)).map(|(_, number)| number)
}

/// Statuses whose contacts are other addresses of whoever was called. Those of 305 are proxies, and 380
/// says in its body what to do (RFC 3261 section 21.3).
const FOLLOWED: [u16; 3] = [300, 301, 302];
/// How often a call is forwarded at most, as far as is known.
const FORWARDS_MAX: u32 = 8;
/// How long a change may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
