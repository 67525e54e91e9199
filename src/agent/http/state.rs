//! What every handler holds: the site, and the few ways to ask it for something.

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::runtime::Handle;
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::task::spawn_blocking;

use super::background::BackgroundWork;
use super::outcomes::{Examination, HandoverEnd};
use super::quick_pin::QuickLogins;
use crate::agent::engine::{Actor, Command, Done, Engine, Key, Snapshot};
use crate::agent::site::{STORE_FAILED, Site};
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::identity::{Guarded, LoginGate, Passwords};
use crate::store::StoreError;
use crate::store::export::ExportError;
use crate::ui::flash::FlashStore;
use crate::ui::lapsed::SessionOwners;
use crate::web::finish::finish;
use crate::web::{Body, HostNames, Problem};

/// What a handler answers.
pub(crate) type Answer = Result<Response, Problem>;

/// The handlers' state.
pub(crate) struct AppState {
    /// The daemon's parts.
    pub site: Arc<Site>,
    /// Names by which it is asked.
    pub host_names: HostNames,
    /// Hashing, one at a time.
    pub passwords: Passwords,
    /// Log-in attempts.
    pub gate: LoginGate,
    /// Set once the gate remembers who logged in before the daemon started.
    pub remembered: OnceCell<()>,
    /// Held while the ledger is verified: one walk at a time is load enough.
    pub verifying: AsyncMutex<()>,
    /// Held while the store is copied.
    pub copying: AsyncMutex<()>,
    /// Since when calls are answered.
    pub since: Timestamp,
    /// Results of form actions that their pages have not shown yet.
    pub flash: FlashStore,
    /// Who may log in with a quick PIN where.
    pub quick: QuickLogins,
    /// What the last examination found.
    pub examinations: Arc<BackgroundWork<Examination>>,
    /// How the last handover between router and store ended.
    pub handovers: Arc<BackgroundWork<HandoverEnd>>,
    /// Whose a form is whose session ended while it was open.
    pub lapsed: SessionOwners,
}

impl AppState {
    pub fn new(site: Arc<Site>) -> Arc<Self> {
        let since = site.clock.now();
        let host_names = site.config.host_names();
        let (passwords, gate) = (Passwords::default(), LoginGate::new(Guarded::Passwords));
        let (verifying, copying) = (AsyncMutex::default(), AsyncMutex::default());
        let flash = FlashStore::default();
        let remembered = OnceCell::new();
        let quick = QuickLogins::default();
        Arc::new(Self {
            site,
            host_names,
            passwords,
            gate,
            remembered,
            verifying,
            copying,
            since,
            flash,
            quick,
            examinations: Arc::default(),
            handovers: Arc::default(),
            lapsed: SessionOwners::default(),
        })
    }

    /// Looks at the engine; `look` copies out what it needs.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.explained(self.site.engine().call(look).await?).await
    }

    /// The same for a short question, which does not wait for the pages that are being made.
    pub async fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.explained(self.site.engine().ask(look).await?).await
    }

    async fn explained<T>(&self, read: Result<T, Problem>) -> Result<T, Problem> {
        match read {
            Err(problem) => Err(self.explain(problem).await),
            read => read,
        }
    }

    /// The reason why the store failed in place of the bare fact, once the engine has found it.
    async fn explain(&self, problem: Problem) -> Problem {
        if problem.code() != STORE_FAILED {
            return problem;
        }
        match self.site.engine().call(|_| ()).await {
            Err(gone) => gone.into(),
            Ok(()) => problem,
        }
    }

    /// Reads history on a thread that may wait for the card.
    pub async fn read_history<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        match spawn_blocking(work).await.map_err(|_| Problem::internal())? {
            Ok(read) => Ok(read),
            Err(error) => {
                self.report_failure(&error).await;
                Err(self.explain(error.into()).await)
            }
        }
    }

    /// The same for an answer that is being sent, on the thread that writes it.
    pub fn report_broken_answer(&self, error: &ExportError) {
        if let ExportError::Store(error) = error {
            Handle::current().block_on(self.report_failure(error));
        }
    }

    /// Stops the engine if a connection of its own could not read the store.
    pub async fn report_failure(&self, error: &StoreError) {
        if error.is_fatal() {
            let why = error.to_string();
            let _ = self.site.engine().call(move |engine| engine.read_failed(&why)).await;
        }
    }

    /// Does what a body asks; with an idempotency key at most once.
    pub async fn submit<T>(
        &self,
        actor: Actor,
        body: Body<T>,
        action: impl FnOnce(T) -> Result<Command, Problem>,
    ) -> Answer {
        let key = key(&actor, &body);
        self.act(actor, action(body.value)?, key).await
    }

    /// Does an action. A caller that goes away does not stop it half way between the engine and the router.
    pub async fn act(&self, actor: Actor, command: Command, key: Option<Key>) -> Answer {
        Ok(response_of(&self.execute(actor, command, key).await?))
    }

    /// Does an action like [`Self::act`], for a caller that words the outcome itself.
    pub async fn execute(&self, actor: Actor, command: Command, key: Option<Key>) -> Result<Done, Problem> {
        let site = Arc::clone(&self.site);
        match finish(async move { site.submit(actor, command, key).await }).await? {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(self.explain(error.into()).await),
        }
    }
}

/// A call's idempotency key, scoped by who calls.
pub(crate) fn key<T>(actor: &Actor, body: &Body<T>) -> Option<Key> {
    let id = body.key.as_ref()?;
    Some(Key { id: format!("{}/{id}", actor.name), content_hash: body.content_hash })
}

/// What was done, as the API answers it.
pub(crate) fn response_of(done: &Done) -> Response {
    let status = match done {
        Done::Created(_) => StatusCode::CREATED,
        Done::Changed(_) => StatusCode::OK,
        Done::Waiting(_) => StatusCode::ACCEPTED,
        Done::Finished => StatusCode::NO_CONTENT,
    };
    match done.view() {
        Some(view) => (status, Json(view)).into_response(),
        None => status.into_response(),
    }
}

/// The user with that id, with every reading counted.
pub(crate) fn user(engine: &Engine, id: UserId) -> Result<Snapshot, Problem> {
    engine.read_view().user(id).ok_or_else(|| Problem::not_found("user"))
}
