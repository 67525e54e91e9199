//! How many answers of which class a server gave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

/// Answers by class of status, 1xx first.
#[derive(Debug, Default)]
pub struct StatusCounts([AtomicU64; 5]);

impl StatusCounts {
    /// Counts an answer.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(count) = class.checked_sub(1).and_then(|class| self.0.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each class with its name, such as `4xx`.
    pub fn classes(&self) -> [(&'static str, u64); 5] {
        let count = |class: usize| self.0[class].load(Ordering::Relaxed);
        [("1xx", count(0)), ("2xx", count(1)), ("3xx", count(2)), ("4xx", count(3)), ("5xx", count(4))]
    }
}

/// Counts every answer of `router`.
pub fn count_answers(router: Router, counts: Arc<StatusCounts>) -> Router {
    router.layer(from_fn_with_state(counts, count))
}

async fn count(State(counts): State<Arc<StatusCounts>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    counts.count(response.status());
    response
}
