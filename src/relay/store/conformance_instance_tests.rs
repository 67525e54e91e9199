//! What every store must do with the machines of sites.

use super::*;
use crate::domain::instance::{Instance, JUMP_MAX};
use crate::relay::store::instance::{InstanceClaim, InstanceRecord};

fn record(number: u32, claim: u32) -> InstanceRecord {
    let proof = [u8::try_from(number % 200).unwrap(); 32];
    InstanceRecord { instance: Instance::new(number, claim).unwrap(), proof, claimed_at: START }
}

pub async fn a_site_goes_to_later_machines_only(Fresh { store, other, keep: _keep }: Fresh) {
    assert_eq!(store.site_instance("a").await.unwrap(), None);
    let claim = async |number, claim| store.claim_instance("a", &record(number, claim)).await.unwrap();
    assert_eq!(claim(2, 7).await, InstanceClaim::Stored);
    assert_eq!(other.site_instance("a").await.unwrap(), Some(record(2, 7)));
    assert_eq!(claim(2, 7).await, InstanceClaim::Known, "an answer that was lost is asked for again");
    let taken = InstanceClaim::Taken(record(2, 7).instance);
    assert_eq!((claim(2, 8).await, claim(1, 0).await), (taken, taken));
    assert_eq!(claim(2 + JUMP_MAX, 1).await, InstanceClaim::Stored);
    let kept = record(2 + JUMP_MAX, 1);
    let too_far = InstanceClaim::TooFar(kept.instance);
    assert_eq!((claim(u32::MAX, 1).await, claim(3 + 2 * JUMP_MAX, 1).await), (too_far, too_far));
    assert_eq!(other.site_instance("a").await.unwrap(), Some(kept));
    assert_eq!(other.site_instance("b").await.unwrap(), None, "another site's is its own");
}

pub async fn of_many_machines_that_claim_one_number_one_gets_it(Fresh { store, other, keep }: Fresh) {
    let mut claims = JoinSet::new();
    for claim in 0..16 {
        let store = Arc::clone(if claim % 2 == 0 { &store } else { &other });
        claims.spawn(async move { store.claim_instance("a", &record(2, claim)).await.unwrap() });
    }
    let verdicts = timeout(DEADLINE, claims.join_all()).await.unwrap();
    assert_eq!(
        verdicts.iter().filter(|verdict| **verdict == InstanceClaim::Stored).count(),
        1,
        "{verdicts:?}"
    );
    drop(keep);
}
