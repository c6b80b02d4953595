//! What a shard is told once, and what it knows of the world outside.

use crate::{
    conversations::Conversations,
    dialplan::{Plans, Speech, Spoken},
    directory::{Contact, Directory, Extension, Locator},
    occupancy::Occupancy,
    outbound::OutboundUse,
    parking::Parking,
    queues::Queues,
    recents::Recents,
    rooms::Rooms,
    speech::{Case, Currency, Language, Phrase},
    trunks::TrunkStates,
};
use media::{
    Family,
    progress::ProgressTones,
    sound::{Music, Sound},
};
use sip::{Replaces, auth::AuthPolicy, endpoint::EndpointConfig};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// What a shard is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Number of the shard.
    pub shard: u8,
    /// How many shards there are, this one included.
    pub shards: u8,
    /// How many media workers there are.
    pub media_workers: u8,
    /// Address families in which media ports exist, the preferred one first.
    pub families: Vec<Family>,
    /// How many port pairs of a family are kept leased from each worker: enough for the calls that
    /// may begin until the worker has answered, and a small part of what it has for all shards.
    pub lease_batch: u16,
    /// Most calls at a time on this shard; past it new ones get 503.
    pub calls_max: usize,
    /// Longest call, from the answer on.
    pub call_duration_max: Duration,
    /// How long a callee rings whose extension says nothing else, and a trunk.
    pub ring_timeout: Duration,
    /// No RTP for this long ends a call; `None` never.
    pub rtp_timeout: Option<Duration>,
    /// Whether those who are recorded hear a tone that tells them so.
    pub has_recording_tone: bool,
    /// Whether two go on talking when the third leaves who brought them together, or asked the one about
    /// the other; else the call ends.
    pub others_stay: bool,
    /// Longest message for a mailbox.
    pub message_max: Duration,
    /// What is shorter is no message.
    pub message_min: Duration,
    /// Marks of calls that went on are made with it; the same on all shards, secret.
    pub loop_secret: u64,
    /// What Retry-After says in a 503, in seconds.
    pub retry_after_s: u32,
    /// How strict challenges are.
    pub auth: AuthPolicy,
    /// The SIP endpoint's own.
    pub endpoint: EndpointConfig,
}

impl Settings {
    /// Whether somebody names a dialog of another shard, whose calls cannot be joined with ours.
    pub(crate) fn is_of_other_shard(&self, replaces: &Replaces) -> bool {
        replaces.shard().is_some_and(|it| it != self.shard && it < self.shards)
    }
}

/// What is known about the world outside: replaced, never changed in place.
#[derive(Debug)]
pub struct World {
    /// Who exists.
    pub directory: Arc<Directory>,
    /// Where numbers lead.
    pub plans: Arc<Plans>,
    /// What can be played.
    pub sounds: Arc<Sounds>,
    /// Where extensions are.
    pub locator: Box<dyn Locator>,
    /// Who is in how many calls, on all shards together.
    pub occupancy: Occupancy,
    /// How much is called through trunks, on all shards together.
    pub outbound_use: OutboundUse,
    /// Who is in which conference, on all shards together.
    pub rooms: Rooms,
    /// Who talks with whom, on all shards together.
    pub conversations: Conversations,
    /// Who is parked where, on all shards together.
    pub parking: Parking,
    /// Who waits in which queue, on all shards together.
    pub queues: Queues,
    /// Whom extensions called last, and who called them, on all shards together.
    pub recents: Recents,
    /// How the trunks stand, for all shards; one of them says so.
    pub trunks: TrunkStates,
}

impl World {
    /// The devices of an extension, each with the extension whose phone it is: its own, and where it is
    /// signed in.
    pub(crate) fn contacts_of<'a>(
        &'a self,
        extension: &'a Extension,
    ) -> Vec<(&'a Extension, Contact)> {
        let contacts = |phone: &'a Extension| {
            let contacts = self.locator.contacts(phone.domain, &phone.number);
            contacts.into_iter().map(move |it| (phone, it))
        };
        self.directory.phones_of(extension).flat_map(contacts).collect()
    }
}

/// What can be played.
#[derive(Clone, Debug, Default)]
pub struct Sounds {
    /// Prompts by file name.
    pub prompts: HashMap<String, Sound>,
    /// Hold music by name.
    pub music: HashMap<String, Arc<Music>>,
    /// What a party on hold hears; `None` for what the holder's device sends, if anything.
    pub hold: Option<Arc<Music>>,
    /// How calls go, in tones.
    pub tones: ProgressTones,
}

impl Sounds {
    /// What whoever is put on hold hears: the music of that name if there is one, and else what
    /// everybody hears.
    pub(crate) fn hold_music(&self, name: Option<&str>) -> Option<Arc<Music>> {
        let own = name.and_then(|name| self.music.get(name));
        own.or(self.hold.as_ref()).cloned()
    }

    /// What a plan has said to a caller; `None` if that is nothing. A prompt that is not there is left
    /// out.
    pub(crate) fn speech(&self, speech: &Speech) -> Option<Sound> {
        let of = |it: &Spoken| match it {
            Spoken::File(name) => self.prompts.get(name).cloned(),
            Spoken::Prompt(name) => Some(self.say(speech.language, &[Phrase::Prompt(name)])),
            Spoken::Number(number) => Some(self.say(speech.language, &[Phrase::Number(*number)])),
            Spoken::Digits(digits) => Some(self.say(speech.language, &[Phrase::Digits(digits)])),
            Spoken::Money(hundredths) => {
                let (hundredths, currency) = (*hundredths, Currency::Rub);
                Some(self.say(speech.language, &[Phrase::Money { hundredths, currency }]))
            }
            Spoken::Duration(seconds) => {
                let duration = Duration::from_secs(*seconds);
                Some(self.say(speech.language, &[Phrase::Duration(duration)]))
            }
            Spoken::Date(date) => {
                Some(self.say(speech.language, &[Phrase::Date(*date, Case::Nominative)]))
            }
            Spoken::Time(time) => Some(self.say(speech.language, &[Phrase::Time(*time)])),
        };
        let sounds: Vec<_> = speech.words.iter().filter_map(of).collect();
        Sound::joined(&sounds.iter().collect::<Vec<_>>())
    }

    /// Says one thing after the other; all of it in another language if this one lacks a prompt for
    /// it, and with a beep if every language does.
    pub(crate) fn say(&self, language: Language, phrases: &[Phrase<'_>]) -> Sound {
        let mut languages = [language].into_iter().chain(Language::ALL);
        languages.find_map(|it| self.say_in(it, phrases)).unwrap_or_else(Sound::beep)
    }

    /// Files of the words that are not there: what needs one is said in another language.
    pub fn missing_words(&self) -> Vec<String> {
        let files =
            |it: Language| it.vocabulary().into_iter().map(move |word| prompt_file(it, &word));
        let all = Language::ALL.into_iter().flat_map(files);
        all.filter(|it| !self.prompts.contains_key(it)).collect()
    }

    fn say_in(&self, language: Language, phrases: &[Phrase<'_>]) -> Option<Sound> {
        let words = phrases.iter().flat_map(|it| language.words(it));
        let found = words.map(|it| self.prompts.get(&prompt_file(language, &it)));
        Sound::joined(&found.collect::<Option<Vec<_>>>()?)
    }
}

/// Name of a prompt's file below the folder of sounds.
pub(crate) fn prompt_file(language: Language, name: &str) -> String {
    format!("{}/{name}.wav", language.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Noun;
    use media::codec::Rate;

    #[test]
    fn what_a_language_lacks_a_word_for_is_said_in_the_other_and_else_beeps() {
        let mut sounds = Sounds::default();
        let words =
            [("ru/say/2", 1), ("ru/say/party-few", 2), ("en/say/2", 3), ("en/say/party-other", 4)];
        for (name, sample) in words {
            let sound = Sound::new(Rate::Narrow, vec![sample]);
            sounds.prompts.insert(format!("{name}.wav"), sound);
        }
        let two = [Phrase::Count(2, Noun::Party)];
        let said =
            |sounds: &Sounds| Language::ALL.map(|it| sounds.say(it, &two).samples().to_vec());

        assert_eq!(said(&sounds), [vec![1, 2], vec![3, 4]]);
        sounds.prompts.remove("ru/say/2.wav");
        assert_eq!(said(&sounds), [vec![3, 4], vec![3, 4]]);
        sounds.prompts.remove("en/say/2.wav");
        assert_eq!(said(&sounds), [Sound::beep().samples(), Sound::beep().samples()]);

        let missing = sounds.missing_words();
        assert!(missing.contains(&"ru/say/2.wav".to_owned()), "{missing:?}");
        assert!(!missing.contains(&"ru/say/party-few.wav".to_owned()), "{missing:?}");
    }
}
