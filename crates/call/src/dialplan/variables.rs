//! Which variables steps set and patterns capture, anywhere in the plans.

use super::{pattern::Pattern, template::Variables};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Looks through all files; what is wrong in them is told when they are read.
pub(super) fn of(files: &[(&str, &str)]) -> Variables {
    let mut found = Variables::default();
    for (_, text) in files {
        let (document, _) = DeTable::parse_recoverable(text);
        look_into(document.get_ref(), &mut found);
    }
    found
}

fn look_into(table: &DeTable<'_>, found: &mut Variables) {
    for (key, value) in table {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("set", DeValue::Table(values)) => {
                found.set.extend(values.keys().map(|it| it.get_ref().to_string()));
            }
            ("into", DeValue::Table(values)) => {
                found.set.extend(values.keys().map(|it| it.get_ref().to_string()));
            }
            ("into", DeValue::String(name)) => {
                found.set.insert(name.to_string());
            }
            ("match", DeValue::Table(condition)) => {
                for key in ["number", "caller"] {
                    condition.get(key).into_iter().for_each(|it| capture(it, found));
                }
            }
            (_, value) => look_within(value, found),
        }
    }
}

fn look_within(value: &DeValue<'_>, found: &mut Variables) {
    match value {
        DeValue::Table(table) => look_into(table, found),
        DeValue::Array(values) => {
            values.iter().for_each(|it| look_within(it.get_ref(), found));
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

fn capture(patterns: &Spanned<DeValue<'_>>, found: &mut Variables) {
    match patterns.get_ref() {
        DeValue::String(text) => {
            if let Ok(pattern) = Pattern::parse(text) {
                found.captured.extend(pattern.names().map(str::to_owned));
            }
        }
        DeValue::Array(values) => values.iter().for_each(|it| capture(it, found)),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Table(_) => {}
    }
}
