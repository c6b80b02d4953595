//! Sessions: somebody, or a wall, that is signed in. The cookie itself is not kept, only its hash.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh,
};
use base::{DomainId, SessionId, UnixMillis, UserId};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use uuid::Uuid;

/// A session that is good at the moment it was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionRow {
    /// Id.
    pub id: SessionId,
    /// Domain.
    pub domain: DomainId,
    /// Who; `None` for a wall.
    pub user: Option<UserId>,
    /// Which wall; `None` for a person.
    pub wall: Option<Uuid>,
    /// What every request that changes something must bring.
    pub csrf: String,
    /// Where it was opened from.
    pub address: String,
    /// What it was opened with.
    pub user_agent: String,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When it was last used, to the minute.
    pub last_seen_at: UnixMillis,
}

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Domain.
    pub domain: DomainId,
    /// Who; `None` for a wall.
    pub user: Option<UserId>,
    /// Which wall; `None` for a person.
    pub wall: Option<Uuid>,
    /// Where from.
    pub address: String,
    /// What with.
    pub user_agent: String,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionLimits {
    /// Without use.
    pub idle: Duration,
    /// However busy.
    pub absolute: Duration,
}

impl Store {
    /// Opens a session; the secret for the cookie is in the answer and nowhere else.
    pub async fn open_session(
        &self,
        now: UnixMillis,
        limits: SessionLimits,
        new: &NewSession,
    ) -> Result<(SessionId, String), StoreError> {
        let (_, mut rng) = fresh::now_and_rng()?;
        let id = SessionId::new(now, &mut rng);
        let token = fresh::token()?;
        let user_agent: String = new.user_agent.chars().take(USER_AGENT_CHARS_MAX).collect();
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(new.domain.0)
                .bind(new.user.map(|it| it.0))
                .bind(new.wall)
                .bind(hash(&token))
                .bind(rng.hex(CSRF_DIGITS))
                .bind(super::text(&new.address))
                .bind(super::text(&user_agent))
                .bind(now.0)
                .bind(now.0 + millis(limits.absolute))
                .execute(pool)
                .await?;
        });
        Ok((id, token))
    }

    /// The session of a cookie, if it is good: neither too old nor idle for too long, its holder
    /// neither disabled nor gone.
    pub async fn session(
        &self,
        now: UnixMillis,
        limits: SessionLimits,
        token: &str,
    ) -> Result<Option<SessionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_TOKEN)
                .bind(now.0)
                .bind(now.0 - millis(limits.idle))
                .bind(false)
                .bind(hash(token))
                .fetch_optional(pool)
                .await?
        }))
    }

    /// The good sessions of a person, latest first.
    pub async fn sessions_of_user(
        &self,
        now: UnixMillis,
        limits: SessionLimits,
        user: UserId,
    ) -> Result<Vec<SessionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_USER)
                .bind(now.0)
                .bind(now.0 - millis(limits.idle))
                .bind(false)
                .bind(user.0)
                .fetch_all(pool)
                .await?
        }))
    }

    /// Ids of all sessions that are good.
    pub async fn good_sessions(
        &self,
        now: UnixMillis,
        limits: SessionLimits,
    ) -> Result<Vec<SessionId>, StoreError> {
        let rows: Vec<(Uuid,)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_IDS)
                .bind(now.0)
                .bind(now.0 - millis(limits.idle))
                .bind(false)
                .fetch_all(pool)
                .await?
        });
        Ok(rows.into_iter().map(|(id,)| SessionId(id)).collect())
    }

    /// Notes that a session is in use.
    pub async fn touch_session(&self, now: UnixMillis, id: SessionId) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query("UPDATE session SET last_seen_at = $1 WHERE id = $2")
                .bind(now.0)
                .bind(id.0)
                .execute(pool)
                .await?;
        });
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM session WHERE id = $1").bind(id.0).execute(pool).await?;
        });
        Ok(())
    }

    /// Forgets sessions and letters of recovery that are over.
    pub async fn forget_old_sessions(
        &self,
        now: UnixMillis,
        limits: SessionLimits,
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM session WHERE expires_at <= $1 OR last_seen_at <= $2")
                .bind(now.0)
                .bind(now.0 - millis(limits.idle))
                .execute(pool)
                .await?;
            sqlx::query("DELETE FROM password_recovery WHERE expires_at <= $1")
                .bind(now.0)
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}

from_row!(SessionRow, row => Ok(Self {
    id: SessionId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    user: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
    wall: row.try_get("wall_token_id")?,
    csrf: row.try_get("csrf")?,
    address: row.try_get("address")?,
    user_agent: row.try_get("user_agent")?,
    created_at: UnixMillis(row.try_get("created_at")?),
    last_seen_at: UnixMillis(row.try_get("last_seen_at")?),
}));

/// What is kept of a secret that is long enough not to be guessed.
pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

const CSRF_DIGITS: usize = 32;
const USER_AGENT_CHARS_MAX: usize = 256;

const INSERT: &str = "
    INSERT INTO session
        (id, domain_id, user_id, wall_token_id, token_hash, csrf, address, user_agent, created_at,
         last_seen_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)";

macro_rules! select_good {
    ($columns:literal, $and:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM session LEFT JOIN user_account ON user_account.id = session.user_id
             WHERE session.expires_at > $1 AND session.last_seen_at > $2
               AND (session.user_id IS NULL OR user_account.is_disabled = $3)",
            $and
        )
    };
}

const SELECT_IDS: &str = select_good!("session.id", "");

const SELECT_BY_TOKEN: &str = select_good!(
    "session.id AS id, session.domain_id AS domain_id, user_id, wall_token_id, csrf, address,
     user_agent, session.created_at AS created_at, last_seen_at",
    " AND token_hash = $4"
);

const SELECT_BY_USER: &str = select_good!(
    "session.id AS id, session.domain_id AS domain_id, user_id, wall_token_id, csrf, address,
     user_agent, session.created_at AS created_at, last_seen_at",
    " AND user_id = $4 ORDER BY session.last_seen_at DESC"
);
