//! A keeper of mailboxes that obeys and keeps the books: what a real one would answer, when a test
//! lets recordings be finished.

use base::{CallId, ExtensionId, RecordingId};
use call::{
    subscriptions::MailCounts,
    voicemail::{
        MessageView, OpenedMailbox, PinVerdict, VoicemailAnswer, VoicemailOrder, VoicemailReply,
        VoicemailRequest,
    },
};
use media::{
    recording::{Label, Purpose},
    sound::Sound,
};
use std::collections::{BTreeMap, HashMap};

/// All mailboxes.
#[derive(Debug, Default)]
pub struct Mailboxes {
    /// By id, so oldest first.
    messages: BTreeMap<RecordingId, Message>,
    /// Verdicts on drafts that are not finished.
    judged: HashMap<RecordingId, (bool, Asker)>,
    /// Who waits to hear a draft.
    waiting: HashMap<RecordingId, Asker>,
    pins: HashMap<ExtensionId, String>,
    /// Most messages in a mailbox; `None` for any number.
    pub messages_max: Option<usize>,
    /// Whether recordings are finished only by [`crate::City::finish_messages`].
    pub is_slow: bool,
    /// Whether it answers nothing.
    pub is_dead: bool,
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

    /// Puts a message into a mailbox.
    pub fn put(&mut self, id: RecordingId, mailbox: ExtensionId, state: MessageState) {
        let caller = "1018".to_owned();
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

    /// A recording begins.
    pub(crate) fn note(&mut self, id: RecordingId, label: &Label) {
        if let Purpose::Message { mailbox, .. } = label.purpose {
            let (caller, state) = (label.parties[0].clone(), MessageState::Unfinished);
            self.messages.insert(id, Message { mailbox, caller, state });
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
        for id in finished {
            if is_kept {
                replies.extend(self.settle(id));
                if let Some(asker) = self.waiting.remove(&id) {
                    replies.push(reply(asker, VoicemailAnswer::Fetched(id, Some(Sound::beep()))));
                }
            } else if let Some((true, asker)) = self.judged.get(&id) {
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
            VoicemailOrder::Fetch(id) => {
                let sound = self.messages.contains_key(&id).then(Sound::beep);
                VoicemailAnswer::Fetched(id, sound)
            }
            VoicemailOrder::FetchDraft(id)
                if self.messages.get(&id).is_some_and(|it| it.state == MessageState::Draft) =>
            {
                VoicemailAnswer::Fetched(id, Some(Sound::beep()))
            }
            VoicemailOrder::FetchDraft(id) => {
                self.waiting.insert(id, asker);
                return self.hurry();
            }
            VoicemailOrder::Deliver(id) => return self.judge(id, (true, asker)),
            VoicemailOrder::Discard(id) => return self.judge(id, (false, asker)),
            VoicemailOrder::Save(id) => {
                let message = self.messages.get_mut(&id);
                let is_there = message.map(|it| it.state = MessageState::Saved).is_some();
                VoicemailAnswer::Changed(id, is_there)
            }
            VoicemailOrder::Delete(id) => {
                VoicemailAnswer::Changed(id, self.messages.remove(&id).is_some())
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
            at: None,
            is_new: it.state == MessageState::New,
        };
        OpenedMailbox {
            has_pin: self.pins.contains_key(&mailbox),
            has_room: self.messages_max.is_none_or(|most| own().count() < most),
            messages: of(MessageState::New).chain(of(MessageState::Saved)).map(view).collect(),
        }
    }

    fn judge(&mut self, id: RecordingId, verdict: (bool, Asker)) -> Vec<(u8, VoicemailReply)> {
        let known = self.messages.get(&id).map(|it| it.state);
        let is_draft = matches!(known, Some(MessageState::Unfinished | MessageState::Draft));
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
        let message = self.messages.get_mut(&id)?;
        if message.state != MessageState::Draft {
            return None;
        }
        let (is_delivered, asker) = self.judged.remove(&id)?;
        if !is_delivered {
            self.messages.remove(&id);
            return None;
        }
        message.state = MessageState::New;
        Some(reply(asker, VoicemailAnswer::Kept(id)))
    }
}

fn reply((shard, call): Asker, answer: VoicemailAnswer) -> (u8, VoicemailReply) {
    (shard, VoicemailReply { call, answer })
}
