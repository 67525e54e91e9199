//! Audit details: each changed field with its value before and after.

use jiff::civil::Date;

use crate::clock::rfc3339;
use crate::domain::account::Overage;
use crate::domain::debt::DebtItem;
use crate::domain::package::Package;
use crate::domain::policy::Reset;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::store::UserRecord;

/// A value as the audit writes it.
trait Shown: PartialEq {
    fn shown(&self) -> String;
}

impl Shown for String {
    fn shown(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        if *self { "yes".to_owned() } else { "no".to_owned() }
    }
}

impl Shown for Timestamp {
    fn shown(&self) -> String {
        rfc3339(*self)
    }
}

impl Shown for Overage {
    fn shown(&self) -> String {
        self.name().to_owned()
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Bytes {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Rupiah {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Date {
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// Absent is `-`.
impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(|| "-".to_owned(), Shown::shown)
    }
}

/// `field: before -> after` for each field that differs.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: Shown>(mut self, field: &str, before: &T, after: &T) -> Self {
        if before != after {
            self.0.push(format!("{field}: {} -> {}", before.shown(), after.shown()));
        }
        self
    }

    fn detail(self) -> String {
        if self.0.is_empty() { "nothing changed".to_owned() } else { self.0.join(", ") }
    }
}

/// The changed fields of a user.
pub(super) fn of_user(before: &UserRecord, after: &UserRecord) -> String {
    let (was, is) = (&before.account, &after.account);
    Differences::default()
        .compare("name", &before.name, &after.name)
        .compare("phone", &before.phone, &after.phone)
        .compare("login", &before.login, &after.login)
        .compare("approved", &was.approved, &is.approved)
        .compare("active", &was.active, &is.active)
        .compare("exempt", &was.exempt, &is.exempt)
        .compare("expires", &was.expires_at, &is.expires_at)
        .compare("overage", &was.overage, &is.overage)
        .compare("debt limit", &was.debt_limit, &is.debt_limit)
        .compare("customer note", &before.customer_note, &after.customer_note)
        .detail()
}

/// The changed fields of a package.
pub(super) fn of_package(before: &Package, after: &Package) -> String {
    Differences::default()
        .compare("name", &before.name, &after.name)
        .compare("quota", &before.quota, &after.quota)
        .compare("days", &before.days, &after.days)
        .compare("price", &before.price, &after.price)
        .compare("on sale", &before.active, &after.active)
        .detail()
}

/// The changed fields of a debt item.
pub(super) fn of_debt(before: &DebtItem, after: &DebtItem) -> String {
    let changed = Differences::default()
        .compare("due", &before.due_date, &after.due_date)
        .compare("note", &before.note, &after.note)
        .compare("customer note", &before.customer_note, &after.customer_note)
        .detail();
    format!("{} {changed}", before.id)
}

/// What a reset granted, and its reason.
pub(super) fn of_reset(reset: &Reset) -> String {
    let debt = reset.debt.as_ref().map(|item| format!("debt {}", item.amount.shown()));
    let credit = reset.credit.map(|credit| format!("quota {credit}"));
    let days = reset.days.map(|days| format!("days {days}"));
    let unblock = reset.unblock.map(|unblock| format!("unblock {}", unblock.shown()));
    let given: Vec<String> = [debt, credit, days, unblock].into_iter().flatten().collect();
    if given.is_empty() { reset.reason.clone() } else { format!("{}: {}", given.join(", "), reset.reason) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PackageId;

    fn package() -> Package {
        Package {
            id: PackageId(uuid::Uuid::from_u128(1)),
            name: "Mingguan".to_owned(),
            quota: Some(Bytes::gb(10)),
            days: 7,
            price: Rupiah(25_000),
            active: true,
        }
    }

    #[test]
    fn a_change_names_each_field_from_what_to_what() {
        let before = package();
        let after = Package { quota: None, days: 14, active: false, ..before.clone() };
        let detail = of_package(&before, &after);
        assert_eq!(detail, format!("quota: {} -> -, days: 7 -> 14, on sale: yes -> no", Bytes::gb(10)));
        assert_eq!(of_package(&before, &before), "nothing changed");
    }

    #[test]
    fn a_reset_names_what_it_gave() {
        let reset = Reset {
            debt: None,
            credit: Some(Bytes::gb(2)),
            days: Some(7),
            unblock: Some(true),
            reason: "salah beli".to_owned(),
        };
        assert_eq!(of_reset(&reset), format!("quota {}, days 7, unblock yes: salah beli", Bytes::gb(2)));
        let plain = Reset { credit: None, days: None, unblock: None, ..reset };
        assert_eq!(of_reset(&plain), "salah beli");
    }
}
