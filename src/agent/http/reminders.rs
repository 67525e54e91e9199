//! Reminders of what is owed: that they were sent, by whom and when.

use crate::agent::engine::{Actor, Engine};
use crate::domain::id::UserId;
use crate::web::Problem;

/// Notes that these customers were reminded; those that are gone are left out. Returns how many there were.
pub(crate) fn note_reminders(engine: &mut Engine, actor: &Actor, users: &[UserId]) -> Result<usize, Problem> {
    let view = engine.read_view();
    let found: Vec<(u32, UserId)> =
        users.iter().filter_map(|id| Some((view.user(*id)?.user.no, *id))).collect();
    let now = engine.reckoned();
    let numbers: Vec<u32> = found.iter().map(|(no, _)| *no).collect();
    engine.store_mut().note_reminders(&numbers, now, &actor.name)?;
    for (_, id) in &found {
        engine.note(actor, "debt.remind", &id.to_string(), String::new())?;
    }
    Ok(found.len())
}
