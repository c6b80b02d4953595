//! Letters of recovery: a secret that sets a new password, once and soon.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, on_either},
    fresh,
    sessions::{hash, millis},
};
use base::{DomainId, UnixMillis, UserId};
use std::time::Duration;
use uuid::Uuid;

/// How long the link in a letter is good.
pub const RECOVERY_LIFETIME: Duration = Duration::from_hours(1);

impl Store {
    /// Makes a secret for a person's letter; an earlier letter is good no longer.
    pub async fn add_recovery(&self, now: UnixMillis, user: UserId) -> Result<String, StoreError> {
        let token = fresh::token()?;
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query("DELETE FROM password_recovery WHERE user_id = $1")
                .bind(user.0)
                .execute(&mut *tx)
                .await?;
            sqlx::query(INSERT)
                .bind(hash(&token))
                .bind(user.0)
                .bind(now.0 + millis(RECOVERY_LIFETIME))
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        });
        Ok(token)
    }

    /// Takes a secret, which is good no longer; whose it was, if it was good.
    pub async fn take_recovery(
        &self,
        now: UnixMillis,
        token: &str,
    ) -> Result<Option<(DomainId, UserId)>, StoreError> {
        let hash = hash(token);
        let taken: Option<(Uuid, i64)> = on_either!(&self.db, pool => {
            sqlx::query_as(TAKE).bind(hash).fetch_optional(pool).await?
        });
        let Some((user, expires_at)) = taken else { return Ok(None) };
        if expires_at <= now.0 {
            return Ok(None);
        }
        let domain: Option<(Uuid,)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT domain_id FROM user_account WHERE id = $1 AND is_disabled = $2")
                .bind(user)
                .bind(false)
                .fetch_optional(pool)
                .await?
        });
        Ok(domain.map(|(domain,)| (DomainId(domain), UserId(user))))
    }
}

const INSERT: &str = "
    INSERT INTO password_recovery (token_hash, user_id, expires_at) VALUES ($1, $2, $3)";

const TAKE: &str = "
    DELETE FROM password_recovery WHERE token_hash = $1 RETURNING user_id, expires_at";
