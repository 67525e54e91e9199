//! Sums that are kept are those of the store, whatever is written and whoever reads at the same time.

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::prelude::*;

use super::meters::tests::{HOUR, Site};
use super::*;
use crate::domain::id::OrderId;
use crate::domain::order::{CashMethod, Method, OrderKind, OrderState, Quote};
use crate::domain::units::{Bytes, Rupiah, Timestamp};

const DAY: i64 = 1000;
const DAYS: Range<i64> = 0..4;
const HOURS: Range<i64> = HOUR - 1..HOUR + 3;

/// What is done between two looks.
#[derive(Clone, Debug)]
enum Deed {
    /// An order is opened, paid or refunded, whatever it was before.
    Order { no: u8, amount: u64, refunded: u64, is_paid: bool, method: CashMethod, is_online: bool },
    /// The clock is set: an order was paid on another day.
    Redate { no: u8, day: i64 },
    /// A device moves something, in the same hour as before or in the next one.
    Usage { device: usize, bytes: u64, is_next: bool },
    /// The hour before the first one in which something moves here is deleted.
    Forget,
    /// A reader is opened that reads only after the next deeds.
    Open,
    /// It reads.
    ReadLate,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let method = prop_oneof![Just(CashMethod::Cash), Just(CashMethod::Transfer)];
    let order = (0..5_u8, 1..4_u64, 0..2_u64, any::<bool>(), method, any::<bool>());
    let deed = prop_oneof![
        6 => order.prop_map(|(no, amount, refunded, is_paid, method, is_online)| Deed::Order {
            no, amount, refunded, is_paid, method, is_online
        }),
        2 => (0..5_u8, DAYS).prop_map(|(no, day)| Deed::Redate { no, day }),
        4 => (0..2_usize, 1..9_u64, any::<bool>())
            .prop_map(|(device, bytes, is_next)| Deed::Usage { device, bytes, is_next }),
        1 => Just(Deed::Forget),
        2 => Just(Deed::Open),
        2 => Just(Deed::ReadLate),
    ];
    prop::collection::vec(deed, 1..24)
}

/// Every sum that a reader gives.
fn sums(reader: &Reader) -> (Vec<Vec<reports::Income>>, Vec<Bytes>) {
    let income = |day| {
        let mut found = reader.income(Timestamp(day * DAY), Timestamp((day + 1) * DAY)).unwrap().to_vec();
        found.sort_by(|a, b| (&a.method, &a.cashier).cmp(&(&b.method, &b.cashier)));
        found
    };
    (DAYS.map(income).collect(), HOURS.map(|hour| reader.usage_of_hour(hour).unwrap()).collect())
}

/// When each order is paid, and on file.
#[derive(Default)]
struct Known {
    paid_at: BTreeMap<u8, Timestamp>,
    receipts: u64,
}

fn order(known: &mut Known, deed: &Deed) -> Option<OrderRecord> {
    let Deed::Order { no, amount, refunded, is_paid, method, is_online } = deed else { return None };
    let id = OrderId(format!("order-{no}"));
    let created =
        OrderRecord::created(id, Some(1), OrderKind::Purchase, Method::Cash(*method), Quote::default());
    known.receipts += 1;
    // A paid order stays paid.
    let was_paid = known.paid_at.contains_key(no);
    let paid_at = (*is_paid || was_paid)
        .then(|| *known.paid_at.entry(*no).or_insert(Timestamp(i64::from(*no) % DAYS.end * DAY + 7)));
    Some(OrderRecord {
        amount: Rupiah(10 * amount),
        refunded: Rupiah(*refunded),
        status: if paid_at.is_some() { OrderState::Paid } else { OrderState::Created },
        receipt_no: paid_at.map(|_| known.receipts),
        cashier: (!is_online).then(|| "siti".to_owned()),
        paid_at,
        ..created
    })
}

fn do_it(site: &mut Site, known: &mut Known, deed: &Deed) {
    if let Deed::Usage { device, bytes, is_next } = deed {
        site.hour = (site.hour + i64::from(*is_next)).min(HOURS.end - 1);
        return site.moves(*device, *bytes);
    }
    let order = order(known, deed);
    let redated = match deed {
        Deed::Redate { no, day } => known.paid_at.get_mut(no).map(|paid_at| {
            let (said, at) = (*paid_at, Timestamp(day * DAY + 9));
            *paid_at = at;
            Redated { what: Undated::Order, id: format!("order-{no}"), said, at }
        }),
        _ => None,
    };
    let hours_from = matches!(deed, Deed::Forget).then_some(HOUR);
    let batch = Batch {
        orders: order.iter().collect(),
        redated: redated.iter().collect(),
        hours_from,
        ..Batch::default()
    };
    site.store.commit(&batch).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn kept_sums_are_those_of_the_store(deeds in deeds()) {
        let mut site = Site::new();
        let mut known = Known::default();
        let mut late: Option<Reader> = None;
        for deed in &deeds {
            match deed {
                Deed::Open => late = Some(site.store.reader().unwrap()),
                Deed::ReadLate => drop(late.take().map(|reader| sums(&reader))),
                _ => do_it(&mut site, &mut known, deed),
            }
            let there = sums(&Reader::open(site.dir.path()).unwrap());
            // Once to keep them, once to take what is kept.
            for _ in 0..2 {
                prop_assert_eq!(&sums(&site.store.reader().unwrap()), &there, "after {:?}", deed);
            }
        }
    }
}

/// A reader of which a transaction is open gives its connection back without it.
#[test]
fn a_reader_that_saw_one_moment_leaves_no_trace() {
    let mut site = Site::new();
    let mut known = Known::default();
    let reader = site.store.reader().unwrap();
    reader.freeze().unwrap();
    drop(reader);
    let sale = Deed::Order {
        no: 1,
        amount: 2,
        refunded: 0,
        is_paid: true,
        method: CashMethod::Cash,
        is_online: false,
    };
    do_it(&mut site, &mut known, &sale);
    let (income, _) = sums(&site.store.reader().unwrap());
    assert_eq!(income[1].len(), 1);
    // Nothing holds the log: all of it can go into the file.
    let busy: i64 =
        site.store.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0);
}
