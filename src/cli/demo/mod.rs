//! `demo`: the whole product on loopback, with no set-up. A simulated router speaks the real protocol, the real
//! agent meters and enforces, people use the hotspot, a cashier takes money, and others pay online: through the real
//! relay at a simulated Midtrans.

mod bank;
mod cashier;
mod flow;
mod news;
mod online;
mod payers;
mod people;
mod report;
mod town;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::failure::Failure;
use super::output::{complain, say};
use super::texts::DemoWords;
use crate::agent::config::{PaymentMode, Registration};
use crate::agent::engine::Engine;
use crate::agent::run::{self, RunError};
use crate::clock::Clock as _;
use crate::domain::units::Timestamp;
use crate::settings::parse_duration;
use crate::ui::catalogue::fill;
use crate::ui::language::Language;
use cashier::Cashier;
use flow::Flow;
use news::DemoNews;
use payers::Payers;
use people::Person;
use report::Summary;
use town::{Ports, Town};

/// Time between two customers of the cashier.
const CASHIER_TICK: Duration = Duration::from_secs(4);
/// When the first customer pays online, so that it never coincides with the cashier ...
const PAYER_FIRST: Duration = Duration::from_millis(1_500);
/// ... and the time between two of them.
const PAYER_TICK: Duration = Duration::from_secs(3);
/// How long the last payments may take to arrive ...
const CATCH_UP_MAX: Duration = Duration::from_secs(10);
/// ... and the time between two checks of that.
const CATCH_UP_LOOK: Duration = Duration::from_millis(50);
/// Attempts to make the last reading of the router.
const LAST_READINGS_MAX: u32 = 5;

/// Size, speed and duration.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Customers.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=1000))]
    users: u16,
    /// How fast they use the hotspot; 1 is a minute in a second.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Pay on our own pages (core) or on the gateway's (snap).
    #[arg(long, default_value = "core", value_parser = mode)]
    mode: PaymentMode,
    /// Let unknown devices register on the portal: off, approval or payment.
    #[arg(long, default_value = "off", value_parser = registration)]
    registration: Registration,
    /// End by itself after this time, like 30s; without it, at Ctrl-C.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    length: Option<Duration>,
    /// Keep everything in this folder; without it, in one that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.replace(',', ".").parse().ok().filter(|speed| (0.01..=100.0).contains(speed));
    speed.ok_or_else(|| "write a number from 0.01 to 100".to_owned())
}

fn mode(text: &str) -> Result<PaymentMode, String> {
    match text {
        "core" => Ok(PaymentMode::Core),
        "snap" => Ok(PaymentMode::Snap),
        _ => Err("write core or snap".to_owned()),
    }
}

fn registration(text: &str) -> Result<Registration, String> {
    match text {
        "off" => Ok(Registration::Off),
        "approval" => Ok(Registration::Approval),
        "payment" => Ok(Registration::Payment),
        _ => Err("write off, approval or payment".to_owned()),
    }
}

/// Runs the demo until its time is up or it is interrupted.
pub(super) async fn run(args: DemoArgs, language: Language) -> Result<(), Failure> {
    let folder = Folder::make(args.data_dir.as_deref())?;
    let ending = ending(args.length).map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    let (town, ports, notices) = Town::build(&folder.path, args.mode, args.registration).await?;
    let town = Arc::new(town);
    let password = town.make_owner().await?;
    greet(&town, &ports, &password, language)?;
    let (stop, stopped) = watch::channel(false);
    let (stop_relay, relay_stopped) = watch::channel(false);
    let mut relay = town.bank.serve(ports.relay, relay_stopped);
    let mut agent = tokio::spawn(run::run(Arc::clone(&town.site), ports.agent, stopped));
    let people = people::people(args.users);
    let began = town.site.clock.now();
    let lived = async {
        let mut news = DemoNews::of(&town, notices);
        let served = live(&town, &mut news, &people, args.speed, ending).await?;
        conclude(&town, &mut news, &people, began, served).await
    };
    let told = tokio::select! {
        told = lived => told,
        ended = &mut agent => Err(early(ended)),
        ended = relay.ended() => Err(ended.err().unwrap_or_else(|| Failure::said("the relay ended by itself"))),
    };
    stop.send_replace(true);
    if !agent.is_finished() {
        match agent.await {
            Ok(Ok(())) => {}
            ended => return Err(early(ended)),
        }
    }
    stop_relay.send_replace(true);
    if told.is_ok() {
        relay.ended().await?;
    }
    town.bank.gateway.stop().await;
    told
}

/// Prints the addresses to open in a browser.
fn greet(town: &Town, ports: &Ports, password: &str, language: Language) -> Result<(), Failure> {
    let admin = ports.agent.admin.local_addr().map_err(Failure::said)?;
    let portal = ports.agent.portal.local_addr().map_err(Failure::said)?;
    let bank = town.bank.gateway.core_url();
    say(&format!(
        "admin   http://{admin}\nportal  http://{portal}\nlog-in  {} {password}\nbank    {bank}/simulator\n{}",
        town::OWNER,
        fill(DemoWords::of(language).you_are, &[people::GUEST])
    ))
}

/// The agent stopped unexpectedly.
fn early(ended: Result<Result<(), RunError>, tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(Ok(())) => Failure::said("the agent ended by itself"),
        Ok(Err(error)) => error.into(),
        Err(error) => Failure::said(format!("the agent broke off: {error}")),
    }
}

/// Turns true when the time is up or a signal arrives.
fn ending(length: Option<Duration>) -> std::io::Result<watch::Receiver<bool>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (end, ending) = watch::channel(false);
    let at = length.map(|length| Instant::now() + length);
    tokio::spawn(async move {
        let over = async {
            match at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = over => {}
        }
        end.send_replace(true);
    });
    Ok(ending)
}

/// Creates the customers, who use the hotspot until `ending` turns true. Returns the number served by the cashier.
async fn live(
    town: &Arc<Town>,
    news: &mut DemoNews<'_>,
    people: &[Person],
    speed: f64,
    mut ending: watch::Receiver<bool>,
) -> Result<u64, Failure> {
    let is_over = tokio::select! {
        settled = town.settle(people) => settled.map(|()| false)?,
        _ = ending.wait_for(|end| *end) => true,
    };
    // Notices from creating the accounts are not shown.
    news.forget();
    if is_over {
        return Ok(0);
    }
    let devices: usize = people.iter().map(|person| person.devices.len()).sum();
    news.tell(&format!("{} users with {devices} devices use the hotspot", people.len()))?;
    let traffic = Flow::start(town, people, speed);
    let (mut cashier, mut payers) = (Cashier::default(), Payers::new(town));
    let mut visits = paced(CASHIER_TICK, CASHIER_TICK);
    let mut payments = paced(PAYER_FIRST, PAYER_TICK);
    loop {
        tokio::select! {
            biased;
            _ = ending.wait_for(|end| *end) => break,
            // A payment is shown before its effects.
            Some(line) = payers.lines.recv() => news.tell(&line)?,
            notice = news.next() => news.pass_on(&notice).await?,
            _ = payments.tick() => payers.invite().await?,
            _ = visits.tick() => if let Some(line) = cashier.serve(town).await? {
                news.tell(&line)?;
            },
        }
    }
    traffic.stop().await;
    payers.leave().await?;
    while let Ok(line) = payers.lines.try_recv() {
        news.tell(&line)?;
    }
    Ok(cashier.served)
}

fn paced(first: Duration, every: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + first, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits for outstanding payments, counts the last bytes, commits and prints the sums.
async fn conclude(
    town: &Town,
    news: &mut DemoNews<'_>,
    people: &[Person],
    began: Timestamp,
    served: u64,
) -> Result<(), Failure> {
    catch_up(town).await?;
    let site = &town.site;
    let mut last = site.cycle.meter_once().await;
    for _ in 1..LAST_READINGS_MAX {
        if last.is_ok() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
        last = site.cycle.meter_once().await;
    }
    if let Err(error) = last {
        complain(&format!("the router could not be read a last time: {error}"));
    }
    let flushed = site.engine().call(Engine::flush).await;
    flushed.map_err(Failure::said)?.map_err(Failure::said)?;
    news.pass_on_rest().await?;
    let summary = Summary::of(town, people, began, news.changes, served).await?;
    say(&format!("\n{summary}"))?;
    summary.fault().map_or(Ok(()), |fault| Err(Failure::Said(fault)))
}

/// Waits until all notifications of the gateway are in the ledger. Missing ones show in the sums.
async fn catch_up(town: &Town) -> Result<(), Failure> {
    let drained = async {
        loop {
            let cursor = town.site.engine().call(|engine| engine.cursor()).await;
            if town.bank.is_drained(cursor.map_err(Failure::said)?.seq).await.map_err(Failure::said)? {
                return Ok(());
            }
            sleep(CATCH_UP_LOOK).await;
        }
    };
    timeout(CATCH_UP_MAX, drained).await.unwrap_or_else(|_| {
        complain(&format!("news of payments were still under way after {} s", CATCH_UP_MAX.as_secs()));
        Ok(())
    })
}

/// The folder of the demo's store.
struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    fn make(named: Option<&Path>) -> Result<Self, Failure> {
        use std::os::unix::fs::DirBuilderExt;
        let name = || format!("kuota-demo-{}", Uuid::new_v4().simple());
        let path = named.map_or_else(|| std::env::temp_dir().join(name()), Path::to_owned);
        let cannot = |error: std::io::Error| Failure::said(format!("{}: {error}", path.display()));
        let is_used = std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
        if is_used {
            return Err(Failure::said(format!("{} is not empty: name a new folder", path.display())));
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(cannot)?;
        Ok(Self { path, is_ours: named.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
