//! Passwords: argon2id, one hash at a time, so that log-ins do not use up the machine's memory.

use argon2::password_hash::Error as PhcError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OnceCell, Semaphore};

use crate::web::Problem;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes: one, because the other cores of a Pi have other work.
const LANES: u32 = 1;

/// Room that is reserved for that memory, of which the rest is never touched. What exceeds 32 MiB glibc always maps from the
/// system and gives back after use. A smaller block it keeps once the first one was freed: 80 MB stayed resident
/// after four log-ins.
const RESERVED_KIB: u32 = 33 * 1024;

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
            hash_new(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| {
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
                read.is_ok_and(|hash| is_hash_of(&hash, password.as_bytes()).unwrap_or(false))
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

/// The hash of a new password, with a salt of its own.
fn hash_new(password: &[u8]) -> Result<PasswordHash, PhcError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    let salt = Salt::generate();
    let hash = hash_by(&params, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt),
        hash: Some(hash),
    })
}

/// Whether it is a password's hash, by the parameters that are in it. The comparison takes the same time wherever they
/// differ.
fn is_hash_of(hash: &PasswordHash, password: &[u8]) -> Result<bool, PhcError> {
    let is_ours =
        hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
    let (Some(salt), Some(expected), true) = (&hash.salt, &hash.hash, is_ours) else { return Ok(false) };
    Ok(hash_by(&Params::try_from(hash)?, password, salt, expected.len())? == *expected)
}

fn hash_by(params: &Params, password: &[u8], salt: &[u8], length: usize) -> Result<Output, PhcError> {
    let count = params.block_count();
    let mut memory = Vec::with_capacity(count.max(RESERVED_KIB as usize));
    memory.resize(count, Block::new());
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..length).ok_or(PhcError::OutputSize)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2.hash_password_into_with_memory(password, salt, out, &mut memory)?;
    Ok(Output::new(out)?)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    /// A hash of `benar kuda baterai`, as earlier versions stored it.
    fn stored() -> String {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password(b"benar kuda baterai").unwrap().to_string()
    }

    #[test]
    fn hashes_are_those_of_the_library_both_ways() {
        let stored = stored();
        let hash = PasswordHash::new(&stored).unwrap();
        assert!(is_hash_of(&hash, b"benar kuda baterai").unwrap());
        assert!(!is_hash_of(&hash, b"benar kuda bateraj").unwrap());
        let made = hash_new(b"rahasia").unwrap();
        assert!(made.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(Argon2::default().verify_password(b"rahasia", &made).is_ok());
        assert!(Argon2::default().verify_password(b"rahasiA", &made).is_err());
        assert_ne!(made.salt, hash_new(b"rahasia").unwrap().salt);
    }

    #[test]
    fn a_hash_of_another_kind_matches_nothing() {
        let stored = stored();
        for other in [stored.replace("argon2id", "argon2i"), stored.replace("v=19", "v=16")] {
            let hash = PasswordHash::new(&other).unwrap();
            assert!(!is_hash_of(&hash, b"benar kuda baterai").unwrap(), "{other}");
        }
        let cut = stored.rsplit_once('$').unwrap().0;
        assert!(!is_hash_of(&PasswordHash::new(cut).unwrap(), b"benar kuda baterai").unwrap());
    }
}
