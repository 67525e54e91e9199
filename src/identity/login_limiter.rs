//! Rate limits for log-in attempts: guessing is too slow to succeed, and nobody is locked out by another's guesses.
//!
//! A wrong guess counts for its address, for address and name together, and for a shared limit: the name, or all
//! callers. A user who logged in from an address before has a separate allowance there, which guesses from elsewhere
//! do not use up. When a shared limit is used up, addresses without a recent wrong guess draw on a reserve. Time is
//! the clock's uptime.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use crate::tools::client_network::client_network;
use crate::tools::rate_limit::RateLimit;

/// Addresses and names remembered, of each kind.
const REMEMBERED_MAX: usize = 4096;
/// How long an address with a wrong guess may not use the reserve.
const DOUBTED: Duration = Duration::from_mins(10);

/// For one address, and for one name from it.
const PEER: RateLimit = RateLimit::every(Duration::from_secs(10), 5);
/// For one name from any address.
const NAME: RateLimit = RateLimit::every(Duration::from_secs(10), 20);
/// For all callers of the admin interface: as much hashing as a small machine can do next to its work.
const DESK: RateLimit = RateLimit::every(Duration::from_secs(2), 60);
/// For all callers of the portal, where a PIN has six digits. Together with the reserve this bounds guessing to about
/// 11 500 PINs a day, from any number of devices.
const PORTAL: RateLimit = RateLimit::every(Duration::from_secs(10), 30);
/// For registrations of all callers: each is written to the card. With the reserve this bounds them to 5 800 a day, from
/// any number of devices.
const NEWCOMERS: RateLimit = RateLimit::every(Duration::from_secs(30), 60);
/// For addresses without a wrong guess when a shared limit is used up.
const RESERVE: RateLimit = RateLimit::every(Duration::from_secs(30), 10);

/// The limits that attempts share beyond their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarded {
    /// Passwords: each name has an allowance, and all callers together another.
    Passwords,
    /// PINs: all callers together have one.
    Pins,
    /// Registrations: each name has an allowance, and all callers together another.
    Registrations,
    /// For requests made by many and not worth guessing: each name has an allowance.
    Names,
}

/// A limit that an attempt counts for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Bucket {
    /// A name from an address.
    Pair(IpAddr, String),
    /// All names from an address.
    Peer(IpAddr),
    /// A name from all addresses.
    Name(String),
    /// All callers.
    All,
    /// The reserve of a name.
    Reserve(String),
}

/// A started attempt. It counts as a wrong one unless it is returned.
#[derive(Debug)]
#[must_use = "an attempt that is not given back counts as a wrong one"]
pub(crate) struct LoginAttempt {
    peer: IpAddr,
    name: String,
    charged: Vec<Bucket>,
    /// When the address guessed wrong before.
    failed_before: Option<Duration>,
}

/// The counted attempts of each limit.
#[derive(Debug)]
pub(crate) struct LoginLimiter {
    guarded: Guarded,
    /// Limits that are not completely free.
    limits: HashMap<Bucket, RateLimit>,
    /// The last log-in by that name from that address.
    known: HashMap<(IpAddr, String), Duration>,
    /// The last wrong guess of an address.
    failed: HashMap<IpAddr, Duration>,
}

impl LoginLimiter {
    /// A limiter without history.
    pub fn new(guarded: Guarded) -> Self {
        Self { guarded, limits: HashMap::new(), known: HashMap::new(), failed: HashMap::new() }
    }

    /// Counts an attempt before it is made; an error is the time to wait.
    pub fn begin(&mut self, peer: IpAddr, name: &str, now: Duration) -> Result<LoginAttempt, Duration> {
        let (peer, name) = (client_network(peer), name.trim().to_lowercase());
        let failed_before = self.failed.get(&peer).copied();
        if self.is_doubted(peer, now) {
            // An address that keeps guessing is kept off the reserve, refused or not.
            self.failed.insert(peer, now);
        }
        let own = (Bucket::Pair(peer, name.clone()), PEER);
        let charged = if self.known.contains_key(&(peer, name.clone())) {
            self.affordable(vec![own], now)?
        } else {
            let here = self.affordable(vec![own, (Bucket::Peer(peer), PEER)], now)?;
            let shared = self.shared(&name);
            let shared = match self.affordable(shared, now) {
                Ok(shared) => shared,
                Err(wait) if self.is_doubted(peer, now) => return Err(wait),
                Err(_) => self.affordable(vec![(Bucket::Reserve(self.scope(&name)), RESERVE)], now)?,
            };
            [here, shared].concat()
        };
        for (bucket, limit) in &charged {
            make_room(&mut self.limits, bucket, RateLimit::full_at, |limit| limit.full_at() > now);
            self.limits.entry(bucket.clone()).or_insert(*limit).take(now)?;
        }
        make_room(&mut self.failed, &peer, |at| *at, |at| *at + DOUBTED > now);
        self.failed.insert(peer, now);
        let charged = charged.into_iter().map(|(bucket, _)| bucket).collect();
        Ok(LoginAttempt { peer, name, charged, failed_before })
    }

    /// Records a successful attempt: it costs nothing, and its name is known at its address from here on.
    pub fn succeeded(&mut self, attempt: LoginAttempt, now: Duration) {
        self.limits.remove(&Bucket::Pair(attempt.peer, attempt.name.clone()));
        let key = (attempt.peer, attempt.name.clone());
        self.withdraw_attempt(attempt);
        make_room(&mut self.known, &key, |at| *at, |_| true);
        self.known.insert(key, now);
    }

    /// Uncounts an attempt that was neither right nor wrong; earlier attempts are kept.
    pub fn withdraw_attempt(&mut self, attempt: LoginAttempt) {
        for bucket in attempt.charged {
            if let Some(limit) = self.limits.get_mut(&bucket) {
                limit.give_back();
            }
        }
        match attempt.failed_before {
            Some(at) => self.failed.insert(attempt.peer, at),
            None => self.failed.remove(&attempt.peer),
        };
    }

    /// Records a log-in by that name from that address that is older than this limiter.
    pub fn remember(&mut self, peer: IpAddr, name: &str) {
        let key = (client_network(peer), name.trim().to_lowercase());
        make_room(&mut self.known, &key, |at| *at, |_| true);
        self.known.entry(key).or_default();
    }

    /// These limits, if each has an attempt left; else the time to wait for all of them.
    fn affordable(
        &self,
        buckets: Vec<(Bucket, RateLimit)>,
        now: Duration,
    ) -> Result<Vec<(Bucket, RateLimit)>, Duration> {
        let wait = |(bucket, limit): &(Bucket, RateLimit)| self.limits.get(bucket).unwrap_or(limit).wait(now);
        match buckets.iter().map(wait).max() {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(buckets),
        }
    }

    fn shared(&self, name: &str) -> Vec<(Bucket, RateLimit)> {
        match self.guarded {
            Guarded::Passwords => vec![(Bucket::Name(name.to_owned()), NAME), (Bucket::All, DESK)],
            Guarded::Pins => vec![(Bucket::All, PORTAL)],
            Guarded::Registrations => vec![(Bucket::Name(name.to_owned()), NAME), (Bucket::All, NEWCOMERS)],
            Guarded::Names => vec![(Bucket::Name(name.to_owned()), NAME)],
        }
    }

    /// The scope of a reserve.
    fn scope(&self, name: &str) -> String {
        match self.guarded {
            Guarded::Passwords | Guarded::Names => name.to_owned(),
            Guarded::Pins | Guarded::Registrations => String::new(),
        }
    }

    fn is_doubted(&self, peer: IpAddr, now: Duration) -> bool {
        self.failed.get(&peer).is_some_and(|at| *at + DOUBTED > now)
    }
}

/// Makes room for one more entry: removes entries that no longer matter, else the oldest.
fn make_room<K: Clone + Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    key: &K,
    age: impl Fn(&V) -> Duration,
    matters: impl Fn(&V) -> bool,
) {
    if map.len() < REMEMBERED_MAX || map.contains_key(key) {
        return;
    }
    map.retain(|_, at| matters(at));
    if map.len() >= REMEMBERED_MAX {
        let oldest = map.iter().min_by_key(|(_, value)| age(value)).map(|(key, _)| key.clone());
        oldest.and_then(|key| map.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    /// Attempts at once of one address.
    const PEER_BURST: u32 = 5;
    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn peer(n: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0100 + n).into())
    }

    #[test]
    fn registrations_from_ever_new_devices_under_ever_new_numbers_are_few() {
        let mut attempts = LoginLimiter::new(Guarded::Registrations);
        let mut written = 0;
        for second in 0..24 * 3600_u32 {
            let (peer, name) = (peer(second), format!("+62{second}"));
            written += u32::from(attempts.begin(peer, &name, s(second.into())).is_ok());
        }
        assert!((5_000..6_000).contains(&written), "{written} in a day");
    }

    /// Makes a wrong guess; returns the time to wait, if any.
    fn guess(attempts: &mut LoginLimiter, peer: IpAddr, name: &str, at: Duration) -> Result<(), Duration> {
        attempts.begin(peer, name, at).map(drop)
    }

    fn log_in(attempts: &mut LoginLimiter, peer: IpAddr, name: &str, at: Duration) -> Result<(), Duration> {
        let attempt = attempts.begin(peer, name, at)?;
        attempts.succeeded(attempt, at);
        Ok(())
    }

    #[test]
    fn a_few_attempts_are_free_and_then_each_is_waited_for() {
        let mut attempts = LoginLimiter::new(Guarded::Passwords);
        for _ in 0..PEER_BURST {
            assert_eq!(guess(&mut attempts, A, "budi", s(100)), Ok(()));
        }
        assert_eq!(guess(&mut attempts, A, "sari", s(100)), Err(s(10)));
        assert_eq!(guess(&mut attempts, A, " BUDI", s(110)), Ok(()));
        assert_eq!(guess(&mut attempts, A, "budi", s(110)), Err(s(10)));
        assert_eq!(log_in(&mut attempts, A, "budi", s(120)), Ok(()));
        assert_eq!(guess(&mut attempts, A, "budi", s(120)), Ok(()));
    }

    #[test]
    fn an_attempt_taken_back_frees_nothing_but_itself() {
        let mut attempts = LoginLimiter::new(Guarded::Passwords);
        for _ in 1..PEER_BURST {
            assert_eq!(guess(&mut attempts, A, "budi", s(100)), Ok(()));
        }
        for _ in 0..9 {
            let attempt = attempts.begin(A, "budi", s(100)).unwrap();
            attempts.withdraw_attempt(attempt);
        }
        assert_eq!(guess(&mut attempts, A, "budi", s(100)), Ok(()));
        assert_eq!(guess(&mut attempts, A, "budi", s(100)), Err(s(10)));
    }

    #[test]
    fn whoever_logged_in_before_is_not_locked_out_by_others() {
        let mut attempts = LoginLimiter::new(Guarded::Passwords);
        assert_eq!(log_in(&mut attempts, A, "juragan", s(0)), Ok(()));
        let mut refused = 0;
        for second in 1..600 {
            // Four addresses, and every minute four more.
            for n in 0..4 {
                let from = peer(n + u32::try_from(second / 60).unwrap() * 4);
                refused += u32::from(guess(&mut attempts, from, "juragan", s(second)).is_err());
            }
            assert_eq!(log_in(&mut attempts, A, "Juragan", s(second)), Ok(()), "{second}");
        }
        assert!(refused > 2200, "guesses were let through: {}", 2396 - refused);
        // Their own mistakes count only for them, and guesses at another name from there count for a stranger.
        for _ in 0..PEER_BURST {
            assert_eq!(guess(&mut attempts, A, "juragan", s(600)), Ok(()));
        }
        assert_eq!(log_in(&mut attempts, A, "juragan", s(600)), Err(s(10)));
        assert_eq!(guess(&mut attempts, A, "kasir", s(600)), Ok(()));
    }

    #[test]
    fn one_name_is_guarded_against_many_addresses_and_a_newcomer_is_heard() {
        let mut attempts = LoginLimiter::new(Guarded::Passwords);
        for second in 0..300 {
            for n in 0..4 {
                let _ = guess(&mut attempts, peer(n), "juragan", s(second));
            }
        }
        let _ = guess(&mut attempts, peer(0), "juragan", s(300));
        assert!(guess(&mut attempts, peer(1), "juragan", s(300)).is_err());
        assert_eq!(log_in(&mut attempts, A, "juragan", s(300)), Ok(()), "a new phone of the owner");
        // Ever new addresses use up the reserve and gain nothing else.
        let let_in =
            (0..500).filter(|n| guess(&mut attempts, peer(100 + n), "juragan", s(300)).is_ok()).count();
        assert!(let_in <= 12, "{let_in}");
    }

    #[test]
    fn pins_of_all_customers_have_one_allowance() {
        let mut attempts = LoginLimiter::new(Guarded::Pins);
        let mut let_in = 0;
        for second in 0..3600 {
            for n in 0..10 {
                let name = format!("08{}", second * 10 + u64::from(n));
                let_in += u32::from(guess(&mut attempts, peer(n), &name, s(second)).is_ok());
            }
        }
        assert!(let_in <= 30 + 360, "{let_in}");
        assert_eq!(log_in(&mut attempts, A, "0812", s(3600)), Ok(()), "a customer who did not guess");
        assert_eq!(log_in(&mut attempts, A, "0812", s(3600)), Ok(()), "and again from there");
    }

    #[test]
    fn one_household_has_one_allowance_whatever_its_address() {
        let mut attempts = LoginLimiter::new(Guarded::Passwords);
        let address = |n: u16| IpAddr::V6(Ipv6Addr::new(0xfd00, 1, 2, 3, 0, 0, 0, n));
        for n in 0..5 {
            assert_eq!(guess(&mut attempts, address(n), "budi", s(0)), Ok(()));
        }
        assert_eq!(guess(&mut attempts, address(9), "budi", s(0)), Err(s(10)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut attempts = LoginLimiter::new(Guarded::Names);
        for n in 0..5_000 {
            let _ = log_in(&mut attempts, peer(n), &n.to_string(), s(0));
            let _ = guess(&mut attempts, peer(n), &(n + 1).to_string(), s(0));
        }
        let sizes = [attempts.limits.len(), attempts.known.len(), attempts.failed.len()];
        assert!(sizes.iter().all(|size| *size <= REMEMBERED_MAX), "{sizes:?}");
    }
}
