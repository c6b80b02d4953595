//! Users: people who sign in.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh, passwords,
};
use crate::config::Secret;
use base::{DomainId, UserId};
use std::{fmt, str::FromStr};

/// A person, without the password's hash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserRow {
    /// Id.
    pub id: UserId,
    /// Domain.
    pub domain: DomainId,
    /// What they sign in with.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in no longer.
    pub is_disabled: bool,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Role {
    /// Everything in the domain.
    Admin,
    /// Watches and directs operators.
    Supervisor,
    /// Takes calls.
    Operator,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they sign in with.
    pub login: String,
    /// What others see.
    pub display_name: String,
    /// Kept as a hash only.
    pub password: Secret,
    /// What they may do.
    pub role: Role,
}

impl Store {
    /// Adds a person to a domain.
    pub async fn add_user(&self, domain: DomainId, user: NewUser) -> Result<UserId, StoreError> {
        check_login(&user.login)?;
        let hash = passwords::hash(user.password).await?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = UserId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(domain.0)
                .bind(&user.login)
                .bind(super::text(&user.display_name))
                .bind(&hash)
                .bind(user.role.as_str())
                .bind(false)
                .bind(now.0)
                .execute(pool)
                .await
                .map_err(|error| super::exists(error, || format!("user {:?}", user.login)))?;
        });
        Ok(id)
    }

    /// Everyone, by domain and login.
    pub async fn list_users(&self) -> Result<Vec<UserRow>, StoreError> {
        Ok(on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?))
    }

    /// The person with this login.
    pub async fn user_by_login(
        &self,
        domain: DomainId,
        login: &str,
    ) -> Result<Option<UserRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_ONE).bind(domain.0).bind(login).fetch_optional(pool).await?
        }))
    }

    /// The person whom login and password prove; a disabled one is nobody. Takes as long for a
    /// login that does not exist.
    pub async fn authenticate_user(
        &self,
        domain: DomainId,
        login: &str,
        password: Secret,
    ) -> Result<Option<UserRow>, StoreError> {
        let hash: Option<(String,)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_HASH).bind(domain.0).bind(login).fetch_optional(pool).await?
        });
        let hash = hash.map_or_else(|| NOBODYS_HASH.to_owned(), |(hash,)| hash);
        if !passwords::verify(password, hash).await? {
            return Ok(None);
        }
        let user = self.user_by_login(domain, login).await?;
        Ok(user.filter(|it| !it.is_disabled))
    }

    /// Gives a person another password.
    pub async fn set_user_password(
        &self,
        domain: DomainId,
        login: &str,
        password: Secret,
    ) -> Result<(), StoreError> {
        let hash = passwords::hash(password).await?;
        let rows = on_either!(&self.db, pool => {
            sqlx::query(UPDATE_HASH)
                .bind(hash)
                .bind(domain.0)
                .bind(login)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || format!("user {login:?}"))
    }

    /// Lets a person sign in, or no longer.
    pub async fn set_user_disabled(
        &self,
        domain: DomainId,
        login: &str,
        is_disabled: bool,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(UPDATE_DISABLED)
                .bind(is_disabled)
                .bind(domain.0)
                .bind(login)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || format!("user {login:?}"))
    }
}

impl Role {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::Admin, Self::Supervisor, Self::Operator]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| StoreError::Invalid(format!("{text:?} is no role")))
    }
}

from_row!(UserRow, row => Ok(Self {
    id: UserId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    login: row.try_get("login")?,
    display_name: row.try_get("display_name")?,
    role: super::parsed(row.try_get("role")?)?,
    is_disabled: row.try_get("is_disabled")?,
}));

fn check_login(login: &str) -> Result<(), StoreError> {
    let is_login = (1..=LOGIN_CHARS_MAX).contains(&login.chars().count())
        && login.chars().all(|it| it.is_alphanumeric() || "-_.@+".contains(it));
    if is_login {
        return Ok(());
    }
    Err(StoreError::Invalid(format!(
        "{login:?} is no login: use up to {LOGIN_CHARS_MAX} letters, digits, '-', '_', '.', '@' \
         and '+'"
    )))
}

const LOGIN_CHARS_MAX: usize = 64;

/// Fits no password; costs as much to compare with as any.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MTIzNA$\
                            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const INSERT: &str = "
    INSERT INTO user_account
        (id, domain_id, login, display_name, password_hash, role, is_disabled, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const SELECT_ALL: &str = "
    SELECT user_account.id AS id, domain_id, login, display_name, role, is_disabled
    FROM user_account JOIN domain ON domain.id = domain_id
    ORDER BY domain.name, login";

const SELECT_ONE: &str = "
    SELECT id, domain_id, login, display_name, role, is_disabled
    FROM user_account WHERE domain_id = $1 AND login = $2";

const SELECT_HASH: &str =
    "SELECT password_hash FROM user_account WHERE domain_id = $1 AND login = $2";

const UPDATE_HASH: &str =
    "UPDATE user_account SET password_hash = $1 WHERE domain_id = $2 AND login = $3";

const UPDATE_DISABLED: &str =
    "UPDATE user_account SET is_disabled = $1 WHERE domain_id = $2 AND login = $3";
