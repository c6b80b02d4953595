//! Numbers as they are dialled.

use std::borrow::Cow;

/// Longest number that is looked up, in bytes.
pub(super) const NUMBER_BYTES_MAX: usize = 64;

/// The number that rules are compared with: without parameters (`;phone-context=…`) and, if it is
/// a telephone number, without the visual separators of RFC 3966 and blanks. Names keep their dots
/// and dashes.
///
/// `None` for what cannot be a number: empty, too long, or with characters that have no place in
/// one.
pub(super) fn normalise(dialled: &str) -> Option<Cow<'_, str>> {
    let number = dialled.split(';').next().unwrap_or_default();
    let is_telephone_number = number.chars().all(|c| is_dialled(c) || is_separator(c));
    let number = if is_telephone_number && number.contains(is_separator) {
        Cow::Owned(number.replace(is_separator, ""))
    } else {
        Cow::Borrowed(number)
    };
    let is_good = (1..=NUMBER_BYTES_MAX).contains(&number.len()) && number.chars().all(is_allowed);
    is_good.then_some(number)
}

/// What telephone numbers are made of.
pub(super) fn is_dialled(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '*' | '#')
}

/// RFC 3966 section 3, and the blank that people type.
pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | ' ')
}

/// What may stand in a number or name.
pub(super) fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '+' | '*' | '#' | '-' | '.' | '_' | '~' | '&' | '=' | '!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_lose_separators_and_names_keep_them() {
        let normalised = |dialled| normalise(dialled).map(Cow::into_owned);

        assert_eq!(normalised("+7 (495) 000-00.01").as_deref(), Some("+74950000001"));
        assert_eq!(normalised("*97#").as_deref(), Some("*97#"));
        assert_eq!(normalised("ivan.petrov-2").as_deref(), Some("ivan.petrov-2"));
        assert_eq!(normalised("1001;phone-context=+7").as_deref(), Some("1001"));
    }

    #[test]
    fn what_cannot_be_a_number_is_none() {
        for dialled in ["", "-", ";x", "10\r\n01", "a b", "\"x\"", "<1>", &"1".repeat(65)] {
            assert_eq!(normalise(dialled), None, "{dialled:?}");
        }
        assert!(normalise(&"1".repeat(64)).is_some());
    }
}
