//! The operator's own account: password and log-ins.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::action_page::{ActionDone, ActionForm, new_password, own_password, typed};
use super::changes::ConsoleChange;
use super::menu::OWN;
use super::operators::read_new_password;
use super::session::{OperatorForm, OperatorSession};
use super::state::{ConsoleState, PageAnswer};
use super::texts::{ConsoleWords, say};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::{Frame, html};

/// Where one's own password is changed.
const PASSWORD: &str = "/saya/kata-sandi";

#[derive(Template)]
#[template(path = "relay/account.html")]
struct OperatorAccountPage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    role: &'static str,
    /// Since when each is, and whether it is this one.
    sessions: Vec<(String, bool)>,
}

/// `GET /saya`.
pub(super) async fn show(State(state): State<Arc<ConsoleState>>, session: OperatorSession) -> PageAnswer {
    let caller = &session.caller;
    let sessions = state.relay.store.sessions(&caller.name, state.now()).await?;
    let (locale, w) = (session.locale(), session.words());
    let since = |at| fill(w.session_since, &[&locale.moment(at)]);
    let sessions =
        sessions.iter().map(|open| (since(open.created_at), open.sha256 == caller.sha256)).collect();
    let role = say::role(w, caller.role);
    let (frame, layout) = session.layout(w.account, OWN);
    html(&OperatorAccountPage { frame, layout, w, role, sessions })
}

fn password_form(session: &OperatorSession) -> ActionForm {
    let w = session.words();
    ActionForm {
        title: w.change_password.to_owned(),
        part: OWN,
        path: PASSWORD.to_owned(),
        home: OWN.to_owned(),
        about: w.change_password_text.to_owned(),
        fields: vec![own_password(w), new_password(w)],
        button: w.save,
        is_grave: false,
    }
}

/// `GET /saya/kata-sandi`.
pub(super) async fn show_password(session: OperatorSession) -> PageAnswer {
    password_form(&session).show(&session)
}

/// `POST /saya/kata-sandi`.
pub(super) async fn set_password(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let change = ConsoleChange { state: &state, caller: &session.caller };
    let work = async {
        change.set_own_password(read_new_password(&form)?, typed(&form, "password")).await?;
        Ok(ActionDone::new(OWN, session.words().password_changed.to_owned()))
    };
    password_form(&session).submit(&state, &session, &form, work).await
}

/// `POST /saya/sesi`: every other log-in of one's own ends.
pub(super) async fn end_sessions(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, .. }: OperatorForm,
) -> PageAnswer {
    ConsoleChange { state: &state, caller: &session.caller }.end_other_sessions().await?;
    let told = Flash { text: session.words().others_ended.to_owned(), ..Flash::default() };
    Ok(see_other(&state.flash.tell_at_once(&session.token, OWN, told)))
}
