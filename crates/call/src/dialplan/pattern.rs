//! Number patterns.

use super::{
    braces::{Piece, pieces},
    mistake::NumberMistake,
    number::{NUMBER_BYTES_MAX, is_dialled, is_separator},
};
use std::fmt;

/// A pattern that whole numbers match. Digits, letters, `+`, `*` and `#` stand for themselves;
/// `{…}` captures:
///
/// | | |
/// |---|---|
/// | `{rest}` | one or more digits |
/// | `{rest:4}`, `{rest:2..8}`, `{rest:3..}` | so many digits |
/// | `{desk=1001-1018}` | a number of that range, with as many digits as its ends |
/// | `{name...}` | one or more of anything, up to the end |
///
/// A pattern that is nothing but `1001-1018` is that range without a name. Captures of no fixed
/// length end at the end or before a character that is no digit, so that there is always only one
/// way to match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// What named parts of a pattern stood for.
pub(super) type Captures<'p, 'n> = Vec<(&'p str, &'n str)>;

#[derive(Clone, Debug, Eq, PartialEq)]
struct Part {
    /// Empty if nothing refers to it.
    name: String,
    shape: Shape,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Shape {
    Literal(String),
    Digits { min: usize, max: usize },
    Range { first: u64, last: u64, width: usize },
    Rest,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, NumberMistake> {
        let parts = match range(text) {
            Some(range) => vec![Part { name: String::new(), shape: range? }],
            None => parts(text)?,
        };
        check_lengths(&parts)?;
        check_names(&parts)?;
        check_separators(&parts)?;
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Matches a whole number.
    pub(super) fn matches<'p, 'n>(&'p self, number: &'n str) -> Option<Captures<'p, 'n>> {
        let mut captures = Vec::new();
        let mut rest = number;
        for part in &self.parts {
            let (matched, after) = rest.split_at(part.shape.length_in(rest)?);
            if !part.name.is_empty() {
                captures.push((part.name.as_str(), matched));
            }
            rest = after;
        }
        rest.is_empty().then_some(captures)
    }

    /// Whether this pattern captures something under the name.
    pub(super) fn has_capture(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    /// Names of what it captures.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|it| it.name.as_str()).filter(|it| !it.is_empty())
    }

    /// Whether every number that `other` matches is matched by this as well. Says no when it
    /// cannot tell.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let same = self.parts.iter().zip(&other.parts).take_while(|(a, b)| a.shape == b.shape);
        let same = same.count();
        match (&self.parts[same..], &other.parts[same..]) {
            ([], []) => true,
            ([mine], [theirs]) => mine.shape.covers(&theirs.shape),
            ([mine], [_, ..]) if mine.shape == Shape::Rest => true,
            (_, _) => other.literal().is_some_and(|number| self.matches(number).is_some()),
        }
    }

    /// The one number that this matches.
    fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part { shape: Shape::Literal(text), .. }] => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Shape {
    /// How many bytes at the start of `text` this takes.
    fn length_in(&self, text: &str) -> Option<usize> {
        let digits = || text.bytes().take_while(u8::is_ascii_digit).count();
        match self {
            Self::Literal(literal) => text.starts_with(literal.as_str()).then_some(literal.len()),
            Self::Digits { min, max } => {
                let length = digits().min(*max);
                (length >= *min).then_some(length)
            }
            Self::Range { first, last, width } => {
                let number = text.get(..*width).filter(|_| digits() >= *width)?;
                (*first..=*last).contains(&number.parse().ok()?).then_some(*width)
            }
            Self::Rest => (!text.is_empty()).then_some(text.len()),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rest, _) => true,
            (_, Self::Literal(number)) => self.length_in(number) == Some(number.len()),
            (Self::Digits { min, max }, Self::Digits { min: least, max: most }) => {
                min <= least && most <= max
            }
            (Self::Digits { min, max }, Self::Range { width, .. }) => (min..=max).contains(&width),
            (
                Self::Range { first, last, width },
                Self::Range { first: from, last: to, width: digits },
            ) => width == digits && first <= from && to <= last,
            (Self::Range { .. }, Self::Digits { .. }) => false,
            (Self::Literal(_), Self::Digits { .. } | Self::Range { .. }) => false,
            (Self::Literal(_) | Self::Digits { .. } | Self::Range { .. }, Self::Rest) => false,
        }
    }

    fn has_fixed_length(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Range { .. } => true,
            Self::Digits { min, max } => min == max,
            Self::Rest => false,
        }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, NumberMistake> {
    let part = |piece| match piece {
        Piece::Braced(inside) => capture(inside),
        Piece::Literal(text) => {
            Ok(Part { name: String::new(), shape: Shape::Literal(text.to_owned()) })
        }
    };
    pieces(text)?.into_iter().map(part).collect()
}

/// Reads what stands between braces.
fn capture(inside: &str) -> Result<Part, NumberMistake> {
    let (name, shape) = if let Some(name) = inside.strip_suffix("...") {
        (name, Shape::Rest)
    } else if let Some((name, ends)) = inside.split_once('=') {
        let shape = range(ends).ok_or_else(|| NumberMistake::NoRange(ends.to_owned()))?;
        (name, shape?)
    } else if let Some((name, counts)) = inside.split_once(':') {
        (name, digits(counts)?)
    } else {
        (inside, Shape::Digits { min: 1, max: NUMBER_BYTES_MAX })
    };
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_name) {
        return Err(NumberMistake::CaptureName(inside.to_owned()));
    }
    Ok(Part { name: name.to_owned(), shape })
}

/// Reads `4`, `2..8` or `3..`.
fn digits(counts: &str) -> Result<Shape, NumberMistake> {
    let count = |text: &str| text.parse::<usize>().ok();
    let bounds = match counts.split_once("..") {
        None => count(counts).map(|exact| (exact, exact)),
        Some((min, "")) => count(min).map(|min| (min, NUMBER_BYTES_MAX)),
        Some((min, max)) => count(min).zip(count(max)),
    };
    match bounds {
        Some((min, max)) if 1 <= min && min <= max && max <= NUMBER_BYTES_MAX => {
            Ok(Shape::Digits { min, max })
        }
        _ => Err(NumberMistake::NoCount(counts.to_owned())),
    }
}

/// Reads `1001-1018`; `None` if it is nothing of the kind.
fn range(text: &str) -> Option<Result<Shape, NumberMistake>> {
    let (first, last) = text.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return None;
    }
    let width = first.len();
    Some(match (first.parse(), last.parse()) {
        (Ok(first), Ok(to)) if width == last.len() && first <= to => {
            Ok(Shape::Range { first, last: to, width })
        }
        _ => Err(NumberMistake::RangeEnds(text.to_owned())),
    })
}

fn check_lengths(parts: &[Part]) -> Result<(), NumberMistake> {
    for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
        let can_tell = match (&part.shape, &next.shape) {
            (Shape::Rest, _) => false,
            (Shape::Digits { .. }, Shape::Literal(text)) => {
                part.shape.has_fixed_length() || !text.starts_with(|c: char| c.is_ascii_digit())
            }
            (shape, _) => shape.has_fixed_length(),
        };
        if !can_tell {
            return Err(NumberMistake::Endless(part.name.clone()));
        }
    }
    Ok(())
}

fn check_names(parts: &[Part]) -> Result<(), NumberMistake> {
    for (index, Part { name, .. }) in parts.iter().enumerate() {
        if name == super::template::NUMBER {
            return Err(NumberMistake::ReservedName);
        }
        if !name.is_empty() && parts[..index].iter().any(|earlier| earlier.name == *name) {
            return Err(NumberMistake::Twice(name.clone()));
        }
    }
    Ok(())
}

/// Telephone numbers are compared without separators, so a pattern with some would never match.
fn check_separators(parts: &[Part]) -> Result<(), NumberMistake> {
    let literals = || {
        parts.iter().filter_map(|part| match &part.shape {
            Shape::Literal(text) => Some(text),
            Shape::Digits { .. } | Shape::Range { .. } | Shape::Rest => None,
        })
    };
    let mut characters = literals().flat_map(|text| text.chars());
    let is_telephone_number = characters.all(|c| is_dialled(c) || is_separator(c));
    match literals().flat_map(|text| text.chars()).find(|c| is_separator(*c)) {
        Some(separator) if is_telephone_number => Err(NumberMistake::Separator(separator)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_matches_as_a_whole() {
        assert_eq!(captured("9196", "9196"), Some(vec![]));
        assert_eq!(captured("9196", "91961"), None);
        assert_eq!(captured("9196", "919"), None);
        assert_eq!(captured("ivan.petrov", "ivan.petrov"), Some(vec![]));
    }

    #[test]
    fn captures_take_what_their_shape_allows() {
        assert_eq!(captured("9{rest}", "9123"), Some(vec![("rest", "123")]));
        assert_eq!(captured("9{rest}", "9"), None);
        assert_eq!(captured("9{rest}", "912*"), None);
        assert_eq!(captured("{a:2}{b:3..4}", "12345"), Some(vec![("a", "12"), ("b", "345")]));
        assert_eq!(captured("{a:2}{b:3..4}", "1234567"), None);
        assert_eq!(
            captured("*8{who}#{how}", "*81001#7"),
            Some(vec![("who", "1001"), ("how", "7")])
        );
        assert_eq!(captured("x{any...}", "x+7*ж"), Some(vec![("any", "+7*ж")]));
        assert_eq!(captured("+7{n=01-08}", "+703"), Some(vec![("n", "03")]));
    }

    #[test]
    fn a_range_has_the_digits_of_its_ends() {
        assert_eq!(captured("1001-1018", "1018"), Some(vec![]));
        for outside in ["1000", "1019", "01001", "10011", "100", "é001"] {
            assert_eq!(captured("1001-1018", outside), None, "{outside}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_or_never_match_is_refused() {
        for (text, part) in [
            ("", "is empty"),
            ("9{rest", "without its }"),
            ("9{}", "needs a name"),
            ("9{Rest}", "needs a name"),
            ("{a}{b}", "no fixed length"),
            ("{a}0", "no fixed length"),
            ("{a...}0", "no fixed length"),
            ("{a}*{a}", "stands twice"),
            ("{number}", "always the whole number"),
            ("{a:0}", "no count of digits"),
            ("{a:5..2}", "no count of digits"),
            ("{a=5}", "no range"),
            ("1018-1001", "same length"),
            ("1-20", "same length"),
            ("8-800-1", "dropped"),
            ("1 2", "cannot be part"),
        ] {
            let refusal = Pattern::parse(text).unwrap_err().to_string();
            assert!(refusal.contains(part), "{text}: {refusal}");
        }
    }

    #[test]
    fn covering_is_seen_where_it_can_be() {
        let covers = |a: &str, b: &str| pattern(a).covers(&pattern(b));

        for (wide, narrow) in [
            ("9196", "9196"),
            ("9{a}", "9{b}"),
            ("9{a}", "9196"),
            ("9{a}", "9{b:3}"),
            ("1001-1018", "1005-1008"),
            ("1001-1018", "1010"),
            ("{a:4}", "1001-1018"),
            ("{a...}", "+7{b}"),
        ] {
            assert!(covers(wide, narrow), "{wide} over {narrow}");
        }
        for (a, b) in
            [("9196", "9197"), ("9{a:3}", "9{b}"), ("1005-1008", "1001-1018"), ("{a}", "9{b}*")]
        {
            assert!(!covers(a, b), "{a} over {b}");
        }
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn captured(text: &str, number: &'static str) -> Option<Vec<(&'static str, &'static str)>> {
        let pattern: &'static Pattern = Box::leak(Box::new(pattern(text)));
        pattern.matches(number)
    }
}
