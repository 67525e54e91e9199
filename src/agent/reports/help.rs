//! Customers who asked for help on the portal and have had no answer. Each request and each answer is a line of the audit;
//! what waits is kept in memory, and read from there once after a start.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::agent::engine::{Actor, Engine, EngineError};
use crate::domain::id::Mac;
use crate::domain::units::Timestamp;
use crate::store::{AuditFilter, AuditLine, Page, StoreError};

/// The audit's name of a request.
const ASKED: &str = "help.ask";
/// The audit's name of an answer.
const ANSWERED: &str = "help.answer";
/// What both begin with.
const ABOUT_HELP: &str = "help.";
/// Lines of the audit that are looked through after a start.
const LINES_MAX: u32 = 200;
/// Requests that wait; the oldest makes room.
const WAITING_MAX: usize = 50;
/// Characters of a request.
pub(crate) const HELP_CHARS_MAX: usize = 200;

/// A device whose customer asked for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRequest {
    /// When.
    pub at: Timestamp,
    /// From which device.
    pub mac: Mac,
    /// In the customer's words; may be empty.
    pub text: String,
}

/// Requests that wait for an answer, the oldest first, one for each device. `None` before the audit was read.
#[derive(Debug, Default)]
pub struct HelpRequests(Mutex<Option<VecDeque<HelpRequest>>>);

impl HelpRequests {
    fn with<T>(
        &self,
        engine: &Engine,
        f: impl FnOnce(&mut VecDeque<HelpRequest>) -> T,
    ) -> Result<T, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = match known.take() {
            Some(waiting) => waiting,
            None => of_audit(engine)?,
        };
        Ok(f(known.insert(waiting)))
    }

    /// Everything that waits.
    pub(crate) fn waiting(&self, engine: &Engine) -> Result<Vec<HelpRequest>, StoreError> {
        self.with(engine, |waiting| waiting.iter().cloned().collect())
    }

    /// Whether that device waits.
    pub(crate) fn of(&self, engine: &Engine, mac: Mac) -> Result<Option<HelpRequest>, StoreError> {
        self.with(engine, |waiting| waiting.iter().find(|request| request.mac == mac).cloned())
    }

    /// A device asks; what it asked before is replaced.
    pub(crate) fn ask(
        &self,
        engine: &mut Engine,
        actor: &Actor,
        mac: Mac,
        text: &str,
    ) -> Result<(), EngineError> {
        engine.note(actor, ASKED, &mac.to_string(), text.to_owned())?;
        let at = engine.now();
        Ok(self.with(engine, |waiting| put(waiting, HelpRequest { at, mac, text: text.to_owned() }))?)
    }

    /// Somebody answered.
    pub(crate) fn answer(&self, engine: &mut Engine, actor: &Actor, mac: Mac) -> Result<(), EngineError> {
        engine.note(actor, ANSWERED, &mac.to_string(), String::new())?;
        Ok(self.with(engine, |waiting| waiting.retain(|request| request.mac != mac))?)
    }
}

fn put(waiting: &mut VecDeque<HelpRequest>, request: HelpRequest) {
    waiting.retain(|other| other.mac != request.mac);
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
    }
    waiting.push_back(request);
}

/// What the latest lines of the audit leave unanswered.
fn of_audit(engine: &Engine) -> Result<VecDeque<HelpRequest>, StoreError> {
    let about = AuditFilter { kind: ABOUT_HELP.to_owned(), ..AuditFilter::default() };
    let lines = engine.reader().find_audit(&about, Page { limit: LINES_MAX, after: None })?;
    let mut waiting = VecDeque::new();
    for (_, AuditLine { at, action, target, detail, .. }) in lines.into_iter().rev() {
        let Ok(mac) = target.parse::<Mac>() else { continue };
        match action.as_str() {
            ASKED => put(&mut waiting, HelpRequest { at, mac, text: detail }),
            ANSWERED => waiting.retain(|request| request.mac != mac),
            _ => {}
        }
    }
    Ok(waiting)
}
