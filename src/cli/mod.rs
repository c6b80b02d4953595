//! The command line: what can be said, and the commands that need no server.
//!
//! `serve`, `trace` and `dialplan test` are carried out by those who know the whole house.

pub mod demo;

use crate::store::{Store, StoreError};

/// What whoever starts a server on a fresh database should do next; `None` once somebody can sign
/// in.
pub async fn first_steps(store: &Store) -> Result<Option<String>, StoreError> {
    if !store.list_users().await?.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        "nobody can sign in yet: make the first administrator with `tandem domain add DOMAIN` and \
         `tandem user add LOGIN --domain DOMAIN --role admin`, or try `tandem demo`"
            .to_owned(),
    ))
}
