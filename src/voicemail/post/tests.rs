//! Letters on their way to a mail server whose answers the tests give.

use super::*;
use crate::{
    config::{self, RecordingFormat, Secret},
    store::{
        MailSettings, MessageRow, MessageState,
        testing::{Home, extension},
    },
    voicemail::{
        Voicemail,
        tests::{LIMIT, id},
    },
};
use base::{RecordingId, Rng};
use std::{fs, io};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

#[test]
fn pauses_grow_up_to_an_hour() {
    let pauses = [0, 1, 2, 9, 10, 1000].map(|it| pause_after(it).as_secs());
    assert_eq!(pauses, [5, 10, 20, 2560, 3600, 3600]);
}

#[tokio::test]
async fn an_empty_queue_is_not_looked_at_until_somebody_tells_of_a_letter() {
    let mut office = Office::new().await;
    assert_eq!(office.post.work().await.unwrap(), None);

    office.put(young(1)).await;
    let pause = office.work_and_answer("451 later").await.unwrap();

    assert!(pause.is_some_and(|it| it <= PAUSE_FIRST), "{pause:?}");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_sends_nothing_and_nothing_twice() {
    let mut office = Office::new().await;
    office.put(young(1)).await;
    office.refuse("UPDATE").await;
    office.post.work().await.unwrap_err();
    assert!(office.letters.try_recv().is_err(), "it could not be noted before");

    office.take_again().await;
    office.refuse("DELETE").await;
    office.work_and_answer("250 kept").await.unwrap_err();
    office.post.work().await.unwrap();

    assert!(office.letters.try_recv().is_err(), "it was sent, and its end could not be noted");
    assert_eq!(office.store().letters_waiting().await.unwrap().0, 1);
}

#[tokio::test]
async fn a_letter_takes_its_message_with_it_unless_that_is_saved_while_it_is_sent() {
    let mut office = Office::new().await;
    let (taken, saved) = (young(1), young(2));
    office.put(taken).await;
    office.work_and_answer("250 kept").await.unwrap();
    assert_eq!(office.state(taken).await, None);
    assert!(!office.path(taken).exists());
    assert_eq!(office.changes.try_recv().unwrap(), office.mailbox, "its owner's lamp goes out");

    office.put(saved).await;
    let Mailbox { domain, extension, .. } = office.mailbox;
    let store = office.store().clone();
    let (worked, ()) = tokio::join!(office.post.work(), async {
        let answer = letter(&mut office.letters).await;
        let state = MessageState::Saved;
        assert!(store.mark_message(domain, extension, saved, state).await.unwrap());
        answer.send("250 kept").unwrap();
    });

    assert_eq!(worked.unwrap(), None);
    assert_eq!(office.state(saved).await, Some(MessageState::Saved));
    assert!(office.path(saved).exists());
}

#[tokio::test]
async fn a_letter_that_will_never_be_taken_is_given_up_and_its_message_kept() {
    for (answer, waiting) in [("550 nobody here", 0), ("451 later", 1), ("535 who are you", 1)] {
        let mut office = Office::new().await;
        office.put(young(1)).await;
        office.work_and_answer(answer).await.unwrap();
        assert_eq!(office.store().letters_waiting().await.unwrap().0, waiting, "{answer}");
        assert_eq!(office.state(young(1)).await, Some(MessageState::New));
    }
}

#[tokio::test]
async fn a_letter_over_which_something_panics_waits_and_the_next_one_is_sent() {
    let mut office = Office::new().await;
    office.put_from(young(1), POISON).await;
    office.put(young(2)).await;

    office.work_and_answer("250 kept").await.unwrap();

    assert_eq!(office.state(young(2)).await, None, "it is in the letter");
    assert_eq!(office.state(young(1)).await, Some(MessageState::New));
    assert_eq!(office.store().letters_waiting().await.unwrap().0, 1);
}

/// Stands for the message that finds the bug that nobody knows.
pub(super) fn panic_if_poisoned(caller: &str) {
    assert_ne!(caller, POISON, "poisoned by the test");
}

const POISON: &str = "poison";

#[tokio::test]
async fn a_letter_about_an_old_message_is_tried_once_and_given_up_then() {
    let mut office = Office::new().await;
    office.put(id(1)).await;
    office.work_and_answer("451 later").await.unwrap();
    assert_eq!(office.store().letters_waiting().await.unwrap().0, 1);

    assert!(office.store().claim_letter(id(1), UnixMillis(0)).await.unwrap(), "its time has come");
    office.post.work().await.unwrap();

    assert_eq!(office.store().letters_waiting().await.unwrap(), (0, None));
    assert!(office.letters.try_recv().is_err());
}

#[tokio::test]
async fn a_post_that_is_told_to_stop_finishes_the_letter_that_it_is_sending() {
    let mut office = Office::new().await;
    office.put(young(1)).await;
    office.put(young(2)).await;
    let store = office.store().clone();
    let voicemail = Voicemail {
        desk: tokio::spawn(async {}),
        post: tokio::spawn(office.post.run()),
        stop_post: office.stop,
    };
    let answer = letter(&mut office.letters).await;

    tokio::join!(voicemail.stop(LIMIT), async { answer.send("250 kept").unwrap() });

    assert_eq!(store.letters_waiting().await.unwrap().0, 1, "one is sent, and the other is not");
    assert!(office.letters.try_recv().is_err());
}

/// A post with one mailbox, whose owner wants messages by mail alone.
struct Office {
    post: Post,
    mailbox: Mailbox,
    /// Letters that the mail server has; each waits for its answer.
    letters: mpsc::Receiver<oneshot::Sender<&'static str>>,
    changes: mpsc::Receiver<Mailbox>,
    stop: watch::Sender<bool>,
    database: sqlx::SqlitePool,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn new() -> Self {
        let Home { config, store, folder } = Home::new("").await;
        store.add_domain("a.example").await.unwrap();
        let domain = store.require_domain("a.example").await.unwrap();
        let extension = store.add_extension(&domain, extension("1001")).await.unwrap();
        let settings = MailSettings {
            address: "anna@a.example".to_owned(),
            has_sound: true,
            deletes_sent: true,
        };
        store.set_mail_settings(domain.id, extension, Some(&settings)).await.unwrap();
        let (mailer, letters) = mail_server().await;
        let style =
            Style { from: mailer.from().clone(), format: RecordingFormat::Wav, utc_offset_min: 0 };
        let (change, changes) = mpsc::channel(CHANGES_MAX);
        let (stop, stopping) = watch::channel(false);
        let post = Post {
            writer: Some(Writer { style, mailer }),
            dir: config.voicemail.dir.clone(),
            store,
            changes: change,
            wake: Arc::default(),
            stopping,
        };
        // Another connection would remember for a moment which triggers there were.
        let one = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        let database = one.connect(config.store.url.expose()).await.unwrap();
        let mailbox = Mailbox { domain: domain.id, extension, number: "1001".to_owned() };
        Self { post, mailbox, letters, changes, stop, database, _folder: folder }
    }

    fn store(&self) -> &Store {
        &self.post.store
    }

    /// Somebody has left a message.
    async fn put(&self, id: RecordingId) {
        self.put_from(id, "1002").await;
    }

    async fn put_from(&self, id: RecordingId, caller: &str) {
        let path = self.path(id);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "sound").unwrap();
        let row = MessageRow {
            id,
            domain: self.mailbox.domain,
            mailbox: self.mailbox.extension,
            caller: caller.to_owned(),
            caller_name: None,
            forwarded_by: None,
            started: UnixMillis(1_700_000_000_000),
            duration_ms: 100,
            bytes: 5,
            sha256: String::new(),
            file: self.file(id),
            state: MessageState::New,
            is_cut_off: false,
        };
        self.store().add_message(&row).await.unwrap();
    }

    /// Sends one letter, which the mail server answers so.
    async fn work_and_answer(
        &mut self,
        answer: &'static str,
    ) -> Result<Option<Duration>, StoreError> {
        let answered = async { letter(&mut self.letters).await.send(answer).unwrap() };
        let (worked, ()) = tokio::join!(self.post.work(), answered);
        worked
    }

    /// Has the database refuse to change letters in this way.
    async fn refuse(&self, change: &str) {
        let trigger = format!(
            "CREATE TRIGGER refusal BEFORE {change} ON voicemail_letter \
             BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        );
        sqlx::query(sqlx::AssertSqlSafe(trigger)).execute(&self.database).await.unwrap();
    }

    async fn take_again(&self) {
        sqlx::query("DROP TRIGGER refusal").execute(&self.database).await.unwrap();
    }

    async fn state(&self, id: RecordingId) -> Option<MessageState> {
        let Mailbox { domain, extension, .. } = self.mailbox;
        self.store().message(domain, extension, id).await.unwrap().map(|it| it.state)
    }

    fn path(&self, id: RecordingId) -> PathBuf {
        self.post.dir.join(self.file(id))
    }

    fn file(&self, id: RecordingId) -> String {
        format!("{}/{id}.wav", self.mailbox.extension)
    }
}

/// The next letter that the mail server has.
async fn letter(
    letters: &mut mpsc::Receiver<oneshot::Sender<&'static str>>,
) -> oneshot::Sender<&'static str> {
    let letter = tokio::time::timeout(LIMIT, letters.recv()).await;
    letter.expect("a letter is sent").expect("the mail server runs")
}

/// A mail server on loopback.
async fn mail_server() -> (Mailer, mpsc::Receiver<oneshot::Sender<&'static str>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (letter, letters) = mpsc::channel(CHANGES_MAX);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, letter.clone()));
        }
    });
    let config = config::Mail {
        url: Secret::new(format!("smtp://127.0.0.1:{port}")),
        from: "Tandem <desk@a.example>".parse().unwrap(),
        timeout: LIMIT,
    };
    (Mailer::new(&config).unwrap(), letters)
}

/// As much of RFC 5321 as one client needs.
async fn serve(
    client: TcpStream,
    letters: mpsc::Sender<oneshot::Sender<&'static str>>,
) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 here\r\n").await?;
    let mut is_letter = false;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.as_str() {
            "." if is_letter => {
                is_letter = false;
                let (tell, told) = oneshot::channel();
                letters.send(tell).await.map_err(io::Error::other)?;
                told.await.map_err(io::Error::other)?
            }
            _ if is_letter => continue,
            "DATA" => {
                is_letter = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// A message that has just come.
fn young(n: u64) -> RecordingId {
    RecordingId::new(UnixMillis(CAME), &mut Rng::from_number(n))
}

const CHANGES_MAX: usize = 16;
/// Later than any machine's clock, so that no letter about it is too old.
const CAME: i64 = 4_000_000_000_000;
