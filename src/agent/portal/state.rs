//! What every handler of the portal holds, and the few ways to ask the site for something.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::contact::{Contact, contact};
use super::error_page;
use super::targets::Targets;
use crate::agent::engine::Engine;
use crate::agent::http::store_notice;
use crate::agent::site::Site;
use crate::domain::units::Timestamp;
use crate::identity::{Guarded, LoginAttempt, LoginLimiter, Passwords};
use crate::ui::PageRequest;
use crate::ui::layout::PageDefaults;
use crate::web::{HostNames, Problem};

/// The shared state of the handlers.
pub(super) struct Portal {
    pub site: Arc<Site>,
    pub targets: Targets,
    pub contact: Option<Contact>,
    /// Accepted host names.
    pub host_names: HostNames,
    /// Hashes PINs, one at a time.
    pub passwords: Passwords,
    /// Failed log-ins.
    pub entries: Mutex<LoginLimiter>,
    /// Set once these remember who logged in before the program started.
    pub remembered: OnceCell<()>,
    /// Registrations.
    pub registrations: Mutex<LoginLimiter>,
    /// Wrong order codes.
    pub codes: Mutex<LoginLimiter>,
    /// Queries to the gateway.
    pub questions: Mutex<LoginLimiter>,
    /// Requests for help.
    pub helps: Mutex<LoginLimiter>,
    /// Changes of customers' own devices.
    pub changes: Mutex<LoginLimiter>,
}

impl Portal {
    /// The state of a portal that starts.
    pub fn new(site: Arc<Site>) -> Self {
        let loopback = site.config.relay.as_ref().is_some_and(|relay| relay.url.is_loopback());
        let contact = contact(&site.config.portal.contact);
        let host_names = site.config.host_names();
        Self {
            site,
            host_names,
            targets: Targets { loopback },
            contact,
            passwords: Passwords::default(),
            entries: Mutex::new(LoginLimiter::new(Guarded::Pins)),
            remembered: OnceCell::new(),
            registrations: Mutex::new(LoginLimiter::new(Guarded::Registrations)),
            codes: Mutex::new(LoginLimiter::new(Guarded::Names)),
            questions: Mutex::new(LoginLimiter::new(Guarded::Names)),
            helps: Mutex::new(LoginLimiter::new(Guarded::Registrations)),
            changes: Mutex::new(LoginLimiter::new(Guarded::Names)),
        }
    }

    /// The defaults of the site's pages, with problems in the portal's texts.
    pub fn page_defaults(&self) -> PageDefaults {
        let contact = self.contact.clone();
        let complain = Arc::new(move |page_request: &PageRequest, problem: &Problem| {
            error_page::page(page_request, problem, contact.as_ref())
        });
        PageDefaults { complain, ..self.site.page_defaults(store_notice::text_for_customers) }
    }

    /// Reads from the engine; `look` copies out what it needs.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.site.engine().call(look).await?
    }

    /// Since when the relay is unreachable; `None` if it is reachable or not configured.
    pub fn relay_down_since(&self) -> Option<Timestamp> {
        let state = self.site.payments.link().ok()?.state();
        // Before its first answer a relay does not count as down.
        let is_down = state.last_error.is_some() && state.name(self.site.clock.now()) == "down";
        state.since.filter(|_| is_down)
    }

    /// Counts an attempt before it is made; after a few, further ones are refused for a while. It counts as a wrong
    /// one unless it [succeeded](Self::succeeded).
    pub fn attempt(
        &self,
        attempts: &Mutex<LoginLimiter>,
        address: IpAddr,
        name: &str,
    ) -> Result<LoginAttempt, Problem> {
        let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts
            .begin(address, name, self.site.clock.uptime())
            .map_err(|wait| Problem::too_many("too many attempts; wait a moment", wait.as_secs() + 1))
    }

    /// Uncounts an attempt that succeeded.
    pub fn succeeded(&self, attempts: &Mutex<LoginLimiter>, attempt: LoginAttempt) {
        let now = self.site.clock.uptime();
        attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(attempt, now);
    }
}
