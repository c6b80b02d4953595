//! Who is asking.

use super::{ApiState, Problem};
use crate::store::{DomainRow, Right, RoleRow, SessionRow, UserRow};
use axum::{extract::FromRequestParts, http::request::Parts};
use base::{SessionId, UserId};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// A session that is good: handlers take it as an argument. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Session(Arc<Inner>);

/// What a session is of.
#[derive(Clone, Debug)]
pub struct Inner {
    /// Id.
    pub id: SessionId,
    /// Domain; whatever the session may touch is of it.
    pub domain: DomainRow,
    /// Person or wall.
    pub holder: Holder,
    /// Roles, by code.
    pub roles: Vec<RoleRow>,
    /// What the roles add up to.
    pub rights: BTreeSet<Right>,
    /// What requests that change something bring as `X-CSRF`.
    pub csrf: String,
    /// Where it was opened from.
    pub address: String,
}

/// Whose a session is.
#[derive(Clone, Debug)]
pub enum Holder {
    /// A person.
    User(UserRow),
    /// A screen on a wall.
    Wall {
        /// Its token's id.
        id: Uuid,
        /// What it is called.
        title: String,
    },
}

impl Session {
    /// The session of a cookie's secret.
    pub(super) async fn load(api: &ApiState, token: &str) -> Result<Self, Problem> {
        let now = api.clock.now().unix;
        let row = api.store.session(now, api.session_limits(), token).await?;
        let row = row.ok_or_else(Problem::unauthenticated)?;
        if now.0 - row.last_seen_at.0 >= TOUCH_AFTER_MS {
            api.store.touch_session(now, row.id).await?;
        }
        Self::of_row(api, row).await
    }

    /// With everything that belongs to it.
    pub(super) async fn of_row(api: &ApiState, row: SessionRow) -> Result<Self, Problem> {
        let domain = api.store.domain(row.domain).await?.ok_or_else(Problem::unauthenticated)?;
        let (holder, roles) = match (row.user, row.wall) {
            (Some(user), _) => {
                let user = api.store.user(row.domain, user).await?;
                let user = user.ok_or_else(Problem::unauthenticated)?;
                let roles = api.store.roles_of_user(user.id).await?;
                (Holder::User(user), roles)
            }
            (None, Some(wall)) => {
                let wall = api.store.wall(row.domain, wall).await?;
                let wall = wall.ok_or_else(Problem::unauthenticated)?;
                (Holder::Wall { id: wall.id, title: wall.title }, Vec::new())
            }
            (None, None) => return Err(Problem::unauthenticated()),
        };
        let rights = match &holder {
            Holder::User(_) => sum_of(&roles),
            Holder::Wall { .. } => BTreeSet::from([Right::WallView]),
        };
        let SessionRow { id, csrf, address, .. } = row;
        Ok(Self(Arc::new(Inner { id, domain, holder, roles, rights, csrf, address })))
    }

    /// The same with what its person may by now.
    pub(super) async fn renewed(&self, api: &ApiState) -> Result<Self, Problem> {
        let Some(user) = self.user_id() else { return Ok(self.clone()) };
        let roles = api.store.roles_of_user(user).await?;
        let rights = sum_of(&roles);
        Ok(Self(Arc::new(Inner { roles, rights, ..Inner::clone(self) })))
    }

    /// The person; a wall is refused.
    pub fn user(&self) -> Result<&UserRow, Problem> {
        match &self.holder {
            Holder::User(user) => Ok(user),
            Holder::Wall { .. } => Err(Problem::forbidden()),
        }
    }

    /// The person's id; `None` for a wall.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.holder {
            Holder::User(user) => Some(user.id),
            Holder::Wall { .. } => None,
        }
    }

    /// What the audit calls whoever it is.
    pub fn login(&self) -> &str {
        match &self.holder {
            Holder::User(user) => &user.login,
            Holder::Wall { title, .. } => title,
        }
    }

    /// Whether the rights reach.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Whether one of these is among the rights.
    pub fn may_one_of(&self, rights: &[Right]) -> bool {
        rights.iter().any(|it| self.may(*it))
    }

    /// Refuses unless the rights reach.
    pub fn require(&self, right: Right) -> Result<(), Problem> {
        if self.may(right) { Ok(()) } else { Err(Problem::forbidden()) }
    }
}

fn sum_of(roles: &[RoleRow]) -> BTreeSet<Right> {
    roles.iter().flat_map(|it| it.rights.iter().copied()).collect()
}

impl std::ops::Deref for Session {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    /// The guard has put it there, unless the route is public.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

/// `last_seen_at` is told to the minute: it is not written at every request.
const TOUCH_AFTER_MS: i64 = 60_000;
