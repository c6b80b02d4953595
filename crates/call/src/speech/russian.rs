//! Russian: what is counted decides the gender of one and two, and the number its form.
//!
//! Prompts: `N` masculine, `N-f` feminine and `1-n` neuter cardinals; `ord-N`, `ord-N-n` and `ord-N-g` the masculine
//! and neuter nominative and the genitive of ordinals; `NOUN-one`, `-few` and `-many` as in «минута»,
//! «минуты», «минут».

use super::{Case, ClockTime, Date, Noun, Words};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Gender {
    Masculine,
    Feminine,
    Neuter,
}

/// Which form of an ordinal.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// «Третий».
    Masculine,
    /// «Третье».
    Neuter,
    /// «Третьего».
    Genitive,
}

/// Adds the prompts that only Russian has.
pub(super) fn vocabulary(words: &mut Words) {
    words.each((100..1000).step_by(100));
    words.each(["1-f", "2-f", "1-n", "year"]);
    let nouns = Noun::ALL.into_iter().map(Noun::name).chain(SCALES.map(|it| it.name));
    for noun in nouns {
        words.each(["one", "few", "many"].map(|form| format!("{noun}-{form}")));
    }
    let below_100 = || (1..20).chain((20..100).step_by(10));
    words.each(below_100().chain((100..1000).step_by(100)).map(|it| format!("ord-{it}")));
    words.each((1..=20).chain([30]).map(|it| format!("ord-{it}-n")));
    words.each(below_100().chain([900, 2000]).map(|it| format!("ord-{it}-g")));
}

/// «Двадцать одна минута».
pub(super) fn count(number: u64, noun: Noun, words: &mut Words) {
    cardinal(number, gender(noun), words);
    words.push(format_args!("{}-{}", noun.name(), plural(number)));
}

fn gender(noun: Noun) -> Gender {
    match noun {
        Noun::Minute | Noun::Second | Noun::Kopeck => Gender::Feminine,
        Noun::NewMessage | Noun::SavedMessage => Gender::Neuter,
        Noun::Day
        | Noun::Hour
        | Noun::Rouble
        | Noun::Dollar
        | Noun::Euro
        | Noun::Cent
        | Noun::Party => Gender::Masculine,
    }
}

/// The form of a noun behind a number: 1, 21, 101 one; 2 to 4, 22 few; the others many.
fn plural(number: u64) -> &'static str {
    match (number % 100, number % 10) {
        (11..=14, _) => "many",
        (_, 1) => "one",
        (_, 2..=4) => "few",
        (_, _) => "many",
    }
}

/// A power of a thousand.
struct Scale {
    value: u64,
    name: &'static str,
    gender: Gender,
}

const SCALES: [Scale; 3] = [
    Scale { value: 1_000_000_000, name: "billion", gender: Gender::Masculine },
    Scale { value: 1_000_000, name: "million", gender: Gender::Masculine },
    Scale { value: 1_000, name: "thousand", gender: Gender::Feminine },
];

/// «Двадцать один», with nothing counted.
pub(super) fn number(number: u64, words: &mut Words) {
    cardinal(number, Gender::Masculine, words);
}

/// «Двадцать первый».
pub(super) fn place(place: u64, words: &mut Words) {
    ordinal(place, Form::Masculine, words);
}

fn cardinal(number: u64, gender: Gender, words: &mut Words) {
    if number == 0 {
        words.push(0);
        return;
    }
    if number > super::NUMBER_MAX {
        words.digits(&number.to_string());
        return;
    }
    for scale in SCALES {
        let count = number / scale.value % 1000;
        if count > 0 {
            below_1000(count, scale.gender, words);
            words.push(format_args!("{}-{}", scale.name, plural(count)));
        }
    }
    below_1000(number % 1000, gender, words);
}

/// Nothing for zero.
fn below_1000(number: u64, gender: Gender, words: &mut Words) {
    let (hundreds, rest) = (number / 100 * 100, number % 100);
    let (tens, units) = if rest < 20 { (0, rest) } else { (rest / 10 * 10, rest % 10) };
    words.each([hundreds, tens].into_iter().filter(|it| *it > 0));
    match (units, gender) {
        (0, _) => {}
        (1 | 2, Gender::Feminine) => words.push(format_args!("{units}-f")),
        (1, Gender::Neuter) => words.push("1-n"),
        (_, _) => words.push(units),
    }
}

/// Of 1 to 999: only the last word is an ordinal, «сто двадцать третий».
fn ordinal(number: u64, form: Form, words: &mut Words) {
    let last = match number % 100 {
        0 => number,
        rest @ 1..20 => rest,
        rest if rest.is_multiple_of(10) => rest,
        rest => rest % 10,
    };
    below_1000(number - last, Gender::Masculine, words);
    match form {
        Form::Masculine => words.push(format_args!("ord-{last}")),
        Form::Neuter => words.push(format_args!("ord-{last}-n")),
        Form::Genitive => words.push(format_args!("ord-{last}-g")),
    }
}

/// «Двадцать шестое ноября две тысячи двадцать шестого года».
pub(super) fn say_date(date: Date, case: Case, words: &mut Words) {
    let form = match case {
        Case::Nominative => Form::Neuter,
        Case::Genitive => Form::Genitive,
    };
    ordinal(date.day().into(), form, words);
    words.push(format_args!("month-{}", date.month()));
    let Some(year) = date.year() else { return };
    match year {
        2000 => words.push("ord-2000-g"),
        2001.. => words.each(["2-f", "thousand-few"]),
        _ => words.push("thousand-one"),
    }
    if year != 2000 {
        ordinal(u64::from(year) % 1000, Form::Genitive, words);
    }
    words.push("year");
}

/// «Четырнадцать часов пять минут»; the full hour has no minutes.
pub(super) fn say_time(time: ClockTime, words: &mut Words) {
    count(time.hour().into(), Noun::Hour, words);
    if time.minute() > 0 {
        count(time.minute().into(), Noun::Minute, words);
    }
}
