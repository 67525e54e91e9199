//! One quiet page for people: how things are, as counts. Names and sums are for those who logged in.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

use super::auth::Anyone;
use super::desk::{Answer, Desk};
use super::ledger::AuditView;
use crate::agent::engine::Engine;
use crate::clock::rfc3339;
use crate::domain::access::Status;
use crate::domain::units::Bytes;
use crate::store::{Page, Role};
use crate::web::Problem;
use crate::web::html::{self, escaped};

/// Changes shown.
const CHANGES: u32 = 10;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/", get(home)).route("/style.css", get(html::style))
}

/// What the page shows.
struct Figures {
    by_status: BTreeMap<Status, usize>,
    total_debt: Option<Bytes>,
    changes: Vec<AuditView>,
}

async fn home(State(desk): State<Arc<Desk>>, Anyone(actor): Anyone) -> Answer {
    let role = actor.map(|actor| actor.role);
    let figures = desk.look(move |engine| figures(engine, role)).await?;
    let link = desk.service().router_state();
    let state = match link.name(desk.site.clock.now()) {
        "ok" => "terhubung",
        "degraded" => "terhubung, dengan gangguan",
        _ => "tidak terhubung",
    };
    let seen = link.last_success.map(rfc3339);
    let html = page(state, seen.as_deref(), &figures);
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, html::CONTENT_POLICY)];
    Ok((headers, html).into_response())
}

fn figures(engine: &Engine, role: Option<Role>) -> Result<Figures, Problem> {
    let look = engine.look();
    let mut by_status = BTreeMap::new();
    let mut total_debt = Bytes::ZERO;
    for user in look.users_after(0) {
        *by_status.entry(user.account.access.status).or_default() += 1;
        total_debt = total_debt.plus(user.account.total_debt());
    }
    let changes = match role {
        Some(role) if role >= Role::Operator => {
            engine.reader().audit(Page { limit: CHANGES, after: None })?
        }
        _ => Vec::new(),
    };
    let changes = changes.into_iter().map(|(_, line)| AuditView::of(line)).collect();
    Ok(Figures { by_status, total_debt: role.map(|_| total_debt), changes })
}

fn page(router: &str, seen: Option<&str>, figures: &Figures) -> String {
    let mut rows = String::new();
    for (name, status) in NAMES {
        let users = figures.by_status.get(&status).copied().unwrap_or_default();
        row(&mut rows, &[name], &users.to_string());
    }
    let all: usize = figures.by_status.values().sum();
    row(&mut rows, &["Semua"], &all.to_string());
    let seen = seen.unwrap_or("belum pernah");
    let mut body = format!(
        "<h1>kuota</h1><h2>Router</h2><p>{} <span class=\"muted\">terakhir terbaca: {}</span></p>\
         <h2>Pelanggan</h2><table>{rows}</table>",
        escaped(router),
        escaped(seen),
    );
    if let Some(debt) = figures.total_debt {
        write_in(&mut body, format_args!("<h2>Total tagihan</h2><p>{}</p>", escaped(&debt.to_string())));
    }
    if !figures.changes.is_empty() {
        let mut rows = String::new();
        for change in &figures.changes {
            row(&mut rows, &[&change.at, &change.actor, &change.action], &change.detail);
        }
        write_in(&mut body, format_args!("<h2>Perubahan terakhir</h2><table>{rows}</table>"));
    }
    write_in(&mut body, format_args!("<p class=\"muted\">kuota {}</p>", env!("CARGO_PKG_VERSION")));
    html::page("kuota", &body)
}

/// What the page calls each access.
const NAMES: [(&str, Status); 7] = [
    ("Aktif", Status::Active),
    ("Tanpa batas", Status::Unlimited),
    ("Kecepatan dikurangi (FUP)", Status::Fup),
    ("Kuota habis", Status::Habis),
    ("Masa aktif berakhir", Status::Expired),
    ("Belum aktif", Status::Inactive),
    ("Diblokir", Status::Blocked),
];

fn row(html: &mut String, heads: &[&str], value: &str) {
    html.push_str("<tr>");
    for head in heads {
        write_in(html, format_args!("<th>{}</th>", escaped(head)));
    }
    write_in(html, format_args!("<td class=\"n\">{}</td></tr>", escaped(value)));
}

fn write_in(html: &mut String, text: std::fmt::Arguments) {
    html.write_fmt(text).expect("a text takes every text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_never_markup() {
        let change = AuditView {
            at: String::new(),
            actor: "<b>".into(),
            role: String::new(),
            source: String::new(),
            action: "user.add".into(),
            target: String::new(),
            detail: "<script>\"'&".into(),
        };
        let figures = Figures { by_status: BTreeMap::new(), total_debt: None, changes: vec![change] };
        let html = page("terhubung", None, &figures);
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;"), "{html}");
    }
}
