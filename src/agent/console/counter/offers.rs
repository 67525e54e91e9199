//! What a customer can pay for now: the engine's own preview of each, with its price and what comes of it.

use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::say;
use crate::agent::engine::{
    Actor, Command, CounterCustomer, CounterSale, Engine, Preview, Request, Snapshot, Tender,
};
use crate::domain::id::{PackageId, UserId};
use crate::domain::order::CashMethod;
use crate::domain::package::Package;
use crate::domain::units::{Rupiah, Timestamp};
use crate::ui::Locale;
use crate::web::Problem;

/// Packages offered; more would be no page for a counter.
const PACKAGES_MAX: usize = 30;

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Everything owed.
    pub settles: bool,
    /// A package.
    pub package: Option<PackageId>,
}

impl Choice {
    /// The command that takes the money for it.
    pub fn command(self, user: UserId, tender: Tender) -> Command {
        match (self.settles, self.package) {
            (true, None) => Command::SettleAll(user, tender),
            (false, Some(package)) => Command::Buy(user, package, tender),
            (settles, package) => {
                let customer = CounterCustomer::Known(user);
                Command::Serve(Box::new(CounterSale { customer, settles, package, tender }))
            }
        }
    }

    /// The value of its button: what it is and the price that was shown.
    pub fn value(self, price: Rupiah) -> String {
        let package = self.package.map_or_else(|| "-".to_owned(), |id| id.to_string());
        format!("{} {package} {}", if self.settles { "lunas" } else { "-" }, price.0)
    }

    /// Reads the value of a button, with the price that was shown.
    pub fn of_value(text: &str) -> Option<(Self, Rupiah)> {
        let mut parts = text.split(' ');
        let settles = match parts.next()? {
            "lunas" => true,
            "-" => false,
            _ => return None,
        };
        let package = match parts.next()? {
            "-" => None,
            id => Some(id.parse().ok()?),
        };
        let price = Rupiah(parts.next()?.parse().ok()?);
        let is_something = (settles || package.is_some()) && parts.next().is_none();
        is_something.then_some((Self { settles, package }, price))
    }
}

/// A button: what it says, and what comes of it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub value: String,
    pub price: Rupiah,
    /// The customer afterwards.
    pub after: String,
}

/// A package with its button, or why it has none.
pub(super) struct PackageOffer {
    pub name: String,
    pub detail: String,
    pub offer: Result<Offer, String>,
    /// The same together with everything owed.
    pub with_debt: Option<Offer>,
}

/// Everything that can be paid now.
pub(super) struct Offers {
    /// Everything owed, and how many debts that are.
    pub debt: Option<(Offer, usize)>,
    pub packages: Vec<PackageOffer>,
}

/// What the customer can pay for. `first` is the package to stand first.
pub(super) fn offers(
    engine: &mut Engine,
    actor: &Actor,
    customer: &Snapshot,
    first: Option<PackageId>,
    locale: &Locale,
) -> Result<Offers, Problem> {
    let user = customer.user.account.id;
    let mut offering = Offering { engine, actor, user, locale };
    let debt = offering.offer(Choice { settles: true, package: None })?.ok();
    let mut packages: Vec<Package> =
        offering.engine.read_view().packages().into_iter().filter(|package| package.active).collect();
    packages.sort_by_key(|package| (Some(package.id) != first, package.price, package.quota));
    packages.truncate(PACKAGES_MAX);
    let mut found = Vec::new();
    for package in packages {
        let offer = offering.offer(Choice { settles: false, package: Some(package.id) })?;
        let with_debt = match &debt {
            Some(_) => offering.offer(Choice { settles: true, package: Some(package.id) })?.ok(),
            None => None,
        };
        let days = locale.span(std::time::Duration::from_hours(24 * u64::from(package.days)));
        let detail = format!("{}, {days}", say::quota(locale, package.quota));
        found.push(PackageOffer { name: package.name, detail, offer, with_debt });
    }
    let items = customer.user.account.open_items().len();
    Ok(Offers { debt: debt.map(|offer| (offer, items)), packages: found })
}

struct Offering<'a> {
    engine: &'a mut Engine,
    actor: &'a Actor,
    user: UserId,
    locale: &'a Locale,
}

impl Offering<'_> {
    /// What a choice would do now, or why it is refused, in words.
    fn offer(&mut self, choice: Choice) -> Result<Result<Offer, String>, Problem> {
        let tender = Tender { method: CashMethod::Cash, reference: None, expect: None, last_paid: None };
        let action = choice.command(self.user, tender);
        let request = Request { actor: self.actor.clone(), action, key: None, reading: None };
        let preview = match self.engine.preview(request).map_err(Problem::from) {
            Ok(preview) => preview,
            Err(problem) if problem.status() == 409 => {
                return Ok(Err(say::refusal(self.locale.language, &problem)));
            }
            Err(problem) => return Err(problem),
        };
        let price = preview.orders.iter().filter(|order| order.receipt_no.is_some());
        let price = price.fold(Rupiah::ZERO, |sum, order| sum.plus(order.amount));
        Ok(Ok(Offer { value: choice.value(price), price, after: self.after(&preview) }))
    }

    /// The customer afterwards, in a sentence.
    fn after(&self, preview: &Preview) -> String {
        let words = CounterWords::of(self.locale.language);
        let Some(after) = &preview.after else { return String::new() };
        let account = &after.user.account;
        let access = say::access(self.locale.language, &account.access);
        let left = say::quota(self.locale, (!account.unlimited).then(|| account.balance.remaining()));
        say::with(words.after, &[&left_until(words, self.locale, &access, &left, account.expires_at)])
    }
}

/// Access, what is left, and until when, in a sentence.
pub(super) fn left_until(
    words: &CounterWords,
    locale: &Locale,
    access: &str,
    left: &str,
    expires_at: Option<Timestamp>,
) -> String {
    match expires_at {
        Some(at) => say::with(words.after_left, &[access, left, &locale.moment(at)]),
        None => say::with(words.after_endless, &[access, left]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_button_is_read_as_it_was_written_and_nothing_else_is() {
        let package = Some("00000000-0000-4000-8000-000000000001".parse().unwrap());
        for choice in [
            Choice { settles: true, package: None },
            Choice { settles: false, package },
            Choice { settles: true, package },
        ] {
            let value = choice.value(Rupiah(50_000));
            assert_eq!(Choice::of_value(&value), Some((choice, Rupiah(50_000))), "{value}");
        }
        for wrong in ["", "-", "- - 5", "lunas", "lunas -", "lunas - x", "lunas - 5 6", "ya - 5", "lunas x 5"]
        {
            assert_eq!(Choice::of_value(wrong), None, "{wrong}");
        }
    }
}
