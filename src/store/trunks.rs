//! Trunks that administrators made; the file's are in the configuration.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh,
};
use crate::config::{Secret, TrunkText};
use base::{DomainId, TrunkId};

/// A link to a carrier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkRow {
    /// Id.
    pub id: TrunkId,
    /// Whose calls use it.
    pub domain: DomainId,
    /// What may be changed of it.
    pub draft: TrunkDraft,
    /// Counts the changes.
    pub version: i64,
}

/// What may be changed of a trunk. Only what passes [`TrunkText::check`] is to be stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkDraft {
    /// As written.
    pub text: TrunkText,
    /// Whether calls go through it.
    pub is_enabled: bool,
}

/// Binds what may be changed of a trunk to a query, in the order in which the statements have it.
macro_rules! bind_draft {
    ($query:expr, $draft:expr) => {
        $query
            .bind(&$draft.text.name)
            .bind(&$draft.text.destination)
            .bind($draft.text.sources.join("\n"))
            .bind($draft.text.source_port)
            .bind(given(&$draft.text.inbound_user))
            .bind($draft.text.inbound_password.as_ref().map(Secret::expose))
            .bind(given(&$draft.text.user))
            .bind($draft.text.password.as_ref().map(Secret::expose))
            .bind(given(&$draft.text.realm))
            .bind($draft.text.register_expires_s)
            .bind($draft.text.register_fallbacks.join("\n"))
            .bind($draft.text.channels_max)
            .bind($draft.text.cps_max)
            .bind($draft.text.health_interval_s)
            .bind(&$draft.text.dtmf)
            .bind($draft.text.codecs.join("\n"))
            .bind($draft.text.called_out.join("\n"))
            .bind($draft.text.called_in.join("\n"))
            .bind($draft.text.caller_out.join("\n"))
            .bind($draft.text.caller_in.join("\n"))
            .bind(given(&$draft.text.caller_default))
            .bind($draft.text.asserts_callers)
            .bind($draft.text.rates.join("\n"))
            .bind($draft.is_enabled)
    };
}

impl Store {
    /// Adds a trunk to a domain.
    pub async fn add_trunk(
        &self,
        domain: DomainId,
        draft: &TrunkDraft,
    ) -> Result<TrunkId, StoreError> {
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = TrunkId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            bind_draft!(sqlx::query(INSERT).bind(id.0).bind(domain.0), draft)
                .bind(now.0)
                .execute(pool)
                .await
                .map_err(|error| exists(error, &draft.text))?;
        });
        Ok(id)
    }

    /// The trunks of all domains, by name.
    pub async fn list_trunks(&self) -> Result<Vec<TrunkRow>, StoreError> {
        Ok(on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?))
    }

    /// The trunk with this id.
    pub async fn trunk(
        &self,
        domain: DomainId,
        id: TrunkId,
    ) -> Result<Option<TrunkRow>, StoreError> {
        let rows = self.list_trunks().await?;
        Ok(rows.into_iter().find(|it| it.domain == domain && it.id == id))
    }

    /// Changes a trunk that has still the version that the writer saw.
    pub async fn change_trunk(
        &self,
        domain: DomainId,
        id: TrunkId,
        version: i64,
        draft: &TrunkDraft,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            bind_draft!(sqlx::query(UPDATE), draft)
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .execute(pool)
                .await
                .map_err(|error| exists(error, &draft.text))?
                .rows_affected()
        });
        super::require_version(rows)
    }

    /// Removes a trunk that has still the version that the writer saw.
    pub async fn remove_trunk(
        &self,
        domain: DomainId,
        id: TrunkId,
        version: i64,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM trunk WHERE domain_id = $1 AND id = $2 AND version = $3")
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_version(rows)
    }
}

from_row!(TrunkRow, row => {
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    let text = TrunkText {
        name: row.try_get("name")?,
        destination: row.try_get("destination")?,
        sources: lines(row.try_get("sources")?),
        source_port: row.try_get("source_port")?,
        inbound_user: row.try_get::<Option<String>, _>("inbound_user")?.unwrap_or_default(),
        inbound_password: row.try_get::<Option<String>, _>("inbound_password")?.map(Secret::new),
        user: row.try_get::<Option<String>, _>("login_user")?.unwrap_or_default(),
        password: row.try_get::<Option<String>, _>("login_password")?.map(Secret::new),
        realm: row.try_get::<Option<String>, _>("login_realm")?.unwrap_or_default(),
        register_expires_s: row.try_get("register_expires_s")?,
        register_fallbacks: lines(row.try_get("register_fallbacks")?),
        channels_max: row.try_get("channels_max")?,
        cps_max: row.try_get("cps_max")?,
        health_interval_s: row.try_get("health_interval_s")?,
        dtmf: row.try_get("dtmf")?,
        codecs: lines(row.try_get("codecs")?),
        called_out: lines(row.try_get("called_out")?),
        called_in: lines(row.try_get("called_in")?),
        caller_out: lines(row.try_get("caller_out")?),
        caller_in: lines(row.try_get("caller_in")?),
        caller_default: row.try_get::<Option<String>, _>("caller_default")?.unwrap_or_default(),
        asserts_callers: row.try_get("asserts_callers")?,
        rates: lines(row.try_get("rates")?),
    };
    Ok(Self {
        id: TrunkId(row.try_get("id")?),
        domain: DomainId(row.try_get("domain_id")?),
        draft: TrunkDraft { text, is_enabled: row.try_get("is_enabled")? },
        version: row.try_get("version")?,
    })
});

/// NULL for nothing.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}

fn exists(error: sqlx::Error, text: &TrunkText) -> StoreError {
    super::exists(error, || format!("trunk {:?}", text.name))
}

const INSERT: &str = "
    INSERT INTO trunk
        (id, domain_id, name, destination, sources, source_port, inbound_user, inbound_password,
         login_user, login_password, login_realm, register_expires_s, register_fallbacks,
         channels_max, cps_max, health_interval_s, dtmf, codecs, called_out, called_in, caller_out,
         caller_in, caller_default, asserts_callers, rates, is_enabled, version, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, $23, $24, $25, $26, 1, $27)";

const SELECT_ALL: &str = "
    SELECT id, domain_id, name, destination, sources, source_port, inbound_user, inbound_password,
           login_user, login_password, login_realm, register_expires_s, register_fallbacks,
           channels_max, cps_max, health_interval_s, dtmf, codecs, called_out, called_in,
           caller_out, caller_in, caller_default, asserts_callers, rates, is_enabled, version
    FROM trunk ORDER BY name";

const UPDATE: &str = "
    UPDATE trunk
    SET name = $1, destination = $2, sources = $3, source_port = $4, inbound_user = $5,
        inbound_password = $6, login_user = $7, login_password = $8, login_realm = $9,
        register_expires_s = $10, register_fallbacks = $11, channels_max = $12, cps_max = $13,
        health_interval_s = $14, dtmf = $15, codecs = $16, called_out = $17, called_in = $18,
        caller_out = $19, caller_in = $20, caller_default = $21, asserts_callers = $22, rates = $23,
        is_enabled = $24, version = version + 1
    WHERE domain_id = $25 AND id = $26 AND version = $27";
