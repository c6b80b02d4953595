//! Who is signed in at phones of other extensions.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    fresh,
};
use base::{DomainId, ExtensionId, UnixMillis};

/// An extension that is signed in at the phones of another one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorkplaceRow {
    /// The domain of both.
    pub domain: DomainId,
    /// Who is signed in.
    pub visitor: ExtensionId,
    /// Its number.
    pub visitor_number: String,
    /// Whose phones they are.
    pub place: ExtensionId,
    /// The number of that.
    pub place_number: String,
    /// Since when.
    pub since: UnixMillis,
}

impl Store {
    /// Who is signed in where, in all domains.
    pub async fn list_workplaces(&self) -> Result<Vec<WorkplaceRow>, StoreError> {
        Ok(on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?))
    }

    /// Signs an extension in at the phones of another one: it leaves where it was, and whoever was
    /// there leaves, too. At its own phones it is signed in nowhere. Only who may is signed in
    /// elsewhere, and only where both are of the domain.
    pub async fn sign_in(
        &self,
        domain: DomainId,
        visitor: ExtensionId,
        place: ExtensionId,
    ) -> Result<(), StoreError> {
        let (now, _) = fresh::now_and_rng()?;
        let is_own = visitor == place;
        let is_done = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(DELETE_BOTH)
                .bind(domain.0)
                .bind(visitor.0)
                .bind(place.0)
                .execute(&mut *tx)
                .await?;
            let is_done = is_own
                || sqlx::query(INSERT)
                    .bind(now.0)
                    .bind(domain.0)
                    .bind(visitor.0)
                    .bind(place.0)
                    .execute(&mut *tx)
                    .await?
                    .rows_affected()
                    > 0;
            if is_done {
                tx.commit().await?;
            }
            is_done
        });
        super::require_row(u64::from(is_done), || format!("extension {visitor} that may sign in"))
    }

    /// Signs an extension out of wherever it is signed in; whether it was.
    pub async fn end_visit(
        &self,
        domain: DomainId,
        visitor: ExtensionId,
    ) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM workplace WHERE domain_id = $1 AND visitor_id = $2")
                .bind(domain.0)
                .bind(visitor.0)
                .execute(pool)
                .await?
                .rows_affected()
        });
        Ok(rows > 0)
    }

    /// Lets nobody be signed in at the phones of an extension; whether somebody was.
    pub async fn sign_out(&self, domain: DomainId, place: ExtensionId) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM workplace WHERE domain_id = $1 AND place_id = $2")
                .bind(domain.0)
                .bind(place.0)
                .execute(pool)
                .await?
                .rows_affected()
        });
        Ok(rows > 0)
    }
}

from_row!(WorkplaceRow, row => Ok(Self {
    domain: DomainId(row.try_get("domain_id")?),
    visitor: ExtensionId(row.try_get("visitor_id")?),
    visitor_number: row.try_get("visitor_number")?,
    place: ExtensionId(row.try_get("place_id")?),
    place_number: row.try_get("place_number")?,
    since: UnixMillis(row.try_get("since")?),
}));

const SELECT_ALL: &str = "
    SELECT workplace.domain_id AS domain_id, visitor_id, visitor.number AS visitor_number,
           place_id, place.number AS place_number, since
    FROM workplace
    JOIN extension AS visitor ON visitor.id = visitor_id
    JOIN extension AS place ON place.id = place_id
    ORDER BY visitor.number";

const DELETE_BOTH: &str =
    "DELETE FROM workplace WHERE domain_id = $1 AND (visitor_id = $2 OR place_id = $3)";

const INSERT: &str = "
    INSERT INTO workplace (visitor_id, place_id, domain_id, since)
    SELECT visitor.id, place.id, visitor.domain_id, CAST($1 AS bigint)
    FROM extension AS visitor JOIN extension AS place ON place.domain_id = visitor.domain_id
    WHERE visitor.domain_id = $2 AND visitor.id = $3 AND place.id = $4 AND visitor.may_sign_in";
