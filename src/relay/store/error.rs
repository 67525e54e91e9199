//! What a call of the store answers: a future, and why it could not be done.

use std::pin::Pin;

/// A future that a [`super::RelayStore`] hands out.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, RelayStoreError>> + Send + 'a>>;

/// Why the store could not do it. Nothing changed, unless a database server was lost between its commit and its
/// answer; every change may therefore be repeated.
#[derive(Debug, thiserror::Error)]
pub enum RelayStoreError {
    /// The database cannot be used now: full, read-only, gone, failing over. Callers answer 503 and repeat.
    #[error("the relay's store failed: {0}")]
    Unavailable(String),
    /// What is stored makes no sense.
    #[error("the relay's store holds nonsense: {0}")]
    Nonsense(String),
}
