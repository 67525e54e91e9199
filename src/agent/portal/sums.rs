//! A customer's quota account as figures that add up: granted this period, less used and corrected, is what is left,
//! or what was used beyond the quota.

use super::texts::Words;
use crate::domain::account::Account;
use crate::domain::units::{Bytes, GB, MB};
use crate::ui::Locale;

/// The unit of all figures of an account.
#[derive(Clone, Copy)]
enum Unit {
    /// Gigabytes with two digits.
    Gigabytes,
    /// Whole megabytes.
    Megabytes,
    /// Megabytes with two digits, as a small quota is shown everywhere else.
    Hundredths,
}

impl Unit {
    /// The unit for an account whose largest figure is this, with these left and beyond the quota.
    fn of(largest: Bytes, left: Bytes, beyond: Bytes) -> Self {
        let is_small = |bytes: Bytes| !bytes.is_zero() && bytes.0 < 10 * MB;
        match () {
            () if largest.0 >= GB => Self::Gigabytes,
            () if is_small(left) || is_small(beyond) => Self::Hundredths,
            () => Self::Megabytes,
        }
    }

    /// Bytes in units of the last digit shown, half-up.
    fn digits(self, bytes: Bytes) -> i128 {
        let bytes = i128::from(bytes.0);
        match self {
            Self::Gigabytes => (bytes * 100 + i128::from(GB / 2)) / i128::from(GB),
            Self::Megabytes => (bytes + i128::from(MB / 2)) / i128::from(MB),
            Self::Hundredths => (bytes * 100 + i128::from(MB / 2)) / i128::from(MB),
        }
    }

    fn text(self, digits: i128, locale: &Locale) -> String {
        let digits = digits.unsigned_abs();
        match self {
            Self::Gigabytes => format!("{} GB", locale.hundredths(digits)),
            Self::Megabytes => format!("{digits} MB"),
            Self::Hundredths => format!("{} MB", locale.hundredths(digits)),
        }
    }
}

/// The figures granted, used, corrected and left, with their names, and the usage beyond the quota if there is any.
///
/// All are in one unit. Rounding each separately could leave a hundredth over, which is added to the larger of used
/// and corrected: granted and left are the same as everywhere else.
pub(super) fn figures(
    account: &Account,
    words: &'static Words,
    locale: &Locale,
) -> Vec<(&'static str, String)> {
    let balance = account.balance;
    let (left, beyond) = (balance.remaining(), balance.overage());
    let corrected = balance.debits.minus(account.used);
    let unit = Unit::of(balance.credits.max(balance.debits), left, beyond);
    let digits = |bytes| unit.digits(bytes);
    let spent = digits(balance.credits) - digits(left) + digits(beyond);
    let (used_digits, corrected_digits) = if account.used >= corrected {
        (spent - digits(corrected), digits(corrected))
    } else {
        (digits(account.used), spent - digits(account.used))
    };
    let told = |digits: i128, exact: Bytes| {
        let text = unit.text(digits, locale);
        match unit {
            // Two digits of a gigabyte would show a small amount as zero.
            Unit::Gigabytes if !exact.is_zero() && exact.0 < GB => {
                format!("{text} ({})", locale.quota(exact))
            }
            Unit::Gigabytes | Unit::Megabytes | Unit::Hundredths => text,
        }
    };
    let mut figures = vec![
        (words.given, told(digits(balance.credits), balance.credits)),
        (words.used, told(used_digits, account.used)),
    ];
    if !corrected.is_zero() {
        figures.push((words.corrected, told(corrected_digits, corrected)));
    }
    figures.push((words.left, told(digits(left), left)));
    if !beyond.is_zero() {
        figures.push((words.overage, told(digits(beyond), beyond)));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Zone;
    use crate::domain::id::UserId;
    use crate::domain::ledger::Balance;
    use crate::ui::language::Language;

    fn shown(credits: u64, used: u64, corrected: u64) -> Vec<(&'static str, String)> {
        let locale = Locale { language: Language::Indonesian, zone: Zone::named("Asia/Jakarta").unwrap() };
        let account = Account {
            balance: Balance { credits: Bytes(credits), debits: Bytes(used + corrected) },
            used: Bytes(used),
            ..Account::fresh(UserId(uuid::Uuid::nil()), true)
        };
        figures(&account, Words::of(Language::Indonesian), &locale)
    }

    /// A figure in units of its last digit.
    fn number(figures: &[(&str, String)], name: &str) -> i128 {
        let found = figures.iter().find(|(known, _)| *known == name);
        let text = found.map_or("0", |(_, text)| text.as_str());
        text.split(' ').next().unwrap().replace(',', "").parse().unwrap()
    }

    #[test]
    fn a_small_use_of_a_large_quota_is_seen_in_both_units() {
        let figures = shown(15 * GB, 92 * MB, 0);
        let texts: Vec<&str> = figures.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["15,00 GB", "0,09 GB (92 MB)", "14,91 GB"]);
        let figures = shown(300 * MB, 100 * MB, 0);
        let texts: Vec<&str> = figures.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["300 MB", "100 MB", "200 MB"]);
        let figures = shown(60 * MB, 60 * MB - 3_544_186, 0);
        let texts: Vec<&str> = figures.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["60,00 MB", "56,62 MB", "3,38 MB"]);
    }

    #[test]
    fn whatever_the_account_holds_the_figures_add_up() {
        let words = Words::of(Language::Indonesian);
        let mut seed = 7_u64;
        let mut next = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 16) % (most + 1)
        };
        for round in 0..5_000 {
            let scale = [MB, 40 * MB, GB, 30 * GB][round % 4];
            let (credits, used, corrected) =
                (next(scale), next(scale), next(scale / 10) * u64::from(round % 3 == 0));
            let figures = shown(credits, used, corrected);
            let number = |name| number(&figures, name);
            let sum = number(words.given) - number(words.used) - number(words.corrected);
            assert_eq!(sum, number(words.left) - number(words.overage), "{figures:?}");
            assert!(figures.iter().all(|(_, text)| !text.starts_with('-')), "{figures:?}");
        }
    }
}
