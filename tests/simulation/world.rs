//! One seed, a whole world: a site with its customers, the relay, the gateway, the wires between them and the clock,
//! one step after the other on one thread, with the auditor looking on.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use kuota::clock::{Clock, ManualClock};
use kuota::domain::account::{Expiry, Overage, Policy};
use kuota::domain::debt::OverdueRule;
use kuota::domain::id::Mac;
use kuota::domain::listing::List;
use kuota::domain::units::{Bytes, Rupiah, Timestamp};
use kuota::relay::{decide_once, reconcile_once};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::auditor::{self, Books, DAY_MS, MB, judge_end};
use crate::bank::Bank;
use crate::border;
use crate::dice::Dice;
use crate::hotspot::{Device, Hotspot};
use crate::inspector::{Inspector, PaymentRequest};
use crate::machines::{Agent, AgentParts, RelayHost};
use crate::rows::judge_rows;
use crate::wire::{Fate, Wire};

/// 2026-11-01 05:00 UTC, noon in Jakarta.
const BEGIN: Timestamp = Timestamp(1_793_509_200_000);
/// Devices that customers carry.
const DEVICES: u8 = 9;
/// Events that a failure tells.
const EVENTS_TOLD: usize = 40;
/// Tries of a notification before the gateway gives it up.
const TRIES_MAX: u32 = 4;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub steps: u64,
    pub deeds: u64,
    pub refusals: u64,
    pub crashes: u64,
    pub restores: u64,
    pub orders: u64,
    pub credited: u64,
    /// Tells two runs of one seed apart, if they differ.
    pub trace: u64,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.deeds += other.deeds;
        self.refusals += other.refusals;
        self.crashes += other.crashes;
        self.restores += other.restores;
        self.orders += other.orders;
        self.credited += other.credited;
        self.trace ^= other.trace;
    }
}

/// A violation, with how to see it again.
#[derive(Debug)]
pub struct Violation {
    pub seed: u64,
    pub what: String,
    pub events: Vec<String>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        writeln!(f, "\n| when | what happened | what came of it |\n|---|---|---|")?;
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))?;
        write!(f, "\nalone: SEED={} cargo test --test simulation one_seed -- --nocapture", self.seed)
    }
}

/// Everything that exists.
pub struct World {
    pub seed: u64,
    pub dice: Dice,
    /// The Pi's clock, which may be wrong.
    pub clock: ManualClock,
    /// The clock of everybody else, which is right.
    pub outside: ManualClock,
    pub hotspot: Hotspot,
    pub bank: Bank,
    pub wire: Wire,
    pub agent: Agent,
    pub relay: Option<RelayHost>,
    pub inspector: Inspector,
    pub figures: Figures,
    pub people: Vec<String>,
    pub is_calm: bool,
    /// Whether agent and relay told each other everything since either went back to a copy: what both have forgotten,
    /// nobody knows.
    pub is_in_step: bool,
    /// Whether the gateway reaches the relay.
    pub is_doorway_cut: bool,
    /// Copies of yesterday: the agent's with its books, and the relay's.
    pub agent_copy: Option<(PathBuf, Books)>,
    pub relay_copy: Option<PathBuf>,
    pub dir: TempDir,
    events: VecDeque<String>,
    /// Whether the router was read in this step.
    has_read: bool,
    /// What the last reconciling did, for people.
    enforced: String,
}

impl World {
    pub async fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let memory = PathBuf::from("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let dir = dir.expect("a folder of our own");
        let (clock, outside) = (ManualClock::new(BEGIN), ManualClock::new(BEGIN));
        let (hotspot, wire) = (Hotspot::default(), Wire::default());
        let bank = Bank::new(outside.clone(), seed, wire.died());
        hotspot.inside().devices = (1..=DEVICES).map(device).collect();
        let policy = policy(&mut dice);
        let parts = AgentParts {
            folder: dir.path().join("agent"),
            clock: clock.clone(),
            policy: policy.clone(),
            router: hotspot.clone(),
            wire: wire.clone(),
            names: Arc::new(AtomicU64::new(1)),
        };
        let agent = Agent::start(parts);
        let folder = dir.path().join("relay");
        let relay = RelayHost::start(folder, outside.clone(), bank.clone()).await;
        wire.lead_to(Some(relay.router()));
        let books = Books::new(border::site(&policy), border::pi(&clock));
        Self {
            seed,
            dice,
            clock,
            outside,
            hotspot,
            bank,
            wire,
            agent,
            relay: Some(relay),
            inspector: Inspector::new(books),
            figures: Figures::default(),
            people: Vec::new(),
            is_calm: false,
            is_in_step: true,
            is_doorway_cut: false,
            agent_copy: None,
            relay_copy: None,
            dir,
            events: VecDeque::new(),
            has_read: false,
            enforced: String::new(),
        }
    }

    /// Lives for so many days, then lets everything come to rest, and judges the end.
    pub async fn live(mut self, days: u32) -> Result<Figures, Violation> {
        match self.days(days).await {
            Ok(()) => Ok(self.figures),
            Err(what) => Err(Violation { seed: self.seed, what, events: self.events.into() }),
        }
    }

    async fn days(&mut self, days: u32) -> Result<(), String> {
        self.furnish().await?;
        let mut left = i64::from(days) * DAY_MS;
        while left > 0 {
            let ms = self.pause_ms();
            left -= ms;
            self.step(ms).await?;
        }
        self.rest().await
    }

    /// A row of the policy table: what happened and what came of it.
    pub fn tell(&mut self, what: impl Into<String>, came: impl Into<String>) {
        let (what, came) = (what.into(), came.into());
        let (day, minute) = auditor::local(self.clock.now().0);
        let (from, _) = auditor::local(BEGIN.0);
        let when = format!("day {} {:02}:{:02}", day - from, minute / 60, minute % 60);
        for byte in when.bytes().chain(what.bytes()) {
            self.figures.trace = (self.figures.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.events.len() == EVENTS_TOLD {
            self.events.pop_front();
        }
        self.events.push_back(format!("| {when} | {what} | {came} |"));
    }

    /// From seconds to hours.
    fn pause_ms(&mut self) -> i64 {
        let spans =
            [(10, 60), (60, 600), (600, 3600), (600, 3600), (3600, 14_400), (3600, 28_800), (3600, 28_800)];
        let (from, to) = self.dice.one_of(&spans);
        1000 * i64::try_from(from + self.dice.below(to - from)).expect("a few hours")
    }

    /// Time passes for everybody, then everybody does what is due, and people do what they like.
    async fn step(&mut self, ms: i64) -> Result<(), String> {
        self.figures.steps += 1;
        self.pass(ms).await;
        self.befall().await?;
        self.traffic(ms);
        self.turn().await?;
        for _ in 0..self.dice.one_of(&[0, 1, 1, 2, 3]) {
            self.figures.deeds += 1;
            self.deed().await?;
            if self.dice.chance(300) {
                self.cycle().await?;
            }
        }
        Ok(())
    }

    pub async fn pass(&mut self, ms: i64) {
        let by = Duration::from_millis(ms.unsigned_abs());
        self.clock.advance(by);
        self.outside.advance(by);
        self.hotspot.inside().pass(ms.unsigned_abs());
        tokio::time::advance(by).await;
        self.bank.inside().expire();
        self.has_read = false;
    }

    /// What the loops of both machines do, once.
    pub async fn turn(&mut self) -> Result<(), String> {
        self.deliver().await;
        self.cycle().await?;
        if let Some(relay) = &self.relay {
            let (relay, now) = (Arc::clone(&relay.relay), self.outside.now());
            with_time(async move {
                decide_once(&relay, now).await.expect("the relay's store works");
                reconcile_once(&relay, now).await.expect("the relay's store works");
            })
            .await;
        }
        if self.link().await? { self.cycle().await } else { Ok(()) }
    }

    /// Meters and enforces.
    pub async fn cycle(&mut self) -> Result<(), String> {
        self.look();
        let metered = self.agent.site().cycle.meter_once().await;
        if let Err(error) = metered {
            self.tell("the router is read", format!("{error}"));
        }
        self.take_readings();
        self.inspector.books.tick();
        self.inspector.note();
        self.judge().await?;
        self.enforce().await
    }

    /// Takes readings over that were made meanwhile.
    pub fn take_readings(&mut self) {
        let readings = self.hotspot.inside().take_readings();
        self.has_read |= !readings.is_empty();
        self.inspector.read(&readings);
    }

    pub fn look(&mut self) {
        self.inspector.books.look(border::pi(&self.clock));
    }

    /// Reconciles until nothing is in the way, at most twice, and judges the lists.
    async fn enforce(&mut self) -> Result<(), String> {
        let foreign = self.hotspot.inside().foreign();
        let mut is_done = false;
        for _ in 0..2 {
            let enforced = self.agent.site().cycle.enforce_once().await;
            let readings = self.hotspot.inside().take_readings();
            if !readings.is_empty() {
                self.has_read = true;
                self.inspector.read(&readings);
                self.inspector.books.tick();
                self.inspector.note();
            }
            if self.hotspot.inside().foreign() != foreign {
                return Err("a row of others was changed".to_owned());
            }
            self.enforced = format!("{enforced:?}");
            is_done = enforced.as_ref().is_ok_and(|enforced| {
                enforced.edits.len() == enforced.outcomes.len() && enforced.waiting.is_empty()
            });
            if enforced.is_ok_and(|enforced| enforced.edits.is_empty()) {
                break;
            }
        }
        let is_troubled = self.hotspot.inside().trouble.is_some();
        if is_done && self.has_read && !is_troubled { self.judge_rows() } else { Ok(()) }
    }

    /// The router's rows against what must stand there.
    fn judge_rows(&self) -> Result<(), String> {
        let wrong = judge_rows(&self.hotspot.inside(), &self.inspector.books.claims());
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!("the router: {}; the last edits: {}", wrong.join("; "), self.enforced))
    }

    /// The gateway's letters whose time has come.
    async fn deliver(&mut self) {
        let letters = self.bank.inside().due_letters();
        for mut letter in letters {
            let is_there = match self.relay.as_ref().filter(|_| !self.is_doorway_cut) {
                None => false,
                Some(relay) => {
                    let request = Request::builder()
                        .method("POST")
                        .uri(relay.notification_path())
                        .body(Body::from(letter.body.clone()))
                        .expect("a request of known parts");
                    let answer = relay.router().oneshot(request).await;
                    let Ok(answer) = answer;
                    answer.status().is_success() || answer.status().is_client_error()
                }
            };
            letter.tries += 1;
            if !is_there && letter.tries < TRIES_MAX {
                letter.due = self.outside.now().0 + 120_000 * i64::from(letter.tries);
                self.bank.inside().post.push(letter);
            }
        }
    }

    /// Reads the feed and sends the outbox; returns whether anything was news.
    async fn link(&mut self) -> Result<bool, String> {
        if !self.is_calm && self.dice.chance(60) {
            let fates = [Fate::Fine, Fate::Lost, Fate::Unanswered, Fate::Fine];
            let doomed = (0..4).map(|_| fates[self.dice.pick(4)]).collect();
            self.wire.doom(doomed);
        }
        self.look();
        let (mut has_news, mut has_read_feed) = (false, false);
        for _ in 0..20 {
            let pulled = self.agent.site().payments.pull_once(Duration::ZERO).await;
            self.hear(&None)?;
            let Ok(applied) = pulled else { break };
            has_news |= applied.items > 0;
            if !applied.more && !applied.restarted {
                has_read_feed = true;
                break;
            }
        }
        self.inspector.books.give_up_old();
        self.inspector.note();
        let _ = self.agent.site().payments.outbox_once().await;
        self.hear(&None)?;
        self.wire.doom(Vec::new());
        self.judge().await?;
        let is_idle = self.agent.engine(|engine| engine.outbox().is_empty()).await;
        self.is_in_step |= has_read_feed && is_idle;
        Ok(has_news)
    }

    /// Tells the auditor what the agent heard.
    pub fn hear(&mut self, wish: &PaymentRequest) -> Result<(), String> {
        let heard = self.wire.take_heard();
        if heard.is_empty() {
            return Ok(());
        }
        let truths = self.bank.inside().truths();
        self.inspector.hear(heard, wish, &truths)
    }

    /// What the product holds true against what must be true.
    pub async fn judge(&mut self) -> Result<(), String> {
        let there = self.agent.engine(border::seen).await;
        let must = self.inspector.books.seen();
        if must == there { Ok(()) } else { Err(must.differences(&there).join("\n")) }
    }

    fn traffic(&mut self, ms: i64) {
        let seconds = ms.unsigned_abs() / 1000;
        for at in 0..usize::from(DEVICES) {
            if self.dice.chance(600) {
                let rate = [2_000, 20_000, 60_000, 400_000][self.dice.pick(4)];
                let bytes = self.dice.below(seconds.min(7200) * rate + 1);
                self.hotspot.inside().flow(at, bytes);
            }
        }
    }

    /// Everything is mended and nobody does anything: whatever is under way ends, and nothing hangs.
    async fn rest(&mut self) -> Result<(), String> {
        self.is_calm = true;
        self.mend();
        if !self.inspector.books.is_trusted() {
            self.clock.synchronize();
        }
        for ms in [60_000, 600_000, 3_600_000, 7_200_000] {
            for _ in 0..9 {
                self.pass(ms).await;
                self.turn().await?;
            }
        }
        for _ in 0..10 {
            self.pass(20 * 3_600_000).await;
            self.turn().await?;
        }
        self.tell("everything came to rest", "");
        let (outbox, openings) =
            self.agent.engine(|engine| (engine.outbox(), engine.pending_orders().len())).await;
        let relay = self.relay.as_ref().expect("it is mended");
        if !outbox.is_empty() || openings > 0 || !relay.is_idle().await {
            let last = self.wire.last_words();
            return Err(format!(
                "never quiet: {outbox:?}, {openings} openings; the relay's last words: {last}"
            ));
        }
        let truths = self.bank.inside().truths();
        let wrong = judge_end(&self.inspector.books, &truths);
        let verified = self.agent.engine(|engine| {
            engine.flush().expect("the store takes it");
            engine.reader().verify().map(drop).map_err(|broken| broken.to_string())
        });
        verified.await?;
        (self.figures.orders, self.figures.credited) = (truths.len() as u64, self.inspector.credited);
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    /// Whatever was cut or down is whole again.
    fn mend(&mut self) {
        let mut inside = self.hotspot.inside();
        (inside.is_down, inside.trouble) = (false, None);
        drop(inside);
        let mut bank = self.bank.inside();
        (bank.is_down, bank.is_calm, bank.hangs) = (false, true, false);
        drop(bank);
        self.wire.cut(false);
        self.wire.doom(Vec::new());
        self.is_doorway_cut = false;
    }
}

/// Time flows while somebody waits for nothing but time.
async fn with_time<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = a_while() => {}
        }
    }
}

/// Long enough for whatever waits for a disk, so that what still waits waits for time.
async fn a_while() {
    let waited = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await;
    waited.expect("it only waits");
    tokio::time::advance(Duration::from_millis(200)).await;
}

fn device(n: u8) -> Device {
    Device::new(Mac([2, 0, 0, 0, 0, n]))
}

/// Another owner with every seed.
fn policy(dice: &mut Dice) -> Policy {
    Policy {
        overage: if dice.chance(350) { Overage::Debt } else { Overage::Stop },
        debt_limit: Bytes::mb([200, 500, 500, 2000][dice.pick(4)]),
        fup_threshold: Bytes([512, 3072][dice.pick(2)] * MB),
        overdue: OverdueRule {
            blocks: true,
            grace_days: [0, 0, 3][dice.pick(3)],
            block_from_minute: [0, 480][dice.pick(2)],
        },
        expiry: if dice.chance(400) { Expiry::Extend } else { Expiry::ResetFromNow },
        price_rounding: Rupiah([10_000, 10_000, 1000, 1][dice.pick(4)]),
        pay_window_ms: [600_000, 600_000, 0][dice.pick(3)],
        ..Policy::default()
    }
}

/// Lists that operators of other systems may use as well.
pub const LISTS: [List; 6] = List::ALL;
