//! The office's loop.

use crate::{
    store::{Store, StoreError},
    telemetry::{
        metrics::TEXTS_WAITING,
        panics::{Owner, contained_now},
    },
};
use call::{
    Directory,
    texts::{OfficeOutput, Posted, TextBatch, TextOffice, TextOrder, TextReply, TextWish},
};
use sip::bindings::Aor;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep_until, timeout},
};

/// The owner task.
#[derive(Debug)]
pub struct Office {
    store: Store,
    core: TextOffice,
    shards: Vec<mpsc::Sender<TextReply>>,
    /// What is being written; the next waits for it, and everything else does not.
    writing: JoinSet<(TextBatch, bool)>,
    /// When something is written again at the soonest.
    not_before: Instant,
}

/// How the office hears who sits where.
#[derive(Clone, Debug)]
pub struct OfficeHandle(mpsc::Sender<Arc<Directory>>);

impl OfficeHandle {
    /// Who exists and sits where, from now on. Waits while the office is busy.
    pub async fn directory(&self, directory: Arc<Directory>) {
        // An office that has stopped needs to know nothing.
        let _ = self.0.send(directory).await;
    }
}

impl Office {
    /// Starts the task with what the database remembers for extensions that are there. It ends when nobody gives orders any more.
    pub async fn start(
        store: Store,
        mut core: TextOffice,
        orders: mpsc::Receiver<TextOrder>,
        registrations: mpsc::Receiver<Aor>,
        shards: Vec<mpsc::Sender<TextReply>>,
    ) -> Result<OfficeHandle, StoreError> {
        let now = Instant::now();
        let homeless = store.delete_texts_of_nobody().await?;
        let kept = store.load_texts().await?;
        tracing::info!(texts = kept.len(), homeless, "text messages wait");
        core.restore(now, kept);
        let office = Self { store, core, shards, writing: JoinSet::new(), not_before: now };
        let (handle, directories) = mpsc::channel(1);
        tokio::spawn(office.run(orders, registrations, directories));
        Ok(OfficeHandle(handle))
    }

    async fn run(
        mut self,
        mut orders: mpsc::Receiver<TextOrder>,
        mut registrations: mpsc::Receiver<Aor>,
        mut directories: mpsc::Receiver<Arc<Directory>>,
    ) {
        loop {
            self.carry_out().await;
            metrics::gauge!(TEXTS_WAITING).set(self.core.len() as f64);
            let late =
                (self.core.has_batch() && self.writing.is_empty()).then_some(self.not_before);
            let wake_at = self.core.poll_timeout().into_iter().chain(late).min();
            let alarm = wake_at.unwrap_or_else(Instant::now).into();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                Some(aor) = registrations.recv() => {
                    let now = Instant::now();
                    self.do_contained(Some(&aor), |core| core.handle_registration(now, &aor));
                }
                Some(directory) = directories.recv() => {
                    let (now, workplaces) = (Instant::now(), directory.workplaces.clone());
                    self.do_contained(None, |core| core.handle_workplaces(now, workplaces));
                }
                Some(Ok((batch, is_written))) = self.writing.join_next() => {
                    self.handle_written(batch, is_written);
                }
                () = sleep_until(alarm), if wake_at.is_some() => {
                    self.let_happen(Instant::now());
                }
            }
        }
    }

    async fn obey(&mut self, order: TextOrder) {
        let (shard, now) = (order.shard, Instant::now());
        let (aor, ticket) = match &order.wish {
            TextWish::Post(ticket, message) => (Some(message.to.clone()), Some(*ticket)),
            TextWish::Report(id, _) => (self.core.recipient(*id).cloned(), None),
        };
        let is_done = self.do_contained(aor.as_ref(), |core| core.handle_order(now, order));
        if let (false, Some(ticket), Some(inbox)) =
            (is_done, ticket, self.shards.get(usize::from(shard)))
        {
            // Twice does no harm: the second finds nobody who waits.
            let _ = inbox.send(TextReply::Done(ticket, Posted::Unavailable)).await;
        }
    }

    /// Lets what is due happen, each message by itself.
    fn let_happen(&mut self, now: Instant) {
        while let Some(id) = self.core.take_due(now) {
            let aor = self.core.recipient(id).cloned();
            self.do_contained(aor.as_ref(), |core| core.handle_due(now, id));
        }
    }

    /// Does something for one recipient, whose queue is put in order if that panics; false then. Those of
    /// others have nothing to do with it.
    fn do_contained(&mut self, aor: Option<&Aor>, work: impl FnOnce(&mut TextOffice)) -> bool {
        let core = &mut self.core;
        let is_done = contained_now(Owner::Texts, "a recipient", || work(core)).is_some();
        if let (false, Some(aor)) = (is_done, aor) {
            contained_now(Owner::Texts, "the queue of a recipient", || {
                core.mend(Instant::now(), aor);
            });
        }
        is_done
    }

    async fn carry_out(&mut self) {
        if self.writing.is_empty() && self.core.has_batch() && self.not_before <= Instant::now() {
            let batch = self.core.take_batch();
            self.write(batch);
        }
        while let Some(OfficeOutput::Tell { shard, reply }) = self.core.poll_output() {
            // A shard never waits for the office, so that this ends; one that has stopped needs to
            // know nothing.
            if let Some(inbox) = self.shards.get(usize::from(shard)) {
                let _ = inbox.send(reply).await;
            }
        }
    }

    fn write(&mut self, batch: TextBatch) {
        let store = self.store.clone();
        self.writing.spawn(async move {
            let commit = store.commit_texts(&batch.added, &batch.removed);
            let is_written = match timeout(COMMIT_TIMEOUT, commit).await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(%error, "text messages are not written");
                    false
                }
                Err(_) => {
                    tracing::error!("the database does not answer: MESSAGE is answered 503");
                    false
                }
            };
            (batch, is_written)
        });
    }

    fn handle_written(&mut self, batch: TextBatch, is_written: bool) {
        let now = Instant::now();
        let aors: Vec<_> = batch.added.iter().map(|it| it.to.clone()).collect();
        let is_done = self.do_contained(None, |core| {
            if is_written {
                core.handle_written(now, batch);
            } else {
                core.handle_not_written(now, batch);
            }
        });
        if !is_written {
            self.not_before = now + RETRY;
        }
        for aor in aors.iter().filter(|_| !is_done) {
            contained_now(Owner::Texts, "the queue of a recipient", || self.core.mend(now, aor));
        }
    }
}

/// Longest wait for the database.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// How soon the database is tried again after it failed.
const RETRY: Duration = Duration::from_secs(1);
