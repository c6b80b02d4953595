//! Subscriptions to events: committed before the 200, read back at start.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
};
use base::{DomainId, SubscriptionId, UnixMillis};
use bytes::Bytes;
use call::subscriptions::{KeptSubscription, Package, Watched};
use sip::{Destination, Host, Transport, bindings::Aor, dialog::DialogRecord};

impl Store {
    /// Goes on with the subscriptions of an earlier process: removes those that are over at `now`,
    /// writes so many more CSeq numbers as used, and gives the rest. One that cannot be read is left
    /// out and logged: its phone subscribes anew when its time is over.
    pub async fn resume_subscriptions(
        &self,
        now: UnixMillis,
        numbers: u32,
    ) -> Result<Vec<KeptSubscription>, StoreError> {
        let rows: Vec<SubscriptionRow> = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query("DELETE FROM subscription WHERE expires_at <= $1")
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
            sqlx::query("UPDATE subscription SET cseq_reserved = cseq_reserved + $1")
                .bind(i64::from(numbers))
                .execute(&mut *tx)
                .await?;
            let rows = sqlx::query_as(SELECT).fetch_all(&mut *tx).await?;
            tx.commit().await?;
            rows
        });
        let mut kept = Vec::with_capacity(rows.len());
        for SubscriptionRow(row) in rows {
            match row {
                Ok(subscription) => kept.push(subscription),
                Err(problem) => tracing::warn!(%problem, "a stored subscription is left out"),
            }
        }
        Ok(kept)
    }

    /// Writes `upserts`, then CSeq numbers, then removes, in one transaction: all of it or nothing.
    /// Numbers of a row that is gone are of no use, and nothing happens.
    pub async fn commit_subscriptions(
        &self,
        upserts: &[KeptSubscription],
        reserved: &[(SubscriptionId, u32)],
        removals: &[SubscriptionId],
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            for it in upserts {
                let hop = &it.dialog.hop;
                sqlx::query(UPSERT)
                    .bind(it.id.0)
                    .bind(it.watched.aor.domain.0)
                    .bind(super::text(&it.watched.aor.user))
                    .bind(it.watched.package.as_str())
                    .bind(super::text(&it.subscriber))
                    .bind(it.event_id.as_deref())
                    .bind(it.expires_at.0)
                    .bind(&it.dialog.call_id[..])
                    .bind(&it.dialog.local_tag)
                    .bind(&it.dialog.remote_tag[..])
                    .bind(&it.dialog.local[..])
                    .bind(&it.dialog.remote[..])
                    .bind(it.dialog.routes.join(&b'\n'))
                    .bind(it.dialog.strict_route.as_deref())
                    .bind(&it.dialog.target[..])
                    .bind(hop.transport.uri_token())
                    .bind(host_text(&hop.host))
                    .bind(i64::from(hop.port))
                    .bind(hop.local.map(|it| it.to_string()))
                    .bind(i64::from(it.dialog.local_cseq))
                    .bind(it.dialog.remote_cseq.map(i64::from))
                    .execute(&mut *tx)
                    .await?;
            }
            for (id, cseq) in reserved {
                sqlx::query("UPDATE subscription SET cseq_reserved = $1 WHERE id = $2")
                    .bind(i64::from(*cseq))
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await?;
            }
            for id in removals {
                sqlx::query("DELETE FROM subscription WHERE id = $1")
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }
}

/// A subscription, or what is wrong with it.
struct SubscriptionRow(Result<KeptSubscription, String>);

/// The columns whose values must be read further.
struct Columns {
    id: SubscriptionId,
    aor: Aor,
    package: String,
    subscriber: String,
    event_id: Option<Vec<u8>>,
    expires_at: i64,
    dialog: DialogColumns,
}

struct DialogColumns {
    call_id: Vec<u8>,
    local_tag: String,
    remote_tag: Vec<u8>,
    local: Vec<u8>,
    remote: Vec<u8>,
    routes: Vec<u8>,
    strict_route: Option<Vec<u8>>,
    target: Vec<u8>,
    transport: String,
    host: Vec<u8>,
    port: i64,
    local_address: Option<String>,
    cseq_reserved: i64,
    remote_cseq: Option<i64>,
}

from_row!(SubscriptionRow, row => Ok(Self(subscription(Columns {
    id: SubscriptionId(row.try_get("id")?),
    aor: Aor { domain: DomainId(row.try_get("domain_id")?), user: row.try_get("watched")? },
    package: row.try_get("package")?,
    subscriber: row.try_get("subscriber")?,
    event_id: row.try_get("event_id")?,
    expires_at: row.try_get("expires_at")?,
    dialog: DialogColumns {
        call_id: row.try_get("call_id")?,
        local_tag: row.try_get("local_tag")?,
        remote_tag: row.try_get("remote_tag")?,
        local: row.try_get("local_value")?,
        remote: row.try_get("remote_value")?,
        routes: row.try_get("routes")?,
        strict_route: row.try_get("strict_route")?,
        target: row.try_get("target")?,
        transport: row.try_get("transport")?,
        host: row.try_get("hop_host")?,
        port: row.try_get("hop_port")?,
        local_address: row.try_get("local_address")?,
        cseq_reserved: row.try_get("cseq_reserved")?,
        remote_cseq: row.try_get("remote_cseq")?,
    },
}))));

fn subscription(row: Columns) -> Result<KeptSubscription, String> {
    let package = Package::named(&row.package)
        .ok_or_else(|| format!("{:?} is no event package", row.package))?;
    Ok(KeptSubscription {
        id: row.id,
        watched: Watched { aor: row.aor, package },
        subscriber: row.subscriber,
        event_id: row.event_id.map(Bytes::from),
        dialog: dialog(row.dialog)?,
        expires_at: UnixMillis(row.expires_at),
    })
}

fn dialog(row: DialogColumns) -> Result<DialogRecord, String> {
    let routes = row.routes.split(|it| *it == b'\n').filter(|it| !it.is_empty());
    let local = match row.local_address {
        Some(text) => Some(text.parse().map_err(|_| format!("{text:?} is no address"))?),
        None => None,
    };
    Ok(DialogRecord {
        call_id: row.call_id.into(),
        local_tag: row.local_tag,
        remote_tag: row.remote_tag.into(),
        local: row.local.into(),
        remote: row.remote.into(),
        routes: routes.map(Bytes::copy_from_slice).collect(),
        strict_route: row.strict_route.map(Bytes::from),
        target: row.target.into(),
        hop: Destination {
            transport: Transport::from_token(&row.transport)
                .ok_or_else(|| format!("{:?} is no transport", row.transport))?,
            host: Host::parse(&Bytes::from(row.host)).map_err(|error| error.to_string())?,
            port: super::unsigned(row.port),
            flow: None,
            local,
        },
        local_cseq: super::unsigned(row.cseq_reserved),
        remote_cseq: row.remote_cseq.map(super::unsigned),
    })
}

fn host_text(host: &Host) -> Vec<u8> {
    let mut text = Vec::with_capacity(40);
    host.encode(&mut text);
    text
}

const SELECT: &str = "
    SELECT id, domain_id, watched, package, subscriber, event_id, expires_at, call_id, local_tag,
           remote_tag, local_value, remote_value, routes, strict_route, target, transport,
           hop_host, hop_port, local_address, cseq_reserved, remote_cseq
    FROM subscription ORDER BY id";

const UPSERT: &str = "
    INSERT INTO subscription
        (id, domain_id, watched, package, subscriber, event_id, expires_at, call_id, local_tag,
         remote_tag, local_value, remote_value, routes, strict_route, target, transport, hop_host,
         hop_port, local_address, cseq_reserved, remote_cseq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21)
    ON CONFLICT (id) DO UPDATE SET
        expires_at = excluded.expires_at, routes = excluded.routes,
        strict_route = excluded.strict_route, target = excluded.target,
        transport = excluded.transport, hop_host = excluded.hop_host,
        hop_port = excluded.hop_port, local_address = excluded.local_address,
        cseq_reserved = excluded.cseq_reserved, remote_cseq = excluded.remote_cseq";
