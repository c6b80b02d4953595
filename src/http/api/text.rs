//! What people read, in both languages.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
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

    /// In one language.
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ru => &self.ru,
            Locale::En => &self.en,
        }
    }
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
