//! The router compared with the desired state.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::dashboard::{PartLine, parts};
use super::session::AdminSession;
use crate::agent::config::Lists;
use crate::agent::console::texts::adoption::AdoptionWords;
use crate::agent::console::texts::doctor::DoctorWords;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::router::{Difference, PlannedEdit, first_of_difference, list_name};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::router::faults::{RouterFault, type_name};
use crate::domain::access::Access;
use crate::domain::id::Mac;
use crate::domain::listing::Edit;
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Frame, Locale, html};

/// Changes that are shown; a router that was never synced may want thousands.
const EDITS_SHOWN_MAX: usize = 50;

/// A change of the router as people read it.
struct EditRow {
    device: String,
    change: String,
    user: Option<(String, String)>,
    why: String,
}

#[derive(Template)]
#[template(path = "console/office/router.html")]
struct RouterPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    part: PartLine,
    mode: &'static str,
    is_dry_run: bool,
    facts: Vec<(&'static str, String)>,
    /// The difference; nothing when the router cannot be read.
    plan: Option<Vec<EditRow>>,
    more: Option<String>,
    conflicts: Vec<String>,
    may_sync: bool,
    doctor: &'static str,
    /// The link to adoption, for owners.
    adoption: Option<&'static str>,
}

/// `GET /router`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let (plan, all) = first_of_difference(&app, EDITS_SHOWN_MAX).await.ok().unzip();
    let (locale, w) = (&session.page_request.locale, session.office());
    let edits = plan.as_ref().map(shown).unwrap_or_default();
    let owners =
        app.read(move |engine| Ok((engine.read_view().facts.clock_trusted, owners(engine, &edits)))).await?;
    let (clock_trusted, owners) = owners;
    let is_dry_run = app.site.cycle.is_dry_run();
    let part = parts(&app, locale, clock_trusted, app.site.clock.now()).swap_remove(0);
    let left = all.unwrap_or_default().saturating_sub(EDITS_SHOWN_MAX) as u64;
    let is_conflict = |fault: &RouterFault| matches!(fault, RouterFault::Conflict(..));
    let (faults, lists) = (app.site.cycle.faults(), app.site.cycle.lists());
    let conflicts =
        faults.iter().filter(|fault| is_conflict(fault)).map(|fault| fault.text(locale.language, lists));
    let conflicts = if plan.is_some() { conflicts.collect() } else { Vec::new() };
    let names = &app.site.config.router.lists;
    let rows =
        plan.map(|plan| plan.edits.iter().map(|edit| edit_row(locale, edit, names, &owners)).collect());
    let (frame, layout) = session.layout(w.router, "/router");
    html(&RouterPage {
        frame,
        layout,
        w,
        part,
        mode: if is_dry_run { w.dry_run_on } else { w.dry_run_off },
        is_dry_run,
        facts: facts(&app, locale),
        plan: rows,
        more: (left > 0).then(|| fill(w.plan_more, &[&locale.count(left)])),
        conflicts,
        may_sync: session.actor.role >= Role::Operator,
        doctor: DoctorWords::of(locale.language).link,
        adoption: (session.actor.role >= Role::Owner).then(|| AdoptionWords::of(locale.language).link),
    })
}

fn facts(app: &AppState, locale: &Locale) -> Vec<(&'static str, String)> {
    let w = Office::of(locale.language);
    let (figures, health) = (app.site.cycle.figures(), app.site.cycle.router().health());
    vec![
        (w.version, health.version.unwrap_or_else(|| w.unknown.to_owned())),
        (w.hosts, locale.count(figures.hosts)),
        (w.readings, format!("{} / {}", locale.count(figures.metered), locale.count(figures.failed))),
        (w.reading_took, format!("{} ms", locale.count(figures.read_ms))),
        (w.commands, locale.count(health.commands)),
        (w.edits, locale.count(figures.edits)),
    ]
}

/// What a change is about: the device or the address, by which its owner is found.
fn key_of(edit: &Edit) -> String {
    match edit {
        Edit::AddListing { address, .. }
        | Edit::MoveListing { address, .. }
        | Edit::EnableListing { address, .. } => address.to_string(),
        Edit::RemoveListing { address, .. } => address.map(|address| address.to_string()).unwrap_or_default(),
        Edit::AddBinding { mac, .. } | Edit::SetBinding { mac, .. } => mac.to_string(),
        Edit::RemoveBinding { mac, .. } => mac.map(|mac| mac.to_string()).unwrap_or_default(),
    }
}

fn shown(plan: &Difference) -> Vec<String> {
    plan.edits.iter().map(|planned| key_of(&planned.edit)).collect()
}

/// Whom a change is about: path, name and access.
type Owner = (String, String, Access);

/// The owners of devices and addresses, as far as they are known.
fn owners(engine: &Engine, keys: &[String]) -> BTreeMap<String, Owner> {
    let look = engine.read_view();
    let find = |key: &String| {
        let user = match key.parse::<Mac>() {
            Ok(mac) => look.user_with(mac).cloned(),
            Err(_) => look.user_at(key.parse().ok()?).map(|found| found.user),
        }?;
        Some((key.clone(), (format!("/pelanggan/{}", user.account.id), user.name, user.account.access)))
    };
    keys.iter().filter_map(find).collect()
}

fn edit_row(
    locale: &Locale,
    planned: &PlannedEdit,
    lists: &Lists,
    owners: &BTreeMap<String, Owner>,
) -> EditRow {
    let w = Office::of(locale.language);
    let change = match &planned.edit {
        Edit::EnableListing { .. } => w.edit_enable.to_owned(),
        Edit::AddListing { list, .. } | Edit::MoveListing { list, .. } => {
            fill(w.edit_list, &[list_name(*list, lists)])
        }
        Edit::AddBinding { kind, .. } | Edit::SetBinding { kind, .. } => {
            fill(w.edit_bind, &[type_name(*kind)])
        }
        Edit::RemoveBinding { mac: Some(_), .. } => w.edit_unbind.to_owned(),
        Edit::RemoveBinding { mac: None, .. } | Edit::RemoveListing { .. } => w.edit_unlist.to_owned(),
    };
    let device = key_of(&planned.edit);
    let owner = owners.get(&device);
    let refused = planned.refusal().map(|answer| format!(" ({})", fill(w.edit_refused, &[answer])));
    let change = change + refused.as_deref().unwrap_or_default();
    let why =
        owner.map_or_else(|| w.not_ours.to_owned(), |(_, _, access)| say::access(locale.language, access));
    EditRow { device, change, user: owner.map(|(path, name, _)| (path.clone(), name.clone())), why }
}
