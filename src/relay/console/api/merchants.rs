//! Merchants. Their keys are taken and never answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::protocol::admin::page::{List, PageQuery};
use crate::relay::console::caller::{ApiCaller, OwnerCaller};
use crate::relay::console::changes::ConsoleChange;
use crate::relay::console::merchants::environment;
use crate::relay::console::overview::{ConsoleDirectory, ConsoleMerchant};
use crate::relay::console::sessions::PasswordProof;
use crate::relay::console::state::ConsoleState;
use crate::relay::directory::edit::NewMerchant;
use crate::relay::store::directory::MerchantEntry;
use crate::settings::Secret;
use crate::web::{Body, Path, Problem, Query};

/// A merchant of a list.
#[derive(Serialize)]
pub(super) struct MerchantView {
    id: String,
    environment: &'static str,
    merchant_id: Option<String>,
    fee_imposition: bool,
    kept_in: &'static str,
    sites: usize,
    previous_keys: usize,
    key_fault: Option<String>,
}

/// `POST /v1/admin/merchants`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddMerchantCall {
    id: String,
    environment: String,
    server_key: String,
    merchant_id: Option<String>,
    #[serde(default)]
    fee_imposition: bool,
    core_url: Option<String>,
    snap_url: Option<String>,
    password: String,
    otp: String,
}

/// `POST /v1/admin/merchants/{id}/rotate-key`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateKeyCall {
    server_key: String,
    password: String,
    otp: String,
}

/// What was done to a merchant.
#[derive(Serialize)]
pub(super) struct MerchantDone {
    id: String,
    /// The relay made its encryption key for it: keep a copy, and put it on every relay on this database.
    encryption_key_made: bool,
}

impl MerchantView {
    fn of(merchant: ConsoleMerchant) -> Self {
        let ConsoleMerchant { entry, kept_in, previous_keys, key_fault, sites } = merchant;
        Self {
            id: entry.id,
            environment: entry.environment.name(),
            merchant_id: entry.account,
            fee_imposition: entry.fee_imposition,
            kept_in: kept_in.name(),
            sites,
            previous_keys,
            key_fault,
        }
    }
}

pub(super) async fn list(
    State(state): State<Arc<ConsoleState>>,
    _: ApiCaller,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<MerchantView>>, Problem> {
    let merchants = ConsoleDirectory::read(&state).await?.merchants(&state);
    Ok(Json(List::of_all(merchants, page.limit, page.after).map(MerchantView::of)))
}

pub(super) async fn add(
    State(state): State<Arc<ConsoleState>>,
    OwnerCaller(caller): OwnerCaller,
    body: Body<AddMerchantCall>,
) -> Result<(StatusCode, Json<MerchantDone>), Problem> {
    let AddMerchantCall {
        id,
        environment: world,
        server_key,
        merchant_id,
        fee_imposition,
        core_url,
        snap_url,
        password,
        otp,
    } = body.value;
    let entry = MerchantEntry {
        id: id.clone(),
        environment: environment(&world)?,
        account: merchant_id.filter(|account| !account.is_empty()),
        fee_imposition,
        core_url,
        snap_url,
    };
    let change = ConsoleChange { state: &state, caller: &caller };
    let proof = PasswordProof { password, otp };
    let encryption_key_made =
        change.add_merchant(NewMerchant { entry, server_key: Secret::new(server_key) }, proof).await?;
    Ok((StatusCode::CREATED, Json(MerchantDone { id, encryption_key_made })))
}

pub(super) async fn rotate_key(
    State(state): State<Arc<ConsoleState>>,
    OwnerCaller(caller): OwnerCaller,
    Path(id): Path<String>,
    body: Body<RotateKeyCall>,
) -> Result<Json<MerchantDone>, Problem> {
    let RotateKeyCall { server_key, password, otp } = body.value;
    let change = ConsoleChange { state: &state, caller: &caller };
    let encryption_key_made =
        change.rotate_key(&id, &Secret::new(server_key), PasswordProof { password, otp }).await?;
    Ok(Json(MerchantDone { id, encryption_key_made }))
}
