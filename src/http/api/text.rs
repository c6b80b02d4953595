//! What people read, in both languages.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt::Display};
use utoipa::ToSchema;

use crate::store::Locale;

/// The same in Russian and English.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Text {
    /// Russian.
    #[schema(value_type = String)]
    pub ru: Cow<'static, str>,
    /// English.
    #[schema(value_type = String)]
    pub en: Cow<'static, str>,
}

impl Text {
    /// Words that the program has.
    pub const fn fixed(ru: &'static str, en: &'static str) -> Self {
        Self { ru: Cow::Borrowed(ru), en: Cow::Borrowed(en) }
    }

    /// Words that are made up of others.
    pub fn both(ru: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { ru: ru.into(), en: en.into() }
    }

    /// What an error says in English, as the sentence that people read. Where a place stands before
    /// it, in a terminal, the same words go on in lower case.
    pub fn of_error(ru: impl Into<Cow<'static, str>>, error: impl Display) -> Self {
        Self::both(ru, sentence(error.to_string()))
    }

    /// In one language.
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ru => &self.ru,
            Locale::En => &self.en,
        }
    }
}

/// With a capital, unless it begins with something that is written in one way only: `a.toml:3`.
fn sentence(mut text: String) -> String {
    let word = text.split([' ', ';']).next().unwrap_or_default();
    if word.bytes().all(|it| it.is_ascii_lowercase())
        && let Some(first) = text.get_mut(..1)
    {
        first.make_ascii_uppercase();
    }
    text
}

/// The language that a client asks for: the first of ours in `Accept-Language`, by its weights
/// (RFC 9110 section 12.5.4); Russian for those who name none.
pub(super) fn locale_of(headers: &HeaderMap) -> Locale {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let mut best = (0, Locale::Ru);
    for range in wanted.split(',') {
        let mut parts = range.trim().split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let locale = match tag.split('-').next() {
            Some("ru") => Locale::Ru,
            Some("en") => Locale::En,
            Some(_) | None => continue,
        };
        let weight = parts.find_map(|it| it.trim().strip_prefix("q=")?.parse::<f32>().ok());
        let per_mille = (weight.unwrap_or(1.0) * 1000.0) as i32;
        if per_mille > best.0 {
            best = (per_mille, locale);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_names_stay_as_they_are() {
        let told = |error: &str| Text::of_error("", error).en.into_owned();

        assert_eq!(told("write a name"), "Write a name");
        assert_eq!(told("unknown key; expected one of `a`"), "Unknown key; expected one of `a`");
        for whole in ["\"x\" is no address", "a.toml:3 has it", "trunk:out calling 1", "→ it", ""]
        {
            assert_eq!(told(whole), whole);
        }
    }

    #[test]
    fn the_language_is_the_heaviest_that_we_have() {
        for (wanted, locale) in [
            ("", Locale::Ru),
            ("en", Locale::En),
            ("en-GB,ru;q=0.9", Locale::En),
            ("de, en;q=0.4, ru-RU;q=0.5", Locale::Ru),
            ("fr;q=1, *;q=0.1", Locale::Ru),
            ("en;q=0", Locale::Ru),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, wanted.parse().unwrap())]);
            assert_eq!(locale_of(&headers), locale, "{wanted}");
        }
    }
}
