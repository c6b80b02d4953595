//! The keeper and what is on the disk.

use super::*;
use crate::{
    config::Secret,
    store::{
        DomainRow, GreetingRow, MessageRow, MessageState,
        testing::{Home, extension},
    },
};
use base::{CallId, RecordingId, UnixMillis};
use call::voicemail::{
    self, EnteredPin, Finish, Forwarded, Greeting, Mailbox, PinVerdict, VoicemailAnswer,
    VoicemailOrder,
};

#[tokio::test]
async fn a_message_is_told_to_be_kept_only_once_it_is_finished() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::Deliver(id(1))).await;
    place.ask(VoicemailOrder::Open).await;
    let VoicemailAnswer::Opened(opened) = place.answer().await else { panic!("no mailbox") };
    assert!(opened.messages.is_empty(), "nothing was said to be kept before this answer");

    place.finish(1).await;

    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(which) if which == id(1)));
    assert_eq!(place.state(1).await, Some(MessageState::New));
}

#[tokio::test]
async fn a_panic_in_one_mailbox_is_answered_there_and_harms_no_other() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::Deliver(id(1))).await;
    let mailbox = Mailbox { number: POISON.to_owned(), ..place.mailbox.clone() };
    let (call, order) = (CallId(uuid::Uuid::from_u128(100)), VoicemailOrder::Open);
    let poisoned = VoicemailRequest { shard: 0, call, mailbox, order };

    place.requests.send(poisoned).await.unwrap();

    assert!(matches!(place.answer().await, VoicemailAnswer::Unavailable));
    place.finish(1).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(which) if which == id(1)));
    place.ask(VoicemailOrder::Open).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Opened(_)));
}

#[tokio::test]
async fn a_draft_whose_settling_panics_is_told_not_to_be_kept_and_others_are() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::Deliver(id(POISONED))).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Unavailable));
    place.ask(VoicemailOrder::Deliver(id(1))).await;
    place.finish(POISONED).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::NotKept(it) if it == id(POISONED)));

    place.finish(1).await;

    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(which) if which == id(1)));
    assert_eq!(place.state(POISONED).await, Some(MessageState::Draft), "the next start has it");
}

#[tokio::test]
async fn a_draft_is_heard_by_its_caller_when_it_is_there_and_forgotten_with_its_file() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::FetchDraft(id(1))).await;
    place.finish(1).await;
    let heard = place.answer().await;
    let VoicemailAnswer::Fetched(which, Some(sound)) = heard else { panic!("{heard:?}") };
    assert_eq!((which, sound.samples().len()), (id(1), 800));
    assert_eq!(place.state(1).await, Some(MessageState::Draft));

    place.ask(VoicemailOrder::Discard(id(1))).await;
    place.ask(VoicemailOrder::Fetch(id(1))).await;

    assert!(matches!(place.answer().await, VoicemailAnswer::Fetched(_, None)));
    assert!(!place.path(1).exists());
}

#[tokio::test]
async fn a_message_that_cannot_be_finished_yet_is_told_and_delivered_when_it_is() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::Deliver(id(1))).await;
    place.ask(VoicemailOrder::Open).await;
    place.answer().await;
    place.tell(MessageFinished { message: id(1), outcome: Finish::Waits }).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::NotKept(_)));

    place.finish(1).await;

    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(_)));
    assert_eq!(place.state(1).await, Some(MessageState::New));
}

#[tokio::test]
async fn a_mailbox_tells_what_is_in_it_and_whether_there_is_room() {
    let mut place = Place::new().await;
    for n in 1..=2 {
        place.ask(VoicemailOrder::Deliver(id(n))).await;
        place.finish(n).await;
        place.answer().await;
    }
    place.ask(VoicemailOrder::Save(id(1))).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Changed(_, true)));
    place.ask(VoicemailOrder::Open).await;
    let VoicemailAnswer::Opened(opened) = place.answer().await else { panic!("no mailbox") };
    let shown: Vec<_> = opened.messages.iter().map(|it| (it.id, it.state)).collect();
    let expected = [(id(2), voicemail::MessageState::New), (id(1), voicemail::MessageState::Saved)];
    assert_eq!(shown, expected);
    assert!(!opened.has_room, "two are the most");
    assert_eq!(opened.room, Duration::from_millis(59_800), "two of a tenth of a second are there");
    let (date, time) = opened.messages[0].at.expect("the moment has words");
    // 22:13:20 UTC on 14 November, three hours ahead.
    assert_eq!((date.day(), date.month(), time.hour(), time.minute()), (15, 11, 1, 13));

    place.ask(VoicemailOrder::Delete(id(1))).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Changed(_, true)));
    assert!(place.path(1).exists(), "it can be restored");
    place.ask(VoicemailOrder::Open).await;
    let VoicemailAnswer::Opened(opened) = place.answer().await else { panic!("no mailbox") };
    assert!(!opened.has_room, "what can be restored takes room");
    place.ask(VoicemailOrder::Purge).await;
    place.ask(VoicemailOrder::Save(id(1))).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Changed(_, false)));
    assert!(!place.path(1).exists());
}

#[tokio::test]
async fn a_forwarded_message_is_in_both_mailboxes_and_tells_who_sent_it_on() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::Deliver(id(1))).await;
    place.finish(1).await;
    place.answer().await;
    let extension = extension("1002");
    let theirs = place.store.add_extension(&place.domain, extension).await.unwrap();
    let to = Mailbox { extension: theirs, number: "1002".to_owned(), ..place.mailbox.clone() };
    let forward = |n| VoicemailOrder::Forward { message: id(n), to: to.clone() };

    for expected in [Forwarded::Done, Forwarded::Done, Forwarded::Full] {
        place.ask(forward(1)).await;
        let told = place.answer().await;
        assert!(matches!(told, VoicemailAnswer::Forwarded(_, it) if it == expected), "{told:?}");
    }
    place.ask(forward(9)).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Forwarded(_, Forwarded::Gone)));

    place.restart().await;
    let copies = place.store.messages(place.domain.id, theirs).await.unwrap();
    let from: Vec<_> = copies.iter().map(|it| (it.caller.as_str(), &it.forwarded_by)).collect();
    assert_eq!(from, [("1002", &Some("1001".to_owned())); 2]);
    let original = fs::read(place.path(1)).unwrap();
    for copy in &copies {
        assert_eq!(fs::read(place.config.dir.join(&copy.file)).unwrap(), original);
    }
}

#[tokio::test]
async fn a_greeting_is_heard_once_it_is_kept_and_until_it_is_deleted() {
    let mut place = Place::new().await;
    place.ask(VoicemailOrder::KeepGreeting(id(1), Greeting::Busy)).await;
    place.ask(VoicemailOrder::FetchGreeting(Greeting::Busy)).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Greeting(Greeting::Busy, None)));

    place.finish_greeting(1).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(which) if which == id(1)));
    place.restart().await;
    place.ask(VoicemailOrder::Open).await;
    let VoicemailAnswer::Opened(opened) = place.answer().await else { panic!("no mailbox") };
    assert_eq!(opened.greetings, [Greeting::Busy]);
    place.ask(VoicemailOrder::FetchGreeting(Greeting::Busy)).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Greeting(_, Some(_))));

    place.finish_greeting(2).await;
    place.ask(VoicemailOrder::KeepGreeting(id(2), Greeting::Busy)).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Kept(which) if which == id(2)));
    assert!(!place.path(1).exists(), "another took its place");
    place.ask(VoicemailOrder::DeleteGreeting(Greeting::Busy)).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::GreetingDeleted(Greeting::Busy)));
    assert!(!place.path(2).exists());
}

#[tokio::test]
async fn a_greeting_that_was_not_kept_is_heard_by_its_owner_alone_and_forgotten() {
    let mut place = Place::new().await;
    for n in 1..=2 {
        place.ask(VoicemailOrder::FetchDraft(id(n))).await;
        place.finish_greeting(n).await;
        assert!(matches!(place.answer().await, VoicemailAnswer::Fetched(_, Some(_))));
    }
    place.ask(VoicemailOrder::Discard(id(1))).await;
    place.restart().await;

    place.ask(VoicemailOrder::Open).await;
    let VoicemailAnswer::Opened(opened) = place.answer().await else { panic!("no mailbox") };
    assert_eq!(opened.greetings, []);
    assert!(!place.path(1).exists() && !place.path(2).exists());
}

#[tokio::test]
async fn a_pin_is_changed_to_one_that_will_do() {
    let mut place = Place::new().await;
    for (pin, will_do) in [("12", false), ("4711", true)] {
        place.ask(VoicemailOrder::SetPin(EnteredPin(pin.to_owned()))).await;
        let told = place.answer().await;
        assert!(matches!(told, VoicemailAnswer::PinSet(is_set) if is_set == will_do), "{pin}");
    }
    place.ask(VoicemailOrder::TryPin(EnteredPin("4711".to_owned()))).await;
    assert!(matches!(place.answer().await, VoicemailAnswer::Pin(PinVerdict::Right)));
}

#[tokio::test]
async fn a_mailbox_whose_extension_is_gone_opens_for_nobody() {
    let mut place = Place::new().await;
    place.store.set_mailbox_pin(place.domain.id, "1001", Some(Secret::new("4711"))).await.unwrap();
    place.store.remove_extension(place.domain.id, "1001").await.unwrap();
    for order in [VoicemailOrder::Open, VoicemailOrder::TryPin(EnteredPin("0000".to_owned()))] {
        place.ask(order).await;
        let told = place.answer().await;
        assert!(matches!(told, VoicemailAnswer::Unavailable), "{told:?}");
    }
}

#[tokio::test]
async fn a_message_that_a_dead_process_left_behind_is_told_to_its_owner() {
    let mut place = Place::new().await;
    let outcome = Finish::Delivered(place.mailbox.clone());
    place.tell(MessageFinished { message: id(1), outcome }).await;
    let told = tokio::time::timeout(LIMIT, place.changes.recv()).await.expect("it is told");
    assert_eq!(told, Some(place.mailbox.clone()));
}

#[tokio::test]
async fn three_wrong_pins_lock_a_mailbox_whatever_calls_they_come_from() {
    use PinVerdict::{LockedOut, Right, Wrong};
    let mut place = Place::new().await;
    place.store.set_mailbox_pin(place.domain.id, "1001", Some(Secret::new("4711"))).await.unwrap();
    let tried = ["0000", "4711", "0001", "0002", "0003", "4711"];
    let mut verdicts = Vec::new();
    for pin in tried {
        place.ask(VoicemailOrder::TryPin(EnteredPin(pin.to_owned()))).await;
        let VoicemailAnswer::Pin(verdict) = place.answer().await else { panic!("no verdict") };
        verdicts.push(verdict);
    }

    assert_eq!(verdicts, [Wrong, Right, Wrong, Wrong, Wrong, LockedOut]);

    place.restart().await;
    place.ask(VoicemailOrder::TryPin(EnteredPin("4711".to_owned()))).await;
    let told = place.answer().await;
    assert!(matches!(told, VoicemailAnswer::Pin(LockedOut)), "a start unlocks nothing: {told:?}");
    place.store.set_mailbox_pin(place.domain.id, "1001", Some(Secret::new("4712"))).await.unwrap();
    place.ask(VoicemailOrder::TryPin(EnteredPin("4712".to_owned()))).await;
    let told = place.answer().await;
    assert!(matches!(told, VoicemailAnswer::Pin(Right)), "another PIN does: {told:?}");
}

#[tokio::test]
async fn what_a_dead_process_left_is_delivered_and_files_without_a_row_are_swept() {
    let mut place = Place::new().await;
    place.finish(1).await;
    place.ask(VoicemailOrder::Fetch(id(1))).await;
    place.answer().await;
    let [orphan, part, other] =
        ["9.wav", "9.part", "notes.txt"].map(|name| place.path(1).with_file_name(name));
    for path in [&orphan, &part, &other] {
        fs::write(path, "").unwrap();
    }

    place.restart().await;

    assert_eq!(place.state(1).await, Some(MessageState::New));
    assert_eq!(
        [&orphan, &part, &other, &place.path(1)].map(|it| it.exists()),
        [false, false, true, true]
    );
}

struct Place {
    config: config::Voicemail,
    store: Store,
    domain: DomainRow,
    mailbox: Mailbox,
    requests: mpsc::Sender<VoicemailRequest>,
    finished: mpsc::Sender<MessageFinished>,
    replies: mpsc::Receiver<VoicemailReply>,
    changes: mpsc::Receiver<Mailbox>,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let limits = "[voicemail]\nmessages_max = 2\nmailbox_max_s = 60\nutc_offset_min = 180";
        let Home { config, store, folder } = Home::new(limits).await;
        store.add_domain("a.example").await.unwrap();
        let domain = store.require_domain("a.example").await.unwrap();
        let extension = store.add_extension(&domain, extension("1001")).await.unwrap();
        let mailbox = Mailbox { domain: domain.id, extension, number: "1001".to_owned() };
        let config = config.voicemail;
        let Started { requests, finished, replies, changes } = start(&config, &store).await;
        Self {
            config,
            store,
            domain,
            mailbox,
            requests,
            finished,
            replies,
            changes,
            _folder: folder,
        }
    }

    async fn restart(&mut self) {
        let Started { requests, finished, replies, changes } =
            start(&self.config, &self.store).await;
        (self.requests, self.finished) = (requests, finished);
        (self.replies, self.changes) = (replies, changes);
    }

    async fn ask(&self, order: VoicemailOrder) {
        let call = CallId(uuid::Uuid::from_u128(100));
        let mailbox = self.mailbox.clone();
        self.requests.send(VoicemailRequest { shard: 0, call, mailbox, order }).await.unwrap();
    }

    async fn answer(&mut self) -> VoicemailAnswer {
        let reply = tokio::time::timeout(LIMIT, self.replies.recv()).await;
        reply.expect("the keeper answers").expect("the keeper runs").answer
    }

    /// A draft is on the disk and in the database.
    async fn finish(&self, n: u128) {
        self.write_file(n);
        let row = MessageRow {
            id: id(n),
            domain: self.mailbox.domain,
            mailbox: self.mailbox.extension,
            caller: "1002".to_owned(),
            caller_name: None,
            forwarded_by: None,
            started: UnixMillis(1_700_000_000_000),
            duration_ms: 100,
            bytes: 1644,
            sha256: String::new(),
            file: self.file(n),
            state: MessageState::Draft,
            is_cut_off: false,
        };
        self.store.add_message(&row).await.unwrap();
        self.tell(MessageFinished { message: id(n), outcome: Finish::Kept }).await;
    }

    /// The same for a greeting.
    async fn finish_greeting(&self, n: u128) {
        self.write_file(n);
        let row = GreetingRow {
            id: id(n),
            domain: self.mailbox.domain,
            mailbox: self.mailbox.extension,
            started: UnixMillis(1_700_000_000_000),
            duration_ms: 100,
            bytes: 1644,
            sha256: String::new(),
            file: self.file(n),
        };
        self.store.add_greeting(&row).await.unwrap();
        self.tell(MessageFinished { message: id(n), outcome: Finish::Kept }).await;
    }

    fn write_file(&self, n: u128) {
        let path = self.path(n);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for sample in 0..800 {
            writer.write_sample(if sample % 8 < 4 { 8000_i16 } else { -8000 }).unwrap();
        }
        writer.finalize().unwrap();
    }

    async fn tell(&self, finished: MessageFinished) {
        self.finished.send(finished).await.unwrap();
    }

    async fn state(&self, n: u128) -> Option<MessageState> {
        let Mailbox { domain, extension, .. } = self.mailbox;
        self.store.message(domain, extension, id(n)).await.unwrap().map(|it| it.state)
    }

    fn path(&self, n: u128) -> PathBuf {
        self.config.dir.join(self.file(n))
    }

    fn file(&self, n: u128) -> String {
        format!("{}/{}.wav", self.mailbox.extension, id(n))
    }
}

/// All ends of what a keeper works with.
struct Started {
    requests: mpsc::Sender<VoicemailRequest>,
    finished: mpsc::Sender<MessageFinished>,
    replies: mpsc::Receiver<VoicemailReply>,
    changes: mpsc::Receiver<Mailbox>,
}

async fn start(config: &config::Voicemail, store: &Store) -> Started {
    let (finished, finished_ear) = mpsc::channel(FINISHED_MAX);
    let (reply, replies) = mpsc::channel(REPLIES_MAX);
    let (change, changes) = mpsc::channel(CHANGES_MAX);
    let shards = vec![reply];
    let started = Voicemail::start(config, None, store.clone(), finished_ear, shards, change).await;
    let (_, requests) = started.unwrap();
    Started { requests, finished, replies, changes }
}

/// Stands for the mailbox that finds the bug that nobody knows.
pub(super) fn panic_if_poisoned(mailbox: &str) {
    assert_ne!(mailbox, POISON, "poisoned by the test");
}

/// The same for a draft.
pub(super) fn panic_if_poisoned_draft(message: RecordingId) {
    assert_ne!(message, id(POISONED), "poisoned by the test");
}

const POISON: &str = "poison";
const POISONED: u128 = 0xbad;

pub(super) fn id(n: u128) -> RecordingId {
    RecordingId(uuid::Uuid::from_u128(n))
}

pub(super) const LIMIT: Duration = Duration::from_secs(30);
const CHANGES_MAX: usize = 16;
