//! Operations on users that are more than one command.

use super::state::{AppState, user};
use crate::agent::engine::{Actor, Command, PinHash};
use crate::domain::id::UserId;
use crate::identity;
use crate::web::Problem;

/// Gives a user another PIN, to be shown once.
pub(crate) async fn give_pin(app: &AppState, actor: Actor, id: UserId) -> Result<String, Problem> {
    app.read(move |engine| user(engine, id).map(drop)).await?;
    let pin = identity::new_pin()?;
    let hash = app.passwords.hash(pin.clone()).await?;
    app.execute(actor, Command::SetPin(id, PinHash(hash)), None).await?;
    Ok(pin)
}
