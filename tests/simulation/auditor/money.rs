//! The gateway's own books against what was credited: whatever was paid is credited once, whatever was not is not.

use std::collections::BTreeMap;

use super::books::Books;

/// What truly became of an order at the gateway.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_field_names, reason = "what is paid is called so")]
pub struct Paid {
    /// What the order costs.
    pub asked: u64,
    /// What the customer truly paid, if anything.
    pub paid: Option<u64>,
    /// What truly went back.
    pub returned: u64,
    /// It may still be paid.
    pub is_open: bool,
}

impl Paid {
    /// Whether as much was paid as was asked for. That it was called off before does not count: the word of it may
    /// have been lost, and then the payment is as good as any other.
    fn is_right(&self) -> bool {
        self.paid == Some(self.asked)
    }
}

/// Whether a credit that reached the agent stands on money.
pub fn judge_credit(order: &str, truth: Option<&Paid>) -> Result<(), String> {
    match truth {
        None => Err(format!("{order} is credited and the gateway never heard of it")),
        Some(truth) if !truth.is_right() => Err(format!("{order} is credited: {truth:?}")),
        Some(_) => Ok(()),
    }
}

/// The end, when nothing is under way any more.
pub fn judge_end(books: &Books, truths: &BTreeMap<String, Paid>) -> Vec<String> {
    let mut wrong: Vec<String> =
        truths.iter().filter_map(|(id, truth)| judge_order(id, truth, books)).collect();
    let online = books.orders.iter().filter(|(_, order)| !order.is_cash);
    for (id, order) in online {
        let may_be_paid = truths.get(id).is_some_and(|truth| truth.is_open);
        if order.is_open() && !may_be_paid {
            wrong.push(format!("{id} hangs: {} here, and {:?} there", order.status, truths.get(id)));
        }
    }
    wrong
}

fn judge_order(id: &str, truth: &Paid, books: &Books) -> Option<String> {
    let order = books.orders.get(id);
    let is_credited = order.is_some_and(|order| order.credited);
    let by_person = |flag: &str| order.is_some_and(|order| order.flags.contains(flag));
    let waits = order.is_some_and(|order| order.status == "review");
    let is_back = truth.returned > 0;
    let is_wrong = match truth.paid {
        None => is_credited,
        Some(_) if truth.is_right() && !is_back => !is_credited && !by_person("dismissed") && !waits,
        Some(_) if truth.is_right() => false,
        Some(_) => is_credited && !by_person("credited_by_owner"),
    };
    // What went back went back here, too.
    let is_kept = is_credited && order.is_some_and(|order| order.refunded != truth.returned.min(truth.asked));
    let is_unseen = truth.paid.is_some() && !is_back && order.is_none();
    let open_twice = truth.is_open && order.is_none();
    (is_wrong || is_kept || is_unseen || open_twice)
        .then(|| format!("{id}: the gateway has {truth:?}, the ledger {order:?}"))
}
