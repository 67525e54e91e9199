//! The tabs of the console: beside the page on wide screens, in a bar on phones.

use std::sync::Arc;

use super::caller::ConsoleCaller;
use super::sessions;
use super::state::ConsoleState;
use super::texts::ConsoleWords;
use crate::domain::role::Role;
use crate::ui::PageRequest;
use crate::ui::desk::{DeskWords, Layout, SearchBox, Tab, TabGroup};
use crate::ui::icon::Icon;
use crate::web::Peer;

/// The overview of sites, which the search box leads to as well.
pub(super) const SITES: &str = "/";
/// The merchants.
pub(super) const MERCHANTS: &str = "/merchant";
/// The operators' log.
pub(super) const LOG: &str = "/catatan";
/// The operators.
pub(super) const OPERATORS: &str = "/akun";
/// One's own account.
pub(super) const OWN: &str = "/saya";

/// A tab and who sees it.
struct ConsoleTab {
    path: &'static str,
    name: fn(&ConsoleWords) -> &'static str,
    icon: Icon,
    role: Role,
}

/// All of them, which a phone has room for.
const TABS: [ConsoleTab; 5] = [
    ConsoleTab { path: SITES, name: |words| words.sites, icon: Icon::Router, role: Role::Viewer },
    ConsoleTab { path: MERCHANTS, name: |words| words.merchants, icon: Icon::Payments, role: Role::Viewer },
    ConsoleTab { path: LOG, name: |words| words.log, icon: Icon::Audit, role: Role::Viewer },
    ConsoleTab { path: OPERATORS, name: |words| words.operators, icon: Icon::Admins, role: Role::Owner },
    ConsoleTab { path: OWN, name: |words| words.account, icon: Icon::Account, role: Role::Viewer },
];

/// What surrounds the pages of an operator; `part` is the path of the page's tab.
pub(super) fn layout(
    page_request: &PageRequest,
    caller: &ConsoleCaller,
    token: String,
    part: &str,
) -> Layout {
    let language = page_request.locale.language;
    let words = ConsoleWords::of(language);
    let tab = |tab: &ConsoleTab| Tab {
        path: tab.path,
        name: (tab.name)(words),
        icon: tab.icon,
        is_here: tab.path == part,
        is_in_bar: true,
    };
    let tabs = TABS.iter().filter(|tab| caller.role >= tab.role).map(tab).collect();
    let search = SearchBox { path: SITES, hint: words.search_hint, value: String::new() };
    Layout {
        words: DeskWords::of(language),
        menu: vec![TabGroup { name: "", tabs }],
        more: None,
        search: Some(search),
        who: caller.name.clone(),
        token,
        told: None,
    }
}

/// What surrounds an error page for the operator who is logged in; `None` for anybody else.
pub(super) async fn around(state: Arc<ConsoleState>, page_request: PageRequest) -> Option<Layout> {
    if let Peer::Network(address) = page_request.peer
        && !state.admits(address)
    {
        return None;
    }
    let secret = page_request.session.clone()?;
    let found = sessions::find(&state, &secret).await.ok().flatten()?;
    let caller = found.session.is_full.then(|| found.caller(page_request.peer))?;
    Some(layout(&page_request, &caller, sessions::form_token(&secret), part(page_request.uri.path())))
}

/// The tab that an address belongs to.
fn part(path: &str) -> &'static str {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let is_tab = |tab: &&ConsoleTab| tab.path != SITES && tab.path[1..] == *first;
    TABS.iter().find(is_tab).map_or(SITES, |tab| tab.path)
}
