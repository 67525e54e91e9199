//! The wall clock, on somebody's word.

use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::web::Problem;

/// Believes the wall clock on somebody's word; the answer is what it says.
pub(crate) async fn confirm_clock(app: &AppState, actor: Actor) -> Result<Timestamp, Problem> {
    let work = move |engine: &mut Engine| {
        engine.confirm_clock()?;
        let now = engine.now();
        engine.note(&actor, "clock.confirm", "clock", rfc3339(now))?;
        Ok(now)
    };
    app.read(work).await
}
