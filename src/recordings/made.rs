//! What a journal is made into: the recording of a call, a message for a mailbox, or a greeting of one.

use super::{stitched, sync_directory};
use crate::config::RecordingFormat;
use crate::store::{GreetingRow, MessageRow, MessageState, RecordingRow, RecordingState};
use base::{RecordingId, Rng, UnixMillis};
use call::voicemail::Mailbox;
use media::recording::{Label, Purpose, Survey};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use time::OffsetDateTime;

/// Makes sound files. Blocking.
#[derive(Debug)]
pub(super) struct Maker {
    /// Of recordings of calls.
    pub(super) directory: PathBuf,
    /// What these are in; messages are WAV.
    pub(super) format: RecordingFormat,
    /// Of messages.
    pub(super) mailboxes: PathBuf,
    /// What is shorter is no message.
    pub(super) message_min: Duration,
    /// What an earlier process recorded: those calls are gone.
    pub(super) left_behind: HashSet<RecordingId>,
}

/// A sound file that is on the disk, and the row that makes it known.
#[derive(Debug)]
pub(super) enum Made {
    /// There is nothing to hear.
    Nothing,
    Recording(RecordingRow),
    /// What is not a draft any more is in this mailbox.
    Message(MessageRow, Mailbox),
    Greeting(GreetingRow),
}

/// A sound file that is on the disk.
struct SoundFile {
    /// Below its directory.
    name: String,
    duration: Duration,
    bytes: i64,
    sha256: String,
}

impl Maker {
    /// Makes the sound file of a journal.
    pub(super) fn make(&self, journal: &Path, id: RecordingId) -> io::Result<Made> {
        let Some((label, survey)) = stitched::survey(journal)? else { return Ok(Made::Nothing) };
        match label.purpose.clone() {
            Purpose::Call => {
                let folder = day(label.started);
                let place = (self.directory.as_path(), folder.as_str());
                let file = stitch(journal, (&label, &survey), place, (id, self.format))?;
                let [left, right] = label.parties;
                let is_complete = survey.is_complete;
                Ok(Made::Recording(RecordingRow {
                    id,
                    domain: label.domain,
                    call: label.call,
                    started: label.started,
                    duration_ms: file.duration.as_millis() as i64,
                    bytes: file.bytes,
                    sha256: file.sha256,
                    file: file.name,
                    left,
                    right,
                    state: if is_complete {
                        RecordingState::Complete
                    } else {
                        RecordingState::CutOff
                    },
                    packets_lost: survey.lost as i64,
                }))
            }
            Purpose::Message { mailbox, caller_name } => {
                let folder = mailbox.to_string();
                let place = (self.mailboxes.as_path(), folder.as_str());
                let named = (id, RecordingFormat::Wav);
                let file = stitch(journal, (&label, &survey), place, named)?;
                // Its caller cannot decide any more; of a live call it is the call that judges.
                let is_left_behind = self.left_behind.contains(&id);
                if is_left_behind && file.duration < self.message_min {
                    fs::remove_file(self.mailboxes.join(&file.name))?;
                    return Ok(Made::Nothing);
                }
                let [caller, number] = label.parties;
                let row = MessageRow {
                    id,
                    domain: label.domain,
                    mailbox,
                    caller,
                    caller_name,
                    forwarded_by: None,
                    started: label.started,
                    duration_ms: file.duration.as_millis() as i64,
                    bytes: file.bytes,
                    sha256: file.sha256,
                    file: file.name,
                    state: if is_left_behind { MessageState::New } else { MessageState::Draft },
                    is_cut_off: !survey.is_complete,
                };
                let mailbox = Mailbox { domain: label.domain, extension: mailbox, number };
                Ok(Made::Message(row, mailbox))
            }
            // Its owner has not said that it is to be kept.
            Purpose::Greeting { .. } if self.left_behind.contains(&id) => Ok(Made::Nothing),
            Purpose::Greeting { mailbox } => {
                let folder = mailbox.to_string();
                let place = (self.mailboxes.as_path(), folder.as_str());
                let named = (id, RecordingFormat::Wav);
                let file = stitch(journal, (&label, &survey), place, named)?;
                Ok(Made::Greeting(GreetingRow {
                    id,
                    domain: label.domain,
                    mailbox,
                    started: label.started,
                    duration_ms: file.duration.as_millis() as i64,
                    bytes: file.bytes,
                    sha256: file.sha256,
                    file: file.name,
                }))
            }
        }
    }
}

/// Stitches a journal into a file of a folder below a directory. When this returns, the file and
/// its name are on the disk.
fn stitch(
    journal: &Path,
    surveyed: (&Label, &Survey),
    (directory, folder): (&Path, &str),
    (id, format): (RecordingId, RecordingFormat),
) -> io::Result<SoundFile> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    let place = directory.join(folder);
    fs::create_dir_all(&place)?;
    let part = place.join(format!("{id}.part"));
    let duration = stitched::stitch(journal, surveyed, (&part, format), Rng::from_entropy(seed))?;
    let (bytes, sha256) = stitched::fingerprint(&part)?;
    let name = format!("{id}.{}", format.extension());
    fs::rename(&part, place.join(&name))?;
    sync_directory(&place)?;
    sync_directory(directory)?;
    Ok(SoundFile { name: format!("{folder}/{name}"), duration, bytes: bytes as i64, sha256 })
}

/// `2025-11-17`, UTC.
fn day(at: UnixMillis) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000));
    moment.unwrap_or(OffsetDateTime::UNIX_EPOCH).date().to_string()
}
