//! `[voicemail]`

use super::{Problems, RecordingFormat, Server};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Where messages for mailboxes are, and their bounds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voicemail {
    /// The directory of the files.
    pub dir: PathBuf,
    /// Longest message.
    pub message_max: Duration,
    /// What is shorter is no message.
    pub message_min: Duration,
    /// Most messages in a mailbox.
    pub messages_max: u32,
    /// How long all messages in a mailbox may be together.
    pub mailbox_max: Duration,
    /// What the sound of a message is in that is attached to a letter.
    pub mail_format: RecordingFormat,
    /// How far clocks of those who hear messages are ahead of UTC, in minutes.
    pub utc_offset_min: i16,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    dir: Option<PathBuf>,
    message_max_s: u32,
    message_min_s: u32,
    messages_max: u32,
    mailbox_max_s: u32,
    mail_format: RecordingFormat,
    utc_offset_min: i16,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            dir: None,
            message_max_s: 180,
            message_min_s: 2,
            messages_max: 100,
            mailbox_max_s: 7200,
            mail_format: RecordingFormat::Wav,
            utc_offset_min: 0,
        }
    }
}

impl Raw {
    pub(super) fn check(self, server: &Server, problems: &mut Problems) -> Voicemail {
        let longest = problems.seconds("voicemail.message_max_s", self.message_max_s, 10..=3600);
        let shortest = problems.seconds("voicemail.message_min_s", self.message_min_s, 1..=9);
        let messages = problems.in_range("voicemail.messages_max", self.messages_max, 1..=1000);
        let mailbox_max =
            problems.seconds("voicemail.mailbox_max_s", self.mailbox_max_s, 60..=360_000);
        let offset = problems.in_range("voicemail.utc_offset_min", self.utc_offset_min, -720..=840);
        if self.dir.as_ref().is_some_and(|it| it.as_os_str().is_empty()) {
            problems.add("voicemail.dir", "is empty: write a directory, or leave it out");
        }
        Voicemail {
            dir: self.dir.unwrap_or_else(|| server.data_dir.join("voicemail")),
            message_max: longest,
            message_min: shortest,
            messages_max: messages,
            mailbox_max,
            mail_format: self.mail_format,
            utc_offset_min: offset,
        }
    }
}
