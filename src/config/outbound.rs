//! `[outbound]` and `[[outbound_class]]`: calls out through trunks.

use super::Problems;
use call::{
    dialplan::{Hours, Zone},
    outbound::{Caps, Notation, OutboundClass, OutboundRules},
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    international: Vec<String>,
    national: String,
    country_code: String,
    emergency: Vec<String>,
    blocked: Vec<String>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            international: ["00", "810", "011"].map(str::to_owned).into(),
            national: String::new(),
            country_code: String::new(),
            emergency: vec!["112".to_owned()],
            blocked: Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawClass {
    name: String,
    prefixes: Vec<String>,
    line_calls_max: Option<i64>,
    line_calls_a_minute: Option<i64>,
    line_minutes_a_day: Option<i64>,
    domain_calls_max: Option<i64>,
    domain_calls_a_minute: Option<i64>,
    domain_minutes_a_day: Option<i64>,
    hours: Vec<String>,
    time_zone: String,
}

impl Raw {
    pub(super) fn check(self, classes: Vec<RawClass>, problems: &mut Problems) -> OutboundRules {
        for (key, prefixes) in [
            ("international", &self.international),
            ("emergency", &self.emergency),
            ("blocked", &self.blocked),
        ] {
            for (n, prefix) in prefixes.iter().enumerate().filter(|(_, it)| !is_number(it)) {
                let key = format!("outbound.{key}[{n}]");
                problems.add(key, format!("{prefix:?} is no number: {DIGITS}"));
            }
        }
        let notation =
            Notation { national: self.check_national(problems), international: self.international };
        let country = notation.national.as_ref().map(|(_, country)| country.as_str());
        let classes = check_classes(classes, country, problems);
        OutboundRules::new(notation, self.emergency, &self.blocked, classes)
    }

    fn check_national(&self, problems: &mut Problems) -> Option<(String, String)> {
        let (prefix, country) = (&self.national, &self.country_code);
        match (prefix.is_empty(), country.is_empty()) {
            (true, true) => return None,
            (true, false) => problems.add(
                "outbound.national",
                "is needed beside country_code: write what national numbers begin with",
            ),
            (false, true) => problems.add(
                "outbound.country_code",
                "is needed beside national: write the country code that it stands for",
            ),
            (false, false) => {}
        }
        for (key, number) in [("national", prefix), ("country_code", country)] {
            if !number.is_empty() && !number.bytes().all(|it| it.is_ascii_digit()) {
                problems.add(format!("outbound.{key}"), format!("{number:?}: write digits only"));
            }
        }
        Some((prefix.clone(), country.clone()))
    }
}

/// Those that are written or, without any, the two that tell home from abroad: by the country code if
/// it is known, else by the + alone.
fn check_classes(
    raw: Vec<RawClass>,
    country: Option<&str>,
    problems: &mut Problems,
) -> Vec<OutboundClass> {
    if raw.is_empty() {
        let of = |(name, prefix): (&str, String)| OutboundClass {
            name: name.to_owned(),
            prefixes: vec![prefix],
            ..OutboundClass::default()
        };
        let home = country.map(|it| ["+", it].concat()).unwrap_or_default();
        return [("national", home), ("international", "+".to_owned())].map(of).into();
    }
    let mut names = HashSet::new();
    let mut classes = Vec::with_capacity(raw.len());
    for (n, class) in raw.into_iter().enumerate() {
        let path = format!("outbound_class[{n}]");
        if !is_name(&class.name) {
            let problem = "write a name of up to 32 letters, digits, '-' and '_': lines have it";
            problems.add(format!("{path}.name"), problem);
        } else if !names.insert(class.name.clone()) {
            let problem = format!("{:?} is there twice: rename one", class.name);
            problems.add(format!("{path}.name"), problem);
        }
        if class.prefixes.is_empty() {
            let problem = "is empty: write what its numbers begin with, [\"\"] for all others";
            problems.add(format!("{path}.prefixes"), problem);
        }
        for (m, prefix) in class.prefixes.iter().enumerate() {
            if !prefix.is_empty() && !is_number(prefix) {
                let key = format!("{path}.prefixes[{m}]");
                problems.add(key, format!("{prefix:?} begins no number: {DIGITS}"));
            }
        }
        classes.push(class.check(&path, problems));
    }
    classes
}

impl RawClass {
    /// What is set beside its name and prefixes, and all of it together.
    fn check(self, path: &str, problems: &mut Problems) -> OutboundClass {
        let mut cap = |key: &str, written: Option<i64>| {
            let checked = written.map(|it| u32::try_from(it).ok().filter(|it| *it <= CAP_MAX));
            if written.is_some() && checked.flatten().is_none() {
                let problem = format!("is out of range: write a number from 0 to {CAP_MAX}");
                problems.add(format!("{path}.{key}"), problem);
            }
            checked.flatten()
        };
        let line = Caps {
            calls_max: cap("line_calls_max", self.line_calls_max),
            calls_a_minute: cap("line_calls_a_minute", self.line_calls_a_minute),
            minutes_a_day: cap("line_minutes_a_day", self.line_minutes_a_day),
        };
        let domain = Caps {
            calls_max: cap("domain_calls_max", self.domain_calls_max),
            calls_a_minute: cap("domain_calls_a_minute", self.domain_calls_a_minute),
            minutes_a_day: cap("domain_minutes_a_day", self.domain_minutes_a_day),
        };
        let mut hours = Vec::with_capacity(self.hours.len());
        for (n, written) in self.hours.iter().enumerate() {
            match Hours::parse(written) {
                Some(read) => hours.push(read),
                None => problems.add(
                    format!("{path}.hours[{n}]"),
                    format!("{written:?} are no hours: write them like \"mon-fri 09:00-18:00\""),
                ),
            }
        }
        let zone = Zone::named(&self.time_zone).unwrap_or_else(|| {
            if !self.time_zone.is_empty() {
                let written = &self.time_zone;
                let problem = format!("{written:?} is no zone: write one like \"Europe/Moscow\"");
                problems.add(format!("{path}.time_zone"), problem);
            }
            Zone::default()
        });
        OutboundClass { name: self.name, prefixes: self.prefixes, line, domain, hours, zone }
    }
}

fn is_name(name: &str) -> bool {
    let is_allowed = |it: char| it.is_alphanumeric() || "-_".contains(it);
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.chars().all(is_allowed)
}

fn is_number(number: &str) -> bool {
    let is_allowed = |it: char| it.is_ascii_digit() || "+*#".contains(it);
    (1..=PREFIX_BYTES_MAX).contains(&number.len()) && number.chars().all(is_allowed)
}

const DIGITS: &str = "write digits, '+', '*' and '#' without separators";
const NAME_CHARS_MAX: usize = 32;
const PREFIX_BYTES_MAX: usize = 32;
/// Most calls or minutes that a cap can allow.
const CAP_MAX: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use crate::config::{Config, Overrides};
    use call::outbound::{OutboundRules, Standing};

    fn parse(text: &str) -> Result<Config, Vec<String>> {
        let keys =
            |errors: Vec<crate::config::ConfigError>| errors.into_iter().map(|it| it.key).collect();
        Config::parse(text, &Overrides::default()).map_err(keys)
    }

    #[test]
    fn home_and_abroad_are_told_apart_where_no_class_is_written() {
        let rules = Config::default().outbound;

        for number in ["+4930123456", "004930123456", "8104930123456", "0114930123456"] {
            assert_eq!(class(&rules, number), "international", "{number}");
        }
        assert_eq!(class(&rules, "84951234567"), "national");
        assert_eq!(class(&rules, "112"), "emergency");
    }

    #[test]
    fn the_country_code_tells_home_from_abroad_and_holds_nothing_else() {
        let config = parse("[outbound]\nnational = \"8\"\ncountry_code = \"7\"\n");
        let rules = config.expect("these are keys").outbound;

        for (number, expected) in [
            ("84951234567", "national"),
            ("+74951234567", "national"),
            ("8107495123456", "national"),
            ("+4930123456", "international"),
            ("8104930123456", "international"),
            ("4930123456", "unknown"),
            ("4951234567", "unknown"),
        ] {
            assert_eq!(class(&rules, number), expected, "{number}");
        }
    }

    fn class<'a>(rules: &'a OutboundRules, number: &str) -> &'a str {
        match rules.standing(number) {
            Standing::Of(class) => &class.name,
            Standing::Emergency => "emergency",
            Standing::Blocked => "blocked",
            Standing::Unknown => "unknown",
        }
    }

    #[test]
    fn what_no_number_can_begin_with_is_named() {
        let wrong = parse(
            "[outbound]\nnational = \"8\"\nblocked = [\"+7809\", \"80 9\"]\n\
             [[outbound_class]]\nname = \"a b\"\nprefixes = [\"x\"]\n\
             [[outbound_class]]\nname = \"c\"\n[[outbound_class]]\nname = \"c\"\nprefixes = [\"\"]\n\
             line_calls_max = -1\nhours = [\"mon\"]\ntime_zone = \"Mars\"\n",
        );

        assert_eq!(
            wrong.unwrap_err(),
            [
                "outbound.blocked[1]",
                "outbound.country_code",
                "outbound_class[0].name",
                "outbound_class[0].prefixes[0]",
                "outbound_class[1].prefixes",
                "outbound_class[2].name",
                "outbound_class[2].line_calls_max",
                "outbound_class[2].hours[0]",
                "outbound_class[2].time_zone",
            ]
        );
    }
}
