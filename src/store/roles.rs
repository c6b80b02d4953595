//! Roles: sets of rights with a name, and who has them.
//!
//! Every domain has the built-in ones; their rights are the program's and follow its version.

mod built_in;

pub use built_in::{BUILT_IN, BuiltIn, PLATFORM_ADMIN, codes_of_word};

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    fresh, rights,
    rights::Right,
};
use base::{DomainId, RoleId, UserId};
use std::collections::{BTreeSet, HashSet};

/// A role of a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleRow {
    /// Id.
    pub id: RoleId,
    /// Domain.
    pub domain: DomainId,
    /// What programs call it.
    pub code: String,
    /// What people call it, in Russian.
    pub title_ru: String,
    /// In English.
    pub title_en: String,
    /// What it lets its holders do.
    pub rights: BTreeSet<Right>,
    /// Made by the program, and not for people to change.
    pub is_built_in: bool,
    /// Counts the changes.
    pub version: i64,
}

/// A role as somebody wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleDraft {
    /// What programs call it.
    pub code: String,
    /// What people call it, in Russian.
    pub title_ru: String,
    /// In English.
    pub title_en: String,
    /// What it lets its holders do.
    pub rights: BTreeSet<Right>,
}

impl Store {
    /// The roles of a domain, built-in ones first.
    pub async fn list_roles(&self, domain: DomainId) -> Result<Vec<RoleRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_DOMAIN).bind(domain.0).fetch_all(pool).await?
        }))
    }

    /// A role of a domain.
    pub async fn role(&self, domain: DomainId, id: RoleId) -> Result<Option<RoleRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_ONE).bind(domain.0).bind(id.0).fetch_optional(pool).await?
        }))
    }

    /// The roles that a person has.
    pub async fn roles_of_user(&self, user: UserId) -> Result<Vec<RoleRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_USER).bind(user.0).fetch_all(pool).await?
        }))
    }

    /// Who has which role in a domain.
    pub async fn role_holders(
        &self,
        domain: DomainId,
    ) -> Result<Vec<(UserId, RoleId)>, StoreError> {
        let rows: Vec<(uuid::Uuid, uuid::Uuid)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_HOLDERS).bind(domain.0).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(user, role)| (UserId(user), RoleId(role))).collect())
    }

    /// Everybody who may do something, of all domains; the disabled may nothing.
    pub async fn users_with(&self, right: Right) -> Result<HashSet<UserId>, StoreError> {
        let rows: Vec<(uuid::Uuid, String)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_RIGHTS).bind(false).fetch_all(pool).await?
        });
        let mut users = HashSet::new();
        for (user, rights) in rows {
            if rights::from_json(&rights)?.contains(&right) {
                users.insert(UserId(user));
            }
        }
        Ok(users)
    }

    /// Adds a role to a domain.
    pub async fn add_role(
        &self,
        domain: DomainId,
        draft: &RoleDraft,
    ) -> Result<RoleId, StoreError> {
        check_code(&draft.code)?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = RoleId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(domain.0)
                .bind(&draft.code)
                .bind(super::text(&draft.title_ru))
                .bind(super::text(&draft.title_en))
                .bind(rights::to_json(&draft.rights))
                .bind(false)
                .bind(now.0)
                .execute(pool)
                .await
                .map_err(|error| super::exists(error, || format!("role {:?}", draft.code)))?;
        });
        Ok(id)
    }

    /// Changes a role that has still the version which the writer saw. Built-in ones stay.
    pub async fn change_role(
        &self,
        domain: DomainId,
        id: RoleId,
        version: i64,
        draft: &RoleDraft,
    ) -> Result<(), StoreError> {
        check_code(&draft.code)?;
        let rows = on_either!(&self.db, pool => {
            sqlx::query(UPDATE)
                .bind(&draft.code)
                .bind(super::text(&draft.title_ru))
                .bind(super::text(&draft.title_en))
                .bind(rights::to_json(&draft.rights))
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .bind(false)
                .execute(pool)
                .await
                .map_err(|error| super::exists(error, || format!("role {:?}", draft.code)))?
                .rows_affected()
        });
        super::require_version(rows)
    }

    /// Removes a role that nobody has.
    pub async fn remove_role(
        &self,
        domain: DomainId,
        id: RoleId,
        version: i64,
    ) -> Result<(), StoreError> {
        let removed = on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM role WHERE domain_id = $1 AND id = $2 AND version = $3 AND is_built_in = $4")
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .bind(false)
                .execute(pool)
                .await
                .map(|it| it.rows_affected())
        });
        match removed {
            Ok(rows) => super::require_version(rows),
            Err(error) if is_in_use(&error) => Err(StoreError::InUse { what: "role".to_owned() }),
            Err(error) => Err(error.into()),
        }
    }

    /// The roles with these codes; the error names the first that the domain does not have.
    pub async fn require_roles(
        &self,
        domain: DomainId,
        codes: &[String],
    ) -> Result<Vec<RoleId>, StoreError> {
        let roles = self.list_roles(domain).await?;
        codes
            .iter()
            .map(|code| {
                let role = roles.iter().find(|it| it.code == *code);
                let missing = || StoreError::Missing { what: format!("role {code:?}") };
                role.map(|it| it.id).ok_or_else(missing)
            })
            .collect()
    }

    /// Gives every domain its built-in roles in this version's shape, and every person the roles
    /// that the tables of an earlier version told in a word.
    pub(super) async fn keep_built_in_roles(&self) -> Result<(), StoreError> {
        for domain in self.list_domains().await? {
            self.add_built_in_roles(domain.id).await?;
        }
        let wishes: Vec<(uuid::Uuid, uuid::Uuid, String)> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_WISHES).fetch_all(pool).await?
        });
        for (domain, user, word) in wishes {
            let codes = codes_of_word(&word);
            let roles = self.require_roles(DomainId(domain), &codes).await?;
            on_either!(&self.db, pool => {
                let mut tx = pool.begin_writing().await?;
                for role in &roles {
                    sqlx::query(INSERT_HOLDER)
                        .bind(domain)
                        .bind(user)
                        .bind(role.0)
                        .execute(&mut *tx)
                        .await?;
                }
                sqlx::query("DELETE FROM role_wish WHERE user_id = $1")
                    .bind(user)
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await?;
            });
        }
        Ok(())
    }

    pub(super) async fn add_built_in_roles(&self, domain: DomainId) -> Result<(), StoreError> {
        let there = self.list_roles(domain).await?;
        let same: HashSet<_> = (there.iter().filter(|it| it.is_built_in))
            .map(|it| (it.code.as_str(), &it.rights))
            .collect();
        for role in BUILT_IN {
            let rights = role.rights();
            if same.contains(&(role.code, &rights)) {
                continue;
            }
            let (now, mut rng) = fresh::now_and_rng()?;
            on_either!(&self.db, pool => {
                sqlx::query(UPSERT_BUILT_IN)
                    .bind(RoleId::new(now, &mut rng).0)
                    .bind(domain.0)
                    .bind(role.code)
                    .bind(role.title_ru)
                    .bind(role.title_en)
                    .bind(rights::to_json(&rights))
                    .bind(true)
                    .bind(now.0)
                    .execute(pool)
                    .await?;
            });
        }
        Ok(())
    }
}

from_row!(RoleRow, row => Ok(Self {
    id: RoleId(row.try_get("id")?),
    domain: DomainId(row.try_get("domain_id")?),
    code: row.try_get("code")?,
    title_ru: row.try_get("title_ru")?,
    title_en: row.try_get("title_en")?,
    rights: rights::from_json(row.try_get("rights")?)?,
    is_built_in: row.try_get("is_built_in")?,
    version: row.try_get("version")?,
}));

fn is_in_use(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|it| it.is_foreign_key_violation())
}

fn check_code(code: &str) -> Result<(), StoreError> {
    let is_code = (1..=CODE_BYTES_MAX).contains(&code.len())
        && code.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_');
    if is_code {
        return Ok(());
    }
    Err(StoreError::Invalid(format!(
        "{code:?} is no code of a role: use up to {CODE_BYTES_MAX} of a to z, digits and '_'"
    )))
}

const CODE_BYTES_MAX: usize = 64;

const SELECT_OF_DOMAIN: &str = "
    SELECT id, domain_id, code, title_ru, title_en, rights, is_built_in, version
    FROM role WHERE domain_id = $1 ORDER BY is_built_in DESC, code";

const SELECT_ONE: &str = "
    SELECT id, domain_id, code, title_ru, title_en, rights, is_built_in, version
    FROM role WHERE domain_id = $1 AND id = $2";

const SELECT_OF_USER: &str = "
    SELECT role.id AS id, role.domain_id AS domain_id, code, title_ru, title_en, rights,
           is_built_in, version
    FROM role JOIN user_role ON user_role.role_id = role.id
    WHERE user_role.user_id = $1 ORDER BY code";

const SELECT_HOLDERS: &str = "SELECT user_id, role_id FROM user_role WHERE domain_id = $1";

const SELECT_RIGHTS: &str = "
    SELECT user_role.user_id, role.rights
    FROM user_role
    JOIN role ON role.id = user_role.role_id
    JOIN user_account ON user_account.id = user_role.user_id
    WHERE user_account.is_disabled = $1";

const SELECT_WISHES: &str = "
    SELECT user_account.domain_id, user_account.id, role_wish.role
    FROM role_wish JOIN user_account ON user_account.id = role_wish.user_id";

const INSERT: &str = "
    INSERT INTO role
        (id, domain_id, code, title_ru, title_en, rights, is_built_in, version, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)";

const UPSERT_BUILT_IN: &str = "
    INSERT INTO role
        (id, domain_id, code, title_ru, title_en, rights, is_built_in, version, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)
    ON CONFLICT (domain_id, code) DO UPDATE
    SET title_ru = excluded.title_ru, title_en = excluded.title_en, rights = excluded.rights,
        is_built_in = excluded.is_built_in, version = role.version + 1";

const UPDATE: &str = "
    UPDATE role
    SET code = $1, title_ru = $2, title_en = $3, rights = $4, version = version + 1
    WHERE domain_id = $5 AND id = $6 AND version = $7 AND is_built_in = $8";

pub(super) const INSERT_HOLDER: &str = "
    INSERT INTO user_role (domain_id, user_id, role_id) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, role_id) DO NOTHING";
