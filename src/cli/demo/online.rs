//! Compares the payments at the gateway with the credits in the ledger, order by order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::ledger::Kind;
use crate::domain::units::Rupiah;
use crate::sim::midtrans::SimPayment;
use crate::store::{OrderRecord, Reader, StoreError};

/// An online order that the ledger credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credited {
    amount: Rupiah,
    /// The number of events that credited it, which must be one.
    times: usize,
}

impl Credited {
    /// Reads from the ledger how an order was credited.
    pub fn read(reader: &Reader, order: &OrderRecord) -> Result<Self, StoreError> {
        let entries = reader.order_entries(&order.id)?;
        let credits = entries.iter().filter(|posted| !is_return(posted.entry.kind));
        let events: BTreeSet<&str> = credits.map(|posted| posted.event.as_str()).collect();
        Ok(Self { amount: order.amount, times: events.len() })
    }
}

/// Whether an entry undoes a payment.
fn is_return(kind: Kind) -> bool {
    matches!(kind, Kind::Reversal | Kind::DebtReopened)
}

/// Online payments at the end.
#[derive(Debug)]
pub(super) struct OnlineTotals {
    opened: u64,
    paid: BTreeMap<String, Rupiah>,
    credited: BTreeMap<String, Credited>,
    /// Orders whose money waits for the owner's decision: paid after they were cancelled, for example.
    held: BTreeSet<String>,
}

impl OnlineTotals {
    /// `opened` orders and the `paid` ones according to the gateway, the `credited` and `held` ones according to the
    /// site.
    pub fn new(
        opened: u64,
        paid: Vec<SimPayment>,
        credited: BTreeMap<String, Credited>,
        held: BTreeSet<String>,
    ) -> Self {
        let mut sums = BTreeMap::new();
        for payment in paid {
            let sum: &mut Rupiah = sums.entry(payment.order_id).or_default();
            *sum = sum.plus(Rupiah(payment.amount_rp));
        }
        Self { opened, paid: sums, credited, held }
    }

    /// A fault: money that was not credited exactly once, or credits without money.
    pub fn fault(&self) -> Option<String> {
        let orders: BTreeSet<&String> = self.paid.keys().chain(self.credited.keys()).collect();
        let wrongs: Vec<String> = orders.into_iter().filter_map(|order| self.wrong(order)).collect();
        (!wrongs.is_empty()).then(|| format!("online payments do not add up: {}", wrongs.join("; ")))
    }

    fn wrong(&self, order: &str) -> Option<String> {
        match (self.paid.get(order), self.credited.get(order)) {
            (Some(paid), Some(Credited { amount, times: 1 })) if paid == amount => None,
            (Some(paid), Some(Credited { amount, times })) => {
                Some(format!("{order}: {paid} paid, {amount} credited {times} times"))
            }
            (Some(_), None) if self.held.contains(order) => None,
            (Some(paid), None) => Some(format!("{order}: {paid} paid and not credited")),
            (None, Some(Credited { amount, .. })) => Some(format!("{order}: {amount} credited and not paid")),
            (None, None) => None,
        }
    }
}

impl fmt::Display for OnlineTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |amounts: &mut dyn Iterator<Item = Rupiah>| amounts.fold(Rupiah::ZERO, Rupiah::plus);
        let paid = sum(&mut self.paid.values().copied());
        let credited = sum(&mut self.credited.values().map(|credited| credited.amount));
        let verdict = if self.fault().is_none() { "equal" } else { "NOT EQUAL" };
        write!(
            f,
            "{} opened, {} paid: {paid}; {} credited: {credited}, {verdict}",
            self.opened,
            self.paid.len(),
            self.credited.len()
        )?;
        match self.paid.keys().filter(|order| self.held.contains(*order)).count() {
            0 => Ok(()),
            held => write!(f, "; {held} wait for the owner's decision"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn online(paid: &[(&str, u64)], credited: &[(&str, u64, usize)]) -> OnlineTotals {
        OnlineTotals {
            opened: 3,
            paid: paid.iter().map(|(id, rp)| ((*id).to_owned(), Rupiah(*rp))).collect(),
            credited: credited
                .iter()
                .map(|(id, rp, times)| ((*id).to_owned(), Credited { amount: Rupiah(*rp), times: *times }))
                .collect(),
            held: BTreeSet::new(),
        }
    }

    #[test]
    fn money_that_was_credited_once_is_equal() {
        let fine = online(&[("a", 50_000), ("b", 100_000)], &[("a", 50_000, 1), ("b", 100_000, 1)]);
        assert_eq!(fine.fault(), None);
        assert_eq!(fine.to_string(), "3 opened, 2 paid: Rp 150.000; 2 credited: Rp 150.000, equal");
    }

    #[test]
    fn money_that_waits_for_the_owner_is_named_and_no_fault() {
        let mut waiting = online(&[("a", 50_000), ("b", 70_000)], &[("a", 50_000, 1)]);
        waiting.held.insert("b".to_owned());
        assert_eq!(waiting.fault(), None);
        let told =
            "3 opened, 2 paid: Rp 120.000; 1 credited: Rp 50.000, equal; 1 wait for the owner's decision";
        assert_eq!(waiting.to_string(), told);
    }

    #[test]
    fn every_other_outcome_is_a_fault_that_names_the_order() {
        for (paid, credited, words) in [
            (&[("a", 50_000)][..], &[][..], "a: Rp 50.000 paid and not credited"),
            (&[], &[("a", 50_000, 1)], "a: Rp 50.000 credited and not paid"),
            (&[("a", 50_000)], &[("a", 50_000, 2)], "credited 2 times"),
            (&[("a", 50_000)], &[("a", 60_000, 1)], "Rp 60.000 credited 1 times"),
            // Equal sums are not enough.
            (&[("a", 50_000)], &[("b", 50_000, 1)], "b: Rp 50.000 credited and not paid"),
        ] {
            let wrong = online(paid, credited);
            assert!(wrong.fault().is_some_and(|fault| fault.contains(words)), "{wrong:?}");
            assert!(wrong.to_string().ends_with("NOT EQUAL"), "{wrong}");
        }
    }
}
