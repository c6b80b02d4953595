//! Many rows with one statement.

use super::db::Db;
use sqlx::AssertSqlSafe;

/// `INSERT` of 1, 2, 4, … rows into one table, for either engine. Nothing but places of parameters
/// is put together here.
pub(super) struct Inserts {
    sqlite: Vec<String>,
    postgres: Vec<String>,
}

impl Inserts {
    /// Into `columns` of `table`; `tail` says what happens to rows that are there already.
    pub(super) fn new(table: &str, columns: &[&str], tail: &str) -> Self {
        let powers = || (0..=CHUNK_POWER_MAX).map(|power| 1 << power);
        let statement = |rows, parameter| statement(table, columns, tail, rows, parameter);
        Self {
            // Without numbers, which are names to SQLite: it would search them all for each value
            // bound.
            sqlite: powers().map(|rows| statement(rows, |_| "?".to_owned())).collect(),
            postgres: powers().map(|rows| statement(rows, |n| format!("${n}"))).collect(),
        }
    }

    /// The statement for a chunk of `rows`, a power of two.
    pub(super) fn of(&'static self, db: &Db, rows: usize) -> AssertSqlSafe<&'static str> {
        let statements = match db {
            Db::Sqlite(_) => &self.sqlite,
            Db::Postgres(_) => &self.postgres,
        };
        AssertSqlSafe(&statements[rows.trailing_zeros() as usize])
    }
}

/// Cuts a batch into powers of two, so that a handful of prepared statements fits every batch.
pub(super) fn chunks<T>(mut batch: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let power = batch.len().checked_ilog2()?.min(CHUNK_POWER_MAX);
        let (chunk, rest) = batch.split_at(1 << power);
        batch = rest;
        Some(chunk)
    })
}

fn statement(
    table: &str,
    columns: &[&str],
    tail: &str,
    rows: usize,
    parameter: fn(usize) -> String,
) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            sql.push_str(if column == 0 { "" } else { ", " });
            sql.push_str(&parameter(row * columns.len() + column + 1));
        }
        sql.push(')');
    }
    sql.push(' ');
    sql + tail
}

/// 256 rows of the widest table bind some 7700 values; SQLite takes 32,766 and PostgreSQL 65,535.
const CHUNK_POWER_MAX: u32 = 8;
