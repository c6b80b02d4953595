//! Calls to an extension that go elsewhere, and the extension that says so.

use super::{Call, Fault, Refused};
use crate::{
    context::Context,
    dialplan::{FeatureOrder, ForwardWhen, Outcome, Principal},
    directory::Extension,
    failure::{Cause, Refusal},
    features::{FeatureReply, FeatureRequest},
    output::Output,
};
use media::Playout;
use sip::{Header, HeaderName};
use std::time::Duration;

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
            return Some(self.forward(ctx, number, &to, "unconditional"));
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
            (Some(number), Some(to)) => self.forward(ctx, &number, &to, outcome.diversion()),
            (_, _) => match fault {
                Fault::Callee => Outcome::Dialled(outcome),
                Fault::Way => Outcome::NotReached(outcome),
            },
        }
    }

    /// The call goes on to another number with the rights of the one that it was for.
    fn forward(
        &mut self,
        ctx: &mut Context<'_>,
        from: &str,
        to: &str,
        reason: &'static str,
    ) -> Outcome {
        self.forwards += 1;
        if self.forwards > FORWARDS_MAX {
            let reason = Some(format!("Forwarded {FORWARDS_MAX} times, last by {from}"));
            let refusal = Refusal { reason, ..Refusal::of(Cause::Loop) };
            let outcome = refusal.outcome();
            self.refused = Some(Refused::of(refusal));
            return Outcome::Dialled(outcome);
        }
        if let Some(domain) = ctx.world.directory.domains.get(&self.domain) {
            // RFC 5806: the last one stands first.
            let value = format!("<sip:{from}@{}>;reason={reason}", domain.name);
            let header = Header { name: HeaderName::Diversion, value: value.into() };
            let at = self.arrival.headers.iter().position(|it| it.name == HeaderName::Diversion);
            self.arrival.headers.insert(at.unwrap_or(self.arrival.headers.len()), header);
        }
        if let Some(walk) = &mut self.walk {
            walk.detour(to, Principal::Extension(from.to_owned()), ctx.now.unix);
        }
        Outcome::Done
    }

    // === Whoever sits at an extension changes what is set for it ===

    /// Asks for a change; the guest hears nothing meanwhile.
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
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        self.legs[self.guest].play(ctx, Playout::Silence);
        let asked = self.ask_until(ctx.now.instant + REPLY_TIMEOUT);
        let (shard, call, domain) = (ctx.settings.shard, self.id, self.domain);
        let request = FeatureRequest { shard, call, asked, domain, extension, order };
        ctx.outputs.push_back(Output::Feature(Box::new(request)));
        Ok(None)
    }

    /// Whether the change is kept; too late is no answer.
    pub(crate) fn handle_feature(&mut self, ctx: &mut Context<'_>, reply: FeatureReply) {
        if self.awaits_answer(reply.asked) {
            self.go_on_after(ctx, &Outcome::Feature(reply.is_kept));
        }
    }
}

impl crate::dialplan::DialOutcome {
    /// As a Diversion header has it (RFC 5806 section 4.1).
    fn diversion(self) -> &'static str {
        match self {
            Self::Busy => "user-busy",
            Self::NoAnswer => "no-answer",
            Self::Offline => "unavailable",
            Self::Refused => "deflection",
            Self::Failed => "unknown",
        }
    }
}

/// How often a call is forwarded at most.
const FORWARDS_MAX: u8 = 8;
/// How long a change may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
