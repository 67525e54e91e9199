//! Forms whose session ended while they were open: what was typed is kept in memory for the same person, who finds it after
//! logging in again. A form shows by its token whose it is, because a browser forgets the cookie when the session ends.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::flash::FlashStore;
use super::form::Form;

/// Sessions whose person is remembered; the one not seen for longest is forgotten.
const SESSIONS_MAX: usize = 256;
/// Bytes of one form; a longer one is not kept.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// Whose each session was, by the token of its forms.
#[derive(Default)]
pub(crate) struct SessionOwners(Mutex<VecDeque<(String, String)>>);

impl SessionOwners {
    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<(String, String)>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A page of that session is looked at by that admin.
    pub fn note(&self, token: &str, admin: &str) {
        self.with(|all| {
            if let Some(at) = all.iter().position(|(known, _)| known == token) {
                all.remove(at);
            } else if all.len() >= SESSIONS_MAX {
                all.pop_front();
            }
            all.push_back((token.to_owned(), admin.to_owned()));
        });
    }

    /// Whose session has forms with that token.
    fn owner(&self, token: &str) -> Option<String> {
        self.with(|all| all.iter().find(|(known, _)| known == token).map(|(_, admin)| admin.clone()))
    }

    /// Keeps a form of a session that ended for the person whose it was. Returns its key; `None` for a form of nobody
    /// that is known.
    pub fn keep(&self, flash: &FlashStore, token: &str, form: &Form) -> Option<String> {
        let admin = self.owner(token)?;
        let typed = form.without_secrets();
        let bytes: usize = typed.0.iter().map(|(name, value)| name.len() + value.len()).sum();
        (bytes <= FORM_BYTES_MAX).then(|| flash.remember(&place(&admin), typed))
    }
}

/// The name under which the forms of a person are kept. No token of a session is like it.
pub(crate) fn place(admin: &str) -> String {
    format!("lapsed/{admin}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::flash::Draft;

    fn form(note: &str) -> Form {
        let pairs = [("note", note), ("password", "rahasia"), ("_token", "t")];
        Form(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    #[test]
    fn a_form_is_kept_for_the_person_whose_session_it_was_and_for_nobody_else() {
        let (owners, flash) = (SessionOwners::default(), FlashStore::default());
        owners.note("t", "siti");
        assert_eq!(owners.keep(&flash, "of nobody", &form("x")), None);
        let key = owners.keep(&flash, "t", &form("bon")).unwrap();
        assert!(flash.draft(&place("andi"), &key).is_none());
        let Some(Draft::Typed(kept)) = flash.draft(&place("siti"), &key) else { panic!("it is kept") };
        assert_eq!(kept.typed().collect::<Vec<_>>(), [("note", "bon")], "no secret, nothing of our own");
    }

    #[test]
    fn memory_is_bounded() {
        let (owners, flash) = (SessionOwners::default(), FlashStore::default());
        for n in 0..=SESSIONS_MAX {
            owners.note(&n.to_string(), "siti");
            owners.note("seen again and again", "andi");
        }
        assert_eq!(owners.owner("0"), None);
        assert!(owners.owner(&SESSIONS_MAX.to_string()).is_some());
        assert_eq!(owners.owner("seen again and again").as_deref(), Some("andi"));
        owners.note("t", "siti");
        assert_eq!(owners.keep(&flash, "t", &form(&"x".repeat(FORM_BYTES_MAX))), None);
    }
}
