//! Who watches what on all shards, and what they are told: the core of the owner task.
//!
//! The owner feeds it what happens and drains [`WatchDesk::poll_output`]. Orders of shards become a
//! [`WatchBatch`], which the owner writes into the database and hands back as written or not; the
//! replies come out then.
//!
//! Documents are built one at a time while outputs are polled, and each is taken off the list before:
//! an owner that contains panics loses no more by one than that document.

use super::{
    Document, KeptSubscription, LineDialog, LineFact, LineWatch, MailCounts, NotKept,
    OF_SUBSCRIBER_MAX, Package, WATCHERS_MAX, WatchNews, WatchOrder, WatchReply, WatchWish,
    Watched,
    documents::{ContactEvent, DIALOGS_MAX, Entity, dialog_info, message_summary, pidf, reginfo},
    lines::{DialogDirection, DialogState},
};
use crate::{directory::Directory, registration::Ticket, voicemail::Mailbox};
use base::{SubscriptionId, UnixMillis};
use sip::bindings::{Aor, Binding};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fmt,
    sync::Arc,
};

/// Where everybody is registered: the shell's is the registrar's snapshot.
pub trait Registrations: fmt::Debug + Send {
    /// What is bound to an address of record, reachable or not.
    fn bindings(&self, aor: &Aor) -> Arc<[Binding]>;
}

/// The desk.
#[derive(Debug)]
pub struct WatchDesk {
    directory: Arc<Directory>,
    registrations: Box<dyn Registrations>,
    subscriptions: HashMap<SubscriptionId, Known>,
    of_subscriber: HashMap<Aor, usize>,
    watches: BTreeMap<Watched, Watch>,
    /// Lines of which calls are told, by how many watches are about them.
    lines: BTreeMap<Aor, Line>,
    /// Rows that are to be removed and could not be yet.
    leftovers: BTreeSet<SubscriptionId>,
    outputs: VecDeque<DeskOutput>,
    /// What follows after the outputs.
    due: VecDeque<Due>,
    documents_built: u64,
}

/// Something that may need a document.
#[derive(Debug)]
enum Due {
    /// It may stand otherwise: what it says is told if it says something new.
    Changed {
        now: UnixMillis,
        watched: Watched,
        /// Dialogs that are over since.
        ended: Vec<LineDialog>,
    },
    /// A shard has a new subscription to this: unless it knows how that stands it is told, as soon as
    /// that is known.
    Newcomer { shard: u8, watched: Watched },
}

/// What the owner must do.
#[derive(Clone, Debug)]
pub enum DeskOutput {
    /// Tell a shard. News that find no room may be dropped if [`WatchDesk::handle_missed`] is called
    /// later; other replies that find none are lost, and the shard does without.
    Tell {
        /// Its number.
        shard: u8,
        /// What.
        reply: WatchReply,
    },
    /// Tell whoever knows the calls of lines.
    WatchLine(LineWatch),
    /// Find out what is in a mailbox, for [`WatchDesk::handle_mail`].
    CountMail(Mailbox),
}

/// What is to be written at once, all of it or nothing, and answered then.
#[derive(Clone, Debug, Default)]
pub struct WatchBatch {
    /// To write, by id.
    pub upserts: Vec<KeptSubscription>,
    /// Greatest CSeq numbers that may be used, by id; rows that are gone stay gone.
    pub reserved: Vec<(SubscriptionId, u32)>,
    /// To remove, after the others.
    pub removals: Vec<SubscriptionId>,
    /// Subscriptions of `upserts` that are new.
    new: Vec<SubscriptionId>,
    /// By shard.
    replies: Vec<(u8, WatchReply)>,
}

/// See [`WatchDesk::fallback`].
#[derive(Debug)]
pub struct Fallback {
    shard: u8,
    id: SubscriptionId,
    /// Whether there is to be no such subscription then.
    is_over: bool,
    reply: Option<WatchReply>,
}

impl WatchBatch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.reserved.is_empty() && self.removals.is_empty()
    }
}

#[derive(Debug)]
struct Known {
    shard: u8,
    watched: Watched,
    subscriber: Option<Aor>,
}

/// One thing that is watched.
#[derive(Debug, Default)]
struct Watch {
    /// Whether it is no extension's, but a parking slot's.
    is_slot: bool,
    /// How many subscriptions of each shard.
    shards: BTreeMap<u8, usize>,
    /// Shards that were told `current`.
    told: BTreeSet<u8>,
    /// What those are told who ask now; `None` while it is not known.
    current: Option<Arc<Document>>,
    mail: Option<MailCounts>,
    /// What was bound when the document was built.
    bound: Vec<Binding>,
}

#[derive(Debug, Default)]
struct Line {
    watches: usize,
    /// `None` until it was told.
    dialogs: Option<Vec<LineDialog>>,
}

impl WatchDesk {
    /// A desk at which nobody watches anything.
    pub fn new(directory: Arc<Directory>, registrations: Box<dyn Registrations>) -> Self {
        Self {
            directory,
            registrations,
            subscriptions: HashMap::new(),
            of_subscriber: HashMap::new(),
            watches: BTreeMap::new(),
            lines: BTreeMap::new(),
            leftovers: BTreeSet::new(),
            outputs: VecDeque::new(),
            due: VecDeque::new(),
            documents_built: 0,
        }
    }

    // === Inputs ===

    /// Takes in what the database remembers, each with the shard that goes on with it.
    pub fn restore<'a>(&mut self, kept: impl IntoIterator<Item = (u8, &'a KeptSubscription)>) {
        for (shard, it) in kept {
            self.enter(it.id, shard, &it.watched, Some(&it.subscriber));
        }
        let watched: Vec<_> = self.watches.keys().cloned().collect();
        for it in watched {
            self.change(UnixMillis(0), it, &[]);
        }
    }

    /// Begins a batch, with what could not be removed by an earlier one. No other may be begun before it
    /// is handed back.
    pub fn begin_batch(&mut self) -> WatchBatch {
        let removals = std::mem::take(&mut self.leftovers).into_iter().collect();
        WatchBatch { removals, ..WatchBatch::default() }
    }

    /// Decides what a shard wants.
    pub fn decide(&mut self, batch: &mut WatchBatch, order: WatchOrder) {
        let WatchOrder { shard, wish } = order;
        match wish {
            WatchWish::Keep(ticket, kept) => self.keep(batch, shard, ticket, *kept),
            WatchWish::Look(id, watched) => {
                self.enter(id, shard, &watched, None);
                self.due.push_back(Due::Newcomer { shard, watched });
            }
            WatchWish::Reserve(id, cseq) => {
                batch.reserved.push((id, cseq));
                batch.replies.push((shard, WatchReply::Reserved(id, Some(cseq))));
            }
            WatchWish::Forget(id) => {
                batch.upserts.retain(|it| it.id != id);
                if self.leave(id) {
                    batch.removals.push(id);
                }
            }
        }
    }

    /// What would be left to do of an order if deciding it panicked.
    pub fn fallback(&self, order: &WatchOrder) -> Fallback {
        let (id, reply) = match &order.wish {
            WatchWish::Keep(ticket, kept) => {
                (kept.id, Some(WatchReply::NotKept(kept.id, *ticket, NotKept::Unavailable)))
            }
            WatchWish::Look(id, _) | WatchWish::Forget(id) => (*id, None),
            WatchWish::Reserve(id, _) => (*id, Some(WatchReply::Reserved(*id, None))),
        };
        let is_forgotten = matches!(order.wish, WatchWish::Forget(_));
        let is_over = is_forgotten || !self.subscriptions.contains_key(&id);
        Fallback { shard: order.shard, id, is_over, reply }
    }

    /// Does that: the subscription is as it was before, or is not, and whoever waits for it hears so.
    pub fn fall_back(&mut self, batch: &mut WatchBatch, fallback: Fallback) {
        let Fallback { shard, id, is_over, reply } = fallback;
        batch.replies.extend(reply.map(|it| (shard, it)));
        if is_over {
            // It may have none.
            batch.removals.push(id);
            self.leave(id);
        }
    }

    /// A batch is in the database.
    pub fn handle_written(&mut self, batch: WatchBatch) {
        for (shard, reply) in batch.replies {
            let kept = match &reply {
                WatchReply::Kept(id, _) => Some(*id),
                WatchReply::NotKept(..) | WatchReply::Reserved(..) | WatchReply::News(_) => None,
            };
            self.outputs.push_back(DeskOutput::Tell { shard, reply });
            let newcomer = kept.filter(|it| batch.new.contains(it));
            if let Some(known) = newcomer.and_then(|it| self.subscriptions.get(&it)) {
                let watched = known.watched.clone();
                self.due.push_back(Due::Newcomer { shard, watched });
            }
        }
    }

    /// A batch could not be written, and nothing of it was.
    pub fn handle_not_written(&mut self, batch: WatchBatch) {
        self.leftovers.extend(batch.removals);
        // A commit that was given up may have been done after all.
        for id in batch.new {
            self.leave(id);
            self.leftovers.insert(id);
        }
        for (shard, reply) in batch.replies {
            let reply = match reply {
                WatchReply::Kept(id, ticket) => {
                    WatchReply::NotKept(id, ticket, NotKept::Unavailable)
                }
                WatchReply::Reserved(id, _) => WatchReply::Reserved(id, None),
                other @ (WatchReply::NotKept(..) | WatchReply::News(_)) => other,
            };
            self.outputs.push_back(DeskOutput::Tell { shard, reply });
        }
    }

    /// News for a shard found no room a while ago.
    pub fn handle_missed(&mut self, shard: u8, watched: &Watched) {
        if let Some(watch) = self.watches.get_mut(watched) {
            watch.told.remove(&shard);
        }
        self.due.push_back(Due::Newcomer { shard, watched: watched.clone() });
    }

    /// The calls of a line that is watched.
    pub fn handle_line(&mut self, now: UnixMillis, fact: LineFact) {
        let LineFact { aor, dialogs } = fact;
        let Some(line) = self.lines.get_mut(&aor) else { return };
        let before = line.dialogs.replace(dialogs).unwrap_or_default();
        let is_live = |leg| line.dialogs.iter().flatten().any(|it| it.leg == leg);
        let ended: Vec<_> = before
            .into_iter()
            .filter(|it| !is_live(it.leg))
            .map(|it| LineDialog { state: DialogState::Terminated, is_held: false, ..it })
            .collect();
        for package in Package::ALL.into_iter().filter(|it| it.is_about_line()) {
            self.change(now, Watched { aor: aor.clone(), package }, &ended);
        }
    }

    /// The bindings of somebody are others than before.
    pub fn handle_registration(&mut self, now: UnixMillis, aor: &Aor) {
        for package in [Package::Presence, Package::Reg] {
            self.change(now, Watched { aor: aor.clone(), package }, &[]);
        }
        if let Some(visitor) = self.directory.workplaces.visitor_at(aor.domain, &aor.user) {
            let aor = Aor { domain: aor.domain, user: visitor.to_owned() };
            self.change(now, Watched { aor, package: Package::Presence }, &[]);
        }
    }

    /// What is in the mailbox of an extension.
    pub fn handle_mail(&mut self, now: UnixMillis, owner: &Aor, counts: MailCounts) {
        for watched in self.lamps_of(owner) {
            if let Some(watch) = self.watches.get_mut(&watched) {
                watch.mail = Some(counts);
                self.change(now, watched, &[]);
            }
        }
    }

    /// Whether anybody watches the mailbox of an extension.
    pub fn watches_mailbox(&self, owner: &Aor) -> bool {
        self.lamps_of(owner).iter().any(|it| self.watches.contains_key(it))
    }

    /// Who exists, from now on.
    pub fn handle_directory(&mut self, now: UnixMillis, directory: Arc<Directory>) {
        let before = std::mem::replace(&mut self.directory, directory);
        let watched: Vec<_> = self.watches.keys().cloned().collect();
        for it in watched {
            if it.package == Package::MessageSummary {
                self.look_into_other_mailbox(&before, &it.aor);
            }
            self.change(now, it, &[]);
        }
    }

    // === Outputs ===

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<DeskOutput> {
        while self.outputs.is_empty() {
            match self.due.pop_front()? {
                Due::Changed { now, watched, ended } => self.publish(now, &watched, &ended),
                Due::Newcomer { shard, watched } => self.tell_newcomer(shard, &watched),
            }
        }
        self.outputs.pop_front()
    }

    /// How many subscriptions there are on all shards.
    pub fn len(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Documents built since the start.
    pub fn documents_built(&self) -> u64 {
        self.documents_built
    }

    /// Whether rows wait to be removed.
    pub fn has_leftovers(&self) -> bool {
        !self.leftovers.is_empty()
    }

    // === Who watches what ===

    fn keep(&mut self, batch: &mut WatchBatch, shard: u8, ticket: Ticket, kept: KeptSubscription) {
        let id = kept.id;
        if !self.subscriptions.contains_key(&id) {
            if let Some(why) = self.refusal(&kept) {
                batch.replies.push((shard, WatchReply::NotKept(id, ticket, why)));
                return;
            }
            self.enter(id, shard, &kept.watched, Some(&kept.subscriber));
            batch.new.push(id);
        }
        batch.upserts.push(kept);
        batch.replies.push((shard, WatchReply::Kept(id, ticket)));
    }

    fn refusal(&self, kept: &KeptSubscription) -> Option<NotKept> {
        let watchers =
            self.watches.get(&kept.watched).map_or(0, |it| it.shards.values().sum::<usize>());
        if watchers >= WATCHERS_MAX {
            return Some(NotKept::TooManyWatchers);
        }
        let subscriber = subscriber_of(&kept.watched, &kept.subscriber);
        let own = self.of_subscriber.get(&subscriber).copied().unwrap_or_default();
        (own >= OF_SUBSCRIBER_MAX).then_some(NotKept::TooManyOfSubscriber)
    }

    fn enter(&mut self, id: SubscriptionId, shard: u8, watched: &Watched, who: Option<&str>) {
        let subscriber = who.map(|it| subscriber_of(watched, it));
        if let Some(subscriber) = &subscriber {
            *self.of_subscriber.entry(subscriber.clone()).or_default() += 1;
        }
        self.subscriptions.insert(id, Known { shard, watched: watched.clone(), subscriber });
        let is_first = !self.watches.contains_key(watched);
        let Aor { domain, user } = &watched.aor;
        let is_slot = self.directory.extension(*domain, user).is_none();
        let watch = self.watches.entry(watched.clone()).or_default();
        if is_first {
            watch.is_slot = is_slot;
        }
        *watch.shards.entry(shard).or_default() += 1;
        if is_first {
            self.begin_watch(watched);
        }
    }

    /// Whether it was there.
    fn leave(&mut self, id: SubscriptionId) -> bool {
        let Some(Known { shard, watched, subscriber }) = self.subscriptions.remove(&id) else {
            return false;
        };
        if let Some(subscriber) = &subscriber
            && let Some(count) = self.of_subscriber.get_mut(subscriber)
        {
            *count -= 1;
            if *count == 0 {
                self.of_subscriber.remove(subscriber);
            }
        }
        let Some(watch) = self.watches.get_mut(&watched) else { return true };
        if let Some(count) = watch.shards.get_mut(&shard) {
            *count -= 1;
            if *count == 0 {
                watch.shards.remove(&shard);
                watch.told.remove(&shard);
            }
        }
        if watch.shards.is_empty() {
            self.watches.remove(&watched);
            self.end_watch(&watched);
        }
        // What was only looked at has no row.
        subscriber.is_some()
    }

    fn begin_watch(&mut self, watched: &Watched) {
        if watched.package.is_about_line() {
            let line = self.lines.entry(watched.aor.clone()).or_default();
            line.watches += 1;
            if line.watches == 1 {
                let watch = LineWatch { aor: watched.aor.clone(), is_watched: true };
                self.outputs.push_back(DeskOutput::WatchLine(watch));
            }
        }
        if watched.package == Package::MessageSummary
            && let Some(mailbox) = mailbox_at(&self.directory, &watched.aor)
        {
            self.outputs.push_back(DeskOutput::CountMail(mailbox));
        }
    }

    fn end_watch(&mut self, watched: &Watched) {
        if !watched.package.is_about_line() {
            return;
        }
        let Some(line) = self.lines.get_mut(&watched.aor) else { return };
        line.watches -= 1;
        if line.watches == 0 {
            self.lines.remove(&watched.aor);
            let watch = LineWatch { aor: watched.aor.clone(), is_watched: false };
            self.outputs.push_back(DeskOutput::WatchLine(watch));
        }
    }

    /// The lamps that show the mailbox of an extension: of its own phones, unless somebody is signed in
    /// there, and of those where it is signed in.
    fn lamps_of(&self, owner: &Aor) -> Vec<Watched> {
        let Aor { domain, user } = owner;
        let places = &self.directory.workplaces;
        let own = places.visitor_at(*domain, user).is_none().then_some(user.as_str());
        let numbers = own.into_iter().chain(places.place_of(*domain, user));
        let lamp = |number: &str| Watched {
            aor: Aor { domain: *domain, user: number.to_owned() },
            package: Package::MessageSummary,
        };
        numbers.map(lamp).collect()
    }

    /// Whoever sits at a phone is another than before: its lamp shows another mailbox.
    fn look_into_other_mailbox(&mut self, before: &Directory, phone: &Aor) {
        let shown = mailbox_at(&self.directory, phone);
        if let Some(mailbox) = shown.filter(|it| mailbox_at(before, phone).as_ref() != Some(it)) {
            self.outputs.push_back(DeskOutput::CountMail(mailbox));
        }
    }

    // === Documents ===

    /// Something may stand otherwise, which matters only if it is watched.
    fn change(&mut self, now: UnixMillis, watched: Watched, ended: &[LineDialog]) {
        if self.watches.contains_key(&watched) {
            self.due.push_back(Due::Changed { now, watched, ended: ended.to_vec() });
        }
    }

    /// See [`Due::Newcomer`].
    fn tell_newcomer(&mut self, shard: u8, watched: &Watched) {
        let Some(watch) = self.watches.get_mut(watched) else { return };
        let Some(current) = watch.current.clone() else {
            self.publish(UnixMillis(0), watched, &[]);
            return;
        };
        if watch.shards.contains_key(&shard) && watch.told.insert(shard) {
            let (watched, news) = (watched.clone(), Arc::clone(&current));
            let reply = WatchReply::News(WatchNews { watched, news, current });
            self.outputs.push_back(DeskOutput::Tell { shard, reply });
        }
    }

    /// Builds the document anew and tells it to every shard with watchers, unless it says what it
    /// said before.
    fn publish(&mut self, now: UnixMillis, watched: &Watched, ended: &[LineDialog]) {
        let Some(watch) = self.watches.get(watched) else { return };
        let bound = match watched.package {
            Package::Presence => self.reached_at(&watched.aor),
            Package::Reg => self.registrations.bindings(&watched.aor),
            Package::Dialog | Package::MessageSummary => Arc::from([]),
        };
        let Some((current, news)) = self.documents(now, watched, watch, &bound, ended) else {
            return;
        };
        let Some(watch) = self.watches.get_mut(watched) else { return };
        self.documents_built += 1 + u64::from(news.is_some());
        watch.bound = bound.to_vec();
        if news.is_none() && watch.current.as_deref() == Some(&current) {
            return;
        }
        let current = Arc::new(current);
        let news = news.map_or_else(|| Arc::clone(&current), Arc::new);
        watch.current = Some(Arc::clone(&current));
        watch.told = watch.shards.keys().copied().collect();
        for shard in watch.shards.keys() {
            let (watched, news, current) =
                (watched.clone(), Arc::clone(&news), Arc::clone(&current));
            let reply = WatchReply::News(WatchNews { watched, news, current });
            self.outputs.push_back(DeskOutput::Tell { shard: *shard, reply });
        }
    }

    /// What is bound to an extension, and to where it is signed in.
    fn reached_at(&self, aor: &Aor) -> Arc<[Binding]> {
        let own = self.registrations.bindings(aor);
        let Some(place) = self.directory.workplaces.place_of(aor.domain, &aor.user) else {
            return own;
        };
        let place = Aor { domain: aor.domain, user: place.to_owned() };
        own.iter().chain(self.registrations.bindings(&place).iter()).cloned().collect()
    }

    /// How it stands, and the same with what has just ended, if anything has; `None` if it is not
    /// known or does not exist.
    fn documents(
        &self,
        now: UnixMillis,
        watched: &Watched,
        watch: &Watch,
        bound: &[Binding],
        ended: &[LineDialog],
    ) -> Option<(Document, Option<Document>)> {
        let Watched { aor, package } = watched;
        let extension = self.directory.extension(aor.domain, &aor.user);
        let name = match extension {
            Some(extension) => extension.display_name.as_str(),
            None if watch.is_slot => "",
            None => return None,
        };
        let entity = Entity {
            number: &aor.user,
            name,
            domain: &self.directory.domains.get(&aor.domain)?.name,
        };
        let dialogs = || self.lines.get(aor)?.dialogs.as_deref();
        Some(match package {
            Package::Dialog => {
                let live = dialogs()?;
                let all = || [ended, &live[..live.len().min(DIALOGS_MAX)]].concat();
                let news = (!ended.is_empty()).then(|| dialog_info(entity, &all()));
                (dialog_info(entity, live), news)
            }
            Package::Presence => {
                let is_registered = bound.iter().any(|it| it.destination().is_some());
                (pidf(entity, is_registered, dialogs()?.iter().any(is_busy_with)), None)
            }
            Package::MessageSummary => (message_summary(entity, watch.mail?), None),
            Package::Reg => {
                let live: Vec<_> =
                    bound.iter().map(|it| (it.clone(), ContactEvent::Created)).collect();
                let ended = ended_contacts(now, &watch.bound, bound);
                let news = (!ended.is_empty())
                    .then(|| reginfo(entity, &[ended.as_slice(), &live].concat()));
                (reginfo(entity, &live), news)
            }
        })
    }
}

/// Whether a dialog keeps a person busy: what only rings does not yet.
fn is_busy_with(dialog: &LineDialog) -> bool {
    match (dialog.state, dialog.direction) {
        (DialogState::Confirmed, _) => true,
        (DialogState::Trying | DialogState::Early, direction) => {
            direction == DialogDirection::Initiator
        }
        (DialogState::Terminated, _) => false,
    }
}

fn ended_contacts(
    now: UnixMillis,
    before: &[Binding],
    after: &[Binding],
) -> Vec<(Binding, ContactEvent)> {
    let is_kept = |it: &&Binding| after.iter().any(|after| after.key() == it.key());
    let gone = before.iter().filter(|it| !is_kept(it));
    gone.map(|it| {
        let event =
            if it.is_expired(now) { ContactEvent::Expired } else { ContactEvent::Unregistered };
        (it.clone(), event)
    })
    .collect()
}

/// The mailbox that the lamps of a phone show: of whoever is signed in there, or its own.
fn mailbox_at(directory: &Directory, phone: &Aor) -> Option<Mailbox> {
    let phone = directory.extension(phone.domain, &phone.user)?;
    let owner = directory.at_phone_of(phone);
    let (domain, extension, number) = (owner.domain, owner.id, owner.number.clone());
    Some(Mailbox { domain, extension, number })
}

fn subscriber_of(watched: &Watched, number: &str) -> Aor {
    Aor { domain: watched.aor.domain, user: number.to_owned() }
}
