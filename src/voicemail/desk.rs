//! The task that answers for mailboxes.
//!
//! A panic in what it does for one mailbox is contained: it is answered with a failure, and other
//! mailboxes know nothing of it. Nothing is left half-changed by it: of the three tables here each change
//! is one step, and the database has transactions. A draft whose settling panics is not tried again in
//! this process; it is delivered at the next start, as every draft that nobody has judged.

use super::files;
use crate::{
    clock,
    config::{self, Secret},
    store::{KeptGreeting, MessageCounts, MessageRow, MessageState, PinTry, Store, StoreError},
    telemetry::panics::{Owner, contained},
};
use base::{CallId, ExtensionId, RecordingId, Rng, UnixMillis};
use call::{
    speech::{ClockTime, Date},
    voicemail::{
        self, EnteredPin, Finish, Forwarded, Greeting, Mailbox, MessageFinished, MessageView,
        OpenedMailbox, PinVerdict, VoicemailAnswer, VoicemailOrder, VoicemailReply,
        VoicemailRequest,
    },
};
use media::sound::Sound;
use std::{collections::HashMap, fmt, io, sync::Arc, time::Duration};
use tokio::{
    sync::{
        Notify,
        mpsc::{self, error::TrySendError},
    },
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval},
};

/// Everything that the task works with.
#[derive(Debug)]
pub(super) struct Desk {
    config: config::Voicemail,
    store: Store,
    shards: Vec<mpsc::Sender<VoicemailReply>>,
    /// To whoever tells owners what is in their mailboxes.
    changes: mpsc::Sender<Mailbox>,
    /// Looks for letters to be sent.
    post: Arc<Notify>,
    /// Mailboxes that hold something else than was told; there are no more than extensions.
    untold: HashMap<ExtensionId, Mailbox>,
    /// Drafts that their callers have judged and that the database does not have as judged yet.
    judged: HashMap<RecordingId, Judged>,
    /// Who waits to hear a draft that is not finished yet.
    waiting: HashMap<RecordingId, Waiting>,
}

/// Who hears an answer.
#[derive(Clone, Copy, Debug)]
struct Asker {
    shard: u8,
    call: CallId,
}

#[derive(Clone, Debug)]
struct Judged {
    verdict: Verdict,
    mailbox: Mailbox,
    asker: Asker,
    since: Instant,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// It is a message for the owner of the mailbox.
    Deliver,
    /// It is what callers of the mailbox are to hear.
    Keep(Greeting),
    /// Nobody wants it.
    Discard,
}

#[derive(Clone, Debug)]
struct Waiting {
    mailbox: Mailbox,
    asker: Asker,
    since: Instant,
}

/// Why a message could not be forwarded.
#[derive(Debug, thiserror::Error)]
enum ForwardError {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Database(#[from] StoreError),
}

impl Verdict {
    /// Whether somebody waits to hear that it is kept.
    fn is_awaited(self) -> bool {
        match self {
            Self::Deliver | Self::Keep(_) => true,
            Self::Discard => false,
        }
    }
}

impl Desk {
    pub(super) fn new(
        config: config::Voicemail,
        store: Store,
        shards: Vec<mpsc::Sender<VoicemailReply>>,
        changes: mpsc::Sender<Mailbox>,
        post: Arc<Notify>,
    ) -> Self {
        Self {
            config,
            store,
            shards,
            changes,
            post,
            untold: HashMap::new(),
            judged: HashMap::new(),
            waiting: HashMap::new(),
        }
    }

    /// Works until nobody asks and nothing is recorded any more.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<VoicemailRequest>,
        mut finished: mpsc::Receiver<MessageFinished>,
    ) {
        let mut retry = interval(RETRY_INTERVAL);
        retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_asked, mut is_told) = (true, true);
        while is_asked || is_told {
            tokio::select! {
                request = requests.recv(), if is_asked => match request {
                    Some(request) => self.obey_contained(request).await,
                    None => is_asked = false,
                },
                message = finished.recv(), if is_told => match message {
                    Some(message) => self.take_in_contained(message).await,
                    None => is_told = false,
                },
                _ = retry.tick() => self.try_again().await,
            }
            self.tell_changes();
        }
    }

    /// Tells which mailboxes hold something else; what finds no room waits for the next occasion. A
    /// listener who is gone needs to know nothing.
    fn tell_changes(&mut self) {
        let changes = &self.changes;
        let is_full =
            |it: &Mailbox| matches!(changes.try_send(it.clone()), Err(TrySendError::Full(_)));
        self.untold.retain(|_, mailbox| is_full(mailbox));
    }

    async fn obey_contained(&mut self, request: VoicemailRequest) {
        let asker = Asker { shard: request.shard, call: request.call };
        let about = format!("mailbox {}", request.mailbox.extension);
        if contained(Owner::Voicemail, about, self.obey(request)).await.is_none() {
            self.answer(asker, VoicemailAnswer::Unavailable);
        }
    }

    async fn obey(&mut self, request: VoicemailRequest) {
        let VoicemailRequest { shard, call, mailbox, order } = request;
        #[cfg(test)]
        super::tests::panic_if_poisoned(&mailbox.number);
        let asker = Asker { shard, call };
        match order {
            VoicemailOrder::Open => {
                let opened = self.open(&mailbox).await.map(VoicemailAnswer::Opened);
                self.answer_or_complain(asker, opened);
            }
            VoicemailOrder::TryPin(pin) => {
                let verdict = self.try_pin(&mailbox, pin).await.map(VoicemailAnswer::Pin);
                self.answer_or_complain(asker, verdict);
            }
            VoicemailOrder::Fetch(message) => {
                if !self.fetch(asker, &mailbox, message).await {
                    self.answer(asker, VoicemailAnswer::Fetched(message, None));
                }
            }
            VoicemailOrder::FetchDraft(message) => {
                if !self.fetch(asker, &mailbox, message).await {
                    let since = Instant::now();
                    self.waiting.insert(message, Waiting { mailbox, asker, since });
                }
            }
            VoicemailOrder::Deliver(message) => {
                self.judge(asker, mailbox, message, Verdict::Deliver).await;
            }
            VoicemailOrder::Discard(message) => {
                self.judge(asker, mailbox, message, Verdict::Discard).await;
            }
            VoicemailOrder::Save(message) => {
                self.mark(asker, &mailbox, message, MessageState::Saved).await;
            }
            VoicemailOrder::Delete(message) => {
                self.mark(asker, &mailbox, message, MessageState::Deleted).await;
            }
            VoicemailOrder::Purge => self.purge(&mailbox).await,
            VoicemailOrder::Forward { message, to } => {
                let forwarded = self.forward(&mailbox, message, &to).await;
                let forwarded = forwarded.map(|it| VoicemailAnswer::Forwarded(message, it));
                self.answer_or_complain(asker, forwarded);
            }
            VoicemailOrder::FetchGreeting(greeting) => {
                self.fetch_greeting(asker, &mailbox, greeting).await;
            }
            VoicemailOrder::KeepGreeting(recording, greeting) => {
                self.judge(asker, mailbox, recording, Verdict::Keep(greeting)).await;
            }
            VoicemailOrder::DeleteGreeting(greeting) => {
                let deleted = self.delete_greeting(&mailbox, greeting).await;
                let deleted = deleted.map(|()| VoicemailAnswer::GreetingDeleted(greeting));
                self.answer_or_complain(asker, deleted);
            }
            VoicemailOrder::SetPin(pin) => {
                let set = self.set_pin(&mailbox, pin).await.map(VoicemailAnswer::PinSet);
                self.answer_or_complain(asker, set);
            }
        }
    }

    async fn take_in_contained(&mut self, finished: MessageFinished) {
        let message = finished.message;
        let about = format!("recording {message}");
        if contained(Owner::Voicemail, about, self.take_in(finished)).await.is_none() {
            self.give_up(message);
        }
    }

    /// Nobody waits for a draft any more.
    fn give_up(&mut self, message: RecordingId) {
        if let Some(Waiting { asker, .. }) = self.waiting.remove(&message) {
            self.answer(asker, VoicemailAnswer::Fetched(message, None));
        }
        if let Some(Judged { verdict, asker, .. }) = self.judged.remove(&message)
            && verdict.is_awaited()
        {
            self.answer(asker, VoicemailAnswer::NotKept(message));
        }
    }

    /// A recording is over.
    async fn take_in(&mut self, MessageFinished { message, outcome }: MessageFinished) {
        match outcome {
            Finish::Kept => self.take_in_draft(message).await,
            Finish::Delivered(mailbox) => {
                self.note_change(&mailbox);
                self.post.notify_one();
            }
            Finish::Waits => {
                if let Some(Judged { verdict, asker, .. }) = self.judged.get(&message)
                    && verdict.is_awaited()
                {
                    self.answer(*asker, VoicemailAnswer::NotKept(message));
                }
            }
        }
    }

    async fn take_in_draft(&mut self, message: RecordingId) {
        self.settle(message).await;
        if let Some(Waiting { mailbox, asker, .. }) = self.waiting.remove(&message)
            && !self.fetch(asker, &mailbox, message).await
        {
            self.answer(asker, VoicemailAnswer::Fetched(message, None));
        }
    }

    async fn try_again(&mut self) {
        let now = Instant::now();
        self.waiting.retain(|_, it| now - it.since < AWAITED_MAX);
        self.judged.retain(|_, it| now - it.since < AWAITED_MAX);
        let messages: Vec<_> = self.judged.keys().copied().collect();
        for message in messages {
            let about = format!("recording {message}");
            if contained(Owner::Voicemail, about, self.settle(message)).await.is_none() {
                self.give_up(message);
            }
        }
    }

    // === Drafts ===

    async fn judge(
        &mut self,
        asker: Asker,
        mailbox: Mailbox,
        message: RecordingId,
        verdict: Verdict,
    ) {
        let since = Instant::now();
        self.judged.insert(message, Judged { verdict, mailbox, asker, since });
        self.settle(message).await;
    }

    /// Lets the database know how a draft was judged, if both are there.
    async fn settle(&mut self, message: RecordingId) {
        let Some(Judged { verdict, mailbox, asker, .. }) = self.judged.get(&message).cloned()
        else {
            return;
        };
        #[cfg(test)]
        super::tests::panic_if_poisoned_draft(message);
        let settled = match verdict {
            Verdict::Deliver => self.store.deliver_message(message).await,
            Verdict::Keep(greeting) => self.keep_greeting(&mailbox, message, greeting).await,
            Verdict::Discard => self.discard(&mailbox, message).await,
        };
        match settled {
            Ok(true) => {
                self.judged.remove(&message);
                if verdict == Verdict::Deliver {
                    self.note_change(&mailbox);
                    self.post.notify_one();
                }
                if verdict.is_awaited() {
                    self.answer(asker, VoicemailAnswer::Kept(message));
                }
            }
            // It is not finished yet.
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%message, %error, "a message waits to be delivered");
                if verdict.is_awaited() {
                    self.answer(asker, VoicemailAnswer::NotKept(message));
                }
            }
        }
    }

    /// Whether the draft was there.
    async fn keep_greeting(
        &self,
        mailbox: &Mailbox,
        draft: RecordingId,
        greeting: Greeting,
    ) -> Result<bool, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        Ok(match self.store.keep_greeting(domain, extension, draft, greeting).await? {
            KeptGreeting::NoDraft => false,
            KeptGreeting::First => true,
            KeptGreeting::Replaced(file) => {
                files::remove(&self.config.dir.join(file));
                true
            }
        })
    }

    /// Whether the draft was there, of a message or of a greeting.
    async fn discard(&self, mailbox: &Mailbox, draft: RecordingId) -> Result<bool, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let mut file = self.store.delete_message(domain, extension, draft).await?;
        if file.is_none() {
            file = self.store.delete_greeting_draft(draft).await?;
        }
        Ok(file.map(|it| files::remove(&self.config.dir.join(it))).is_some())
    }

    // === Mailboxes ===

    fn note_change(&mut self, mailbox: &Mailbox) {
        self.untold.insert(mailbox.extension, mailbox.clone());
    }

    async fn open(&self, mailbox: &Mailbox) -> Result<OpenedMailbox, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let counts = self.store.count_messages(domain, extension).await?;
        let rows = self.store.messages(domain, extension).await?;
        Ok(OpenedMailbox {
            has_pin: self.store.has_mailbox_pin(domain, extension).await?,
            has_room: self.takes_more(counts),
            room: self.room(counts),
            messages: rows.into_iter().map(|row| self.view(row)).collect(),
            greetings: self.store.greetings(domain, extension).await?,
        })
    }

    /// Whether a mailbox takes a message of some length.
    fn takes_more(&self, counts: MessageCounts) -> bool {
        counts.all() < self.config.messages_max && self.room(counts) >= self.config.message_min
    }

    /// How long all that a mailbox takes may be.
    fn room(&self, counts: MessageCounts) -> Duration {
        let taken = Duration::from_millis(counts.duration_ms.max(0) as u64);
        self.config.mailbox_max.saturating_sub(taken)
    }

    fn view(&self, row: MessageRow) -> MessageView {
        MessageView {
            id: row.id,
            caller: row.caller,
            forwarded_by: row.forwarded_by,
            at: in_words(row.started, self.config.utc_offset_min),
            state: match row.state {
                MessageState::Draft | MessageState::New => voicemail::MessageState::New,
                MessageState::Saved => voicemail::MessageState::Saved,
                MessageState::Deleted => voicemail::MessageState::Deleted,
            },
        }
    }

    /// Lets the owner's wish be known of a message, and answers.
    async fn mark(
        &mut self,
        asker: Asker,
        mailbox: &Mailbox,
        message: RecordingId,
        state: MessageState,
    ) {
        let Mailbox { domain, extension, .. } = *mailbox;
        let marked = self.store.mark_message(domain, extension, message, state).await;
        self.note_change(mailbox);
        // A letter about what is restored goes on waiting.
        self.post.notify_one();
        let marked = marked.map(|is_there| VoicemailAnswer::Changed(message, is_there));
        self.answer_or_complain(asker, marked);
    }

    /// What cannot be removed now is at the next start.
    async fn purge(&self, mailbox: &Mailbox) {
        match self.store.purge_messages(mailbox.domain, mailbox.extension).await {
            Ok(purged) => purged.iter().for_each(|it| files::remove(&self.config.dir.join(it))),
            Err(error) => tracing::error!(%error, "deleted messages stay until the next start"),
        }
    }

    /// Puts a copy of a message into another mailbox.
    async fn forward(
        &mut self,
        mailbox: &Mailbox,
        message: RecordingId,
        to: &Mailbox,
    ) -> Result<Forwarded, ForwardError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let Some(row) = self.store.message(domain, extension, message).await? else {
            return Ok(Forwarded::Gone);
        };
        let counts = self.store.count_messages(to.domain, to.extension).await?;
        let length = Duration::from_millis(row.duration_ms.max(0) as u64);
        if !self.takes_more(counts) || self.room(counts) < length {
            return Ok(Forwarded::Full);
        }
        let id = new_id()?;
        let file = format!("{}/{id}.wav", to.extension);
        let [from, copy] = [&row.file, &file].map(|it| self.config.dir.join(it));
        let copied = spawn_blocking(move || files::copy(&from, &copy)).await;
        copied.map_err(io::Error::other).flatten()?;
        let copy = MessageRow {
            id,
            domain: to.domain,
            mailbox: to.extension,
            forwarded_by: Some(mailbox.number.clone()),
            file,
            state: MessageState::New,
            ..row
        };
        self.store.add_message(&copy).await?;
        self.note_change(to);
        self.post.notify_one();
        Ok(Forwarded::Done)
    }

    /// Has a message, or a draft of whatever, decoded and answered with; false if it is not there.
    async fn fetch(&self, asker: Asker, mailbox: &Mailbox, message: RecordingId) -> bool {
        let file = match self.file_of(mailbox, message).await {
            Ok(Some(file)) => file,
            Ok(None) => return false,
            Err(error) => {
                self.answer_or_complain(asker, Err(error));
                return true;
            }
        };
        self.decode(asker, &file, move |sound| VoicemailAnswer::Fetched(message, sound));
        true
    }

    async fn file_of(
        &self,
        mailbox: &Mailbox,
        message: RecordingId,
    ) -> Result<Option<String>, StoreError> {
        let row = self.store.message(mailbox.domain, mailbox.extension, message).await?;
        match row {
            Some(row) => Ok(Some(row.file)),
            None => self.store.greeting_draft_file(message).await,
        }
    }

    /// Has a file decoded, and its sound answered with.
    fn decode(
        &self,
        asker: Asker,
        file: &str,
        answered: impl FnOnce(Option<Sound>) -> VoicemailAnswer + Send + 'static,
    ) {
        let (path, shards) = (self.config.dir.join(file), self.shards.clone());
        // Decoding takes its time, and others wait for the desk.
        tokio::spawn(async move {
            let sound = spawn_blocking(move || files::read(&path)).await.ok().flatten();
            let about = format!("call {}", asker.call);
            let sound = contained(Owner::Voicemail, about, async { answered(sound) }).await;
            answer(&shards, asker, sound.unwrap_or(VoicemailAnswer::Unavailable));
        });
    }

    // === Greetings and PINs ===

    async fn fetch_greeting(&self, asker: Asker, mailbox: &Mailbox, greeting: Greeting) {
        let Mailbox { domain, extension, .. } = *mailbox;
        let answered = move |sound: Option<Sound>| {
            // What is said before and after follows without a pause.
            let words = sound.map(|it| it.without_silent_ends());
            VoicemailAnswer::Greeting(greeting, words.filter(|it| !it.samples().is_empty()))
        };
        match self.store.greeting_file(domain, extension, greeting).await {
            Ok(Some(file)) => self.decode(asker, &file, answered),
            Ok(None) => self.answer(asker, answered(None)),
            Err(error) => self.answer_or_complain(asker, Err(error)),
        }
    }

    async fn delete_greeting(
        &self,
        mailbox: &Mailbox,
        greeting: Greeting,
    ) -> Result<(), StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        if let Some(file) = self.store.delete_greeting(domain, extension, greeting).await? {
            files::remove(&self.config.dir.join(file));
        }
        Ok(())
    }

    /// Whether another PIN opens the mailbox.
    async fn set_pin(
        &self,
        mailbox: &Mailbox,
        EnteredPin(pin): EnteredPin,
    ) -> Result<bool, StoreError> {
        let pin = Some(Secret::new(pin));
        match self.store.set_mailbox_pin(mailbox.domain, &mailbox.number, pin).await {
            Ok(()) => Ok(true),
            Err(StoreError::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Wrong PINs count in whatever calls they are entered, and across starts of the server.
    async fn try_pin(
        &self,
        mailbox: &Mailbox,
        EnteredPin(pin): EnteredPin,
    ) -> Result<PinVerdict, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let (pin, now) = (Secret::new(pin), clock::unix_now());
        Ok(match self.store.try_pin(domain, extension, pin, now).await? {
            PinTry::Right | PinTry::NoPin => PinVerdict::Right,
            PinTry::Wrong => PinVerdict::Wrong,
            PinTry::LockedOut => PinVerdict::LockedOut,
        })
    }

    // === Answers ===

    fn answer_or_complain<E: fmt::Display>(
        &self,
        asker: Asker,
        result: Result<VoicemailAnswer, E>,
    ) {
        let answer = result.unwrap_or_else(|error| {
            tracing::error!(%error, "a caller is told that voicemail is not available");
            VoicemailAnswer::Unavailable
        });
        self.answer(asker, answer);
    }

    fn answer(&self, asker: Asker, it: VoicemailAnswer) {
        answer(&self.shards, asker, it);
    }
}

/// A shard that has no room, or is gone, does without: its call tells its caller after some seconds.
fn answer(shards: &[mpsc::Sender<VoicemailReply>], asker: Asker, answer: VoicemailAnswer) {
    if let Some(shard) = shards.get(usize::from(asker.shard)) {
        let _ = shard.try_send(VoicemailReply { call: asker.call, answer });
    }
}

fn new_id() -> io::Result<RecordingId> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    Ok(RecordingId::new(clock::unix_now(), &mut Rng::from_entropy(seed)))
}

/// Day and time of the day by a clock that is so many minutes ahead of UTC.
fn in_words(at: UnixMillis, utc_offset_min: i16) -> Option<(Date, ClockTime)> {
    let moment = clock::local(at, utc_offset_min)?;
    let date = Date::new(moment.day(), moment.month().into(), None)?;
    Some((date, ClockTime::new(moment.hour(), moment.minute())?))
}

/// How often what could not be done is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// A draft that is not finished by then never will be in this process: what there is of it is
/// delivered at the next start.
const AWAITED_MAX: Duration = Duration::from_secs(60 * 60);
