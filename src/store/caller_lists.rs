//! Whom domains and lines take calls from.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    inserts::{Inserts, chunks},
};
use base::{DomainId, ExtensionId};
use call::screening::{CallerList, CallerPattern, ListOwner};
use std::{collections::HashMap, sync::LazyLock};
use uuid::Uuid;

impl Store {
    /// All lists that hold anybody.
    pub async fn caller_lists(&self) -> Result<HashMap<ListOwner, CallerList>, StoreError> {
        let rows: Vec<ListedRow> =
            on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?);
        let mut lists: HashMap<ListOwner, CallerList> = HashMap::new();
        for row in rows {
            let list = lists.entry(row.owner).or_default();
            row.add_to(list);
        }
        Ok(lists)
    }

    /// The list of a domain, or of one of its lines.
    pub async fn caller_list(&self, owner: ListOwner) -> Result<CallerList, StoreError> {
        let (select, id) = match owner {
            ListOwner::Domain(domain) => (SELECT_OF_DOMAIN, domain.0),
            ListOwner::Line(line) => (SELECT_OF_LINE, line.0),
        };
        let rows: Vec<ListedRow> =
            on_either!(&self.db, pool => sqlx::query_as(select).bind(id).fetch_all(pool).await?);
        let mut list = CallerList::default();
        for row in rows {
            row.add_to(&mut list);
        }
        Ok(list)
    }

    /// Sets the list of a domain, or of one of its lines, in place of the one before.
    pub async fn set_caller_list(
        &self,
        domain: DomainId,
        line: Option<ExtensionId>,
        list: &CallerList,
    ) -> Result<(), StoreError> {
        let line = line.map(|it| it.0);
        let blocked = list.blocked.iter().map(|it| (it.to_string(), false));
        let allowed = list.allowed.iter().map(|it| (it.to_string(), true));
        let callers: Vec<_> = blocked.chain(allowed).collect();
        on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let delete = if line.is_some() { DELETE_OF_LINE } else { DELETE_OF_DOMAIN };
            sqlx::query(delete).bind(line.unwrap_or(domain.0)).execute(&mut *tx).await?;
            for chunk in chunks(&callers) {
                let mut query = sqlx::query(INSERTS.of(&self.db, chunk.len()));
                for (caller, is_allowed) in chunk {
                    query = query.bind(domain.0).bind(line).bind(caller).bind(*is_allowed);
                }
                query.execute(&mut *tx).await?;
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

impl ListedRow {
    fn add_to(self, list: &mut CallerList) {
        // Whoever writes has read it before.
        let Ok(caller) = CallerPattern::parse(&self.caller) else { return };
        let side = if self.is_allowed { &mut list.allowed } else { &mut list.blocked };
        side.push(caller);
    }
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

/// Selects of those who are listed.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT domain_id, line_id, caller, is_allowed FROM listed_caller ",
            $which,
            " ORDER BY caller"
        )
    };
}

const SELECT_ALL: &str = select!("");

const SELECT_OF_DOMAIN: &str = select!("WHERE domain_id = $1 AND line_id IS NULL");

const SELECT_OF_LINE: &str = select!("WHERE line_id = $1");

const DELETE_OF_LINE: &str = "DELETE FROM listed_caller WHERE line_id = $1";

const DELETE_OF_DOMAIN: &str = "DELETE FROM listed_caller WHERE domain_id = $1 AND line_id IS NULL";

static INSERTS: LazyLock<Inserts> = LazyLock::new(|| {
    Inserts::new("listed_caller", &["domain_id", "line_id", "caller", "is_allowed"], "")
});
