//! Last numbers of extensions, as the call log remembers them.

use crate::store::{CdrFilter, Store, StoreError};
use base::CallId;
use call::{
    LegRole, RecentOf, Recents,
    cdr::{number_of, trunk_of},
};
use std::collections::HashSet;

/// What the latest rows of the call log tell.
pub(super) async fn load(store: &Store) -> Result<Recents, StoreError> {
    let mut rows = store.page_cdrs(&CdrFilter::default(), None, ROWS).await?;
    rows.sort_by_key(|it| it.started);
    let rung: HashSet<CallId> =
        rows.iter().filter(|it| it.role == LegRole::Callee).map(|it| it.call).collect();
    let recents = Recents::default();
    for row in rows {
        let is_extension = trunk_of(&row.party).is_none();
        match row.role {
            LegRole::Caller if is_extension && rung.contains(&row.call) => {
                recents.note(row.domain, &row.party, RecentOf::Dialled, &row.dialled);
            }
            LegRole::Callee if is_extension => {
                let caller = number_of(&row.caller);
                recents.note(row.domain, &row.party, RecentOf::Caller, caller);
            }
            LegRole::Caller | LegRole::Callee => {}
        }
    }
    Ok(recents)
}

/// Rows that are read: the last day of an office, which takes no time.
const ROWS: u32 = 5000;
