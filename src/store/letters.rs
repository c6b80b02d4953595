//! Letters to owners of mailboxes: where they go, and those that wait to be sent.
//!
//! A letter is queued in the transaction that makes a message new, so that no message goes without. It
//! goes with its message, and with the settings that say where it would go.

use super::{
    Locale, MessageRow, Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    parsed,
};
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};

/// Where the owner of a mailbox is written to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailSettings {
    /// One address, as RFC 5321 has it.
    pub address: String,
    /// Whether letters bring the sound.
    pub has_sound: bool,
    /// Whether what was sent is not kept in the mailbox, if nobody has heard it there.
    pub deletes_sent: bool,
}

/// A letter that waits.
#[derive(Clone, Debug)]
pub struct LetterRow {
    /// The message that it is about.
    pub message: MessageRow,
    /// Where it goes.
    pub settings: MailSettings,
    /// The number of the mailbox.
    pub number: String,
    /// In which its reader reads.
    pub locale: Locale,
    /// How often it was tried.
    pub tries: u32,
}

impl Store {
    /// Where the owner of a mailbox is written to; `None` if it is not.
    pub async fn mail_settings(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<Option<MailSettings>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_SETTINGS)
                .bind(domain.0)
                .bind(mailbox.0)
                .fetch_optional(pool)
                .await?
        }))
    }

    /// Changes it; with `None` nothing is written any more, and what waits is forgotten.
    pub async fn set_mail_settings(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        settings: Option<&MailSettings>,
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            match settings {
                Some(settings) => {
                    sqlx::query(UPSERT_SETTINGS)
                        .bind(mailbox.0)
                        .bind(domain.0)
                        .bind(super::text(&settings.address))
                        .bind(settings.has_sound)
                        .bind(settings.deletes_sent)
                        .execute(pool)
                        .await?
                }
                None => {
                    sqlx::query("DELETE FROM voicemail_mail WHERE domain_id = $1 AND mailbox_id = $2")
                        .bind(domain.0)
                        .bind(mailbox.0)
                        .execute(pool)
                        .await?
                }
            };
        });
        Ok(())
    }

    /// The letter that has waited longest of those whose time has come. What its owner has deleted
    /// needs none, unless it is restored.
    pub async fn due_letter(&self, now: UnixMillis) -> Result<Option<LetterRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_DUE).bind(now.0).fetch_optional(pool).await?
        }))
    }

    /// How many letters wait, and when the next of them is to be tried; `None` if none waits.
    pub async fn letters_waiting(&self) -> Result<(u32, Option<UnixMillis>), StoreError> {
        let (count, next): (i64, Option<i64>) = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_WAITING).fetch_one(pool).await?
        });
        Ok((super::unsigned(count), next.map(UnixMillis)))
    }

    /// Notes that a letter is about to be tried, and when it is to be tried again, should that be in vain;
    /// false if it is not to be sent any more.
    pub async fn claim_letter(
        &self,
        message: RecordingId,
        next: UnixMillis,
    ) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(
                "UPDATE voicemail_letter SET tries = tries + 1, next_at = $1 WHERE message_id = $2",
            )
            .bind(next.0)
            .bind(message.0)
            .execute(pool)
            .await?
            .rows_affected()
        });
        Ok(rows > 0)
    }

    /// Forgets a letter, which was sent or is given up.
    pub async fn remove_letter(&self, message: RecordingId) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query(DELETE_LETTER).bind(message.0).execute(pool).await?;
        });
        Ok(())
    }

    /// Forgets a letter that was sent and has brought its message, and removes the message unless its
    /// owner has heard it meanwhile. Gives the name of its file, which is to be removed then.
    pub async fn replace_with_letter(
        &self,
        message: RecordingId,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(DELETE_LETTER).bind(message.0).execute(&mut *tx).await?;
            let row = sqlx::query_as(DELETE_NEW).bind(message.0).fetch_optional(&mut *tx).await?;
            tx.commit().await?;
            row
        });
        Ok(row.map(|(file,)| file))
    }
}

from_row!(MailSettings, row => Ok(Self {
    address: row.try_get("address")?,
    has_sound: row.try_get("has_sound")?,
    deletes_sent: row.try_get("deletes_sent")?,
}));

from_row!(LetterRow, row => Ok(Self {
    message: sqlx::FromRow::from_row(row)?,
    settings: sqlx::FromRow::from_row(row)?,
    number: row.try_get("number")?,
    locale: match row.try_get::<Option<String>, _>("locale")? {
        Some(locale) => parsed(&locale)?,
        None => Locale::default(),
    },
    tries: super::unsigned(row.try_get("tries")?),
}));

/// Queues letters about those messages whose owners are written to.
macro_rules! queue {
    ($messages:literal) => {
        concat!(
            "INSERT INTO voicemail_letter (message_id, mailbox_id, tries, next_at)
             SELECT message.id, mail.mailbox_id, 0, 0 FROM voicemail_message message
             JOIN voicemail_mail mail ON mail.mailbox_id = message.mailbox_id
             WHERE ",
            $messages,
            " ON CONFLICT (message_id) DO NOTHING"
        )
    };
}

/// Queues the letter about one message that has become new.
pub(super) const QUEUE_ONE: &str = queue!("message.id = $1 AND message.state = 'new'");

/// The same for all drafts, which become new.
pub(super) const QUEUE_DRAFTS: &str = queue!("message.state = 'draft'");

/// Selects of the letters that wait.
macro_rules! select_waiting {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM voicemail_letter letter
              JOIN voicemail_message message ON message.id = letter.message_id
              JOIN voicemail_mail mail ON mail.mailbox_id = letter.mailbox_id
              JOIN extension ON extension.id = letter.mailbox_id
              LEFT JOIN user_account ON user_account.id = extension.user_id
              WHERE message.state <> 'deleted'",
            $rest
        )
    };
}

const SELECT_DUE: &str = select_waiting!(
    "message.*, mail.address, mail.has_sound, mail.deletes_sent, extension.number,
     user_account.locale, letter.tries",
    " AND letter.next_at <= $1 ORDER BY letter.next_at, letter.message_id LIMIT 1"
);

const SELECT_WAITING: &str = select_waiting!("COUNT(*), MIN(letter.next_at)", "");

const DELETE_LETTER: &str = "DELETE FROM voicemail_letter WHERE message_id = $1";

const DELETE_NEW: &str =
    "DELETE FROM voicemail_message WHERE id = $1 AND state = 'new' RETURNING file";

const SELECT_SETTINGS: &str = "
    SELECT address, has_sound, deletes_sent FROM voicemail_mail
    WHERE domain_id = $1 AND mailbox_id = $2";

const UPSERT_SETTINGS: &str = "
    INSERT INTO voicemail_mail (mailbox_id, domain_id, address, has_sound, deletes_sent)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (mailbox_id) DO UPDATE SET address = excluded.address,
        has_sound = excluded.has_sound, deletes_sent = excluded.deletes_sent";
