//! What each key of the configuration means.

use std::sync::LazyLock;

/// Every key, its default and what it means.
pub(super) const EXAMPLE: &str = include_str!("../../docs/config.example.toml");

const RUSSIAN: &str = include_str!("descriptions_ru.toml");

/// What a key means, for administrators.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Description {
    /// In Russian.
    pub ru: &'static str,
    /// In English, as the example has it.
    pub en: &'static str,
}

/// A key of the example.
pub(super) struct Documented {
    /// Dotted.
    pub(super) key: String,
    en: String,
    ru: String,
}

/// Every key in the order of the example, with the comment right above it.
pub(super) static DOCUMENTED: LazyLock<Vec<Documented>> = LazyLock::new(|| {
    let russian: toml::Table = RUSSIAN.parse().unwrap_or_default();
    let (mut documented, mut section, mut comment) = (Vec::new(), "", Vec::new());
    for line in EXAMPLE.lines() {
        if let Some(words) = line.strip_prefix("# ") {
            comment.push(words);
            continue;
        }
        let code = line.trim_start_matches('#');
        if code.starts_with('[') {
            section = code.trim_matches(['[', ']']);
        } else if let Some((name, _)) = code.split_once(" = ") {
            let ru = russian.get(section).and_then(|it| it.get(name)).and_then(|it| it.as_str());
            let (key, en) = (format!("{section}.{name}"), comment.join(" "));
            documented.push(Documented { key, en, ru: ru.unwrap_or_default().to_owned() });
        }
        comment.clear();
    }
    documented
});

/// Where a key stands in the documentation, and what it means.
pub(super) fn description_of(key: &str) -> (usize, Description) {
    let found = DOCUMENTED.iter().enumerate().find(|(_, it)| it.key == key);
    found.map_or((DOCUMENTED.len(), Description { ru: "", en: "" }), |(position, it)| {
        (position, Description { ru: &it.ru, en: &it.en })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_is_described_in_both_languages() {
        let russian: toml::Table = RUSSIAN.parse().unwrap();
        let keys_of = |(section, keys): (&String, &toml::Value)| -> Vec<String> {
            keys.as_table().unwrap().keys().map(|key| format!("{section}.{key}")).collect()
        };
        let in_russian: BTreeSet<_> = russian.iter().flat_map(keys_of).collect();
        assert_eq!(in_russian, DOCUMENTED.iter().map(|it| it.key.clone()).collect());
        for Documented { key, en, ru } in DOCUMENTED.iter() {
            assert!(ru.chars().any(|it| ('а'..='я').contains(&it)), "{key}: {ru}");
            assert!(!ru.contains('\n'), "{key} is described in more than a line");
            assert_eq!(literals(ru), literals(en), "{key}");
        }
    }

    /// Flags, quoted values and numbers: what one writes as it stands.
    fn literals(text: &str) -> BTreeSet<&str> {
        let words = text.split([' ', ',', ';', '(', ')']).map(|it| it.trim_end_matches(['.', ':']));
        let is_literal = |it: &&str| it.starts_with("--") || it.len() > 1 && it.starts_with('"');
        words.filter(|it| is_literal(it) || it.parse::<u32>().is_ok()).collect()
    }
}
