//! Who may set the machine up. Customers of the hotspot are on a private network too, so an address proves nothing:
//! a claim needs presence, which is a code on the boot partition or a power cut right after a press. Pure: time and boot
//! are arguments.
//!
//! Time is counted in uptime and carried from one boot to the next, because the wall clock of a Pi stands still while it is
//! off and nobody has set it at first. What a power cut took of the last saved progress is counted as time that has passed.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::machine::Boot;

/// How long after the first start the set-up is open.
pub const WINDOW: Duration = Duration::from_hours(1);
/// How long after a press the power cut confirms it.
pub const CONFIRM_MAX: Duration = Duration::from_mins(10);
/// From one save to the next while a press waits for its power cut.
pub const SAVE_PAUSE_PRESSED: Duration = Duration::from_secs(5);
/// From one save to the next otherwise: it spares the card.
pub const SAVE_PAUSE: Duration = Duration::from_secs(30);
/// Presses that are remembered. Two are enough for nobody to win.
const PRESSES_MAX: usize = 8;

/// A press of *claim*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// The hash of the browser's cookie, in hexadecimal digits.
    pub browser: String,
    /// Where it came from.
    pub address: IpAddr,
    /// How long ago, in seconds of uptime.
    age_s: u64,
}

/// How presence was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// By the code on the boot partition.
    Code,
    /// By a power cut after the press.
    PowerCut,
}

/// The browser that may set the machine up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The hash of its cookie, in hexadecimal digits.
    pub browser: String,
    /// Where it was when it claimed.
    pub address: IpAddr,
    /// When, by the wall clock, which may be wrong: milliseconds since 1970.
    pub at_ms: i64,
    /// How.
    pub proof: Proof,
}

/// Why a press does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPressed {
    /// The time is over.
    Closed,
    /// Somebody proved presence already.
    Claimed,
}

/// The state of claiming, as it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claiming {
    /// The boot of the last save; empty before the first one.
    boot_id: String,
    /// Its uptime then, in seconds.
    uptime_s: u64,
    /// Seconds of the window that are used up.
    used_s: u64,
    /// Presses that wait for a power cut.
    presses: Vec<Press>,
    /// Addresses of presses that came to nothing because there was more than one.
    pub contested: Vec<IpAddr>,
    /// Who won.
    pub claim: Option<Claim>,
}

impl Claiming {
    /// A state whose window is over, for a file that cannot be read: what is in doubt stays closed.
    pub fn closed() -> Self {
        Self { used_s: WINDOW.as_secs(), ..Self::default() }
    }

    /// The same state with its window over. A claim stays.
    #[must_use]
    pub fn into_closed(self) -> Self {
        Self { claim: self.claim, ..Self::closed() }
    }

    /// Counts the time up to this moment. In another boot than the last one it decides whose press the power cut
    /// confirmed. Returns whether something changed that must be saved at once.
    pub fn advance(&mut self, boot: &Boot, now_ms: i64) -> bool {
        let uptime_s = boot.uptime.as_secs();
        let is_first = self.boot_id.is_empty();
        let is_other = !is_first && self.boot_id != boot.id;
        let passed = match (is_first, is_other) {
            (true, _) => 0,
            (false, false) => uptime_s.saturating_sub(self.uptime_s),
            (false, true) => uptime_s.saturating_add(self.save_pause().as_secs()),
        };
        let used_before = self.used_s;
        self.used_s = self.used_s.saturating_add(passed).min(WINDOW.as_secs());
        for press in &mut self.presses {
            press.age_s = press.age_s.saturating_add(passed);
        }
        let presses_before = self.presses.len();
        self.presses.retain(|press| press.age_s <= CONFIRM_MAX.as_secs());
        if is_other {
            self.confirm(now_ms);
        }
        self.boot_id.clone_from(&boot.id);
        self.uptime_s = uptime_s;
        let is_over = used_before < WINDOW.as_secs() && !self.is_open();
        is_first || is_other || is_over || presses_before != self.presses.len()
    }

    /// The power was cut: a single press wins, and of several none, because nobody knows whose hand it was.
    fn confirm(&mut self, now_ms: i64) {
        let mut presses = std::mem::take(&mut self.presses);
        if self.claim.is_some() || presses.is_empty() {
            return;
        }
        if presses.len() > 1 {
            self.contested = presses.iter().map(|press| press.address).collect();
            return;
        }
        let Press { browser, address, age_s: _ } = presses.remove(0);
        self.contested.clear();
        self.claim = Some(Claim { browser, address, at_ms: now_ms, proof: Proof::PowerCut });
    }

    /// Whether the hour after the first start lasts.
    pub fn is_open(&self) -> bool {
        self.used_s < WINDOW.as_secs()
    }

    /// How long it still lasts.
    pub fn left(&self) -> Duration {
        WINDOW.saturating_sub(Duration::from_secs(self.used_s))
    }

    /// How often the state is to be saved.
    pub fn save_pause(&self) -> Duration {
        if self.presses.is_empty() { SAVE_PAUSE } else { SAVE_PAUSE_PRESSED }
    }

    /// Whether time that passes is worth a write: it shortens the window, or the life of a press.
    pub fn needs_saves(&self) -> bool {
        self.claim.is_none() && (self.is_open() || !self.presses.is_empty())
    }

    /// Remembers a press. `is_reopened` says that the boot partition has the file that opens the set-up again.
    pub fn press(&mut self, browser: String, address: IpAddr, is_reopened: bool) -> Result<(), NotPressed> {
        if self.claim.is_some() {
            return Err(NotPressed::Claimed);
        }
        if !self.is_open() && !is_reopened {
            return Err(NotPressed::Closed);
        }
        self.contested.clear();
        let is_full = self.presses.len() >= PRESSES_MAX;
        match self.presses.iter_mut().find(|press| press.browser == browser) {
            Some(press) => *press = Press { browser, address, age_s: 0 },
            None if !is_full => {
                self.presses.push(Press { browser, address, age_s: 0 });
            }
            // There are enough for nobody to win. The youngest stays young, so that it lasts as long as this one would.
            None => {
                if let Some(last) = self.presses.last_mut() {
                    last.age_s = 0;
                }
            }
        }
        Ok(())
    }

    /// Presses that wait.
    pub fn presses(&self) -> &[Press] {
        &self.presses
    }

    /// Takes the machine for the browser that knows the code of the boot partition. That proves more than a power cut
    /// does, so it also replaces a claim, such as that of a phone that is lost.
    pub fn take_by_code(&mut self, browser: String, address: IpAddr, now_ms: i64) {
        self.presses.clear();
        self.contested.clear();
        self.claim = Some(Claim { browser, address, at_ms: now_ms, proof: Proof::Code });
    }

    /// Whether this browser may go on.
    pub fn is_claimed_by(&self, browser: &str) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.browser == browser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(id: &str, uptime_s: u64) -> Boot {
        Boot { id: id.to_owned(), uptime: Duration::from_secs(uptime_s) }
    }

    fn at(last: u8) -> IpAddr {
        [192, 168, 88, last].into()
    }

    /// The state of a machine that was started for the first time `uptime_s` after its boot `a`.
    fn started(uptime_s: u64) -> Claiming {
        let mut state = Claiming::default();
        assert!(state.advance(&boot("a", uptime_s), 0));
        state
    }

    #[test]
    fn the_window_counts_uptime_over_restarts_and_boots_and_does_not_begin_again() {
        // The package may be installed on a machine that has run for days.
        let mut state = started(500_000);
        assert_eq!(state.left(), WINDOW);
        state.advance(&boot("a", 501_000), 0);
        assert_eq!(state.left().as_secs(), 2600);
        // A restart of the daemon reads the file again and finds the same boot.
        let mut again: Claiming = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        again.advance(&boot("a", 501_500), 0);
        assert_eq!(again.left().as_secs(), 2100);
        // Another boot: what was not saved and what passed since count.
        again.advance(&boot("b", 70), 0);
        assert_eq!(again.left().as_secs(), 2000);
        assert!(again.advance(&boot("b", 2070), 0), "the end of the window is saved at once");
        assert!(!again.is_open());
        for later in [boot("b", 9_000), boot("c", 1)] {
            again.advance(&later, 0);
            assert!(!again.is_open());
        }
        assert_eq!(again.press("x".into(), at(9), false), Err(NotPressed::Closed));
        assert_eq!(
            again.press("x".into(), at(9), true),
            Ok(()),
            "the file on the boot partition opens it again"
        );
        assert!(!Claiming::closed().is_open());
    }

    #[test]
    fn one_press_and_a_power_cut_claim_and_a_restart_of_the_daemon_does_not() {
        let mut state = started(20);
        state.press("owner".into(), at(10), false).unwrap();
        state.advance(&boot("a", 60), 1);
        assert_eq!(state.claim, None, "the same boot");
        assert!(state.advance(&boot("b", 30), 77));
        assert!(state.is_claimed_by("owner") && !state.is_claimed_by("other") && !state.is_claimed_by(""));
        let claim = state.claim.clone().unwrap();
        assert_eq!((claim.address, claim.at_ms, claim.proof), (at(10), 77, Proof::PowerCut));
        assert_eq!(state.press("other".into(), at(11), false), Err(NotPressed::Claimed));
        state.advance(&boot("c", 30), 99);
        assert!(state.is_claimed_by("owner"), "another power cut changes nothing");
    }

    #[test]
    fn of_two_devices_that_pressed_nobody_wins_and_both_are_named() {
        let mut state = started(20);
        state.press("customer".into(), at(66), false).unwrap();
        state.advance(&boot("a", 80), 0);
        state.press("owner".into(), at(10), false).unwrap();
        state.press("customer".into(), at(66), false).unwrap();
        state.advance(&boot("b", 30), 0);
        assert_eq!((state.claim.as_ref(), state.contested.clone()), (None, vec![at(66), at(10)]));
        // Done again while the other one is quiet.
        state.press("owner".into(), at(10), false).unwrap();
        assert_eq!(state.contested, Vec::<IpAddr>::new());
        state.advance(&boot("c", 30), 0);
        assert!(state.is_claimed_by("owner"));
    }

    #[test]
    fn a_crowd_that_presses_cannot_push_out_a_press_or_outlast_its_bounds() {
        let mut state = started(20);
        state.press("owner".into(), at(10), false).unwrap();
        for n in 0..100 {
            state.press(format!("customer {n}"), at(66), false).unwrap();
        }
        assert_eq!(state.presses().len(), PRESSES_MAX);
        state.advance(&boot("b", 10), 0);
        assert_eq!(state.claim, None);
        assert!(state.contested.contains(&at(10)) && state.contested.contains(&at(66)));
    }

    #[test]
    fn a_press_that_is_too_old_for_its_power_cut_is_nobodys() {
        for (before, after, wins) in [(0, 30, true), (500, 90, true), (500, 96, false), (601, 1, false)] {
            let mut state = started(20);
            state.press("owner".into(), at(10), false).unwrap();
            state.advance(&boot("a", 20 + before), 0);
            state.advance(&boot("b", after), 0);
            assert_eq!(state.claim.is_some(), wins, "{before} s before the cut and {after} s after");
        }
        // The old press of somebody else is no reason to refuse a fresh one.
        let mut state = started(20);
        state.press("customer".into(), at(66), false).unwrap();
        state.advance(&boot("a", 700), 0);
        state.press("owner".into(), at(10), false).unwrap();
        state.advance(&boot("b", 30), 0);
        assert!(state.is_claimed_by("owner"));
    }

    #[test]
    fn the_code_replaces_a_claim_and_every_press() {
        let mut state = started(20);
        state.press("customer".into(), at(66), false).unwrap();
        state.advance(&boot("b", 30), 0);
        assert!(state.is_claimed_by("customer"));
        state.take_by_code("owner".into(), at(10), 5);
        assert!(state.is_claimed_by("owner") && !state.is_claimed_by("customer"));
    }
}
