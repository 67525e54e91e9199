//! Work that must not stop half way because its caller went away.

use super::problem::Problem;

/// Runs work to its end even when nobody waits for it any more.
pub async fn finish<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|error| {
        tracing::error!(%error, "a call failed inside");
        Problem::internal()
    })
}
