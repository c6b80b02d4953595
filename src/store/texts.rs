//! Text messages that wait for a device: committed before the 202, read back at start.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
};
use base::{DomainId, TextId, UnixMillis};
use bytes::Bytes;
use call::texts::TextMessage;
use sip::bindings::Aor;

impl Store {
    /// Every message that waits, oldest first.
    pub async fn load_texts(&self) -> Result<Vec<TextMessage>, StoreError> {
        let rows: Vec<TextRow> =
            on_either!(&self.db, pool => sqlx::query_as(SELECT).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|TextRow(message)| message).collect())
    }

    /// Removes messages for extensions that are gone; says how many.
    pub async fn delete_texts_of_nobody(&self) -> Result<u64, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query(DELETE_OF_NOBODY).execute(pool).await?.rows_affected()
        }))
    }

    /// Writes and then removes messages, in one transaction: all of it or nothing. One that is there
    /// already is left alone.
    pub async fn commit_texts(
        &self,
        added: &[TextMessage],
        removed: &[TextId],
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            for it in added {
                sqlx::query(INSERT)
                    .bind(it.id.0)
                    .bind(it.to.domain.0)
                    .bind(super::text(&it.to.user))
                    .bind(super::text(&it.from))
                    .bind(it.sent_at.0)
                    .bind(&it.content_type[..])
                    .bind(&it.body[..])
                    .execute(&mut *tx)
                    .await?;
            }
            for id in removed {
                sqlx::query("DELETE FROM text_message WHERE id = $1")
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }
}

struct TextRow(TextMessage);

from_row!(TextRow, row => Ok(Self(TextMessage {
    id: TextId(row.try_get("id")?),
    to: Aor { domain: DomainId(row.try_get("domain_id")?), user: row.try_get("recipient")? },
    from: row.try_get("sender")?,
    sent_at: UnixMillis(row.try_get("sent_at")?),
    content_type: Bytes::from(row.try_get::<Vec<u8>, _>("content_type")?),
    body: Bytes::from(row.try_get::<Vec<u8>, _>("body")?),
})));

const SELECT: &str = "
    SELECT id, domain_id, recipient, sender, sent_at, content_type, body
    FROM text_message ORDER BY id";

const DELETE_OF_NOBODY: &str = "
    DELETE FROM text_message WHERE NOT EXISTS (
        SELECT 1 FROM extension
        WHERE extension.domain_id = text_message.domain_id
          AND extension.number = text_message.recipient)";

const INSERT: &str = "
    INSERT INTO text_message (id, domain_id, recipient, sender, sent_at, content_type, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO NOTHING";
