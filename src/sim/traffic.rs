//! Made-up use of the hotspot: devices with habits, the same for the same seed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::id::Mac;

use super::router::SimRouter;

const KB: u64 = 1024;

/// How a device is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A telephone in somebody's hand: short bursts.
    Phone,
    /// A laptop that plays films: long and fast.
    Streaming,
    /// A device that only keeps in touch.
    Idle,
}

/// Ranges, both ends included, from which each phase draws.
struct TrafficHabit {
    busy_ms: (u64, u64),
    quiet_ms: (u64, u64),
    down_bytes_per_s: (u64, u64),
    /// Upload for every 1000 bytes of download.
    up_permille: u64,
}

impl Profile {
    const fn habit(self) -> TrafficHabit {
        match self {
            Self::Phone => TrafficHabit {
                busy_ms: (2_000, 20_000),
                quiet_ms: (5_000, 90_000),
                down_bytes_per_s: (20 * KB, 400 * KB),
                up_permille: 120,
            },
            Self::Streaming => TrafficHabit {
                busy_ms: (60_000, 600_000),
                quiet_ms: (10_000, 120_000),
                down_bytes_per_s: (300 * KB, 900 * KB),
                up_permille: 30,
            },
            Self::Idle => TrafficHabit {
                busy_ms: (1_000, 2_000),
                quiet_ms: (60_000, 300_000),
                down_bytes_per_s: (KB, 8 * KB),
                up_permille: 500,
            },
        }
    }
}

/// Makes devices of a simulated router move bytes. What one device does depends on the seed, its MAC and the time
/// it had, and on no other device.
#[derive(Debug)]
pub struct Traffic {
    router: SimRouter,
    seed: u64,
    users: BTreeMap<Mac, HabitUsage>,
    stopped_lists: Vec<String>,
    slowed_lists: BTreeMap<String, u64>,
}

impl Traffic {
    /// Nobody uses anything yet.
    pub fn new(router: SimRouter, seed: u64) -> Self {
        Self {
            router,
            seed,
            users: BTreeMap::new(),
            stopped_lists: Vec::new(),
            slowed_lists: BTreeMap::new(),
        }
    }

    /// A device whose address is in one of these lists moves nothing, as the firewall would have it.
    #[must_use]
    pub fn stopped_by(mut self, lists: &[&str]) -> Self {
        self.stopped_lists = lists.iter().map(|list| (*list).to_owned()).collect();
        self
    }

    /// A device whose address is in this list downloads no faster than this.
    #[must_use]
    pub fn slowed_by(mut self, list: &str, down_bytes_per_s: u64) -> Self {
        self.slowed_lists.insert(list.to_owned(), down_bytes_per_s);
        self
    }

    /// A device is used from here on; a known one starts again from the beginning.
    pub fn add(&mut self, mac: Mac, profile: Profile) {
        let random = Random::new(self.seed ^ mac.to_u64().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.users.insert(
            mac,
            HabitUsage { profile, random, busy: true, phase_left_ms: 0, rate: 0, carry: (0, 0) },
        );
    }

    /// Time passes, in whole milliseconds. The bytes that moved.
    pub fn step(&mut self, elapsed: Duration) -> u64 {
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let mut moved = 0;
        for (mac, usage) in &mut self.users {
            let limit = limit(&self.router, *mac, &self.stopped_lists, &self.slowed_lists);
            let (down, up) = usage.step(elapsed_ms, limit);
            if down + up > 0 {
                moved += self.router.traffic(*mac, down, up);
            }
        }
        moved
    }
}

/// How fast the router lets a device download; 0 is no access.
fn limit(router: &SimRouter, mac: Mac, stopped: &[String], slowed: &BTreeMap<String, u64>) -> u64 {
    let Some(address) = router.host_address(mac).filter(|_| router.has_access(mac)) else { return 0 };
    let lists = router.lists_of(address);
    if lists.iter().any(|list| stopped.contains(list)) {
        return 0;
    }
    lists.iter().filter_map(|list| slowed.get(list)).min().copied().unwrap_or(u64::MAX)
}

/// Where one device is in its habit.
#[derive(Debug)]
struct HabitUsage {
    profile: Profile,
    random: Random,
    busy: bool,
    phase_left_ms: u64,
    /// Download of this phase in bytes per second.
    rate: u64,
    /// Thousandths of bytes not moved yet, down and up.
    carry: (u64, u64),
}

impl HabitUsage {
    fn step(&mut self, elapsed_ms: u64, limit: u64) -> (u64, u64) {
        let up_permille = self.profile.habit().up_permille;
        let mut left_ms = elapsed_ms;
        while left_ms > 0 {
            if self.phase_left_ms == 0 {
                self.next_phase();
            }
            let span_ms = left_ms.min(self.phase_left_ms);
            // Bytes per second over milliseconds are thousandths of bytes.
            let down = self.rate.min(limit).saturating_mul(span_ms);
            self.carry.0 += down;
            self.carry.1 += down / 1000 * up_permille;
            self.phase_left_ms -= span_ms;
            left_ms -= span_ms;
        }
        let whole = (self.carry.0 / 1000, self.carry.1 / 1000);
        self.carry = (self.carry.0 % 1000, self.carry.1 % 1000);
        whole
    }

    fn next_phase(&mut self) {
        let habit = self.profile.habit();
        self.busy = !self.busy;
        let length = if self.busy { habit.busy_ms } else { habit.quiet_ms };
        self.phase_left_ms = self.random.within(length);
        self.rate = if self.busy { self.random.within(habit.down_bytes_per_s) } else { 0 };
    }
}

/// `SplitMix64`: small, seedable, good enough for habits.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The same for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn within(&mut self, (low, high): (u64, u64)) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// A place in a list of this length, which is not empty.
    pub fn place(&mut self, length: usize) -> usize {
        let last = u64::try_from(length.saturating_sub(1)).unwrap_or(u64::MAX);
        usize::try_from(self.within((0, last))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::SimConfig;
    use super::*;

    const PHONE: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const LAPTOP: Mac = Mac([2, 0, 0, 0, 0, 2]);

    async fn router() -> SimRouter {
        let router = SimRouter::start(SimConfig::default()).await.unwrap();
        for (mac, last) in [(PHONE, 1), (LAPTOP, 2)] {
            router.host_connect(mac, Ipv4Addr::new(10, 5, 0, last));
            let cells = [("mac-address", mac.to_string()), ("type", "bypassed".to_owned())];
            let cells: Vec<_> = cells.iter().map(|(name, text)| (*name, text.as_str())).collect();
            router.hand_add("/ip/hotspot/ip-binding", &cells).unwrap();
        }
        router
    }

    async fn moved(seed: u64, steps: u32) -> (u64, u64) {
        let router = router().await;
        let mut traffic = Traffic::new(router.clone(), seed);
        traffic.add(LAPTOP, Profile::Streaming);
        traffic.add(PHONE, Profile::Phone);
        let total: u64 = (0..steps).map(|_| traffic.step(Duration::from_hours(1) / steps)).sum();
        assert_eq!(total, router.moved(PHONE) + router.moved(LAPTOP));
        (router.moved(PHONE), router.moved(LAPTOP))
    }

    #[tokio::test]
    async fn the_same_seed_moves_the_same_bytes() {
        assert_eq!(moved(7, 60).await, moved(7, 60).await);
        assert_ne!(moved(7, 60).await, moved(8, 60).await);
        let (phone, laptop) = moved(7, 60).await;
        assert!(phone > 0 && laptop > phone, "a film outweighs a chat: {phone} {laptop}");
    }

    #[tokio::test]
    async fn steps_do_not_change_what_was_downloaded_by_more_than_rounding() {
        let (once, often) = (moved(7, 1).await, moved(7, 3600).await);
        assert!(once.0.abs_diff(often.0) < 10_000 && once.1.abs_diff(often.1) < 10_000, "{once:?} {often:?}");
    }

    #[tokio::test]
    async fn lists_stop_and_slow() {
        let router = router().await;
        let mut traffic =
            Traffic::new(router.clone(), 7).stopped_by(&["klient_habis"]).slowed_by("klient_fup", 1000);
        traffic.add(LAPTOP, Profile::Streaming);
        let list = |list| {
            router.hand_add("/ip/firewall/address-list", &[("list", list), ("address", "10.5.0.2")]).unwrap()
        };
        let fup = list("klient_fup");
        let slow = traffic.step(Duration::from_hours(1));
        assert!(slow > 0 && slow <= 3_600_000 * 103 / 100, "{slow}");
        router.hand_remove("/ip/firewall/address-list", &fup).unwrap();
        assert!(traffic.step(Duration::from_hours(1)) > 100 * slow);
        list("klient_habis");
        assert_eq!(traffic.step(Duration::from_hours(1)), 0);
    }

    #[tokio::test]
    async fn without_access_nothing_moves() {
        let router = router().await;
        let mut traffic = Traffic::new(router.clone(), 7);
        let stranger = Mac([2, 0, 0, 0, 0, 3]);
        router.host_connect(stranger, Ipv4Addr::new(10, 5, 0, 3));
        traffic.add(stranger, Profile::Streaming);
        assert_eq!(traffic.step(Duration::from_hours(1)), 0);
        router.set_authorized(stranger, true);
        assert!(traffic.step(Duration::from_hours(1)) > 0);
        router.host_disconnect(stranger);
        assert_eq!(traffic.step(Duration::from_hours(1)), 0);
    }
}
