//! English, as it is spoken in America: no "and" within numbers, clocks of twelve hours.
//!
//! Prompts: `N` cardinals, `ord-N` ordinals, `NOUN-one` and `-other` as in "minute", "minutes".

use super::{ClockTime, Date, Noun, Words};

/// Adds the prompts that only English has.
pub(super) fn vocabulary(words: &mut Words) {
    words.each(["hundred", "and", "oh", "am", "pm"]);
    words.each(SCALES.map(|(_, name)| name));
    for noun in Noun::ALL {
        words.each(["one", "other"].map(|form| format!("{}-{form}", noun.name())));
    }
    let ordinals = (1..20).chain((20..100).step_by(10)).chain([100]);
    words.each(ordinals.map(|it| format!("ord-{it}")));
}

pub(super) fn count(number: u64, noun: Noun, words: &mut Words) {
    cardinal(number, words);
    let form = if number == 1 { "one" } else { "other" };
    words.push(format_args!("{}-{form}", noun.name()));
}

/// Powers of a thousand.
const SCALES: [(u64, &str); 3] =
    [(1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")];

pub(super) fn cardinal(number: u64, words: &mut Words) {
    if number == 0 {
        words.push(0);
        return;
    }
    if number > super::NUMBER_MAX {
        words.digits(&number.to_string());
        return;
    }
    for (value, name) in SCALES {
        let count = number / value % 1000;
        if count > 0 {
            below_1000(count, words);
            words.push(name);
        }
    }
    below_1000(number % 1000, words);
}

/// Nothing for zero.
fn below_1000(number: u64, words: &mut Words) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        words.push(hundreds);
        words.push("hundred");
    }
    let (tens, units) = if rest < 20 { (0, rest) } else { (rest / 10 * 10, rest % 10) };
    words.each([tens, units].into_iter().filter(|it| *it > 0));
}

/// Of 1 to 999: only the last word is an ordinal, "one hundred twenty-third".
pub(super) fn ordinal(number: u64, words: &mut Words) {
    let last = match number % 100 {
        0 => {
            words.push(number / 100);
            words.push("ord-100");
            return;
        }
        rest @ 1..20 => rest,
        rest if rest.is_multiple_of(10) => rest,
        rest => rest % 10,
    };
    below_1000(number - last, words);
    words.push(format_args!("ord-{last}"));
}

/// "November twenty-sixth, twenty twenty-six".
pub(super) fn say_date(date: Date, words: &mut Words) {
    words.push(format_args!("month-{}", date.month()));
    ordinal(date.day().into(), words);
    let Some(year) = date.year().map(u64::from) else { return };
    match (year / 100, year % 100) {
        (20, 0..10) => cardinal(year, words),
        (century, 0) => {
            below_1000(century, words);
            words.push("hundred");
        }
        (century, rest) => {
            below_1000(century, words);
            two_digits(rest, words);
        }
    }
}

/// "Two oh five p.m."; the full hour has no minutes.
pub(super) fn say_time(time: ClockTime, words: &mut Words) {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    words.push(hour);
    if time.minute() > 0 {
        two_digits(time.minute().into(), words);
    }
    words.push(if time.hour() < 12 { "am" } else { "pm" });
}

/// Of 1 to 99, "oh five" below ten.
fn two_digits(number: u64, words: &mut Words) {
    if number < 10 {
        words.push("oh");
    }
    below_1000(number, words);
}
