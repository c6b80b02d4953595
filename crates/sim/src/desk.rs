//! The desk of subscriptions, with the real core and a database in memory.

use crate::registrar::Registrar;
use base::{SubscriptionId, UnixMillis};
use call::{
    CallView, Directory,
    subscriptions::{
        DeskOutput, KeptSubscription, LineFact, LineWatch, MailCounts, NUMBERS_AT_ONCE, WatchBatch,
        WatchDesk, WatchOrder, WatchReply, dialog_in_slot, dialogs_of,
    },
    voicemail::Mailbox,
};
use sip::bindings::Aor;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Who watches what, and what of it is written.
#[derive(Debug)]
pub struct Desk {
    core: WatchDesk,
    /// The table of subscriptions.
    pub rows: BTreeMap<SubscriptionId, KeptSubscription>,
    /// Whether nothing can be written.
    pub is_database_away: bool,
    /// Batches that were written.
    pub commits: usize,
    watched: BTreeSet<Aor>,
    told: BTreeMap<Aor, LineFact>,
    counted: BTreeMap<Aor, MailCounts>,
    bound: BTreeMap<Aor, Vec<String>>,
    mailboxes: BTreeMap<Aor, Mailbox>,
}

impl Desk {
    pub(crate) fn new(directory: Arc<Directory>, registrar: Registrar) -> Self {
        Self {
            core: WatchDesk::new(directory, Box::new(registrar)),
            rows: BTreeMap::new(),
            is_database_away: false,
            commits: 0,
            watched: BTreeSet::new(),
            told: BTreeMap::new(),
            counted: BTreeMap::new(),
            bound: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
        }
    }

    /// Documents built since the start.
    pub fn documents_built(&self) -> u64 {
        self.core.documents_built()
    }

    /// A desk of another process on the same rows; gives what shards go on with.
    pub(crate) fn restart(
        &mut self,
        now: UnixMillis,
        directory: Arc<Directory>,
        registrar: Registrar,
        shard_of: impl Fn(&KeptSubscription) -> u8,
    ) -> Vec<(u8, KeptSubscription)> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|_, it| it.expires_at > now);
        for row in rows.values_mut() {
            row.dialog.local_cseq += NUMBERS_AT_ONCE;
            row.dialog.hop.flow = None;
        }
        let kept: Vec<_> = rows.values().map(|it| (shard_of(it), it.clone())).collect();
        *self = Self { rows, ..Self::new(directory, registrar) };
        self.core.restore(kept.iter().map(|(shard, it)| (*shard, it)));
        kept
    }

    /// Does as a shard wants.
    pub(crate) fn handle(&mut self, order: WatchOrder) {
        let mut batch = self.core.begin_batch();
        self.core.decide(&mut batch, order);
        if self.is_database_away && !batch.is_empty() {
            return self.core.handle_not_written(batch);
        }
        let WatchBatch { upserts, reserved, removals, .. } = &batch;
        self.commits += usize::from(!batch.is_empty());
        self.rows.extend(upserts.iter().map(|it| (it.id, it.clone())));
        for (id, cseq) in reserved {
            if let Some(row) = self.rows.get_mut(id) {
                row.dialog.local_cseq = *cseq;
            }
        }
        for id in removals {
            self.rows.remove(id);
        }
        self.core.handle_written(batch);
    }

    /// Who exists, from now on.
    pub(crate) fn handle_directory(&mut self, now: UnixMillis, directory: Arc<Directory>) {
        self.core.handle_directory(now, directory);
    }

    /// Looks at lines, bindings and mailboxes, as a board, a registrar and a keeper would tell. Gives
    /// whose bindings are others than before.
    pub(crate) fn look_around(
        &mut self,
        now: UnixMillis,
        directory: &Directory,
        calls: &[BTreeMap<base::CallId, CallView>],
        counts: impl Fn(&Mailbox) -> MailCounts,
        keys: impl Fn(&Aor) -> Vec<String>,
    ) -> Vec<Aor> {
        for aor in self.watched.clone() {
            let fact = fact_of(directory, calls, &aor);
            if self.told.get(&aor) != Some(&fact) {
                self.told.insert(aor, fact.clone());
                self.core.handle_line(now, fact);
            }
        }
        for (aor, mailbox) in self.mailboxes.clone() {
            let count = counts(&mailbox);
            if self.counted.insert(aor.clone(), count) != Some(count) {
                self.core.handle_mail(now, &aor, count);
            }
        }
        let mut changed = Vec::new();
        for (domain, number) in directory.extensions.keys() {
            let aor = Aor { domain: *domain, user: number.clone() };
            let keys = keys(&aor);
            if self.bound.get(&aor) != Some(&keys) {
                self.bound.insert(aor.clone(), keys);
                self.core.handle_registration(now, &aor);
                changed.push(aor);
            }
        }
        changed
    }

    /// What shards are to be told.
    pub(crate) fn take_replies(&mut self) -> Vec<(u8, WatchReply)> {
        let mut replies = Vec::new();
        while let Some(output) = self.core.poll_output() {
            match output {
                DeskOutput::Tell { shard, reply } => replies.push((shard, reply)),
                DeskOutput::WatchLine(LineWatch { aor, is_watched: true }) => {
                    self.told.remove(&aor);
                    self.watched.insert(aor);
                }
                DeskOutput::WatchLine(LineWatch { aor, is_watched: false }) => {
                    self.watched.remove(&aor);
                }
                DeskOutput::CountMail(mailbox) => {
                    let aor = Aor { domain: mailbox.domain, user: mailbox.number.clone() };
                    self.counted.remove(&aor);
                    self.mailboxes.insert(aor, mailbox);
                }
            }
        }
        replies
    }
}

fn fact_of(
    directory: &Directory,
    calls: &[BTreeMap<base::CallId, CallView>],
    aor: &Aor,
) -> LineFact {
    let name_of = |id| {
        let found = directory.extensions.values().find(|it| it.id == id)?;
        Some(found.display_name.clone())
    };
    let line = directory.extension(aor.domain, &aor.user).map(|it| it.id);
    let live = line.into_iter().flat_map(|line| {
        calls.iter().flat_map(BTreeMap::values).flat_map(move |it| dialogs_of(it, line, name_of))
    });
    let slot = aor.user.parse().ok().filter(|_| line.is_none());
    let parked = slot.into_iter().flat_map(|slot| {
        let calls = calls.iter().flat_map(BTreeMap::values).filter(|it| it.domain == aor.domain);
        calls.filter_map(move |it| dialog_in_slot(it, slot, name_of))
    });
    LineFact { aor: aor.clone(), dialogs: live.chain(parked).collect() }
}
