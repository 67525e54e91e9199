//! What was done, told once on the page that follows. Kept in memory: after a restart there is nothing to tell, and
//! the ledger has it all.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Deeds remembered; the oldest is forgotten.
const DEEDS_MAX: usize = 256;

/// The parameter of the page that tells.
pub(in crate::agent::admin::pages) const NEWS: &str = "kabar";

/// What was done.
#[derive(Clone, Debug, Default)]
pub(in crate::agent::admin) struct Told {
    /// In a sentence.
    pub text: String,
    /// Whether something about it still waits.
    pub is_waiting: bool,
    /// Ledger lines and whatever else came of it.
    pub lines: Vec<String>,
    /// Where it can be looked at: address and name.
    pub links: Vec<(String, String)>,
    /// What is shown this once: name and value.
    pub secret: Option<(String, String)>,
}

/// What became of one press of a button. What is done has the address at which it is told.
enum Press {
    Running,
    Told(String, Box<Told>),
    Shown(String),
}

/// Where a press stands when it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent::admin) enum Claim {
    /// It is the first.
    First,
    /// The same press is being done.
    Running,
    /// The same press was done, and is told at this address.
    Done(String),
}

/// Whose press: session and key of the form.
type Name = (String, String);

/// Presses of late.
#[derive(Default)]
pub(in crate::agent::admin) struct News(Mutex<VecDeque<(Name, Press)>>);

impl News {
    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<(Name, Press)>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins a press, unless it was begun before.
    pub fn claim(&self, session: &str, key: &str) -> Claim {
        let name = (session.to_owned(), key.to_owned());
        self.with(|presses| match presses.iter().find(|(whose, _)| *whose == name) {
            Some((_, Press::Running)) => Claim::Running,
            Some((_, Press::Told(at, _) | Press::Shown(at))) => Claim::Done(at.clone()),
            None => {
                if presses.len() == DEEDS_MAX {
                    presses.pop_front();
                }
                presses.push_back((name, Press::Running));
                Claim::First
            }
        })
    }

    /// The press is done; `told` waits for the page `home` that follows, whose address with it is answered.
    pub fn tell(&self, session: &str, key: &str, home: &str, told: Told) -> String {
        let and = if home.contains('?') { '&' } else { '?' };
        let at = format!("{home}{and}{NEWS}={key}");
        self.with(|presses| {
            let found = presses.iter_mut().find(|((whose, of), _)| whose == session && of == key);
            if let Some((_, press)) = found {
                *press = Press::Told(at.clone(), Box::new(told));
            }
        });
        at
    }

    /// The press did nothing: the same may come again.
    pub fn drop_claim(&self, session: &str, key: &str) {
        self.with(|presses| presses.retain(|((whose, of), _)| whose != session || of != key));
    }

    /// What a press did, the first time that it is asked for by its own session.
    pub fn take(&self, session: &str, key: &str) -> Option<Told> {
        self.with(|presses| {
            let found = presses.iter_mut().find(|((whose, of), _)| whose == session && of == key);
            let (_, press) = found?;
            match std::mem::replace(press, Press::Running) {
                Press::Told(at, told) => {
                    *press = Press::Shown(at);
                    Some(*told)
                }
                other => {
                    *press = other;
                    None
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_claimed_once_and_told_once_to_its_own_session() {
        let news = News::default();
        assert_eq!(news.claim("a", "k"), Claim::First);
        assert_eq!(news.claim("a", "k"), Claim::Running);
        assert_eq!(news.claim("b", "k"), Claim::First);
        assert!(news.take("a", "k").is_none());
        let at = news.tell("a", "k", "/x?y=1", Told { text: "ya".into(), ..Told::default() });
        assert_eq!(at, "/x?y=1&kabar=k");
        assert_eq!(news.claim("a", "k"), Claim::Done(at.clone()));
        assert!(news.take("b", "k").is_none() && news.take("a", "x").is_none());
        assert_eq!(news.take("a", "k").unwrap().text, "ya");
        assert!(news.take("a", "k").is_none());
        assert_eq!(news.claim("a", "k"), Claim::Done(at));
        news.drop_claim("b", "k");
        assert_eq!(news.claim("b", "k"), Claim::First);
    }

    #[test]
    fn the_oldest_presses_are_forgotten() {
        let news = News::default();
        for n in 0..=DEEDS_MAX {
            news.claim("a", &n.to_string());
        }
        assert_eq!(news.with(|presses| presses.len()), DEEDS_MAX);
        assert_eq!(news.claim("a", "0"), Claim::First);
    }
}
