//! Tokens of screens on walls: each shows its domain's board and may nothing else.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh,
    sessions::hash,
};
use base::{DomainId, UnixMillis};
use uuid::Uuid;

/// A wall's token, without its secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WallRow {
    /// Id.
    pub id: Uuid,
    /// Domain.
    pub domain: DomainId,
    /// Which wall.
    pub title: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Until when it is good.
    pub expires_at: UnixMillis,
}

impl Store {
    /// Makes a token; its secret is in the answer and nowhere else.
    pub async fn add_wall(
        &self,
        domain: DomainId,
        title: &str,
        now: UnixMillis,
        expires_at: UnixMillis,
    ) -> Result<(Uuid, String), StoreError> {
        let (_, mut rng) = fresh::now_and_rng()?;
        let id = base::SessionId::new(now, &mut rng).0;
        let token = fresh::token()?;
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id)
                .bind(domain.0)
                .bind(super::text(title))
                .bind(hash(&token))
                .bind(now.0)
                .bind(expires_at.0)
                .execute(pool)
                .await?;
        });
        Ok((id, token))
    }

    /// The tokens of a domain, latest first.
    pub async fn walls(&self, domain: DomainId) -> Result<Vec<WallRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_DOMAIN).bind(domain.0).fetch_all(pool).await?
        }))
    }

    /// The token with this id.
    pub async fn wall(&self, domain: DomainId, id: Uuid) -> Result<Option<WallRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_ONE).bind(domain.0).bind(id).fetch_optional(pool).await?
        }))
    }

    /// The token with this secret, if it is good.
    pub async fn wall_by_token(
        &self,
        now: UnixMillis,
        token: &str,
    ) -> Result<Option<WallRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_TOKEN)
                .bind(hash(token))
                .bind(now.0)
                .fetch_optional(pool)
                .await?
        }))
    }

    /// Removes a token and ends its sessions.
    pub async fn remove_wall(&self, domain: DomainId, id: Uuid) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM wall_token WHERE domain_id = $1 AND id = $2")
                .bind(domain.0)
                .bind(id)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || "such wall token".to_owned())
    }
}

from_row!(WallRow, row => Ok(Self {
    id: row.try_get("id")?,
    domain: DomainId(row.try_get("domain_id")?),
    title: row.try_get("title")?,
    created_at: UnixMillis(row.try_get("created_at")?),
    expires_at: UnixMillis(row.try_get("expires_at")?),
}));

const INSERT: &str = "
    INSERT INTO wall_token (id, domain_id, title, token_hash, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

const SELECT_OF_DOMAIN: &str = "
    SELECT id, domain_id, title, created_at, expires_at
    FROM wall_token WHERE domain_id = $1 ORDER BY id DESC";

const SELECT_ONE: &str = "
    SELECT id, domain_id, title, created_at, expires_at
    FROM wall_token WHERE domain_id = $1 AND id = $2";

const SELECT_BY_TOKEN: &str = "
    SELECT id, domain_id, title, created_at, expires_at
    FROM wall_token WHERE token_hash = $1 AND expires_at > $2";
