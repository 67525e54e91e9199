//! `demo`: the whole product on loopback, with no set-up. A simulated router speaks the real protocol, the real
//! agent meters and enforces, people use the hotspot and a cashier takes money.

mod cashier;
mod people;
mod report;
mod town;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep_until};
use uuid::Uuid;

use super::output::{complain, say};
use super::{Failure, RunError};
use crate::agent::config::Lists;
use crate::agent::engine::{Engine, Notice};
use crate::clock::Clock as _;
use crate::domain::units::Timestamp;
use crate::settings::parse_duration;
use crate::sim::SimRouter;
use crate::sim::traffic::Traffic;
use cashier::Cashier;
use people::Person;
use report::Summary;
use town::Town;

/// Seed of everybody's habits.
const SEED: u64 = 25;
/// How much faster than life people use the hotspot at speed 1: a minute in a second.
const HASTE: f64 = 60.0;
/// How often bytes flow.
const TRAFFIC_TICK: Duration = Duration::from_millis(200);
/// How often somebody comes to pay.
const CASHIER_TICK: Duration = Duration::from_secs(4);
/// What the fup list lets through: 1 Mbit/s.
const FUP_BYTES_PER_S: u64 = 125_000;
/// Attempts to read the router a last time.
const LAST_READINGS_MAX: u32 = 5;

/// How large, how fast and how long.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Customers.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=1000))]
    users: u16,
    /// How fast they use the hotspot; 1 is a minute in a second.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
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

/// Runs the demo until its time is over or somebody ends it.
pub(super) async fn run(args: DemoArgs) -> Result<(), Failure> {
    let folder = Folder::make(args.data_dir.as_deref())?;
    let ending = ending(args.length).map_err(|e| Failure::said(format!("signals cannot be caught: {e}")))?;
    let mut town = Town::build(&folder.path).await?;
    let listeners = town.site.listen().await?;
    let admin = listeners.admin.local_addr().map_err(Failure::said)?;
    let portal = listeners.portal.local_addr().map_err(Failure::said)?;
    let password = town.make_owner().await?;
    say(&format!("admin   http://{admin}\nportal  http://{portal}\nlog-in  {} {password}", town::OWNER))?;
    let (stop, stopped) = watch::channel(false);
    let mut running = tokio::spawn(Arc::clone(&town.site).run(listeners, stopped));
    let people = people::people(args.users);
    let began = town.site.clock.now();
    let lived = tokio::select! {
        lived = live(&mut town, &people, args.speed, ending) => lived,
        ended = &mut running => Err(early(ended)),
    };
    let told = match lived {
        Ok(lived) => conclude(&town, &people, began, lived).await,
        Err(failure) => Err(failure),
    };
    stop.send_replace(true);
    if !running.is_finished() {
        match running.await {
            Ok(Ok(())) => {}
            ended => return Err(early(ended)),
        }
    }
    told
}

/// The agent ended, and nobody had asked it to.
fn early(ended: Result<Result<(), RunError>, tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(Ok(())) => Failure::said("the agent ended by itself"),
        Ok(Err(error)) => error.into(),
        Err(error) => Failure::said(format!("the agent broke off: {error}")),
    }
}

/// Turns true when the time is over or a signal came.
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

/// What happened while people lived.
struct Lived {
    changes: u64,
    served: u64,
}

/// People move in and use the hotspot, until the end is told.
async fn live(
    town: &mut Town,
    people: &[Person],
    speed: f64,
    mut ending: watch::Receiver<bool>,
) -> Result<Lived, Failure> {
    let mut lived = Lived { changes: 0, served: 0 };
    tokio::select! {
        settled = town.settle(people) => settled?,
        _ = ending.wait_for(|end| *end) => return Ok(lived),
    }
    // How people came to their accounts is no news.
    while town.notices.try_recv().is_ok() {}
    let devices: usize = people.iter().map(|person| person.devices.len()).sum();
    say(&format!("{}  {} users with {devices} devices use the hotspot", report::time(town), people.len()))?;
    let traffic = Flow::start(town, people, speed);
    let mut cashier = Cashier::default();
    let mut visits = interval_at(Instant::now() + CASHIER_TICK, CASHIER_TICK);
    visits.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = ending.wait_for(|end| *end) => break,
            Some(notice) = town.notices.recv() => {
                lived.changes += u64::from(matches!(notice, Notice::AccessChanged { .. }));
                if let Some(line) = report::line(town, &notice).await {
                    say(&format!("{}  {line}", report::time(town)))?;
                }
            }
            _ = visits.tick() => if let Some(line) = cashier.serve(town).await? {
                lived.served += 1;
                say(&format!("{}  {line}", report::time(town)))?;
            },
        }
    }
    traffic.stop().await;
    Ok(lived)
}

/// Counts the last bytes, commits and prints the sums.
async fn conclude(town: &Town, people: &[Person], began: Timestamp, lived: Lived) -> Result<(), Failure> {
    let service = &town.site.service;
    let mut last = service.meter_once().await;
    for _ in 1..LAST_READINGS_MAX {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        last = service.meter_once().await;
    }
    if let Err(error) = last {
        complain(&format!("the router could not be read a last time: {error}"));
    }
    let flushed = service.engine().call(Engine::flush).await;
    flushed.map_err(Failure::said)?.map_err(Failure::said)?;
    let summary = Summary::of(town, people, began, lived.changes, lived.served).await?;
    say(&format!("\n{summary}"))?;
    summary.fault().map_or(Ok(()), |fault| Err(Failure::Said(fault)))
}

/// Bytes that flow by themselves.
struct Flow {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Flow {
    fn start(town: &Town, people: &[Person], speed: f64) -> Self {
        let mut traffic = habits(&town.router, &town.site.config.router.lists);
        for device in people.iter().flat_map(|person| &person.devices) {
            traffic.add(device.mac, device.profile);
        }
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut ticks = interval(TRAFFIC_TICK);
            let mut before = Instant::now();
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return,
                    _ = ticks.tick() => {}
                }
                let now = Instant::now();
                traffic.step((now - before).mul_f64(HASTE * speed));
                before = now;
            }
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

/// Traffic that obeys the lists as a firewall would.
fn habits(router: &SimRouter, lists: &Lists) -> Traffic {
    let stopped = [&lists.habis, &lists.expired, &lists.inactive, &lists.blocked].map(ToString::to_string);
    let stopped: Vec<&str> = stopped.iter().map(String::as_str).collect();
    Traffic::new(router.clone(), SEED).stopped_by(&stopped).slowed_by(&lists.fup.to_string(), FUP_BYTES_PER_S)
}

/// Where the demo keeps its store.
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
