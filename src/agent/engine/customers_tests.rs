use super::*;
use crate::store::Customer;

fn register(name: &str, phone: &str, device: Option<u8>) -> Command {
    let (name, phone) = (name.to_owned(), phone.to_owned());
    Command::Register { name, phone, pin: PinHash("$argon2id$".into()), mac: device.map(mac), seen_at: None }
}

fn found(pi: &mut Pi, text: &str) -> Option<Customer> {
    pi.engine().reader().customer(text).unwrap()
}

#[test]
fn whoever_registers_waits_for_approval_with_a_pin_and_the_device_that_asked() {
    let mut pi = Pi::new(debt_mode());
    let reading = pi.reading(100, vec![row(1, "*1", 50, 7_000)]);
    let actor = Actor::portal([10, 5, 50, 1].into());
    let action = register("Sari", "0812-345-678", Some(1));
    let request = Request { actor, action, key: None, reading: Some(reading) };
    let Done::Created(View::User(user)) = pi.engine().submit(request).unwrap() else { panic!() };
    assert_eq!((user.approved, user.access.status), (false, Status::Inactive));
    assert_eq!(user.devices[0].mac, mac(1).to_string());
    let id = user.id;
    pi.restart();
    let customer = found(&mut pi, "62812345678").unwrap();
    assert_eq!((customer.id, customer.pin_hash.as_deref()), (id, Some("$argon2id$")));
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 7_005)]);
    assert_eq!(pi.used(id), 5, "what flowed before is nobody's");
    let audit = pi.engine().reader().audit(Page { limit: 2, after: None }).unwrap();
    let lines: Vec<_> = audit.iter().map(|(_, line)| (line.action.as_str(), line.source.as_str())).collect();
    assert_eq!(lines, [("device.bind", "10.5.50.1"), ("user.register", "10.5.50.1")]);
    pi.verify();
}

#[test]
fn a_phone_belongs_to_one_user_however_it_is_written() {
    let mut pi = Pi::new(debt_mode());
    pi.ask(register("Sari", "081234567", None), None).unwrap();
    for phone in ["081234567", "+6281234567", "6281234567", "0062 812 34567", "(0812) 345.67"] {
        let taken = |result| matches!(result, Err(EngineError::Conflict { code: "phone_taken", .. }));
        assert!(taken(pi.ask(register("Budi", phone, Some(1)), None)), "{phone}");
        let new = NewUser {
            name: "Budi".into(),
            phone: Some(phone.into()),
            login: None,
            settings: Settings::default(),
        };
        assert!(taken(pi.ask(Command::AddUser(new), None)), "{phone}");
    }
    for (name, phone, wrong) in [("Budi", "budi", "phone"), (" ", "08990000001", "name")] {
        let refused = pi.ask(register(name, phone, Some(1)), None);
        assert!(matches!(refused, Err(EngineError::Invalid { field, .. }) if field == wrong));
    }
    assert_eq!(pi.engine().read_view().users_len(), 1, "nothing changed");
}

#[test]
fn an_import_is_one_commit_of_all_rows_or_none() {
    let mut pi = Pi::new(debt_mode());
    pi.ask(register("Sari", "081234567001", None), None).unwrap();
    let row = |row: usize, phone: &str, login: Option<&str>, devices: &[u8]| ImportedUser {
        row,
        user: NewUser {
            name: format!("U{row}"),
            phone: Some(phone.into()),
            login: login.map(Into::into),
            settings: Settings::default(),
        },
        devices: devices.iter().map(|n| ImportedDevice { mac: mac(*n), label: String::new() }).collect(),
        quota: None,
        debts: Vec::new(),
        admin_block: None,
        customer_note: None,
    };
    let import =
        |users: Vec<ImportedUser>| Command::Import { users, packages: Vec::new(), findings: Vec::new() };
    let commits = pi.engine().store_stats().commits;
    let bad = vec![
        row(0, "081234567002", Some("budi"), &[1]),
        row(1, "81234567002", Some("BUDI"), &[1]),
        row(2, "+62 812-3456-7001", None, &[]),
        row(3, "0812", Some("bu\u{200b}di"), &[2, 3, 4, 5]),
    ];
    let Err(EngineError::Rows(findings)) = pi.ask(import(bad), None) else { panic!("taken") };
    let told: Vec<_> = findings.iter().map(|f| (f.row, f.field, f.message.as_str())).collect();
    assert_eq!(told[0].0, 1, "{told:?}");
    assert_eq!((told[0].1, told[0].2), ("login", "BUDI is in row 1 already"));
    assert!(told.contains(&(2, "phone", "+62 812-3456-7001 belongs to Sari already")), "{told:?}");
    assert!(told.iter().any(|(row, field, _)| (*row, *field) == (3, "phone")), "{told:?}");
    assert_eq!((pi.engine().read_view().users_len(), pi.engine().store_stats().commits), (1, commits));
    let good = vec![row(0, "081234567002", Some("budi"), &[1]), row(1, "081234567003", None, &[2, 3])];
    let answer = pi.ask(import(good.clone()), None).unwrap();
    assert_eq!((&answer["imported"], &answer["devices"]), (&2.into(), &3.into()));
    assert_eq!(pi.engine().store_stats().commits, commits + 1);
    assert!(matches!(pi.ask(import(good), None), Err(EngineError::Rows(found)) if found.len() == 6));
    pi.restart();
    assert_eq!(pi.engine().read_view().users_len(), 3);
    pi.verify();
}

#[test]
fn what_the_rules_refuse_of_one_row_is_listed_with_the_errors_of_others() {
    let mut pi = Pi::new(debt_mode());
    let row = |row: usize, phone: &str, settings: Settings| ImportedUser {
        row,
        user: NewUser { name: format!("U{row}"), phone: Some(phone.into()), login: None, settings },
        devices: vec![ImportedDevice { mac: mac(1), label: String::new() }],
        quota: None,
        debts: Vec::new(),
        admin_block: None,
        customer_note: None,
    };
    let limitless = || Settings {
        overage: Some(Some(Overage::Debt)),
        debt_limit: Some(Some(Bytes::ZERO)),
        ..Settings::default()
    };
    let users = vec![row(0, "081234567002", limitless()), row(1, "0812", Settings::default())];
    let Err(EngineError::Rows(found)) =
        pi.ask(Command::Import { users, packages: Vec::new(), findings: Vec::new() }, None)
    else {
        panic!("taken")
    };
    let told: Vec<_> = found.iter().map(|finding| (finding.row, finding.field)).collect();
    assert_eq!(told, [(0, "row"), (1, "mac"), (1, "phone")], "{found:?}");
    assert_eq!(pi.engine().read_view().users_len(), 0);
}

#[test]
fn customers_are_found_by_phone_or_log_in_name() {
    let mut pi = Pi::new(debt_mode());
    let add = |pi: &mut Pi, phone: Option<&str>, login: Option<&str>| -> UserId {
        let new = NewUser {
            name: "Budi".into(),
            phone: phone.map(Into::into),
            login: login.map(Into::into),
            settings: Settings::default(),
        };
        pi.ask(Command::AddUser(new), None).unwrap()["id"].as_str().unwrap().parse().unwrap()
    };
    let local = add(&mut pi, Some("081234567"), Some("budi"));
    let abroad = add(&mut pi, Some("+6285000111"), None);
    // A log-in name that looks like another user's phone.
    let other = add(&mut pi, None, Some("+6281234567"));
    let rows = [
        ("081234567", Some(local)),
        ("62 812-34567", Some(local)),
        ("+6281234567", Some(local)),
        (" budi ", Some(local)),
        ("085000111", Some(abroad)),
        ("6285000111", Some(abroad)),
        ("Budi", Some(local)),
        ("ｂｕｄｉ", None),
        ("81234567", None),
        ("", None),
        ("0", None),
        ("%", None),
    ];
    for (text, whose) in rows {
        assert!(found(&mut pi, text).map(|customer| customer.id) == whose, "{text}");
    }
    assert!(found(&mut pi, "budi").unwrap().pin_hash.is_none());
    pi.ask(Command::DeleteUser(local), None).unwrap();
    assert!(found(&mut pi, "budi").is_none());
    assert!(found(&mut pi, "+6281234567").unwrap().id == other);
}

#[test]
fn customers_with_one_number_are_named_until_one_gets_another() {
    let mut pi = Pi::new(debt_mode());
    for (name, phone) in [("Budi", "081234567001"), ("Siti", "081234567002"), ("Ani", "081234567003")] {
        pi.ask(register(name, phone, None), None).unwrap();
    }
    pi.engine = None;
    let conn = rusqlite::Connection::open(pi.dir.path().join(crate::store::FILE)).unwrap();
    conn.execute("UPDATE users SET phone = '81234567001', phone_e164 = NULL WHERE user_no = 2", []).unwrap();
    drop(conn);
    pi.restart();
    let found = pi.engine().read_view().shared_names();
    let told: Vec<_> =
        found.iter().map(|s| (s.what, s.value.as_str(), s.kept_by.1.as_str(), s.user.1.as_str())).collect();
    assert_eq!(told, [("phone", "+6281234567001", "Budi", "Siti")]);
    let change = UserChange { phone: Some(Some("081234567004".into())), ..UserChange::default() };
    pi.ask(Command::ChangeUser(found[0].user.0, change), None).unwrap();
    assert!(pi.engine().read_view().shared_names().is_empty());
}
