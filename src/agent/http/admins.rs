//! Admins and their tokens, as the owner changes them.

use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::identity::{hash, new_token};
use crate::protocol::admin::admins::{AddAdmin, MakeToken};
use crate::store::{AdminRecord, Role, SecondFactor, SecretKind};
use crate::web::Problem;

/// Makes an admin.
pub(crate) async fn add_admin(app: &AppState, actor: Actor, add: AddAdmin) -> Result<AdminRecord, Problem> {
    let AddAdmin { name, role, password } = add;
    let password_hash = app.passwords.hash(password.0).await?;
    let created_at = app.site.clock.now();
    let second_factor = SecondFactor::default();
    let admin = AdminRecord { name: name.0, role: role.0, password_hash, created_at, second_factor };
    app.read(move |engine| {
        if !engine.store_mut().add_admin(&admin)? {
            return Err(Problem::conflict("name_taken", "there is an admin with that name"));
        }
        engine.note(&actor, "admin.add", &admin.name, admin.role.name().to_owned())?;
        Ok(admin)
    })
    .await
}

/// Removes an admin, but never the last owner: nobody could then make another over the network.
pub(crate) fn remove_admin(engine: &mut Engine, actor: &Actor, name: &str) -> Result<(), Problem> {
    let admins = engine.reader().admins()?;
    let found = admins.iter().find(|admin| admin.name == name).ok_or_else(|| Problem::not_found("admin"))?;
    let owners = admins.iter().filter(|admin| admin.role == Role::Owner).count();
    if found.role == Role::Owner && owners == 1 {
        return Err(Problem::conflict("last_owner", "this is the last owner; add another first"));
    }
    engine.store_mut().remove_admin(name)?;
    Ok(engine.note(actor, "admin.remove", name, String::new())?)
}

/// Makes a token of an admin; the answer is the only place where it can be read.
pub(crate) async fn make_token(
    app: &AppState,
    actor: Actor,
    name: String,
    asked: MakeToken,
) -> Result<(String, Role), Problem> {
    let token = new_token()?;
    let secret = hash(&token);
    let wanted = asked.role.map(|role| role.0);
    let role = app.read(move |engine| store_token(engine, &actor, &name, wanted, secret)).await?;
    Ok((token, role))
}

fn store_token(
    engine: &mut Engine,
    actor: &Actor,
    name: &str,
    wanted: Option<Role>,
    secret: [u8; 32],
) -> Result<Role, Problem> {
    let admin = engine.reader().admin(name)?.ok_or_else(|| Problem::not_found("admin"))?;
    let role = wanted.unwrap_or(admin.role);
    if role > admin.role {
        return Err(Problem::invalid(
            "role",
            format!("may be at most the admin's own, {}", admin.role.name()),
        ));
    }
    let now = engine.reckoned();
    engine.store_mut().add_secret(&secret, name, role, SecretKind::Token, now, None)?;
    engine.note(actor, "admin.token", name, role.name().to_owned())?;
    Ok(role)
}

/// Removes a token of an admin, which the hash names.
pub(crate) fn remove_token(
    engine: &mut Engine,
    actor: &Actor,
    name: &str,
    hash: &[u8],
) -> Result<(), Problem> {
    if !engine.store_mut().remove_token(name, hash)? {
        return Err(Problem::not_found("token"));
    }
    Ok(engine.note(actor, "admin.token_remove", name, String::new())?)
}

/// Ends every session of an admin but the one that the hash names.
pub(crate) fn end_other_sessions(engine: &mut Engine, actor: &Actor, this: &[u8; 32]) -> Result<(), Problem> {
    engine.store_mut().end_sessions(&actor.name, this)?;
    Ok(engine.note(actor, "admin.end_sessions", &actor.name, String::new())?)
}
