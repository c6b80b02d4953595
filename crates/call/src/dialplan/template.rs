//! Numbers put together from what a pattern captured.

use super::{
    braces::{Piece, pieces},
    mistake::NumberMistake,
    pattern::{Captures, Pattern},
};

/// Name of the whole number as it was dialled.
pub(super) const NUMBER: &str = "number";

/// Text with `{name}` in it, like `7{rest}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Literal(String),
    Capture(String),
}

impl Template {
    /// Reads a template for a rule with these patterns, each of which must capture what it names.
    pub(super) fn parse(text: &str, patterns: &[Pattern]) -> Result<Self, NumberMistake> {
        let parts = pieces(text)?.into_iter().map(|piece| match piece {
            Piece::Literal(text) => Ok(Part::Literal(text.to_owned())),
            Piece::Braced(name) => {
                check_name(name, patterns).map(|()| Part::Capture(name.to_owned()))
            }
        });
        Ok(Self { parts: parts.collect::<Result<_, NumberMistake>>()? })
    }

    /// The text, with what `captures` holds.
    pub(super) fn fill(&self, number: &str, captures: &Captures<'_, '_>) -> String {
        let captured = |name: &str| captures.iter().find(|(it, _)| *it == name).map(|(_, it)| *it);
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.as_str(),
                Part::Capture(name) if name == NUMBER => number,
                Part::Capture(name) => captured(name).unwrap_or_default(),
            })
            .collect()
    }
}

fn check_name(name: &str, patterns: &[Pattern]) -> Result<(), NumberMistake> {
    let lacking = patterns.iter().find(|pattern| !pattern.has_capture(name));
    match lacking {
        Some(pattern) if name != NUMBER => {
            Err(NumberMistake::NotCaptured { name: name.to_owned(), pattern: pattern.to_string() })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_and_the_whole_number_are_filled_in() {
        let patterns = [Pattern::parse("9{rest}").unwrap()];
        let template = Template::parse("+7{rest}#{number}", &patterns).unwrap();

        let filled = template.fill("9495", &patterns[0].matches("9495").unwrap());

        assert_eq!(filled, "+7495#9495");
    }

    #[test]
    fn a_name_that_one_pattern_lacks_is_refused() {
        let patterns = ["9{rest}", "112"].map(|text| Pattern::parse(text).unwrap());

        let refusal = Template::parse("{rest}", &patterns).unwrap_err().to_string();

        assert!(refusal.contains("{rest} is captured by no part of the pattern 112"), "{refusal}");
        assert!(Template::parse("1 2", &patterns).is_err());
        assert!(Template::parse("", &patterns).is_err());
        assert!(Template::parse("{rest", &patterns).is_err());
    }
}
