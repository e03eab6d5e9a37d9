//! What else a signup cannot do without: the password is hashed when it is set, and again at login.

use anyhow::{Context as _, Result, ensure};
use argon2::{
    Argon2,
    password_hash::{PasswordVerifier as _, phc::PasswordHash},
};
use tokio::time::Instant;

use super::samples::Samples;

/// Hashes a password as the product did: with the parameters of a hash that it stored.
pub(super) struct Hashing {
    stored: String,
    password: String,
}

impl Hashing {
    /// `stored` is the PHC string of `password`.
    pub(super) fn like(stored: String, password: &str) -> Self {
        Self { stored, password: password.to_owned() }
    }

    /// The algorithm and its parameters.
    pub(super) fn parameters(&self) -> String {
        let parts: Vec<&str> = self.stored.split('$').filter(|it| !it.is_empty()).take(3).collect();
        parts.join(" ")
    }

    /// Hashes once and takes the time.
    pub(super) async fn one(&self, times: &mut Samples) -> Result<()> {
        let (stored, password) = (self.stored.clone(), self.password.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            let stored = PasswordHash::new(&stored).ok()?;
            let start = Instant::now();
            let same = Argon2::default().verify_password(password.as_bytes(), &stored);
            same.ok().map(|()| start.elapsed())
        });
        let time = hashed.await?.context("the stored hash is not that of the owner's password")?;
        ensure!(!time.is_zero(), "hashing took no time");
        times.add(time);
        Ok(())
    }
}
