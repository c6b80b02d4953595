//! Which class a number of the world outside belongs to.

use super::Caps;
use crate::dialplan::{Hours, Zone};
use base::UnixMillis;
use std::collections::BTreeSet;

/// What is said about calls out, for all domains.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OutboundRules {
    notation: Notation,
    /// As dialled behind the trunk.
    emergency: BTreeSet<String>,
    /// Prefixes, in canonical notation.
    blocked: Vec<String>,
    classes: Vec<OutboundClass>,
}

/// Numbers of one kind, to which a line has the right or not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OutboundClass {
    /// Its name, by which lines have it.
    pub name: String,
    /// What its numbers begin with, in any notation; an empty one holds every telephone number. One
    /// with `*` or `#` holds service codes, which no other does.
    pub prefixes: Vec<String>,
    /// How much of it one line may call.
    pub line: Caps,
    /// How much of it all lines of a domain together may call.
    pub domain: Caps,
    /// When it may be called; empty for always.
    pub hours: Vec<Hours>,
    /// By whose clock and calendar.
    pub zone: Zone,
}

/// In which ways one number can be written, so that it belongs to one class however it is dialled.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Notation {
    /// What stands for the `+` of international numbers (ITU-T E.164), `00` for example.
    pub international: Vec<String>,
    /// What national numbers begin with, and the country code that it stands for: `8` and `7`.
    pub national: Option<(String, String)>,
}

/// What is known of a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing<'a> {
    /// Everybody may call it, at any time.
    Emergency,
    /// Nobody may.
    Blocked,
    /// No class holds it, so that nobody may.
    Unknown,
    /// Whoever has the right to this class may.
    Of(&'a OutboundClass),
}

impl OutboundClass {
    /// Whether it may be called now.
    pub(crate) fn is_open(&self, at: UnixMillis) -> bool {
        self.hours.is_empty() || self.zone.is_within(&self.hours, at)
    }
}

impl OutboundRules {
    /// Puts prefixes into the notation in which numbers are compared. Of classes with the same
    /// prefix the first one holds the number.
    pub fn new(
        notation: Notation,
        emergency: impl IntoIterator<Item = String>,
        blocked: &[String],
        mut classes: Vec<OutboundClass>,
    ) -> Self {
        let canonical =
            |prefixes: &[String]| prefixes.iter().map(|it| notation.canonical(it)).collect();
        for class in &mut classes {
            class.prefixes = canonical(&class.prefixes);
        }
        let blocked = canonical(blocked);
        Self { emergency: emergency.into_iter().collect(), blocked, classes, notation }
    }

    /// Whether it is a number of those who help.
    pub(crate) fn is_emergency(&self, number: &str) -> bool {
        self.emergency.contains(number)
    }

    /// All classes, in the order in which they were written.
    pub fn classes(&self) -> &[OutboundClass] {
        &self.classes
    }

    /// The first of these names that no class has.
    pub fn unknown_class<'a>(&self, names: &'a [String]) -> Option<&'a str> {
        let is_known = |name: &String| self.classes.iter().any(|it| it.name == *name);
        names.iter().find(|it| !is_known(it)).map(String::as_str)
    }

    /// The names of all classes, for people.
    pub fn names(&self) -> String {
        self.classes.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The one way in which a number, or the beginning of one, is compared.
    pub(crate) fn canonical(&self, number: &str) -> String {
        self.notation.canonical(number)
    }

    /// What is known of a number, as it is asked of a trunk.
    pub fn standing(&self, number: &str) -> Standing<'_> {
        self.standing_within(number, |_| true)
    }

    /// What is known of a number as a trunk writes it: in its own way, so that what no class names
    /// says nothing.
    pub(crate) fn standing_as_written(&self, number: &str) -> Standing<'_> {
        self.standing_within(number, |prefix| !prefix.is_empty())
    }

    /// What is known of a number by those prefixes that count.
    fn standing_within(&self, number: &str, counts: impl Fn(&str) -> bool) -> Standing<'_> {
        if self.is_emergency(number) {
            return Standing::Emergency;
        }
        let Some(form) = Form::of(number) else { return Standing::Unknown };
        if number.split(is_of_service).any(|it| self.is_blocked(it)) {
            return Standing::Blocked;
        }
        let number = self.notation.canonical(number);
        let mut best: Option<(usize, &OutboundClass)> = None;
        for class in &self.classes {
            let fitting = class.prefixes.iter().filter(|prefix| {
                number.starts_with(*prefix) && form.is_held_by(prefix) && counts(prefix)
            });
            let Some(length) = fitting.map(String::len).max() else { continue };
            if best.is_none_or(|(before, _)| length > before) {
                best = Some((length, class));
            }
        }
        best.map_or(Standing::Unknown, |(_, class)| Standing::Of(class))
    }

    /// Whether a telephone number is on the black list.
    fn is_blocked(&self, number: &str) -> bool {
        let number = self.notation.canonical(number);
        self.blocked.iter().any(|prefix| number.starts_with(as_comparable(prefix, &number)))
    }
}

/// What a number, or the beginning of one, is to be compared with `number` as, both in canonical
/// notation: one without a `+` may be an international one all the same, which some carriers take and
/// tell. The `+` alone, by which all international ones begin, stays what it is.
pub(crate) fn as_comparable<'a>(listed: &'a str, number: &str) -> &'a str {
    let is_bare = !number.starts_with('+');
    listed.strip_prefix('+').filter(|it| is_bare && !it.is_empty()).unwrap_or(listed)
}

/// What can be asked of a trunk.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Digits, behind a `+` perhaps.
    Number,
    /// The same with `*` and `#`, which switches understand as orders.
    Service,
}

impl Form {
    /// `None` for what is neither: names, separators, digits of other alphabets.
    fn of(number: &str) -> Option<Self> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_all =
            |is_allowed: fn(char) -> bool| !digits.is_empty() && digits.chars().all(is_allowed);
        if is_all(|it| it.is_ascii_digit()) {
            return Some(Self::Number);
        }
        let is_service = |number: &str| {
            number.contains(is_of_service)
                && number.chars().all(|it| it.is_ascii_digit() || it == '+' || is_of_service(it))
        };
        is_service(number).then_some(Self::Service)
    }

    /// Service codes are for those classes alone that name them.
    fn is_held_by(self, prefix: &str) -> bool {
        match self {
            Self::Number => true,
            Self::Service => prefix.contains(is_of_service),
        }
    }
}

fn is_of_service(c: char) -> bool {
    matches!(c, '*' | '#')
}

impl Notation {
    /// The one way in which a number, or the beginning of one, is compared.
    fn canonical(&self, number: &str) -> String {
        let international = self.international.iter().filter_map(|it| number.strip_prefix(it));
        // The longest prefix leaves the shortest rest.
        if let Some(rest) = international.min_by_key(|it| it.len()) {
            return ["+", rest].concat();
        }
        if let Some((prefix, country)) = &self.national
            && let Some(rest) = number.strip_prefix(prefix)
        {
            return ["+", country, rest].concat();
        }
        number.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_however_the_number_is_written() {
        let rules = rules();

        for number in ["+79161234567", "89161234567", "81079161234567", "0079161234567"] {
            assert_eq!(class(&rules, number), "mobile", "{number}");
        }
        for (number, expected) in [
            ("+74951234567", "national"),
            ("84951234567", "national"),
            ("+4930123456", "international"),
            ("8104930123456", "international"),
            ("2345", "unknown"),
            ("112", "emergency"),
            ("1123", "unknown"),
            ("+8821234567", "blocked"),
            ("8108821234567", "blocked"),
        ] {
            assert_eq!(class(&rules, number), expected, "{number}");
        }
    }

    #[test]
    fn what_is_no_telephone_number_is_in_no_class_that_does_not_name_it() {
        let all = [of("all", &["", "8", "+"]), of("service", &["*21*"])];
        let rules = OutboundRules::new(Notation::default(), [], &["+882".to_owned()], all.into());

        for number in
            ["", "+", "0-0882", "+7 916", "8abc", "x8", "++7", "7+916", "٠٠٨٨٢١", "８８２"]
        {
            assert_eq!(class(&rules, number), "unknown", "{number}");
        }
        for (number, expected) in [
            ("*31#49301234", "unknown"),
            ("8916*1", "unknown"),
            ("+7916#", "unknown"),
            ("*21*89161234567#", "service"),
            ("*21*88212345#", "blocked"),
            ("*31#+88212345", "blocked"),
            ("*31#", "unknown"),
        ] {
            assert_eq!(class(&rules, number), expected, "{number}");
        }
    }

    #[test]
    fn a_number_without_its_plus_is_on_the_black_list_too() {
        let all = [of("all", &[""])];
        let blocked = ["+882".to_owned(), "809".to_owned()];
        let rules = OutboundRules::new(Notation::default(), [], &blocked, all.into());

        for (number, expected) in [
            ("88212345", "blocked"),
            ("+88212345", "blocked"),
            ("80912345", "blocked"),
            ("+80912345", "all"),
            ("49301234", "all"),
        ] {
            assert_eq!(class(&rules, number), expected, "{number}");
        }
    }

    #[test]
    fn all_that_is_abroad_can_be_on_the_black_list_and_home_is_not() {
        let notation = Notation { international: vec!["00".to_owned()], national: None };
        let all = [of("all", &[""])];
        let rules = OutboundRules::new(notation, [], &["00".to_owned()], all.into());

        for (number, expected) in [
            ("004930123456", "blocked"),
            ("+4930123456", "blocked"),
            ("03012345", "all"),
            ("*31#03012345", "unknown"),
        ] {
            assert_eq!(class(&rules, number), expected, "{number}");
        }
    }

    #[test]
    fn an_empty_prefix_holds_what_no_other_does_and_without_classes_nothing_is_held() {
        let all = [of("national", &[""]), of("international", &["+"])];
        let rules = OutboundRules::new(Notation::default(), [], &[], all.into());

        assert_eq!(class(&rules, "4951234567"), "national");
        assert_eq!(class(&rules, "+4951234567"), "international");
        assert_eq!(class(&OutboundRules::default(), "4951234567"), "unknown");
    }

    fn rules() -> OutboundRules {
        let notation = Notation {
            international: ["00", "810"].map(str::to_owned).into(),
            national: Some(("8".to_owned(), "7".to_owned())),
        };
        let classes =
            [of("national", &["8"]), of("mobile", &["+79"]), of("international", &["810"])];
        OutboundRules::new(notation, ["112".to_owned()], &["+882".to_owned()], classes.into())
    }

    fn of(name: &str, prefixes: &[&str]) -> OutboundClass {
        let prefixes = prefixes.iter().map(|it| (*it).to_owned()).collect();
        OutboundClass { name: name.to_owned(), prefixes, ..OutboundClass::default() }
    }

    fn class<'a>(rules: &'a OutboundRules, number: &str) -> &'a str {
        match rules.standing(number) {
            Standing::Emergency => "emergency",
            Standing::Blocked => "blocked",
            Standing::Unknown => "unknown",
            Standing::Of(class) => &class.name,
        }
    }
}
