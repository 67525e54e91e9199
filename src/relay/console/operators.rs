//! The people who run the relay. The owners' alone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::action_page::{
    ActionDone, ActionForm, choice_field, new_password, own_password, text_field, typed,
};
use super::changes::{ConsoleChange, OWNER_ROLE};
use super::menu::{OPERATORS, OWN};
use super::session::{OperatorForm, OperatorSession};
use super::state::{ConsoleState, PageAnswer};
use super::texts::{ConsoleWords, say};
use crate::domain::role::Role;
use crate::protocol::admin::values::{AdminName, Password};
use crate::relay::store::operators::{OPERATOR_ROLES, StoredOperator};
use crate::tools::percent;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Form, Frame, html};
use crate::web::{Path, Problem};

/// Where an operator is added.
const ADD: &str = "/akun/tambah";

/// An operator for its template.
struct OperatorRow {
    name: String,
    role: &'static str,
    codes: Badge,
    since: String,
    /// Addresses and names of what can be done; whether it takes something away.
    actions: Vec<(String, &'static str, bool)>,
}

#[derive(Template)]
#[template(path = "relay/operators.html")]
struct OperatorsPage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    rows: Vec<OperatorRow>,
}

/// `GET /akun`.
pub(super) async fn show(State(state): State<Arc<ConsoleState>>, session: OperatorSession) -> PageAnswer {
    session.demand(OWNER_ROLE)?;
    let operators = state.relay.store.operators().await?;
    let w = session.words();
    let rows = operators.into_iter().map(|operator| row(&session, w, operator)).collect();
    let (frame, layout) = session.layout(w.operators, OPERATORS);
    html(&OperatorsPage { frame, layout, w, rows })
}

fn row(session: &OperatorSession, w: &'static ConsoleWords, operator: StoredOperator) -> OperatorRow {
    let StoredOperator { name, role, codes, created_at, password_hash: _ } = operator;
    let at = |action: OperatorAction| {
        (address(&name, action.segment()), action.name(w), action == OperatorAction::Remove)
    };
    let actions = if name == session.caller.name {
        vec![(OWN.to_owned(), w.account, false), at(OperatorAction::ResetCodes)]
    } else {
        OperatorAction::ALL.map(at).into()
    };
    OperatorRow {
        role: say::role(w, role),
        codes: if codes.secret.is_some() { Badge::good(w.codes_on) } else { Badge::warn(w.codes_next) },
        since: session.locale().moment(created_at),
        actions,
        name,
    }
}

fn address(name: &str, segment: &str) -> String {
    format!("/akun/{}/{segment}", percent::segment(name))
}

fn add_form(session: &OperatorSession) -> Result<ActionForm, Problem> {
    session.demand(OWNER_ROLE)?;
    let w = session.words();
    let roles = OPERATOR_ROLES.map(|role| (role.name().to_owned(), say::role(w, role).to_owned()));
    Ok(ActionForm {
        title: w.add_operator.to_owned(),
        part: OPERATORS,
        path: ADD.to_owned(),
        home: OPERATORS.to_owned(),
        about: String::new(),
        fields: vec![
            text_field("name", w.name, w.name_hint),
            choice_field("role", w.role, w.role_hint, roles.into()),
            new_password(w),
            own_password(w),
        ],
        button: w.add_operator,
        is_grave: false,
    })
}

/// `GET /akun/tambah`.
pub(super) async fn show_add(session: OperatorSession) -> PageAnswer {
    add_form(&session)?.show(&session)
}

/// `POST /akun/tambah`.
pub(super) async fn add(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = add_form(&session)?;
    page.submit(&state, &session, &form, add_operator(&state, &session, &form)).await
}

async fn add_operator(
    state: &ConsoleState,
    session: &OperatorSession,
    form: &Form,
) -> Result<ActionDone, Problem> {
    let (change, w) = (ConsoleChange { state, caller: &session.caller }, session.words());
    let name: AdminName = read("name", typed(form, "name"))?;
    let role = Role::from_name(&typed(form, "role")).filter(|role| OPERATOR_ROLES.contains(role));
    let role = role.ok_or_else(|| Problem::invalid("role", "is no role of an operator"))?;
    let said = fill(w.operator_added, &[&name.0]);
    change.add_operator(name, role, read_new_password(form)?, typed(form, "password")).await?;
    Ok(ActionDone::new(OPERATORS, said))
}

/// A bounded value of a form.
fn read<T: serde::de::DeserializeOwned>(field: &'static str, text: String) -> Result<T, Problem> {
    serde_json::from_value(text.into()).map_err(|error| Problem::invalid(field, error.to_string()))
}

/// The new password of a form.
pub(super) fn read_new_password(form: &Form) -> Result<Password, Problem> {
    read("new_password", typed(form, "new_password"))
}

/// Something that can be done to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OperatorAction {
    SetPassword,
    ResetCodes,
    Remove,
}

impl OperatorAction {
    const ALL: [Self; 3] = [Self::SetPassword, Self::ResetCodes, Self::Remove];

    const fn segment(self) -> &'static str {
        match self {
            Self::SetPassword => "kata-sandi",
            Self::ResetCodes => "kode",
            Self::Remove => "hapus",
        }
    }

    const fn name(self, w: &ConsoleWords) -> &'static str {
        match self {
            Self::SetPassword => w.set_password,
            Self::ResetCodes => w.reset_codes,
            Self::Remove => w.remove_operator,
        }
    }

    fn form(self, session: &OperatorSession, name: &str) -> Result<ActionForm, Problem> {
        session.demand(OWNER_ROLE)?;
        let w = session.words();
        let (title, about, fields) = match self {
            Self::SetPassword => {
                (w.set_password_title, w.set_password_text, vec![new_password(w), own_password(w)])
            }
            Self::ResetCodes => (w.reset_codes_title, w.reset_codes_text, vec![own_password(w)]),
            Self::Remove => (w.remove_operator_title, w.remove_operator_text, Vec::new()),
        };
        Ok(ActionForm {
            title: fill(title, &[name]),
            part: OPERATORS,
            path: address(name, self.segment()),
            home: OPERATORS.to_owned(),
            about: fill(about, &[name]),
            fields,
            button: if self == Self::SetPassword { w.save } else { self.name(w) },
            is_grave: self != Self::SetPassword,
        })
    }
}

/// `GET /akun/{name}/kata-sandi`.
pub(super) async fn show_set_password(session: OperatorSession, Path(name): Path<String>) -> PageAnswer {
    OperatorAction::SetPassword.form(&session, &name)?.show(&session)
}

/// `POST /akun/{name}/kata-sandi`.
pub(super) async fn set_password(
    State(state): State<Arc<ConsoleState>>,
    Path(name): Path<String>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = OperatorAction::SetPassword.form(&session, &name)?;
    let (change, w) = (ConsoleChange { state: &state, caller: &session.caller }, session.words());
    let work = async {
        change.set_password(&name, read_new_password(&form)?, typed(&form, "password")).await?;
        Ok(ActionDone::new(OPERATORS, fill(w.password_set, &[&name])))
    };
    page.submit(&state, &session, &form, work).await
}

/// `GET /akun/{name}/kode`.
pub(super) async fn show_reset_codes(session: OperatorSession, Path(name): Path<String>) -> PageAnswer {
    OperatorAction::ResetCodes.form(&session, &name)?.show(&session)
}

/// `POST /akun/{name}/kode`.
pub(super) async fn reset_codes(
    State(state): State<Arc<ConsoleState>>,
    Path(name): Path<String>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = OperatorAction::ResetCodes.form(&session, &name)?;
    let (change, w) = (ConsoleChange { state: &state, caller: &session.caller }, session.words());
    let work = async {
        change.reset_codes(&name, typed(&form, "password")).await?;
        Ok(ActionDone::new(OPERATORS, fill(w.codes_reset, &[&name])))
    };
    page.submit(&state, &session, &form, work).await
}

/// `GET /akun/{name}/hapus`.
pub(super) async fn show_remove(session: OperatorSession, Path(name): Path<String>) -> PageAnswer {
    OperatorAction::Remove.form(&session, &name)?.show(&session)
}

/// `POST /akun/{name}/hapus`.
pub(super) async fn remove(
    State(state): State<Arc<ConsoleState>>,
    Path(name): Path<String>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = OperatorAction::Remove.form(&session, &name)?;
    let (change, w) = (ConsoleChange { state: &state, caller: &session.caller }, session.words());
    let work = async {
        change.remove_operator(&name).await?;
        Ok(ActionDone::new(OPERATORS, fill(w.operator_removed, &[&name])))
    };
    page.submit(&state, &session, &form, work).await
}
