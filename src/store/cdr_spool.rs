//! The spool: call detail records on disk before they are in the database.
//!
//! The spool is the queue. Records are appended to the last of a row of segment files; a reader
//! follows, brings them to the database, and deletes each segment that it is done with. There is no
//! cursor on disk: after a crash everything that is left is read again, and the database ignores
//! what it has. A process never appends to a segment of another's, so that a record torn by a crash
//! is always the last of its file and takes no other with it.
//!
//! `write` before a record counts, so that `kill -9` loses none; [`CdrSpool::sync`] forces them to
//! the disk, and what came since the last one is what a power cut may cost.

use super::{cdr_line, segments::Segments};
use call::Cdr;
use std::{
    borrow::Borrow,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The writing end.
#[derive(Debug)]
pub struct CdrSpool {
    segments: Segments,
    limits: SpoolLimits,
    /// Held as long as we live, so that two servers cannot share a spool.
    _lock: File,
    file: File,
    end: Position,
    /// A write failed: there may be half a record behind `end`.
    is_torn: bool,
    /// Of all segments; the reader subtracts what it deletes.
    bytes: Arc<AtomicU64>,
    buffer: Vec<u8>,
}

/// The reading end: knows no place of its own, so that it can be lent to a blocking thread.
#[derive(Clone, Debug)]
pub struct SpoolReader {
    segments: Segments,
    bytes: Arc<AtomicU64>,
}

/// A place between two records.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Number of the segment.
    pub segment: u64,
    /// Bytes from its start.
    pub offset: u64,
}

/// Bounds of a spool.
#[derive(Clone, Copy, Debug)]
pub struct SpoolLimits {
    /// A segment this long is closed, in bytes.
    pub segment_bytes: u64,
    /// All segments together, in bytes.
    pub spool_bytes_max: u64,
}

/// What the reader found.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records, in the order in which they were appended.
    pub records: Vec<Cdr>,
    /// Lines that were torn or damaged, and skipped.
    pub damaged: u64,
}

/// Why records could not be appended; none of them was.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The database has been away for too long.
    #[error(
        "the CDR spool is full ({bytes} bytes): bring the database back, or raise cdr.spool_mib_max"
    )]
    Full {
        /// What lies there, in bytes.
        bytes: u64,
    },
    /// The disk is full, or fails.
    #[error("the CDR spool cannot be written: {0}")]
    Io(#[from] io::Error),
}

impl CdrSpool {
    /// Opens the spool in `directory`, making it if it is not there. Reading starts at the place
    /// given: the oldest record that an earlier process left.
    pub fn open(
        directory: &Path,
        limits: SpoolLimits,
    ) -> io::Result<(Self, SpoolReader, Position)> {
        let segments = Segments::open(directory, PREFIX, SUFFIX)?;
        let lock = segments.lock()?;
        let left = segments.list()?;
        let next = left.last().map_or(0, |(number, _)| number + 1);
        let bytes = Arc::new(AtomicU64::new(left.iter().map(|(_, bytes)| bytes).sum()));
        let first = left.first().map_or(next, |(number, _)| *number);
        let reader = SpoolReader { segments: segments.clone(), bytes: Arc::clone(&bytes) };
        let spool = Self {
            file: segments.create(next)?,
            segments,
            limits,
            _lock: lock,
            end: Position { segment: next, offset: 0 },
            is_torn: false,
            bytes,
            buffer: Vec::new(),
        };
        Ok((spool, reader, Position { segment: first, offset: 0 }))
    }

    /// Appends `records`, all or none. They are then safe from the end of this process.
    pub fn append(&mut self, records: &[impl Borrow<Cdr>]) -> Result<(), SpoolError> {
        self.buffer.clear();
        for record in records {
            cdr_line::append(record.borrow(), &mut self.buffer);
        }
        let length = self.buffer.len() as u64;
        let bytes = self.bytes();
        if bytes + length > self.limits.spool_bytes_max {
            return Err(SpoolError::Full { bytes });
        }
        if self.is_torn || self.end.offset >= self.limits.segment_bytes {
            self.begin_segment()?;
        }
        if let Err(error) = self.file.write_all(&self.buffer) {
            // What was written of it must not be the start of the next record's line.
            self.is_torn = true;
            self.file.set_len(self.end.offset)?;
            return Err(error.into());
        }
        self.end.offset += length;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    /// Forces what was appended to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Where the next record goes; everything before can be read.
    pub fn end(&self) -> Position {
        self.end
    }

    /// What lies in the spool, in bytes, segments that are partly read included.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let segment = self.end.segment + 1;
        self.file = self.segments.create(segment)?;
        self.end = Position { segment, offset: 0 };
        self.is_torn = false;
        Ok(())
    }
}

impl SpoolReader {
    /// What lies in the spool, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Up to `records_max` records between `at` and `end`, which the writing end gave, and the
    /// place behind them. All are of one segment, so that fewer may come than are there; none come
    /// only at the end.
    pub fn read(
        &self,
        mut at: Position,
        end: Position,
        records_max: usize,
    ) -> io::Result<(Batch, Position)> {
        while at < end {
            let is_closed = at.segment < end.segment;
            let limit = if is_closed { u64::MAX } else { end.offset };
            let (batch, offset) = self.read_segment(at, limit, records_max)?;
            if offset > at.offset {
                return Ok((batch, Position { offset, ..at }));
            }
            if !is_closed {
                let problem = format!("segment {} is shorter than what was written", at.segment);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, problem));
            }
            at = Position { segment: at.segment + 1, offset: 0 };
        }
        Ok((Batch::default(), at))
    }

    /// Deletes segments whose records are all in the database.
    pub fn delete(&self, segments: Range<u64>) -> io::Result<()> {
        for segment in segments {
            self.delete_one(segment)?;
        }
        Ok(())
    }

    /// Records from `at` to `limit`, and the offset behind the last line that was looked at.
    fn read_segment(
        &self,
        at: Position,
        limit: u64,
        records_max: usize,
    ) -> io::Result<(Batch, u64)> {
        let mut batch = Batch::default();
        let bytes = match File::open(self.segments.path(at.segment)) {
            Ok(file) => read_chunk(file, at.offset, limit)?,
            // Somebody cleaned up by hand: there is nothing left to lose.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut taken = 0;
        let is_whole = (bytes.len() as u64) < CHUNK_BYTES;
        while taken < bytes.len() && batch.records.len() < records_max {
            let rest = &bytes[taken..];
            let line_bytes = match rest.iter().position(|it| *it == b'\n') {
                Some(length) => length,
                // The chunk ends within a line; the next one begins with it.
                None if !is_whole && taken > 0 => break,
                // A torn tail.
                None => rest.len(),
            };
            match cdr_line::parse(&rest[..line_bytes]) {
                Some(record) => batch.records.push(record),
                None => batch.damaged += 1,
            }
            taken = (taken + line_bytes + 1).min(bytes.len());
        }
        Ok((batch, at.offset + taken as u64))
    }

    fn delete_one(&self, segment: u64) -> io::Result<()> {
        let path = self.segments.path(segment);
        match path.metadata() {
            Ok(metadata) => {
                std::fs::remove_file(path)?;
                // Saturates: half a record was never counted.
                let less = |bytes: u64| Some(bytes.saturating_sub(metadata.len()));
                let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn read_chunk(mut file: File, from: u64, limit: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_sub(from).min(CHUNK_BYTES)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

const PREFIX: &str = "cdr-";
const SUFFIX: &str = ".spool";

/// What is read at once; more than the longest line by far.
const CHUNK_BYTES: u64 = 1 << 20;
