//! The tables' history: one set for both engines, inside the binary.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use std::borrow::Cow;

/// All steps, in order. A step that was released is never edited: the next one changes what it made.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "first tables", include_str!("../../migrations/0001_first_tables.sql")),
    (2, "people and sessions", include_str!("../../migrations/0002_people_and_sessions.sql")),
    (3, "archive of calls", include_str!("../../migrations/0003_archive_of_calls.sql")),
    (4, "versions of lines", include_str!("../../migrations/0004_versions_of_lines.sql")),
    (5, "trunks", include_str!("../../migrations/0005_trunks.sql")),
    (6, "versions of domains", include_str!("../../migrations/0006_versions_of_domains.sql")),
    (7, "transcoded legs", include_str!("../../migrations/0007_transcoded_legs.sql")),
    (8, "recordings", include_str!("../../migrations/0008_recordings.sql")),
    (9, "quality of media", include_str!("../../migrations/0009_quality_of_media.sql")),
    (10, "dtmf", include_str!("../../migrations/0010_dtmf.sql")),
    (11, "codecs", include_str!("../../migrations/0011_codecs.sql")),
    (
        12,
        "names in the indexes of sides",
        include_str!("../../migrations/0012_names_in_the_indexes_of_sides.sql"),
    ),
    (13, "hold music", include_str!("../../migrations/0013_hold_music.sql")),
    (14, "voicemail", include_str!("../../migrations/0014_voicemail.sql")),
    (15, "subscriptions", include_str!("../../migrations/0015_subscriptions.sql")),
    (16, "features of lines", include_str!("../../migrations/0016_features_of_lines.sql")),
    (17, "text messages", include_str!("../../migrations/0017_text_messages.sql")),
    (18, "trunks in full", include_str!("../../migrations/0018_trunks_in_full.sql")),
    (19, "rights to call out", include_str!("../../migrations/0019_rights_to_call_out.sql")),
    (20, "numbers of trunks", include_str!("../../migrations/0020_numbers_of_trunks.sql")),
    (21, "greetings", include_str!("../../migrations/0021_greetings.sql")),
    (22, "letters", include_str!("../../migrations/0022_letters.sql")),
    (23, "locks of mailboxes", include_str!("../../migrations/0023_locks_of_mailboxes.sql")),
    (24, "workplaces", include_str!("../../migrations/0024_workplaces.sql")),
    (26, "legs by call", include_str!("../../migrations/0026_legs_by_call.sql")),
    (27, "call waiting", include_str!("../../migrations/0027_call_waiting.sql")),
    (28, "lists of callers", include_str!("../../migrations/0028_lists_of_callers.sql")),
    (29, "trunks that sign in", include_str!("../../migrations/0029_trunks_that_sign_in.sql")),
];

/// What brings a database of any earlier version to this one's shape.
pub(super) fn migrator() -> Migrator {
    let steps = STEPS.iter().map(|&(version, name, sql)| {
        let sql = sql.into_sql_str();
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}
