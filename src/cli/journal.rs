//! `tandem journal`: what is in the journal of calls, and what can be made of it anew: the call log,
//! figures, and what happened in queues.

use super::{queue_log, statistics};
use crate::{
    http::api::{CallStatistics, time::rfc3339},
    store::{
        Store, StoreError,
        journal::{self, Entry, LinesLeftOut},
        statistics::{JournalFigures, of_journal},
    },
};
use base::{CallId, DomainId, UnixMillis};
use call::{
    Cdr,
    statistics::{Question, TooManyGroups},
};
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
    /// The groups that were asked for.
    #[error(transparent)]
    Groups(#[from] TooManyGroups),
}

/// Where a command prints what was asked for, and what else is to be known.
pub struct Terminal<'a> {
    /// What was asked for, and nothing else: programs read it.
    pub out: &'a mut (dyn Write + Send),
    /// For people.
    pub notes: &'a mut (dyn Write + Send),
}

/// Prints the entries of the journal in `directory`, or those of one call.
pub fn show(
    directory: &Path,
    call: Option<CallId>,
    terminal: &mut Terminal<'_>,
) -> Result<(), JournalError> {
    let shown = journal::read(directory, |entry| {
        let is_wanted = call.is_none() || entry.call() == call;
        if is_wanted { writeln!(terminal.out, "{}", entry.json()) } else { Ok(()) }
    });
    shown
        .and_then(|left_out| tell_of_gaps(left_out, terminal.notes))
        .map_err(|it| failed(directory, it))
}

/// Brings the rows that the journal in `directory` holds to the database, as far as they are not
/// there.
pub async fn restore(
    store: &Store,
    directory: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<(), JournalError> {
    let mut rows = Vec::new();
    let left_out = rows_of(directory, &mut rows).map_err(|it| failed(directory, it))?;
    let mut added = 0;
    for batch in rows.chunks(BATCH) {
        added += store.insert_cdrs(batch).await?;
    }
    let known = rows.len() as u64 - added;
    writeln!(terminal.out, "{added} rows added to the call log; {known} were there")
        .and_then(|()| tell_of_gaps(left_out, terminal.notes))
        .map_err(|it| failed(directory, it))
}

/// Prints figures that are made of the journal in `directory` alone.
pub fn print_statistics(
    directory: &Path,
    domain: Option<DomainId>,
    question: Question,
    is_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), JournalError> {
    let figures = of_journal(directory, domain, question).map_err(|it| failed(directory, it))?;
    let JournalFigures { report, begins, lost, left_out } = figures;
    let report = report?;
    let printed = if is_json {
        let answer = serde_json::to_string(&CallStatistics::of(&question, report))
            .expect("texts and numbers leave nothing to fail");
        writeln!(terminal.out, "{answer}")
    } else {
        statistics::print(&report, terminal.out)
    };
    let begins = begins.filter(|it| question.from.is_none_or(|from| *it > from));
    printed
        .and_then(|()| tell_of_beginning(begins, lost, terminal.notes))
        .and_then(|()| tell_of_gaps(left_out, terminal.notes))
        .map_err(|it| failed(directory, it))
}

/// Prints what happened in queues as Asterisk does.
pub fn print_queue_log(
    directory: &Path,
    wanted: queue_log::Wanted,
    terminal: &mut Terminal<'_>,
) -> Result<(), JournalError> {
    queue_log::print(directory, wanted, terminal.out)
        .and_then(|left_out| tell_of_gaps(left_out, terminal.notes))
        .map_err(|it| failed(directory, it))
}

fn failed(directory: &Path, error: io::Error) -> JournalError {
    JournalError::Read { path: directory.to_owned(), error }
}

fn rows_of(directory: &Path, rows: &mut Vec<Cdr>) -> io::Result<LinesLeftOut> {
    journal::read(directory, |entry| {
        if let Entry::Ended(row) = entry {
            rows.push(*row);
        }
        Ok(())
    })
}

fn tell_of_beginning(
    begins: Option<UnixMillis>,
    lost: u64,
    notes: &mut dyn Write,
) -> io::Result<()> {
    if let Some(begins) = begins {
        writeln!(notes, "the journal begins at {}: older calls are not in it", rfc3339(begins))?;
    }
    if lost > 0 {
        writeln!(notes, "{lost} entries are missing: the disk was full or failed")?;
    }
    Ok(())
}

fn tell_of_gaps(lines: LinesLeftOut, notes: &mut dyn Write) -> io::Result<()> {
    let LinesLeftOut { damaged, unknown } = lines;
    if damaged > 0 {
        writeln!(notes, "{damaged} lines are left out: torn by a crash, or damaged")?;
    }
    if unknown > 0 {
        writeln!(notes, "{unknown} lines are left out: another version wrote them")?;
    }
    Ok(())
}

/// Rows in one transaction.
const BATCH: usize = 512;
