//! Greetings of mailboxes.
//!
//! As with messages, a row is there only when its file is on the disk, and is removed before the file
//! is. A draft becomes the greeting of its kind in one step with the end of the one before it.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, on_either},
};
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};
use call::voicemail::Greeting;

/// A greeting whose owner has not decided yet whether callers are to hear it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GreetingRow {
    /// Id: that of its recording.
    pub id: RecordingId,
    /// The domain of the mailbox.
    pub domain: DomainId,
    /// The extension whose mailbox it is for.
    pub mailbox: ExtensionId,
    /// When its owner began to speak.
    pub started: UnixMillis,
    /// How long it is, in ms.
    pub duration_ms: i64,
    /// Length of the file.
    pub bytes: i64,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Below the directory of mailboxes.
    pub file: String,
}

/// What became of a draft that was to be kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeptGreeting {
    /// It is not there (yet).
    NoDraft,
    /// It is the first greeting of its kind.
    First,
    /// It takes the place of another, whose file is this, and to be removed.
    Replaced(String),
}

impl Store {
    /// Adds a draft; one that is there already is left alone.
    pub async fn add_greeting(&self, row: &GreetingRow) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(row.id.0)
                .bind(row.domain.0)
                .bind(row.mailbox.0)
                .bind(row.started.0)
                .bind(row.duration_ms)
                .bind(row.bytes)
                .bind(&row.sha256)
                .bind(&row.file)
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Makes a draft the greeting of a kind.
    pub async fn keep_greeting(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        id: RecordingId,
        kind: Greeting,
    ) -> Result<KeptGreeting, StoreError> {
        Ok(on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let old: Option<(String,)> = sqlx::query_as(DELETE)
                .bind(domain.0)
                .bind(mailbox.0)
                .bind(kind.name())
                .fetch_optional(&mut *tx)
                .await?;
            let kept = sqlx::query(KEEP)
                .bind(kind.name())
                .bind(domain.0)
                .bind(mailbox.0)
                .bind(id.0)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if kept == 0 {
                tx.rollback().await?;
                KeptGreeting::NoDraft
            } else {
                tx.commit().await?;
                old.map_or(KeptGreeting::First, |(file,)| KeptGreeting::Replaced(file))
            }
        }))
    }

    /// Removes the greeting of a kind, and gives the name of its file, which is to be removed then;
    /// `None` if there is none.
    pub async fn delete_greeting(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        kind: Greeting,
    ) -> Result<Option<String>, StoreError> {
        self.file_of_kind(DELETE, domain, mailbox, kind).await
    }

    /// The same for a draft.
    pub async fn delete_greeting_draft(
        &self,
        id: RecordingId,
    ) -> Result<Option<String>, StoreError> {
        self.file_of_draft(DELETE_DRAFT, id).await
    }

    /// The file of the greeting of a kind; `None` if there is none.
    pub async fn greeting_file(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        kind: Greeting,
    ) -> Result<Option<String>, StoreError> {
        self.file_of_kind(SELECT_FILE, domain, mailbox, kind).await
    }

    /// The file of a draft; `None` if there is none (yet).
    pub async fn greeting_draft_file(&self, id: RecordingId) -> Result<Option<String>, StoreError> {
        self.file_of_draft(SELECT_DRAFT_FILE, id).await
    }

    /// Which greetings a mailbox has.
    pub async fn greetings(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<Vec<Greeting>, StoreError> {
        let rows: Vec<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_KINDS).bind(domain.0).bind(mailbox.0).fetch_all(pool).await?
        });
        let known = |(kind,): (String,)| {
            Greeting::named(&kind)
                .ok_or_else(|| StoreError::Invalid(format!("{kind:?} is no greeting")))
        };
        rows.into_iter().map(known).collect()
    }

    /// Removes the rows of drafts, whose owners are gone, and of mailboxes whose extensions are: for
    /// the start. Says how many.
    pub async fn delete_greetings_of_nobody(&self) -> Result<u64, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query(DELETE_OF_NOBODY).execute(pool).await?.rows_affected()
        }))
    }

    /// Names of the files of all greetings.
    pub async fn greeting_files(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT file FROM voicemail_greeting").fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(file,)| file).collect())
    }

    /// What a statement about the greeting of a kind says of its file.
    async fn file_of_kind(
        &self,
        statement: &'static str,
        domain: DomainId,
        mailbox: ExtensionId,
        kind: Greeting,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(statement)
                .bind(domain.0)
                .bind(mailbox.0)
                .bind(kind.name())
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map(|(file,)| file))
    }

    /// The same of one about a draft.
    async fn file_of_draft(
        &self,
        statement: &'static str,
        id: RecordingId,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(statement).bind(id.0).fetch_optional(pool).await?
        });
        Ok(row.map(|(file,)| file))
    }
}

const INSERT: &str = "
    INSERT INTO voicemail_greeting
        (id, domain_id, mailbox_id, started_at, duration_ms, bytes, sha256, file)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (id) DO NOTHING";

const KEEP: &str = "
    UPDATE voicemail_greeting SET kind = $1
    WHERE domain_id = $2 AND mailbox_id = $3 AND id = $4 AND kind IS NULL";

const DELETE: &str = "
    DELETE FROM voicemail_greeting WHERE domain_id = $1 AND mailbox_id = $2 AND kind = $3
    RETURNING file";

const SELECT_FILE: &str = "
    SELECT file FROM voicemail_greeting WHERE domain_id = $1 AND mailbox_id = $2 AND kind = $3";

const SELECT_DRAFT_FILE: &str =
    "SELECT file FROM voicemail_greeting WHERE id = $1 AND kind IS NULL";

const DELETE_DRAFT: &str =
    "DELETE FROM voicemail_greeting WHERE id = $1 AND kind IS NULL RETURNING file";

const SELECT_KINDS: &str = "
    SELECT kind FROM voicemail_greeting
    WHERE domain_id = $1 AND mailbox_id = $2 AND kind IS NOT NULL ORDER BY kind";

const DELETE_OF_NOBODY: &str = "
    DELETE FROM voicemail_greeting
    WHERE kind IS NULL OR mailbox_id NOT IN (SELECT id FROM extension)";
