//! What all lists have in common: the period, the order, the cursor, the length of a page.

use super::{FieldError, Problem, Text, time};
use base::UnixMillis;
use uuid::Uuid;

/// Where a page begins: behind an id, with the total that the first page told. Opaque to clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cursor {
    /// The last row of the page before.
    pub after: Uuid,
    /// How many rows there are on all pages.
    pub total: u64,
}

impl Cursor {
    /// Of the text that an earlier page gave.
    pub fn read(text: Option<&str>) -> Result<Option<Self>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let parsed = text.split_once('.').and_then(|(after, total)| {
            Some(Self { after: after.parse().ok()?, total: total.parse().ok()? })
        });
        parsed.map(Some).ok_or_else(|| {
            let message = Text::fixed(
                "Указатель взят не из next_cursor",
                "The cursor is not from next_cursor",
            );
            Problem::invalid_field("cursor", "malformed", message)
        })
    }

    /// For `next_cursor`: there is one if the page is full.
    pub fn next(last: Option<Uuid>, rows: usize, limit: u32, total: u64) -> Option<String> {
        let is_full = rows >= limit as usize;
        last.filter(|_| is_full).map(|after| format!("{after}.{total}"))
    }
}

/// `from` and `to`: moments as RFC 3339 writes them.
pub fn period(
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(Option<UnixMillis>, Option<UnixMillis>), Problem> {
    let read = |field: &'static str, text: Option<&str>| {
        let Some(text) = text else { return Ok(None) };
        time::parse(text).map(Some).ok_or_else(|| {
            let message = Text::fixed(
                "Напишите время по RFC 3339: 2025-11-17T16:38:51Z",
                "Write a time as RFC 3339 does: 2025-11-17T16:38:51Z",
            );
            FieldError::new(field, "malformed", message)
        })
    };
    match (read("from", from), read("to", to)) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        (from, to) => Err(Problem::invalid(from.err().into_iter().chain(to.err()).collect())),
    }
}

/// `sort`: whether the newest comes first, which it does unless told otherwise.
pub fn is_newest_first(sort: Option<&str>) -> Result<bool, Problem> {
    match sort {
        None | Some("-time") => Ok(true),
        Some("time") => Ok(false),
        Some(_) => {
            let message = Text::fixed("Сортировка: time или -time", "Sort by time or by -time");
            Err(Problem::invalid_field("sort", "unknown", message))
        }
    }
}

/// `limit`: rows of a page.
pub fn limit(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = Text::fixed("От 1 до 200 строк", "From 1 to 200 rows");
    Err(Problem::invalid_field("limit", "out_of_range", message))
}

/// A text filter: an empty one is none.
pub fn filter(text: Option<String>) -> Option<String> {
    text.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
}

/// A filter by a word of ours.
pub fn unknown_word(field: &'static str) -> Problem {
    Problem::invalid_field(field, "unknown", Text::fixed("Нет такого значения", "No such value"))
}

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;
