use super::*;
use crate::domain::id::{DebtId, PackageId};

const PRICE: u64 = 100_000;

/// A customer who owes 20 000 rupiah for a debt item, and a package on sale.
fn counter() -> (Pi, UserId, PackageId, DebtId) {
    let mut pi = Pi::new(debt_mode());
    let user = pi.add_user("Ani");
    let package = add_package(&mut pi, Bytes::gb(10), PRICE);
    let what = Ok(Bytes::gb(2));
    let (note, customer_note) = (String::new(), String::new());
    let price = Some(Rupiah(20_000));
    let terms =
        DebtTerms { what, advance: true, debt_date: None, due_date: None, price, note, customer_note };
    let debt = pi.ask(Command::AddDebt(user, terms), None).unwrap();
    (pi, user, package, debt["id"].as_str().unwrap().parse().unwrap())
}

fn both(user: UserId, package: PackageId, expect: u64) -> Command {
    let customer = CounterCustomer::Known(user);
    let tender = Tender { expect: Some(Rupiah(expect)), ..cash(None) };
    Command::Serve(Box::new(CounterSale { customer, settles: true, package: Some(package), tender }))
}

fn new(name: &str, phone: Option<&str>, package: Option<PackageId>, expect: u64) -> Command {
    let user = NewUser {
        name: name.into(),
        phone: phone.map(str::to_owned),
        login: None,
        settings: Settings::default(),
    };
    let customer = CounterCustomer::New { user, device: Some((mac(7), "HP".to_owned())) };
    let tender = Tender { expect: Some(Rupiah(expect)), ..cash(None) };
    Command::Serve(Box::new(CounterSale { customer, settles: false, package, tender }))
}

/// Receipts of the cashier's drawer with their amounts.
fn receipts(pi: &mut Pi) -> Vec<(u64, u64)> {
    let page = Page { limit: 20, after: None };
    let orders = pi.engine().reader().find_orders(&crate::store::OrderFilter::default(), page).unwrap();
    let mut found: Vec<(u64, u64)> =
        orders.iter().map(|(_, order)| (order.receipt_no.unwrap(), order.amount.0)).collect();
    found.sort_unstable();
    found
}

#[test]
fn a_debt_and_a_package_are_paid_in_one_go_with_a_receipt_each() {
    let (mut pi, user, package, debt) = counter();
    let key = Key { id: "siti/1".into(), content_hash: [1; 32] };
    let sold = pi.ask_keyed(both(user, package, PRICE + 20_000), None, Some(key.clone())).unwrap();
    assert_eq!(sold["amount_rp"], PRICE);
    assert_eq!(receipts(&mut pi), [(1, 20_000), (2, PRICE)]);
    let account = pi.user(user);
    assert!(account.item(debt).is_none_or(|item| !item.is_open()));
    assert_eq!(account.balance.remaining(), Bytes::gb(12));
    let again = pi.ask_keyed(both(user, package, PRICE + 20_000), None, Some(key)).unwrap();
    assert_eq!(again, sold, "the same press is the same sale");
    assert_eq!(receipts(&mut pi).len(), 2);
    pi.restart();
    assert_eq!(receipts(&mut pi), [(1, 20_000), (2, PRICE)]);
    pi.verify();
}

#[test]
fn what_is_refused_of_a_sale_refuses_all_of_it() {
    let (mut pi, user, package, _) = counter();
    let before = pi.user(user);
    let changed = pi.ask(both(user, package, PRICE), None);
    let total = Rupiah(PRICE + 20_000);
    assert!(
        matches!(changed, Err(EngineError::Refused(Refusal::QuoteChanged(now))) if now == total),
        "{changed:?}"
    );
    let off = PackageChange { active: Some(false), ..PackageChange::default() };
    pi.ask(Command::ChangePackage(package, off), None).unwrap();
    let refused = pi.ask(both(user, package, PRICE + 20_000), None);
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::NotOnSale))), "{refused:?}");
    assert_eq!(pi.user(user), before);
    assert_eq!(receipts(&mut pi), [], "nothing was taken");

    // A new customer is not entered either.
    let refused = pi.ask(new("Sari", None, Some(package), PRICE), None);
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::NotOnSale))), "{refused:?}");
    assert_eq!(pi.engine().read_view().users_len(), 1);
    assert!(pi.engine().read_view().device(mac(7)).is_none());
    let nothing = CounterSale {
        customer: CounterCustomer::Known(user),
        settles: false,
        package: None,
        tender: cash(None),
    };
    let nothing = pi.ask(Command::Serve(Box::new(nothing)), None);
    assert!(matches!(nothing, Err(EngineError::Invalid { field: "package_id", .. })));
    pi.verify();
}

#[test]
fn a_new_customer_is_entered_with_device_and_package_in_one_commit() {
    let (mut pi, _, package, _) = counter();
    pi.ask(
        Command::AddUser(NewUser {
            name: "Budi".into(),
            phone: Some("0812345678".into()),
            login: None,
            settings: Settings::default(),
        }),
        None,
    )
    .unwrap();
    let taken = pi.ask(new("Sari", Some("+62812345678"), Some(package), PRICE), None);
    assert!(matches!(taken, Err(EngineError::Conflict { code: "phone_taken", .. })), "{taken:?}");
    assert_eq!(receipts(&mut pi), []);
    let sold = pi.ask(new("Sari", Some("0812345679"), Some(package), PRICE), None).unwrap();
    let id: UserId = sold["user_id"].as_str().unwrap().parse().unwrap();
    pi.restart();
    let sari = pi.engine().read_view().user(id).unwrap();
    assert_eq!((sari.user.name.as_str(), sari.devices[0].0.mac), ("Sari", mac(7)));
    assert_eq!(sari.user.account.balance.remaining(), Bytes::gb(10));
    // Without a package it is a customer with a device.
    let taken = pi.ask(new("Tini", None, None, 0), None);
    assert!(matches!(taken, Err(EngineError::DeviceTaken { .. })), "{taken:?}");
    pi.verify();
}
