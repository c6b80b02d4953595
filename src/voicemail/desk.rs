//! The task that answers for mailboxes.

use crate::{
    config::{self, Secret},
    store::{MessageRow, MessageState, Store, StoreError},
};
use base::{CallId, ExtensionId, RecordingId, UnixMillis};
use call::{
    speech::{ClockTime, Date},
    voicemail::{
        EnteredPin, Mailbox, MessageFinished, MessageView, OpenedMailbox, PinVerdict,
        VoicemailAnswer, VoicemailOrder, VoicemailReply, VoicemailRequest,
    },
};
use media::{audio_file, codec::Rate, sound::Sound};
use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use time::{OffsetDateTime, UtcOffset};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
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
    /// Mailboxes that hold something else than was told; there are no more than extensions.
    untold: HashMap<ExtensionId, Mailbox>,
    /// Drafts that their callers have judged and that the database does not have as judged yet.
    judged: HashMap<RecordingId, Judged>,
    /// Who waits to hear a draft that is not finished yet.
    waiting: HashMap<RecordingId, Waiting>,
    /// Wrong PINs, by mailbox; there are no more mailboxes than extensions.
    wrong_pins: HashMap<ExtensionId, WrongPins>,
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
    Deliver,
    Discard,
}

#[derive(Clone, Debug)]
struct Waiting {
    mailbox: Mailbox,
    asker: Asker,
    since: Instant,
}

#[derive(Clone, Copy, Debug)]
struct WrongPins {
    count: u8,
    /// When the last was entered.
    last: Instant,
}

impl Desk {
    pub(super) fn new(
        config: config::Voicemail,
        store: Store,
        shards: Vec<mpsc::Sender<VoicemailReply>>,
        changes: mpsc::Sender<Mailbox>,
    ) -> Self {
        Self {
            config,
            store,
            shards,
            changes,
            untold: HashMap::new(),
            judged: HashMap::new(),
            waiting: HashMap::new(),
            wrong_pins: HashMap::new(),
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
                    Some(request) => self.obey(request).await,
                    None => is_asked = false,
                },
                message = finished.recv(), if is_told => match message {
                    Some(message) => self.take_in(message).await,
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

    async fn obey(&mut self, request: VoicemailRequest) {
        let VoicemailRequest { shard, call, mailbox, order } = request;
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
                let saved =
                    self.store.save_message(mailbox.domain, mailbox.extension, message).await;
                self.note_change(&mailbox);
                let saved = saved.map(|is_there| VoicemailAnswer::Changed(message, is_there));
                self.answer_or_complain(asker, saved);
            }
            VoicemailOrder::Delete(message) => {
                let removed = self.remove(&mailbox, message).await;
                self.note_change(&mailbox);
                let removed = removed.map(|is_there| VoicemailAnswer::Changed(message, is_there));
                self.answer_or_complain(asker, removed);
            }
        }
    }

    /// A recording is over.
    async fn take_in(&mut self, MessageFinished { message, is_kept }: MessageFinished) {
        if !is_kept {
            if let Some(Judged { verdict: Verdict::Deliver, asker, .. }) = self.judged.get(&message)
            {
                self.answer(*asker, VoicemailAnswer::NotKept(message));
            }
            return;
        }
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
        self.wrong_pins.retain(|_, it| now - it.last < LOCKED_FOR);
        let messages: Vec<_> = self.judged.keys().copied().collect();
        for message in messages {
            self.settle(message).await;
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
        let settled = match verdict {
            Verdict::Deliver => self.store.deliver_message(message).await,
            Verdict::Discard => self.remove(&mailbox, message).await,
        };
        match (settled, verdict) {
            (Ok(true), Verdict::Deliver) => {
                self.judged.remove(&message);
                self.note_change(&mailbox);
                self.answer(asker, VoicemailAnswer::Kept(message));
            }
            (Ok(true), Verdict::Discard) => drop(self.judged.remove(&message)),
            // It is not finished yet.
            (Ok(false), _) => {}
            (Err(error), _) => {
                tracing::error!(%message, %error, "a message waits to be delivered");
                if verdict == Verdict::Deliver {
                    self.answer(asker, VoicemailAnswer::NotKept(message));
                }
            }
        }
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
            has_room: counts.all() < self.config.messages_max,
            messages: rows.into_iter().map(|row| self.view(row)).collect(),
        })
    }

    fn view(&self, row: MessageRow) -> MessageView {
        MessageView {
            id: row.id,
            caller: row.caller,
            at: in_words(row.started, self.config.utc_offset_min),
            is_new: row.state == MessageState::New,
        }
    }

    /// Whether the message was there.
    async fn remove(&self, mailbox: &Mailbox, message: RecordingId) -> Result<bool, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let Some(file) = self.store.delete_message(domain, extension, message).await? else {
            return Ok(false);
        };
        let path = self.config.dir.join(file);
        if let Err(error) = fs::remove_file(&path) {
            let path = path.display();
            tracing::warn!(%path, %error, "the file of a message stays until the next start");
        }
        Ok(true)
    }

    /// Has a message decoded and answered with; false if it is not there.
    async fn fetch(&self, asker: Asker, mailbox: &Mailbox, message: RecordingId) -> bool {
        let Mailbox { domain, extension, .. } = *mailbox;
        let row = match self.store.message(domain, extension, message).await {
            Ok(Some(row)) => row,
            Ok(None) => return false,
            Err(error) => {
                self.answer_or_complain(asker, Err(error));
                return true;
            }
        };
        let (path, shards) = (self.config.dir.join(row.file), self.shards.clone());
        // Decoding takes its time, and others wait for the desk.
        tokio::spawn(async move {
            let sound = spawn_blocking(move || read(&path)).await.ok().flatten();
            answer(&shards, asker, VoicemailAnswer::Fetched(message, sound));
        });
        true
    }

    async fn try_pin(
        &mut self,
        mailbox: &Mailbox,
        EnteredPin(pin): EnteredPin,
    ) -> Result<PinVerdict, StoreError> {
        let Mailbox { domain, extension, .. } = *mailbox;
        let now = Instant::now();
        let before = self.wrong_pins.get(&extension).filter(|it| now - it.last < LOCKED_FOR);
        let count = before.map_or(0, |it| it.count);
        if count >= WRONG_PINS_MAX {
            return Ok(PinVerdict::LockedOut);
        }
        let fits = self.store.fits_mailbox(domain, extension, Secret::new(pin)).await?;
        if fits.unwrap_or(true) {
            self.wrong_pins.remove(&extension);
            return Ok(PinVerdict::Right);
        }
        self.wrong_pins.insert(extension, WrongPins { count: count + 1, last: now });
        Ok(PinVerdict::Wrong)
    }

    // === Answers ===

    fn answer_or_complain(&self, asker: Asker, result: Result<VoicemailAnswer, StoreError>) {
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

fn read(path: &Path) -> Option<Sound> {
    let sound = File::open(path).map_err(|error: io::Error| error.to_string()).and_then(|file| {
        audio_file::read(Box::new(file), Some("wav"), Rate::Narrow)
            .map_err(|error| error.to_string())
    });
    sound
        .inspect_err(|error| {
            let path: PathBuf = path.to_owned();
            tracing::error!(path = %path.display(), %error, "a message cannot be played");
        })
        .ok()
}

/// Day and time of the day by a clock that is so many minutes ahead of UTC.
fn in_words(at: UnixMillis, utc_offset_min: i16) -> Option<(Date, ClockTime)> {
    let offset = UtcOffset::from_whole_seconds(i32::from(utc_offset_min) * 60).ok()?;
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).ok()?;
    let moment = moment.to_offset(offset);
    let date = Date::new(moment.day(), moment.month().into(), None)?;
    Some((date, ClockTime::new(moment.hour(), moment.minute())?))
}

/// Wrong PINs of a mailbox, in whatever calls, after which none opens it for a while.
const WRONG_PINS_MAX: u8 = 3;
/// How long none does, from the last wrong one.
const LOCKED_FOR: Duration = Duration::from_secs(5 * 60);
/// How often what could not be done is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// A draft that is not finished by then never will be in this process: what there is of it is
/// delivered at the next start.
const AWAITED_MAX: Duration = Duration::from_secs(60 * 60);
