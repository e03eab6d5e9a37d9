//! Passwords: Argon2id on a bounded pool, so that a flood of logins starves nothing else.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane; about 14 ms.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that may wait; the next one is told to come back.
const QUEUE: usize = 32;

/// Hashes passwords, a few at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// What is verified for an e-mail address that nobody has, so that it takes as long.
    nobody: Arc<str>,
}

/// The parameters or the machine are unfit for hashing.
#[derive(Debug, thiserror::Error)]
#[error("hash a password: {0}")]
pub struct HashError(String);

impl Passwords {
    /// A hasher that uses as many cores as there are.
    ///
    /// # Errors
    /// Fails if the machine cannot hash at all.
    pub fn new() -> Result<Self, HashError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(HashError::of)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody: PasswordHash = argon2.hash_password(b"nobody").map_err(HashError::of)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            argon2,
            running: Arc::new(Semaphore::new(cores)),
            queue: Arc::new(Semaphore::new(QUEUE)),
            nobody: nobody.to_string().into(),
        })
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// 503 if too many are waiting.
    pub async fn hash(&self, password: SecretString) -> Result<String, ApiError> {
        self.on_pool(move |argon2| {
            let hash: Result<PasswordHash, _> =
                argon2.hash_password(password.expose_secret().as_bytes());
            hash.map(|it| it.to_string()).map_err(HashError::of)
        })
        .await?
        .map_err(ApiError::internal)
    }

    /// Tells whether a password has this PHC string. `None`, for a person who is not there, takes
    /// as long and is false.
    ///
    /// # Errors
    /// 503 if too many are waiting.
    pub async fn verify(
        &self,
        password: SecretString,
        phc: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.to_string());
        let right = self
            .on_pool(move |argon2| {
                PasswordHash::new(&phc).is_ok_and(|phc| {
                    argon2.verify_password(password.expose_secret().as_bytes(), &phc).is_ok()
                })
            })
            .await?;
        Ok(known && right)
    }

    async fn on_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(_place) = self.queue.try_acquire() else {
            return Err(ApiError::unavailable("BUSY", "too many logins at once; try again", 1));
        };
        let _core = self.running.acquire().await.map_err(ApiError::internal)?;
        let argon2 = self.argon2.clone();
        tokio::task::spawn_blocking(move || work(argon2)).await.map_err(ApiError::internal)
    }
}

impl HashError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_by_its_hash_and_nobody_has_one() {
        let passwords = Passwords::new().unwrap();
        let right = || SecretString::from("kopi-tubruk-di-teras-villa");
        let phc = passwords.hash(right()).await.unwrap();

        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.verify(right(), Some(phc.clone())).await.unwrap());
        assert!(!passwords.verify(SecretString::from("other"), Some(phc)).await.unwrap());
        assert!(!passwords.verify(SecretString::from("nobody"), None).await.unwrap());
    }
}
