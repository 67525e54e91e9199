use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::read::Reader;
use crate::store::tests::ledger;
use crate::store::{Store, Verified};

const WHOLE: Verified = Verified { entries: 5, accounts: 1, debts: 0, receipts: 0 };

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_copy_is_one_whole_file_of_one_moment_while_the_writer_goes_on() {
    let (dir, store) = ledger();
    let pages = "CREATE TABLE filler (x BLOB); INSERT INTO filler WITH RECURSIVE n (i) AS
                 (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT randomblob(1000) FROM n";
    store.conn.execute_batch(pages).unwrap();
    let copies = tempfile::tempdir().unwrap();
    let target = copies.path().join("copy.db");
    let mut seen = Vec::new();
    let reader = store.reader().unwrap();
    let verified = reader
        .copy_to(&target, &mut |progress| {
            seen.push(progress);
            // The copy has the state at its start.
            store
                .conn
                .execute("INSERT INTO meta VALUES ('late' || ?1, 'x')", [seen.len().to_string()])
                .unwrap();
        })
        .unwrap();
    assert_eq!(verified, WHOLE);
    assert!(seen.len() > 2 && seen.windows(2).all(|pair| pair[0].done < pair[1].done), "{seen:?}");
    assert_eq!(seen.last().map(|p| p.done), seen.last().map(|p| p.total));
    assert_eq!(names(copies.path()), ["copy.db"]);
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = Reader::beside(&target).unwrap().conn;
    let late: u32 =
        copy.query_row("SELECT count(*) FROM meta WHERE key LIKE 'late%'", [], |r| r.get(0)).unwrap();
    assert_eq!(late, 0);
    drop((store, dir));
}

#[test]
fn a_ledger_that_does_not_add_up_is_not_copied() {
    let (_dir, store) = ledger();
    store.conn.execute("UPDATE entries SET note = 'x' WHERE seq = 3", []).unwrap();
    let copies = tempfile::tempdir().unwrap();
    let copied = store.reader().unwrap().copy_to(&copies.path().join("copy.db"), &mut |_| {});
    assert!(matches!(copied, Err(BackupError::Copy(Broken::Link(3)))));
    assert_eq!(names(copies.path()), Vec::<String>::new());
}

/// A folder with a copy of the ledger.
fn copied() -> (tempfile::TempDir, PathBuf) {
    let (_dir, store) = ledger();
    let copies = tempfile::tempdir().unwrap();
    let target = copies.path().join("copy.db");
    store.reader().unwrap().copy_to(&target, &mut |_| {}).unwrap();
    (copies, target)
}

#[test]
fn a_copy_replaces_the_store_which_is_kept_with_its_log() {
    let (_copies, copy) = copied();
    let (dir, store) = ledger();
    store.conn.execute("INSERT INTO meta VALUES ('after', 'x')", []).unwrap();
    let in_use = restore(dir.path(), &copy, "1", &mut |_| {});
    assert!(matches!(in_use, Err(BackupError::Store(StoreError::InUse(_)))));
    // As after a killed daemon: the last entries are only in the log.
    let log = dir.path().join("kuota.db-wal");
    let kept = std::fs::read(&log).unwrap();
    drop(store);
    std::fs::write(&log, kept).unwrap();

    let restored = restore(dir.path(), &copy, "1", &mut |_| {}).unwrap();
    let aside = dir.path().join("kuota.db.replaced-1");
    assert_eq!((restored.verified, restored.replaced), (WHOLE, Some(aside.clone())));
    assert_eq!(names(dir.path()), ["kuota.ballast", "kuota.db", "kuota.db.replaced-1", "kuotad.lock"]);
    let count = |path: &Path| -> u32 {
        let conn = Reader::beside(path).unwrap().conn;
        conn.query_row("SELECT count(*) FROM meta WHERE key = 'after'", [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count(&aside), count(&dir.path().join(FILE))), (1, 0));
    let again = restore(dir.path(), &copy, "1", &mut |_| {}).unwrap();
    assert_eq!(again.replaced, Some(dir.path().join("kuota.db.replaced-1-1")));
    assert_eq!(Store::open(dir.path()).unwrap().reader().unwrap().verify().unwrap(), WHOLE);
}

#[test]
fn a_copy_is_put_into_an_empty_folder() {
    let (_copies, copy) = copied();
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("data");
    assert_eq!(restore(&fresh, &copy, "1", &mut |_| {}).unwrap().replaced, None);
    assert_eq!(Store::open(&fresh).unwrap().reader().unwrap().verify().unwrap(), WHOLE);
}

#[test]
fn a_store_that_is_beyond_reading_can_be_replaced() {
    let (_copies, copy) = copied();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), b"not a database at all").unwrap();
    std::fs::write(dir.path().join("kuota.db-wal"), b"nor a log").unwrap();
    restore(dir.path(), &copy, "1", &mut |_| {}).unwrap();
    assert_eq!(
        names(dir.path()),
        ["kuota.db", "kuota.db.replaced-1", "kuota.db.replaced-1-wal", "kuotad.lock"]
    );
    assert_eq!(Store::open(dir.path()).unwrap().reader().unwrap().verify().unwrap(), WHOLE);
}

#[test]
fn whatever_is_no_whole_copy_is_refused_and_nothing_changes() {
    let (copies, copy) = copied();
    let raw = std::fs::read(&copy).unwrap();
    let change = |sql: &str| {
        let path = copies.path().join("changed.db");
        std::fs::write(&path, &raw).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        std::fs::read(&path).unwrap()
    };
    let mut torn = raw.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 4096].fill(0xa5);
    let rows = [
        ("empty", Vec::new()),
        ("text", b"hello".repeat(1000)),
        ("head", raw[..16].to_vec()),
        ("cut", raw[..raw.len() / 2].to_vec()),
        ("cut in a page", raw[..raw.len() - 100].to_vec()),
        ("torn", torn),
        ("later", change("PRAGMA user_version = 99")),
        ("foreign", change("PRAGMA user_version = 0")),
        ("foreign tables", change("DROP TABLE accounts_base")),
        ("forged", change("PRAGMA foreign_keys = OFF; UPDATE entries SET amount_bytes = 1 WHERE seq = 2")),
    ];
    let (dir, store) = ledger();
    drop(store);
    let (before, bytes) = (names(dir.path()), std::fs::read(dir.path().join(FILE)).unwrap());
    for (what, content) in rows {
        let path = copies.path().join("bad.db");
        std::fs::write(&path, content).unwrap();
        let refused = restore(dir.path(), &path, "1", &mut |_| {});
        let is_refused = match refused {
            Err(BackupError::Later { .. }) => what == "later",
            Err(BackupError::Unusable { .. }) => what != "later",
            _ => false,
        };
        assert!(is_refused, "{what}: {refused:?}");
        assert_eq!(names(dir.path()), before, "{what}");
        assert_eq!(std::fs::read(dir.path().join(FILE)).unwrap(), bytes, "{what}");
    }
    for path in [copies.path().join("missing.db"), copies.path().to_owned()] {
        let refused = restore(dir.path(), &path, "1", &mut |_| {});
        assert!(matches!(refused, Err(BackupError::File { .. })), "{refused:?}");
    }
    let itself = restore(dir.path(), &dir.path().join(FILE), "1", &mut |_| {});
    assert!(matches!(itself, Err(BackupError::Unusable { .. })), "{itself:?}");
    assert_eq!(std::fs::read(dir.path().join(FILE)).unwrap(), bytes);
}
