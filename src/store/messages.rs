//! Voicemail: the messages of mailboxes.
//!
//! A row is there only when its file is on the disk, and is removed before the file is, so that
//! whoever has a row has something to hear; a file without a row is swept at the next start.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    letters::{QUEUE_DRAFTS, QUEUE_ONE},
    parsed,
    sql::{Sql, run},
};
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};
use std::str::FromStr;

/// A message in a mailbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageRow {
    /// Id: that of its recording.
    pub id: RecordingId,
    /// The domain of the mailbox.
    pub domain: DomainId,
    /// The extension whose mailbox it is in.
    pub mailbox: ExtensionId,
    /// Number of whoever left it.
    pub caller: String,
    /// What they are called, if that is known.
    pub caller_name: Option<String>,
    /// Number of whoever forwarded it; `None` for one that was left here.
    pub forwarded_by: Option<String>,
    /// When they began to speak.
    pub started: UnixMillis,
    /// How long it is, in ms.
    pub duration_ms: i64,
    /// Length of the file.
    pub bytes: i64,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Below the directory of mailboxes.
    pub file: String,
    /// How far it is.
    pub state: MessageState,
    /// Whether the process died before its end.
    pub is_cut_off: bool,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageState {
    /// Its caller has not decided yet whether to leave it: nobody else sees it.
    Draft,
    /// Nobody has heard it.
    New,
    /// It was heard, and is kept.
    Saved,
    /// Its owner has deleted it, and may save it until it leaves the mailbox.
    Deleted,
}

/// What is in a mailbox.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageCounts {
    /// Messages that nobody has heard.
    pub new: u32,
    /// Messages that were heard.
    pub saved: u32,
    /// Messages that their callers have not left yet.
    pub drafts: u32,
    /// Messages that their owner has deleted and may restore.
    pub deleted: u32,
    /// How long all of these are together, in ms.
    pub duration_ms: i64,
}

impl MessageCounts {
    /// How many count against the quota of the mailbox.
    pub fn all(self) -> u32 {
        self.new + self.saved + self.drafts + self.deleted
    }
}

impl MessageState {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::New => "new",
            Self::Saved => "saved",
            Self::Deleted => "deleted",
        }
    }
}

impl FromStr for MessageState {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Draft, Self::New, Self::Saved, Self::Deleted];
        all.into_iter()
            .find(|it| it.as_str() == word)
            .ok_or_else(|| StoreError::Invalid(format!("{word:?} is no state of a message")))
    }
}

impl Store {
    /// Adds a message, and queues the letter about one that is new; one that is there already is left
    /// alone.
    pub async fn add_message(&self, row: &MessageRow) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let added = sqlx::query(INSERT)
                .bind(row.id.0)
                .bind(row.domain.0)
                .bind(row.mailbox.0)
                .bind(super::text(&row.caller))
                .bind(row.caller_name.as_deref().map(super::text))
                .bind(&row.forwarded_by)
                .bind(row.started.0)
                .bind(row.duration_ms)
                .bind(row.bytes)
                .bind(&row.sha256)
                .bind(&row.file)
                .bind(row.state.as_str())
                .bind(row.is_cut_off)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if added > 0 {
                sqlx::query(QUEUE_ONE).bind(row.id.0).execute(&mut *tx).await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }

    /// The messages of a mailbox that were left there: the new ones, then the saved ones, each
    /// oldest first. The quota of the mailbox bounds them.
    pub async fn messages(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut sql = of_mailbox(SELECT, domain, mailbox);
        // The two words are in the order of the alphabet.
        sql.push(" AND state IN ('new', 'saved') ORDER BY state, id");
        Ok(run!(&self.db, sql, fetch_all)?)
    }

    /// A message of a mailbox, in whatever state.
    pub async fn message(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        id: RecordingId,
    ) -> Result<Option<MessageRow>, StoreError> {
        let mut sql = of_mailbox(SELECT, domain, mailbox);
        sql.push(" AND id = ").bind(id.0);
        Ok(run!(&self.db, sql, fetch_optional)?)
    }

    /// How many messages are in a mailbox.
    pub async fn count_messages(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<MessageCounts, StoreError> {
        let mut sql = of_mailbox(SELECT_COUNTS, domain, mailbox);
        sql.push(" GROUP BY state");
        let rows: Vec<(String, i64, i64)> = run!(&self.db, sql, fetch_all)?;
        let mut counts = MessageCounts::default();
        for (state, count, duration_ms) in rows {
            let (state, count) = (state.parse()?, super::unsigned(count));
            counts.duration_ms += duration_ms;
            match state {
                MessageState::Draft => counts.drafts = count,
                MessageState::New => counts.new = count,
                MessageState::Saved => counts.saved = count,
                MessageState::Deleted => counts.deleted = count,
            }
        }
        Ok(counts)
    }

    /// Notes that a message was heard and is to be kept, or, with [`MessageState::Deleted`], that its
    /// owner wants it no more; false if it is not there.
    pub async fn mark_message(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        id: RecordingId,
        state: MessageState,
    ) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(MARK)
                .bind(state.as_str())
                .bind(domain.0)
                .bind(mailbox.0)
                .bind(id.0)
                .execute(pool)
                .await?
                .rows_affected()
        });
        Ok(rows > 0)
    }

    /// Lets the owner of the mailbox find a draft, and queues the letter about it; false if there is no
    /// such draft (yet).
    pub async fn deliver_message(&self, id: RecordingId) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(DELIVER).bind(id.0).execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                sqlx::query(QUEUE_ONE).bind(id.0).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            rows
        });
        Ok(rows > 0)
    }

    /// Delivers every draft, whose callers are gone: for the start. Says how many.
    pub async fn deliver_drafts(&self) -> Result<u64, StoreError> {
        Ok(on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(QUEUE_DRAFTS).execute(&mut *tx).await?;
            let rows = sqlx::query(DELIVER_ALL).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            rows
        }))
    }

    /// Removes the row of a message and gives the name of its file, which is to be removed then;
    /// `None` if it is not there.
    pub async fn delete_message(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        id: RecordingId,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(DELETE)
                .bind(domain.0)
                .bind(mailbox.0)
                .bind(id.0)
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map(|(file,)| file))
    }

    /// Removes the rows of what its owner has deleted, and gives the names of the files, which are to
    /// be removed then.
    pub async fn purge_messages(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(PURGE).bind(domain.0).bind(mailbox.0).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(file,)| file).collect())
    }

    /// The same for all mailboxes, but for the names: for the start. Says how many.
    pub async fn purge_all_messages(&self) -> Result<u64, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM voicemail_message WHERE state = 'deleted'")
                .execute(pool)
                .await?
                .rows_affected()
        }))
    }

    /// Removes the rows of mailboxes whose extensions are gone; says how many.
    pub async fn delete_messages_of_nobody(&self) -> Result<u64, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query(DELETE_OF_NOBODY).execute(pool).await?.rows_affected()
        }))
    }

    /// Names of the files of all messages.
    pub async fn message_files(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT file FROM voicemail_message").fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(file,)| file).collect())
    }
}

/// A statement about the messages of one mailbox.
fn of_mailbox(start: &str, domain: DomainId, mailbox: ExtensionId) -> Sql {
    let mut sql = Sql::default();
    sql.push(start).push(" WHERE domain_id = ").bind(domain.0);
    sql.push(" AND mailbox_id = ").bind(mailbox.0);
    sql
}

from_row!(MessageRow, row => Ok(Self {
    id: RecordingId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    mailbox: ExtensionId(row.try_get("mailbox_id")?),
    caller: row.try_get("caller")?,
    caller_name: row.try_get("caller_name")?,
    forwarded_by: row.try_get("forwarded_by")?,
    started: UnixMillis(row.try_get("started_at")?),
    duration_ms: row.try_get("duration_ms")?,
    bytes: row.try_get("bytes")?,
    sha256: row.try_get("sha256")?,
    file: row.try_get("file")?,
    state: parsed(row.try_get("state")?)?,
    is_cut_off: row.try_get("is_cut_off")?,
}));

const INSERT: &str = "
    INSERT INTO voicemail_message
        (id, domain_id, mailbox_id, caller, caller_name, forwarded_by, started_at, duration_ms,
         bytes, sha256, file, state, is_cut_off)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (id) DO NOTHING";

const SELECT: &str = "
    SELECT id, domain_id, mailbox_id, caller, caller_name, forwarded_by, started_at, duration_ms,
           bytes, sha256, file, state, is_cut_off
    FROM voicemail_message";

// A sum of PostgreSQL is no bigint by itself.
const SELECT_COUNTS: &str =
    "SELECT state, COUNT(*), CAST(SUM(duration_ms) AS bigint) FROM voicemail_message";

const DELIVER: &str =
    "UPDATE voicemail_message SET state = 'new' WHERE id = $1 AND state = 'draft'";

const DELIVER_ALL: &str = "UPDATE voicemail_message SET state = 'new' WHERE state = 'draft'";

const MARK: &str = "
    UPDATE voicemail_message SET state = $1
    WHERE domain_id = $2 AND mailbox_id = $3 AND id = $4 AND state <> 'draft'";

const PURGE: &str = "
    DELETE FROM voicemail_message WHERE domain_id = $1 AND mailbox_id = $2 AND state = 'deleted'
    RETURNING file";

const DELETE: &str = "
    DELETE FROM voicemail_message WHERE domain_id = $1 AND mailbox_id = $2 AND id = $3
    RETURNING file";

const DELETE_OF_NOBODY: &str = "
    DELETE FROM voicemail_message WHERE mailbox_id NOT IN (SELECT id FROM extension)";
