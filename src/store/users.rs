//! Users: people who sign in.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    fresh, passwords,
    roles::{INSERT_HOLDER, PLATFORM_ADMIN},
};
use crate::config::Secret;
use base::{DomainId, RoleId, UserId};
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
    /// Where letters go.
    pub email: Option<String>,
    /// Their job's name.
    pub position: Option<String>,
    /// The language that they read.
    pub locale: Locale,
    /// Whether they may sign in no longer.
    pub is_disabled: bool,
    /// Counts the changes.
    pub version: i64,
}

/// A language of the panel.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Locale {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they sign in with.
    pub login: String,
    /// Kept as a hash only.
    pub password: Secret,
    /// What people may see and change.
    pub profile: Profile,
    /// What they may do, by the codes of roles.
    pub roles: Vec<String>,
}

/// What is told of a person.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Profile {
    /// What others see.
    pub display_name: String,
    /// Where letters go.
    pub email: Option<String>,
    /// Their job's name.
    pub position: Option<String>,
    /// The language that they read.
    pub locale: Locale,
}

impl Store {
    /// Adds a person to a domain.
    pub async fn add_user(&self, domain: DomainId, user: NewUser) -> Result<UserId, StoreError> {
        check_login(&user.login)?;
        let roles = self.require_roles(domain, &user.roles).await?;
        let hash = passwords::hash(user.password).await?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = UserId::new(now, &mut rng);
        let Profile { display_name, email, position, locale } = &user.profile;
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(domain.0)
                .bind(&user.login)
                .bind(super::text(display_name))
                .bind(&hash)
                .bind(email.as_deref().map(super::text))
                .bind(position.as_deref().map(super::text))
                .bind(locale.as_str())
                .bind(false)
                .bind(now.0)
                .execute(&mut *tx)
                .await
                .map_err(|error| super::exists(error, || format!("user {:?}", user.login)))?;
            for role in &roles {
                sqlx::query(INSERT_HOLDER)
                    .bind(domain.0)
                    .bind(id.0)
                    .bind(role.0)
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
        });
        Ok(id)
    }

    /// Everyone, by domain and login.
    pub async fn list_users(&self) -> Result<Vec<UserRow>, StoreError> {
        Ok(on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?))
    }

    /// Everyone of a domain, by login.
    pub async fn list_users_of(&self, domain: DomainId) -> Result<Vec<UserRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_DOMAIN).bind(domain.0).fetch_all(pool).await?
        }))
    }

    /// A person of a domain.
    pub async fn user(&self, domain: DomainId, id: UserId) -> Result<Option<UserRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_ID).bind(domain.0).bind(id.0).fetch_optional(pool).await?
        }))
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

    /// The person with this login; the error names it.
    pub async fn require_user(&self, domain: DomainId, login: &str) -> Result<UserRow, StoreError> {
        let missing = || StoreError::Missing { what: format!("user {login:?}") };
        self.user_by_login(domain, login).await?.ok_or_else(missing)
    }

    /// The person whom login and password prove; a disabled one is nobody. Takes as long for a
    /// domain or a login that does not exist.
    pub async fn authenticate_user(
        &self,
        domain: impl Into<Option<DomainId>>,
        login: &str,
        password: Secret,
    ) -> Result<Option<UserRow>, StoreError> {
        let domain = domain.into().unwrap_or(NO_DOMAIN);
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

    /// Changes a person who has still the version that the writer saw. The last one who may do
    /// everything keeps that role.
    pub async fn change_user(
        &self,
        domain: DomainId,
        id: UserId,
        version: i64,
        profile: &Profile,
        roles: &[RoleId],
    ) -> Result<(), StoreError> {
        let Profile { display_name, email, position, locale } = profile;
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE_PROFILE)
                .bind(super::text(display_name))
                .bind(email.as_deref().map(super::text))
                .bind(position.as_deref().map(super::text))
                .bind(locale.as_str())
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            super::require_version(rows)?;
            let (was,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            sqlx::query("DELETE FROM user_role WHERE user_id = $1")
                .bind(id.0)
                .execute(&mut *tx)
                .await?;
            for role in roles {
                sqlx::query(INSERT_HOLDER)
                    .bind(domain.0)
                    .bind(id.0)
                    .bind(role.0)
                    .execute(&mut *tx)
                    .await?;
            }
            let (left,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            require_master(was, left)?;
            tx.commit().await?;
        });
        Ok(())
    }

    /// Lets a person read another language.
    pub async fn set_user_locale(&self, id: UserId, locale: Locale) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query("UPDATE user_account SET locale = $1 WHERE id = $2")
                .bind(locale.as_str())
                .bind(id.0)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || "such user".to_owned())
    }

    /// Gives a person another password and ends their sessions, but for the one that is kept.
    pub async fn set_user_password(
        &self,
        domain: DomainId,
        id: UserId,
        password: Secret,
        kept: Option<base::SessionId>,
    ) -> Result<(), StoreError> {
        let hash = passwords::hash(password).await?;
        let kept = kept.map_or(uuid::Uuid::nil(), |it| it.0);
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE_HASH)
                .bind(hash)
                .bind(domain.0)
                .bind(id.0)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            super::require_row(rows, || "such user".to_owned())?;
            sqlx::query("DELETE FROM session WHERE user_id = $1 AND id <> $2")
                .bind(id.0)
                .bind(kept)
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM password_recovery WHERE user_id = $1")
                .bind(id.0)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        });
        Ok(())
    }

    /// Lets a person sign in, or no longer, which ends their sessions. The last one who may do
    /// everything is not disabled.
    pub async fn set_user_disabled(
        &self,
        domain: DomainId,
        id: UserId,
        is_disabled: bool,
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let (was,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            let rows = sqlx::query(UPDATE_DISABLED)
                .bind(is_disabled)
                .bind(domain.0)
                .bind(id.0)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            super::require_row(rows, || "such user".to_owned())?;
            if is_disabled {
                sqlx::query("DELETE FROM session WHERE user_id = $1")
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await?;
            }
            let (left,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            require_master(was, left)?;
            tx.commit().await?;
        });
        Ok(())
    }

    /// Removes a person who has still the version that the writer saw. Their extensions stay, the
    /// last one who may do everything stays too.
    pub async fn remove_user(
        &self,
        domain: DomainId,
        id: UserId,
        version: i64,
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let (was,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            sqlx::query("UPDATE extension SET user_id = NULL WHERE domain_id = $1 AND user_id = $2")
                .bind(domain.0)
                .bind(id.0)
                .execute(&mut *tx)
                .await?;
            let rows = sqlx::query(DELETE)
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            super::require_version(rows)?;
            let (left,): (i64,) =
                sqlx::query_as(COUNT_MASTERS).bind(PLATFORM_ADMIN).bind(false).fetch_one(&mut *tx).await?;
            require_master(was, left)?;
            tx.commit().await?;
        });
        Ok(())
    }
}

impl Locale {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Locale {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::Ru, Self::En]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| StoreError::Invalid(format!("{text:?} is no language of the panel")))
    }
}

from_row!(UserRow, row => Ok(Self {
    id: UserId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    login: row.try_get("login")?,
    display_name: row.try_get("display_name")?,
    email: row.try_get("email")?,
    position: row.try_get("position")?,
    locale: super::parsed(row.try_get("locale")?)?,
    is_disabled: row.try_get("is_disabled")?,
    version: row.try_get("version")?,
}));

/// Somebody must be left who may do everything, where there was somebody.
fn require_master(was: i64, left: i64) -> Result<(), StoreError> {
    if was > 0 && left == 0 { Err(StoreError::LastAdministrator) } else { Ok(()) }
}

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

/// No domain has this id, so that nobody is of it.
const NO_DOMAIN: DomainId = DomainId(uuid::Uuid::nil());

/// Fits no password; costs as much to compare with as any.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MTIzNA$\
                            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const INSERT: &str = "
    INSERT INTO user_account
        (id, domain_id, login, display_name, password_hash, email, position, locale, is_disabled,
         created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const SELECT_ALL: &str = "
    SELECT user_account.id AS id, domain_id, login, display_name, email, position, locale,
           is_disabled, user_account.version AS version
    FROM user_account JOIN domain ON domain.id = domain_id
    ORDER BY domain.name, login";

const SELECT_OF_DOMAIN: &str = "
    SELECT id, domain_id, login, display_name, email, position, locale, is_disabled, version
    FROM user_account WHERE domain_id = $1 ORDER BY login";

const SELECT_BY_ID: &str = "
    SELECT id, domain_id, login, display_name, email, position, locale, is_disabled, version
    FROM user_account WHERE domain_id = $1 AND id = $2";

const SELECT_ONE: &str = "
    SELECT id, domain_id, login, display_name, email, position, locale, is_disabled, version
    FROM user_account WHERE domain_id = $1 AND login = $2";

const SELECT_HASH: &str =
    "SELECT password_hash FROM user_account WHERE domain_id = $1 AND login = $2";

const UPDATE_PROFILE: &str = "
    UPDATE user_account
    SET display_name = $1, email = $2, position = $3, locale = $4, version = version + 1
    WHERE domain_id = $5 AND id = $6 AND version = $7";

const UPDATE_HASH: &str =
    "UPDATE user_account SET password_hash = $1 WHERE domain_id = $2 AND id = $3";

const UPDATE_DISABLED: &str = "
    UPDATE user_account SET is_disabled = $1, version = version + 1
    WHERE domain_id = $2 AND id = $3";

const DELETE: &str = "DELETE FROM user_account WHERE domain_id = $1 AND id = $2 AND version = $3";

/// People who may do everything and may sign in.
const COUNT_MASTERS: &str = "
    SELECT COUNT(DISTINCT user_account.id)
    FROM user_account
    JOIN user_role ON user_role.user_id = user_account.id
    JOIN role ON role.id = user_role.role_id
    WHERE role.code = $1 AND user_account.is_disabled = $2";

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::phc::PasswordHash;

    #[tokio::test]
    async fn an_unknown_login_is_compared_with_a_hash_that_costs_as_much_as_anybodys() {
        let anybodys = passwords::hash(Secret::new("correct horse")).await.unwrap();

        PasswordHash::new(NOBODYS_HASH).expect("one that is malformed would cost nothing");
        let of = |hash: &str| {
            let parts: Vec<_> = hash.split('$').map(str::to_owned).collect();
            let [none, algorithm, version, costs, salt, output] = &parts[..] else {
                panic!("{hash}")
            };
            let words = [none, algorithm, version, costs].map(Clone::clone);
            (words, salt.len(), output.len())
        };
        assert_eq!(of(NOBODYS_HASH), of(&anybodys));
    }
}
