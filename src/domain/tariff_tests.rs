use jiff::civil::date;

use super::*;
use crate::domain::debt::DebtStatus;
use crate::domain::id::{DebtId, PackageId, UserId};
use crate::domain::ledger::Balance;
use crate::domain::units::Timestamp;

fn package(gb: u64, price: u64) -> Package {
    Package {
        id: PackageId(uuid::Uuid::from_u128(u128::from(gb))),
        name: format!("{gb} GB"),
        quota: Some(Bytes::gb(gb)),
        days: 30,
        price: Rupiah(price),
        active: true,
    }
}

fn tariff(packages: &[Package]) -> Tariff<'_> {
    Tariff { packages, rounding: Rupiah(10_000) }
}

fn item(n: u128, amount_mb: u64, paid_mb: u64, price: Option<u64>) -> DebtItem {
    DebtItem {
        id: DebtId(uuid::Uuid::from_u128(n)),
        amount: Some(Bytes::mb(amount_mb)),
        paid: Bytes::mb(paid_mb),
        price: price.map(Rupiah),
        paid_rp: Rupiah::ZERO,
        debt_date: date(2026, 11, 1),
        due_date: date(2026, 11, 30),
        note: String::new(),
        customer_note: String::new(),
        created_at: Timestamp(i64::try_from(n).unwrap()),
        status: DebtStatus::Open,
    }
}

fn debtor(items: Vec<DebtItem>, overage_mb: u64) -> Account {
    Account {
        items,
        balance: Balance { credits: Bytes::ZERO, debits: Bytes::mb(overage_mb) },
        ..Account::fresh(UserId(uuid::Uuid::nil()), true)
    }
}

#[test]
fn the_price_table_of_the_domain() {
    let small = package(10, 100_000);
    let large = package(25, 200_000);
    let rows: [(Bytes, Vec<Package>, u64); 8] = [
        (Bytes::gb(25), vec![small.clone(), large.clone()], 200_000),
        (Bytes::mb(25_601), vec![large.clone()], 210_000),
        (Bytes::gb(50), vec![small.clone(), large.clone()], 400_000),
        (Bytes::mb(500), vec![package(10, 50_000)], 10_000),
        (Bytes::mb(10_752), vec![small.clone(), large.clone()], 90_000),
        (Bytes::mb(1), vec![large.clone()], 10_000),
        (Bytes::ZERO, vec![], 0),
        (Bytes::gb(1), vec![package(10, 90_000), package(10, 50_000)], 10_000),
    ];
    for (debt, packages, price) in rows {
        assert_eq!(tariff(&packages).quote(debt), Ok(Rupiah(price)), "{debt}");
    }
}

#[test]
fn raw_prices_round_half_up_before_they_round_up() {
    let rows = [(25_601, 200_008), (10_752, 84_000), (500, 3_906)];
    let packages = [package(10, 100_000), package(25, 200_000)];
    let exact = Tariff { packages: &packages, rounding: Rupiah(1) };
    for (mb, raw) in rows {
        let expected = if mb == 500 { 4_883 } else { raw };
        assert_eq!(exact.quote(Bytes::mb(mb)), Ok(Rupiah(expected)), "{mb} MB");
    }
}

#[test]
fn without_a_package_there_is_no_price_and_never_zero() {
    let off = Package { active: false, ..package(10, 100_000) };
    let free = package(10, 0);
    let unlimited = Package { quota: None, ..package(10, 100_000) };
    assert_eq!(tariff(&[off, free, unlimited]).quote(Bytes::mb(1)), Err(PriceError::NoPackage));
}

#[test]
fn settling_everything_makes_320_000() {
    let packages = [package(25, 200_000)];
    let account = debtor(
        vec![
            item(1, 20_480, 0, Some(200_000)),
            item(2, 20_480, 10_240, Some(200_000)),
            item(3, 1024, 0, None),
        ],
        512,
    );
    let quote = tariff(&packages).settle_all(&account).unwrap();
    let prices: Vec<u64> = quote.lines.iter().map(|l| l.price.0).collect();
    assert_eq!(prices, [200_000, 100_000, 10_000, 10_000]);
    assert_eq!(quote.total(), Rupiah(320_000));
}

#[test]
fn a_partly_paid_item_rounds_up_to_the_rupiah_only() {
    let partly = item(1, 3, 1, Some(10_000));
    assert_eq!(tariff(&[]).due(&partly), Ok(Rupiah(6_667)));
}

#[test]
fn part_payments_go_to_the_oldest_item_first_and_round_bytes_down() {
    let packages = [package(25, 200_000)];
    let account = debtor(vec![item(1, 3, 0, Some(10_000)), item(2, 1024, 0, None)], 0);
    let tariff = tariff(&packages);
    let quote = tariff.part_payment(&account, Rupiah(15_000)).unwrap().unwrap();
    let paid: Vec<(u64, u64)> = quote.lines.iter().map(|l| (l.bytes.0, l.price.0)).collect();
    assert_eq!(paid, [(Bytes::mb(3).0, 10_000), (Bytes::mb(512).0, 5_000)]);
    assert!(tariff.part_payment(&account, Rupiah(20_000)).unwrap().is_some(), "exactly what is due");
    assert!(tariff.part_payment(&account, Rupiah(20_001)).unwrap().is_none(), "more than is due");
    let third = tariff.part_payment(&account, Rupiah(1)).unwrap().unwrap();
    assert_eq!(third.lines[0].bytes.0, 314);
}

#[test]
fn an_unlimited_plan_on_credit_is_paid_whole() {
    let plan = DebtItem { amount: None, price: Some(Rupiah(50_000)), ..item(1, 0, 0, None) };
    let account = debtor(vec![plan], 0);
    assert_eq!(tariff(&[]).settle_all(&account).unwrap().total(), Rupiah(50_000));
    assert!(tariff(&[]).part_payment(&account, Rupiah(49_999)).unwrap().is_none());
}

#[test]
fn an_unlimited_plan_without_a_price_is_not_free() {
    let plan = DebtItem { amount: None, price: None, ..item(1, 0, 0, None) };
    assert_eq!(tariff(&[]).due(&plan), Err(PriceError::NoPackage));
    let account = debtor(vec![item(1, 3, 0, Some(10_000)), plan], 0);
    let packages = [package(25, 200_000)];
    assert_eq!(total(&tariff(&packages).owed(&account)), Err(PriceError::NoPackage));
    assert!(tariff(&packages).settle_all(&account).is_err());
}

#[test]
fn the_sum_of_what_is_owed_is_the_price_of_settling_it() {
    let packages = [package(25, 200_000)];
    let account = debtor(vec![item(1, 3, 0, Some(10_000)), item(2, 1024, 0, None)], 700);
    let lines = tariff(&packages).owed(&account);
    assert_eq!(lines.len(), 3);
    assert_eq!(total(&lines), tariff(&packages).settle_all(&account).map(|quote| quote.total()));
    assert_eq!(total(&[]), Ok(Rupiah::ZERO));
}
