//! The handle: the world's side of the simulated gateway, its listener and its notifications.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::units::Timestamp;
use crate::sim::clock::SimClock;
use crate::sim::connection_mode::ConnectionMode;

use super::call::LoggedCall;
use super::dashboard::SimPayment;
use super::deliver::deliver;
use super::fault::{GatewayFault, GatewayFaultId};
use super::listener::{Port, listen};
use super::method::PayMethod;
use super::not_possible::NotPossible;
use super::options::Options;
use super::outbox::{NotificationAttempt, NotificationJob, NotificationStats};
use super::shared::GatewayShared;
use super::time::between;
use super::transaction::{Fraud, TransactionStatus};
use super::world::GatewayWorld;

/// The longest that a real clock is left alone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Stops the gateway when the last handle goes.
struct Running(Arc<GatewayShared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
    }
}

/// A running simulated gateway. Clones are handles to the same one; it runs until [`MidtransSim::stop`], or until the
/// last handle is dropped.
///
/// Wherever an id is asked for, an order id or a transaction id will do; of several transactions of one order the
/// latest is meant.
#[derive(Clone)]
pub struct MidtransSim {
    running: Arc<Running>,
}

impl fmt::Debug for MidtransSim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MidtransSim").field("address", &self.shared().address).finish_non_exhaustive()
    }
}

impl MidtransSim {
    /// Starts a gateway on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port could be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let port = Port::free()?;
        let address = port.address();
        let notification_timeout = options.notification_timeout;
        let shared = Arc::new(GatewayShared {
            world: Mutex::new(GatewayWorld::new(options, format!("http://{address}"))),
            changed: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
            connections: watch::Sender::new((ConnectionMode::Accept, 1)),
            followed: watch::Sender::new(0),
            address,
            notification_timeout,
        });
        tokio::spawn(listen(Arc::clone(&shared), port));
        shared.spawn(pump(Arc::clone(&shared)));
        let sim = Self { running: Arc::new(Running(shared)) };
        sim.wait_until_followed(1).await;
        Ok(sim)
    }

    /// Base of the Core API, without `/v2`.
    pub fn core_url(&self) -> String {
        format!("http://{}", self.shared().address)
    }

    /// Base of the Snap API.
    pub fn snap_url(&self) -> String {
        format!("http://{}/snap/v1", self.shared().address)
    }

    /// Stops listening, cuts every connection and sends nothing more. The books stay readable.
    pub async fn stop(&self) {
        self.shared().stop.send_replace(true);
        let mut stopped = self.shared().stopped.subscribe();
        // The listener lives until it has said so, unless the runtime ends.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// What becomes of connections from here on; open ones are cut. Notifications go on.
    pub async fn connections(&self, connections: ConnectionMode) {
        let mut revision = 0;
        self.shared().connections.send_modify(|told| {
            *told = (connections, told.1 + 1);
            revision = told.1;
        });
        self.wait_until_followed(revision).await;
    }

    /// Waits until the listener has heard something.
    async fn wait_until_followed(&self, revision: u64) {
        let mut followed = self.shared().followed.subscribe();
        // The listener lives until it has said that it hears nothing more, unless the runtime ends.
        let _ = followed.wait_for(|followed| *followed >= revision).await;
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.shared().look(|world| world.now())
    }

    /// Moves its clock on: orders expire, notifications become due.
    pub fn advance(&self, by: Duration) {
        self.shared().change(|world| {
            world.time.advance(by);
            world.tick();
        });
    }

    /// Waits until every notification that is due was answered or failed. Give it a time-out.
    pub async fn quiet(&self) {
        let mut changed = self.shared().changed.subscribe();
        loop {
            let quiet = self.shared().look(|world| {
                world.tick();
                let now = world.now();
                world.outbox.is_quiet(now)
            });
            if quiet || changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// What a person sees in the dashboard: every transaction, the oldest first, then Snap orders without one.
    pub fn orders(&self) -> Vec<SimPayment> {
        self.shared().look(|world| {
            world.tick();
            let paid = (0..world.transactions.len()).map(|at| world.payment(at));
            paid.chain(world.unpicked()).collect()
        })
    }

    /// One of them.
    pub fn find(&self, id: &str) -> Option<SimPayment> {
        let named = |one: &SimPayment| one.order_id == id || one.transaction_id.as_deref() == Some(id);
        let orders = self.orders();
        let (shown, waiting): (Vec<_>, Vec<_>) =
            orders.into_iter().filter(named).partition(|one| one.transaction_id.is_some());
        shown.into_iter().next_back().or_else(|| waiting.into_iter().next_back())
    }

    /// The customer pays what was shown: a code, an account number, a bill or a wallet's page.
    pub fn pay(&self, id: &str) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            world.tick();
            match world.position_of_any(id) {
                Some(at) => world.pay(at),
                None if world.snap_position(id).is_some() => Err(NotPossible::NoMethod),
                None => Err(NotPossible::NoTransaction),
            }
        })
    }

    /// The customer picks a method on the Snap page, by order id or token, and is shown what to pay.
    pub fn pick(&self, id: &str, method: PayMethod) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            world.tick();
            world.pick(id, method).map(drop)
        })
    }

    /// The customer picks a method on the Snap page, by order id or token, and pays. A card is captured.
    pub fn pay_with(&self, id: &str, method: PayMethod) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            world.tick();
            world.pick(id, method).and_then(|at| world.pay(at))
        })
    }

    /// The customer pays by card on the Snap page, and the merchant is to decide.
    pub fn challenge(&self, id: &str) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            world.tick();
            world.challenge(id)
        })
    }

    /// A pending transaction expires before its time.
    pub fn expire(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Pending], TransactionStatus::Expire)
    }

    /// A bank refuses a pending payment, or the merchant denies a challenged one in the dashboard.
    pub fn deny(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Pending, TransactionStatus::Capture], TransactionStatus::Deny)
    }

    /// A pending payment fails at a bank.
    pub fn fail(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Pending], TransactionStatus::Failure)
    }

    /// The merchant cancels in the dashboard.
    pub fn cancel_by_merchant(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Pending, TransactionStatus::Capture], TransactionStatus::Cancel)
    }

    /// The merchant approves a challenged card payment in the dashboard.
    pub fn approve(&self, id: &str) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            let at = world.in_state(id, &[TransactionStatus::Capture])?;
            world.transactions[at].fraud = Fraud::Accept;
            world.set_status(at, TransactionStatus::Capture);
            Ok(())
        })
    }

    /// A captured card payment is settled.
    pub fn settle(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Capture], TransactionStatus::Settlement)
    }

    /// A payment arrives though the transaction expired, was cancelled, denied or failed.
    pub fn settle_late(&self, id: &str) -> Result<(), NotPossible> {
        let over = [
            TransactionStatus::Expire,
            TransactionStatus::Cancel,
            TransactionStatus::Deny,
            TransactionStatus::Failure,
        ];
        self.move_on(id, &over, TransactionStatus::Settlement)
    }

    /// The bank takes a settled payment back, as Permata and Mandiri may within minutes.
    pub fn reverse(&self, id: &str) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            let at = world.in_state(id, &[TransactionStatus::Settlement])?;
            let method = world.transactions[at].method;
            if !method.may_reverse() {
                return Err(NotPossible::Method(method));
            }
            world.set_status(at, TransactionStatus::Deny);
            Ok(())
        })
    }

    /// The merchant gives money back in the dashboard. A key is made up when none is given.
    pub fn refund(&self, id: &str, amount_rp: u64, key: Option<&str>) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            let at =
                world.in_state(id, &[TransactionStatus::Settlement, TransactionStatus::PartialRefund])?;
            let transaction = &world.transactions[at];
            if transaction.method.refund_window(transaction.on_us()).is_none() {
                return Err(NotPossible::Method(transaction.method));
            }
            if amount_rp == 0 || amount_rp > transaction.total_rp().saturating_sub(transaction.refunded_rp())
            {
                return Err(NotPossible::Amount);
            }
            world.add_refund(at, key, amount_rp, "");
            Ok(())
        })
    }

    /// The payer's bank takes everything back.
    pub fn chargeback(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(
            id,
            &[TransactionStatus::Settlement, TransactionStatus::PartialChargeback],
            TransactionStatus::Chargeback,
        )
    }

    /// The payer's bank takes a part back.
    pub fn partial_chargeback(&self, id: &str) -> Result<(), NotPossible> {
        self.move_on(id, &[TransactionStatus::Settlement], TransactionStatus::PartialChargeback)
    }

    /// Somebody has the latest notification sent again.
    pub fn resend(&self, id: &str) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            let at = world.position_of_any(id).ok_or(NotPossible::NoTransaction)?;
            world.notify(at);
            Ok(())
        })
    }

    /// The notification URL of a merchant's dashboard, for calls that name no other.
    pub fn set_notification_url(&self, merchant_id: &str, url: Option<&str>) {
        self.shared().change(|world| {
            let Some(at) = world.merchants.iter().position(|one| one.merchant_id == merchant_id) else {
                return;
            };
            match url {
                Some(url) => world.dashboard_urls.insert(at, url.to_owned()),
                None => world.dashboard_urls.remove(&at),
            };
        });
    }

    /// A merchant gets another server key: from here on the old one is refused, and notifications are signed with
    /// the other one.
    pub fn rotate_key(&self, merchant_id: &str, server_key: &str) {
        self.shared().change(|world| {
            for merchant in world.merchants.iter_mut().filter(|one| one.merchant_id == merchant_id) {
                server_key.clone_into(&mut merchant.server_key);
            }
        });
    }

    /// Methods of a merchant that are not activated, from here on.
    pub fn set_methods_off(&self, merchant_id: &str, methods: &[&str]) {
        self.shared().change(|world| {
            for merchant in world.merchants.iter_mut().filter(|one| one.merchant_id == merchant_id) {
                merchant.methods_off = methods.iter().map(|name| (*name).to_owned()).collect();
            }
        });
    }

    /// Sets a fault.
    pub fn plant(&self, fault: GatewayFault) -> GatewayFaultId {
        self.shared().look(|world| world.faults.plant(fault))
    }

    /// Lifts one fault. What it struck already stays struck.
    pub fn heal(&self, id: GatewayFaultId) {
        self.shared().look(|world| world.faults.heal(id));
    }

    /// Lifts every fault.
    pub fn heal_all(&self) {
        self.shared().look(|world| world.faults.heal_all());
    }

    /// Every request seen, the oldest first.
    pub fn calls(&self) -> Vec<LoggedCall> {
        self.shared().look(|world| world.calls.clone())
    }

    /// What became of the notifications.
    pub fn notifications(&self) -> NotificationStats {
        self.shared().look(|world| world.outbox.stats())
    }

    /// Every attempt at a notification that came back, the oldest first.
    pub fn attempts(&self) -> Vec<NotificationAttempt> {
        self.shared().look(|world| world.outbox.log.clone())
    }

    fn move_on(
        &self,
        id: &str,
        from: &[TransactionStatus],
        to: TransactionStatus,
    ) -> Result<(), NotPossible> {
        self.shared().change(|world| {
            world.tick();
            let at = world.in_state(id, from)?;
            world.set_status(at, to);
            Ok(())
        })
    }

    fn shared(&self) -> &GatewayShared {
        &self.running.0
    }
}

/// Sends what is due, and wakes when something becomes due.
async fn pump(shared: Arc<GatewayShared>) {
    let mut changed = shared.changed.subscribe();
    loop {
        changed.mark_unchanged();
        let (jobs, wait) = shared.look(|world| {
            world.tick();
            let now = world.now();
            let jobs = world.outbox.take_due(now);
            // A virtual clock moves by a change, and every change wakes.
            let real = world.time.follows() == SimClock::Real;
            let wait = real.then(|| world.next_due().map_or(LOOK_EVERY, |due| between(now, due)));
            (jobs, wait.map(|wait| wait.clamp(Duration::from_millis(1), LOOK_EVERY)))
        });
        for job in jobs {
            shared.spawn(attempt(Arc::clone(&shared), job));
        }
        let slept = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changed.changed() => if changed.is_err() { return },
            () = slept => {}
        }
    }
}

async fn attempt(shared: Arc<GatewayShared>, job: NotificationJob) {
    let reply = deliver(&job.url, &job.body, shared.notification_timeout).await;
    shared.change(|world| {
        let now = world.now();
        world.outbox.settle(job.id, reply, now, &mut world.dice);
    });
}
