//! What calls through a trunk cost.

use crate::outbound::OutboundRules;

/// Prices a minute by the beginning of numbers; the longest that fits counts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rates(Vec<Rate>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Rate {
    /// Empty for every number.
    prefix: String,
    /// In ten-thousandths of the currency, which is the same for all trunks.
    price: u32,
    /// As it was written.
    text: String,
}

impl Rates {
    /// Reads rates as in `+7495 0.85`: a prefix, `*` for every number, and a price with up to four
    /// digits after the point. The error is the index of the first that is none.
    pub fn parse(texts: &[String]) -> Result<Self, usize> {
        let rates = texts.iter().enumerate().map(|(n, text)| Rate::parse(text).ok_or(n));
        Ok(Self(rates.collect::<Result<_, _>>()?))
    }

    /// As they were written.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|it| it.text.clone()).collect()
    }

    /// The same with prefixes in the notation in which numbers are compared, for [`Self::price`].
    #[must_use]
    pub fn in_notation_of(mut self, rules: &OutboundRules) -> Self {
        for rate in &mut self.0 {
            rate.prefix = rules.canonical(&rate.prefix);
        }
        self
    }

    /// What a minute to a number in that notation costs; `None` if nobody said so.
    pub(crate) fn price(&self, number: &str) -> Option<u32> {
        let fitting = self.0.iter().filter(|it| number.starts_with(&it.prefix));
        fitting.max_by_key(|it| it.prefix.len()).map(|it| it.price)
    }
}

impl Rate {
    fn parse(text: &str) -> Option<Self> {
        let (prefix, price) = text.trim().split_once(' ')?;
        let is_prefix = |it: &str| it.chars().all(|it| it.is_ascii_digit() || it == '+');
        let prefix = if prefix == "*" { "" } else { Some(prefix).filter(|it| is_prefix(it))? };
        let (whole, part) = price.trim().split_once('.').unwrap_or((price.trim(), "0"));
        let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) || part.len() > DECIMALS {
            return None;
        }
        let price: u32 = format!("{whole}{part:0<DECIMALS$}").parse().ok()?;
        Some(Self { prefix: prefix.to_owned(), price, text: text.trim().to_owned() })
    }
}

const DECIMALS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Notation;

    #[test]
    fn the_longest_prefix_says_the_price_however_the_number_is_written() {
        let national = Some(("8".to_owned(), "7".to_owned()));
        let notation = Notation { international: vec!["810".to_owned()], national };
        let rules = OutboundRules::new(notation, [], &[], Vec::new());
        let texts = ["* 100", "+7 1.5", "8495 0.0125", "81049 7"].map(str::to_owned);
        let rates = Rates::parse(&texts).unwrap().in_notation_of(&rules);

        let priced = [
            ("84951234567", 125),
            ("+74951234567", 125),
            ("89161234567", 15_000),
            ("+4930123456", 70_000),
            ("2345", 1_000_000),
        ];
        for (number, price) in priced {
            assert_eq!(rates.price(&rules.canonical(number)), Some(price), "{number}");
        }
        assert_eq!(Rates::default().price("2345"), None);
        assert_eq!(rates.texts(), texts);
    }

    #[test]
    fn what_is_no_rate_is_told_by_its_place() {
        for wrong in ["+7", "+7 x", "a 1", "+7 1.23456", "+7 -1", "+7 1.", "+7 99999999"] {
            let texts = ["+7 1".to_owned(), wrong.to_owned()];
            assert_eq!(Rates::parse(&texts), Err(1), "{wrong}");
        }
    }
}
