//! The files of the journal.
//!
//! Each begins with what is needed to understand it alone: the legs that live as it begins, and then a
//! line that says that this was all. So a start reads the last files only, however long the journal.

use super::{Entry, entry::Unreadable};
use crate::{config::JournalKeeping, store::segments::Segments};
use base::{LegId, UnixMillis};
use call::{
    Cdr,
    journal::{LegHappening, Unfinished},
};
use sip::dialog::DialogRecord;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    time::{Duration, SystemTime},
};

/// The end that is written to.
#[derive(Debug)]
pub struct JournalFiles {
    segments: Segments,
    segment_bytes: u64,
    bytes_max: u64,
    keep: Duration,
    /// Held as long as we live, so that two servers cannot write one journal.
    _lock: File,
    file: File,
    number: u64,
    bytes: u64,
    /// A write failed: there may be half a line at the end, and what should be there is missing.
    is_torn: bool,
    /// Legs that began and have not ended.
    living: HashMap<LegId, Unfinished>,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub struct LeftBehind {
    /// Rows that may not have reached the call log.
    pub rows: Vec<Cdr>,
    /// Dialogs that still stand for their far ends.
    pub dialogs: Vec<DialogRecord>,
    /// How many legs were cut off.
    pub legs: usize,
}

impl JournalFiles {
    /// Opens the journal in `config.dir`, which is made if it is not there, and begins a file. Legs
    /// that a crash cut off are ended in it.
    pub fn open(config: &JournalKeeping, now: UnixMillis) -> io::Result<(Self, LeftBehind)> {
        let segments = Segments::open(&config.dir, PREFIX, SUFFIX)?;
        let lock = segments.lock()?;
        let last = LastRun::read(&segments)?;
        let number = segments.list()?.last().map_or(0, |(number, _)| number + 1);
        let mut files = Self {
            file: segments.create(number)?,
            segments,
            segment_bytes: config.segment_bytes,
            bytes_max: config.bytes_max,
            keep: config.keep,
            _lock: lock,
            number,
            bytes: 0,
            is_torn: false,
            living: HashMap::new(),
        };
        let left = last.put_in_order();
        let mut entries: Vec<_> =
            left.rows[left.rows.len() - left.legs..].iter().map(ended).collect();
        entries.push(Entry::Started(now));
        files.append(now, &entries)?;
        files.delete_old()?;
        Ok((files, left))
    }

    /// Appends `entries`. They are then safe from the end of this process. After a failure the next
    /// ones go to another file, and what was to be known of legs that live is not lost.
    pub fn append(&mut self, now: UnixMillis, entries: &[Entry]) -> io::Result<()> {
        for entry in entries {
            take_in(&mut self.living, entry);
        }
        if self.is_torn || self.bytes >= self.segment_bytes {
            self.begin_file(now)?;
        }
        self.write(entries)
    }

    /// Begins another file, in which all legs that live are told anew.
    fn begin_file(&mut self, now: UnixMillis) -> io::Result<()> {
        self.is_torn = true;
        let file = self.segments.create(self.number + 1)?;
        self.file.sync_data()?;
        self.file = file;
        self.number += 1;
        self.bytes = 0;
        let living = self.living.values().cloned();
        let mut entries: Vec<_> = living.map(|it| Entry::GoesOn(now, Box::new(it))).collect();
        entries.push(Entry::Continued(now));
        self.write(&entries)?;
        self.delete_old()
    }

    /// Forces what was appended to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// How many legs live.
    pub fn living(&self) -> usize {
        self.living.len()
    }

    fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            entry.append(&mut lines);
        }
        self.is_torn = true;
        self.file.write_all(&lines)?;
        self.is_torn = false;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Deletes files that are too old or too many, but for those that the next start needs.
    fn delete_old(&self) -> io::Result<()> {
        let files = self.segments.list()?;
        let mut bytes: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        let oldest = SystemTime::now().checked_sub(self.keep);
        for (number, length) in files.iter().rev().skip(FILES_KEPT).rev() {
            let path = self.segments.path(*number);
            let changed = fs::metadata(&path)?.modified()?;
            if bytes <= self.bytes_max && oldest.is_none_or(|it| changed >= it) {
                return Ok(());
            }
            fs::remove_file(path)?;
            bytes -= length;
        }
        Ok(())
    }
}

/// What the last files tell.
#[derive(Debug, Default)]
struct LastRun {
    living: HashMap<LegId, Unfinished>,
    rows: Vec<Cdr>,
    died_at: UnixMillis,
    was_stopped: bool,
}

impl LastRun {
    /// Reads back to the second last file that is whole at its beginning: rows of the one before the
    /// last may have been on their way when the last one began.
    fn read(segments: &Segments) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut whole = 0;
        for (number, _) in segments.list()?.into_iter().rev() {
            let entries = read_file(&segments.path(number))?;
            whole += usize::from(entries.iter().any(is_beginning));
            files.push(entries);
            if whole == FILES_KEPT {
                break;
            }
        }
        let mut run = Self::default();
        for entry in files.into_iter().rev().flatten() {
            run.take_in(entry);
        }
        Ok(run)
    }

    fn take_in(&mut self, entry: Entry) {
        self.was_stopped = matches!(entry, Entry::Stopped(_));
        self.died_at = self.died_at.max(entry.at());
        take_in(&mut self.living, &entry);
        if let Entry::Ended(row) = entry {
            self.rows.push(*row);
        }
    }

    /// After a crash all rows that may be missing in the call log are given, the new ones last. After
    /// a stop everything has arrived.
    fn put_in_order(self) -> LeftBehind {
        let mut left = LeftBehind { legs: self.living.len(), ..LeftBehind::default() };
        if !self.was_stopped {
            left.rows = self.rows;
        }
        for leg in self.living.into_values() {
            left.rows.push(leg.row_of_crash(self.died_at));
            left.dialogs.extend(leg.dialog);
        }
        left
    }
}

/// What is known of the legs that live, after one more entry.
fn take_in(living: &mut HashMap<LegId, Unfinished>, entry: &Entry) {
    match entry {
        Entry::Leg(event) => {
            if let LegHappening::Began(row) = &event.what {
                living.insert(event.leg, Unfinished::new((**row).clone()));
            } else if let Some(leg) = living.get_mut(&event.leg) {
                leg.apply(event);
            }
        }
        Entry::GoesOn(_, leg) => {
            living.insert(leg.row.leg, (**leg).clone());
        }
        Entry::Ended(row) => {
            living.remove(&row.leg);
        }
        Entry::Started(_)
        | Entry::Stopped(_)
        | Entry::Alive(_)
        | Entry::Continued(_)
        | Entry::Lost(..) => {}
    }
}

/// Whether everything that a file begins with stands before this.
fn is_beginning(entry: &Entry) -> bool {
    matches!(entry, Entry::Started(_) | Entry::Continued(_))
}

fn ended(row: &Cdr) -> Entry {
    Entry::Ended(Box::new(row.clone()))
}

/// Lines of a journal that told nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LinesLeftOut {
    /// Torn by a crash, or damaged.
    pub damaged: u64,
    /// Of a kind that only another version knows.
    pub unknown: u64,
}

/// Gives `each` entry of the journal in `directory`, the oldest first, and returns how many lines
/// could not be read. A server may write it meanwhile.
pub fn read(
    directory: &Path,
    mut each: impl FnMut(Entry) -> io::Result<()>,
) -> io::Result<LinesLeftOut> {
    fs::read_dir(directory)?;
    let segments = Segments::open(directory, PREFIX, SUFFIX)?;
    let mut left_out = LinesLeftOut::default();
    for (number, _) in segments.list()? {
        let file = match File::open(segments.path(number)) {
            // It was deleted for its age just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        for line in BufReader::new(file).split(b'\n') {
            match Entry::parse(&line?) {
                Ok(entry) => each(entry)?,
                Err(Unreadable::Damaged) => left_out.damaged += 1,
                Err(Unreadable::Unknown) => left_out.unknown += 1,
            }
        }
    }
    Ok(left_out)
}

/// What was torn is left out.
fn read_file(path: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        entries.extend(Entry::parse(&line?));
    }
    Ok(entries)
}

const PREFIX: &str = "journal-";
const SUFFIX: &str = ".jsonl";

/// Files that the next start reads.
const FILES_KEPT: usize = 2;
