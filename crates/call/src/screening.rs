//! Whom a domain and its lines take calls from: black and white lists of callers from outside.
//!
//! A list has callers that are blocked and callers that are allowed; as soon as it allows anybody, it
//! lets nobody through but those. Of what fits a caller the most exact counts: the whole number before
//! the beginning, a longer beginning before a shorter one. Lines of the domain itself are never
//! concerned, nor are emergency numbers, from which somebody may call back who was asked for help.
//!
//! Numbers are compared in the notation of [`OutboundRules`], so that it does not matter which way of
//! writing them a trunk has and which one whoever keeps the list. A number is the same with its `+` and
//! without, and `+7916*` means `7916…`, too; `495*` means no `+495…`, which is far from there.

use crate::{
    call::Calling,
    context::Context,
    directory::{Directory, Extension},
    failure::{Cause, Refusal},
    outbound::{OutboundRules, as_comparable},
    trunks::ANONYMOUS,
};
use base::{DomainId, ExtensionId};
use std::{collections::HashMap, fmt};

/// The lists of all domains and lines that have one, in the notation in which numbers are compared.
#[derive(Clone, Debug, Default)]
pub struct CallerLists(HashMap<ListOwner, CallerList>);

/// Whose list it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ListOwner {
    /// It holds for all calls into a domain.
    Domain(DomainId),
    /// It holds for calls to this line.
    Line(ExtensionId),
}

/// Whom somebody takes calls from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallerList {
    /// Not from these.
    pub blocked: Vec<CallerPattern>,
    /// From nobody but these; empty for everybody who is not blocked.
    pub allowed: Vec<CallerPattern>,
}

/// Who is meant in a list.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum CallerPattern {
    /// Whoever has no number, or does not want it known.
    Anonymous,
    /// Whoever has a number that begins like this: everybody with one, if this is empty.
    Beginning(String),
    /// Whoever has this number.
    Number(String),
}

/// It means nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "write a number of up to {DIGITS_MAX} digits, perhaps after a +, the beginning of numbers followed by \
     *, or {ANONYMOUS}"
)]
pub struct PatternError;

impl CallerPattern {
    /// Reads `+79161234567`, `+7916*` or `anonymous`; blanks and other separators do not count.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text: String = text.chars().filter(|it| !" -.()\u{a0}".contains(*it)).collect();
        if text.eq_ignore_ascii_case(ANONYMOUS) {
            return Ok(Self::Anonymous);
        }
        let (number, is_beginning) =
            text.strip_suffix('*').map_or((text.as_str(), false), |it| (it, true));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_number = digits.len() <= DIGITS_MAX
            && digits.bytes().all(|it| it.is_ascii_digit())
            && (is_beginning || !digits.is_empty());
        match (is_number, is_beginning) {
            (false, _) => Err(PatternError),
            (true, true) => Ok(Self::Beginning(number.to_owned())),
            (true, false) => Ok(Self::Number(number.to_owned())),
        }
    }

    fn in_notation_of(self, rules: &OutboundRules) -> Self {
        match self {
            Self::Anonymous => Self::Anonymous,
            Self::Beginning(number) => Self::Beginning(rules.canonical(&number)),
            Self::Number(number) => Self::Number(rules.canonical(&number)),
        }
    }

    /// How exactly this means a caller, more being more exact; `None` if it means others.
    fn fits(&self, caller: &OutsideCaller) -> Option<usize> {
        let number = caller.number.as_deref();
        match self {
            Self::Anonymous => (caller.is_withheld || number.is_none()).then_some(0),
            Self::Beginning(beginning) => {
                let number = number?;
                let beginning = as_comparable(beginning, number);
                number.starts_with(beginning).then_some(1 + beginning.len())
            }
            Self::Number(whole) => {
                let number = number?;
                let is_it = number == as_comparable(whole, number)
                    || as_comparable(number, whole) == whole.as_str();
                is_it.then_some(usize::MAX)
            }
        }
    }
}

impl fmt::Display for CallerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str(ANONYMOUS),
            Self::Beginning(number) => write!(f, "{number}*"),
            Self::Number(number) => f.write_str(number),
        }
    }
}

/// A caller from outside as it is compared.
struct OutsideCaller {
    /// In the notation in which numbers are compared; `None` if it has none.
    number: Option<String>,
    is_withheld: bool,
}

impl CallerList {
    /// Whether it lets everybody through.
    pub fn is_empty(&self) -> bool {
        self.blocked.is_empty() && self.allowed.is_empty()
    }

    fn lets_through(&self, caller: &OutsideCaller) -> bool {
        let fitting = |list: &[CallerPattern]| list.iter().filter_map(|it| it.fits(caller)).max();
        match (fitting(&self.blocked), fitting(&self.allowed)) {
            (Some(blocked), Some(allowed)) => blocked < allowed,
            (Some(_), None) => false,
            (None, Some(_)) => true,
            (None, None) => self.allowed.is_empty(),
        }
    }
}

impl CallerLists {
    /// Lists as they are written, put into the notation in which numbers are compared.
    pub fn new(
        rules: &OutboundRules,
        lists: impl IntoIterator<Item = (ListOwner, CallerList)>,
    ) -> Self {
        let canonical = |list: Vec<CallerPattern>| {
            list.into_iter().map(|it| it.in_notation_of(rules)).collect()
        };
        let lists = lists.into_iter().map(|(owner, CallerList { blocked, allowed })| {
            (owner, CallerList { blocked: canonical(blocked), allowed: canonical(allowed) })
        });
        Self(lists.collect())
    }
}

impl Directory {
    /// Whether a domain takes calls from somebody outside.
    pub(crate) fn lets_into(&self, domain: DomainId, number: &str, is_withheld: bool) -> bool {
        self.lets_through(ListOwner::Domain(domain), number, is_withheld)
    }

    fn lets_through(&self, owner: ListOwner, number: &str, is_withheld: bool) -> bool {
        let Some(list) = self.callers.0.get(&owner) else { return true };
        if self.outbound.is_emergency(number) {
            return true;
        }
        let has_digits = number.contains(|it: char| it.is_ascii_digit());
        let number = has_digits.then(|| self.outbound.canonical(number));
        list.lets_through(&OutsideCaller { number, is_withheld })
    }
}

impl Context<'_> {
    /// Whether a line takes calls from whoever calls; asked before anything of it rings or answers.
    pub(crate) fn screen(
        &self,
        domain: DomainId,
        calling: &Calling,
        line: &str,
    ) -> Result<(), Refusal> {
        let directory = &self.world.directory;
        let Some(&Extension { id, .. }) = directory.extension(domain, line) else { return Ok(()) };
        let Calling { number, is_line, is_withheld, .. } = calling;
        if *is_line || directory.lets_through(ListOwner::Line(id), number, *is_withheld) {
            return Ok(());
        }
        Err(Refusal::of(Cause::Screened))
    }
}

/// Digits of the longest number.
const DIGITS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Notation;
    use base::{Rng, UnixMillis};

    #[test]
    fn who_is_blocked_is_however_the_number_is_written() {
        let directory = with_list(&["8 (916) 123-45-67", "+7900*", "00882*", "anonymous"], &[]);

        for number in [
            "+79161234567",
            "89161234567",
            "79161234567",
            "81079161234567",
            "+79001111111",
            "89001111111",
            "79001111111",
            "+88212345",
            "81088212345",
            "anonymous",
            "Restricted",
            "",
        ] {
            assert!(!takes(&directory, number), "{number}");
        }
        for number in ["+79161234568", "+791612345678", "9161234567", "+7901", "112", "1001"] {
            assert!(takes(&directory, number), "{number}");
        }
        assert!(!directory.lets_into(domain(), "+74951234567", true), "it wants to be unknown");
    }

    #[test]
    fn a_listed_number_without_its_plus_is_the_same_and_a_beginning_is_not() {
        let directory = with_list(&["79161234567", "495*"], &[]);
        for number in ["+79161234567", "89161234567", "79161234567", "4951234567"] {
            assert!(!takes(&directory, number), "{number}");
        }
        for number in ["+495123456", "84951234567", "+791612345678"] {
            assert!(takes(&directory, number), "{number}");
        }
    }

    #[test]
    fn all_callers_from_abroad_can_be_meant_and_those_from_home_are_not() {
        let directory = with_list(&["+*"], &["+7*"]);
        for number in ["+4930123456", "8104930123456", "anonymous"] {
            assert!(!takes(&directory, number), "{number}");
        }
        assert!(takes(&directory, "84951234567"));
        let directory = with_list(&["+*"], &[]);
        assert!(takes(&directory, "2345"), "it says of itself that it is near");
    }

    #[test]
    fn of_a_number_without_its_plus_the_longest_beginning_counts_too() {
        let directory = with_list(&["+7*"], &["79*"]);
        assert!(takes(&directory, "79161234567"));
        assert!(!takes(&directory, "74951234567"));
    }

    #[test]
    fn a_list_that_allows_somebody_lets_nobody_else_through_but_help() {
        let directory = with_list(&[], &["+7495*", "+79161234567"]);

        for number in ["+74951234567", "84957654321", "+79161234567", "112"] {
            assert!(takes(&directory, number), "{number}");
        }
        for number in ["+74961234567", "+79161234568", "anonymous", "1123"] {
            assert!(!takes(&directory, number), "{number}");
        }
        assert!(directory.lets_into(other_domain(), "+74961234567", false), "it has no list");
    }

    #[test]
    fn the_most_exact_entry_counts_and_of_two_that_are_the_same_the_block() {
        let directory = with_list(
            &["+7495*", "+74951111111", "+74952*", "+7812*"],
            &["*", "+7495123*", "+74951111111", "+74952222222"],
        );

        for number in ["+74951234567", "+74952222222", "+49301234567"] {
            assert!(takes(&directory, number), "{number}");
        }
        for number in ["+74957654321", "+74951111111", "+74952222223", "+78121234567", "anonymous"]
        {
            assert!(!takes(&directory, number), "{number}");
        }
    }

    #[test]
    fn what_means_nobody_is_refused_and_the_rest_reads_back_as_it_was_written() {
        for text in ["", "+", "abc", "7916#", "*7916", "79**", "anonymous*", &"1".repeat(33)] {
            assert_eq!(CallerPattern::parse(text), Err(PatternError), "{text}");
        }
        for text in ["+79161234567", "7916*", "+7*", "*", "anonymous", "112"] {
            assert_eq!(CallerPattern::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(CallerPattern::parse(" ANONYMOUS "), Ok(CallerPattern::Anonymous));
    }

    fn takes(directory: &Directory, number: &str) -> bool {
        directory.lets_into(domain(), number, false)
    }

    fn with_list(blocked: &[&str], allowed: &[&str]) -> Directory {
        let notation = Notation {
            international: ["00", "810"].map(str::to_owned).into(),
            national: Some(("8".to_owned(), "7".to_owned())),
        };
        let outbound = OutboundRules::new(notation, ["112".to_owned()], &[], Vec::new());
        let read = |texts: &[&str]| {
            texts.iter().map(|it| CallerPattern::parse(it).expect("it means somebody")).collect()
        };
        let list = CallerList { blocked: read(blocked), allowed: read(allowed) };
        let callers = CallerLists::new(&outbound, [(ListOwner::Domain(domain()), list)]);
        Directory { outbound, callers, ..Directory::default() }
    }

    fn domain() -> DomainId {
        DomainId::new(UnixMillis(0), &mut Rng::from_number(1))
    }

    fn other_domain() -> DomainId {
        DomainId::new(UnixMillis(0), &mut Rng::from_number(2))
    }
}
