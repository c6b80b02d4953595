//! The office of text messages, with the real core and a database in memory.

use crate::registrar::Registrar;
use base::TextId;
use call::{
    Workplaces,
    texts::{OfficeOutput, TextMessage, TextOffice, TextOrder, TextReply},
};
use sip::bindings::Aor;
use std::{collections::BTreeMap, time::Instant};

/// Messages that wait.
#[derive(Debug)]
pub struct Texts {
    core: TextOffice,
    /// The table of messages.
    pub rows: BTreeMap<TextId, TextMessage>,
    /// Whether nothing can be written.
    pub is_database_away: bool,
}

impl Texts {
    pub(crate) fn new(shards: u8, registrar: Registrar) -> Self {
        let core = TextOffice::new(shards, Box::new(registrar), Workplaces::default());
        Self { core, rows: BTreeMap::new(), is_database_away: false }
    }

    /// An office of another process on the same rows.
    pub(crate) fn restart(
        &mut self,
        now: Instant,
        shards: u8,
        registrar: Registrar,
        workplaces: Workplaces,
    ) {
        self.core = TextOffice::new(shards, Box::new(registrar), workplaces);
        self.core.restore(now, self.rows.values().cloned().collect());
    }

    pub(crate) fn handle(&mut self, now: Instant, order: TextOrder) {
        self.core.handle_order(now, order);
    }

    pub(crate) fn handle_registration(&mut self, now: Instant, aor: &Aor) {
        self.core.handle_registration(now, aor);
    }

    pub(crate) fn handle_workplaces(&mut self, now: Instant, workplaces: Workplaces) {
        self.core.handle_workplaces(now, workplaces);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.core.handle_timeout(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.core.poll_timeout()
    }

    /// Writes what is to be written, and gives what shards are to be told.
    pub(crate) fn take_replies(&mut self, now: Instant) -> Vec<(u8, TextReply)> {
        let batch = self.core.take_batch();
        if self.is_database_away {
            self.core.handle_not_written(now, batch);
        } else {
            self.rows.extend(batch.added.iter().map(|it| (it.id, it.clone())));
            for id in &batch.removed {
                self.rows.remove(id);
            }
            self.core.handle_written(now, batch);
        }
        let outputs = std::iter::from_fn(|| self.core.poll_output());
        outputs.map(|OfficeOutput::Tell { shard, reply }| (shard, reply)).collect()
    }
}
