//! What every handler holds: the site, and the few ways to ask it for something.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};

use super::flash::FlashStore;
use crate::agent::engine::{Actor, Command, Done, Engine, Key, Snapshot};
use crate::agent::site::Site;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::identity::{Guarded, LoginLimiter, Passwords};
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
    /// Failed log-ins.
    pub attempts: Mutex<LoginLimiter>,
    /// Set once the attempts remember who logged in before the daemon started.
    pub remembered: OnceCell<()>,
    /// Held while the ledger is verified: one walk at a time is load enough.
    pub verifying: AsyncMutex<()>,
    /// Held while the store is copied.
    pub copying: AsyncMutex<()>,
    /// Since when calls are answered.
    pub since: Timestamp,
    /// Results of form actions that their pages have not shown yet.
    pub flash: FlashStore,
}

impl AppState {
    pub fn new(site: Arc<Site>) -> Arc<Self> {
        let since = site.clock.now();
        let host_names = site.config.host_names();
        let (passwords, attempts) = (Passwords::default(), Mutex::new(LoginLimiter::new(Guarded::Passwords)));
        let (verifying, copying) = (AsyncMutex::default(), AsyncMutex::default());
        let flash = FlashStore::default();
        let remembered = OnceCell::new();
        Arc::new(Self { site, host_names, passwords, attempts, remembered, verifying, copying, since, flash })
    }

    /// Looks at the engine; `look` copies out what it needs.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.site.engine().call(look).await?
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
        Ok(finish(async move { site.submit(actor, command, key).await }).await??)
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
