//! Submitted forms: what was typed until it is confirmed, and what was done, shown once on the
//! page that follows. Kept in memory: after a restart a form is filled in again, and the ledger has what was done.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::form::Form;

/// Presses remembered; the oldest is forgotten.
const PRESSES_MAX: usize = 256;
/// Bytes of everything typed that is remembered; the oldest is forgotten.
const TYPED_BYTES_MAX: usize = 1024 * 1024;

/// The parameter that leads back to a form with what was typed; it names the press.
pub(crate) const EDITED: &str = "ubah";

/// The parameter of the page that shows it.
pub(crate) const FLASH: &str = "kabar";

/// What was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flash {
    /// In a sentence.
    pub text: String,
    /// Whether something about it still waits.
    pub is_waiting: bool,
    /// Whether it found something wrong.
    pub is_bad: bool,
    /// Ledger lines and whatever else came of it.
    pub lines: Vec<String>,
    /// Where it can be looked at: address and name.
    pub links: Vec<(String, String)>,
    /// What is shown this once: name and value.
    pub secret: Option<(String, String)>,
    /// The secret as a code to scan, as SVG.
    pub secret_qr: Option<String>,
}

/// The state of one submitted form. A finished one has the address that shows its result.
enum SubmitState {
    Typed(Form),
    Running(Option<Form>),
    Flash(String, Box<Flash>),
    Shown(String),
}

impl SubmitState {
    /// Bytes of what was typed.
    fn typed_bytes(&self) -> usize {
        match self {
            Self::Typed(form) | Self::Running(Some(form)) => {
                form.0.iter().map(|(name, value)| name.len() + value.len()).sum()
            }
            Self::Running(None) | Self::Flash(..) | Self::Shown(_) => 0,
        }
    }
}

/// The state of a submitted form when it arrives again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is the first.
    First,
    /// The same press is being done.
    Running,
    /// The same form was executed; this address shows its result.
    Done(String),
}

/// What a key refers to when its page is shown.
#[derive(Clone, Debug)]
pub(crate) enum Draft {
    /// It was typed, and nobody has said yes.
    Typed(Form),
    /// It was executed; this address shows its result.
    Done(String),
}

/// Whose press: session and key of the form.
type Name = (String, String);

/// Recently submitted forms.
#[derive(Default)]
pub(crate) struct FlashStore(Mutex<VecDeque<(Name, SubmitState)>>);

impl FlashStore {
    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<(Name, SubmitState)>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_press<T>(&self, session: &str, key: &str, f: impl FnOnce(&mut SubmitState) -> T) -> Option<T> {
        self.with(|presses| {
            let found = presses.iter_mut().find(|((whose, of), _)| whose == session && of == key);
            found.map(|(_, press)| f(press))
        })
    }

    /// Keeps what was typed until somebody says yes to it; the answer is its key.
    pub fn remember(&self, session: &str, typed: Form) -> String {
        let key = Uuid::new_v4().to_string();
        self.with(|presses| add(presses, (session.to_owned(), key.clone()), SubmitState::Typed(typed)));
        key
    }

    /// What a session's key refers to, unless it was forgotten.
    pub fn draft(&self, session: &str, key: &str) -> Option<Draft> {
        let draft = |press: &mut SubmitState| match press {
            SubmitState::Typed(form) | SubmitState::Running(Some(form)) => Some(Draft::Typed(form.clone())),
            SubmitState::Running(None) => None,
            SubmitState::Flash(at, _) | SubmitState::Shown(at) => Some(Draft::Done(at.clone())),
        };
        self.with_press(session, key, draft).flatten()
    }

    /// Begins a press, unless it was begun before.
    pub fn claim(&self, session: &str, key: &str) -> Claim {
        let begin = |press: &mut SubmitState| match press {
            SubmitState::Running(_) => Claim::Running,
            SubmitState::Flash(at, _) | SubmitState::Shown(at) => Claim::Done(at.clone()),
            SubmitState::Typed(form) => {
                *press = SubmitState::Running(Some(std::mem::take(form)));
                Claim::First
            }
        };
        self.with(|presses| {
            if let Some((_, press)) =
                presses.iter_mut().find(|((whose, of), _)| whose == session && of == key)
            {
                return begin(press);
            }
            add(presses, (session.to_owned(), key.to_owned()), SubmitState::Running(None));
            Claim::First
        })
    }

    /// Notes that the form was executed and keeps its result for the page `home`. Returns that page's address.
    pub fn tell(&self, session: &str, key: &str, home: &str, told: Flash) -> String {
        let and = if home.contains('?') { '&' } else { '?' };
        let at = format!("{home}{and}{FLASH}={key}");
        self.with_press(session, key, |press| *press = SubmitState::Flash(at.clone(), Box::new(told)));
        at
    }

    /// Keeps the result of something without a key. Returns the address that shows it.
    pub fn tell_at_once(&self, session: &str, home: &str, told: Flash) -> String {
        let key = Uuid::new_v4().to_string();
        self.claim(session, &key);
        self.tell(session, &key, home, told)
    }

    /// The press did nothing: the same may come again.
    pub fn drop_claim(&self, session: &str, key: &str) {
        let is_typed = |press: &mut SubmitState| match press {
            SubmitState::Running(Some(form)) => {
                *press = SubmitState::Typed(std::mem::take(form));
                true
            }
            SubmitState::Typed(_)
            | SubmitState::Running(None)
            | SubmitState::Flash(..)
            | SubmitState::Shown(_) => false,
        };
        if self.with_press(session, key, is_typed) != Some(true) {
            self.with(|presses| presses.retain(|((whose, of), _)| whose != session || of != key));
        }
    }

    /// What a press did, the first time that it is asked for by its own session.
    pub fn take(&self, session: &str, key: &str) -> Option<Flash> {
        let take = |press: &mut SubmitState| match std::mem::replace(press, SubmitState::Running(None)) {
            SubmitState::Flash(at, told) => {
                *press = SubmitState::Shown(at);
                Some(*told)
            }
            other => {
                *press = other;
                None
            }
        };
        self.with_press(session, key, take).flatten()
    }
}

/// Adds a press; the oldest make room for it.
fn add(presses: &mut VecDeque<(Name, SubmitState)>, name: Name, press: SubmitState) {
    presses.push_back((name, press));
    let mut typed_bytes: usize = presses.iter().map(|(_, press)| press.typed_bytes()).sum();
    while presses.len() > PRESSES_MAX || typed_bytes > TYPED_BYTES_MAX {
        let Some((_, oldest)) = presses.pop_front() else { return };
        typed_bytes -= oldest.typed_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_claimed_once_and_told_once_to_its_own_session() {
        let flash = FlashStore::default();
        assert_eq!(flash.claim("a", "k"), Claim::First);
        assert_eq!(flash.claim("a", "k"), Claim::Running);
        assert_eq!(flash.claim("b", "k"), Claim::First);
        assert!(flash.take("a", "k").is_none());
        let at = flash.tell("a", "k", "/x?y=1", Flash { text: "ya".into(), ..Flash::default() });
        assert_eq!(at, "/x?y=1&kabar=k");
        assert_eq!(flash.claim("a", "k"), Claim::Done(at.clone()));
        assert!(flash.take("b", "k").is_none() && flash.take("a", "x").is_none());
        assert_eq!(flash.take("a", "k").unwrap().text, "ya");
        assert!(flash.take("a", "k").is_none());
        assert_eq!(flash.claim("a", "k"), Claim::Done(at));
        flash.drop_claim("b", "k");
        assert_eq!(flash.claim("b", "k"), Claim::First);
    }

    #[test]
    fn the_oldest_presses_are_forgotten() {
        let flash = FlashStore::default();
        for n in 0..=PRESSES_MAX {
            flash.claim("a", &n.to_string());
        }
        assert_eq!(flash.with(|presses| presses.len()), PRESSES_MAX);
        assert_eq!(flash.claim("a", "0"), Claim::First);
    }

    fn typed(text: &str) -> Form {
        Form([("name".to_owned(), text.to_owned())].into())
    }

    fn is_typed(draft: Option<Draft>, text: &str) -> bool {
        matches!(draft, Some(Draft::Typed(form)) if form.text("name") == Some(text))
    }

    #[test]
    fn what_was_typed_is_kept_until_it_is_done() {
        let flash = FlashStore::default();
        let key = flash.remember("a", typed("Budi"));
        assert!(is_typed(flash.draft("a", &key), "Budi"));
        assert!(flash.draft("b", &key).is_none() && flash.draft("a", "x").is_none());
        assert_eq!(flash.claim("a", &key), Claim::First);
        assert_eq!(flash.claim("a", &key), Claim::Running);
        flash.drop_claim("a", &key);
        assert!(is_typed(flash.draft("a", &key), "Budi"), "what was refused can be looked at again");
        assert_eq!(flash.claim("a", &key), Claim::First);
        let at = flash.tell("a", &key, "/x", Flash::default());
        assert!(matches!(flash.draft("a", &key), Some(Draft::Done(to)) if to == at));
        assert_eq!(flash.claim("a", &key), Claim::Done(at));
    }

    #[test]
    fn what_was_typed_takes_no_more_than_its_bytes() {
        let flash = FlashStore::default();
        let first = flash.remember("a", typed("x"));
        let large = "x".repeat(TYPED_BYTES_MAX - 100);
        let second = flash.remember("a", typed(&large));
        assert!(flash.draft("a", &first).is_some() && flash.draft("a", &second).is_some());
        let third = flash.remember("a", typed(&large));
        assert!(flash.draft("a", &first).is_none() && flash.draft("a", &second).is_none());
        assert!(flash.draft("a", &third).is_some());
        flash.remember("a", typed(&"x".repeat(TYPED_BYTES_MAX + 1)));
        assert_eq!(flash.with(|presses| presses.len()), 0);
    }
}
