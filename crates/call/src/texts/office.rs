//! The queues of all recipients: the core of the owner task.
//!
//! The owner feeds it what happens and drains [`TextOffice::poll_output`]; what is to be written
//! comes out as a [`TextBatch`] by [`TextOffice::take_batch`], one at a time, and is handed back.

use super::{
    ALL_WAITING_MAX, DIRECT_LIMIT, DeliveryOutcome, Posted, TextMessage, TextOrder, TextReply,
    TextWish, WAITING_MAX,
};
use crate::{registration::Ticket, subscriptions::Registrations, workplaces::Workplaces};
use base::{Deadlines, TextId};
use sip::bindings::Aor;
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// Every message that waits.
#[derive(Debug)]
pub struct TextOffice {
    registrations: Box<dyn Registrations>,
    workplaces: Workplaces,
    shards: u8,
    queues: BTreeMap<Aor, Queue>,
    /// By the message at the head of its queue.
    recipients: BTreeMap<TextId, Aor>,
    deadlines: Deadlines<TextId>,
    to_write: Vec<TextMessage>,
    to_remove: Vec<TextId>,
    outputs: VecDeque<OfficeOutput>,
}

/// What the owner must do.
#[derive(Clone, Debug)]
pub enum OfficeOutput {
    /// Tell a shard.
    Tell {
        /// Its number.
        shard: u8,
        /// What.
        reply: TextReply,
    },
}

/// What is to be written at once.
#[derive(Clone, Debug, Default)]
pub struct TextBatch {
    /// To write.
    pub added: Vec<TextMessage>,
    /// To remove.
    pub removed: Vec<TextId>,
}

/// Messages of one recipient, oldest first.
#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Entry>,
    head: Head,
    /// How often the oldest was tried in vain.
    failures: u32,
}

/// The oldest message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Head {
    /// Nobody is reached, or nothing waits.
    #[default]
    Resting,
    /// It is on its way to the devices.
    UnderWay,
    /// No device answered; it is tried again at its time.
    Pausing,
}

#[derive(Debug)]
struct Entry {
    message: TextMessage,
    storage: Storage,
    /// Who waits to hear of it.
    sender: Option<(u8, Ticket)>,
}

/// Whether the database has a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Storage {
    /// It goes straight to a device.
    Nowhere,
    /// It is being written.
    Writing,
    /// It has it.
    Kept,
}

impl TextOffice {
    /// An office without messages.
    pub fn new(shards: u8, registrations: Box<dyn Registrations>, workplaces: Workplaces) -> Self {
        Self {
            registrations,
            workplaces,
            shards,
            queues: BTreeMap::new(),
            recipients: BTreeMap::new(),
            deadlines: Deadlines::default(),
            to_write: Vec::new(),
            to_remove: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    // === Inputs ===

    /// Takes in what the database remembers, oldest first.
    pub fn restore(&mut self, now: Instant, messages: Vec<TextMessage>) {
        for message in messages {
            let queue = self.queues.entry(message.to.clone()).or_default();
            queue.waiting.push_back(Entry { message, storage: Storage::Kept, sender: None });
        }
        for aor in self.queues.keys().cloned().collect::<Vec<_>>() {
            self.attend(now, &aor);
        }
    }

    /// What a shard wants.
    pub fn handle_order(&mut self, now: Instant, order: TextOrder) {
        let TextOrder { shard, wish } = order;
        match wish {
            TextWish::Post(ticket, message) => self.post(now, shard, ticket, *message),
            TextWish::Report(id, outcome) => self.handle_report(now, id, outcome),
        }
    }

    /// The devices of somebody are others than before: its own, and those of whoever is signed in there.
    pub fn handle_registration(&mut self, now: Instant, aor: &Aor) {
        self.try_again(now, aor);
        if let Some(visitor) = self.workplaces.visitor_at(aor.domain, &aor.user) {
            let visitor = Aor { domain: aor.domain, user: visitor.to_owned() };
            self.try_again(now, &visitor);
        }
    }

    /// Who sits where, from now on.
    pub fn handle_workplaces(&mut self, now: Instant, workplaces: Workplaces) {
        let before = std::mem::replace(&mut self.workplaces, workplaces);
        let is_elsewhere = |aor: &&Aor| {
            let Aor { domain, user } = aor;
            before.place_of(*domain, user) != self.workplaces.place_of(*domain, user)
        };
        for aor in self.queues.keys().filter(is_elsewhere).cloned().collect::<Vec<_>>() {
            self.try_again(now, &aor);
        }
    }

    fn try_again(&mut self, now: Instant, aor: &Aor) {
        let Some(queue) = self.queues.get_mut(aor) else { return };
        if queue.head == Head::Pausing {
            queue.head = Head::Resting;
        }
        self.attend(now, aor);
    }

    /// Lets what is due happen.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.take_due(now) {
            self.handle_due(now, id);
        }
    }

    /// A message whose time has come, for [`Self::handle_due`].
    pub fn take_due(&mut self, now: Instant) -> Option<TextId> {
        self.deadlines.take_due(now)
    }

    /// Lets happen what is due for one message.
    pub fn handle_due(&mut self, now: Instant, id: TextId) {
        let Some(aor) = self.recipients.get(&id).cloned() else { return };
        let Some(queue) = self.queues.get(&aor) else { return };
        let Some(entry) = queue.waiting.front() else { return };
        match (queue.head, entry.storage) {
            (Head::UnderWay, Storage::Nowhere) => {
                // Its sender must not wait any longer.
                self.keep_head(&aor);
                self.deadlines.set(id, now + REPORT_LIMIT);
            }
            (Head::UnderWay, Storage::Writing | Storage::Kept) => {
                self.handle_report(now, id, DeliveryOutcome::Unreachable);
            }
            (Head::Pausing | Head::Resting, _) => self.send_head(now, &aor),
        }
    }

    /// For whom a message is, if it is the oldest of its recipient.
    pub fn recipient(&self, id: TextId) -> Option<&Aor> {
        self.recipients.get(&id)
    }

    /// After a panic over a recipient: what the database has of its messages waits as after a start, and
    /// the senders of the others are told that those are not kept. One that is under way may come twice.
    pub fn mend(&mut self, now: Instant, aor: &Aor) {
        let Some(queue) = self.queues.remove(aor) else { return };
        let mut kept = Vec::new();
        for Entry { message, storage, sender } in queue.waiting {
            self.recipients.remove(&message.id);
            self.deadlines.stop(message.id);
            match storage {
                Storage::Kept => kept.push(message),
                Storage::Nowhere | Storage::Writing => {
                    self.to_write.retain(|it| it.id != message.id);
                    self.to_remove.push(message.id);
                    self.answer(sender, Posted::Unavailable);
                }
            }
        }
        let queue = self.queues.entry(aor.clone()).or_default();
        let kept = kept.into_iter();
        let entries = kept.map(|message| Entry { message, storage: Storage::Kept, sender: None });
        queue.waiting.extend(entries);
        self.tidy(aor);
        self.attend(now, aor);
    }

    /// What is to be written now; empty for nothing. The next comes when this one was handed back.
    pub fn take_batch(&mut self) -> TextBatch {
        TextBatch {
            added: std::mem::take(&mut self.to_write),
            removed: std::mem::take(&mut self.to_remove),
        }
    }

    /// A batch is in the database.
    pub fn handle_written(&mut self, now: Instant, batch: TextBatch) {
        for message in batch.added {
            let Some(entry) = self.entry(&message.to, message.id) else {
                // It was delivered meanwhile.
                self.to_remove.push(message.id);
                continue;
            };
            entry.storage = Storage::Kept;
            let sender = entry.sender.take();
            self.answer(sender, Posted::Kept);
            self.attend(now, &message.to);
        }
    }

    /// A batch could not be written: senders are told so, and removals are tried again.
    pub fn handle_not_written(&mut self, now: Instant, batch: TextBatch) {
        self.to_remove.extend(batch.removed);
        for message in batch.added {
            // A commit that was given up may have been done after all.
            self.to_remove.push(message.id);
            let Some(entry) = self.entry(&message.to, message.id) else { continue };
            entry.storage = Storage::Nowhere;
            let sender = entry.sender.take();
            self.answer(sender, Posted::Unavailable);
            self.drop_unkept(now, &message);
        }
    }

    // === Outputs ===

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<OfficeOutput> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.queues.values().map(|it| it.waiting.len()).sum()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Whether something is to be written.
    pub fn has_batch(&self) -> bool {
        !self.to_write.is_empty() || !self.to_remove.is_empty()
    }

    // === Queues ===

    fn post(&mut self, now: Instant, shard: u8, ticket: Ticket, message: TextMessage) {
        let aor = message.to.clone();
        let sender = Some((shard, ticket));
        let waiting = self.queues.get(&aor).map_or(0, |it| it.waiting.len());
        if waiting >= WAITING_MAX || self.len() >= ALL_WAITING_MAX {
            return self.answer(sender, Posted::Full);
        }
        let is_direct = waiting == 0 && self.is_reachable(&aor);
        let queue = self.queues.entry(aor.clone()).or_default();
        let id = message.id;
        let storage = if is_direct { Storage::Nowhere } else { Storage::Writing };
        if !is_direct {
            self.to_write.push(message.clone());
        }
        queue.waiting.push_back(Entry { message, storage, sender });
        if is_direct {
            self.recipients.insert(id, aor.clone());
            self.send_head(now, &aor);
        }
    }

    /// Sends the oldest message of somebody who rests and can be reached, if it is written.
    fn attend(&mut self, now: Instant, aor: &Aor) {
        let Some(queue) = self.queues.get(aor) else { return };
        let Some(entry) = queue.waiting.front() else { return };
        if queue.head != Head::Resting || entry.storage != Storage::Kept {
            return;
        }
        let id = entry.message.id;
        self.recipients.insert(id, aor.clone());
        if self.is_reachable(aor) {
            self.deadlines.set(id, now);
        }
    }

    /// Whether a device is there: one of its own, or where it is signed in.
    fn is_reachable(&self, aor: &Aor) -> bool {
        let has_device = |aor: &Aor| {
            self.registrations.bindings(aor).iter().any(|it| it.destination().is_some())
        };
        let place = self.workplaces.place_of(aor.domain, &aor.user);
        let place = place.map(|it| Aor { domain: aor.domain, user: it.to_owned() });
        has_device(aor) || place.is_some_and(|it| has_device(&it))
    }

    fn send_head(&mut self, now: Instant, aor: &Aor) {
        let shard = self.shard_of(aor);
        let Some(queue) = self.queues.get_mut(aor) else { return };
        let Some(entry) = queue.waiting.front() else { return };
        queue.head = Head::UnderWay;
        let limit = match entry.storage {
            Storage::Nowhere => DIRECT_LIMIT,
            Storage::Writing | Storage::Kept => REPORT_LIMIT,
        };
        self.deadlines.set(entry.message.id, now + limit);
        let reply = TextReply::Deliver(Box::new(entry.message.clone()));
        self.outputs.push_back(OfficeOutput::Tell { shard, reply });
    }

    /// Has the message that is under way written, for its sender to hear 202.
    fn keep_head(&mut self, aor: &Aor) {
        let Some(entry) = self.queues.get_mut(aor).and_then(|it| it.waiting.front_mut()) else {
            return;
        };
        if entry.storage == Storage::Nowhere {
            entry.storage = Storage::Writing;
            self.to_write.push(entry.message.clone());
        }
    }

    fn handle_report(&mut self, now: Instant, id: TextId, outcome: DeliveryOutcome) {
        let Some(aor) = self.recipients.get(&id).cloned() else { return };
        let Some(queue) = self.queues.get_mut(&aor) else { return };
        let is_head = queue.waiting.front().is_some_and(|it| it.message.id == id);
        if !is_head || queue.head != Head::UnderWay {
            return;
        }
        self.deadlines.stop(id);
        match outcome {
            DeliveryOutcome::Delivered => self.finish_head(now, &aor, Posted::Delivered),
            DeliveryOutcome::Refused(status) => {
                self.finish_head(now, &aor, Posted::Refused(status));
            }
            DeliveryOutcome::Unreachable => self.pause_head(now, &aor),
        }
    }

    /// No device was reached: later. A message that nobody waits for and nobody has kept is given up,
    /// as its sender was told.
    fn pause_head(&mut self, now: Instant, aor: &Aor) {
        let Some(queue) = self.queues.get_mut(aor) else { return };
        let Some(entry) = queue.waiting.front() else { return };
        if entry.storage == Storage::Nowhere && entry.sender.is_none() {
            return self.finish_head(now, aor, Posted::Unavailable);
        }
        queue.head = Head::Pausing;
        queue.failures += 1;
        let pause = RETRY_MIN * 2_u32.saturating_pow(queue.failures.min(8) - 1);
        self.deadlines.set(entry.message.id, now + pause.min(RETRY_MAX));
        self.keep_head(aor);
    }

    /// A message that could not be written is given up, unless it is under way.
    fn drop_unkept(&mut self, now: Instant, message: &TextMessage) {
        let Some(queue) = self.queues.get_mut(&message.to) else { return };
        let at = queue.waiting.iter().position(|it| it.message.id == message.id);
        match at {
            Some(0) if queue.head == Head::UnderWay => {}
            Some(0) => self.finish_head(now, &message.to, Posted::Unavailable),
            Some(at) => drop(queue.waiting.remove(at)),
            None => {}
        }
    }

    fn finish_head(&mut self, now: Instant, aor: &Aor, posted: Posted) {
        let Some(queue) = self.queues.get_mut(aor) else { return };
        let Some(entry) = queue.waiting.pop_front() else { return };
        queue.head = Head::Resting;
        queue.failures = 0;
        let id = entry.message.id;
        self.recipients.remove(&id);
        self.deadlines.stop(id);
        match entry.storage {
            Storage::Kept => self.to_remove.push(id),
            // Unless it is on its way into the database, when it is removed after that.
            Storage::Writing => self.to_write.retain(|it| it.id != id),
            Storage::Nowhere => {}
        }
        self.answer(entry.sender, posted);
        self.tidy(aor);
        self.attend(now, aor);
    }

    fn answer(&mut self, sender: Option<(u8, Ticket)>, posted: Posted) {
        if let Some((shard, ticket)) = sender {
            let reply = TextReply::Done(ticket, posted);
            self.outputs.push_back(OfficeOutput::Tell { shard, reply });
        }
    }

    fn entry(&mut self, aor: &Aor, id: TextId) -> Option<&mut Entry> {
        self.queues.get_mut(aor)?.waiting.iter_mut().find(|it| it.message.id == id)
    }

    fn tidy(&mut self, aor: &Aor) {
        if self.queues.get(aor).is_some_and(|it| it.waiting.is_empty()) {
            self.queues.remove(aor);
        }
    }

    /// The shard that delivers to somebody: always the same one.
    fn shard_of(&self, aor: &Aor) -> u8 {
        let sum = aor.user.bytes().fold(0_u8, u8::wrapping_add);
        sum % self.shards.max(1)
    }
}

/// A shard that has not told by then what became of a delivery has lost it: longer than timer F.
const REPORT_LIMIT: Duration = Duration::from_secs(60);

/// When a message that reached no device is tried again, at first; each time later.
const RETRY_MIN: Duration = Duration::from_secs(30);

/// The longest pause between two tries.
const RETRY_MAX: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use base::{DomainId, Rng, UnixMillis};
    use bytes::Bytes;
    use sip::bindings::Binding;
    use std::sync::Arc;

    #[test]
    fn after_a_panic_over_one_recipient_its_kept_messages_wait_and_no_sender_hears_nothing() {
        let (now, mut office) = (Instant::now(), office());
        post(&mut office, now, 1, "1001");
        let batch = office.take_batch();
        office.handle_written(now, batch);
        post(&mut office, now, 2, "1001");
        post(&mut office, now, 3, "1002");
        while office.poll_output().is_some() {}

        office.mend(now, &aor("1001"));

        let told: Vec<_> = std::iter::from_fn(|| office.poll_output()).collect();
        let [OfficeOutput::Tell { shard: 0, reply: TextReply::Done(Ticket(2), posted) }] =
            told.as_slice()
        else {
            panic!("{told:?}")
        };
        assert_eq!(*posted, Posted::Unavailable);
        assert_eq!(office.len(), 2, "the first of the one, and that of the other");
        let batch = office.take_batch();
        assert_eq!(batch.added.iter().map(|it| it.id).collect::<Vec<_>>(), [id(3)]);
        assert_eq!(batch.removed, [id(2)]);
    }

    fn office() -> TextOffice {
        TextOffice::new(1, Box::new(Nobody), Workplaces::default())
    }

    fn post(office: &mut TextOffice, now: Instant, n: u64, to: &str) {
        let message = TextMessage {
            id: id(n),
            to: aor(to),
            from: "1009".to_owned(),
            sent_at: UnixMillis(0),
            content_type: Bytes::from_static(b"text/plain"),
            body: Bytes::from_static(b"hello"),
        };
        let wish = TextWish::Post(Ticket(n), Box::new(message));
        office.handle_order(now, TextOrder { shard: 0, wish });
    }

    fn id(n: u64) -> TextId {
        TextId::new(UnixMillis(0), &mut Rng::from_number(n))
    }

    fn aor(user: &str) -> Aor {
        let domain = DomainId::new(UnixMillis(0), &mut Rng::from_number(1));
        Aor { domain, user: user.to_owned() }
    }

    /// No device is there.
    #[derive(Debug)]
    struct Nobody;

    impl Registrations for Nobody {
        fn bindings(&self, _: &Aor) -> Arc<[Binding]> {
            Arc::from([])
        }
    }
}
