//! What an action is about, as addresses name it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::IntoResponse;

use super::settings::{Settings, SettingsRecord};
use crate::agent::http::state::AppState;
use crate::domain::account::Account;
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::domain::package::Package;
use crate::store::{AdminRecord, DeviceRecord, OrderRecord};
use crate::web::{Path, Paths};

/// What addresses can name.
pub(crate) trait Subject: Clone + Send + Sync + 'static {
    /// What is on file of it, by which actions fit.
    type Record: 'static;

    /// Its form in a path.
    type Path: FromRequestParts<Arc<AppState>, Rejection: IntoResponse> + Send;

    /// The subject in it.
    fn of(path: Self::Path) -> Self;
}

impl Subject for () {
    type Record = ();
    type Path = ();

    fn of((): ()) -> Self {}
}

impl Subject for Settings {
    type Record = SettingsRecord;
    type Path = ();

    fn of((): ()) -> Self {
        Self
    }
}

impl Subject for UserId {
    type Record = Account;
    type Path = Path<Self>;

    fn of(Path(id): Path<Self>) -> Self {
        id
    }
}

impl Subject for PackageId {
    type Record = Package;
    type Path = Path<Self>;

    fn of(Path(id): Path<Self>) -> Self {
        id
    }
}

impl Subject for OrderId {
    type Record = OrderRecord;
    type Path = Path<String>;

    fn of(Path(id): Path<String>) -> Self {
        Self(id)
    }
}

impl Subject for String {
    type Record = AdminRecord;
    type Path = Path<Self>;

    fn of(Path(name): Path<Self>) -> Self {
        name
    }
}

impl Subject for (String, String) {
    type Record = ();
    type Path = Paths<String, String>;

    fn of(Paths(first, second): Paths<String, String>) -> Self {
        (first, second)
    }
}

impl Subject for (UserId, DebtId) {
    type Record = DebtItem;
    type Path = Paths<UserId, DebtId>;

    fn of(Paths(user, debt): Paths<UserId, DebtId>) -> Self {
        (user, debt)
    }
}

impl Subject for Mac {
    type Record = ();
    type Path = Path<Self>;

    fn of(Path(mac): Path<Self>) -> Self {
        mac
    }
}

impl Subject for (UserId, Mac) {
    type Record = DeviceRecord;
    type Path = Paths<UserId, Mac>;

    fn of(Paths(user, mac): Paths<UserId, Mac>) -> Self {
        (user, mac)
    }
}

/// The subject of an address.
pub(super) struct About<S>(pub S);

impl<S: Subject> FromRequestParts<Arc<AppState>> for About<S> {
    type Rejection = <S::Path as FromRequestParts<Arc<AppState>>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Self::Rejection> {
        S::Path::from_request_parts(parts, app).await.map(|path| Self(S::of(path)))
    }
}
