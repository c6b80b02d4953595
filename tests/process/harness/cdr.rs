//! The server's database: the call log, read where the server writes it.

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// What the tests look at in a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CdrRow {
    pub(crate) call: Vec<u8>,
    pub(crate) leg: Vec<u8>,
    /// `caller` or `callee`.
    pub(crate) role: String,
    pub(crate) caller: String,
    pub(crate) dialled: String,
    pub(crate) party: String,
    pub(crate) answer_ms: Option<i64>,
    pub(crate) talk_ms: i64,
    pub(crate) sip_status: i64,
    /// `remote`, `peer` or `system`.
    pub(crate) hangup: String,
    /// Why the leg ended, in a word.
    pub(crate) cause: String,
    pub(crate) codec: Option<String>,
    pub(crate) packets_received: i64,
    pub(crate) bytes_received: i64,
    pub(crate) packets_sent: i64,
    pub(crate) packets_lost: i64,
    pub(crate) transcoded: bool,
    pub(crate) jitter_ms: f64,
    pub(crate) mos: Option<f64>,
    pub(crate) far_packets_lost: Option<i64>,
    pub(crate) far_mos: Option<f64>,
    pub(crate) rtt_ms: Option<f64>,
}

impl CdrRow {
    /// All rows, oldest first; none while the table is not there.
    pub(crate) fn read_all(database: &Path) -> Vec<Self> {
        block_on(read_all(database)).unwrap_or_default()
    }
}

/// What the tests look at in the row of a recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordingRow {
    pub(crate) duration_ms: i64,
    pub(crate) sha256: String,
    /// Below the directory of recordings.
    pub(crate) file: String,
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) state: String,
    pub(crate) packets_lost: i64,
}

impl RecordingRow {
    /// All rows, oldest first; none while the table is not there.
    pub(crate) fn read_all(database: &Path) -> Vec<Self> {
        rows_of(database, "SELECT * FROM recording ORDER BY id", Self::of)
    }

    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            duration_ms: row.try_get("duration_ms")?,
            sha256: row.try_get("sha256")?,
            file: row.try_get("file")?,
            left: row.try_get("left_party")?,
            right: row.try_get("right_party")?,
            state: row.try_get("state")?,
            packets_lost: row.try_get("packets_lost")?,
        })
    }
}

/// What the tests look at in the row of a message.
#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    pub(crate) caller: String,
    pub(crate) forwarded_by: Option<String>,
    pub(crate) duration_ms: i64,
    /// Below the directory of mailboxes.
    pub(crate) file: String,
    pub(crate) state: String,
    pub(crate) is_cut_off: bool,
}

impl MessageRow {
    /// All rows, oldest first; none while the table is not there.
    pub(crate) fn read_all(database: &Path) -> Vec<Self> {
        rows_of(database, "SELECT * FROM voicemail_message ORDER BY id", Self::of)
    }

    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            caller: row.try_get("caller")?,
            forwarded_by: row.try_get("forwarded_by")?,
            duration_ms: row.try_get("duration_ms")?,
            file: row.try_get("file")?,
            state: row.try_get("state")?,
            is_cut_off: row.try_get("is_cut_off")?,
        })
    }
}

/// Which greetings the owners of mailboxes have kept, oldest first.
pub(crate) fn kept_greetings(database: &Path) -> Vec<String> {
    let query = "SELECT kind FROM voicemail_greeting WHERE kind IS NOT NULL ORDER BY id";
    rows_of(database, query, |row| row.try_get("kind"))
}

/// How many wrong PINs were entered for each line that has any.
pub(crate) fn wrong_pins(database: &Path) -> Vec<i64> {
    rows_of(database, "SELECT wrong_pins FROM mailbox_lock", |row| row.try_get("wrong_pins"))
}

/// What a query finds; nothing while the table is not there.
fn rows_of<T>(
    database: &Path,
    query: &'static str,
    read: fn(&SqliteRow) -> Result<T, sqlx::Error>,
) -> Vec<T> {
    let found = async {
        let options = SqliteConnectOptions::new().filename(database).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let rows = sqlx::query(query).fetch_all(&mut connection).await?;
        connection.close().await?;
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>()
    };
    block_on(found).unwrap_or_default()
}

/// How long `extension` rings before nobody has answered.
pub(crate) fn set_ring_time(database: &Path, extension: &str, seconds: u32) {
    let changed = block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let done = sqlx::query("UPDATE extension SET ring_timeout_s = $1 WHERE number = $2")
            .bind(seconds)
            .bind(extension)
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(done.rows_affected())
    });
    assert_eq!(changed.expect("extensions have a ring time"), 1, "{extension} is in the demo");
}

/// How long `extension` has talked today to numbers of the class `national`.
pub(crate) fn set_talked_outside(database: &Path, extension: &str, seconds: i64) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    let changed = block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let done = sqlx::query(
            "INSERT INTO outbound_use (domain_id, line_id, class, day, talked_ms)
             SELECT domain_id, id, 'national', $1, $2 FROM extension WHERE number = $3",
        )
        .bind(since_1970.as_secs() as i64 / 86_400)
        .bind(seconds * 1000)
        .bind(extension)
        .execute(&mut connection)
        .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(done.rows_affected())
    });
    assert_eq!(changed.expect("what is talked is kept"), 1, "{extension} is in the demo");
}

/// Takes all rows of the call log away, and what lists of calls are made of.
pub(crate) fn forget_call_log(database: &Path) {
    let forgotten = block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        for table in ["call_user", "call_name", "call_log", "cdr"] {
            let query = AssertSqlSafe(format!("DELETE FROM {table}"));
            sqlx::query(query).execute(&mut connection).await?;
        }
        connection.close().await
    });
    forgotten.expect("the call log can be emptied");
}

/// Holds off every other writer of the database for as long as `work` takes.
pub(crate) fn while_locked<T>(database: &Path, work: impl FnOnce() -> T) -> T {
    let runtime = runtime();
    let options = SqliteConnectOptions::new().filename(database);
    let lock = async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok::<_, sqlx::Error>(connection)
    };
    let connection = runtime.block_on(lock).expect("the database can be locked");
    let done = work();
    // A transaction that is not committed goes with its connection.
    runtime.block_on(connection.close()).expect("the database can be closed");
    done
}

/// How many rows `table` has in PostgreSQL; none while it does not answer.
pub(crate) fn postgres_rows(url: &str, table: &str) -> i64 {
    let counted = block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        // The name is a word of the test's own.
        let query = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows = sqlx::query_scalar(query).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok::<i64, sqlx::Error>(rows)
    });
    counted.unwrap_or(0)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime can be made")
}

async fn read_all(database: &Path) -> Result<Vec<CdrRow>, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let rows = sqlx::query("SELECT * FROM cdr ORDER BY id").fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter()
        .map(|row| {
            Ok(CdrRow {
                call: row.try_get("call_id")?,
                leg: row.try_get("leg_id")?,
                role: row.try_get("role")?,
                caller: row.try_get("caller")?,
                dialled: row.try_get("dialled")?,
                party: row.try_get("party")?,
                answer_ms: row.try_get("answer_ms")?,
                talk_ms: row.try_get("talk_ms")?,
                sip_status: row.try_get("sip_status")?,
                hangup: row.try_get("hangup")?,
                cause: row.try_get("cause")?,
                codec: row.try_get("codec")?,
                packets_received: row.try_get("packets_received")?,
                bytes_received: row.try_get("bytes_received")?,
                packets_sent: row.try_get("packets_sent")?,
                packets_lost: row.try_get("packets_lost")?,
                transcoded: row.try_get("transcoded")?,
                jitter_ms: row.try_get("jitter_ms")?,
                mos: row.try_get("mos")?,
                far_packets_lost: row.try_get("far_packets_lost")?,
                far_mos: row.try_get("far_mos")?,
                rtt_ms: row.try_get("rtt_ms")?,
            })
        })
        .collect()
}
