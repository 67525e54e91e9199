//! Everything a person can do at the desk, by one way: a form asks, a second page shows what would happen, and only
//! then it is done, once, and told. Every form that is sent leads on to a page of its own, so that going back never sends
//! it again.
//!
//! A [`Deed`] is a row of a table: where it is, who may, what it asks, and how what was typed becomes work. The work is
//! the API's own: the same request structs, the same actions, the same calls.
//!
//! | file | what it is |
//! |---|---|
//! | `sheet` | the form: its fields, and how what was typed is read |
//! | `shown` | what a deed would do, from the engine's preview |
//! | `press` | asking, showing, doing |
//! | `pages` | the two pages |
//! | `news` | what was typed and not yet done; what was done, told once |
//! | `users`, `debts`, `packages` | the tables |

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

use super::session::{Filled, Seat};
use crate::agent::console::texts::people::People;
use crate::agent::engine::{Action, Actor, Engine};
use crate::agent::http::commands::money::Money;
pub(crate) use crate::agent::http::flash::{Draft, NEWS};
pub(crate) use crate::agent::http::flash::{News, Told};
use crate::agent::http::state::Desk;
use crate::agent::run::Site;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::store::Role;
use crate::ui::language::Language;
use crate::ui::{Form, Locale};
use crate::web::{Path, Paths, Problem};
pub(crate) use customers::{DEVICE_DEEDS, NEW_DEEDS as NEW_USER_DEEDS, USER_DEEDS};
pub(crate) use debts::DEBT_DEEDS;
pub(crate) use form_spec::{Field, Kind, Sheet};
pub(crate) use packages::{NEW_DEEDS as NEW_PACKAGE_DEEDS, PACKAGE_DEEDS};
pub(crate) use pages::parameter;

/// Something that can be done to an `S`.
pub(crate) struct Deed<S: 'static> {
    /// The last part of its address.
    pub segment: &'static str,
    /// Its name, on buttons and as a title.
    pub title: fn(Language) -> &'static str,
    /// Who may.
    pub role: Role,
    /// Whether its button warns.
    pub is_grave: bool,
    /// What it asks, as things stand.
    pub sheet: fn(&Asked<S>, &Engine) -> Result<Sheet, Problem>,
    /// What is to be done with what was typed.
    pub work: fn(&Entry<S>) -> Result<Work, Problem>,
}

/// Work to be done.
pub(crate) enum Work {
    /// By the engine.
    Act(Action),
    /// Money of this user comes.
    Money(UserId, Money),
    /// Something else, told beforehand in these words.
    Errand(Vec<String>, Errand),
}

/// Work that is no action of the engine: told what was done.
pub(crate) type Errand =
    Box<dyn FnOnce(Arc<Desk>, Actor) -> Pin<Box<dyn Future<Output = Result<Told, Problem>> + Send>> + Send>;

/// An errand from an async function.
pub(crate) fn errand<F>(work: impl FnOnce(Arc<Desk>, Actor) -> F + Send + 'static) -> Errand
where
    F: Future<Output = Result<Told, Problem>> + Send + 'static,
{
    Box::new(move |desk, actor| Box::pin(work(desk, actor)))
}

/// Who asks to do something to what.
#[derive(Clone)]
pub(crate) struct Asked<S> {
    /// What the address names.
    pub subject: S,
    /// Who asks.
    pub actor: Actor,
    /// In which language, by whose clock.
    pub locale: Locale,
    /// The site and its configuration.
    pub site: Arc<Site>,
}

impl<S> Asked<S> {
    /// The texts of deeds.
    pub fn words(&self) -> &'static People {
        People::of(self.locale.language)
    }
}

/// What was typed on a sheet.
pub(crate) struct Entry<'a, S> {
    /// Who asks.
    pub asked: &'a Asked<S>,
    /// What was asked, with the values on file.
    pub sheet: &'a Sheet,
    /// What was typed.
    pub form: &'a Form,
}

impl<S> Entry<'_, S> {
    /// Reads it as a request of the API.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        self.sheet.read(self.form)
    }
}

/// What addresses can name.
pub(crate) trait Subject: Clone + Send + Sync + 'static {
    /// How it stands in a path.
    type Path: FromRequestParts<Arc<Desk>, Rejection: IntoResponse> + Send;

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

impl<S: Subject> FromRequestParts<Arc<Desk>> for About<S> {
    type Rejection = <S::Path as FromRequestParts<Arc<Desk>>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Self::Rejection> {
        S::Path::from_request_parts(parts, desk).await.map(|path| Self(S::of(path)))
    }
}

/// The pages of every deed of a table, below `place`.
pub(crate) fn routes<S: Subject>(place: &str, deeds: &'static [Deed<S>]) -> Router<Arc<Desk>> {
    deeds.iter().fold(Router::new(), |router, deed| {
        let show = async move |State(desk): State<Arc<Desk>>, seat: Seat, About(subject): About<S>| {
            submit::show(deed, &desk, &seat, subject).await
        };
        let press = async move |State(desk): State<Arc<Desk>>, About(subject): About<S>, filled: Filled| {
            submit::press(deed, &desk, filled, subject).await
        };
        router.route(&format!("{place}/{}", deed.segment), get(show).post(press))
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
    deeds: &[Deed<S>],
    seat: &Seat,
    fits: impl Fn(&str) -> bool,
) -> Vec<Button> {
    let may = deeds.iter().filter(|deed| seat.actor.role >= deed.role && fits(deed.segment));
    let button = |deed: &Deed<S>| Button {
        href: format!("{place}/{}", deed.segment),
        name: (deed.title)(seat.visit.locale.language),
        is_grave: deed.is_grave,
    };
    may.map(button).collect()
}

/// The pages of every deed about customers, their debts and devices, and packages.
pub(crate) fn people() -> Router<Arc<Desk>> {
    routes("/pelanggan", NEW_USER_DEEDS)
        .merge(routes("/pelanggan/{id}", USER_DEEDS))
        .merge(routes("/pelanggan/{id}/tagihan/{debt}", DEBT_DEEDS))
        .merge(routes("/pelanggan/{id}/perangkat/{mac}", DEVICE_DEEDS))
        .merge(routes("/paket", NEW_PACKAGE_DEEDS))
        .merge(routes("/paket/{id}", PACKAGE_DEEDS))
}
