//! Numbers that are written otherwise elsewhere: what a trunk gets and tells.

use super::{
    mistake::NumberMistake,
    number::normalise,
    pattern::Pattern,
    template::{NUMBER, Scope, Template, Variables},
};
use std::borrow::Cow;

/// Rules of which the first that matches a number says how it is written; one that none matches stays
/// as it is.
///
/// A rule is written as in `8{rest:10} -> +7{rest}`: a pattern of dialplans, and what it becomes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NumberRules(Vec<NumberRule>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct NumberRule {
    text: String,
    pattern: Pattern,
    becomes: Template,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NumberRuleMistake {
    /// It has no arrow.
    #[error("write a pattern, an arrow and what numbers become: \"8{{rest:10}} -> +7{{rest}}\"")]
    NoArrow,
    /// One side is wrong in itself.
    #[error(transparent)]
    Number(#[from] NumberMistake),
}

impl NumberRules {
    /// Reads rules; the error is about the one of that index.
    pub fn parse(texts: &[String]) -> Result<Self, (usize, NumberRuleMistake)> {
        let rules = texts.iter().enumerate();
        let rules = rules.map(|(n, text)| NumberRule::parse(text).map_err(|mistake| (n, mistake)));
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// As they were written.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|it| it.text.clone()).collect()
    }

    /// How a number is written. What cannot be a number stays as it is.
    pub fn apply<'n>(&self, number: &'n str) -> Cow<'n, str> {
        let Some(normalised) = normalise(number).filter(|_| !self.0.is_empty()) else {
            return Cow::Borrowed(number);
        };
        let written = self.0.iter().find_map(|rule| {
            let captures = rule.pattern.matches(&normalised)?;
            let value = |name: &str| {
                let captured = captures.iter().find(|(it, _)| *it == name).map(|(_, it)| *it);
                captured.or((name == NUMBER).then_some(&*normalised))
            };
            Some(rule.becomes.fill(value))
        });
        written.map_or(Cow::Borrowed(number), Cow::Owned)
    }
}

impl NumberRule {
    fn parse(text: &str) -> Result<Self, NumberRuleMistake> {
        let (from, to) = text.split_once("->").ok_or(NumberRuleMistake::NoArrow)?;
        let pattern = Pattern::parse(from.trim())?;
        let scope = Scope::Rule { numbers: std::slice::from_ref(&pattern), callers: &[] };
        let becomes = Template::of_number(to.trim(), scope, &Variables::default())?;
        Ok(Self { text: text.trim().to_owned(), pattern, becomes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_says_how_a_number_is_written() {
        let rules =
            rules(&["8{rest:10} -> +7{rest}", "{local:7} -> +7495{local}", "00{all} -> +{all}"]);

        for (number, written) in [
            ("89161234567", "+79161234567"),
            ("8 (916) 123-45-67", "+79161234567"),
            ("1234567", "+74951234567"),
            ("004930123456", "+4930123456"),
            ("+79161234567", "+79161234567"),
            ("112", "112"),
            ("anonymous", "anonymous"),
        ] {
            assert_eq!(rules.apply(number), written, "{number}");
        }
        assert_eq!(self::rules(&["{any...} -> {number}#"]).apply("12"), "12#");
        assert_eq!(NumberRules::default().apply("1 2"), "1 2");
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_place() {
        for (text, is_of_arrow) in
            [("8{rest}", true), ("8{rest -> 1", false), ("8{a} -> {b}", false)]
        {
            let (n, mistake) =
                NumberRules::parse(&["1 -> 2".to_owned(), text.to_owned()]).unwrap_err();
            assert_eq!((n, mistake == NumberRuleMistake::NoArrow), (1, is_of_arrow), "{mistake}");
        }
    }

    fn rules(texts: &[&str]) -> NumberRules {
        let texts: Vec<_> = texts.iter().map(|it| (*it).to_owned()).collect();
        NumberRules::parse(&texts).unwrap()
    }
}
