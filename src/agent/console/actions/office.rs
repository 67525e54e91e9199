//! Form actions for the drawer, the router, the clock, admins and their tokens.

use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::action::{FormAction, FormContext, Submission, Work, always, operation};
use super::form_spec::{Field, FormSpec, Kind};
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::console::texts::say::signed;
use crate::agent::engine::{Actor, Engine};
use crate::agent::http::admins::{add_admin, change_admin, make_token, remove_admin, remove_token};
use crate::agent::http::clock::confirm_clock;
use crate::agent::http::router::reconcile;
use crate::agent::http::second_factor::turn_off;
use crate::agent::http::state::AppState;
use crate::protocol::admin::admins::{AddAdmin, ChangeAdmin, MakeToken};
use crate::protocol::admin::closings::CountDrawer;
use crate::store::{AdminRecord, Role};
use crate::ui::Locale;
use crate::ui::catalogue::fill;
use crate::ui::flash::Flash;
use crate::web::Problem;

fn office<S>(context: &FormContext<S>) -> &'static Office {
    Office::of(context.locale.language)
}

/// A cashier's own drawer.
pub(crate) const DRAWER_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "tutup",
    title: |l| Office::of(l).close_drawer,
    role: Role::Cashier,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let w = office(context);
        let drawer = engine.reader().drawer(&context.actor.name, None)?;
        let expected = signed(drawer.expected());
        let fields = vec![
            Field::new("counted_rp", w.counted, Kind::Rupiah).required().hint(w.counted_hint),
            Field::new("note", w.note, Kind::Text),
        ];
        let notes = vec![format!("{}: {expected}", w.expected_cash)];
        Ok(FormSpec { home: "/kasir".into(), notes, fields, ..FormSpec::default() })
    },
    work: |submission| Ok(Work::CommandContext(submission.read::<CountDrawer>()?.command())),
}];

/// The router.
pub(crate) const ROUTER_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "samakan",
    title: |l| Office::of(l).sync,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: |_, _| Ok(FormSpec { home: "/router".into(), ..FormSpec::default() }),
    work: |submission| {
        let locale = submission.context.locale.clone();
        let work = operation(async move |app: Arc<AppState>, actor| synced(&app, actor, &locale).await);
        Ok(Work::Operation(vec![office(submission.context).sync_will.to_owned()], work))
    },
}];

/// Brings the router to what access wants.
async fn synced(app: &AppState, actor: Actor, locale: &Locale) -> Result<Flash, Problem> {
    let found = reconcile(app, actor).await?;
    let w = Office::of(locale.language);
    let edits = locale.count(found.edits.len() as u64);
    if found.dry_run {
        return Ok(Flash { lines: vec![fill(w.sync_dry, &[&edits])], ..Flash::default() });
    }
    let refused = found.edits.iter().filter(|edit| edit.refusal().is_some()).count() as u64;
    let mut lines = vec![fill(w.synced, &[&edits])];
    if refused > 0 {
        lines.push(fill(w.sync_refused, &[&locale.count(refused)]));
    }
    Ok(Flash { lines, ..Flash::default() })
}

/// The wall clock.
pub(crate) const CLOCK_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "pastikan",
    title: |l| Office::of(l).confirm,
    role: Role::Owner,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let about = context.locale.moment(engine.now());
        Ok(FormSpec { about, home: "/".into(), ..FormSpec::default() })
    },
    work: |submission| {
        let work = operation(async move |app: Arc<AppState>, actor| {
            confirm_clock(&app, actor).await?;
            Ok(Flash::default())
        });
        Ok(Work::Operation(vec![office(submission.context).confirm_will.to_owned()], work))
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
pub(crate) const NEW_ADMIN_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "baru",
    title: |l| Office::of(l).add_admin,
    role: Role::Owner,
    is_grave: false,
    fits: always,
    spec: |context, _| {
        let w = office(context);
        let fields = vec![
            Field::new("name", w.name, Kind::Text).required().hint(w.name_hint),
            Field::new("role", w.role, roles(w, Role::Owner)).required().value(Role::Cashier.name()),
            Field::new("password", w.password, Kind::Password).required().hint(w.password_hint),
        ];
        Ok(FormSpec { home: "/pengelola".into(), fields, ..FormSpec::default() })
    },
    work: |submission| {
        let add: AddAdmin = submission.read()?;
        let says = format!(
            "{}: {}. {}: {}.",
            add.name.0,
            role_name(office(submission.context), add.role.0),
            submission.spec.fields[2].label,
            "\u{2022}".repeat(8)
        );
        let who = format!("{} ({})", add.name.0, role_name(office(submission.context), add.role.0));
        let work = operation(async move |app: Arc<AppState>, actor| {
            add_admin(&app, actor, add).await?;
            Ok(Flash { lines: vec![who], ..Flash::default() })
        });
        Ok(Work::Operation(vec![says], work))
    },
}];

/// An admin with that name, for a deed.
fn admin_sheet(context: &FormContext<String>, engine: &Engine) -> Result<FormSpec, Problem> {
    Ok(sheet_of(context, &admin_of(context, engine)?))
}

fn admin_of(context: &FormContext<String>, engine: &Engine) -> Result<AdminRecord, Problem> {
    engine.reader().admin(&context.subject)?.ok_or_else(|| Problem::not_found("admin"))
}

fn sheet_of(context: &FormContext<String>, admin: &AdminRecord) -> FormSpec {
    let about = format!("{} ({})", admin.name, role_name(office(context), admin.role));
    FormSpec { about, home: "/pengelola".into(), ..FormSpec::default() }
}

/// What can be done to an admin.
pub(crate) const ADMIN_ACTIONS: &[FormAction<String>] = &[
    FormAction {
        segment: "token",
        title: |l| Office::of(l).add_token,
        role: Role::Owner,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let w = office(context);
            let admin = admin_of(context, engine)?;
            let role = Field::new("role", w.role, roles(w, admin.role)).required().value(admin.role.name());
            Ok(FormSpec { fields: vec![role], ..sheet_of(context, &admin) })
        },
        work: |submission| {
            let (context, token): (MakeToken, _) = (submission.read()?, office(submission.context).token);
            let name = submission.context.subject.clone();
            let work = operation(async move |app: Arc<AppState>, actor| {
                let (secret, _) = make_token(&app, actor, name, context).await?;
                Ok(Flash { secret: Some((token.to_owned(), secret)), ..Flash::default() })
            });
            Ok(Work::Operation(vec![office(submission.context).tokens_text.to_owned()], work))
        },
    },
    FormAction {
        segment: "peran",
        title: |l| Office::of(l).change_role,
        role: Role::Owner,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let w = office(context);
            let admin = admin_of(context, engine)?;
            let role = Field::new("role", w.role, roles(w, Role::Owner)).required().value(admin.role.name());
            Ok(FormSpec { fields: vec![role], ..sheet_of(context, &admin) })
        },
        work: |submission| {
            let change: ChangeAdmin = submission.read()?;
            let w = office(submission.context);
            let role = change.role.as_ref().map(|role| role_name(w, role.0)).unwrap_or_default();
            Ok(changed_admin(submission, change, fill(w.change_role_will, &[role])))
        },
    },
    FormAction {
        segment: "kata-sandi",
        title: |l| Office::of(l).reset_password,
        role: Role::Owner,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let w = office(context);
            let password =
                Field::new("password", w.password, Kind::Password).required().hint(w.password_hint);
            Ok(FormSpec { fields: vec![password], ..admin_sheet(context, engine)? })
        },
        work: |submission| {
            let will = office(submission.context).reset_password_will.to_owned();
            Ok(changed_admin(submission, submission.read()?, will))
        },
    },
    FormAction {
        segment: "dua-langkah",
        title: |l| Office::of(l).totp_remove,
        role: Role::Owner,
        is_grave: true,
        fits: |admin| admin.second_factor.is_on(),
        spec: admin_sheet,
        work: |submission| Ok(upon_admin(submission, office(submission.context).totp_remove_will, turn_off)),
    },
    FormAction {
        segment: "hapus",
        title: |l| Office::of(l).remove_admin,
        role: Role::Owner,
        is_grave: true,
        fits: always,
        spec: admin_sheet,
        work: |submission| {
            Ok(upon_admin(submission, office(submission.context).remove_admin_will, remove_admin))
        },
    },
];

/// Another role or password for the admin that the address names.
fn changed_admin(submission: &Submission<String>, change: ChangeAdmin, will: String) -> Work {
    let name = submission.context.subject.clone();
    let work = operation(async move |app: Arc<AppState>, actor: Actor| {
        change_admin(&app, actor, name, change).await?;
        Ok(Flash::default())
    });
    Work::Operation(vec![will], work)
}

/// Work on the admin that the address names, described beforehand as `will`.
fn upon_admin(
    submission: &Submission<String>,
    will: &str,
    change: fn(&mut Engine, &Actor, &str) -> Result<(), Problem>,
) -> Work {
    let name = submission.context.subject.clone();
    let work = operation(async move |app: Arc<AppState>, actor: Actor| {
        app.read(move |engine| change(engine, &actor, &name)).await?;
        Ok(Flash::default())
    });
    Work::Operation(vec![will.to_owned()], work)
}

/// What can be done to a token: admin and hash.
pub(crate) const TOKEN_ACTIONS: &[FormAction<(String, String)>] = &[FormAction {
    segment: "hapus",
    title: |l| Office::of(l).remove_token,
    role: Role::Owner,
    is_grave: true,
    fits: always,
    spec: |context, _| {
        Ok(FormSpec { about: context.subject.0.clone(), home: "/pengelola".into(), ..FormSpec::default() })
    },
    work: token_removal,
}];

fn token_removal(submission: &Submission<(String, String)>) -> Result<Work, Problem> {
    let (name, hash) = submission.context.subject.clone();
    let hash = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).map_err(|_| Problem::not_found("token"))?;
    let work = operation(async move |app: Arc<AppState>, actor: Actor| {
        app.read(move |engine| remove_token(engine, &actor, &name, &hash)).await?;
        Ok(Flash::default())
    });
    Ok(Work::Operation(vec![office(submission.context).remove_token_will.to_owned()], work))
}
