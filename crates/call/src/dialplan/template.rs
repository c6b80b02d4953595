//! Texts put together from what a pattern captured and what steps set.

use super::{
    braces::{Piece, pieces, pieces_of_text},
    mistake::NumberMistake,
    pattern::Pattern,
};
use std::collections::BTreeSet;

/// Name of the whole number as it was dialled.
pub(super) const NUMBER: &str = "number";
/// Name of the number of whoever calls.
pub(super) const CALLER: &str = "caller";
/// Name of how the last dial ended.
pub(super) const OUTCOME: &str = "outcome";
/// Name of the language in which the caller is spoken to.
pub(super) const LANGUAGE: &str = "language";

/// Variables that every call has.
pub(super) const BUILT_IN: [&str; 4] = [NUMBER, CALLER, OUTCOME, LANGUAGE];

/// Text with `{name}` in it, like `7{rest}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// What the steps of all plans may set, beside what patterns capture.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By some step.
    pub(super) set: BTreeSet<String>,
    /// By some pattern of some rule.
    pub(super) captured: BTreeSet<String>,
}

/// Where a template stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// In a rule. All patterns for the number, or all for the caller, must capture what it names and
    /// no step sets.
    Rule { numbers: &'a [Pattern], callers: &'a [Pattern] },
    /// In a rule whose patterns are wrong themselves: nothing can be said.
    Unknown,
    /// In a block, where the captures of any rule may be there.
    Block,
}

impl Template {
    /// Reads a template for a number.
    pub(super) fn of_number(
        text: &str,
        scope: Scope<'_>,
        known: &Variables,
    ) -> Result<Self, NumberMistake> {
        Self::of_pieces(pieces(text)?, scope, known)
    }

    /// Reads a template for anything.
    pub(super) fn of_text(
        text: &str,
        scope: Scope<'_>,
        known: &Variables,
    ) -> Result<Self, NumberMistake> {
        Self::of_pieces(pieces_of_text(text)?, scope, known)
    }

    /// A template that names nothing.
    pub(super) fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Literal(text.to_owned())] }
    }

    fn of_pieces(
        pieces: Vec<Piece<'_>>,
        scope: Scope<'_>,
        known: &Variables,
    ) -> Result<Self, NumberMistake> {
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Literal(text) => Ok(Part::Literal(text.to_owned())),
            Piece::Braced(name) => {
                check_name(name, scope, known).map(|()| Part::Variable(name.to_owned()))
            }
        });
        Ok(Self { parts: parts.collect::<Result<_, NumberMistake>>()? })
    }

    /// The same for a URL: what is filled in stays within the part of the URL where it stands (RFC 3986
    /// section 2.1).
    pub(super) fn fill_url<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        let mut url = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => url.push_str(text),
                Part::Variable(name) => escape(value(name).unwrap_or_default(), &mut url),
            }
        }
        url
    }

    /// The text, with what `value` gives for each name; what it does not know is left out.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.as_str(),
                Part::Variable(name) => value(name).unwrap_or_default(),
            })
            .collect()
    }
}

/// Writes whatever is not unreserved (RFC 3986 section 2.3) as its bytes.
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => into.extend(['%', hexadecimal(byte >> 4), hexadecimal(byte & 15)]),
        }
    }
}

fn hexadecimal(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

fn check_name(name: &str, scope: Scope<'_>, known: &Variables) -> Result<(), NumberMistake> {
    if BUILT_IN.contains(&name) || known.set.contains(name) {
        return Ok(());
    }
    let owned = || name.to_owned();
    match scope {
        Scope::Unknown => Ok(()),
        Scope::Rule { numbers, callers } => {
            let is_of_caller = !callers.is_empty() && callers.iter().all(|it| it.has_capture(name));
            match numbers.iter().find(|it| !is_of_caller && !it.has_capture(name)) {
                Some(pattern) => {
                    Err(NumberMistake::NotCaptured { name: owned(), pattern: pattern.to_string() })
                }
                None => Ok(()),
            }
        }
        Scope::Block if known.captured.contains(name) => Ok(()),
        Scope::Block => Err(NumberMistake::NeverSet { name: owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_and_the_whole_number_are_filled_in() {
        let patterns = [Pattern::parse("9{rest}").unwrap()];
        let known = Variables { set: ["pin".to_owned()].into(), ..Variables::default() };
        let template = Template::of_number(
            "+7{rest}#{number}{pin}",
            Scope::Rule { numbers: &patterns, callers: &[] },
            &known,
        )
        .unwrap();

        let filled = template.fill(|name| match name {
            "rest" => Some("495"),
            "number" => Some("9495"),
            _ => None,
        });

        assert_eq!(filled, "+7495#9495");
    }

    #[test]
    fn what_is_filled_into_a_url_stays_where_it_stands() {
        let known = Variables { set: ["who".to_owned()].into(), ..Variables::default() };
        let url = "https://crm.example/of/{who}?a={who}";
        let template = Template::of_text(url, Scope::Unknown, &known).unwrap();

        let filled = template.fill_url(|_| Some("../+7 Я?x=1&"));

        let one = "..%2F%2B7%20%D0%AF%3Fx%3D1%26";
        assert_eq!(filled, format!("https://crm.example/of/{one}?a={one}"));
    }

    #[test]
    fn a_name_that_one_pattern_lacks_is_refused() {
        let patterns = ["9{rest}", "112"].map(|text| Pattern::parse(text).unwrap());
        let known = Variables { captured: ["rest".to_owned()].into(), ..Variables::default() };
        let of = |text, scope| Template::of_number(text, scope, &known);

        let refusal =
            of("{rest}", Scope::Rule { numbers: &patterns, callers: &[] }).unwrap_err().to_string();

        assert!(refusal.contains("{rest} is captured by no part of the pattern 112"), "{refusal}");
        assert!(of("{rest}", Scope::Block).is_ok());
        let refusal = of("{other}", Scope::Block).unwrap_err().to_string();
        assert!(refusal.contains("{other} is set by no step"), "{refusal}");
        for text in ["1 2", "", "{rest"] {
            assert!(of(text, Scope::Unknown).is_err(), "{text:?}");
        }
        assert!(Template::of_text("1 2: {number}", Scope::Unknown, &known).is_ok());
    }
}
