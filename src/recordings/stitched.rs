//! From a journal to a sound file: of one channel if only one side was recorded, and for a message or a
//! greeting, of which the left side is heard; else of two. Blocking, and busy: 10 ms a minute of telephone speech.

use crate::config::RecordingFormat;
use crate::sound_file::SoundFile;
use base::Rng;
use media::recording::{First, Label, Purpose, Record, Stitcher, Survey, first_record};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::{Duration, Instant},
};

/// What a journal is of, and what is in it. `None` for one in which nothing was recorded.
pub(super) fn survey(journal: &Path) -> io::Result<Option<(Label, Survey)>> {
    let mut survey = Survey::new();
    read(journal, |record| {
        survey.take(record);
        Ok(())
    })?;
    Ok(survey.label.clone().map(|label| (label, survey)))
}

/// Stitches `journal` into a file, forced to the disk; says how long it is.
pub(super) fn stitch(
    journal: &Path,
    (label, survey): (&Label, &Survey),
    (path, format): (&Path, RecordingFormat),
    rng: Rng,
) -> io::Result<Duration> {
    let tracks = match label.purpose {
        Purpose::Call => survey.channels(),
        Purpose::Message { .. } | Purpose::Greeting { .. } => 1,
    };
    let mut file = SoundFile::create(path, format, survey.rate.hz(), tracks)?;
    let mut stitcher = Stitcher::new(Instant::now(), survey, rng);
    let mut write = |pcm: &[i16]| {
        // The left track comes first.
        file.write(pcm.iter().step_by(survey.channels() / tracks).copied())
    };
    read(journal, |record| stitcher.take(record, &mut write))?;
    stitcher.finish(&mut write)?;
    file.finish()
}

/// Length in bytes and SHA-256, in lower-case hexadecimal, of a file.
pub(super) fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; CHUNK_BYTES], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A string takes in whatever is written.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Shows every record of a journal up to its end, or to where it is torn.
fn read(journal: &Path, mut show: impl FnMut(&Record<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut file = File::open(journal)?;
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
    loop {
        let count = file.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..count]);
        let mut read = 0;
        while let First::Whole(record, len) = first_record(&bytes[read..]) {
            show(&record)?;
            read += len;
        }
        let is_torn = matches!(first_record(&bytes[read..]), First::Broken);
        bytes.drain(..read);
        if count == 0 || is_torn {
            return Ok(());
        }
    }
}

const CHUNK_BYTES: usize = 256 * 1024;
