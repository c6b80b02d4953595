//! A leg's way from one media worker to another, and the end of its sessions.

use super::{
    Leg, LegError,
    media::{Media, Session},
};
use crate::context::{Context, Handle};
use ::media::StreamStats;
use base::MediaId;
use smallvec::SmallVec;

/// What is left of a leg's sessions on other workers.
#[derive(Debug, Default)]
pub(super) struct Former {
    /// Told to close; their figures are on their way.
    pub(super) closing: SmallVec<[(MediaId, u8); 1]>,
    /// The figures of those that are gone.
    pub(super) stats: Option<Box<StreamStats>>,
}

impl Leg {
    /// The worker told that a session is gone.
    pub(crate) fn media_closed(
        &mut self,
        ctx: &mut Context<'_>,
        media: MediaId,
        stats: StreamStats,
    ) {
        match self.former.closing.iter().position(|(it, _)| *it == media) {
            Some(at) => {
                let (media, worker) = self.former.closing.remove(at);
                self.forget_former(ctx, media, worker, stats);
            }
            None => self.media.closed(ctx, stats),
        }
    }

    fn forget_former(
        &mut self,
        ctx: &mut Context<'_>,
        media: MediaId,
        worker: u8,
        stats: StreamStats,
    ) {
        ctx.handles.remove(Handle::Media(media));
        ctx.ports.session_closed(worker, ctx.outputs);
        let before = self.former.stats.take();
        let all = before.map_or(stats.clone(), |it| stats.after(&it));
        self.former.stats = Some(Box::new(all));
    }

    /// Goes on in a session on another worker: the far end is told by a re-INVITE, and until it has
    /// heard that what it says is lost.
    pub(crate) fn move_to_worker(
        &mut self,
        ctx: &mut Context<'_>,
        worker: u8,
    ) -> Result<(), LegError> {
        let session = self.media.session()?;
        if session.worker() == worker {
            return Ok(());
        }
        let moved = session.on_worker(ctx, self.handle, worker)?;
        let former = (session.id(), session.worker());
        self.media.close(ctx);
        self.former.closing.push(former);
        self.media = Media::Open(moved);
        self.wants_renewal = self.renew(ctx).is_err();
        Ok(())
    }

    /// The worker on which its open session lives.
    pub(crate) fn worker(&self) -> Option<u8> {
        self.media.session().ok().map(Session::worker)
    }

    /// The worker owes us the figures and will not send them any more.
    pub(crate) fn give_up_media(&mut self, ctx: &mut Context<'_>) {
        for (media, worker) in std::mem::take(&mut self.former.closing) {
            self.forget_former(ctx, media, worker, StreamStats::default());
        }
        if self.media.is_closing() {
            self.media.closed(ctx, StreamStats::default());
        }
    }

    /// Whether the worker's figures are to come.
    pub(crate) fn awaits_media(&self) -> bool {
        self.media.is_closing() || !self.former.closing.is_empty()
    }
}
