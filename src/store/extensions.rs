//! Extensions: numbers with SIP credentials.
//!
//! The password itself is not kept: `H(number:domain:password)` is what digest needs, and it opens
//! nothing outside its realm.

use super::{
    DomainRow, Store, StoreError,
    db::{BeginWriting as _, from_row, on_either},
    fresh,
};
use crate::config::Secret;
use base::{DomainId, ExtensionId, UserId};
use call::{
    Extension, MediaRules,
    dialplan::{FeatureOrder, ForwardWhen},
    features::Features,
    outbound::LineOutbound,
};
use sip::digest::Ha1;
use std::collections::BTreeSet;

/// An extension and who sits there.
#[derive(Clone, Debug)]
pub struct ExtensionRow {
    /// What calls need to know.
    pub extension: Extension,
    /// Counts the changes.
    pub version: i64,
}

/// What may be changed of an extension.
#[derive(Clone, Debug)]
pub struct ExtensionDraft {
    /// Shown to those it calls.
    pub display_name: String,
    /// Most calls at a time; `None` for no limit.
    pub calls_max: Option<u32>,
    /// How long it rings before the call counts as not answered, in seconds.
    pub ring_timeout_s: u32,
    /// Who sits there.
    pub user: Option<UserId>,
    /// What is set for its devices.
    pub media: MediaRules,
    /// What it may call outside, and what is seen of it there.
    pub outbound: LineOutbound,
    /// Whether it may sign in at phones of other extensions.
    pub may_sign_in: bool,
}

/// An extension to be added.
#[derive(Clone, Debug)]
pub struct NewExtension {
    /// The number, which is also the SIP user name.
    pub number: String,
    /// Shown to those it calls.
    pub display_name: String,
    /// SIP password; kept as digest secrets only.
    pub password: Secret,
    /// Most calls at a time; `None` for no limit.
    pub calls_max: Option<u32>,
    /// How long it rings before the call counts as not answered, in seconds.
    pub ring_timeout_s: u32,
    /// Who sits there.
    pub user: Option<UserId>,
    /// What is set for its devices.
    pub media: MediaRules,
    /// What it may call outside, and what is seen of it there.
    pub outbound: LineOutbound,
    /// Whether it may sign in at phones of other extensions.
    pub may_sign_in: bool,
}

/// Calls at a time that an extension gets unless told otherwise: one, one waiting, two to transfer.
pub const CALLS_MAX_DEFAULT: u32 = 4;

/// How long an extension rings unless told otherwise, in seconds.
pub const RING_TIMEOUT_S_DEFAULT: u32 = 60;

impl Store {
    /// Adds an extension to a domain.
    pub async fn add_extension(
        &self,
        domain: &DomainRow,
        extension: NewExtension,
    ) -> Result<ExtensionId, StoreError> {
        check_number(&extension.number)?;
        let ha1 = secrets(domain, &extension.number, &extension.password)?;
        let (now, mut rng) = fresh::now_and_rng()?;
        let id = ExtensionId::new(now, &mut rng);
        on_either!(&self.db, pool => {
            sqlx::query(INSERT)
                .bind(id.0)
                .bind(domain.id.0)
                .bind(&extension.number)
                .bind(super::text(&extension.display_name))
                .bind(&ha1.md5)
                .bind(&ha1.sha256)
                .bind(extension.calls_max.map(i64::from))
                .bind(i64::from(extension.ring_timeout_s))
                .bind(extension.user.map(|it| it.0))
                .bind(extension.media.dtmf.name())
                .bind(extension.media.codecs.names().join("\n"))
                .bind(&extension.media.hold_music)
                .bind(lines(&extension.outbound.classes))
                .bind(&extension.outbound.caller_number)
                .bind(extension.outbound.is_withheld)
                .bind(extension.may_sign_in)
                .bind(now.0)
                .execute(pool)
                .await
                .map_err(|error| {
                    super::exists(error, || format!("extension {}", extension.number))
                })?;
        });
        Ok(id)
    }

    /// All extensions, by domain and number.
    pub async fn list_extensions(&self) -> Result<Vec<ExtensionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => sqlx::query_as(SELECT_ALL).fetch_all(pool).await?))
    }

    /// Those of a domain, by number.
    pub async fn extensions_of_domain(
        &self,
        domain: DomainId,
    ) -> Result<Vec<ExtensionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_DOMAIN).bind(domain.0).fetch_all(pool).await?
        }))
    }

    /// Those at which somebody sits, by number.
    pub async fn extensions_of_user(
        &self,
        domain: DomainId,
        user: UserId,
    ) -> Result<Vec<ExtensionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_OF_USER).bind(domain.0).bind(user.0).fetch_all(pool).await?
        }))
    }

    /// The extension with this id.
    pub async fn extension(
        &self,
        domain: DomainId,
        id: ExtensionId,
    ) -> Result<Option<ExtensionRow>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_ID).bind(domain.0).bind(id.0).fetch_optional(pool).await?
        }))
    }

    /// The extension with this number; `None` if there is none.
    pub async fn extension_with_number(
        &self,
        domain: DomainId,
        number: &str,
    ) -> Result<Option<Extension>, StoreError> {
        let row: Option<ExtensionRow> = on_either!(&self.db, pool => {
            sqlx::query_as(SELECT_BY_NUMBER)
                .bind(domain.0)
                .bind(super::text(number))
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map(|it| it.extension))
    }

    /// The same; that there is none is an error.
    pub async fn require_extension(
        &self,
        domain: DomainId,
        number: &str,
    ) -> Result<Extension, StoreError> {
        let found = self.extension_with_number(domain, number).await?;
        found.ok_or_else(|| StoreError::Missing { what: format!("extension {number}") })
    }

    /// Changes an extension that has still the version that the writer saw. One that may not sign in
    /// elsewhere any more is signed in nowhere.
    pub async fn change_extension(
        &self,
        domain: DomainId,
        id: ExtensionId,
        version: i64,
        draft: &ExtensionDraft,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE)
                .bind(super::text(&draft.display_name))
                .bind(draft.calls_max.map(i64::from))
                .bind(i64::from(draft.ring_timeout_s))
                .bind(draft.user.map(|it| it.0))
                .bind(draft.media.dtmf.name())
                .bind(draft.media.codecs.names().join("\n"))
                .bind(&draft.media.hold_music)
                .bind(lines(&draft.outbound.classes))
                .bind(&draft.outbound.caller_number)
                .bind(draft.outbound.is_withheld)
                .bind(draft.may_sign_in)
                .bind(domain.0)
                .bind(id.0)
                .bind(version)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            sqlx::query(SIGN_OUT_UNALLOWED).bind(domain.0).execute(&mut *tx).await?;
            tx.commit().await?;
            rows
        });
        super::require_version(rows)
    }

    /// Changes what becomes of calls to an extension; its version stays, since whoever manages lines
    /// does not write this.
    pub async fn set_feature(
        &self,
        domain: DomainId,
        id: ExtensionId,
        order: &FeatureOrder,
    ) -> Result<(), StoreError> {
        let rows = match order {
            FeatureOrder::DoNotDisturb(is_on) => {
                self.switch_feature(UPDATE_DO_NOT_DISTURB, *is_on, domain, id).await?
            }
            FeatureOrder::CallWaiting(is_on) => {
                self.switch_feature(UPDATE_CALL_WAITING, *is_on, domain, id).await?
            }
            FeatureOrder::Forward { when, to } => on_either!(&self.db, pool => {
                sqlx::query(update_forward(*when))
                    .bind(to)
                    .bind(domain.0)
                    .bind(id.0)
                    .execute(pool)
                    .await?
                    .rows_affected()
            }),
        };
        super::require_row(rows, || format!("extension {id}"))
    }

    async fn switch_feature(
        &self,
        update: &'static str,
        is_on: bool,
        domain: DomainId,
        id: ExtensionId,
    ) -> sqlx::Result<u64> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query(update)
                .bind(is_on)
                .bind(domain.0)
                .bind(id.0)
                .execute(pool)
                .await?
                .rows_affected()
        }))
    }

    /// Gives an extension the right to these classes of numbers, and to no others.
    pub async fn set_outbound_classes(
        &self,
        domain: DomainId,
        number: &str,
        classes: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(UPDATE_OUTBOUND_CLASSES)
                .bind(lines(classes))
                .bind(domain.0)
                .bind(number)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || format!("extension {number}"))
    }

    /// Lets an extension sign in at phones of others, or no longer; then it is signed in nowhere.
    pub async fn set_may_sign_in(
        &self,
        domain: DomainId,
        number: &str,
        may_sign_in: bool,
    ) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE_MAY_SIGN_IN)
                .bind(may_sign_in)
                .bind(domain.0)
                .bind(number)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            sqlx::query(SIGN_OUT_UNALLOWED).bind(domain.0).execute(&mut *tx).await?;
            tx.commit().await?;
            rows
        });
        super::require_row(rows, || format!("extension {number}"))
    }

    /// Gives an extension another SIP password.
    pub async fn set_extension_password(
        &self,
        domain: &DomainRow,
        number: &str,
        password: &Secret,
    ) -> Result<(), StoreError> {
        let ha1 = secrets(domain, number, password)?;
        let rows = on_either!(&self.db, pool => {
            sqlx::query(UPDATE_SECRETS)
                .bind(&ha1.md5)
                .bind(&ha1.sha256)
                .bind(domain.id.0)
                .bind(number)
                .execute(pool)
                .await?
                .rows_affected()
        });
        super::require_row(rows, || format!("extension {number}"))
    }

    /// Removes an extension and its registrations.
    pub async fn remove_extension(&self, domain: DomainId, number: &str) -> Result<(), StoreError> {
        let rows = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query("DELETE FROM binding WHERE domain_id = $1 AND aor_user = $2")
                .bind(domain.0)
                .bind(number)
                .execute(&mut *tx)
                .await?;
            let rows = sqlx::query("DELETE FROM extension WHERE domain_id = $1 AND number = $2")
                .bind(domain.0)
                .bind(number)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            tx.commit().await?;
            rows
        });
        super::require_row(rows, || format!("extension {number}"))
    }
}

from_row!(ExtensionRow, row => Ok(Self {
    extension: Extension {
        id: ExtensionId(row.try_get("id")?),
        domain: DomainId(row.try_get("domain_id")?),
        number: row.try_get("number")?,
        display_name: row.try_get("display_name")?,
        ha1: Ha1 { md5: row.try_get("ha1_md5")?, sha256: row.try_get("ha1_sha256")? },
        calls_max: row.try_get::<Option<i64>, _>("calls_max")?.map(super::unsigned),
        ring_timeout_s: super::unsigned(row.try_get("ring_timeout_s")?),
        user: row.try_get::<Option<_>, _>("user_id")?.map(UserId),
        media: MediaRules {
            dtmf: super::dtmf(&row.try_get::<String, _>("dtmf")?),
            codecs: super::codecs(&row.try_get::<String, _>("codecs")?),
            hold_music: row.try_get("hold_music")?,
        },
        features: Features {
            do_not_disturb: row.try_get("do_not_disturb")?,
            call_waiting: row.try_get("call_waiting")?,
            forward_all: row.try_get("forward_all")?,
            forward_busy: row.try_get("forward_busy")?,
            forward_no_answer: row.try_get("forward_no_answer")?,
            forward_offline: row.try_get("forward_offline")?,
        },
        outbound: LineOutbound {
            classes: row
                .try_get::<String, _>("outbound_classes")?
                .lines()
                .map(str::to_owned)
                .collect(),
            caller_number: row.try_get("caller_number")?,
            is_withheld: row.try_get("caller_withheld")?,
        },
        may_sign_in: row.try_get("may_sign_in")?,
    },
    version: row.try_get("version")?,
}));

/// One a line.
fn lines(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn secrets(domain: &DomainRow, number: &str, password: &Secret) -> Result<Ha1, StoreError> {
    if password.expose().is_empty() {
        return Err(StoreError::Invalid("the password is empty".to_owned()));
    }
    Ok(Ha1::of_password(number, &domain.name, password.expose()))
}

/// Numbers are SIP user names that need no escapes (RFC 3261 section 25.1, `unreserved`).
pub fn check_number(number: &str) -> Result<(), StoreError> {
    let is_number = (1..=NUMBER_BYTES_MAX).contains(&number.len())
        && number.chars().all(|it| it.is_ascii_alphanumeric() || "-_.+".contains(it));
    if is_number {
        return Ok(());
    }
    Err(StoreError::Invalid(format!(
        "{number:?} is no extension: use up to {NUMBER_BYTES_MAX} digits, letters, '-', '_', '.' \
         and '+'"
    )))
}

const NUMBER_BYTES_MAX: usize = 32;

const INSERT: &str = "
    INSERT INTO extension
        (id, domain_id, number, display_name, ha1_md5, ha1_sha256, calls_max, ring_timeout_s,
         user_id, dtmf, codecs, hold_music, outbound_classes, caller_number,
         caller_withheld, may_sign_in, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

/// Selects of extensions.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT extension.id AS id, domain_id, number, display_name, ha1_md5, ha1_sha256,
                    calls_max, ring_timeout_s, user_id, dtmf, codecs,
                    extension.hold_music AS hold_music, extension.version AS version,
                    do_not_disturb, call_waiting, forward_all, forward_busy, forward_no_answer,
                    forward_offline, outbound_classes, caller_number, caller_withheld, may_sign_in
             FROM extension ",
            $rest
        )
    };
}

const SELECT_ALL: &str =
    select!("JOIN domain ON domain.id = domain_id ORDER BY domain.name, number");

const SELECT_OF_DOMAIN: &str = select!("WHERE domain_id = $1 ORDER BY number");

const SELECT_OF_USER: &str = select!("WHERE domain_id = $1 AND user_id = $2 ORDER BY number");

const SELECT_BY_ID: &str = select!("WHERE domain_id = $1 AND id = $2");

const SELECT_BY_NUMBER: &str = select!("WHERE domain_id = $1 AND number = $2");

const UPDATE: &str = "
    UPDATE extension
    SET display_name = $1, calls_max = $2, ring_timeout_s = $3, user_id = $4, dtmf = $5,
        codecs = $6, hold_music = $7, outbound_classes = $8,
        caller_number = $9, caller_withheld = $10, may_sign_in = $11, version = version + 1
    WHERE domain_id = $12 AND id = $13 AND version = $14";

const UPDATE_MAY_SIGN_IN: &str = "
    UPDATE extension SET may_sign_in = $1, version = version + 1
    WHERE domain_id = $2 AND number = $3";

const SIGN_OUT_UNALLOWED: &str = "
    DELETE FROM workplace WHERE domain_id = $1 AND visitor_id IN (
        SELECT id FROM extension WHERE domain_id = $1 AND NOT may_sign_in)";

const UPDATE_OUTBOUND_CLASSES: &str = "
    UPDATE extension SET outbound_classes = $1, version = version + 1
    WHERE domain_id = $2 AND number = $3";

const UPDATE_DO_NOT_DISTURB: &str =
    "UPDATE extension SET do_not_disturb = $1 WHERE domain_id = $2 AND id = $3";

const UPDATE_CALL_WAITING: &str =
    "UPDATE extension SET call_waiting = $1 WHERE domain_id = $2 AND id = $3";

fn update_forward(when: ForwardWhen) -> &'static str {
    match when {
        ForwardWhen::All => {
            "UPDATE extension SET forward_all = $1 WHERE domain_id = $2 AND id = $3"
        }
        ForwardWhen::Busy => {
            "UPDATE extension SET forward_busy = $1 WHERE domain_id = $2 AND id = $3"
        }
        ForwardWhen::NoAnswer => {
            "UPDATE extension SET forward_no_answer = $1 WHERE domain_id = $2 AND id = $3"
        }
        ForwardWhen::Offline => {
            "UPDATE extension SET forward_offline = $1 WHERE domain_id = $2 AND id = $3"
        }
    }
}

const UPDATE_SECRETS: &str = "
    UPDATE extension SET ha1_md5 = $1, ha1_sha256 = $2, version = version + 1
    WHERE domain_id = $3 AND number = $4";
