use super::*;
use crate::domain::access::Status;
use crate::domain::id::{DebtId, OrderId, PackageId};
use crate::protocol::admin::users::UserView;

/// A site with an object for every kind of command.
struct Shop {
    pi: Pi,
    user: UserId,
    /// Owes nothing and has no devices.
    idle: UserId,
    package: PackageId,
    debt: DebtId,
    order: OrderId,
}

/// Makes ids of new objects count up from the same start each time.
fn counted_ids(pi: &mut Pi) {
    let mut next = 1_000_u128;
    pi.engine().parts.new_id = Box::new(move || {
        next += 1;
        Uuid::from_u128(next)
    });
}

fn terms(amount: Bytes) -> DebtTerms {
    let (note, customer_note) = (String::new(), String::new());
    let what = Ok(amount);
    DebtTerms { what, advance: true, debt_date: None, due_date: None, price: None, note, customer_note }
}

fn shop() -> Shop {
    let (mut pi, user) = site();
    let idle = pi.add_user("Budi");
    let package = add_package(&mut pi, Bytes::gb(10), 100_000);
    let order = pi.ask(Command::Buy(user, package, cash(None)), None).unwrap();
    let debt = pi.ask(Command::AddDebt(user, terms(Bytes::gb(2))), None).unwrap();
    pi.ask(Command::AddDebt(user, terms(Bytes::gb(1))), None).unwrap();
    pi.pass(10);
    // Collected and not committed: a draft seals these.
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    Shop {
        user,
        idle,
        package,
        debt: debt["id"].as_str().unwrap().parse().unwrap(),
        order: OrderId(order["id"].as_str().unwrap().into()),
        pi,
    }
}

fn why() -> String {
    "tes".to_owned()
}

fn reset(user: UserId) -> Command {
    Command::Reset { user, debt: Some(Bytes::gb(10)), credit: None, days: None, unblock: None, reason: why() }
}

/// Every command of the table with its name.
fn actions(shop: &Shop) -> Vec<(&'static str, Command)> {
    let Shop { user, idle, package, debt, .. } = *shop;
    let new = NewUser { name: "Sari".into(), phone: None, login: None, settings: Settings::default() };
    let pin = PinHash("$argon2id$".into());
    vec![
        ("grant", Command::Grant(user, Grant { amount: Bytes::gb(1), days: Some(3), reason: why() })),
        ("debit", Command::Debit { user, amount: Bytes::gb(90), reason: why() }),
        ("buy", Command::Buy(user, package, cash(None))),
        (
            "serve",
            Command::Serve(Box::new(CounterSale {
                customer: CounterCustomer::Known(user),
                settles: true,
                package: Some(package),
                tender: cash(None),
            })),
        ),
        ("settle all", Command::SettleAll(user, cash(None))),
        ("settle one", Command::SettleItem(user, debt, cash(None))),
        ("settle a part", Command::PayPart(user, Rupiah(7_000), cash(None))),
        ("add debt", Command::AddDebt(user, terms(Bytes::mb(700)))),
        (
            "change debt",
            Command::ChangeDebt(user, debt, DebtChange { note: Some(why()), ..DebtChange::default() }),
        ),
        ("reset with debt", reset(user)),
        ("block", Command::Block(user, why())),
        ("unblock", Command::Unblock(user, why())),
        ("write off", Command::WriteOff { user, debt, reason: why() }),
        ("refund", Command::Refund { order: shop.order.clone(), amount: None, reason: why() }),
        ("close drawer", Command::CloseDrawer { counted: Rupiah(1), note: why() }),
        ("delete", Command::DeleteUser(idle)),
        ("add user", Command::AddUser(new)),
        (
            "change user",
            Command::ChangeUser(user, UserChange { name: Some("S".into()), ..UserChange::default() }),
        ),
        (
            "register",
            Command::Register {
                name: "Dewi".into(),
                phone: "08990000001".into(),
                pin: pin.clone(),
                mac: Some(mac(5)),
                seen_at: None,
            },
        ),
        ("set pin", Command::SetPin(user, pin)),
        ("bind", Command::Bind(NewDevice { label: why(), ..NewDevice::of(idle, mac(2)) })),
        ("move", Command::Bind(NewDevice { label: why(), is_move: true, ..NewDevice::of(idle, mac(1)) })),
        ("unbind", Command::Unbind { user, mac: mac(1) }),
        ("delete package", Command::DeletePackage(package)),
    ]
}

/// The last reading, repeated at this moment.
fn same_reading(pi: &mut Pi) -> Reading {
    Reading { hosts: pi.engine().hosts(), begun: pi.clock.uptime() }
}

fn shown(pi: &mut Pi, snapshot: Option<&Snapshot>) -> Option<Value> {
    let policy = pi.policy.clone();
    snapshot.map(|snapshot| serde_json::to_value(UserView::of(snapshot, &policy)).unwrap())
}

/// Entries of the ledger after the first `lines`, in order.
fn entries_after(pi: &mut Pi, lines: u64) -> Vec<crate::domain::ledger::Entry> {
    let page = Page { limit: 100, after: None };
    let statement = |no| pi.engine().reader().statement(no, page).unwrap();
    let mut made: Vec<_> = (1..=2).flat_map(statement).filter(|line| line.seq > lines).collect();
    made.sort_by_key(|line| line.seq);
    made.into_iter().map(|line| line.entry).collect()
}

fn preview(pi: &mut Pi, action: &Command) -> Result<Preview, EngineError> {
    counted_ids(pi);
    let request = Request { actor: Actor::daemon(), action: action.clone(), key: None, reading: None };
    pi.engine().preview(request)
}

#[test]
fn what_is_previewed_is_what_is_done() {
    for n in 0..actions(&shop()).len() {
        let mut shop = shop();
        let (what, action) = actions(&shop).swap_remove(n);
        let pi = &mut shop.pi;
        let lines = pi.engine().read_view().entries();
        let previewed = preview(pi, &action).unwrap_or_else(|error| panic!("{what}: {error}"));
        let (before, after) = (shown(pi, previewed.before.as_ref()), shown(pi, previewed.after.as_ref()));
        let subject = previewed.before.as_ref().or(previewed.after.as_ref());
        let id = subject.map(|snapshot| snapshot.user.account.id);

        let now = |pi: &mut Pi| id.and_then(|id| pi.engine().read_view().user(id));
        let as_it_is = now(pi);
        assert_eq!(before, shown(pi, as_it_is.as_ref()), "{what}: nothing changed");
        counted_ids(pi);
        let reading = same_reading(pi);
        let request = Request { actor: Actor::daemon(), action, key: None, reading: Some(reading) };
        let outcome = pi.engine().submit(request).unwrap();
        assert_eq!(outcome, previewed.done, "{what}");
        let done = now(pi);
        assert_eq!(after, shown(pi, done.as_ref()), "{what}");
        let accounts = (done.map(|s| s.user.account), previewed.after.map(|s| s.user.account));
        assert_eq!(accounts.0, accounts.1, "{what}");

        assert_eq!(previewed.entries, entries_after(pi, lines), "{what}");
        for debt in &previewed.debts {
            assert_eq!(pi.engine().reader().debt(debt.id).unwrap().unwrap().1, *debt, "{what}");
        }
        for order in &previewed.orders {
            assert_eq!(pi.engine().reader().order(&order.id).unwrap().as_ref(), Some(order), "{what}");
        }
        pi.verify();
    }
}

#[test]
fn a_preview_commits_nothing_counts_no_reading_and_remembers_no_key() {
    let mut shop = shop();
    let actions = actions(&shop);
    let pi = &mut shop.pi;
    let (commits, used) = (pi.engine().store_stats().commits, pi.used(shop.user));
    for (_, action) in &actions {
        preview(pi, action).unwrap();
    }
    let key = Key { id: "siti/1".into(), content_hash: [1; 32] };
    pi.pass(10);
    let reading = pi.reading(120, vec![row(1, "*1", 70, 9000)]);
    let request = Request {
        actor: Actor::daemon(),
        action: reset(shop.user),
        key: Some(key.clone()),
        reading: Some(reading),
    };
    pi.engine().preview(request).unwrap();
    assert_eq!(pi.engine().answered(Some(&key)).unwrap(), None);
    assert_eq!((pi.engine().store_stats().commits, pi.used(shop.user)), (commits, used));
    assert_eq!(pi.engine().read_view().packages().len(), 1);
    assert!(pi.notices.0.lock().unwrap().iter().all(|n| !matches!(n, Notice::OverageWarning { .. })));
}

#[test]
fn a_reset_is_previewed_before_the_router_was_ever_read() {
    let mut pi = Pi::new(debt_mode());
    let user = pi.add_user("Siti");
    let previewed = preview(&mut pi, &reset(user)).unwrap();
    assert_eq!(previewed.after.unwrap().user.account.access.status, Status::Active);
    assert_eq!(previewed.debts.len(), 1);
    assert!(matches!(pi.ask(reset(user), None), Err(EngineError::RouterNeeded(_))));
}

#[test]
fn what_would_be_refused_is_refused_in_the_preview() {
    let mut shop = shop();
    let (user, package) = (shop.user, shop.package);
    let rows = [
        Command::Buy(user, package, cash(Some(1))),
        Command::DeleteUser(user),
        Command::SettleItem(shop.idle, shop.debt, cash(None)),
        Command::PayPart(user, Rupiah(90_000_000), cash(None)),
    ];
    for action in rows {
        let previewed = preview(&mut shop.pi, &action).unwrap_err();
        let done = shop.pi.ask(action, None).unwrap_err();
        assert_eq!(previewed.to_string(), done.to_string());
    }
}
