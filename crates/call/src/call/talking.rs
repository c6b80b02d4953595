//! Two who talk: their media, and what the one hears while the other holds.
//!
//! Two whose descriptions passed through us may change their media between themselves (`modify`);
//! two who each agreed with us alone are joined, and each goes on agreeing with us alone.

use super::{Call, State, modify::passed};
use crate::{
    context::Context,
    conversations::{Conversation, Side},
    leg::LegError,
};
use bytes::Bytes;
use media::{
    MediaCommand, Playout,
    sdp::{Agreement, Sdp, agree, join},
    sound::Music,
};
use sip::{ClientId, ServerId};
use std::{sync::Arc, time::Instant};

/// The guest is connected to somebody.
#[derive(Debug)]
pub(super) struct Talking {
    /// Whom.
    pub(super) with: usize,
    /// When the call has lasted long enough.
    pub(super) until: Instant,
    pub(super) exchange: Exchange,
    /// Whether each of the two agreed with us alone.
    pub(super) is_joined: bool,
}

/// The offer/answer exchange under way (RFC 3264): at most one a call, since both legs take part.
#[derive(Debug)]
pub(super) enum Exchange {
    /// None.
    Idle,
    /// A re-INVITE of `from` was passed to the other leg.
    Passed {
        /// Whose.
        from: usize,
        /// To answer it with.
        server: ServerId,
        /// Ours to the other leg.
        client: ClientId,
        /// Its offer; `None` if the other leg is to make one.
        offer: Option<Sdp>,
    },
    /// The 2xx of `offerer` brought an offer, which the ACK of the other leg will answer.
    AnswerInAck {
        /// Who made the offer.
        offerer: usize,
        /// The offer.
        offer: Sdp,
    },
}

impl Talking {
    pub(super) fn new(ctx: &Context<'_>, with: usize, exchange: Exchange, is_joined: bool) -> Self {
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        Self { with, until, exchange, is_joined }
    }
}

impl Call {
    /// The guest talks from now on.
    pub(super) fn talk(&mut self, ctx: &mut Context<'_>, talking: Talking) {
        let with = talking.with;
        self.list(ctx, with);
        let is_joined = talking.is_joined;
        self.state = State::Talking(talking);
        self.note_consulted();
        self.refused = None;
        self.record_pair(ctx);
        self.leave_call_back(ctx);
        self.finish_transfer(ctx);
        if self.is_any_listened_to([self.guest, with]) {
            self.convert_keys(ctx, [self.guest, with]);
        }
        if is_joined {
            self.renew(ctx, self.guest);
            self.renew(ctx, with);
        }
    }

    /// Whoever was put on hold by somebody who is gone is asked to speak again.
    fn renew(&mut self, ctx: &mut Context<'_>, leg: usize) {
        let is_silenced = self.legs[leg].side().is_some_and(|it| !it.direction.receives());
        if is_silenced {
            // Where another exchange is under way, what it brings counts.
            let _ = self.legs[leg].renew(ctx);
        }
    }

    /// The two talk no longer, and supervisors of the call wait for who will.
    pub(super) fn pause_listing(&mut self) {
        if let Some(listed) = &self.listed {
            listed.pause();
        }
    }

    /// Lets supervisors find the two. Those who hear the call never miss it in the list, whatever shard
    /// they look from.
    fn list(&mut self, ctx: &Context<'_>, with: usize) {
        match (self.conversation(with), &self.listed) {
            (Some(it), Some(listed)) => listed.go_on(&it),
            (Some(it), None) => self.listed = Some(ctx.world.conversations.list(it)),
            (None, _) => self.listed = None,
        }
    }

    fn conversation(&self, with: usize) -> Option<Conversation> {
        let side = |leg: usize| {
            let view = self.legs[leg].view();
            let number = view.number().to_owned();
            let extension = view.extension.map(|_| view.party);
            Some(Side { extension, number, media: self.legs[leg].media()? })
        };
        let sides = [side(self.guest)?, side(with)?];
        let Self { id: call, domain, worker, .. } = *self;
        Some(Conversation { call, domain, worker, sides })
    }

    /// The leg at the other end of the bridge.
    pub(super) fn other(&self, leg: usize) -> Option<usize> {
        let State::Talking(talking) = &self.state else { return None };
        let sides = [self.guest, talking.with];
        let at = sides.iter().position(|it| *it == leg)?;
        Some(sides[1 - at])
    }

    // === Media between two legs ===

    /// Makes our answer to `offerer` of the other leg's and brings the two together. Nothing changes
    /// if they cannot be.
    pub(super) fn connect(
        &mut self,
        ctx: &mut Context<'_>,
        offerer: usize,
        answerer: usize,
        offer: &Sdp,
        answer: &Sdp,
    ) -> Result<Bytes, LegError> {
        let Agreement { offering, answering, to_answering, to_offering } =
            agree(&passed(ctx, offer), answer)?;
        let bytes = self.legs[offerer].answer_of(offer, answer)?;
        self.legs[offerer].configure(ctx, offering);
        self.legs[answerer].configure(ctx, answering);
        self.bridge(ctx, [offerer, answerer], [to_answering, to_offering]);
        Ok(bytes)
    }

    /// Brings two together who each agreed with us alone.
    pub(super) fn join(
        &mut self,
        ctx: &mut Context<'_>,
        [a, b]: [usize; 2],
    ) -> Result<(), LegError> {
        // A bridge lives whole on one worker.
        if let Some(worker) = self.legs[a].worker() {
            self.worker = worker;
            self.legs[b].move_to_worker(ctx, worker)?;
        }
        let (Some(side_of_a), Some(side_of_b)) = (self.legs[a].side(), self.legs[b].side()) else {
            return Err(LegError::NoMedia);
        };
        let (a_to_b, b_to_a) = join(side_of_a, side_of_b)?;
        self.bridge(ctx, [a, b], [a_to_b, b_to_a]);
        Ok(())
    }

    fn bridge(
        &mut self,
        ctx: &mut Context<'_>,
        [a, b]: [usize; 2],
        [a_to_b, b_to_a]: [media::PayloadMap; 2],
    ) {
        if [a, b].iter().any(|leg| self.legs[*leg].holds_by_order()) {
            self.keep_apart(ctx, [a, b]);
        } else if let Some((waiting, music)) = self.music_for(ctx, [a, b]) {
            self.legs[waiting].play(ctx, Playout::Music { music });
        } else if let (Some(a_media), Some(b_media)) = (self.legs[a].media(), self.legs[b].media())
        {
            let command = MediaCommand::Bridge { a: a_media, b: b_media, a_to_b, b_to_a };
            self.tell_worker(ctx, command);
            self.convert_keys(ctx, [a, b]);
        }
    }

    /// If one of the two holds: the other, and what it hears. Nothing is played to whoever we could
    /// not be understood by: that one hears the holder's device, if it sends anything.
    fn music_for(&self, ctx: &Context<'_>, legs: [usize; 2]) -> Option<(usize, Arc<Music>)> {
        let (holder, waiting) = match legs.map(|leg| self.legs[leg].is_held()) {
            [true, false] => (0, 1),
            [false, true] => (1, 0),
            [true, true] | [false, false] => return None,
        };
        let waiting = legs[waiting];
        let music = ctx.world.sounds.hold_music(self.legs[legs[holder]].hold_music());
        let hears = self.legs[waiting].side().is_some_and(|it| it.hears_playouts());
        Some((waiting, music.filter(|_| hears)?))
    }

    /// One of two holds by order, or both do: whoever is held hears music, and the other nothing.
    pub(super) fn keep_apart(&mut self, ctx: &mut Context<'_>, [a, b]: [usize; 2]) {
        for (leg, other) in [(a, b), (b, a)] {
            if self.legs[other].is_held() {
                self.play_hold_music(ctx, leg, other);
            } else {
                self.legs[leg].play(ctx, Playout::Silence);
            }
        }
    }

    /// Lets a leg hear the music of whoever keeps it waiting, if we could be understood.
    pub(super) fn play_hold_music(&mut self, ctx: &mut Context<'_>, leg: usize, holder: usize) {
        let music = ctx.world.sounds.hold_music(self.legs[holder].hold_music());
        let hears = self.legs[leg].side().is_some_and(|it| it.hears_playouts());
        let music = music.filter(|_| hears).map(|music| Playout::Music { music });
        self.legs[leg].play(ctx, music.unwrap_or(Playout::Silence));
    }
}
