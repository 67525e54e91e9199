//! Users, searched and filtered.

use crate::agent::engine::ReadView;
use crate::domain::search;
use crate::protocol::admin::page::List;
use crate::protocol::admin::users::FindUsers;
use crate::store::UserRecord;

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

fn fits(q: &search::Query, user: &UserRecord, look: &ReadView) -> bool {
    let devices: Vec<_> = look.macs(user.no).map(|mac| (mac, look.address_of(mac))).collect();
    q.fits(&search::Candidate {
        name: &user.name,
        phone: user.phone.as_deref(),
        login: user.login.as_deref(),
        devices: &devices,
    })
}
