//! Readings are counted while the store cannot be written, and a refused change leaves nothing.

use rusqlite::{Connection, TransactionBehavior};

use super::*;

fn is_refused(done: &Result<Value, EngineError>) -> bool {
    matches!(done, Err(EngineError::Store(StoreError::Unwritable(Unwritable::Busy(_)))))
}

#[test]
fn access_follows_the_router_while_the_store_cannot_be_written() {
    let (mut pi, user) = site();
    let mut other = Connection::open(pi.dir.path().join(crate::store::FILE)).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let before = (pi.used(user), pi.engine().read_view().users_len(), pi.engine().read_view().entries());
    let new = NewUser { name: "Budi".into(), phone: None, login: None, settings: Settings::default() };
    assert!(is_refused(&pi.ask(Command::AddUser(new.clone()), None)));
    let grant = Grant { amount: Bytes::gb(5), days: None, reason: "tes".into() };
    assert!(is_refused(&pi.ask(Command::Grant(user, grant), None)));
    let after = (pi.used(user), pi.engine().read_view().users_len(), pi.engine().read_view().entries());
    assert_eq!(after, before, "a refused change leaves nothing behind");

    pi.pass(10);
    assert!(pi.meter(110, vec![row(1, "*1", 60, 1000 + Bytes::mb(1524).0)]));
    assert_eq!(pi.user(user).access.status.name(), "blocked");
    let desired = pi.engine().desired();
    assert_eq!(desired[0].list, crate::domain::listing::List::Blocked);
    assert!(pi.engine().unwritable().is_some() && pi.engine().failure().is_none());

    drop(held);
    // The pause between two tries is in real time.
    let until = std::time::Instant::now() + Duration::from_mins(1);
    while pi.engine().unwritable().is_some() {
        assert!(std::time::Instant::now() < until);
        pi.pass(10);
        pi.engine().pass_time().unwrap();
    }
    pi.ask(Command::AddUser(new), None).unwrap();
    pi.restart();
    assert_eq!(pi.used(user), Bytes::mb(1524).0, "what was gathered meanwhile is written");
    assert_eq!(pi.user(user).access.status.name(), "blocked");
    assert_eq!(pi.engine().read_view().users_len(), 2);
    pi.verify();
}

/// Commands that touch every part of the memory.
fn commands(user: UserId, other: UserId) -> Vec<Command> {
    let new = NewUser { name: "Budi".into(), phone: None, login: None, settings: Settings::default() };
    let package = NewPackage {
        name: "10 GB".into(),
        quota: Some(Bytes::gb(10)),
        days: 30,
        price: Rupiah(50_000),
        active: true,
    };
    vec![
        Command::AddUser(new),
        Command::Grant(user, Grant { amount: Bytes::gb(5), days: None, reason: "tes".into() }),
        Command::Block(user, "tes".into()),
        Command::AddPackage(package),
        Command::Bind(NewDevice::of(user, mac(2))),
        Command::Unbind { user, mac: mac(1) },
        Command::DeleteUser(other),
    ]
}

#[test]
fn a_change_that_cannot_be_written_leaves_the_memory_as_it_was_to_the_last_bit() {
    let (mut pi, user) = site();
    let other = pi.add_user("Wati");
    pi.pass(10);
    // Something is gathered, which must stay.
    pi.meter(110, vec![row(1, "*1", 60, 5000), row(2, "*2", 60, 10)]);
    let mut program = Connection::open(pi.dir.path().join(crate::store::FILE)).unwrap();
    let held = program.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let mut refused = 0;
    for command in commands(user, other) {
        let before = format!("{:?}", pi.engine().state);
        let reading = pi.reading(110, vec![row(1, "*1", 60, 5000), row(2, "*2", 60, 10)]);
        let told = format!("{command:?}");
        let done = pi.ask(command, Some(reading));
        assert!(is_refused(&done), "{told}: {done:?}");
        assert_eq!(format!("{:?}", pi.engine().state), before, "{told}");
        refused += 1;
    }
    assert_eq!(refused, commands(user, other).len());
    drop(held);
}
