//! Passwords of people: Argon2id, 19 MiB and two passes (OWASP's recommendation), salted.
//!
//! SIP passwords are not kept at all, only their digest secrets: see [`super::extensions`].

use super::StoreError;
use crate::config::Secret;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Hashes a password to a PHC string, off the async threads: it takes tens of milliseconds.
pub async fn hash(password: Secret) -> Result<String, StoreError> {
    if password.expose().is_empty() {
        return Err(StoreError::Invalid("the password is empty".to_owned()));
    }
    blocking(move || {
        let hash: PasswordHash = Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map_err(|error| StoreError::Invalid(format!("the password has no hash: {error}")))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether `password` is the one that `hash` was made of; a malformed hash fits none.
pub async fn verify(password: Secret, hash: String) -> Result<bool, StoreError> {
    blocking(move || {
        let Ok(hash) = PasswordHash::new(&hash) else { return Ok(false) };
        Ok(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Invalid(format!("the hashing thread failed: {error}")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_and_fits_its_password_only() {
        let hash = hash(Secret::new("correct horse")).await.unwrap();

        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify(Secret::new("correct horse"), hash.clone()).await.unwrap());
        assert!(!verify(Secret::new("correct house"), hash).await.unwrap());
    }

    #[tokio::test]
    async fn a_malformed_hash_fits_no_password() {
        assert!(!verify(Secret::new(""), String::new()).await.unwrap());
        assert!(!verify(Secret::new("x"), "$argon2id$".to_owned()).await.unwrap());
    }
}
