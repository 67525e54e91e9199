//! Users, searched and filtered.

use std::cmp::Ordering;

use super::live::{Live, USERS_AT_ONCE};
use crate::agent::engine::{EngineHandle, ReadView};
use crate::domain::access::Status;
use crate::domain::account::Account;
use crate::domain::search;
use crate::domain::tariff;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::admin::page::List;
use crate::protocol::admin::users::FindUsers;
use crate::store::UserRecord;
use crate::store::export::ExportError;

/// A page of the users that fit the search and `also`, in the order they were entered.
pub(crate) fn found<'a>(
    look: &'a ReadView,
    search: &FindUsers,
    also: impl Fn(&UserRecord) -> bool,
) -> List<&'a UserRecord> {
    let q = search.q.as_deref().map(search::Query::new);
    let after = search.after.map_or(0, |cursor| u32::try_from(cursor.0).unwrap_or(u32::MAX - 1));
    let fits = |user: &&UserRecord| {
        let status = search.status.as_ref().is_none_or(|status| user.account.access.status == status.0);
        status && also(user) && q.as_ref().is_none_or(|q| fits(q, user, look))
    };
    let found: Vec<&UserRecord> =
        look.users_after(after).filter(fits).take(search.limit.rows() + 1).collect();
    List::of(found, search.limit, |user| i64::from(user.no))
}

/// Everybody, as a list that is sent.
pub(crate) struct Everybody(Live);

/// A user of such a list.
pub(crate) struct UserLine {
    pub user: UserRecord,
    /// Everything owed; `None` where a part has no price.
    pub due: Option<Rupiah>,
    /// When a device was seen last.
    pub seen_at: Option<Timestamp>,
}

impl Everybody {
    /// Of the engine of that handle.
    pub fn new(engine: &EngineHandle) -> Self {
        Self(Live::new(engine))
    }

    /// Visits everybody, by the order in which they were entered.
    pub fn each(
        &self,
        mut visit: impl FnMut(&UserLine) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut after = 0;
        loop {
            let part = self.0.read(move |engine| {
                let look = engine.read_view();
                let users = look.users_after(after).take(USERS_AT_ONCE);
                look.with_context(|ctx| {
                    let tariff = ctx.tariff();
                    let line = |user: &UserRecord| UserLine {
                        due: tariff::total(&tariff.owed(&user.account)).ok(),
                        seen_at: look.last_seen(user.no).1,
                        user: user.clone(),
                    };
                    users.map(line).collect::<Vec<_>>()
                })
            })?;
            let Some(last) = part.last() else { return Ok(()) };
            after = last.user.no;
            part.iter().try_for_each(&mut visit)?;
        }
    }
}

/// Which users a sorted list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UserFilter {
    /// All of them.
    #[default]
    All,
    /// Those who wait for approval.
    Waiting,
    /// Those of that status.
    Of(Status),
}

impl UserFilter {
    fn holds(self, account: &Account) -> bool {
        match self {
            Self::All => true,
            Self::Waiting => !account.approved,
            Self::Of(status) => account.access.status == status,
        }
    }
}

/// What a list of users is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UserOrder {
    #[default]
    Name,
    Remaining,
    Owed,
    Expiry,
    Seen,
}

/// A sorted list of users.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserListing {
    /// What all of them have in common; empty for nothing.
    pub q: String,
    pub filter: UserFilter,
    pub order: UserOrder,
    pub is_descending: bool,
    /// Which page, from 0.
    pub page: usize,
    /// Rows of a page.
    pub rows: usize,
}

/// A page of a sorted list.
pub(crate) struct UsersPage<'a> {
    pub items: Vec<&'a UserRecord>,
    /// How many the whole list has.
    pub total: usize,
    /// How many fit the text, by filter.
    pub counts: Vec<(UserFilter, u64)>,
}

/// A page of the users that fit, and how many there are by filter.
pub(crate) fn listed<'a>(look: &'a ReadView, listing: &UserListing) -> UsersPage<'a> {
    let q = Some(listing.q.trim()).filter(|q| !q.is_empty()).map(search::Query::new);
    let fitting = look.users_after(0).filter(|user| q.as_ref().is_none_or(|q| fits(q, user, look)));
    let all = [UserFilter::All, UserFilter::Waiting].into_iter();
    let all = all.chain(Status::ALL.iter().copied().map(UserFilter::Of));
    let mut counts: Vec<(UserFilter, u64)> = all.map(|filter| (filter, 0)).collect();
    let mut users: Vec<&UserRecord> = Vec::new();
    for user in fitting {
        for (filter, count) in &mut counts {
            *count += u64::from(filter.holds(&user.account));
        }
        if listing.filter.holds(&user.account) {
            users.push(user);
        }
    }
    UsersPage { total: users.len(), items: page(look, listing, users), counts }
}

/// The users of the page, from the least to the most; what has no end comes last.
fn page<'a>(look: &ReadView, listing: &UserListing, users: Vec<&'a UserRecord>) -> Vec<&'a UserRecord> {
    match listing.order {
        UserOrder::Name => page_by(listing, users, |user| NameKey::of(&user.name)),
        UserOrder::Remaining => page_by(listing, users, |user| {
            let account = &user.account;
            (account.unlimited, account.balance.remaining())
        }),
        UserOrder::Owed => look.with_context(|ctx| {
            let tariff = ctx.tariff();
            page_by(listing, users, |user| {
                tariff::total(&tariff.owed(&user.account)).map_or(u64::MAX, |due| due.0)
            })
        }),
        UserOrder::Expiry => page_by(listing, users, |user| {
            let expires_at = user.account.expires_at;
            (expires_at.is_none(), expires_at)
        }),
        UserOrder::Seen => page_by(listing, users, |user| look.last_seen(user.no)),
    }
}

/// Bytes of a name that are compared first.
const BEGINS: usize = 16;

/// A name as it is sorted, in lower case: its beginning, which decides nearly always, and the name for the rest.
struct NameKey<'a> {
    /// The first bytes of the name in lower case.
    begins: [u8; BEGINS],
    name: &'a str,
}

impl<'a> NameKey<'a> {
    fn of(name: &'a str) -> Self {
        let mut begins = [0; BEGINS];
        let head = name.as_bytes().get(..BEGINS).unwrap_or(name.as_bytes());
        if head.is_ascii() {
            begins[..head.len()].copy_from_slice(head);
            begins.make_ascii_lowercase();
        } else {
            let lower: String = name.chars().take(BEGINS).flat_map(char::to_lowercase).collect();
            begins.iter_mut().zip(lower.bytes()).for_each(|(place, byte)| *place = byte);
        }
        Self { begins, name }
    }
}

impl Ord for NameKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |key: &Self| key.name.chars().flat_map(char::to_lowercase);
        self.begins.cmp(&other.begins).then_with(|| lower(self).cmp(lower(other)))
    }
}

impl PartialEq for NameKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for NameKey<'_> {}

impl PartialOrd for NameKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The users of the page by `key`, in the order of their entry where it is the same.
fn page_by<'a, K: Ord>(
    listing: &UserListing,
    users: Vec<&'a UserRecord>,
    key: impl Fn(&'a UserRecord) -> K,
) -> Vec<&'a UserRecord> {
    let keyed = users.into_iter().map(|user| ((key(user), user.no), user)).collect();
    part_of(listing, keyed).into_iter().map(|(_, user)| user).collect()
}

/// The rows of the page. The rest is set apart, not sorted: a page of fifty does not wait for the order of ten thousand.
fn part_of<K: Ord, T>(listing: &UserListing, mut keyed: Vec<(K, T)>) -> Vec<(K, T)> {
    let compare = |a: &(K, T), b: &(K, T)| {
        let order = a.0.cmp(&b.0);
        if listing.is_descending { order.reverse() } else { order }
    };
    let start = listing.page.saturating_mul(listing.rows).min(keyed.len());
    if (1..keyed.len()).contains(&start) {
        keyed.select_nth_unstable_by(start, compare);
    }
    let mut part = keyed.split_off(start);
    if listing.rows < part.len() {
        part.select_nth_unstable_by(listing.rows, compare);
        part.truncate(listing.rows);
    }
    part.sort_unstable_by(compare);
    part
}

fn fits(q: &search::Query, user: &UserRecord, look: &ReadView) -> bool {
    q.fits(&search::Candidate {
        name: &user.name,
        phone: user.phone.as_deref(),
        phone_e164: user.phone_e164.as_deref(),
        login: user.login.as_deref(),
        devices: look.macs(user.no).map(|mac| (mac, look.address_of(mac))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_whatever_case_they_are_in() {
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_by_key(|name| NameKey::of(name));
            names
        };
        let names = [
            "",
            "Ani",
            "budi Wijaya Kusuma 10",
            "Budi Wijaya Kusuma 9",
            "BUDI Wijaya Kusuma 9b",
            "Éka",
            "éki",
        ];
        assert_eq!(sorted(names.into_iter().rev().collect()), names);
        let same = NameKey::of("Siti Nurhaliza binti Ali") == NameKey::of("siti NURHALIZA binti ali");
        assert!(same);
    }

    #[test]
    fn the_pages_of_a_list_are_the_whole_list_in_order() {
        for is_descending in [false, true] {
            for len in [0_u32, 1, 7, 50, 51, 333] {
                let keyed: Vec<(u32, u32)> = (0..len).map(|no| (no.wrapping_mul(7919) % 1009, no)).collect();
                let mut whole = keyed.clone();
                whole.sort_unstable();
                if is_descending {
                    whole.reverse();
                }
                let page = |page| {
                    part_of(
                        &UserListing { is_descending, page, rows: 50, ..Default::default() },
                        keyed.clone(),
                    )
                };
                let pages: Vec<(u32, u32)> = (0..8).flat_map(page).collect();
                assert_eq!(pages, whole, "{len} rows, descending {is_descending}");
                assert!(page(usize::MAX).is_empty());
            }
        }
    }
}
