//! Domains: tenants, and the host names that mean them.

use super::{
    Store, StoreError,
    db::{from_row, on_either},
    fresh,
};
use base::DomainId;
use std::collections::HashMap;

/// A tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DomainRow {
    /// Id.
    pub id: DomainId,
    /// Its name: digest realm and host part.
    pub name: String,
    /// Other host parts that mean it.
    pub aliases: Vec<String>,
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
        let name = checked_name(name)?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = DomainId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query("INSERT INTO domain (id, name, created_at) VALUES ($1, $2, $3)")
                .bind(id.0)
                .bind(&name)
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
            sqlx::query(INSERT_NAME)
                .bind(&name)
                .bind(id.0)
                .execute(&mut *tx)
                .await
                .map_err(|error| exists(error, &name))?;
            tx.commit().await?;
        });
        self.add_built_in_roles(id).await?;
        Ok(id)
    }

    /// Makes `alias` another host part of `domain`; one that it has already is left alone.
    pub async fn add_domain_alias(&self, domain: DomainId, alias: &str) -> Result<(), StoreError> {
        let alias = checked_name(alias)?;
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
                domains.push(DomainRow { id: row.id, name: row.name.clone(), aliases: Vec::new() });
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
    host: String,
}

from_row!(NameRow, row => Ok(Self {
    id: DomainId(row.try_get("id")?),
    name: row.try_get("name")?,
    host: row.try_get("host")?,
}));

fn checked_name(name: &str) -> Result<String, StoreError> {
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "-_.:".contains(it));
    if is_name {
        return Ok(name.to_ascii_lowercase());
    }
    Err(StoreError::Invalid(format!(
        "{name:?} is no domain: write a host name or an address, without brackets and port"
    )))
}

fn exists(error: sqlx::Error, name: &str) -> StoreError {
    super::exists(error, || format!("domain {name:?}"))
}

const INSERT_NAME: &str = "INSERT INTO domain_name (name, domain_id) VALUES ($1, $2)";

const SELECT_NAMES: &str = "
    SELECT domain.id AS id, domain.name AS name, domain_name.name AS host
    FROM domain JOIN domain_name ON domain_name.domain_id = domain.id
    ORDER BY domain.name, domain_name.name";

/// RFC 1035 section 2.3.4.
const NAME_BYTES_MAX: usize = 255;
