//! Actions as buttons.

use super::action::FormAction;
use super::subject::Subject;
use crate::agent::console::session::AdminSession;

/// An action as a button.
pub(crate) struct Button {
    /// The last part of its address.
    pub segment: &'static str,
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: &'static str,
    /// Whether it warns.
    pub is_grave: bool,
}

/// The actions below `place` that the role may do and that fit what is on file.
pub(crate) fn buttons<S: Subject>(
    place: &str,
    actions: &[FormAction<S>],
    session: &AdminSession,
    record: &S::Record,
) -> Vec<Button> {
    let may = actions.iter().filter(|action| session.actor.role >= action.role && (action.fits)(record));
    let button = |action: &FormAction<S>| Button {
        segment: action.segment,
        href: format!("{place}/{}", action.segment),
        name: (action.title)(session.page_request.locale.language),
        is_grave: action.is_grave,
    };
    may.map(button).collect()
}
