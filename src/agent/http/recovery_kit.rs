//! A recovery kit, made by the owner at the desk.

use tokio::task::spawn_blocking;

use super::state::AppState;
use crate::agent::copies::{KitError, RecoveryKit, VaultClient, make_kit, new_recovery_token};
use crate::agent::engine::Actor;
use crate::web::Problem;

/// A kit with what is printed of it.
pub(crate) struct NewKit {
    pub kit: RecoveryKit,
    /// The token that reads the copies at the relay, where the relay took it.
    pub token: Option<String>,
}

/// Makes a kit, or says why not; in the audit it is noted before.
pub(crate) async fn new_kit(
    app: &AppState,
    actor: Actor,
    may_replace: bool,
) -> Result<Result<NewKit, KitError>, Problem> {
    let target = app.site.config.name.clone();
    app.read(move |engine| Ok(engine.note(&actor, "recovery_kit", &target, String::new())?)).await?;
    let (data_dir, backup) = (app.site.config.data_dir.clone(), app.site.in_force().backup);
    let now = app.site.clock.now();
    let made = spawn_blocking(move || make_kit(&data_dir, &backup, may_replace, now)).await;
    let made = made.map_err(|error| Problem::unavailable("backup_failed", error.to_string()))?;
    Ok(match made {
        Ok(kit) => Ok(NewKit { kit, token: recovery_token(app).await }),
        Err(error) => Err(error),
    })
}

/// Without a token the kit still opens copies.
async fn recovery_token(app: &AppState) -> Option<String> {
    let config = &app.site.config;
    let instance = app.site.engine().call(|engine| engine.instance()).await.ok()?;
    let vault = VaultClient::new(config.relay.as_ref()?, &config.data_dir, instance).ok()?;
    let token = new_recovery_token().ok()?;
    match vault.set_recovery_token(&token).await {
        Ok(()) => Some(token),
        Err(error) => {
            tracing::warn!(%error, "the kit has no token for the relay");
            None
        }
    }
}
