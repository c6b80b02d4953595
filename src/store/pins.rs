//! The PINs of lines, which open their mailboxes and let them sign in at phones of others, and how often
//! wrong ones were entered.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, on_either},
    passwords,
};
use crate::config::Secret;
use base::{DomainId, ExtensionId, UnixMillis};
use std::time::Duration;

/// What became of an entered PIN.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PinTry {
    /// It is the line's.
    Right,
    /// It is not.
    Wrong,
    /// The line has none.
    NoPin,
    /// Too many were wrong, whatever they were for: for some minutes none is looked at.
    LockedOut,
}

impl Store {
    /// Sets the PIN of a line, or none. Wrong ones that were entered are forgotten.
    pub async fn set_mailbox_pin(
        &self,
        domain: DomainId,
        number: &str,
        pin: Option<Secret>,
    ) -> Result<(), StoreError> {
        let hash = match pin {
            Some(pin) => {
                check_pin(&pin)?;
                Some(passwords::hash(pin).await?)
            }
            None => None,
        };
        let rows = on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            let rows = sqlx::query(UPDATE_PIN)
                .bind(&hash)
                .bind(domain.0)
                .bind(number)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            sqlx::query(UNLOCK_NUMBER).bind(domain.0).bind(number).execute(&mut *tx).await?;
            tx.commit().await?;
            rows
        });
        super::require_row(rows, || format!("extension {number}"))
    }

    /// Tries a PIN that somebody has entered at this moment. It counts as wrong before it is looked at,
    /// so that nobody gets more tries by asking at several places at once. A line that is gone is an
    /// error.
    pub async fn try_pin(
        &self,
        domain: DomainId,
        line: ExtensionId,
        pin: Secret,
        now: UnixMillis,
    ) -> Result<PinTry, StoreError> {
        let Some(hash) = self.mailbox_pin_hash(domain, line).await? else {
            return Ok(PinTry::NoPin);
        };
        if !self.count_try(line, now).await? {
            return Ok(PinTry::LockedOut);
        }
        if !passwords::verify(pin, hash).await? {
            return Ok(PinTry::Wrong);
        }
        on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM mailbox_lock WHERE mailbox_id = $1")
                .bind(line.0)
                .execute(pool)
                .await?;
        });
        Ok(PinTry::Right)
    }

    /// Counts one more wrong PIN, unless there were too many lately; whether it was counted. A clock
    /// that was set back locks nobody out for longer.
    async fn count_try(&self, line: ExtensionId, now: UnixMillis) -> Result<bool, StoreError> {
        let rows = on_either!(&self.db, pool => {
            sqlx::query(COUNT_TRY)
                .bind(line.0)
                .bind(now.0)
                .bind(now.0 - LOCKED_FOR.as_millis() as i64)
                .bind(i64::from(WRONG_PINS_MAX))
                .execute(pool)
                .await?
                .rows_affected()
        });
        Ok(rows > 0)
    }

    /// Whether a mailbox has a PIN.
    pub async fn has_mailbox_pin(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<bool, StoreError> {
        Ok(self.mailbox_pin_hash(domain, mailbox).await?.is_some())
    }

    async fn mailbox_pin_hash(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT mailbox_pin_hash FROM extension WHERE domain_id = $1 AND id = $2")
                .bind(domain.0)
                .bind(mailbox.0)
                .fetch_optional(pool)
                .await?
        });
        let missing = || StoreError::Missing { what: format!("extension {mailbox}") };
        row.map(|(hash,)| hash).ok_or_else(missing)
    }
}

/// PINs are entered on a telephone.
fn check_pin(pin: &Secret) -> Result<(), StoreError> {
    let digits = pin.expose();
    let is_good = (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|it| it.is_ascii_digit());
    if is_good {
        return Ok(());
    }
    Err(StoreError::Invalid(format!(
        "a PIN of a mailbox has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits"
    )))
}

/// Fewer would be guessed in spite of the lock-out.
const PIN_DIGITS_MIN: usize = 4;
/// Digits of the longest PIN.
const PIN_DIGITS_MAX: usize = 12;

/// Wrong PINs of a line, wherever they are entered, after which none is looked at for a while.
const WRONG_PINS_MAX: u32 = 3;
/// How long none is, from the last wrong one.
const LOCKED_FOR: Duration = Duration::from_secs(5 * 60);

const UPDATE_PIN: &str = "
    UPDATE extension SET mailbox_pin_hash = $1, version = version + 1
    WHERE domain_id = $2 AND number = $3";

const UNLOCK_NUMBER: &str = "
    DELETE FROM mailbox_lock WHERE mailbox_id IN (
        SELECT id FROM extension WHERE domain_id = $1 AND number = $2)";

const COUNT_TRY: &str = "
    INSERT INTO mailbox_lock (mailbox_id, wrong_pins, last_at) VALUES ($1, 1, $2)
    ON CONFLICT (mailbox_id) DO UPDATE
    SET wrong_pins = CASE
            WHEN mailbox_lock.last_at > $3 AND mailbox_lock.last_at <= excluded.last_at
            THEN mailbox_lock.wrong_pins + 1 ELSE 1 END,
        last_at = excluded.last_at
    WHERE mailbox_lock.wrong_pins < $4 OR mailbox_lock.last_at <= $3
        OR mailbox_lock.last_at > excluded.last_at";
