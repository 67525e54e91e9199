//! What the six address lists are called on the router.

use crate::domain::listing::List;

/// The list of the markers that say which machine has a site. No rule uses it.
pub(super) const MARKER_LIST: &str = "kuota_pemilik";

/// The name of each list. Two lists must not share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListNames {
    /// Of [`List::Active`].
    pub active: String,
    /// Of [`List::Fup`].
    pub fup: String,
    /// Of [`List::Habis`].
    pub habis: String,
    /// Of [`List::Expired`].
    pub expired: String,
    /// Of [`List::Inactive`].
    pub inactive: String,
    /// Of [`List::Blocked`].
    pub blocked: String,
    /// Names that an earlier configuration had for any of them: our rows there are to be moved or removed.
    pub former: Vec<String>,
}

impl Default for ListNames {
    fn default() -> Self {
        Self {
            active: "klient_aktif".to_owned(),
            fup: "klient_fup".to_owned(),
            habis: "klient_habis".to_owned(),
            expired: "klient_expired".to_owned(),
            inactive: "klient_inactive".to_owned(),
            blocked: "klient_blocked".to_owned(),
            former: Vec::new(),
        }
    }
}

impl ListNames {
    /// The name of a list.
    pub fn name(&self, list: List) -> &str {
        match list {
            List::Active => &self.active,
            List::Fup => &self.fup,
            List::Habis => &self.habis,
            List::Expired => &self.expired,
            List::Inactive => &self.inactive,
            List::Blocked => &self.blocked,
        }
    }

    /// Every name to look under: ours, then the former ones.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        List::ALL.into_iter().map(|list| self.name(list)).chain(self.former.iter().map(String::as_str))
    }

    /// Whether the name is a former one.
    pub fn is_former(&self, name: &str) -> bool {
        self.list(name).is_none() && self.former.iter().any(|former| former == name)
    }

    /// The list of that name, if it is one of ours.
    pub fn list(&self, name: &str) -> Option<List> {
        List::ALL.into_iter().find(|list| self.name(*list) == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_found_by_its_name() {
        let names = ListNames::default();
        for list in List::ALL {
            assert_eq!(names.list(names.name(list)), Some(list));
        }
        assert_eq!(names.list("other"), None);
    }
}
