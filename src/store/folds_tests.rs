use uuid::Uuid;

use super::*;
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Rupiah};

/// A line of one user; `order` is its order's key, if it has one.
struct Line {
    kind: Kind,
    side: Side,
    amount: u64,
    debt: Option<u128>,
    order: Option<u32>,
    event: &'static str,
}

const fn line(kind: Kind, side: Side, amount: u64, event: &'static str) -> Line {
    Line { kind, side, amount, debt: None, order: None, event }
}

/// Closings, debts and orders with entries of one event and of several.
fn lines() -> Vec<Line> {
    use Kind::{Advance, Closing, DebtGranted, DebtPaid, Purchase, Reversal, Surplus, Usage};
    use Side::{Credit, Debit};
    vec![
        line(Advance, Credit, 900, "a"),
        Line { debt: Some(1), ..line(DebtGranted, Debit, 900, "a") },
        line(Usage, Debit, 500, "b"),
        line(Closing, Debit, 400, "c"),
        Line { order: Some(7), ..line(Purchase, Credit, 1000, "paid") },
        Line { order: Some(7), debt: Some(1), ..line(DebtPaid, Credit, 300, "paid") },
        Line { order: Some(7), ..line(Surplus, Credit, 3, "paid") },
        Line { order: Some(8), ..line(Purchase, Credit, 50, "paid-too") },
        Line { order: Some(7), ..line(Reversal, Debit, 1000, "back") },
        Line { debt: Some(2), ..line(DebtGranted, Debit, 10, "d") },
        line(Closing, Debit, 53, "e"),
        Line { debt: Some(1), ..line(DebtPaid, Credit, 600, "f") },
        Line { order: Some(7), ..line(Purchase, Credit, 1000, "paid again") },
        line(Usage, Debit, 5, "g"),
    ]
}

fn folded(lines: &[Line]) -> Folds {
    let mut folds = Folds::of(2);
    for (at, line) in lines.iter().enumerate() {
        let order = line.order.map(|no| format!("order {no}"));
        let fields = LinkFields {
            seq: 1,
            user: UserId(Uuid::from_u128(1)),
            at: Timestamp(1),
            kind: line.kind,
            side: line.side,
            amount: Bytes(line.amount),
            amount_rp: line.order.map(|_| Rupiah(line.amount)),
            debt: line.debt.map(|no| DebtId(Uuid::from_u128(no))),
            order: order.as_deref(),
            note: "",
            actor: "siti",
            event: line.event,
        };
        // The order 8 is not on file.
        folds.add(at % 2, &fields, line.order.filter(|no| *no != 8));
    }
    folds
}

#[test]
fn sums_of_two_parts_are_the_sums_of_the_whole_wherever_it_is_divided() {
    let whole = folded(&lines());
    assert_eq!(whole.orders[&7].credits, 2, "paid, and paid again");
    assert_eq!(whole.debts.len(), 1, "one is paid");
    assert_eq!(whole.missing_orders, ["order 8"]);
    // Positions of users take turns: a part begins with the first.
    for at in (0..=lines().len()).step_by(2) {
        let mut lines = lines();
        let later = lines.split_off(at);
        let mut parts = folded(&lines);
        parts.append(folded(&later));
        assert_eq!(parts, whole, "divided at {at}");
        for second in (0..later.len()).step_by(2) {
            let mut parts = folded(&lines);
            parts.append(folded(&later[..second]));
            parts.append(folded(&later[second..]));
            assert_eq!(parts, whole, "divided at {at} and {second} later");
        }
    }
}
