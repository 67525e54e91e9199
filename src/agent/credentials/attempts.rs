//! Failed log-ins by address and by name: a few at once, then one every ten seconds. Time is the clock's uptime.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Time that one attempt costs.
const COST: Duration = Duration::from_secs(10);
/// Attempts at once from one address.
const PEER_BURST: u32 = 5;
/// Attempts at once for one name: more, so that one address cannot shut a name's owner out.
const NAME_BURST: u32 = 20;
/// Addresses and names remembered.
const REMEMBERED_MAX: usize = 4096;

/// Whom an attempt counts for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Peer(IpAddr),
    Name(String),
}

/// Attempts that were paid for by waiting, and those that were not.
#[derive(Debug, Default)]
pub(in crate::agent) struct Attempts {
    /// When what was attempted will have been waited for.
    due: HashMap<Who, Duration>,
}

impl Attempts {
    /// Counts an attempt before it is made; an error is how long to wait.
    pub fn begin(&mut self, peer: IpAddr, name: &str, now: Duration) -> Result<(), Duration> {
        let peer = (Who::Peer(peer), PEER_BURST);
        let name = (Who::Name(name.to_owned()), NAME_BURST);
        for (who, burst) in [&peer, &name] {
            let due = self.due.get(who).copied().unwrap_or_default();
            let allowed_at = (due + COST).saturating_sub(COST * *burst);
            let wait = allowed_at.saturating_sub(now);
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        for (who, _) in [peer, name] {
            self.make_room(now);
            let due = self.due.entry(who).or_default();
            *due = (*due).max(now) + COST;
        }
        Ok(())
    }

    /// The attempt succeeded: it costs nothing, and the name is free again.
    pub fn succeeded(&mut self, peer: IpAddr, name: &str) {
        self.due.remove(&Who::Name(name.to_owned()));
        if let Some(due) = self.due.get_mut(&Who::Peer(peer)) {
            *due = due.saturating_sub(COST);
        }
    }

    /// The attempt was none, neither right nor wrong: it costs nothing, and those before it are remembered.
    pub fn taken_back(&mut self, peer: IpAddr, name: &str) {
        for who in [Who::Peer(peer), Who::Name(name.to_owned())] {
            if let Some(due) = self.due.get_mut(&who) {
                *due = due.saturating_sub(COST);
            }
        }
    }

    fn make_room(&mut self, now: Duration) {
        if self.due.len() < REMEMBERED_MAX {
            return;
        }
        self.due.retain(|_, due| *due > now);
        if self.due.len() >= REMEMBERED_MAX {
            let soonest = self.due.iter().min_by_key(|(_, due)| **due).map(|(who, _)| who.clone());
            soonest.and_then(|who| self.due.remove(&who));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_few_attempts_are_free_and_then_each_is_waited_for() {
        let mut attempts = Attempts::default();
        for _ in 0..PEER_BURST {
            assert_eq!(attempts.begin(A, "budi", s(100)), Ok(()));
        }
        assert_eq!(attempts.begin(A, "sari", s(100)), Err(s(10)));
        assert_eq!(attempts.begin(A, "budi", s(110)), Ok(()));
        assert_eq!(attempts.begin(A, "budi", s(110)), Err(s(10)));
        attempts.succeeded(A, "budi");
        assert_eq!(attempts.begin(A, "budi", s(110)), Ok(()));
        assert_eq!(attempts.begin(A, "budi", s(1000)), Ok(()));
    }

    #[test]
    fn an_attempt_taken_back_frees_nothing_but_itself() {
        let mut attempts = Attempts::default();
        for _ in 1..PEER_BURST {
            assert_eq!(attempts.begin(A, "budi", s(100)), Ok(()));
        }
        for _ in 0..9 {
            assert_eq!(attempts.begin(A, "budi", s(100)), Ok(()));
            attempts.taken_back(A, "budi");
        }
        assert_eq!(attempts.begin(A, "budi", s(100)), Ok(()));
        assert_eq!(attempts.begin(A, "budi", s(100)), Err(s(10)));
    }

    #[test]
    fn one_name_is_guarded_against_many_addresses() {
        let mut attempts = Attempts::default();
        let peer = |n: u32| IpAddr::V4(n.into());
        assert!((0..NAME_BURST).all(|n| attempts.begin(peer(n), "budi", s(0)).is_ok()));
        assert_eq!(attempts.begin(peer(99), "budi", s(0)), Err(s(10)));
        assert_eq!(attempts.begin(peer(99), "sari", s(0)), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let mut attempts = Attempts::default();
        for n in 0..10_000 {
            let _ = attempts.begin(IpAddr::V4(n.into()), &n.to_string(), s(0));
        }
        assert!(attempts.due.len() <= REMEMBERED_MAX);
    }
}
