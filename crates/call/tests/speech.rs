//! What is said in words, compared with how people say it. The text of each prompt is read from the
//! script that makes them.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use base::Rng;
use call::speech::{Case, ClockTime, Currency, Date, Language, NUMBER_MAX, Noun, Phrase};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[test]
fn russian_numbers_take_the_gender_and_form_of_what_is_counted() {
    let says = Spoken::in_language(Language::Russian);
    for (number, expected) in [
        (0, "ноль"),
        (1, "один"),
        (2, "два"),
        (11, "одиннадцать"),
        (19, "девятнадцать"),
        (20, "двадцать"),
        (21, "двадцать один"),
        (40, "сорок"),
        (90, "девяносто"),
        (100, "сто"),
        (101, "сто один"),
        (212, "двести двенадцать"),
        (999, "девятьсот девяносто девять"),
        (1_000, "одна тысяча"),
        (2_001, "две тысячи один"),
        (5_011, "пять тысяч одиннадцать"),
        (12_000, "двенадцать тысяч"),
        (21_000, "двадцать одна тысяча"),
        (22_222, "двадцать две тысячи двести двадцать два"),
        (112_000, "сто двенадцать тысяч"),
        (1_000_000, "один миллион"),
        (2_000_001, "два миллиона один"),
        (5_100_000, "пять миллионов сто тысяч"),
        (1_002_003_004, "один миллиард два миллиона три тысячи четыре"),
        (
            999_999_999_999,
            "девятьсот девяносто девять миллиардов девятьсот девяносто девять миллионов девятьсот \
             девяносто девять тысяч девятьсот девяносто девять",
        ),
        (NUMBER_MAX + 1, "один ноль ноль ноль ноль ноль ноль ноль ноль ноль ноль ноль ноль"),
    ] {
        says.this(&Phrase::Number(number), expected);
    }
    for (number, noun, expected) in [
        (0, Noun::Minute, "ноль минут"),
        (1, Noun::Minute, "одна минута"),
        (2, Noun::Minute, "две минуты"),
        (4, Noun::Minute, "четыре минуты"),
        (5, Noun::Minute, "пять минут"),
        (11, Noun::Minute, "одиннадцать минут"),
        (12, Noun::Second, "двенадцать секунд"),
        (14, Noun::Hour, "четырнадцать часов"),
        (21, Noun::Rouble, "двадцать один рубль"),
        (22, Noun::Kopeck, "двадцать две копейки"),
        (31, Noun::Kopeck, "тридцать одна копейка"),
        (61, Noun::Second, "шестьдесят одна секунда"),
        (111, Noun::Day, "сто одиннадцать дней"),
        (121, Noun::Day, "сто двадцать один день"),
        (103, Noun::Party, "сто три участника"),
        (1, Noun::NewMessage, "одно новое сообщение"),
        (2, Noun::NewMessage, "два новых сообщения"),
        (21, Noun::SavedMessage, "двадцать одно сохранённое сообщение"),
        (5, Noun::SavedMessage, "пять сохранённых сообщений"),
        (1_000, Noun::Rouble, "одна тысяча рублей"),
        (1_002, Noun::Second, "одна тысяча две секунды"),
        (2_021, Noun::Euro, "две тысячи двадцать один евро"),
        (1_000_000, Noun::Dollar, "один миллион долларов"),
    ] {
        says.this(&Phrase::Count(number, noun), expected);
    }
}

#[test]
fn russian_dates_places_times_and_money() {
    let says = Spoken::in_language(Language::Russian);
    for (place, expected) in [
        (1, "вы первый в очереди"),
        (3, "вы третий в очереди"),
        (12, "вы двенадцатый в очереди"),
        (20, "вы двадцатый в очереди"),
        (47, "вы сорок седьмой в очереди"),
        (100, "вы сотый в очереди"),
        (113, "вы сто тринадцатый в очереди"),
        (990, "вы девятьсот девяностый в очереди"),
        (0, "ваш номер в очереди ноль"),
        (1_001, "ваш номер в очереди одна тысяча один"),
    ] {
        says.this(&Phrase::Position(place), expected);
    }
    for (date, case, expected) in [
        (date(26, 11, None), Case::Nominative, "двадцать шестое ноября"),
        (date(26, 11, None), Case::Genitive, "двадцать шестого ноября"),
        (date(3, 3, None), Case::Nominative, "третье марта"),
        (date(30, 5, None), Case::Nominative, "тридцатое мая"),
        (date(31, 12, None), Case::Genitive, "тридцать первого декабря"),
        (
            date(26, 11, Some(2026)),
            Case::Nominative,
            "двадцать шестое ноября две тысячи двадцать шестого года",
        ),
        (date(1, 1, Some(2000)), Case::Genitive, "первого января двухтысячного года"),
        (date(9, 8, Some(2005)), Case::Genitive, "девятого августа две тысячи пятого года"),
        (date(2, 2, Some(2040)), Case::Nominative, "второе февраля две тысячи сорокового года"),
        (
            date(12, 4, Some(1961)),
            Case::Nominative,
            "двенадцатое апреля тысяча девятьсот шестьдесят первого года",
        ),
        (date(10, 7, Some(1900)), Case::Nominative, "десятое июля тысяча девятисотого года"),
    ] {
        says.this(&Phrase::Date(date, case), expected);
    }
    for ((hour, minute), expected) in [
        ((0, 0), "ноль часов"),
        ((1, 1), "один час одна минута"),
        ((14, 32), "четырнадцать часов тридцать две минуты"),
        ((21, 0), "двадцать один час"),
        ((23, 59), "двадцать три часа пятьдесят девять минут"),
    ] {
        says.this(&Phrase::Time(ClockTime::new(hour, minute).unwrap()), expected);
    }
    for (seconds, expected) in [
        (0, "ноль секунд"),
        (1, "одна секунда"),
        (120, "две минуты"),
        (3_721, "один час две минуты одна секунда"),
        (90_000, "один день один час"),
    ] {
        says.this(&Phrase::Duration(Duration::from_secs(seconds)), expected);
    }
    for (hundredths, currency, expected) in [
        (0, Currency::Rub, "ноль рублей"),
        (100, Currency::Rub, "один рубль"),
        (2_105, Currency::Rub, "двадцать один рубль пять копеек"),
        (-4_201, Currency::Rub, "минус сорок два рубля одна копейка"),
        (2, Currency::Rub, "две копейки"),
        (200_003, Currency::Usd, "две тысячи долларов три цента"),
        (1_100, Currency::Eur, "одиннадцать евро"),
    ] {
        says.this(&Phrase::Money { hundredths, currency }, expected);
    }
    says.this(
        &Phrase::Digits("+7 (495) 12-00*#"),
        "плюс семь четыре девять пять один два ноль ноль звёздочка решётка",
    );
}

#[test]
fn english_words() {
    let says = Spoken::in_language(Language::English);
    for (number, expected) in [
        (0, "zero"),
        (13, "thirteen"),
        (21, "twenty one"),
        (100, "one hundred"),
        (219, "two hundred nineteen"),
        (1_000, "one thousand"),
        (40_050, "forty thousand fifty"),
        (1_000_001, "one million one"),
        (3_000_000_200, "three billion two hundred"),
    ] {
        says.this(&Phrase::Number(number), expected);
    }
    for (number, noun, expected) in [
        (1, Noun::Minute, "one minute"),
        (21, Noun::Minute, "twenty one minutes"),
        (0, Noun::Second, "zero seconds"),
        (2, Noun::Party, "two participants"),
        (1, Noun::NewMessage, "one new message"),
        (3, Noun::SavedMessage, "three saved messages"),
    ] {
        says.this(&Phrase::Count(number, noun), expected);
    }
    for (place, expected) in [
        (3, "you are third in the queue"),
        (20, "you are twentieth in the queue"),
        (42, "you are forty second in the queue"),
        (100, "you are one hundredth in the queue"),
        (112, "you are one hundred twelfth in the queue"),
        (1_000, "your position in the queue is one thousand"),
    ] {
        says.this(&Phrase::Position(place), expected);
    }
    for (date, expected) in [
        (date(26, 11, None), "November twenty sixth"),
        (date(26, 11, Some(2026)), "November twenty sixth twenty twenty six"),
        (date(1, 1, Some(2000)), "January first two thousand"),
        (date(9, 8, Some(2005)), "August ninth two thousand five"),
        (date(30, 6, Some(1905)), "June thirtieth nineteen oh five"),
        (date(12, 3, Some(1900)), "March twelfth nineteen hundred"),
    ] {
        says.this(&Phrase::Date(date, Case::Genitive), expected);
    }
    for ((hour, minute), expected) in [
        ((0, 0), "twelve A M"),
        ((9, 5), "nine oh five A M"),
        ((12, 30), "twelve thirty P M"),
        ((23, 59), "eleven fifty nine P M"),
    ] {
        says.this(&Phrase::Time(ClockTime::new(hour, minute).unwrap()), expected);
    }
    says.this(&Phrase::Duration(Duration::from_secs(3_660)), "one hour one minute");
    let money = Phrase::Money { hundredths: -2_101, currency: Currency::Usd };
    says.this(&money, "minus twenty one dollars and one cent");
    says.this(&Phrase::Digits("+1 0#x"), "plus one zero pound");
}

#[test]
fn every_number_is_said_in_prompts_that_exist_and_means_itself() {
    let mut rng = Rng::from_number(4);
    let some = (0..100_000).map(|_| {
        let digits = rng.below(12) as u32 + 1;
        rng.below(10_u64.pow(digits))
    });
    let numbers: Vec<_> = (0..=30_000).chain(some).chain([NUMBER_MAX]).collect();
    for language in Language::ALL {
        let made = made(language);
        for number in &numbers {
            let words = language.words(&Phrase::Number(*number));
            assert!(words.iter().all(|it| made.contains(it)), "{number}: {words:?}");
            assert_eq!(value(&words), *number, "{words:?}");
        }
    }
}

#[test]
fn a_russian_noun_agrees_with_the_last_word_of_its_number() {
    for number in 0..=30_000 {
        for noun in [Noun::Minute, Noun::Rouble] {
            let words = Language::Russian.words(&Phrase::Count(number, noun));
            for pair in words.windows(2) {
                let last = pair[0].trim_start_matches("say/");
                let Some((noun, form)) = pair[1].trim_start_matches("say/").rsplit_once('-') else {
                    continue;
                };
                if form == "f" {
                    continue;
                }
                let expected = match last.trim_end_matches("-f") {
                    "1" => "one",
                    "2" | "3" | "4" => "few",
                    _ => "many",
                };
                assert_eq!(form, expected, "{words:?}");
                let is_feminine = ["thousand", "minute"].contains(&noun);
                let agrees = match last {
                    "1" | "2" => !is_feminine,
                    "1-f" | "2-f" => is_feminine,
                    _ => true,
                };
                assert!(agrees, "{words:?}");
            }
        }
    }
}

#[test]
fn all_phrases_need_what_the_vocabulary_has_and_the_folders_hold_that_and_no_more() {
    for language in Language::ALL {
        let vocabulary: BTreeSet<_> = language.vocabulary().into_iter().collect();
        assert_eq!(vocabulary, made(language), "run scripts/make-sounds.sh say/");

        let mut needed = BTreeSet::new();
        let mut need = |phrase: Phrase<'_>| needed.extend(language.words(&phrase));
        for number in 0..2_500 {
            need(Phrase::Number(number));
            need(Phrase::Position(number));
            for unit in [1_000, 1_000_000, 1_000_000_000] {
                need(Phrase::Number(number.min(5) * unit));
            }
        }
        let nouns = [
            Noun::Party,
            Noun::Day,
            Noun::Hour,
            Noun::Minute,
            Noun::Second,
            Noun::NewMessage,
            Noun::SavedMessage,
        ];
        for (noun, number) in nouns.iter().flat_map(|noun| (0..30).map(move |it| (noun, it))) {
            need(Phrase::Count(number, *noun));
        }
        for hundredths in -100..3_000 {
            for currency in [Currency::Rub, Currency::Usd, Currency::Eur] {
                need(Phrase::Money { hundredths, currency });
            }
        }
        for year in [None].into_iter().chain((1900..=2099).map(Some)) {
            for (day, month) in (1..=31).flat_map(|day| (1..=12).map(move |month| (day, month))) {
                let Some(date) = Date::new(day, month, year) else { continue };
                need(Phrase::Date(date, Case::Nominative));
                need(Phrase::Date(date, Case::Genitive));
            }
        }
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            need(Phrase::Time(ClockTime::new(hour, minute).unwrap()));
        }
        need(Phrase::Digits("+*#"));
        assert_eq!(needed, vocabulary);
    }
}

#[test]
fn a_row_of_digits_is_said_to_its_fortieth_character() {
    let long = "1".repeat(1000);
    assert_eq!(Language::Russian.words(&Phrase::Digits(&long)).len(), 40);
}

/// What prompts say, by name.
struct Spoken {
    language: Language,
    texts: HashMap<String, String>,
}

impl Spoken {
    fn in_language(language: Language) -> Self {
        Self { language, texts: texts(language) }
    }

    #[track_caller]
    fn this(&self, phrase: &Phrase<'_>, expected: &str) {
        let words = self.language.words(phrase);
        let texts: Vec<_> = words.iter().map(|it| self.texts[it].as_str()).collect();
        assert_eq!(texts.join(" "), expected);
    }
}

/// The number that words say.
fn value(words: &[String]) -> u64 {
    let (mut whole, mut group) = (0, 0);
    for word in words {
        let word = word.trim_start_matches("say/");
        let scale = match word.split('-').next().unwrap() {
            "thousand" => 1_000,
            "million" => 1_000_000,
            "billion" => 1_000_000_000,
            "hundred" => {
                group *= 100;
                continue;
            }
            number => {
                group += number.parse::<u64>().unwrap();
                continue;
            }
        };
        whole += group * scale;
        group = 0;
    }
    whole + group
}

/// The words for which there are prompts, as phrases name them.
fn made(language: Language) -> BTreeSet<String> {
    let files = fs::read_dir(repository("sounds").join(language.code()).join("say")).unwrap();
    let name = |path: PathBuf| format!("say/{}", path.file_stem().unwrap().to_str().unwrap());
    files.map(|it| name(it.unwrap().path())).collect()
}

/// What the script has each prompt of a language say.
fn texts(language: Language) -> HashMap<String, String> {
    let script = fs::read_to_string(repository("scripts/make-sounds.sh")).unwrap();
    let mut texts = HashMap::new();
    for line in script.replace("\\\n", " ").lines() {
        let arguments = arguments(line);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match (language, arguments.as_slice()) {
            (Language::Russian, ["words", "russian", prefix, suffix, pairs @ ..])
            | (Language::English, ["words", "english", prefix, suffix, pairs @ ..]) => {
                for pair in pairs {
                    let (name, text) = pair.split_once('=').unwrap_or((pair, pair));
                    texts.insert(format!("say/{prefix}{name}{suffix}"), text.to_owned());
                }
            }
            (Language::Russian, ["nouns_ru", name, forms @ ..]) => {
                for (form, text) in ["one", "few", "many"].iter().zip(forms) {
                    texts.insert(format!("say/{name}-{form}"), (*text).to_owned());
                }
            }
            (Language::English, ["nouns_en", name, forms @ ..]) => {
                for (form, text) in ["one", "other"].iter().zip(forms) {
                    texts.insert(format!("say/{name}-{form}"), (*text).to_owned());
                }
            }
            (_, _) => {}
        }
    }
    texts
}

/// The arguments of a line of shell that has no quotes but single ones.
fn arguments(line: &str) -> Vec<String> {
    let (mut arguments, mut argument, mut is_quoted) = (Vec::new(), None::<String>, false);
    for character in line.chars() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                argument.get_or_insert_default();
            }
            ' ' if !is_quoted => arguments.extend(argument.take()),
            other => argument.get_or_insert_default().push(other),
        }
    }
    arguments.extend(argument);
    arguments
}

fn date(day: u8, month: u8, year: Option<u16>) -> Date {
    Date::new(day, month, year).unwrap()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
