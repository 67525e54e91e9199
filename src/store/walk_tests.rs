use super::*;
use crate::store::Check;
use crate::store::since_tests::Growing;

/// Entries of the ledger: ranges end at every one of them for some number of threads.
const ENTRIES: u64 = 24;

/// A proof in ranges as small as they get, and one without threads and ranges.
fn proofs(place: &Growing) -> Vec<String> {
    let reader = place.store.reader().unwrap();
    let proved = |threads, entries_min| {
        let progress = ProofProgress::default();
        let proved = reader.prove_divided(Check::Quick, Division { threads, entries_min }, &progress);
        let reached = proved.is_ok().then(|| progress.entries());
        format!("{:?} {reached:?}", proved.map_err(|broken| broken.to_string()))
    };
    (1..=4).map(|threads| proved(threads, 1)).collect()
}

fn assert_same(place: &Growing, what: &str) -> String {
    let proofs = proofs(place);
    assert!(proofs.iter().all(|proof| *proof == proofs[0]), "{what}: {proofs:#?}");
    proofs.into_iter().next().unwrap()
}

#[test]
fn ranges_follow_each_other_and_cover_every_entry() {
    for threads in 1..6 {
        for entries in 0..40 {
            for entries_min in [0, 1, 3, 100] {
                let ends = Division { threads, entries_min }.ends(entries);
                assert!(ends.is_sorted() && ends.last() == Some(&entries), "{ends:?}");
                assert!(ends.len() <= threads * RANGES_PER_THREAD, "{ends:?}");
                assert!(threads > 1 || ends.len() == 1, "{ends:?}");
            }
        }
    }
}

#[test]
fn a_proof_in_ranges_reaches_what_one_without_does() {
    let place = Growing::new(ENTRIES);
    let proved = assert_same(&place, "whole");
    assert!(proved.contains("entries: 24") && proved.contains("Some((24, 24))"), "{proved}");
}

#[test]
fn the_first_bad_row_is_named_wherever_it_is() {
    let place = Growing::new(ENTRIES);
    place.execute("CREATE TABLE kept AS SELECT * FROM entries");
    for seq in 1..=ENTRIES {
        for (sql, says) in [
            ("UPDATE entries SET note = 'x' WHERE seq = ?", format!("entry {seq} does not match")),
            ("UPDATE entries SET hash = zeroblob(32) WHERE seq = ?", format!("entry {seq} does not match")),
            ("UPDATE entries SET kind = 'gift' WHERE seq = ?", "an entry's kind".to_owned()),
            (
                "DELETE FROM entries WHERE seq = ?",
                match seq {
                    ENTRIES => format!("ends at entry {}", seq - 1),
                    _ => format!("entry {} stands where entry {seq} should", seq + 1),
                },
            ),
        ] {
            place.execute("DELETE FROM entries; INSERT INTO entries SELECT * FROM kept");
            place.execute(&sql.replace('?', &seq.to_string()));
            let found = assert_same(&place, sql);
            assert!(found.contains(&says), "{seq}, {sql}: {found}");
        }
    }
}

#[test]
fn of_several_bad_rows_the_first_is_named() {
    let place = Growing::new(ENTRIES);
    for seq in (1..=ENTRIES).rev() {
        place.execute(&format!("UPDATE entries SET note = 'x' WHERE seq = {seq}"));
        let found = assert_same(&place, "several");
        assert!(found.contains(&format!("entry {seq} does not match")), "{seq}: {found}");
    }
}

#[test]
fn a_far_entry_is_a_gap() {
    let place = Growing::new(ENTRIES);
    place.execute("UPDATE entries SET seq = 9000000000000000000 WHERE seq = 24");
    let found = assert_same(&place, "far");
    assert!(found.contains("entry 9000000000000000000 stands where entry 24 should"), "{found}");
}

#[test]
fn what_is_wrong_with_the_file_is_returned_before_a_bad_row() {
    let place = Growing::new(ENTRIES);
    place.execute("UPDATE entries SET note = 'x' WHERE seq = 1");
    let reader = place.store.reader().unwrap();
    let users = reader.user_keys().unwrap();
    let (division, progress) = (Division { threads: 2, entries_min: 1 }, ProofProgress::default());
    let damaged = || Err::<(), _>(Broken::File("damaged".to_owned()));
    let walked = reader.walk_all((0, [0; 32]), &users, (division, &progress), damaged);
    assert!(matches!(walked.unwrap_err(), Broken::File(_)));
}
