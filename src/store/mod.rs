//! The record: domains, people, roles and sessions, extensions, bindings and call detail records in SQL.
//!
//! SQLite by default, PostgreSQL for more than one machine. One file an aggregate, one dialect for
//! both engines: `$1` parameters, `ON CONFLICT`, native UUIDs. What differs is in [`db`].
//! Nothing here is live state: that belongs to its owner tasks.

pub mod archive;
pub mod audit;
pub mod bindings;
pub mod call_list;
pub mod caller_lists;
mod cdr_line;
pub mod cdr_list;
pub mod cdr_spool;
pub mod cdr_writer;
pub mod cdrs;
mod checked_line;
mod db;
pub mod directory;
pub mod domains;
pub mod extensions;
mod fresh;
pub mod greetings;
mod inserts;
pub mod journal;
pub mod letters;
pub mod messages;
mod migrations;
pub mod outbound;
pub mod passwords;
pub mod pins;
pub mod recordings;
pub mod recoveries;
pub mod rights;
pub mod roles;
mod segments;
pub mod sessions;
pub mod settings;
mod sql;
pub mod statistics;
pub mod subscriptions;
#[cfg(test)]
pub(crate) mod testing;
pub mod texts;
pub mod trunks;
pub mod users;
pub mod walls;
pub mod workplaces;

pub use archive::{CallDirection, CallSide, LoggedCall};
pub use audit::{AuditEntry, AuditFilter, AuditRow};
pub use call_list::{CallPage, CallQuery};
pub use cdr_list::CdrQuery;
pub use cdr_spool::CdrSpool;
pub use cdr_writer::{CdrSender, CdrWriter};
pub use cdrs::CdrFilter;
pub use directory::{LeftOut, LeftOutReason, LoadedDirectory};
pub use domains::{DomainContents, DomainRow};
pub use extensions::{ExtensionDraft, ExtensionRow, NewExtension};
pub use greetings::{GreetingRow, KeptGreeting};
pub use journal::{Journal, JournalSender};
pub use letters::{LetterRow, MailSettings};
pub use messages::{MessageCounts, MessageRow, MessageState};
pub use pins::PinTry;
pub use recordings::{RecordingRow, RecordingState};
pub use rights::Right;
pub use roles::{RoleDraft, RoleRow};
pub use sessions::{NewSession, SessionLimits, SessionRow};
pub use trunks::{TrunkDraft, TrunkRow};
pub use users::{Locale, NewUser, Profile, UserRow};
pub use walls::WallRow;
pub use workplaces::WorkplaceRow;

use crate::config;
use call::{Codecs, DtmfMode};
use db::Db;
use std::{borrow::Cow, str::FromStr};

/// Handle on the database; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
}

/// Why the database cannot be used at start; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there or does not let us in.
    #[error("the database {place} cannot be opened ({source}): {advice}")]
    Unreachable {
        /// Where, without credentials.
        place: String,
        /// What the engine says.
        source: sqlx::Error,
        /// What to do.
        advice: &'static str,
    },
    /// Its tables cannot be brought to this version's shape.
    #[error(
        "the database {place} cannot be migrated ({source}): run the newest version that used it, \
         or restore it from a backup"
    )]
    Migration {
        /// Where, without credentials.
        place: String,
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
    /// Its tables are there and do not take what every database must have.
    #[error("the database cannot be prepared ({0}): check that this user may write to it")]
    Preparation(StoreError),
    /// A table cannot be made of older rows.
    #[error("what a new table needs cannot be made of older rows ({0}): start again to go on")]
    Backfill(StoreError),
    /// `store.url` makes no sense.
    #[error("store.url cannot be understood ({0}): write \"sqlite:PATH\" or \"postgres://…\"")]
    Url(sqlx::Error),
}

/// Why a query did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with this name is there already.
    #[error("{what} is there already")]
    Exists {
        /// `user "anna"`, `extension 1001`.
        what: String,
    },
    /// No such row.
    #[error("there is no {what}")]
    Missing {
        /// `user "anna"`, `domain "demo.tandem.test"`.
        what: String,
    },
    /// Somebody else changed the row, or removed it, since the writer read it.
    #[error("somebody else has changed it: read it again")]
    Conflict,
    /// Others refer to the row.
    #[error("the {what} is in use")]
    InUse {
        /// `role`.
        what: String,
    },
    /// Without this person nobody could do everything.
    #[error("the last platform administrator must stay: give the role to somebody else first")]
    LastAdministrator,
    /// A value that may not be stored.
    #[error("{0}")]
    Invalid(String),
    /// The database is away, or refuses.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl Store {
    /// Opens the database, creating an SQLite file where there is none, migrates it, and gives every
    /// domain its built-in roles.
    pub async fn open(config: &config::Store) -> Result<Self, OpenError> {
        let store = Self { db: Db::open(config).await? };
        store.keep_built_in_roles().await.map_err(OpenError::Preparation)?;
        store.fill_archive().await.map_err(OpenError::Backfill)?;
        Ok(store)
    }

    /// Opens a database that is there, and leaves it as it is, of whatever version: for looking only.
    /// `None` where there is none yet.
    pub async fn look_into(config: &config::Store) -> Result<Option<Self>, OpenError> {
        if !Db::is_there(config) {
            return Ok(None);
        }
        let (db, _) = Db::connect(config).await?;
        Ok(Some(Self { db }))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.ping().await
    }

    /// Waits for queries under way and closes all connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// A text as both engines take it: PostgreSQL knows no NUL, and peers may send one.
fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text.into() }
}

/// A count, which the tables keep as bigint, of a narrower type.
fn unsigned<T: TryFrom<i64> + Bounded>(value: i64) -> T {
    T::try_from(value).unwrap_or(if value < 0 { T::LEAST } else { T::MOST })
}

/// How keys go, by the name in a column; what a later version wrote there is as good as nothing.
fn dtmf(name: &str) -> DtmfMode {
    DtmfMode::named(name).unwrap_or_default()
}

/// Codecs, one a line, in a column; what a later version wrote there is as good as nothing.
fn codecs(names: &str) -> Codecs {
    Codecs::parse(names.lines()).unwrap_or_default()
}

/// Integers whose ends [`unsigned`] needs.
trait Bounded {
    const LEAST: Self;
    const MOST: Self;
}

macro_rules! bounded {
    ($($type:ty),*) => {$(
        impl Bounded for $type {
            const LEAST: Self = Self::MIN;
            const MOST: Self = Self::MAX;
        }
    )*};
}

bounded!(u8, u16, u32, u64);

/// A stored word as the enum it stands for.
fn parsed<T: FromStr<Err = StoreError>>(word: &str) -> sqlx::Result<T> {
    word.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Names the row that a unique key found there already.
fn exists(error: sqlx::Error, what: impl FnOnce() -> String) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Exists { what: what() },
        Some(_) | None => error.into(),
    }
}

/// An update that found no row.
fn require_row(rows: u64, what: impl FnOnce() -> String) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Missing { what: what() }) } else { Ok(()) }
}

/// An update of a row that must still have the version which its writer saw.
fn require_version(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}
