//! `tandem journal`: what is in the journal of calls, and the call log made of it anew.

use crate::store::{
    Store, StoreError,
    journal::{self, Entry},
};
use base::CallId;
use call::Cdr;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The files.
    #[error("cannot read the journal in {}: {error}", path.display())]
    Read {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Prints the entries of the journal in `directory`, or those of one call.
pub fn show(
    directory: &Path,
    call: Option<CallId>,
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    let shown = journal::read(directory, |entry| {
        let is_wanted = call.is_none() || entry.call() == call;
        if is_wanted { writeln!(out, "{}", entry.json()) } else { Ok(()) }
    });
    shown.and_then(|damaged| tell_of_damage(damaged, out)).map_err(|it| failed(directory, it))
}

/// Brings the rows that the journal in `directory` holds to the database, as far as they are not
/// there.
pub async fn restore(
    store: &Store,
    directory: &Path,
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    let mut rows = Vec::new();
    let damaged = rows_of(directory, &mut rows).map_err(|it| failed(directory, it))?;
    let mut added = 0;
    for batch in rows.chunks(BATCH) {
        added += store.insert_cdrs(batch).await?;
    }
    let known = rows.len() as u64 - added;
    writeln!(out, "{added} rows added to the call log; {known} were there")
        .and_then(|()| tell_of_damage(damaged, out))
        .map_err(|it| failed(directory, it))
}

fn failed(directory: &Path, error: io::Error) -> JournalError {
    JournalError::Read { path: directory.to_owned(), error }
}

fn rows_of(directory: &Path, rows: &mut Vec<Cdr>) -> io::Result<u64> {
    journal::read(directory, |entry| {
        if let Entry::Ended(row) = entry {
            rows.push(*row);
        }
        Ok(())
    })
}

fn tell_of_damage(lines: u64, out: &mut dyn Write) -> io::Result<()> {
    if lines > 0 {
        writeln!(out, "{lines} lines are left out: torn by a crash, or of a later version")?;
    }
    Ok(())
}

/// Rows in one transaction.
const BATCH: usize = 512;
