//! The demo's traffic: bytes that flow by habit, limited by the router's lists.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::people::Person;
use super::people::SEED;
use super::town::Town;
use crate::agent::config::Lists;
use crate::sim::SimRouter;
use crate::sim::traffic::Traffic;

/// How much faster than in reality customers use the hotspot at speed 1: a minute in a second.
const HASTE: f64 = 60.0;
/// Time between two steps of traffic.
const TRAFFIC_TICK: Duration = Duration::from_millis(200);
/// The rate of the fup list: 1 Mbit/s.
const FUP_BYTES_PER_S: u64 = 125_000;

/// Traffic that runs by itself.
pub(super) struct Flow {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Flow {
    /// Starts the traffic of all devices, `speed` times faster than usual.
    pub fn start(town: &Town, people: &[Person], speed: f64) -> Self {
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

    /// Stops the traffic.
    pub async fn stop(self) {
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
