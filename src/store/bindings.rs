//! Registration bindings: committed before the 200, read back at start.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
};
use base::{DomainId, UnixMillis};
use bytes::Bytes;
use sip::{
    NameAddr, Transport,
    bindings::{Aor, Binding, Received},
};

impl Store {
    /// All bindings, expired ones included, without their flows. One that cannot be read is left
    /// out and logged: the phone registers anew.
    pub async fn load_bindings(&self) -> Result<Vec<Binding>, StoreError> {
        let rows: Vec<BindingRow> =
            on_either!(&self.db, pool => sqlx::query_as(SELECT).fetch_all(pool).await?);
        let mut bindings = Vec::with_capacity(rows.len());
        for BindingRow(row) in rows {
            match row {
                Ok(binding) => bindings.push(binding),
                Err(problem) => tracing::warn!(%problem, "a stored binding is left out"),
            }
        }
        Ok(bindings)
    }

    /// How many bindings there are, expired ones included.
    pub async fn count_bindings(&self) -> Result<u64, StoreError> {
        let (rows,): (i64,) = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT count(*) FROM binding").fetch_one(pool).await?
        });
        Ok(rows.unsigned_abs())
    }

    /// Removes `removals` and then writes `upserts`, of any number of addresses of record, in one
    /// transaction: all of it or nothing.
    pub async fn commit_bindings(
        &self,
        removals: &[Binding],
        upserts: &[Binding],
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            for binding in removals {
                sqlx::query(DELETE)
                    .bind(binding.aor.domain.0)
                    .bind(super::text(&binding.aor.user))
                    .bind(super::text(&binding.key()))
                    .execute(&mut *tx)
                    .await?;
            }
            for binding in upserts {
                sqlx::query(UPSERT)
                    .bind(binding.aor.domain.0)
                    .bind(super::text(&binding.aor.user))
                    .bind(super::text(&binding.key()))
                    .bind(contact_value(binding))
                    .bind(i64::from(binding.q_per_mille))
                    .bind(binding.expires_at.0)
                    .bind(binding.registered_at.0)
                    .bind(&binding.call_id[..])
                    .bind(i64::from(binding.cseq))
                    .bind(path_lines(&binding.path))
                    .bind(binding.received.transport.uri_token())
                    .bind(binding.received.remote.to_string())
                    .bind(binding.received.local.to_string())
                    .bind(super::text(&binding.user_agent))
                    .bind(binding.instance.as_deref().map(super::text))
                    .bind(binding.reg_id.map(i64::from))
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        });
        Ok(())
    }
}

/// A binding, or what is wrong with it.
struct BindingRow(Result<Binding, String>);

/// The columns as they are.
struct Columns {
    aor: Aor,
    contact: Vec<u8>,
    q_per_mille: i64,
    expires_at: i64,
    registered_at: i64,
    call_id: Vec<u8>,
    cseq: i64,
    path: Vec<u8>,
    transport: String,
    remote: String,
    local: String,
    user_agent: String,
    instance: Option<String>,
    reg_id: Option<i64>,
}

from_row!(BindingRow, row => Ok(Self(binding(Columns {
    aor: Aor { domain: DomainId(row.try_get("domain_id")?), user: row.try_get("aor_user")? },
    contact: row.try_get("contact")?,
    q_per_mille: row.try_get("q_per_mille")?,
    expires_at: row.try_get("expires_at")?,
    registered_at: row.try_get("registered_at")?,
    call_id: row.try_get("call_id")?,
    cseq: row.try_get("cseq")?,
    path: row.try_get("path")?,
    transport: row.try_get("transport")?,
    remote: row.try_get("remote_address")?,
    local: row.try_get("local_address")?,
    user_agent: row.try_get("user_agent")?,
    instance: row.try_get("instance")?,
    reg_id: row.try_get("reg_id")?,
}))));

fn binding(row: Columns) -> Result<Binding, String> {
    let contact = name_addr(row.contact)?;
    let address = |text: &str| text.parse().map_err(|_| format!("{text:?} is no address"));
    Ok(Binding {
        aor: row.aor,
        contact: contact.uri,
        q_per_mille: super::unsigned(row.q_per_mille),
        expires_at: UnixMillis(row.expires_at),
        registered_at: UnixMillis(row.registered_at),
        call_id: row.call_id.into(),
        cseq: super::unsigned(row.cseq),
        path: row
            .path
            .split(|it| *it == b'\n')
            .filter(|it| !it.is_empty())
            .map(|line| name_addr(line.to_vec()))
            .collect::<Result<_, _>>()?,
        received: Received {
            transport: Transport::from_token(&row.transport)
                .ok_or_else(|| format!("{:?} is no transport", row.transport))?,
            remote: address(&row.remote)?,
            local: address(&row.local)?,
            flow: None,
        },
        user_agent: row.user_agent,
        instance: row.instance,
        reg_id: row.reg_id.map(super::unsigned),
        params: contact.params,
    })
}

fn name_addr(text: Vec<u8>) -> Result<NameAddr, String> {
    NameAddr::parse(&Bytes::from(text)).map_err(|error| error.to_string())
}

/// The contact as a Contact header value, so that its URI and parameters survive byte for byte.
fn contact_value(binding: &Binding) -> Vec<u8> {
    let value =
        NameAddr { display: None, uri: binding.contact.clone(), params: binding.params.clone() };
    value.to_value().to_vec()
}

/// Header values hold no line breaks.
fn path_lines(path: &[NameAddr]) -> Vec<u8> {
    let values: Vec<Bytes> = path.iter().map(NameAddr::to_value).collect();
    values.join(&b'\n')
}

const SELECT: &str = "
    SELECT domain_id, aor_user, contact, q_per_mille, expires_at, registered_at, call_id, cseq,
           path, transport, remote_address, local_address, user_agent, instance, reg_id
    FROM binding";

const DELETE: &str =
    "DELETE FROM binding WHERE domain_id = $1 AND aor_user = $2 AND binding_key = $3";

const UPSERT: &str = "
    INSERT INTO binding
        (domain_id, aor_user, binding_key, contact, q_per_mille, expires_at, registered_at,
         call_id, cseq, path, transport, remote_address, local_address, user_agent, instance,
         reg_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ON CONFLICT (domain_id, aor_user, binding_key) DO UPDATE SET
        contact = excluded.contact, q_per_mille = excluded.q_per_mille,
        expires_at = excluded.expires_at, registered_at = excluded.registered_at,
        call_id = excluded.call_id, cseq = excluded.cseq, path = excluded.path,
        transport = excluded.transport, remote_address = excluded.remote_address,
        local_address = excluded.local_address, user_agent = excluded.user_agent,
        instance = excluded.instance, reg_id = excluded.reg_id";
