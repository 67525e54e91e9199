//! One thing that can be done in the console: where it is, who may, when it fits, what it asks, and how what was typed
//! becomes work.

use std::pin::Pin;
use std::sync::Arc;

use super::form_spec::FormSpec;
use super::subject::Subject;
use crate::agent::console::texts::people::People;
use crate::agent::engine::{Actor, Command, Engine};
use crate::agent::http::commands::money::Money;
use crate::agent::http::state::AppState;
use crate::agent::site::Site;
use crate::domain::id::UserId;
use crate::protocol::admin::settings::ChangeSettings;
use crate::store::Role;
use crate::ui::flash::Flash;
use crate::ui::language::Language;
use crate::ui::{Form, Locale};
use crate::web::Problem;

/// Something that can be done to an `S`.
pub(crate) struct FormAction<S: Subject> {
    /// The last part of its address.
    pub segment: &'static str,
    /// Its name, on buttons and as a title.
    pub title: fn(Language) -> &'static str,
    /// Who may.
    pub role: Role,
    /// Whether its button warns.
    pub is_grave: bool,
    /// Whether it makes sense for what is on file. A form that is opened all the same is refused with its reason.
    pub fits: fn(&S::Record) -> bool,
    /// What it asks, from the present state.
    pub spec: fn(&FormContext<S>, &Engine) -> Result<FormSpec, Problem>,
    /// What is to be done with what was typed.
    pub work: fn(&Submission<S>) -> Result<Work, Problem>,
}

/// For actions that fit whatever is on file.
pub(crate) fn always<T>(_: &T) -> bool {
    true
}

/// Work to be done.
pub(crate) enum Work {
    /// By the engine.
    CommandContext(Command),
    /// Money of this user comes.
    Money(UserId, Money),
    /// Other settings.
    Settings(ChangeSettings),
    /// Something else, described beforehand in these words.
    Operation(Vec<String>, Operation),
}

/// Work that is no command of the engine. Returns what was done.
pub(crate) type Operation = Box<
    dyn FnOnce(Arc<AppState>, Actor) -> Pin<Box<dyn Future<Output = Result<Flash, Problem>> + Send>> + Send,
>;

/// An operation from an async function.
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
    /// The texts of actions on customers.
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
