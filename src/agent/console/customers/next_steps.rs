//! What a customer's page offers: the status with what to do about it, and the actions by how often they are needed.

use crate::agent::console::actions::buttons::Button;
use crate::agent::console::texts::people::People;
use crate::domain::access::{Access, Reason};
use crate::domain::account::Account;

/// Actions shown next to the primary one, a message to the customer among them.
const NEXT_MAX: usize = 3;
/// The segment of the button that leads to the counter.
pub(super) const COUNTER: &str = "jual";
/// The primary action: the first of these that there is.
/// Who is stopped by an admin or waits for approval can buy nothing before that.
const PRIMARY: [&str; 4] = ["buka", "setujui", "lunasi", COUNTER];
/// Actions by how soon they are needed; the others are below "More".
const SOON: [&str; 6] = ["setujui", COUNTER, "bayar", "tagihan-paket", "kuota", "perangkat"];

/// The actions of a customer, arranged.
pub(super) struct Arranged {
    /// What is most likely wanted now.
    pub primary: Option<Button>,
    /// What may be wanted next.
    pub next: Vec<Button>,
    /// The rest, those that destroy last.
    pub rest: Vec<Button>,
}

/// Arranges `buttons`; `is_message` says whether a message to the customer takes a place of the next ones.
pub(super) fn arranged(mut buttons: Vec<Button>, is_message: bool) -> Arranged {
    let mut take = |segment: &str| {
        let at = buttons.iter().position(|button| button.segment == segment)?;
        Some(buttons.remove(at))
    };
    let primary = PRIMARY.iter().find_map(|segment| take(segment));
    let next = SOON.iter().filter_map(|segment| take(segment)).take(NEXT_MAX - usize::from(is_message));
    let next = next.collect();
    buttons.sort_by_key(|button| button.is_grave);
    Arranged { primary, next, rest: buttons }
}

/// What to do about a customer's access; `None` where nothing has to be done.
pub(super) fn remedy(words: &People, account: &Account, access: &Access) -> Option<&'static str> {
    Some(match access.reason? {
        Reason::Admin => words.remedy_admin,
        Reason::Inactive if account.approved => words.remedy_inactive,
        Reason::Inactive => words.remedy_approve,
        Reason::Paying => words.remedy_paying,
        Reason::DebtLimit => words.remedy_limit,
        Reason::DebtOverdue => words.remedy_debt,
        Reason::Expired => words.remedy_expired,
        Reason::Habis => words.remedy_habis,
        Reason::Fup => words.remedy_fup,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(buttons: &[Button]) -> Vec<&str> {
        buttons.iter().map(|button| button.segment).collect()
    }

    fn buttons(segments: &[&'static str]) -> Vec<Button> {
        let is_grave = |segment| matches!(segment, "hapus" | "reset");
        let button = |segment: &&'static str| Button {
            segment,
            href: (*segment).to_owned(),
            name: segment,
            is_grave: is_grave(*segment),
        };
        segments.iter().map(button).collect()
    }

    #[test]
    fn what_opens_comes_first_then_paying_then_selling_and_what_destroys_comes_last() {
        let all = ["jual", "lunasi", "bayar", "reset", "kuota", "ubah", "hapus", "pin"];
        let found = arranged(buttons(&all), true);
        assert_eq!(found.primary.unwrap().segment, "lunasi");
        assert_eq!(segments(&found.next), ["jual", "bayar"]);
        assert_eq!(segments(&found.rest), ["kuota", "ubah", "pin", "reset", "hapus"]);

        let found = arranged(buttons(&["jual", "buka", "setujui", "kuota"]), false);
        assert_eq!(found.primary.unwrap().segment, "buka");
        assert_eq!(segments(&found.next), ["setujui", "jual", "kuota"]);
        assert!(found.rest.is_empty());
        assert!(arranged(Vec::new(), true).primary.is_none());
    }
}
