//! Passwords: argon2id, one hash at a time, so that log-ins do not use up the machine's memory.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OnceCell, Semaphore};

use crate::web::Problem;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes: one, because the other cores of a Pi have other work.
const LANES: u32 = 1;

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    seat: Semaphore,
    /// A hash of no password, checked when the name is unknown, so that this takes as long as a wrong password.
    nobody: OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { seat: Semaphore::new(1), nobody: OnceCell::new() }
    }
}

impl Passwords {
    /// The hash of a new password, in PHC form.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        self.alone(move || {
            let hash = argon2().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                Problem::internal()
            })
        })
        .await?
    }

    /// Whether the password matches the hash. `None` takes as long and never matches.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        let is_known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.nobody.get_or_try_init(|| self.hash(String::new())).await?.clone(),
        };
        let right = self
            .alone(move || {
                let read = PasswordHash::new(&hash);
                read.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(is_known && right)
    }

    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _seat = self.seat.acquire().await.expect("the seat is never taken away");
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "hashing failed");
            Problem::internal()
        })
    }
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}
