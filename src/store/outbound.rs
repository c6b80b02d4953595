//! How long was talked through trunks today: what caps on minutes go by after a restart.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
};
use base::{DomainId, ExtensionId};
use call::outbound::{DayUse, UseKey};
use std::time::Duration;
use uuid::Uuid;

impl Store {
    /// Keeps what was talked; what is kept of the same lines and classes is replaced.
    pub async fn keep_outbound_use(&self, days: &[DayUse]) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            for DayUse { key, day, talked } in days {
                sqlx::query(UPSERT)
                    .bind(key.domain.0)
                    .bind(key.line.map_or(key.domain.0, |it| it.0))
                    .bind(&key.class)
                    .bind(day)
                    .bind(i64::try_from(talked.as_millis()).unwrap_or(i64::MAX))
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }

    /// What was talked on the latest day of each.
    pub async fn outbound_use(&self) -> Result<Vec<DayUse>, StoreError> {
        let rows: Vec<Row> =
            on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|it| it.0).collect())
    }
}

struct Row(DayUse);

from_row!(Row, row => {
    let (domain, line): (Uuid, Uuid) = (row.try_get("domain_id")?, row.try_get("line_id")?);
    let talked_ms: i64 = row.try_get("talked_ms")?;
    Ok(Self(DayUse {
        key: UseKey {
            domain: DomainId(domain),
            line: (line != domain).then_some(ExtensionId(line)),
            class: row.try_get("class")?,
        },
        day: row.try_get("day")?,
        talked: Duration::from_millis(u64::try_from(talked_ms).unwrap_or_default()),
    }))
});

/// A domain that is removed meanwhile has no use any more.
const UPSERT: &str = "
    INSERT INTO outbound_use (domain_id, line_id, class, day, talked_ms)
    SELECT id, $2, $3, $4, $5 FROM domain WHERE id = $1
    ON CONFLICT (domain_id, line_id, class)
    DO UPDATE SET day = excluded.day, talked_ms = excluded.talked_ms";

const SELECT_ALL: &str = "SELECT domain_id, line_id, class, day, talked_ms FROM outbound_use";
