//! Domains: tenants, and the host names that mean them.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    fresh,
};
use base::{DomainId, UnixMillis};
use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv6Addr,
};
use uuid::Uuid;

/// A tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainRow {
    /// Id.
    pub id: DomainId,
    /// Its name: digest realm and host part.
    pub name: String,
    /// Other host parts that mean it.
    pub aliases: Vec<String>,
    /// Music that whoever is put on hold hears, unless the holder's line has its own.
    pub hold_music: Option<String>,
    /// Since when it is there.
    pub created_at: UnixMillis,
    /// Counts the changes.
    pub version: i64,
}

/// What may be changed of a domain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DomainDraft {
    /// Other host parts that mean it.
    pub aliases: Vec<String>,
    /// Music that whoever is put on hold hears, unless the holder's line has its own; `None` for
    /// that of the configuration.
    pub hold_music: Option<String>,
}

/// What is in a domain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DomainContents {
    /// People.
    pub users: u64,
    /// Extensions.
    pub lines: u64,
    /// Trunks of the database.
    pub trunks: u64,
}

impl DomainRow {
    /// Every host part that means it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name].into_iter().chain(&self.aliases).map(String::as_str)
    }
}

impl Store {
    /// Adds a domain with its built-in roles; names are kept in lower case.
    pub async fn add_domain(&self, name: &str) -> Result<DomainId, StoreError> {
        self.add_domain_with(name, &DomainDraft::default()).await
    }

    /// The same with what may be changed later; all or nothing.
    pub async fn add_domain_with(
        &self,
        name: &str,
        draft: &DomainDraft,
    ) -> Result<DomainId, StoreError> {
        let name = check_domain_name(name)?;
        let aliases = checked_aliases(&name, &draft.aliases)?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = DomainId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(&name)
                .bind(&draft.hold_music)
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
            for host in [&name].into_iter().chain(&aliases) {
                sqlx::query(INSERT_NAME)
                    .bind(host)
                    .bind(id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(|error| exists(error, host))?;
            }
            tx.commit().await?;
        });
        self.add_built_in_roles(id).await?;
        Ok(id)
    }

    /// Changes a domain that has still the version that the writer saw: these are its aliases, and
    /// no others.
    pub async fn change_domain(
        &self,
        domain: &DomainRow,
        version: i64,
        draft: &DomainDraft,
    ) -> Result<(), StoreError> {
        let aliases = checked_aliases(&domain.name, &draft.aliases)?;
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE)
                .bind(&draft.hold_music)
                .bind(domain.id.0)
                .bind(version)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            super::require_version(rows)?;
            sqlx::query("DELETE FROM domain_name WHERE domain_id = $1 AND name <> $2")
                .bind(domain.id.0)
                .bind(&domain.name)
                .execute(&mut *tx)
                .await?;
            for alias in &aliases {
                sqlx::query(INSERT_NAME)
                    .bind(alias)
                    .bind(domain.id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(|error| exists(error, alias))?;
            }
            tx.commit().await?;
        });
        Ok(())
    }

    /// Removes a domain in which nothing is left, if it has still the version that the writer saw.
    pub async fn remove_domain(&self, id: DomainId, version: i64) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(DELETE_EMPTY).bind(id.0).bind(version).execute(pool).await?.rows_affected()
        });
        super::require_version(rows)
    }

    /// What is in each domain.
    pub async fn domain_contents(&self) -> Result<HashMap<DomainId, DomainContents>, StoreError> {
        let rows: Vec<(Uuid, i64, i64, i64)> = on_either!(&self.db, pool => {
            sqlx::query_as(COUNT_CONTENTS).fetch_all(pool).await?
        });
        let count = super::unsigned::<u64>;
        let contents = rows.into_iter().map(|(id, users, lines, trunks)| {
            let (users, lines, trunks) = (count(users), count(lines), count(trunks));
            (DomainId(id), DomainContents { users, lines, trunks })
        });
        Ok(contents.collect())
    }

    /// Makes `alias` another host part of `domain`; one that it has already is left alone.
    pub async fn add_domain_alias(&self, domain: DomainId, alias: &str) -> Result<(), StoreError> {
        let alias = check_domain_name(alias)?;
        if self.domain_by_name(&alias).await?.is_some_and(|it| it.id == domain) {
            return Ok(());
        }
        on_either!(&self.db, pool => {
            sqlx::query(INSERT_NAME)
                .bind(&alias)
                .bind(domain.0)
                .execute(pool)
                .await
                .map_err(|error| exists(error, &alias))?;
        });
        Ok(())
    }

    /// The domain with this name or alias.
    pub async fn domain_by_name(&self, name: &str) -> Result<Option<DomainRow>, StoreError> {
        let name = name.to_ascii_lowercase();
        let domains = self.list_domains().await?;
        Ok(domains.into_iter().find(|it| it.name == name || it.aliases.contains(&name)))
    }

    /// The domain with this name or alias; the error names it.
    pub async fn require_domain(&self, name: &str) -> Result<DomainRow, StoreError> {
        let missing = || StoreError::Missing { what: format!("domain {name:?}") };
        self.domain_by_name(name).await?.ok_or_else(missing)
    }

    /// The domain with this id.
    pub async fn domain(&self, id: DomainId) -> Result<Option<DomainRow>, StoreError> {
        Ok(self.list_domains().await?.into_iter().find(|it| it.id == id))
    }

    /// All domains by name, with their aliases.
    pub async fn list_domains(&self) -> Result<Vec<DomainRow>, StoreError> {
        let rows: Vec<NameRow> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_NAMES).fetch_all(pool).await?
        });
        let mut domains = Vec::new();
        let mut places = HashMap::new();
        for row in rows {
            let place = *places.entry(row.id).or_insert_with(|| {
                domains.push(DomainRow {
                    id: row.id,
                    name: row.name.clone(),
                    aliases: Vec::new(),
                    hold_music: row.hold_music.clone(),
                    created_at: row.created_at,
                    version: row.version,
                });
                domains.len() - 1
            });
            if row.host != row.name {
                domains[place].aliases.push(row.host);
            }
        }
        Ok(domains)
    }
}

/// One host part of a domain.
struct NameRow {
    id: DomainId,
    name: String,
    hold_music: Option<String>,
    created_at: UnixMillis,
    version: i64,
    host: String,
}

from_row!(NameRow, row => Ok(Self {
    id: DomainId(row.try_get("id")?),
    name: row.try_get("name")?,
    hold_music: row.try_get("hold_music")?,
    created_at: UnixMillis(row.try_get("created_at")?),
    version: row.try_get("version")?,
    host: row.try_get("host")?,
}));

/// A host name or address, as it is kept: in lower case, an IPv6 address in its one short form.
pub fn check_domain_name(name: &str) -> Result<String, StoreError> {
    if let Ok(address) = name.parse::<Ipv6Addr>() {
        return Ok(address.to_string());
    }
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it))
        && !name.split('.').any(str::is_empty);
    if is_name {
        return Ok(name.to_ascii_lowercase());
    }
    Err(StoreError::Invalid(format!(
        "{name:?} is no domain: write a host name or an address, without brackets and port"
    )))
}

/// As they are kept: each once, and not the name itself.
fn checked_aliases(name: &str, aliases: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let mut checked = BTreeSet::new();
    for alias in aliases {
        checked.insert(check_domain_name(alias)?);
    }
    checked.remove(name);
    Ok(checked)
}

fn exists(error: sqlx::Error, name: &str) -> StoreError {
    super::exists(error, || format!("domain {name:?}"))
}

const INSERT_NAME: &str = "INSERT INTO domain_name (name, domain_id) VALUES ($1, $2)";

const INSERT: &str =
    "INSERT INTO domain (id, name, hold_music, created_at) VALUES ($1, $2, $3, $4)";

const UPDATE: &str = "
    UPDATE domain SET hold_music = $1, version = version + 1 WHERE id = $2 AND version = $3";

const DELETE_EMPTY: &str = "
    DELETE FROM domain
    WHERE id = $1 AND version = $2
        AND NOT EXISTS (SELECT 1 FROM user_account WHERE domain_id = $1)
        AND NOT EXISTS (SELECT 1 FROM extension WHERE domain_id = $1)
        AND NOT EXISTS (SELECT 1 FROM trunk WHERE domain_id = $1)";

const COUNT_CONTENTS: &str = "
    SELECT id,
           (SELECT COUNT(*) FROM user_account WHERE domain_id = domain.id) AS users,
           (SELECT COUNT(*) FROM extension WHERE domain_id = domain.id) AS lines,
           (SELECT COUNT(*) FROM trunk WHERE domain_id = domain.id) AS trunks
    FROM domain";

const SELECT_NAMES: &str = "
    SELECT domain.id AS id, domain.name AS name, hold_music, created_at, version,
           domain_name.name AS host
    FROM domain JOIN domain_name ON domain_name.domain_id = domain.id
    ORDER BY domain.name, domain_name.name";

/// RFC 1035 section 2.3.4.
const NAME_BYTES_MAX: usize = 255;
