//! PINs of mailboxes, and how often wrong ones were entered.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, on_either},
    passwords,
};
use crate::config::Secret;
use base::{DomainId, ExtensionId, UnixMillis};

/// Wrong PINs since the last right one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WrongPins {
    /// How many.
    pub count: u32,
    /// When the last of them was entered.
    pub last: UnixMillis,
}

impl Store {
    /// Sets the PIN of a mailbox, or none. Wrong ones that were entered are forgotten.
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

    /// Whether a PIN opens a mailbox; `None` if it has none, and so is open. A mailbox whose extension
    /// is gone opens for nobody.
    pub async fn fits_mailbox(
        &self,
        domain: DomainId,
        mailbox: ExtensionId,
        pin: Secret,
    ) -> Result<Option<bool>, StoreError> {
        match self.mailbox_pin_hash(domain, mailbox).await? {
            Some(hash) => Ok(Some(passwords::verify(pin, hash).await?)),
            None => Ok(None),
        }
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

    /// Wrong PINs that were entered for a mailbox; none if the last one was right.
    pub async fn wrong_pins(&self, mailbox: ExtensionId) -> Result<WrongPins, StoreError> {
        let row: Option<(i64, i64)> = on_either!(&self.db, pool => {
            sqlx::query_as("SELECT wrong_pins, last_at FROM mailbox_lock WHERE mailbox_id = $1")
                .bind(mailbox.0)
                .fetch_optional(pool)
                .await?
        });
        Ok(row.map_or_else(WrongPins::default, |(count, last)| WrongPins {
            count: super::unsigned(count),
            last: UnixMillis(last),
        }))
    }

    /// Notes how many there are; with none, forgets them.
    pub async fn set_wrong_pins(
        &self,
        mailbox: ExtensionId,
        wrong: WrongPins,
    ) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            if wrong.count == 0 {
                sqlx::query("DELETE FROM mailbox_lock WHERE mailbox_id = $1")
                    .bind(mailbox.0)
                    .execute(pool)
                    .await?
            } else {
                sqlx::query(UPSERT_LOCK)
                    .bind(mailbox.0)
                    .bind(i64::from(wrong.count))
                    .bind(wrong.last.0)
                    .execute(pool)
                    .await?
            };
        });
        Ok(())
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

const UPDATE_PIN: &str = "
    UPDATE extension SET mailbox_pin_hash = $1, version = version + 1
    WHERE domain_id = $2 AND number = $3";

const UNLOCK_NUMBER: &str = "
    DELETE FROM mailbox_lock WHERE mailbox_id IN (
        SELECT id FROM extension WHERE domain_id = $1 AND number = $2)";

const UPSERT_LOCK: &str = "
    INSERT INTO mailbox_lock (mailbox_id, wrong_pins, last_at) VALUES ($1, $2, $3)
    ON CONFLICT (mailbox_id) DO UPDATE SET wrong_pins = excluded.wrong_pins,
        last_at = excluded.last_at";
