//! What people have set up for themselves: keys with JSON that the panel understands.

use super::{
    Store, StoreError,
    db::{BeginWriting as _, on_either},
};
use base::UserId;

/// Keys that one person may have.
pub const KEYS_MAX: i64 = 200;

impl Store {
    /// All keys of a person with their JSON.
    pub async fn settings(&self, user: UserId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(on_either!(&self.db, pool => {
            sqlx::query_as("SELECT key, value FROM user_setting WHERE user_id = $1 ORDER BY key")
                .bind(user.0)
                .fetch_all(pool)
                .await?
        }))
    }

    /// Sets a key to some JSON; false if that would be one key too many.
    pub async fn set_setting(
        &self,
        user: UserId,
        key: &str,
        json: &str,
    ) -> Result<bool, StoreError> {
        Ok(on_either!(&self.db, pool => {
            let mut tx = pool.begin_writing().await?;
            sqlx::query(UPSERT)
                .bind(user.0)
                .bind(key)
                .bind(super::text(json))
                .execute(&mut *tx)
                .await?;
            let (count,): (i64,) =
                sqlx::query_as("SELECT COUNT(*) FROM user_setting WHERE user_id = $1")
                    .bind(user.0)
                    .fetch_one(&mut *tx)
                    .await?;
            let fits = count <= KEYS_MAX;
            if fits {
                tx.commit().await?;
            }
            fits
        }))
    }

    /// Removes a key; one that is not there is fine.
    pub async fn remove_setting(&self, user: UserId, key: &str) -> Result<(), StoreError> {
        on_either!(&self.db, pool => {
            sqlx::query("DELETE FROM user_setting WHERE user_id = $1 AND key = $2")
                .bind(user.0)
                .bind(key)
                .execute(pool)
                .await?;
        });
        Ok(())
    }
}

const UPSERT: &str = "
    INSERT INTO user_setting (user_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value";
