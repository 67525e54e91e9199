//! A cashier's drawer: what went through it since it was counted last, and what must lie in it.

use super::ledger::named;
use super::order::CashMethod;
use super::units::Rupiah;

named! {
    /// Which way money went over the counter.
    Move {
        /// An order was paid.
        Taken = "taken",
        /// An order was refunded.
        Returned = "returned",
    }
}

/// Money of one method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// All that came in.
    pub taken: Rupiah,
    /// All that went back.
    pub returned: Rupiah,
}

impl Turnover {
    /// What stayed, in rupiah; below zero when more went back than came in.
    pub fn sum(self) -> i64 {
        signed(self.taken) - signed(self.returned)
    }
}

/// What went through one cashier's hands between two closings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawer {
    /// Coins and notes: what lies in the drawer.
    pub cash: Turnover,
    /// Bank transfers: shown in addition.
    pub transfer: Turnover,
    /// The printed QRIS code: shown in addition.
    pub qris_static: Turnover,
    /// How many receipts were given, whatever the method.
    pub receipts: u64,
    /// The first of them.
    pub first_receipt: Option<u64>,
    /// The last of them. Receipts of other cashiers may lie between.
    pub last_receipt: Option<u64>,
}

impl Drawer {
    /// Adds money of one method that went one way.
    pub fn add(&mut self, method: CashMethod, way: Move, amount: Rupiah) {
        let turnover = match method {
            CashMethod::Cash => &mut self.cash,
            CashMethod::Transfer => &mut self.transfer,
            CashMethod::QrisStatic => &mut self.qris_static,
        };
        match way {
            Move::Taken => turnover.taken = turnover.taken.plus(amount),
            Move::Returned => turnover.returned = turnover.returned.plus(amount),
        }
    }

    /// Adds `count` receipts from `first` to `last`.
    pub fn add_receipts(&mut self, count: u64, first: u64, last: u64) {
        self.receipts += count;
        self.first_receipt = Some(self.first_receipt.map_or(first, |old| old.min(first)));
        self.last_receipt = Some(self.last_receipt.map_or(last, |old| old.max(last)));
    }

    /// The cash that must be there, in rupiah. Below zero after a refund of what an earlier closing counted.
    pub fn expected(&self) -> i64 {
        self.cash.sum()
    }

    /// Counted less expected: above zero is too much, below zero too little.
    pub fn difference(&self, counted: Rupiah) -> i64 {
        signed(counted) - self.expected()
    }
}

fn signed(amount: Rupiah) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cash_lies_in_the_drawer() {
        let mut drawer = Drawer::default();
        drawer.add(CashMethod::Cash, Move::Taken, Rupiah(100_000));
        drawer.add(CashMethod::Transfer, Move::Taken, Rupiah(70_000));
        drawer.add(CashMethod::QrisStatic, Move::Taken, Rupiah(30_000));
        drawer.add(CashMethod::QrisStatic, Move::Returned, Rupiah(10_000));
        drawer.add(CashMethod::Cash, Move::Returned, Rupiah(40_000));
        assert_eq!(
            (drawer.expected(), drawer.transfer.sum(), drawer.qris_static.sum()),
            (60_000, 70_000, 20_000)
        );
        assert_eq!(drawer.difference(Rupiah(59_000)), -1_000);
    }

    #[test]
    fn a_refund_of_what_was_counted_before_leaves_less_than_nothing() {
        let mut drawer = Drawer::default();
        drawer.add(CashMethod::Cash, Move::Returned, Rupiah(40_000));
        assert_eq!((drawer.expected(), drawer.difference(Rupiah::ZERO)), (-40_000, 40_000));
    }

    #[test]
    fn receipts_span_from_the_first_to_the_last() {
        let mut drawer = Drawer::default();
        drawer.add_receipts(2, 4, 9);
        drawer.add_receipts(1, 3, 3);
        assert_eq!((drawer.receipts, drawer.first_receipt, drawer.last_receipt), (3, Some(3), Some(9)));
    }
}
