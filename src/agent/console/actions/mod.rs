//! Every change in the console, through one path: a form, a preview, then the change, once, and its result. Every
//! form redirects to a page of its own, so that going back never sends it again.
//!
//! A [`FormAction`] is a row of a table: address, role, form, and the command that a submission becomes. Requests,
//! commands and calls are the same as the API's.
//!
//! | file | what it is |
//! |---|---|
//! | `form_spec` | the fields of a form, and how a submission is read |
//! | `submit` | the handlers: form, preview, change |
//! | `preview` | what a change would do, from the engine's preview |
//! | `pages` | the two pages |
//! | `customers`, `debts`, `packages`, `payments`, `office` | the tables |

pub(crate) mod customers;
pub(crate) mod debts;
pub(crate) mod form_spec;
pub(crate) mod office;
pub(crate) mod packages;
pub(crate) mod pages;
pub(crate) mod payments;
pub(crate) mod preview;
pub(crate) mod submit;

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::people::People;
use crate::agent::engine::{Actor, Command, Engine};
use crate::agent::http::commands::money::Money;
pub(crate) use crate::agent::http::flash::Flash;
pub(crate) use crate::agent::http::flash::{Draft, FLASH};
use crate::agent::http::state::AppState;
use crate::agent::site::Site;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::store::Role;
use crate::ui::language::Language;
use crate::ui::{Form, Locale};
use crate::web::{Path, Paths, Problem};
pub(crate) use customers::{DEVICE_ACTIONS, NEW_ACTIONS as NEW_USER_ACTIONS, USER_ACTIONS};
pub(crate) use debts::DEBT_ACTIONS;
pub(crate) use form_spec::{Field, FormSpec, Kind};
pub(crate) use packages::{NEW_ACTIONS as NEW_PACKAGE_ACTIONS, PACKAGE_ACTIONS};
pub(crate) use pages::parameter;

/// Something that can be done to an `S`.
pub(crate) struct FormAction<S: 'static> {
    /// The last part of its address.
    pub segment: &'static str,
    /// Its name, on buttons and as a title.
    pub title: fn(Language) -> &'static str,
    /// Who may.
    pub role: Role,
    /// Whether its button warns.
    pub is_grave: bool,
    /// What it asks, as things stand.
    pub spec: fn(&FormContext<S>, &Engine) -> Result<FormSpec, Problem>,
    /// What is to be done with what was typed.
    pub work: fn(&Submission<S>) -> Result<Work, Problem>,
}

/// Work to be done.
pub(crate) enum Work {
    /// By the engine.
    CommandContext(Command),
    /// Money of this user comes.
    Money(UserId, Money),
    /// Something else, told beforehand in these words.
    Operation(Vec<String>, Operation),
}

/// Work that is no action of the engine: told what was done.
pub(crate) type Operation = Box<
    dyn FnOnce(Arc<AppState>, Actor) -> Pin<Box<dyn Future<Output = Result<Flash, Problem>> + Send>> + Send,
>;

/// An errand from an async function.
pub(crate) fn operation<F>(work: impl FnOnce(Arc<AppState>, Actor) -> F + Send + 'static) -> Operation
where
    F: Future<Output = Result<Flash, Problem>> + Send + 'static,
{
    Box::new(move |app, actor| Box::pin(work(app, actor)))
}

/// Who asks to do something to what.
#[derive(Clone)]
pub(crate) struct FormContext<S> {
    /// What the address names.
    pub subject: S,
    /// Who asks.
    pub actor: Actor,
    /// In which language, by whose clock.
    pub locale: Locale,
    /// The site and its configuration.
    pub site: Arc<Site>,
}

impl<S> FormContext<S> {
    /// The texts of deeds.
    pub fn words(&self) -> &'static People {
        People::of(self.locale.language)
    }
}

/// What was typed on a sheet.
pub(crate) struct Submission<'a, S> {
    /// Who asks.
    pub context: &'a FormContext<S>,
    /// What was asked, with the values on file.
    pub spec: &'a FormSpec,
    /// What was typed.
    pub form: &'a Form,
}

impl<S> Submission<'_, S> {
    /// Reads it as a request of the API.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        self.spec.read(self.form)
    }
}

/// What addresses can name.
pub(crate) trait Subject: Clone + Send + Sync + 'static {
    /// How it stands in a path.
    type Path: FromRequestParts<Arc<AppState>, Rejection: IntoResponse> + Send;

    /// The subject in it.
    fn of(path: Self::Path) -> Self;
}

impl Subject for () {
    type Path = ();

    fn of((): ()) -> Self {}
}

impl Subject for UserId {
    type Path = Path<Self>;

    fn of(Path(id): Path<Self>) -> Self {
        id
    }
}

impl Subject for PackageId {
    type Path = Path<Self>;

    fn of(Path(id): Path<Self>) -> Self {
        id
    }
}

impl Subject for OrderId {
    type Path = Path<String>;

    fn of(Path(id): Path<String>) -> Self {
        Self(id)
    }
}

impl Subject for String {
    type Path = Path<Self>;

    fn of(Path(name): Path<Self>) -> Self {
        name
    }
}

impl Subject for (String, String) {
    type Path = Paths<String, String>;

    fn of(Paths(first, second): Paths<String, String>) -> Self {
        (first, second)
    }
}

impl Subject for (UserId, DebtId) {
    type Path = Paths<UserId, DebtId>;

    fn of(Paths(user, debt): Paths<UserId, DebtId>) -> Self {
        (user, debt)
    }
}

impl Subject for (UserId, Mac) {
    type Path = Paths<UserId, Mac>;

    fn of(Paths(user, mac): Paths<UserId, Mac>) -> Self {
        (user, mac)
    }
}

/// The subject of an address.
struct About<S>(S);

impl<S: Subject> FromRequestParts<Arc<AppState>> for About<S> {
    type Rejection = <S::Path as FromRequestParts<Arc<AppState>>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Self::Rejection> {
        S::Path::from_request_parts(parts, app).await.map(|path| Self(S::of(path)))
    }
}

/// The pages of every deed of a table, below `place`.
pub(crate) fn routes<S: Subject>(place: &str, actions: &'static [FormAction<S>]) -> Router<Arc<AppState>> {
    actions.iter().fold(Router::new(), |router, action| {
        let show =
            async move |State(app): State<Arc<AppState>>, session: AdminSession, About(subject): About<S>| {
                submit::show(action, &app, &session, subject).await
            };
        let submit =
            async move |State(app): State<Arc<AppState>>, About(subject): About<S>, filled: Filled| {
                submit::submit(action, &app, filled, subject).await
            };
        router.route(&format!("{place}/{}", action.segment), get(show).post(submit))
    })
}

/// A deed as a button.
pub(crate) struct Button {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: &'static str,
    /// Whether it warns.
    pub is_grave: bool,
}

/// Those deeds below `place` that the role may do and that `fits`.
pub(crate) fn buttons<S>(
    place: &str,
    actions: &[FormAction<S>],
    session: &AdminSession,
    fits: impl Fn(&str) -> bool,
) -> Vec<Button> {
    let may = actions.iter().filter(|action| session.actor.role >= action.role && fits(action.segment));
    let button = |action: &FormAction<S>| Button {
        href: format!("{place}/{}", action.segment),
        name: (action.title)(session.page_request.locale.language),
        is_grave: action.is_grave,
    };
    may.map(button).collect()
}

/// The pages of every deed about customers, their debts and devices, and packages.
pub(crate) fn people() -> Router<Arc<AppState>> {
    routes("/pelanggan", NEW_USER_ACTIONS)
        .merge(routes("/pelanggan/{id}", USER_ACTIONS))
        .merge(routes("/pelanggan/{id}/tagihan/{debt}", DEBT_ACTIONS))
        .merge(routes("/pelanggan/{id}/perangkat/{mac}", DEVICE_ACTIONS))
        .merge(routes("/paket", NEW_PACKAGE_ACTIONS))
        .merge(routes("/paket/{id}", PACKAGE_ACTIONS))
}
