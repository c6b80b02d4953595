//! What the switch says in words: numbers, dates, money and the like as rows of prompts.
//!
//! A [`Phrase`] says what is meant, a [`Language`] knows the words for it and their order, cases and
//! genders. What comes out are names of prompts; `Sounds` makes one sound of them.

mod calendar;
mod english;
mod russian;

pub use calendar::{ClockTime, Date};

use std::{fmt, time::Duration};

/// What can be said in words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phrase<'a> {
    /// A prompt that stands for itself, by its name without language and extension.
    Prompt(&'a str),
    /// How many: «двадцать один», "twenty-one". Past [`NUMBER_MAX`] its digits one by one.
    Number(u64),
    /// How many of what: «две минуты», "two minutes".
    Count(u64, Noun),
    /// Which place in a queue: «вы третий в очереди», "you are third in the queue".
    Position(u64),
    /// One by one: `+`, `*`, `#` and 0 to 9. What else a telephone number has is passed over, and
    /// so is what is past [`DIGITS_MAX`].
    Digits(&'a str),
    /// Which day: «двадцать шестое ноября».
    Date(Date, Case),
    /// Which time of the day.
    Time(ClockTime),
    /// How long, in whole seconds: «один час две минуты», "one hour two minutes".
    Duration(Duration),
    /// How much, in hundredths: «двадцать один рубль пять копеек».
    Money {
        /// Kopecks or cents.
        hundredths: i64,
        /// Of what.
        currency: Currency,
    },
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Noun {
    Day,
    Hour,
    Minute,
    Second,
    Rouble,
    Kopeck,
    Dollar,
    Euro,
    /// Of a dollar, and of a euro.
    Cent,
    /// Somebody in a conference.
    Party,
    /// In a mailbox, not heard yet.
    NewMessage,
    /// In a mailbox, heard and kept.
    SavedMessage,
}

/// Which case a date stands in, where a language has cases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    /// By itself: «двадцать шестое ноября».
    Nominative,
    /// After «от», «с» or «до», and for when something is: «двадцать шестого ноября».
    Genitive,
}

/// Money that has words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are those of ISO 4217")]
pub enum Currency {
    Rub,
    Usd,
    Eur,
}

/// A language that there are words and prompts in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    #[default]
    Russian,
    English,
}

impl Language {
    /// All, the default first.
    pub const ALL: [Self; 2] = [Self::Russian, Self::English];

    /// As ISO 639 has it, which is also the folder of its prompts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Russian => "ru",
            Self::English => "en",
        }
    }

    /// Reads what [`Self::code`] gives.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }

    /// The prompts that say a phrase, in order, by their names without language and extension.
    pub fn words(self, phrase: &Phrase<'_>) -> Vec<String> {
        let mut words = Words::default();
        match *phrase {
            Phrase::Prompt(name) => words.0.push(name.to_owned()),
            Phrase::Digits(digits) => words.digits(digits),
            Phrase::Number(number) => self.number(number, &mut words),
            Phrase::Count(number, noun) => self.count(number, noun, &mut words),
            Phrase::Position(place @ 1..=ORDINAL_MAX) => {
                words.push("you-are");
                match self {
                    Self::Russian => russian::place(place, &mut words),
                    Self::English => english::ordinal(place, &mut words),
                }
                words.push("in-queue");
            }
            Phrase::Position(place) => {
                words.push("your-position");
                self.number(place, &mut words);
            }
            Phrase::Date(date, case) => match self {
                Self::Russian => russian::say_date(date, case, &mut words),
                Self::English => english::say_date(date, &mut words),
            },
            Phrase::Time(time) => match self {
                Self::Russian => russian::say_time(time, &mut words),
                Self::English => english::say_time(time, &mut words),
            },
            Phrase::Duration(duration) => {
                for (amount, noun) in duration_parts(duration) {
                    self.count(amount, noun, &mut words);
                }
            }
            Phrase::Money { hundredths, currency } => {
                if hundredths < 0 {
                    words.push("minus");
                }
                for (n, (amount, noun)) in money_parts(hundredths, currency).into_iter().enumerate()
                {
                    if n > 0 && self == Self::English {
                        words.push("and");
                    }
                    self.count(amount, noun, &mut words);
                }
            }
        }
        words.0
    }

    fn number(self, number: u64, words: &mut Words) {
        match self {
            Self::Russian => russian::number(number, words),
            Self::English => english::cardinal(number, words),
        }
    }

    fn count(self, number: u64, noun: Noun, words: &mut Words) {
        match self {
            Self::Russian => russian::count(number, noun, words),
            Self::English => english::count(number, noun, words),
        }
    }

    /// Every prompt that any phrase needs but those that stand for themselves.
    pub fn vocabulary(self) -> Vec<String> {
        let mut words = Words::default();
        words.each(["minus", "plus", "star", "hash", "you-are", "your-position", "in-queue"]);
        words.each((0..20).chain((20..100).step_by(10)));
        words.each((1..=12).map(|month| format!("month-{month}")));
        match self {
            Self::Russian => russian::vocabulary(&mut words),
            Self::English => english::vocabulary(&mut words),
        }
        words.0
    }
}

impl Noun {
    const ALL: [Self; 12] = [
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Rouble,
        Self::Kopeck,
        Self::Dollar,
        Self::Euro,
        Self::Cent,
        Self::Party,
        Self::NewMessage,
        Self::SavedMessage,
    ];

    /// As names of prompts begin.
    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Rouble => "rouble",
            Self::Kopeck => "kopeck",
            Self::Dollar => "dollar",
            Self::Euro => "euro",
            Self::Cent => "cent",
            Self::Party => "party",
            Self::NewMessage => "new-message",
            Self::SavedMessage => "saved-message",
        }
    }
}

impl Currency {
    /// The whole, and its hundredth.
    fn nouns(self) -> (Noun, Noun) {
        match self {
            Self::Rub => (Noun::Rouble, Noun::Kopeck),
            Self::Usd => (Noun::Dollar, Noun::Cent),
            Self::Eur => (Noun::Euro, Noun::Cent),
        }
    }
}

/// Prompts in the order in which they are said.
#[derive(Debug, Default)]
struct Words(Vec<String>);

impl Words {
    /// A word, by its name in [`FOLDER`].
    fn push(&mut self, name: impl fmt::Display) {
        self.0.push(format!("{FOLDER}/{name}"));
    }

    fn each<T: fmt::Display>(&mut self, names: impl IntoIterator<Item = T>) {
        names.into_iter().for_each(|it| self.push(it));
    }

    fn digits(&mut self, digits: &str) {
        for digit in digits.chars().take(DIGITS_MAX) {
            match digit {
                '0'..='9' => self.push(digit),
                '+' => self.push("plus"),
                '*' => self.push("star"),
                '#' => self.push("hash"),
                _ => {}
            }
        }
    }
}

/// Days, hours, minutes and seconds, without those that are zero; no time at all is zero seconds.
fn duration_parts(duration: Duration) -> Vec<(u64, Noun)> {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86_400, Noun::Day),
        (seconds / 3600 % 24, Noun::Hour),
        (seconds / 60 % 60, Noun::Minute),
        (seconds % 60, Noun::Second),
    ];
    let said: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).collect();
    if said.is_empty() { vec![(0, Noun::Second)] } else { said }
}

/// Wholes and hundredths, without those that are zero; nothing at all is zero wholes.
fn money_parts(hundredths: i64, currency: Currency) -> Vec<(u64, Noun)> {
    let (whole, hundredth) = currency.nouns();
    let amount = hundredths.unsigned_abs();
    let mut said = Vec::with_capacity(2);
    if amount >= 100 || amount == 0 {
        said.push((amount / 100, whole));
    }
    if !amount.is_multiple_of(100) {
        said.push((amount % 100, hundredth));
    }
    said
}

/// The greatest number that is said as one.
pub const NUMBER_MAX: u64 = 999_999_999_999;
/// Most characters of a row of digits that are said: telephone numbers have 15 digits at most.
pub const DIGITS_MAX: usize = 40;
/// The last place in a queue that is said as an ordinal.
const ORDINAL_MAX: u64 = 999;
/// Folder of the words below that of their language.
const FOLDER: &str = "say";
