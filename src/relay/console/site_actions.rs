//! What can be done to a site: adding it, disabling and enabling it, another token, removing it.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{MethodRouter, get};
use data_encoding::HEXLOWER_PERMISSIVE;

use super::action_page::{ActionDone, ActionForm, choice_field, optional_field, text_field, typed};
use super::changes::{ConsoleChange, SITE_ROLE, state_role};
use super::menu::SITES;
use super::overview::ConsoleDirectory;
use super::session::{OperatorForm, OperatorSession};
use super::site;
use super::state::{ConsoleState, PageAnswer};
use super::texts::ConsoleWords;
use crate::relay::store::directory::SiteState;
use crate::ui::Form;
use crate::ui::catalogue::fill;
use crate::web::{Path, Problem};

/// Something that can be done to a site of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SiteAction {
    Disable,
    Enable,
    RotateToken,
    Remove,
}

impl SiteAction {
    /// In the order in which a page shows them.
    pub const ALL: [Self; 4] = [Self::RotateToken, Self::Enable, Self::Disable, Self::Remove];

    /// The end of its address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Disable => "nonaktifkan",
            Self::Enable => "aktifkan",
            Self::RotateToken => "ganti-token",
            Self::Remove => "hapus",
        }
    }

    /// The state that the site is to have; `None`: it keeps its own.
    pub const fn wanted(self) -> Option<SiteState> {
        match self {
            Self::Disable => Some(SiteState::Disabled),
            Self::Enable => Some(SiteState::Enabled),
            Self::Remove => Some(SiteState::Removed),
            Self::RotateToken => None,
        }
    }

    /// Whether it is shown for a site in this state.
    pub const fn fits(self, state: SiteState) -> bool {
        match state {
            SiteState::Enabled => matches!(self, Self::Disable | Self::RotateToken),
            SiteState::Disabled => matches!(self, Self::Enable | Self::RotateToken | Self::Remove),
            SiteState::Removed => false,
        }
    }

    /// Whether it takes something away.
    pub const fn is_grave(self) -> bool {
        match self {
            Self::Disable | Self::RotateToken | Self::Remove => true,
            Self::Enable => false,
        }
    }

    /// Its name.
    pub const fn name(self, w: &ConsoleWords) -> &'static str {
        match self {
            Self::Disable => w.disable,
            Self::Enable => w.enable,
            Self::RotateToken => w.rotate_token,
            Self::Remove => w.remove_site,
        }
    }

    const fn about(self, w: &ConsoleWords) -> &'static str {
        match self {
            Self::Disable => w.disable_text,
            Self::Enable => w.enable_text,
            Self::RotateToken => w.rotate_token_text,
            Self::Remove => w.remove_site_text,
        }
    }

    fn form(self, session: &OperatorSession, id: &str) -> Result<ActionForm, Problem> {
        session.demand(self.wanted().map_or(SITE_ROLE, state_role))?;
        let (w, home) = (session.words(), site::address(id));
        Ok(ActionForm {
            title: format!("{} {id}", self.name(w)),
            part: SITES,
            path: format!("{home}/{}", self.segment()),
            home,
            about: fill(self.about(w), &[id]),
            fields: Vec::new(),
            button: self.name(w),
            is_grave: self.is_grave(),
        })
    }
}

/// The page and the form of one of them.
pub(super) fn route(action: SiteAction) -> MethodRouter<Arc<ConsoleState>> {
    let show = move |State(state): State<Arc<ConsoleState>>,
                     session: OperatorSession,
                     Path(id): Path<String>| {
        async move { show_action(&state, &session, action, &id).await }
    };
    let submit = move |State(state): State<Arc<ConsoleState>>, Path(id): Path<String>, sent: OperatorForm| async move {
        submit_action(&state, &sent, action, &id).await
    };
    get(show).post(submit)
}

async fn show_action(
    state: &ConsoleState,
    session: &OperatorSession,
    action: SiteAction,
    id: &str,
) -> PageAnswer {
    let form = action.form(session, id)?;
    ConsoleDirectory::read(state).await?.site(id)?;
    form.show(session)
}

async fn submit_action(
    state: &ConsoleState,
    OperatorForm { session, form }: &OperatorForm,
    action: SiteAction,
    id: &str,
) -> PageAnswer {
    let page = action.form(session, id)?;
    page.submit(state, session, form, perform(state, session, action, id)).await
}

async fn perform(
    state: &ConsoleState,
    session: &OperatorSession,
    action: SiteAction,
    id: &str,
) -> Result<ActionDone, Problem> {
    let (change, w) = (ConsoleChange { state, caller: &session.caller }, session.words());
    let home = site::address(id);
    if let Some(wanted) = action.wanted() {
        change.set_site_state(id, wanted).await?;
        let (home, text) = match wanted {
            SiteState::Enabled => (home, w.enabled_done),
            SiteState::Disabled => (home, w.disabled_done),
            SiteState::Removed => (SITES.to_owned(), w.removed_done),
        };
        return Ok(ActionDone::new(home, fill(text, &[id])));
    }
    let token = change.rotate_token(id).await?;
    Ok(ActionDone::new(home, fill(w.token_done, &[id])).with_secret(w.token, token.token.expose()))
}

/// Where a site is added.
const ADD: &str = "/tambah-lokasi";

async fn add_form(state: &ConsoleState, session: &OperatorSession) -> Result<ActionForm, Problem> {
    session.demand(SITE_ROLE)?;
    let w = session.words();
    let merchants = ConsoleDirectory::read(state).await?.merchant_ids();
    let about = if merchants.is_empty() { w.no_merchant_yet } else { "" };
    let options = merchants.into_iter().map(|id| (id.clone(), id)).collect();
    Ok(ActionForm {
        title: w.add_site.to_owned(),
        part: SITES,
        path: ADD.to_owned(),
        home: SITES.to_owned(),
        about: about.to_owned(),
        fields: vec![
            text_field("id", w.site_id, w.site_id_hint),
            choice_field("merchant", w.merchant, "", options),
            optional_field("token_sha256", w.token_sha256, w.token_sha256_hint),
        ],
        button: w.add_site,
        is_grave: false,
    })
}

/// `GET /tambah-lokasi`.
pub(super) async fn show_add(State(state): State<Arc<ConsoleState>>, session: OperatorSession) -> PageAnswer {
    add_form(&state, &session).await?.show(&session)
}

/// `POST /tambah-lokasi`.
pub(super) async fn add(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = add_form(&state, &session).await?;
    page.submit(&state, &session, &form, add_site(&state, &session, &form)).await
}

async fn add_site(
    state: &ConsoleState,
    session: &OperatorSession,
    form: &Form,
) -> Result<ActionDone, Problem> {
    let (change, w) = (ConsoleChange { state, caller: &session.caller }, session.words());
    let id = typed(form, "id");
    let known = form.text("token_sha256").map(token_sha256).transpose()?;
    let (home, id_text) = (site::address(&id), [id.as_str()]);
    Ok(match change.add_site(&id, &typed(form, "merchant"), known).await? {
        Some(token) => ActionDone::new(home, fill(w.site_added_token, &id_text))
            .with_secret(w.token, token.token.expose()),
        None => ActionDone::new(home, fill(w.site_added, &id_text)),
    })
}

/// The SHA-256 of a token that exists.
pub(super) fn token_sha256(text: &str) -> Result<[u8; 32], Problem> {
    let hash = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok().and_then(|hash| hash.try_into().ok());
    hash.ok_or_else(|| Problem::invalid("token_sha256", "write its 64 hexadecimal digits"))
}
