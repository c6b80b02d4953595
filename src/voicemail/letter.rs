//! What a letter about a message says, in the language of its reader.

use super::files;
use crate::{
    clock,
    config::RecordingFormat,
    store::{LetterRow, Locale, MessageState},
};
use base::UnixMillis;
use lettre::{
    Address, Message,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
};
use std::{fs, io, path::Path};

/// Why a letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    /// The address cannot be one.
    #[error("the address cannot be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The parts do not fit together.
    #[error("the letter cannot be written: {0}")]
    Parts(#[from] lettre::error::Error),
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
    /// What it says of its message.
    pub(super) whereabouts: Whereabouts,
}

/// Where the reader of a letter finds the sound of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Whereabouts {
    /// In the letter alone: the mailbox is to do without.
    Letter,
    /// In the letter, and in the mailbox.
    Both,
    /// In the mailbox alone.
    Mailbox,
}

impl Style {
    /// The letter about a message whose sound is in `sound`. Blocking.
    pub(super) fn letter(&self, row: &LetterRow, sound: &Path) -> Result<Letter, LetterError> {
        let address: Address = row.settings.address.parse()?;
        let attached = self.attachment(row, sound);
        let letter = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            // The same each time it is tried: who gets it twice can tell.
            .message_id(Some(format!("<{}@{}>", row.message.id, self.from.email.domain())))
            .subject(subject(row));
        let whereabouts = Whereabouts::of(row, attached.is_some());
        let text = SinglePart::plain(self.text(row, whereabouts));
        let message = match attached {
            Some(attached) => {
                letter.multipart(MultiPart::mixed().singlepart(text).singlepart(attached))?
            }
            None => letter.singlepart(text)?,
        };
        Ok(Letter { message, whereabouts })
    }

    /// The sound, unless the letter is to do without, would be too heavy with it, or it cannot be read.
    fn attachment(&self, row: &LetterRow, sound: &Path) -> Option<SinglePart> {
        if !row.settings.has_sound {
            return None;
        }
        let complain = |error: &io::Error| {
            tracing::error!(path = %sound.display(), %error, "a letter goes without its sound");
        };
        let bytes = match self.format {
            RecordingFormat::Wav => fs::read(sound),
            RecordingFormat::Opus => files::as_opus(sound),
        };
        let bytes = bytes.inspect_err(complain).ok()?;
        if bytes.len() > ATTACHMENT_BYTES_MAX {
            return None;
        }
        let kind = match self.format {
            RecordingFormat::Wav => "audio/wav",
            RecordingFormat::Opus => "audio/ogg",
        };
        let kind = ContentType::parse(kind).ok()?;
        let name = format!("{}.{}", row.message.caller, self.format.extension());
        Some(Attachment::new(name).body(bytes, kind))
    }

    fn text(&self, row: &LetterRow, whereabouts: Whereabouts) -> String {
        let (message, number) = (&row.message, &row.number);
        let (caller, length) = (caller(row), length(message.duration_ms));
        let when = moment(message.started, self.utc_offset_min);
        let by = message.forwarded_by.as_deref();
        match row.locale {
            Locale::Ru => {
                let by = by.map(|it| format!("Переслал номер: {it}\n")).unwrap_or_default();
                let where_it_is = match whereabouts {
                    Whereabouts::Letter => "Сообщение приложено, в почтовом ящике его больше нет.",
                    Whereabouts::Both => "Сообщение приложено и осталось в почтовом ящике.",
                    Whereabouts::Mailbox => "Прослушайте его по телефону, в голосовой почте.",
                };
                format!(
                    "Здравствуйте!\n\nДля номера {number} оставили голосовое сообщение.\n\nОт: \
                     {caller}\n{by}Когда: {when}\nДлительность: {length}\n\n{where_it_is}\n"
                )
            }
            Locale::En => {
                let by = by.map(|it| format!("Forwarded by: {it}\n")).unwrap_or_default();
                let where_it_is = match whereabouts {
                    Whereabouts::Letter => "The message is attached, and no longer in the mailbox.",
                    Whereabouts::Both => "The message is attached, and still in the mailbox.",
                    Whereabouts::Mailbox => "Listen to it by telephone, in the mailbox.",
                };
                format!(
                    "Hello!\n\nSomebody has left a voice message for {number}.\n\nFrom: {caller}\n\
                     {by}When: {when}\nLength: {length}\n\n{where_it_is}\n"
                )
            }
        }
    }
}

impl Whereabouts {
    /// What its owner has heard stays in the mailbox.
    fn of(row: &LetterRow, is_attached: bool) -> Self {
        let is_unheard = row.message.state == MessageState::New;
        match is_attached {
            true if row.settings.deletes_sent && is_unheard => Self::Letter,
            true => Self::Both,
            false => Self::Mailbox,
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
    let Some(moment) = clock::local(at, utc_offset_min) else { return String::new() };
    let (day, month, year) = (moment.day(), u8::from(moment.month()), moment.year());
    format!("{day:02}.{month:02}.{year} {:02}:{:02}", moment.hour(), moment.minute())
}

/// Mail servers take some 25 MB at most, and base64 makes a third more of it.
const ATTACHMENT_BYTES_MAX: usize = 15 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MailSettings, MessageRow};
    use base::{DomainId, ExtensionId, RecordingId};
    use uuid::Uuid;

    #[test]
    fn a_russian_letter_tells_who_when_and_how_long_and_brings_the_sound() {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("1.wav");
        write_wav(&sound);

        let letter = style(RecordingFormat::Wav).letter(&row(), &sound).unwrap();

        assert_eq!(letter.whereabouts, Whereabouts::Both);
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
        let text = style(RecordingFormat::Wav).text(&row(), Whereabouts::Both);
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
        assert_eq!(letter.whereabouts, Whereabouts::Mailbox);
        let raw = String::from_utf8(letter.message.formatted()).unwrap();
        assert!(raw.contains("Listen to it by telephone"), "{raw}");
    }

    #[test]
    fn a_letter_tells_of_a_message_that_stays_what_becomes_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("1.wav");
        write_wav(&sound);
        let settings = MailSettings { deletes_sent: true, ..row().settings };
        for (state, whereabouts, told) in [
            (MessageState::New, Whereabouts::Letter, "no longer in the mailbox"),
            (MessageState::Saved, Whereabouts::Both, "still in the mailbox"),
        ] {
            let message = MessageRow { state, ..row().message };
            let settings = settings.clone();
            let row = LetterRow { message, settings, locale: Locale::En, ..row() };
            let letter = style(RecordingFormat::Wav).letter(&row, &sound).unwrap();
            assert_eq!(letter.whereabouts, whereabouts);
            let raw = String::from_utf8(letter.message.formatted()).unwrap();
            assert!(raw.contains(told), "{raw}");
        }
    }

    #[test]
    fn a_letter_goes_without_a_sound_that_cannot_be_read() {
        for format in [RecordingFormat::Wav, RecordingFormat::Opus] {
            let letter = style(format).letter(&row(), Path::new("none.wav")).unwrap();
            assert_eq!(letter.whereabouts, Whereabouts::Mailbox);
        }
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
