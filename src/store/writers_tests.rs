//! Every writer of the store goes through one function, which numbers its commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::commit_mark::{CommitMark, written};
use super::tests::ledger;
use super::unwritable::Unwritable;
use super::*;
use crate::domain::units::Timestamp;

/// Where rows are written besides `Store::write`: before the file is in use, or in another file.
const ELSEWHERE: &[(&str, &str)] = &[
    ("backup.rs", "the copy"),
    ("commit.rs", "the one function"),
    ("identity.rs", "a test"),
    ("instance.rs", "into a copy"),
    ("lent.rs", "ends a transaction that read"),
    ("names.rs", "at the start, before the run has a number"),
    ("place.rs", "the mark of the run itself"),
    ("read.rs", "reads; rolls back a first start that was cut"),
    ("reports.rs", "begins a transaction that reads"),
    ("since.rs", "begins a transaction that reads"),
    ("site_secret.rs", "at the start, before the run has a number"),
    ("validity.rs", "a step of the schema"),
    ("verify.rs", "begins a transaction that reads"),
    ("write.rs", "the statements of that function"),
];

/// A writer by name.
type Writer = (&'static str, fn(&mut Store));

/// Each writer, in an order in which each changes something.
fn writers() -> Vec<Writer> {
    const ALL: Timestamp = Timestamp(i64::MAX / 4);
    vec![
        ("commit", |store| {
            let meta = BTreeMap::from([("chain_seq", "5".to_owned())]);
            store.commit(&Batch { meta, ..Batch::default() }).unwrap();
        }),
        ("add_admin", |store| {
            for name in ["ani", "budi"] {
                let admin = AdminRecord {
                    name: name.into(),
                    role: Role::Owner,
                    password_hash: String::new(),
                    created_at: Timestamp(1),
                    second_factor: SecondFactor::default(),
                };
                assert!(store.add_admin(&admin).unwrap());
            }
        }),
        ("begin_second_factor", |store| assert!(store.begin_second_factor("ani", "ABC").unwrap())),
        ("confirm_second_factor", |store| assert!(store.confirm_second_factor("ani", 5).unwrap())),
        ("accept_step", |store| assert!(store.accept_step("ani", 6).unwrap())),
        ("end_second_factor", |store| assert!(store.end_second_factor("ani").unwrap())),
        ("add_secret", |store| {
            store.add_secret(&[1; 32], "ani", Role::Owner, SecretKind::Token, Timestamp(1), None).unwrap();
        }),
        ("remove_token", |store| assert!(store.remove_token("ani", &[1; 32]).unwrap())),
        ("open_session", |store| {
            for n in [2, 3] {
                store.open_session(&[n; 32], "ani", Role::Owner, Timestamp(1), ALL).unwrap();
            }
        }),
        ("move_sessions", |store| store.move_sessions(1).unwrap()),
        ("end_session", |store| store.end_session(&[2; 32]).unwrap()),
        ("end_sessions", |store| assert_eq!(store.end_sessions("ani", &[]).unwrap(), 1)),
        ("write_held_logins", |store| {
            store.pause(Unwritable::Damaged("tokens".into()));
            store.open_session(&[4; 32], "ani", Role::Owner, Timestamp(1), ALL).unwrap();
            store.pause = None;
            store.write_held_logins().unwrap();
            assert!(store.held_session(&[4; 32], Timestamp(1)).is_none());
        }),
        ("set_password", |store| assert!(store.set_password("ani", "x", &[]).unwrap())),
        ("set_role", |store| assert!(store.set_role("ani", Role::Viewer).unwrap())),
        ("set_quick_pin", |store| assert!(store.set_quick_pin("ani", Some("x")).unwrap())),
        ("note_reminders", |store| store.note_reminders(&[1], Timestamp(1), "ani").unwrap()),
        ("remove_admin", |store| assert!(store.remove_admin("ani").unwrap())),
        ("become_instance", |store| store.take_over(store.instance.next(7)).unwrap()),
        ("keep_checkpoint", |store| store.keep_checkpoint(&Checkpoint::default()).unwrap()),
        ("protect", |store| store.protect(vec!["usage_days".into()]).unwrap()),
    ]
}

#[test]
fn every_writer_advances_the_mark_of_the_last_commit_in_the_store_and_beside_it() {
    let (dir, mut store) = ledger();
    for (name, write) in writers() {
        let before = CommitMark::of(&store.conn).unwrap().unwrap();
        write(&mut store);
        let after = CommitMark::of(&store.conn).unwrap().unwrap();
        assert!(after.commits > before.commits, "{name}");
        assert_eq!(after, store.mark, "{name}");
        assert_eq!(written(dir.path()), Some(after), "{name}");
    }
}

#[test]
fn what_changes_no_row_is_no_commit() {
    let (_dir, mut store) = ledger();
    let before = store.mark.clone();
    assert!(!store.remove_admin("nobody").unwrap());
    assert!(!store.accept_step("nobody", 1).unwrap());
    store.write_held_logins().unwrap();
    assert_eq!(store.mark, before);
}

/// Names of the functions of a source whose body has one of `words`.
fn functions_with(text: &str, words: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut name = "";
    for line in text.lines() {
        let declared = line.trim_start().trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if let Some(rest) = declared.strip_prefix("fn ") {
            name = rest.split(['(', '<']).next().unwrap();
        }
        if words.iter().any(|word| line.contains(word)) {
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn no_function_writes_that_is_not_listed_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut writing = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|kind| kind != "rs") || name.ends_with("_tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        writing.extend(functions_with(text, &["self.write(", "self.execute("]));
        let around = ["conn.execute", "execute_batch(", "transaction("];
        let around = functions_with(text, &around);
        let is_known = ELSEWHERE.iter().any(|(known, _)| *known == name);
        assert!(around.is_empty() || is_known, "{name}: {around:?} must write through Store::write");
    }
    // Parts of a writer that is listed.
    for part in ["execute", "write_step", "remove_secret", "put_aside"] {
        assert!(writing.remove(part), "{part}");
    }
    let called =
        [("accept_step", "write_step"), ("open_session", "add_secret"), ("end_session", "remove_secret")];
    writing.extend(called.map(|(writer, _)| writer.to_owned()));
    writing.insert("protect".to_owned());
    let listed: BTreeSet<String> = writers().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(writing, listed);
}
