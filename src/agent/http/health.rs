//! How the daemon's parts are, as every face says it.

use super::state::AppState;
use crate::agent::config::files::ConfigFiles;
use crate::agent::copies::{CopiesState, copies_word, last_away};
use crate::agent::engine::SharedName;
use crate::agent::health::LinkState;
use crate::domain::id::UserId;
use crate::domain::units::Timestamp;
use crate::protocol::admin::status::{PersonView, SharedNameView};

/// How one part of the daemon is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// `ok`, `degraded`, `down` or `off`.
    pub state: &'static str,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The last attempt that succeeded.
    pub last_success: Option<Timestamp>,
    /// What the last one failed with, while none succeeded since.
    pub last_error: Option<String>,
    /// Reachable, but not well.
    pub warnings: Vec<String>,
}

impl Part {
    fn of(link: LinkState, now: Timestamp) -> Self {
        let state = link.name(now);
        let LinkState { since, last_success, last_error, warnings } = link;
        Self { state, since, last_success, last_error, warnings }
    }
}

/// How all of them are.
pub(crate) struct Health {
    pub router: Part,
    pub relay: Part,
    pub store: Part,
    pub clock: Part,
}

/// The state of the daemon's parts. The caller has read from the engine whether the clock is trusted.
pub(crate) fn health(app: &AppState, clock_trusted: bool) -> Health {
    let now = app.site.clock.now();
    let (since, answered) = (Some(app.since), Some(now));
    let fine = Part { state: "ok", since, last_success: answered, ..Part::default() };
    let clock = if clock_trusted {
        fine.clone()
    } else {
        let why = "the wall clock fell behind, jumped, or is far ahead of the last trusted time: no block for expiry or due dates begins until it is \
                   synchronized or confirmed";
        Part { state: "degraded", last_error: Some(why.to_owned()), ..Part::default() }
    };
    let relay = match app.site.payments.link() {
        Ok(link) => Part::of(link.state(), now),
        Err(_) => Part { state: "off", since, ..Part::default() },
    };
    let lost = |table: &String| {
        format!(
            "the table {table} was damaged and began again empty, so reports lack what was in it; restore a backup to have \
             the figures back: kuotad restore FILE"
        )
    };
    let store = match app.site.engine().unwritable() {
        None => {
            let mut warnings: Vec<String> = app.site.proof.statistics_lost().iter().map(lost).collect();
            let faults = app.site.files.as_ref().map(ConfigFiles::faults).unwrap_or_default();
            warnings.extend(faults.iter().map(|fault| format!("the desk's settings: {fault}")));
            let state = if warnings.is_empty() { fine.state } else { "degraded" };
            Part { state, warnings, ..fine }
        }
        Some(why) => Part { state: "degraded", last_error: Some(why.to_string()), ..Part::default() },
    };
    Health { router: Part::of(app.site.cycle.state(), now), relay, store, clock }
}

/// How the copies of the store are.
pub(crate) struct CopiesStanding {
    /// `ok`, `degraded`, `down` or `off`.
    pub word: &'static str,
    /// The target as configured.
    pub target: String,
    /// When the last one was made that is not on the card.
    pub away_at: Option<Timestamp>,
    /// What the copies know.
    pub state: CopiesState,
}

/// How the copies of the store are, at `now`.
pub(crate) fn copies_standing(app: &AppState, now: Timestamp) -> CopiesStanding {
    let (state, backup) = (app.site.copies_state(), app.site.in_force().backup);
    let away_at = last_away(&app.site.config.data_dir, &state.log);
    let word = copies_word(&state, away_at, backup.every, now);
    CopiesStanding { word, target: backup.target.to_string(), away_at, state }
}

/// Two customers with one number or log-in name, and what to do.
pub(crate) fn shared_view(shared: &SharedName) -> SharedNameView {
    let SharedName { what, value, kept_by, user } = shared;
    let person = |(id, name): &(UserId, String)| PersonView { id: *id, name: name.clone() };
    let remedy = format!(
        "give {} ({}) or {} ({}) another {what}: the desk's page of the customer, or PATCH /users/{{id}}",
        user.1, user.0, kept_by.1, kept_by.0
    );
    SharedNameView {
        what: (*what).to_owned(),
        value: value.clone(),
        kept_by: person(kept_by),
        user: person(user),
        remedy,
    }
}
