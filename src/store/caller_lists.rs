//! Whom domains and lines take calls from.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
};
use base::{DomainId, ExtensionId};
use call::screening::{CallerList, CallerPattern, ListOwner};
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    /// All lists that hold anybody.
    pub async fn caller_lists(&self) -> Result<HashMap<ListOwner, CallerList>, StoreError> {
        let rows: Vec<ListedRow> =
            on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?);
        let mut lists: HashMap<ListOwner, CallerList> = HashMap::new();
        for ListedRow { owner, caller, is_allowed } in rows {
            // Whoever writes has read it before.
            let Ok(caller) = CallerPattern::parse(&caller) else { continue };
            let list = lists.entry(owner).or_default();
            let side = if is_allowed { &mut list.allowed } else { &mut list.blocked };
            side.push(caller);
        }
        Ok(lists)
    }

    /// The list of a domain, or of one of its lines.
    pub async fn caller_list(&self, owner: ListOwner) -> Result<CallerList, StoreError> {
        Ok(self.caller_lists().await?.remove(&owner).unwrap_or_default())
    }

    /// Sets the list of a domain, or of one of its lines, in place of the one before.
    pub async fn set_caller_list(
        &self,
        domain: DomainId,
        line: Option<ExtensionId>,
        list: &CallerList,
    ) -> Result<(), StoreError> {
        let line = line.map(|it| it.0);
        let sides = [(&list.blocked, false), (&list.allowed, true)];
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let delete = if line.is_some() { DELETE_OF_LINE } else { DELETE_OF_DOMAIN };
            sqlx::query(delete).bind(line.unwrap_or(domain.0)).execute(&mut *tx).await?;
            for (callers, is_allowed) in sides {
                for caller in callers {
                    sqlx::query(INSERT)
                        .bind(domain.0)
                        .bind(line)
                        .bind(caller.to_string())
                        .bind(is_allowed)
                        .execute(&mut *tx)
                        .await?;
                }
            }
            tx.commit().await?;
        });
        Ok(())
    }
}

struct ListedRow {
    owner: ListOwner,
    caller: String,
    is_allowed: bool,
}

from_row!(ListedRow, row => {
    let (domain, line): (Uuid, Option<Uuid>) = (row.try_get("domain_id")?, row.try_get("line_id")?);
    let of_domain = ListOwner::Domain(DomainId(domain));
    Ok(Self {
        owner: line.map_or(of_domain, |it| ListOwner::Line(ExtensionId(it))),
        caller: row.try_get("caller")?,
        is_allowed: row.try_get("is_allowed")?,
    })
});

const SELECT_ALL: &str = "
    SELECT domain_id, line_id, caller, is_allowed FROM listed_caller ORDER BY caller";

const DELETE_OF_LINE: &str = "DELETE FROM listed_caller WHERE line_id = $1";

const DELETE_OF_DOMAIN: &str = "DELETE FROM listed_caller WHERE domain_id = $1 AND line_id IS NULL";

const INSERT: &str = "
    INSERT INTO listed_caller (domain_id, line_id, caller, is_allowed) VALUES ($1, $2, $3, $4)";
