use std::path::Path;

use super::*;
use crate::agent::engine::Actor;
use crate::clock::{ManualClock, Zone};
use crate::store::Store;
use crate::store::since_tests::{Growing, MANY};

const NOW: Timestamp = Timestamp(1_795_323_600_000);

/// An engine on a store, and the proof that its start made.
fn start(folder: &Path) -> Result<(EngineHandle, LedgerProof), Broken> {
    let clock = Arc::new(ManualClock::new(NOW));
    let parts = Engine::parts(folder, clock, Zone::named("Asia/Jakarta").unwrap()).unwrap();
    let proof = LedgerProof::begin(parts.store.prove_at_start()?, Vec::new());
    Ok((EngineHandle::spawn(Engine::open(parts).unwrap()).unwrap(), proof))
}

/// A closed store, and its folder.
fn closed(place: Growing) -> tempfile::TempDir {
    let Growing { dir, store, .. } = place;
    drop(store);
    dir
}

#[tokio::test]
async fn the_whole_follows_a_start_and_moves_the_checkpoint() {
    let mut place = Growing::new(MANY);
    place.keep();
    place.grow(CHECKPOINT_ENTRIES);
    let dir = closed(place);
    let (engine, proof) = start(dir.path()).unwrap();
    assert_eq!((proof.state(), proof.entries()), (ProofState::Waiting, (1000, MANY + 1000)));
    proof.prove_once(&engine, NOW).await.unwrap();
    assert_eq!(proof.state(), ProofState::Proved(Some(NOW)));
    assert_eq!(proof.entries(), (MANY + 1000, MANY + 1000));
    proof.prove_once(&engine, NOW).await.unwrap();
    engine.closed().await;
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(store.prove_at_start().unwrap(), StartProof::Since { from, .. } if from == MANY + 1000));
}

#[tokio::test]
async fn a_ledger_without_a_checkpoint_gets_one_after_its_first_start() {
    let dir = closed(Growing::new(MANY));
    let (engine, proof) = start(dir.path()).unwrap();
    assert_eq!(proof.state(), ProofState::Proved(None));
    proof.prove_once(&engine, NOW).await.unwrap();
    engine.closed().await;
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(store.prove_at_start().unwrap(), StartProof::Since { from: MANY, .. }));
}

#[tokio::test]
async fn a_row_changed_before_the_checkpoint_stops_the_engine_and_the_next_start() {
    let mut place = Growing::new(MANY);
    place.keep();
    place.execute("UPDATE entries SET note = 'x' WHERE seq = 17");
    let dir = closed(place);
    let (engine, proof) = start(dir.path()).unwrap();
    proof.prove_once(&engine, NOW).await.unwrap();
    let why = engine.stopped().await;
    assert!(why.contains("entry 17 does not match its hash") && why.contains("restore a backup"), "{why}");
    let note = |engine: &mut Engine| engine.note(&Actor::daemon(), "test", "", String::new()).is_ok();
    assert!(engine.call(note).await.is_err(), "nothing more is done");
    assert!(matches!(start(dir.path()), Err(Broken::Link(17))), "the next start proves the whole first");
}

#[tokio::test]
async fn entries_that_stop_fitting_while_the_daemon_runs_are_found_by_the_next_checkpoint() {
    let mut place = Growing::new(MANY);
    place.keep();
    let Growing { dir, store, .. } = place;
    drop(store);
    let (engine, proof) = start(dir.path()).unwrap();
    proof.prove_once(&engine, NOW).await.unwrap();
    // Nothing is due, so nothing is read.
    let spoil = "UPDATE accounts_base SET credits_bytes = credits_bytes + 1";
    rusqlite::Connection::open(dir.path().join(crate::store::FILE)).unwrap().execute(spoil, []).unwrap();
    proof.prove_once(&engine, NOW).await.unwrap();
    proof.inner().kept = 0;
    proof.prove_once(&engine, NOW).await.unwrap();
    let why = engine.stopped().await;
    assert!(why.contains("the account says"), "{why}");
}
