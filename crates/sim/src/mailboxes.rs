//! A keeper of mailboxes that obeys and keeps the books: what a real one would answer, when a test
//! lets recordings be finished.

use base::{CallId, ExtensionId, RecordingId, Rng, UnixMillis};
use call::{
    subscriptions::MailCounts,
    voicemail::{
        self, EnteredPin, Forwarded, Greeting, Mailbox, MessageView, OpenedMailbox, PinVerdict,
        VoicemailAnswer, VoicemailOrder, VoicemailReply, VoicemailRequest,
    },
};
use media::{
    recording::{Label, Purpose},
    sound::Sound,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// All mailboxes.
#[derive(Debug, Default)]
pub struct Mailboxes {
    /// By id, so oldest first.
    messages: BTreeMap<RecordingId, Message>,
    /// Verdicts on drafts that are not finished.
    judged: HashMap<RecordingId, (Verdict, Asker)>,
    /// Who waits to hear a draft.
    waiting: HashMap<RecordingId, Asker>,
    pins: HashMap<ExtensionId, String>,
    /// Wrong PINs in a row of those who want to sign in.
    wrong_pins: HashMap<ExtensionId, u32>,
    /// Recordings of greetings, and whether they are finished.
    greeting_drafts: BTreeMap<RecordingId, bool>,
    greetings: HashMap<ExtensionId, Vec<Greeting>>,
    /// Which greetings callers were to hear, in order.
    pub greetings_played: Vec<Greeting>,
    /// How many messages were forwarded.
    forwarded: u64,
    /// Most messages in a mailbox; `None` for any number.
    pub messages_max: Option<usize>,
    /// How long the next message may be; `None` for as long as it likes.
    pub room: Option<Duration>,
    /// Whether recordings are finished only by [`crate::City::finish_messages`].
    pub is_slow: bool,
    /// Whether it answers nothing.
    pub is_dead: bool,
    /// Whether nobody who asks for a greeting is answered.
    pub forgets_greetings: bool,
}

/// A message, or what will be one.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whose.
    pub mailbox: ExtensionId,
    /// Who left it.
    pub caller: String,
    /// How far it is.
    pub state: MessageState,
}

/// What a caller wants of what it said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Deliver,
    Keep(ExtensionId, Greeting),
    Discard,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageState {
    /// It is being recorded, or waits to be finished.
    Unfinished,
    /// It waits for its caller's verdict.
    Draft,
    /// It is there for its owner.
    New,
    /// It was heard, and is kept.
    Saved,
    /// Its owner has deleted it, and has not left yet.
    Deleted,
}

type Asker = (u8, CallId);

impl Mailboxes {
    /// Messages in whatever state, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.values().cloned().collect()
    }

    /// What the owner of a mailbox is told of it.
    pub(crate) fn counts(&self, mailbox: ExtensionId) -> MailCounts {
        let of = |state| {
            let own = self.messages.values().filter(|it| it.mailbox == mailbox);
            own.filter(|it| it.state == state).count() as u32
        };
        MailCounts { new: of(MessageState::New), saved: of(MessageState::Saved) }
    }

    /// Which greetings an owner has recorded.
    pub fn greetings(&self, mailbox: ExtensionId) -> &[Greeting] {
        self.greetings.get(&mailbox).map_or(&[], Vec::as_slice)
    }

    /// Has an owner recorded a greeting.
    pub fn put_greeting(&mut self, mailbox: ExtensionId, greeting: Greeting) {
        let own = self.greetings.entry(mailbox).or_default();
        own.retain(|it| *it != greeting);
        own.push(greeting);
    }

    /// The PIN of a mailbox, if it has one.
    pub fn pin(&self, mailbox: ExtensionId) -> Option<&str> {
        self.pins.get(&mailbox).map(String::as_str)
    }

    /// How many greetings wait for their owners' verdicts.
    pub fn greeting_drafts(&self) -> usize {
        self.greeting_drafts.len()
    }

    /// Puts a message into a mailbox.
    pub fn put(&mut self, id: RecordingId, mailbox: ExtensionId, state: MessageState) {
        let caller = "1018".to_owned();
        self.messages.insert(id, Message { mailbox, caller, state });
    }

    /// Puts a new message of somebody into a mailbox.
    pub fn put_from(&mut self, id: RecordingId, mailbox: ExtensionId, caller: &str) {
        let (caller, state) = (caller.to_owned(), MessageState::New);
        self.messages.insert(id, Message { mailbox, caller, state });
    }

    /// Takes one out, as another phone would.
    pub fn remove(&mut self, id: RecordingId) {
        self.messages.remove(&id);
    }

    /// Sets the PIN of a mailbox.
    pub fn set_pin(&mut self, mailbox: ExtensionId, pin: &str) {
        self.pins.insert(mailbox, pin.to_owned());
    }

    /// Tries a PIN of somebody who wants to sign in elsewhere; without one nobody does.
    pub(crate) fn try_pin(&mut self, line: ExtensionId, pin: &EnteredPin) -> PinVerdict {
        let wrong = self.wrong_pins.entry(line).or_default();
        if *wrong >= WRONG_PINS_MAX {
            return PinVerdict::LockedOut;
        }
        let is_right = self.pins.get(&line) == Some(&pin.0);
        *wrong = if is_right { 0 } else { *wrong + 1 };
        if is_right { PinVerdict::Right } else { PinVerdict::Wrong }
    }

    /// A recording begins.
    pub(crate) fn note(&mut self, id: RecordingId, label: &Label) {
        match label.purpose {
            Purpose::Call => {}
            Purpose::Message { mailbox, .. } => {
                let (caller, state) = (label.parties[0].clone(), MessageState::Unfinished);
                self.messages.insert(id, Message { mailbox, caller, state });
            }
            Purpose::Greeting { .. } => drop(self.greeting_drafts.insert(id, false)),
        }
    }

    /// Recordings of messages are on the disk, or cannot get there.
    pub(crate) fn finish(&mut self, is_kept: bool) -> Vec<(u8, VoicemailReply)> {
        let unfinished =
            self.messages.iter_mut().filter(|it| it.1.state == MessageState::Unfinished);
        let mut replies = Vec::new();
        let mut finished = Vec::new();
        for (id, message) in unfinished {
            if is_kept {
                message.state = MessageState::Draft;
            }
            finished.push(*id);
        }
        for (id, is_finished) in &mut self.greeting_drafts {
            if !std::mem::replace(is_finished, is_kept) {
                finished.push(*id);
            }
        }
        for id in finished {
            if is_kept {
                replies.extend(self.settle(id));
                if let Some(asker) = self.waiting.remove(&id) {
                    replies.push(reply(asker, VoicemailAnswer::Fetched(id, Some(Sound::beep()))));
                }
            } else if let Some((Verdict::Deliver | Verdict::Keep(..), asker)) = self.judged.get(&id)
            {
                replies.push(reply(*asker, VoicemailAnswer::NotKept(id)));
            }
        }
        replies
    }

    /// Does as asked.
    pub(crate) fn handle(&mut self, request: VoicemailRequest) -> Vec<(u8, VoicemailReply)> {
        if self.is_dead {
            return Vec::new();
        }
        let VoicemailRequest { shard, call, mailbox, order } = request;
        let asker = (shard, call);
        let answer = match order {
            VoicemailOrder::Open => VoicemailAnswer::Opened(self.open(mailbox.extension)),
            VoicemailOrder::TryPin(pin) => {
                let is_right = self.pins.get(&mailbox.extension) == Some(&pin.0);
                VoicemailAnswer::Pin(if is_right { PinVerdict::Right } else { PinVerdict::Wrong })
            }
            VoicemailOrder::SetPin(EnteredPin(pin)) => {
                let is_good = pin.len() >= PIN_DIGITS_MIN;
                if is_good {
                    self.set_pin(mailbox.extension, &pin);
                }
                VoicemailAnswer::PinSet(is_good)
            }
            VoicemailOrder::FetchGreeting(_) if self.forgets_greetings => return Vec::new(),
            VoicemailOrder::FetchGreeting(greeting) => {
                let is_there = self.greetings(mailbox.extension).contains(&greeting);
                if is_there {
                    self.greetings_played.push(greeting);
                }
                VoicemailAnswer::Greeting(greeting, is_there.then(Sound::beep))
            }
            VoicemailOrder::DeleteGreeting(greeting) => {
                if let Some(own) = self.greetings.get_mut(&mailbox.extension) {
                    own.retain(|it| *it != greeting);
                }
                VoicemailAnswer::GreetingDeleted(greeting)
            }
            VoicemailOrder::KeepGreeting(id, greeting) => {
                return self.judge(id, (Verdict::Keep(mailbox.extension, greeting), asker));
            }
            VoicemailOrder::Forward { message, to } => {
                VoicemailAnswer::Forwarded(message, self.forward(message, &to))
            }
            VoicemailOrder::Purge => {
                self.messages.retain(|_, it| {
                    it.mailbox != mailbox.extension || it.state != MessageState::Deleted
                });
                return Vec::new();
            }
            VoicemailOrder::Fetch(id) => {
                let sound = self.messages.contains_key(&id).then(Sound::beep);
                VoicemailAnswer::Fetched(id, sound)
            }
            VoicemailOrder::FetchDraft(id)
                if self.greeting_drafts.get(&id) == Some(&true)
                    || self.messages.get(&id).is_some_and(|it| it.state == MessageState::Draft) =>
            {
                VoicemailAnswer::Fetched(id, Some(Sound::beep()))
            }
            VoicemailOrder::FetchDraft(id) => {
                self.waiting.insert(id, asker);
                return self.hurry();
            }
            VoicemailOrder::Deliver(id) => return self.judge(id, (Verdict::Deliver, asker)),
            VoicemailOrder::Discard(id) => return self.judge(id, (Verdict::Discard, asker)),
            VoicemailOrder::Save(id) => {
                let message = self.messages.get_mut(&id);
                let is_there = message.map(|it| it.state = MessageState::Saved).is_some();
                VoicemailAnswer::Changed(id, is_there)
            }
            VoicemailOrder::Delete(id) => {
                let message = self.messages.get_mut(&id);
                let is_there = message.map(|it| it.state = MessageState::Deleted).is_some();
                VoicemailAnswer::Changed(id, is_there)
            }
        };
        vec![reply(asker, answer)]
    }

    fn open(&self, mailbox: ExtensionId) -> OpenedMailbox {
        let own = || self.messages.iter().filter(move |it| it.1.mailbox == mailbox);
        let of = |state| own().filter(move |it| it.1.state == state);
        let view = |(id, it): (&RecordingId, &Message)| MessageView {
            id: *id,
            caller: it.caller.clone(),
            forwarded_by: None,
            at: None,
            state: if it.state == MessageState::New {
                voicemail::MessageState::New
            } else {
                voicemail::MessageState::Saved
            },
        };
        OpenedMailbox {
            has_pin: self.pins.contains_key(&mailbox),
            room: self.room.unwrap_or(Duration::MAX),
            has_room: self.messages_max.is_none_or(|most| own().count() < most),
            messages: of(MessageState::New).chain(of(MessageState::Saved)).map(view).collect(),
            greetings: self.greetings(mailbox).to_vec(),
        }
    }

    fn forward(&mut self, id: RecordingId, to: &Mailbox) -> Forwarded {
        let Some(message) = self.messages.get(&id).cloned() else { return Forwarded::Gone };
        if !self.open(to.extension).has_room {
            return Forwarded::Full;
        }
        self.forwarded += 1;
        let (at, mut rng) = (UnixMillis(COPIES_AT), Rng::from_number(self.forwarded));
        let copy = RecordingId::new(at, &mut rng);
        let state = MessageState::New;
        self.messages.insert(copy, Message { mailbox: to.extension, state, ..message });
        Forwarded::Done
    }

    fn judge(&mut self, id: RecordingId, verdict: (Verdict, Asker)) -> Vec<(u8, VoicemailReply)> {
        let known = self.messages.get(&id).map(|it| it.state);
        let is_draft = matches!(known, Some(MessageState::Unfinished | MessageState::Draft))
            || self.greeting_drafts.contains_key(&id);
        assert!(is_draft, "{id} is judged, and is {known:?}");
        assert!(self.judged.insert(id, verdict).is_none(), "{id} is judged twice");
        let mut replies = self.hurry();
        replies.extend(self.settle(id));
        replies
    }

    /// Finishes what is recorded, unless a test does.
    fn hurry(&mut self) -> Vec<(u8, VoicemailReply)> {
        if self.is_slow { Vec::new() } else { self.finish(true) }
    }

    fn settle(&mut self, id: RecordingId) -> Option<(u8, VoicemailReply)> {
        let is_message = self.messages.get(&id).is_some_and(|it| it.state == MessageState::Draft);
        if !is_message && self.greeting_drafts.get(&id) != Some(&true) {
            return None;
        }
        let (verdict, asker) = self.judged.remove(&id)?;
        self.greeting_drafts.remove(&id);
        match verdict {
            Verdict::Discard => {
                self.messages.remove(&id);
                return None;
            }
            Verdict::Keep(mailbox, greeting) => self.put_greeting(mailbox, greeting),
            Verdict::Deliver => {
                self.messages.get_mut(&id)?.state = MessageState::New;
            }
        }
        Some(reply(asker, VoicemailAnswer::Kept(id)))
    }
}

fn reply((shard, call): Asker, answer: VoicemailAnswer) -> (u8, VoicemailReply) {
    (shard, VoicemailReply { call, answer })
}

/// As the keeper of mailboxes wants it.
const PIN_DIGITS_MIN: usize = 4;

/// Wrong PINs after which none is looked at.
const WRONG_PINS_MAX: u32 = 3;
/// The moment in ids of copies: later than any message of a test.
const COPIES_AT: i64 = 4_000_000_000_000;
