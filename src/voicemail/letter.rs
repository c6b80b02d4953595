//! What a letter about a message says, in the language of its reader.

use super::files;
use crate::{
    config::RecordingFormat,
    store::{LetterRow, Locale},
};
use base::UnixMillis;
use lettre::{
    Address, Message,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
};
use std::path::Path;
use time::{OffsetDateTime, UtcOffset};

/// Why a letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    /// The address cannot be one.
    #[error("the address cannot be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The parts do not fit together.
    #[error("the letter cannot be written: {0}")]
    Parts(#[from] lettre::error::Error),
    /// The sound cannot be read.
    #[error("the sound cannot be read: {0}")]
    Sound(#[from] std::io::Error),
}

/// How letters are written.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) from: Mailbox,
    /// What the sound is attached in.
    pub(super) format: RecordingFormat,
    /// How far clocks of readers are ahead of UTC, in minutes.
    pub(super) utc_offset_min: i16,
}

/// A letter that is ready to be sent.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) message: Message,
    /// Whether it brings the sound, so that the mailbox can do without.
    pub(super) brings_sound: bool,
}

impl Style {
    /// The letter about a message whose sound is in `sound`. Blocking.
    pub(super) fn letter(&self, row: &LetterRow, sound: &Path) -> Result<Letter, LetterError> {
        let address: Address = row.settings.address.parse()?;
        let attached = self.attachment(row, sound)?;
        let letter = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            // The same each time it is tried: who gets it twice can tell.
            .message_id(Some(format!("<{}@{}>", row.message.id, self.from.email.domain())))
            .subject(subject(row));
        let brings_sound = attached.is_some();
        let text = SinglePart::plain(self.text(row, brings_sound));
        let message = match attached {
            Some(attached) => {
                letter.multipart(MultiPart::mixed().singlepart(text).singlepart(attached))?
            }
            None => letter.singlepart(text)?,
        };
        Ok(Letter { message, brings_sound })
    }

    /// The sound, unless the letter is to do without or would be too heavy with it.
    fn attachment(&self, row: &LetterRow, sound: &Path) -> Result<Option<SinglePart>, LetterError> {
        if !row.settings.has_sound {
            return Ok(None);
        }
        let bytes = match self.format {
            RecordingFormat::Wav => std::fs::read(sound)?,
            RecordingFormat::Opus => files::as_opus(sound)?,
        };
        if bytes.len() > ATTACHMENT_BYTES_MAX {
            return Ok(None);
        }
        let kind = match self.format {
            RecordingFormat::Wav => "audio/wav",
            RecordingFormat::Opus => "audio/ogg",
        };
        let Ok(kind) = ContentType::parse(kind) else { return Ok(None) };
        let name = format!("{}.{}", row.message.caller, self.format.extension());
        Ok(Some(Attachment::new(name).body(bytes, kind)))
    }

    fn text(&self, row: &LetterRow, has_sound: bool) -> String {
        let (message, number) = (&row.message, &row.number);
        let (caller, length) = (caller(row), length(message.duration_ms));
        let when = moment(message.started, self.utc_offset_min);
        let by = message.forwarded_by.as_deref();
        match row.locale {
            Locale::Ru => {
                let by = by.map(|it| format!("Переслал номер: {it}\n")).unwrap_or_default();
                let where_it_is = match (has_sound, row.settings.deletes_sent) {
                    (true, true) => "Сообщение приложено, в почтовом ящике его больше нет.",
                    (true, false) => "Сообщение приложено и осталось в почтовом ящике.",
                    (false, _) => "Прослушайте его по телефону, в голосовой почте.",
                };
                format!(
                    "Здравствуйте!\n\nДля номера {number} оставили голосовое сообщение.\n\nОт: \
                     {caller}\n{by}Когда: {when}\nДлительность: {length}\n\n{where_it_is}\n"
                )
            }
            Locale::En => {
                let by = by.map(|it| format!("Forwarded by: {it}\n")).unwrap_or_default();
                let where_it_is = match (has_sound, row.settings.deletes_sent) {
                    (true, true) => "The message is attached, and no longer in the mailbox.",
                    (true, false) => "The message is attached, and still in the mailbox.",
                    (false, _) => "Listen to it by telephone, in the mailbox.",
                };
                format!(
                    "Hello!\n\nSomebody has left a voice message for {number}.\n\nFrom: {caller}\n\
                     {by}When: {when}\nLength: {length}\n\n{where_it_is}\n"
                )
            }
        }
    }
}

fn subject(row: &LetterRow) -> String {
    let (caller, length) = (caller(row), length(row.message.duration_ms));
    match row.locale {
        Locale::Ru => format!("Голосовое сообщение от {caller}, {length}"),
        Locale::En => format!("Voice message from {caller}, {length}"),
    }
}

/// `Анна (1001)`
fn caller(row: &LetterRow) -> String {
    let number = &row.message.caller;
    match &row.message.caller_name {
        Some(name) => format!("{name} ({number})"),
        None => number.clone(),
    }
}

/// `1:05`
fn length(duration_ms: i64) -> String {
    let seconds = (duration_ms + 500) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `27.11.2026 13:04`
fn moment(at: UnixMillis, utc_offset_min: i16) -> String {
    let offset = UtcOffset::from_whole_seconds(i32::from(utc_offset_min) * 60);
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000));
    let (Ok(offset), Ok(moment)) = (offset, moment) else { return String::new() };
    let moment = moment.to_offset(offset);
    let (day, month, year) = (moment.day(), u8::from(moment.month()), moment.year());
    format!("{day:02}.{month:02}.{year} {:02}:{:02}", moment.hour(), moment.minute())
}

/// Mail servers take some 25 MB at most, and base64 makes a third more of it.
const ATTACHMENT_BYTES_MAX: usize = 15 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MailSettings, MessageRow, MessageState};
    use base::{DomainId, ExtensionId, RecordingId};
    use uuid::Uuid;

    #[test]
    fn a_russian_letter_tells_who_when_and_how_long_and_brings_the_sound() {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("1.wav");
        write_wav(&sound);

        let letter = style(RecordingFormat::Wav).letter(&row(), &sound).unwrap();

        assert!(letter.brings_sound);
        let raw = String::from_utf8(letter.message.formatted()).unwrap();
        assert!(raw.is_ascii(), "all of it is encoded: {raw}");
        assert!(raw.contains("Subject: =?utf-8?b?"), "{raw}");
        assert!(raw.contains("To: anna@a.example\r\n"), "{raw}");
        assert!(raw.contains("Content-Type: audio/wav\r\n"), "{raw}");
        assert!(raw.contains("filename=\"+74951234567.wav\""), "{raw}");
        let again = style(RecordingFormat::Wav).letter(&row(), &sound).unwrap();
        let id = |it: &Letter| it.message.headers().get_raw("Message-ID").map(str::to_owned);
        assert_eq!(id(&letter), id(&again), "who gets it twice can tell");
        assert_eq!(subject(&row()), "Голосовое сообщение от Анна (+74951234567), 1:05");
        let text = style(RecordingFormat::Wav).text(&row(), true);
        for told in ["номера 1002", "15.11.2023 01:13", "1:05", "Переслал номер: 1009"]
        {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn an_english_letter_without_sound_tells_where_to_listen() {
        let settings = MailSettings { has_sound: false, ..row().settings };
        let row = LetterRow { settings, locale: Locale::En, ..row() };
        let letter = style(RecordingFormat::Wav).letter(&row, Path::new("none.wav")).unwrap();
        assert!(!letter.brings_sound);
        let raw = String::from_utf8(letter.message.formatted()).unwrap();
        assert!(raw.contains("Listen to it by telephone"), "{raw}");
    }

    #[test]
    fn sound_comes_as_opus_in_ogg_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("1.wav");
        write_wav(&sound);

        let opus = files::as_opus(&sound).unwrap();

        assert!(opus.starts_with(b"OggS") && opus.windows(8).any(|it| it == b"OpusHead"));
        assert!(opus.len() < std::fs::metadata(&sound).unwrap().len() as usize / 4);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        let letter = style(RecordingFormat::Opus).letter(&row(), &sound).unwrap();
        let raw = String::from_utf8(letter.message.formatted()).unwrap();
        assert!(raw.contains("Content-Type: audio/ogg\r\n"), "{raw}");
    }

    fn write_wav(path: &Path) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for n in 0..16_000 {
            writer.write_sample((n % 80) as i16 * 100).unwrap();
        }
        writer.finalize().unwrap();
    }

    fn style(format: RecordingFormat) -> Style {
        Style { from: "Tandem <desk@a.example>".parse().unwrap(), format, utc_offset_min: 180 }
    }

    fn row() -> LetterRow {
        let message = MessageRow {
            id: RecordingId(Uuid::from_u128(1)),
            domain: DomainId(Uuid::from_u128(2)),
            mailbox: ExtensionId(Uuid::from_u128(3)),
            caller: "+74951234567".to_owned(),
            caller_name: Some("Анна".to_owned()),
            forwarded_by: Some("1009".to_owned()),
            started: UnixMillis(1_700_000_000_000),
            duration_ms: 65_200,
            bytes: 0,
            sha256: String::new(),
            file: String::new(),
            state: MessageState::New,
            is_cut_off: false,
        };
        let settings = MailSettings {
            address: "anna@a.example".to_owned(),
            has_sound: true,
            deletes_sent: false,
        };
        LetterRow { message, settings, number: "1002".to_owned(), locale: Locale::Ru, tries: 0 }
    }
}
