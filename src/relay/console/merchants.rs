//! Merchants: the accounts that customers pay into. Their keys are written here and never read.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::action_page::{
    ActionDone, ActionForm, choice_field, optional_field, own_code, own_password, text_field, typed,
};
use super::changes::{ConsoleChange, OWNER_ROLE};
use super::menu::MERCHANTS;
use super::overview::{ConsoleDirectory, ConsoleMerchant, KeptIn};
use super::session::{OperatorForm, OperatorSession};
use super::sessions::PasswordProof;
use super::state::{ConsoleState, PageAnswer};
use super::texts::ConsoleWords;
use crate::midtrans::GatewayEnvironment;
use crate::relay::directory::edit::NewMerchant;
use crate::relay::store::directory::MerchantEntry;
use crate::settings::Secret;
use crate::tools::percent;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::field::FieldView;
use crate::ui::{Badge, Form, Frame, html};
use crate::web::{Path, Problem};

/// Where a merchant is added.
const ADD: &str = "/merchant/tambah";

/// A merchant for its template.
struct MerchantRow {
    id: String,
    environment: Badge,
    account: String,
    sites: String,
    previous_keys: String,
    key: Badge,
    key_fault: String,
    fee: &'static str,
    kept_in: &'static str,
    /// Where its key is replaced, by somebody who may.
    rotate: Option<String>,
}

#[derive(Template)]
#[template(path = "relay/merchants.html")]
struct MerchantsPage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    rows: Vec<MerchantRow>,
    may_change: bool,
}

/// `GET /merchant`.
pub(super) async fn show(State(state): State<Arc<ConsoleState>>, session: OperatorSession) -> PageAnswer {
    let merchants = ConsoleDirectory::read(&state).await?.merchants(&state);
    let (w, may_change) = (session.words(), session.may(OWNER_ROLE));
    let rows = merchants.into_iter().map(|merchant| row(&session, w, merchant)).collect();
    let (frame, layout) = session.layout(w.merchants, MERCHANTS);
    html(&MerchantsPage { frame, layout, w, rows, may_change })
}

fn row(session: &OperatorSession, w: &'static ConsoleWords, merchant: ConsoleMerchant) -> MerchantRow {
    let ConsoleMerchant { entry, kept_in, previous_keys, key_fault, sites } = merchant;
    let may_rotate = kept_in == KeptIn::Database && session.may(OWNER_ROLE);
    MerchantRow {
        environment: match entry.environment {
            GatewayEnvironment::Sandbox => Badge::plain("sandbox"),
            GatewayEnvironment::Production => Badge::good("production"),
        },
        account: entry.account.unwrap_or_default(),
        sites: session.locale().count(sites as u64),
        previous_keys: session.locale().count(previous_keys as u64),
        key: if key_fault.is_none() { Badge::good(w.key_ok) } else { Badge::bad(w.key) },
        key_fault: key_fault.unwrap_or_default(),
        fee: if entry.fee_imposition { w.yes } else { w.no },
        kept_in: match kept_in {
            KeptIn::File => w.in_file,
            KeptIn::Database => w.in_database,
        },
        rotate: may_rotate.then(|| rotate_address(&entry.id)),
        id: entry.id,
    }
}

fn rotate_address(id: &str) -> String {
    format!("/merchant/{}/ganti-kunci", percent::segment(id))
}

fn server_key_field(w: &ConsoleWords) -> FieldView {
    FieldView { kind: "password", ..text_field("server_key", w.server_key, w.server_key_hint) }
}

fn add_form(session: &OperatorSession) -> Result<ActionForm, Problem> {
    session.demand(OWNER_ROLE)?;
    let w = session.words();
    let environments =
        [(GatewayEnvironment::Sandbox, w.sandbox), (GatewayEnvironment::Production, w.production)];
    let environments = environments.map(|(world, name)| (world.name().to_owned(), name.to_owned()));
    let fee = FieldView { is_tick: true, ..text_field("fee_imposition", w.fee_imposition, "") };
    Ok(ActionForm {
        title: w.add_merchant.to_owned(),
        part: MERCHANTS,
        path: ADD.to_owned(),
        home: MERCHANTS.to_owned(),
        about: w.add_merchant_text.to_owned(),
        fields: vec![
            text_field("id", w.merchant_id, w.merchant_id_hint),
            choice_field("environment", w.environment, "", environments.into()),
            server_key_field(w),
            optional_field("merchant_id", w.account_id, w.account_id_hint),
            fee,
            own_password(w),
            own_code(w),
        ],
        button: w.add_merchant,
        is_grave: false,
    })
}

/// `GET /merchant/tambah`.
pub(super) async fn show_add(session: OperatorSession) -> PageAnswer {
    add_form(&session)?.show(&session)
}

/// `POST /merchant/tambah`.
pub(super) async fn add(
    State(state): State<Arc<ConsoleState>>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = add_form(&session)?;
    page.submit(&state, &session, &form, add_merchant(&state, &session, &form)).await
}

async fn add_merchant(
    state: &ConsoleState,
    session: &OperatorSession,
    form: &Form,
) -> Result<ActionDone, Problem> {
    let (change, w) = (ConsoleChange { state, caller: &session.caller }, session.words());
    let id = typed(form, "id");
    let entry = MerchantEntry {
        id: id.clone(),
        environment: environment(&typed(form, "environment"))?,
        account: form.text("merchant_id").map(str::to_owned),
        fee_imposition: form.text("fee_imposition").is_some_and(|value| value != "no"),
        core_url: None,
        snap_url: None,
    };
    let merchant = NewMerchant { entry, server_key: Secret::new(typed(form, "server_key")) };
    let is_key_new = change.add_merchant(merchant, proof(form)).await?;
    let done = ActionDone::new(MERCHANTS, fill(w.merchant_added, &[&id]));
    Ok(done.with_line(is_key_new.then_some(w.key_made)))
}

/// The gateway's world of that name.
pub(super) fn environment(name: &str) -> Result<GatewayEnvironment, Problem> {
    let all = [GatewayEnvironment::Sandbox, GatewayEnvironment::Production];
    let found = all.into_iter().find(|world| world.name() == name);
    found.ok_or_else(|| Problem::invalid("environment", "must be one of sandbox, production"))
}

fn proof(form: &Form) -> PasswordProof {
    PasswordProof { password: typed(form, "password"), otp: typed(form, "otp") }
}

fn rotate_form(session: &OperatorSession, id: &str) -> Result<ActionForm, Problem> {
    session.demand(OWNER_ROLE)?;
    let w = session.words();
    Ok(ActionForm {
        title: format!("{} {id}", w.rotate_key),
        part: MERCHANTS,
        path: rotate_address(id),
        home: MERCHANTS.to_owned(),
        about: fill(w.rotate_key_text, &[id]),
        fields: vec![server_key_field(w), own_password(w), own_code(w)],
        button: w.rotate_key,
        is_grave: true,
    })
}

/// `GET /merchant/{id}/ganti-kunci`.
pub(super) async fn show_rotate(session: OperatorSession, Path(id): Path<String>) -> PageAnswer {
    rotate_form(&session, &id)?.show(&session)
}

/// `POST /merchant/{id}/ganti-kunci`.
pub(super) async fn rotate(
    State(state): State<Arc<ConsoleState>>,
    Path(id): Path<String>,
    OperatorForm { session, form }: OperatorForm,
) -> PageAnswer {
    let page = rotate_form(&session, &id)?;
    let (change, w) = (ConsoleChange { state: &state, caller: &session.caller }, session.words());
    let key = Secret::new(typed(&form, "server_key"));
    let work = async {
        let is_key_new = change.rotate_key(&id, &key, proof(&form)).await?;
        let done = ActionDone::new(MERCHANTS, fill(w.key_rotated, &[&id]));
        Ok(done.with_line(is_key_new.then_some(w.key_made)))
    };
    page.submit(&state, &session, &form, work).await
}
