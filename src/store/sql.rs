//! Statements put together of fixed pieces, for lists whose filters may be left out: an engine
//! plans `($1 IS NULL OR x = $1)` badly.

use uuid::Uuid;

/// A statement and its values.
#[derive(Debug, Default)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

/// A value to be bound.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Uuid(Uuid),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Sql {
    /// Appends fixed text. Nothing that a client wrote may get in here.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends the place of a value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Appends `(value, value, …)`.
    pub(super) fn bind_list<T: Into<Value>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.push("(");
        for (n, value) in values.into_iter().enumerate() {
            self.push(if n == 0 { "" } else { ", " }).bind(value);
        }
        self.push(")")
    }

    /// Text and values, for `run!`.
    pub(super) fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}

/// Runs an [`Sql`] on either engine: `run!(&self.db, sql, fetch_all)`.
macro_rules! run {
    ($db:expr, $sql:expr, $fetch:ident) => {{
        let (text, values) = $sql.into_parts();
        $crate::store::db::on_either!($db, pool => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(text));
            for value in values {
                query = match value {
                    $crate::store::sql::Value::Uuid(it) => query.bind(it),
                    $crate::store::sql::Value::Int(it) => query.bind(it),
                    $crate::store::sql::Value::Text(it) => query.bind(it),
                    $crate::store::sql::Value::Bytes(it) => query.bind(it),
                };
            }
            query.$fetch(pool).await
        })
    }};
}

pub(super) use run;

impl From<Uuid> for Value {
    fn from(it: Uuid) -> Self {
        Self::Uuid(it)
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Self {
        Self::Int(it)
    }
}

impl From<String> for Value {
    fn from(it: String) -> Self {
        Self::Text(it)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Self {
        Self::Text(it.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(it: Vec<u8>) -> Self {
        Self::Bytes(it)
    }
}
