//! Journals become sound files with rows, whoever wrote them.

use super::{stitched::hex, *};
use crate::{
    config::{Recording, RecordingFormat},
    store::{MessageRow, MessageState, RecordingRow, RecordingState, testing::Home},
};
use base::{CallId, DomainId, ExtensionId, RecordingId, UnixMillis};
use call::voicemail::Finish;
use media::{
    Format, audio_file,
    codec::Rate,
    recording::{Event, Label, Purpose, Record, Track},
    rtp::Header,
};
use sha2::{Digest as _, Sha256};
use std::{io::Cursor, time::Instant};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_workers_record_becomes_a_file_with_a_row_and_no_journal() {
    let place = Place::new().await;
    let (recordings, tape) = place.start(None);
    let journal = journal(1, 100, true);
    for chunk in [&journal[..], &journal_of_nothing(2)[..]] {
        let mut buffer = tape.empty().unwrap();
        buffer.extend_from_slice(chunk);
        tape.hand_over(buffer);
    }

    let row = place.row(1).await;
    drop(tape);
    recordings.stop(LIMIT).await;

    assert_eq!((row.state, row.packets_lost), (RecordingState::Complete, 5));
    assert_eq!((row.left.as_str(), row.right.as_str()), ("1001", "1002"));
    assert!((2000..2200).contains(&row.duration_ms), "{row:?}");
    assert_eq!(row.file, format!("2023-11-14/{}.wav", id(1)));
    place.assert_file_is_as_told(&row);
    let silent = place.row(2).await;
    assert!(silent.duration_ms < 200, "{silent:?}");
    for extension in [LIVE, JOURNAL, "part"] {
        assert!(files_with(&place.directory, extension).unwrap().is_empty(), "{extension}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_left_is_finished_at_the_next_start_up_to_where_it_is_torn() {
    let place = Place::new().await;
    fs::create_dir_all(&place.directory).unwrap();
    let whole = journal(1, 100, false);
    let left = |name: String, bytes: &[u8]| fs::write(place.directory.join(name), bytes).unwrap();
    left(format!("{}.live", id(1)), &whole[..whole.len() - 50]);
    left(format!("{}.journal", id(2)), &journal(2, 50, true));
    left(format!("{}.part", id(2)), b"half a file of a stitching that was cut off");
    left(format!("{}.live", id(3)), b"");
    let (recordings, tape) = place.start(None);

    let (cut_off, complete) = (place.row(1).await, place.row(2).await);
    drop(tape);
    recordings.stop(LIMIT).await;

    assert_eq!(cut_off.state, RecordingState::CutOff);
    assert!((1900..2200).contains(&cut_off.duration_ms), "{cut_off:?}");
    assert_eq!(complete.state, RecordingState::Complete);
    for row in [cut_off, complete] {
        place.assert_file_is_as_told(&row);
    }
    assert!(place.store.recording(domain(), id(3)).await.unwrap().is_none());
    assert!(files_with(&place.directory, JOURNAL).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_in_opus_plays_as_long_as_it_lasted() {
    let place = Place { format: RecordingFormat::Opus, ..Place::new().await };
    let (recordings, tape) = place.start(None);
    // No whole number of the packets that it becomes, nor of the second that a page holds.
    let mut buffer = tape.empty().unwrap();
    buffer.extend_from_slice(&journal(1, 133, true));
    tape.hand_over(buffer);

    let row = place.row(1).await;
    drop(tape);
    recordings.stop(LIMIT).await;

    assert!(row.file.ends_with(".opus"), "{row:?}");
    let bytes = fs::read(place.directory.join(&row.file)).unwrap();
    let digits = hex(&Sha256::digest(&bytes));
    assert_eq!((bytes.len() as i64, digits), (row.bytes, row.sha256.clone()));
    let sound = audio_file::read(Box::new(Cursor::new(bytes)), Some("opus"), Rate::Narrow).unwrap();
    let played_ms = sound.duration().as_millis() as i64;
    // Our reader leaves the silence in with which the last packet is filled.
    let more_ms = played_ms - row.duration_ms;
    assert!((0..=20).contains(&more_ms), "{played_ms} of {} ms", row.duration_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_recording_loses_its_file_and_keeps_its_row() {
    let place = Place::new().await;
    fs::create_dir_all(&place.directory).unwrap();
    fs::write(place.directory.join(format!("{}.journal", id(1))), journal(1, 10, true)).unwrap();
    let (recordings, tape) = place.start(Some(Duration::from_secs(86_400)));

    let row = place.wait_for(1, |it| it.state == RecordingState::Expired).await;
    drop(tape);
    recordings.stop(LIMIT).await;

    assert!(!place.directory.join(&row.file).exists());
    assert_eq!(row.sha256.len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_that_run_when_the_server_stops_are_finished() {
    let place = Place::new().await;
    let (recordings, tape) = place.start(None);
    let mut buffer = tape.empty().unwrap();
    buffer.extend_from_slice(&journal(1, 20, false));
    tape.hand_over(buffer);
    drop(tape);

    recordings.stop(LIMIT).await;

    let row = place.store.recording(domain(), id(1)).await.unwrap().unwrap();
    assert_eq!(row.state, RecordingState::CutOff);
    place.assert_file_is_as_told(&row);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_a_draft_with_a_file_of_one_channel_before_anybody_hears_of_it() {
    let place = Place::new().await;
    let (recordings, tape, mut finished) = place.start_telling(None);
    let mut buffer = tape.empty().unwrap();
    buffer.extend_from_slice(&journal_of(1, message(), 100, true));
    tape.hand_over(buffer);

    let told = tokio::time::timeout(LIMIT, finished.recv()).await.unwrap().unwrap();
    let row = place.store.message(domain(), mailbox(), id(1)).await.unwrap().unwrap();
    drop(tape);
    recordings.stop(LIMIT).await;

    assert_eq!(told, MessageFinished { message: id(1), outcome: Finish::Kept });
    assert_eq!((row.state, row.is_cut_off), (MessageState::Draft, false));
    assert_eq!((row.caller.as_str(), row.caller_name.as_deref()), ("1001", Some("Анна")));
    assert!((2000..2200).contains(&row.duration_ms), "{row:?}");
    place.assert_message_is_as_told(&row);
    assert!(place.store.recording(domain(), id(1)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_dead_process_is_new_at_the_next_start_unless_it_says_too_little() {
    let place = Place::new().await;
    fs::create_dir_all(&place.directory).unwrap();
    let left = |n: u128, extension: &str, bytes: &[u8]| {
        fs::write(place.directory.join(format!("{}.{extension}", id(n))), bytes).unwrap();
    };
    let whole = journal_of(1, message(), 150, false);
    left(1, "live", &whole[..whole.len() - 50]);
    left(2, "journal", &journal_of(2, message(), 120, true));
    left(3, "live", &journal_of(3, message(), 40, false));
    let (recordings, tape, mut finished) = place.start_telling(None);

    for _ in 1..=3 {
        tokio::time::timeout(LIMIT, finished.recv()).await.unwrap().unwrap();
    }
    drop(tape);
    recordings.stop(LIMIT).await;

    let rows = place.store.messages(domain(), mailbox()).await.unwrap();
    let states: Vec<_> = rows.iter().map(|it| (it.id, it.state, it.is_cut_off)).collect();
    assert_eq!(states, [(id(1), MessageState::New, true), (id(2), MessageState::New, false)]);
    assert!((2900..3200).contains(&rows[0].duration_ms), "{:?}", rows[0]);
    for row in &rows {
        place.assert_message_is_as_told(row);
    }
    let files = fs::read_dir(place.mailboxes().join(mailbox().to_string())).unwrap();
    assert_eq!(files.count(), 2, "what says too little has no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_kept_is_told_and_kept_at_the_next_start() {
    let place = Place::new().await;
    // Where the folder of the mailbox should be, there is a file.
    fs::create_dir_all(place.mailboxes()).unwrap();
    let obstacle = place.mailboxes().join(mailbox().to_string());
    fs::write(&obstacle, "").unwrap();
    let (recordings, tape, mut finished) = place.start_telling(None);
    let mut buffer = tape.empty().unwrap();
    buffer.extend_from_slice(&journal_of(1, message(), 150, true));
    tape.hand_over(buffer);

    let told = tokio::time::timeout(LIMIT, finished.recv()).await.unwrap().unwrap();
    assert_eq!(told, MessageFinished { message: id(1), outcome: Finish::Waits });
    drop((tape, finished));
    recordings.stop(LIMIT).await;
    fs::remove_file(obstacle).unwrap();
    let (recordings, tape, mut finished) = place.start_telling(None);
    let told = tokio::time::timeout(LIMIT, finished.recv()).await.unwrap().unwrap();
    drop(tape);
    recordings.stop(LIMIT).await;

    let Finish::Delivered(to) = &told.outcome else { panic!("{told:?}") };
    assert_eq!((to.domain, to.extension), (domain(), mailbox()));
    let rows = place.store.messages(domain(), mailbox()).await.unwrap();
    assert_eq!(rows.len(), 1);
    place.assert_message_is_as_told(&rows[0]);
}

struct Place {
    directory: PathBuf,
    format: RecordingFormat,
    store: Store,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let Home { config, store, folder } = Home::new("").await;
        let format = config.recording.format;
        Self { directory: config.recording.dir, format, store, folder }
    }

    fn start(&self, keep: Option<Duration>) -> (Recordings, TapeOut) {
        let (recordings, tape, _) = self.start_telling(keep);
        (recordings, tape)
    }

    /// The same; also gives who hears of each recording that is finished.
    fn start_telling(
        &self,
        keep: Option<Duration>,
    ) -> (Recordings, TapeOut, mpsc::Receiver<MessageFinished>) {
        let recording =
            Recording { dir: self.directory.clone(), keep, has_tone: false, format: self.format };
        let mut config = Config { recording, ..Config::default() };
        config.voicemail.dir = self.mailboxes();
        let (finished, ear) = mpsc::channel(8);
        let (recordings, tape) =
            Recordings::start(&config, self.store.clone(), 1, finished).unwrap();
        (recordings, tape, ear)
    }

    fn mailboxes(&self) -> PathBuf {
        self.folder.path().join("voicemail")
    }

    fn assert_message_is_as_told(&self, row: &MessageRow) {
        let path = self.mailboxes().join(&row.file);
        let bytes = fs::read(&path).unwrap();
        let digits = hex(&Sha256::digest(&bytes));
        assert_eq!((bytes.len() as i64, digits), (row.bytes, row.sha256.clone()));
        let reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(reader.spec().channels, 1, "only what the caller said");
        assert_eq!(i64::from(reader.duration()) / 8, row.duration_ms);
    }

    async fn row(&self, n: u128) -> RecordingRow {
        self.wait_for(n, |_| true).await
    }

    async fn wait_for(&self, n: u128, is_it: impl Fn(&RecordingRow) -> bool) -> RecordingRow {
        let deadline = Instant::now() + LIMIT;
        loop {
            let row = self.store.recording(domain(), id(n)).await.unwrap();
            if let Some(row) = row.filter(&is_it) {
                return row;
            }
            assert!(Instant::now() < deadline, "no such row of recording {n} in {LIMIT:?}");
            tokio::task::yield_now().await;
        }
    }

    fn assert_file_is_as_told(&self, row: &RecordingRow) {
        let path = self.directory.join(&row.file);
        let bytes = fs::read(&path).unwrap();
        let digits = hex(&Sha256::digest(&bytes));
        assert_eq!((bytes.len() as i64, digits), (row.bytes, row.sha256.clone()));
        let reader = hound::WavReader::open(&path).unwrap();
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8000));
        assert_eq!(i64::from(reader.duration()) / 8, row.duration_ms);
    }
}

/// So many packets of each side.
fn journal(n: u128, packets: u16, is_ended: bool) -> Vec<u8> {
    journal_of(n, Purpose::Call, packets, is_ended)
}

fn journal_of(n: u128, purpose: Purpose, packets: u16, is_ended: bool) -> Vec<u8> {
    let mut bytes = journal_start(n, purpose);
    for sequence in 0..packets {
        for track in Track::ALL {
            let timestamp = u32::from(sequence) * 160;
            let header =
                Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: track as u32 };
            let event = Event::Packet { track, header, payload: &[0x55; 160] };
            record(n, u64::from(sequence) * 20, event, &mut bytes);
        }
    }
    if is_ended {
        record(n, u64::from(packets) * 20, Event::Ended { lost: 5 }, &mut bytes);
    }
    bytes
}

fn journal_of_nothing(n: u128) -> Vec<u8> {
    let mut bytes = journal_start(n, Purpose::Call);
    record(n, 0, Event::Ended { lost: 0 }, &mut bytes);
    bytes
}

fn journal_start(n: u128, purpose: Purpose) -> Vec<u8> {
    let mut bytes = Vec::new();
    let label = Label {
        call: CallId(id(100).0),
        domain: domain(),
        started: UnixMillis(1_700_000_000_000),
        parties: ["1001".to_owned(), "1002".to_owned()],
        purpose,
    };
    record(n, 0, Event::Began(label), &mut bytes);
    let pcma = Format {
        payload_type: 8,
        encoding: "PCMA".to_owned(),
        clock_rate: 8000,
        channels: 1,
        fmtp: None,
    };
    for track in Track::ALL {
        record(n, 0, Event::Formats { track, formats: vec![pcma.clone()] }, &mut bytes);
    }
    bytes
}

fn record(n: u128, at_ms: u64, event: Event<'_>, bytes: &mut Vec<u8>) {
    let at = Duration::from_secs(500) + Duration::from_millis(at_ms);
    Record { recording: id(n), at, event }.write(bytes);
}

fn id(n: u128) -> RecordingId {
    RecordingId(uuid::Uuid::from_u128(n))
}

fn message() -> Purpose {
    Purpose::Message { mailbox: mailbox(), caller_name: Some("Анна".to_owned()) }
}

fn mailbox() -> ExtensionId {
    ExtensionId(uuid::Uuid::from_u128(7))
}

fn domain() -> DomainId {
    DomainId(uuid::Uuid::from_u128(77))
}

const LIMIT: Duration = Duration::from_secs(30);
