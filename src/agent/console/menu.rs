//! The tabs of the console: beside the page on wide screens; on phones five of them in a bar, the others on a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::session::AdminSession;
use super::texts::common::Words;
use super::texts::office::{Office, role_name};
use super::version;
use crate::agent::engine::Actor;
use crate::agent::http::sessions;
use crate::agent::http::state::{Answer, AppState};
use crate::store::{Role, SecretKind};
use crate::ui::desk::{DeskWords, Layout, SearchBox, Tab, TabGroup};
use crate::ui::icon::Icon;
use crate::ui::language::Language;
use crate::ui::{Frame, PageRequest, html};
use crate::web::Peer;

/// The page with the tabs that are not in the bar.
const MORE: &str = "/lainnya";
/// The page with what the search box found.
pub(crate) const SEARCH: &str = "/cari";

/// A tab and who sees it.
struct TabOf {
    path: &'static str,
    name: fn(&Words) -> &'static str,
    icon: Icon,
    role: Role,
    is_in_bar: bool,
}

impl TabOf {
    const fn new(path: &'static str, name: fn(&Words) -> &'static str, icon: Icon, role: Role) -> Self {
        Self { path, name, icon, role, is_in_bar: false }
    }

    const fn in_bar(self) -> Self {
        Self { is_in_bar: true, ..self }
    }
}

/// What every day needs. With the page of the others, these are the five of the bar.
const DAILY: &[TabOf] = &[
    TabOf::new("/", |words| words.dashboard, Icon::Home, Role::Viewer).in_bar(),
    TabOf::new("/pelanggan", |words| words.users, Icon::People, Role::Viewer).in_bar(),
    TabOf::new("/jual", |words| words.sell, Icon::Sell, Role::Cashier).in_bar(),
    TabOf::new("/tagihan", |words| words.debts, Icon::Bill, Role::Viewer).in_bar(),
];
const MONEY: &[TabOf] = &[
    TabOf::new("/pembayaran", |words| words.payments, Icon::Payments, Role::Viewer),
    TabOf::new("/kasir", |words| words.drawer, Icon::Drawer, Role::Cashier),
    TabOf::new("/paket", |words| words.packages, Icon::Package, Role::Viewer),
    TabOf::new("/laporan", |words| words.reports, Icon::Reports, Role::Viewer),
];
const SYSTEM: &[TabOf] = &[
    TabOf::new("/perangkat", |words| words.devices, Icon::Device, Role::Viewer),
    TabOf::new("/router", |words| words.router, Icon::Router, Role::Viewer),
    TabOf::new("/catatan", |words| words.audit, Icon::Audit, Role::Operator),
    TabOf::new("/cadangan", |words| words.backup, Icon::Backup, Role::Operator),
    TabOf::new("/dokter", |words| words.doctor, Icon::Good, Role::Operator),
    TabOf::new("/pengelola", |words| words.admins, Icon::Admins, Role::Owner),
    TabOf::new("/pengaturan", |words| words.settings, Icon::Settings, Role::Owner),
    TabOf::new(version::PLACE, |words| words.version, Icon::Package, Role::Operator),
    TabOf::new("/saya", |words| words.account, Icon::Account, Role::Viewer),
];

fn groups(language: Language, role: Role, part: &str) -> Vec<TabGroup> {
    let words = Words::of(language);
    let tab = |tab: &TabOf| Tab {
        path: tab.path,
        name: (tab.name)(words),
        icon: tab.icon,
        is_here: tab.path == part,
        is_in_bar: tab.is_in_bar,
    };
    let all = [(words.daily, DAILY), (words.money, MONEY), (words.system, SYSTEM)];
    let group = |(name, tabs): (&'static str, &[TabOf])| TabGroup {
        name,
        tabs: tabs.iter().filter(|tab| role >= tab.role).map(tab).collect(),
    };
    all.into_iter().map(group).collect()
}

/// What surrounds the pages of an admin; `part` is the path of the page's tab.
pub(crate) fn layout(page_request: &PageRequest, actor: &Actor, token: String, part: &str) -> Layout {
    let language = page_request.locale.language;
    let words = DeskWords::of(language);
    let menu = groups(language, actor.role, part);
    let is_in_bar = menu.iter().flat_map(|group| &group.tabs).any(|tab| tab.is_here && tab.is_in_bar);
    let more = Tab { path: MORE, name: words.more, icon: Icon::More, is_here: !is_in_bar, is_in_bar: true };
    let search = SearchBox { path: SEARCH, hint: Words::of(language).search_hint, value: String::new() };
    let who = actor.name.clone();
    Layout { words, menu, more: Some(more), search: Some(search), who, token, told: None }
}

/// What surrounds an error page for the admin of the session; `None` for anybody else.
pub(crate) async fn around(app: Arc<AppState>, page_request: PageRequest) -> Option<Layout> {
    if let Peer::Network(address) = page_request.peer
        && !app.site.config.may_manage(address)
    {
        return None;
    }
    let secret = page_request.session.clone()?;
    let hash = crate::identity::hash(&secret);
    let found = sessions::actor_of(&app, page_request.peer, hash, SecretKind::Session).await;
    let actor = found.ok().flatten()?;
    let token = app.site.signed_tokens.session_form_token(&secret);
    Some(layout(&page_request, &actor, token, part(page_request.uri.path())))
}

/// The tab that an address belongs to: its first part.
pub(crate) fn part(path: &str) -> &str {
    let end = path.bytes().skip(1).position(|b| matches!(b, b'/' | b'?'));
    end.map_or(path, |end| &path[..=end])
}

#[derive(Template)]
#[template(path = "console/more.html")]
struct MorePage {
    frame: Frame,
    layout: Layout,
    logged_in: &'static str,
    role: &'static str,
}

/// `GET /lainnya`.
pub(crate) async fn show(State(_): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let title = DeskWords::of(session.page_request.locale.language).more;
    let (frame, layout) = session.layout(title, MORE);
    let w: &Office = session.office();
    let (logged_in, role) = (session.words().logged_in, role_name(w, session.actor.role));
    html(&MorePage { frame, layout, logged_in, role })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_the_first_part_of_an_address() {
        let rows =
            [("/", "/"), ("/pelanggan", "/pelanggan"), ("/pelanggan/x/y", "/pelanggan"), ("/a?b=/c", "/a")];
        for (home, tab) in rows {
            assert_eq!(part(home), tab);
        }
    }

    #[test]
    fn the_bar_has_room_for_five_and_every_role_sees_the_tabs_of_the_roles_below() {
        let mut before = Vec::new();
        for role in [Role::Viewer, Role::Cashier, Role::Operator, Role::Owner] {
            let menu = groups(Language::Indonesian, role, "/");
            let tabs: Vec<&Tab> = menu.iter().flat_map(|group| &group.tabs).collect();
            assert!(tabs.iter().filter(|tab| tab.is_in_bar).count() <= 4, "and the page of the others");
            let paths: Vec<&str> = tabs.iter().map(|tab| tab.path).collect();
            assert!(before.iter().all(|path| paths.contains(path)) && paths.len() > before.len());
            before = paths;
        }
    }
}
