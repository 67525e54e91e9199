//! What can be done in the office beside payments: the drawer, the router, the clock, admins and their tokens.

use std::sync::Arc;

use axum::Router;
use data_encoding::HEXLOWER_PERMISSIVE;

use super::payments::ORDER_DEEDS;
use super::{Asked, Deed, Entry, Field, Kind, Sheet, Told, Work, errand};
use crate::agent::api::admins::{AddAdmin, MakeToken, enter, make_token, remove_admin};
use crate::agent::api::router::reconcile;
use crate::agent::api::status::vouch;
use crate::agent::console::actions;
use crate::agent::console::texts::office::Office;
use crate::agent::engine::{Actor, Engine};
use crate::agent::http::caller::turn_off;
use crate::agent::http::state::Desk;
use crate::protocol::admin::closings::CountDrawer;
use crate::store::Role;
use crate::ui::Locale;
use crate::ui::catalogue::fill;
use crate::web::Problem;

/// The pages of every deed of the office.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    actions::routes("/pembayaran/{id}", ORDER_DEEDS)
        .merge(actions::routes("/kasir", DRAWER_DEEDS))
        .merge(actions::routes("/router", ROUTER_DEEDS))
        .merge(actions::routes("/jam", CLOCK_DEEDS))
        .merge(actions::routes("/pengelola", NEW_ADMIN_DEEDS))
        .merge(actions::routes("/pengelola/{name}", ADMIN_DEEDS))
        .merge(actions::routes("/pengelola/{name}/token/{hash}", TOKEN_DEEDS))
}

fn office<S>(asked: &Asked<S>) -> &'static Office {
    Office::of(asked.locale.language)
}

/// A cashier's own drawer.
const DRAWER_DEEDS: &[Deed<()>] = &[Deed {
    segment: "tutup",
    title: |l| Office::of(l).close_drawer,
    role: Role::Cashier,
    is_grave: false,
    sheet: |asked, engine| {
        let w = office(asked);
        let drawer = engine.reader().drawer(&asked.actor.name, None)?;
        let expected = crate::agent::console::office::signed(drawer.expected());
        let fields = vec![
            Field::new("counted_rp", w.counted, Kind::Rupiah).required().hint(w.counted_hint),
            Field::new("note", w.note, Kind::Text),
        ];
        let notes = vec![format!("{}: {expected}", w.expected_cash)];
        Ok(Sheet { home: "/kasir".into(), notes, fields, ..Sheet::default() })
    },
    work: |entry| Ok(Work::Act(entry.read::<CountDrawer>()?.action())),
}];

/// The router.
const ROUTER_DEEDS: &[Deed<()>] = &[Deed {
    segment: "samakan",
    title: |l| Office::of(l).sync,
    role: Role::Operator,
    is_grave: false,
    sheet: |_, _| Ok(Sheet { home: "/router".into(), ..Sheet::default() }),
    work: |entry| {
        let locale = entry.asked.locale.clone();
        let work = errand(async move |desk: Arc<Desk>, actor| synced(&desk, actor, &locale).await);
        Ok(Work::Errand(vec![office(entry.asked).sync_will.to_owned()], work))
    },
}];

/// Brings the router to what access wants.
async fn synced(desk: &Desk, actor: Actor, locale: &Locale) -> Result<Told, Problem> {
    let found = reconcile(desk, actor).await?;
    let w = Office::of(locale.language);
    let edits = locale.count(found.edits.len() as u64);
    if found.dry_run {
        return Ok(Told { lines: vec![fill(w.sync_dry, &[&edits])], ..Told::default() });
    }
    let refused = found.edits.iter().filter(|edit| edit.refused.is_some()).count() as u64;
    let mut lines = vec![fill(w.synced, &[&edits])];
    if refused > 0 {
        lines.push(fill(w.sync_refused, &[&locale.count(refused)]));
    }
    Ok(Told { lines, ..Told::default() })
}

/// The wall clock.
const CLOCK_DEEDS: &[Deed<()>] = &[Deed {
    segment: "pastikan",
    title: |l| Office::of(l).confirm,
    role: Role::Owner,
    is_grave: false,
    sheet: |asked, engine| {
        let about = asked.locale.moment(engine.now());
        Ok(Sheet { about, home: "/".into(), ..Sheet::default() })
    },
    work: |entry| {
        let work = errand(async move |desk: Arc<Desk>, actor| {
            vouch(&desk, actor).await?;
            Ok(Told::default())
        });
        Ok(Work::Errand(vec![office(entry.asked).confirm_will.to_owned()], work))
    },
}];

/// A choice among the roles up to one.
fn roles(w: &Office, up_to: Role) -> Kind {
    let names = |role| match role {
        Role::Viewer => (w.role_viewer, w.role_viewer_text),
        Role::Cashier => (w.role_cashier, w.role_cashier_text),
        Role::Operator => (w.role_operator, w.role_operator_text),
        Role::Owner => (w.role_owner, w.role_owner_text),
    };
    let roles = Role::ALL.into_iter().filter(|role| *role <= up_to);
    let choice = |role: Role| {
        let (name, text) = names(role);
        (role.name().to_owned(), format!("{name}: {text}"))
    };
    Kind::Choice(roles.map(choice).collect())
}

/// An admin is made.
const NEW_ADMIN_DEEDS: &[Deed<()>] = &[Deed {
    segment: "baru",
    title: |l| Office::of(l).add_admin,
    role: Role::Owner,
    is_grave: false,
    sheet: |asked, _| {
        let w = office(asked);
        let fields = vec![
            Field::new("name", w.name, Kind::Text).required().hint(w.name_hint),
            Field::new("role", w.role, roles(w, Role::Owner)).required().value(Role::Cashier.name()),
            Field::new("password", w.password, Kind::Password).required().hint(w.password_hint),
        ];
        Ok(Sheet { home: "/pengelola".into(), fields, ..Sheet::default() })
    },
    work: |entry| {
        let add: AddAdmin = entry.read()?;
        let says = format!(
            "{}: {}. {}: {}.",
            add.name.0,
            add.role.0.name(),
            entry.sheet.fields[2].label,
            "\u{2022}".repeat(8)
        );
        let work = errand(async move |desk: Arc<Desk>, actor| {
            enter(&desk, actor, add).await?;
            Ok(Told::default())
        });
        Ok(Work::Errand(vec![says], work))
    },
}];

/// An admin with that name, for a deed.
fn admin_sheet(asked: &Asked<String>, engine: &Engine) -> Result<Sheet, Problem> {
    let admin = engine.reader().admin(&asked.subject)?.ok_or_else(|| Problem::not_found("admin"))?;
    let about = format!("{} ({})", admin.name, admin.role.name());
    Ok(Sheet { about, home: "/pengelola".into(), ..Sheet::default() })
}

/// Ending the second factor of somebody who lost the phone.
pub(crate) const TOTP_OFF: &str = "dua-langkah";

/// What can be done to an admin.
pub(crate) const ADMIN_DEEDS: &[Deed<String>] = &[
    Deed {
        segment: "token",
        title: |l| Office::of(l).add_token,
        role: Role::Owner,
        is_grave: false,
        sheet: |asked, engine| {
            let w = office(asked);
            let admin = engine.reader().admin(&asked.subject)?.ok_or_else(|| Problem::not_found("admin"))?;
            let role = Field::new("role", w.role, roles(w, admin.role)).required().value(admin.role.name());
            Ok(Sheet { fields: vec![role], ..admin_sheet(asked, engine)? })
        },
        work: |entry| {
            let (asked, token): (MakeToken, _) = (entry.read()?, office(entry.asked).token);
            let name = entry.asked.subject.clone();
            let work = errand(async move |desk: Arc<Desk>, actor| {
                let (secret, _) = make_token(&desk, actor, name, asked).await?;
                Ok(Told { secret: Some((token.to_owned(), secret)), ..Told::default() })
            });
            Ok(Work::Errand(vec![office(entry.asked).tokens_text.to_owned()], work))
        },
    },
    Deed {
        segment: TOTP_OFF,
        title: |l| Office::of(l).totp_remove,
        role: Role::Owner,
        is_grave: true,
        sheet: admin_sheet,
        work: |entry| Ok(upon_admin(entry, office(entry.asked).totp_remove_will, turn_off)),
    },
    Deed {
        segment: "hapus",
        title: |l| Office::of(l).remove_admin,
        role: Role::Owner,
        is_grave: true,
        sheet: admin_sheet,
        work: |entry| Ok(upon_admin(entry, office(entry.asked).remove_admin_will, remove_admin)),
    },
];

/// Work upon the admin that the address names, told beforehand as `will`.
fn upon_admin(
    entry: &Entry<String>,
    will: &str,
    change: fn(&mut Engine, &Actor, &str) -> Result<(), Problem>,
) -> Work {
    let name = entry.asked.subject.clone();
    let work = errand(async move |desk: Arc<Desk>, actor: Actor| {
        desk.look(move |engine| change(engine, &actor, &name)).await?;
        Ok(Told::default())
    });
    Work::Errand(vec![will.to_owned()], work)
}

/// What can be done to a token: admin and hash.
pub(crate) const TOKEN_DEEDS: &[Deed<(String, String)>] = &[Deed {
    segment: "hapus",
    title: |l| Office::of(l).remove_token,
    role: Role::Owner,
    is_grave: true,
    sheet: |asked, _| {
        Ok(Sheet { about: asked.subject.0.clone(), home: "/pengelola".into(), ..Sheet::default() })
    },
    work: token_removal,
}];

fn token_removal(entry: &Entry<(String, String)>) -> Result<Work, Problem> {
    let (name, hash) = entry.asked.subject.clone();
    let hash = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).map_err(|_| Problem::not_found("token"))?;
    let work = errand(async move |desk: Arc<Desk>, actor: Actor| {
        let remove = move |engine: &mut Engine| {
            if !engine.store_mut().remove_token(&name, &hash)? {
                return Err(Problem::not_found("token"));
            }
            Ok(engine.note(&actor, "admin.token_remove", &name, String::new())?)
        };
        desk.look(remove).await?;
        Ok(Told::default())
    });
    Ok(Work::Errand(vec![office(entry.asked).remove_token_will.to_owned()], work))
}
