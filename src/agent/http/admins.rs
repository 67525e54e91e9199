//! Admins and their tokens, as the owner changes them.

use super::sessions::begin_attempt;
use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::identity::{hash, new_token};
use crate::protocol::admin::admins::{AddAdmin, ChangeAdmin, MakeToken};
use crate::protocol::admin::auth::ChangePassword;
use crate::store::{AdminRecord, Role, SecondFactor, SecretKind};
use crate::web::{Peer, Problem};

/// A password longer than any is wrong.
const PASSWORD_BYTES_MAX: usize = 1024;

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

/// Changes an admin's role, resets the password, or both. Its sessions end.
pub(crate) async fn change_admin(
    app: &AppState,
    actor: Actor,
    name: String,
    change: ChangeAdmin,
) -> Result<AdminRecord, Problem> {
    let ChangeAdmin { role, password } = change;
    let password_hash = match password {
        Some(password) => Some(app.passwords.hash(password.0).await?),
        None => None,
    };
    let of = name.clone();
    let changed = app
        .read(move |engine| {
            let admins = engine.reader().admins()?;
            let not_found = || Problem::not_found("admin");
            let found = admins.iter().find(|admin| admin.name == name).ok_or_else(not_found)?;
            if let Some(role) = role.map(|role| role.0).filter(|role| *role != found.role) {
                let owners = admins.iter().filter(|admin| admin.role == Role::Owner).count();
                if found.role == Role::Owner && owners == 1 {
                    return Err(Problem::conflict("last_owner", "this is the last owner; add another first"));
                }
                engine.store_mut().set_role(&name, role)?;
                let detail = format!("{} -> {}", found.role.name(), role.name());
                engine.note(&actor, "admin.role", &name, detail)?;
            }
            if let Some(hash) = password_hash {
                engine.store_mut().set_password(&name, &hash, &[])?;
                engine.note(&actor, "admin.password", &name, String::new())?;
            }
            engine.reader().admin(&name)?.ok_or_else(not_found)
        })
        .await?;
    app.quick.forget(&of);
    Ok(changed)
}

/// An error unless this is the admin's password; `field` is where it was typed. Wrong ones are counted as log-ins that
/// failed, so that a stolen session cannot guess.
pub(crate) async fn demand_password(
    app: &AppState,
    peer: Peer,
    name: &str,
    password: String,
    field: &'static str,
) -> Result<(), Problem> {
    let asked = name.to_owned();
    let admin = app.read(move |engine| Ok(engine.reader().admin(&asked)?)).await?;
    let no_admin = "only an admin's own session or token may do this";
    let admin = admin.ok_or_else(|| Problem::forbidden("no_admin", no_admin))?;
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Problem::invalid(field, "is wrong"));
    }
    let attempt = begin_attempt(app, peer, name).await?;
    if !app.passwords.check(password, Some(admin.password_hash)).await? {
        return Err(Problem::invalid(field, "is wrong"));
    }
    app.gate.take_back(attempt);
    Ok(())
}

/// Changes an admin's own password, on the old one; every session ends but the one with that secret. Wrong passwords
/// are counted as log-ins that failed, so that a stolen session cannot guess.
pub(crate) async fn change_own_password(
    app: &AppState,
    peer: Peer,
    actor: Actor,
    session: Option<&str>,
    change: ChangePassword,
) -> Result<(), Problem> {
    let (name, this) = (actor.name.clone(), session.map(hash));
    demand_password(app, peer, &name, change.old, "old").await?;
    let password_hash = app.passwords.hash(change.new.0).await?;
    app.read(move |engine| {
        let but = this.as_ref().map_or(&[][..], |hash| &hash[..]);
        engine.store_mut().set_password(&actor.name, &password_hash, but)?;
        Ok(engine.note(&actor, "admin.password", &actor.name, String::new())?)
    })
    .await?;
    app.quick.forget(&name);
    Ok(())
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
