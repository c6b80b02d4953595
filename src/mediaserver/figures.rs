//! How open sessions do: written by the workers whenever a session reports, read by whoever asks.

use base::MediaId;
use dashmap::DashMap;
use media::Figures;
use std::sync::Arc;

/// Of all workers; clones share them.
#[derive(Clone, Debug, Default)]
pub struct LiveFigures(Arc<DashMap<MediaId, Figures>>);

impl LiveFigures {
    /// Of one session: its last some five seconds; `None` before its first report, and once it is
    /// closed.
    pub fn of(&self, media: MediaId) -> Option<Figures> {
        self.0.get(&media).map(|it| *it)
    }

    pub(super) fn put(&self, media: MediaId, figures: Figures) {
        self.0.insert(media, figures);
    }

    pub(super) fn forget(&self, media: MediaId) {
        self.0.remove(&media);
    }
}
