//! The demo's online customers: at intervals a blocked customer pays by phone, each in a different way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::cashier::{Remedy, is_stopped, remedy};
use super::people::SEED;
use super::town::Town;
use crate::agent::engine::{Actor, PaymentRequest, Purpose, Replaces};
use crate::cli::failure::Failure;
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::OnlineMethod;
use crate::domain::units::Rupiah;
use crate::protocol::admin::users::UserView;
use crate::sim::midtrans::{
    GatewayFault, GatewayFaultId, Meddling, NotPossible, PayMethod, TransactionStatus, VaBank,
};
use crate::sim::traffic::Random;
use crate::store::Role;

/// Time from the code on the screen to the payment, in milliseconds.
const PAUSE_MS: (u64, u64) = (800, 3_000);
/// Delay of a late notification, in milliseconds.
const LATE_MS: (u64, u64) = (500, 2_000);
/// How long a customer waits for a payment to show before checking it.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a customer views the result: longer than late notifications take.
const LOOK: Duration = Duration::from_secs(3);
/// How long the last customers may take to finish.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// Methods of the payment page.
const PAGE: [(PayMethod, &str); 4] = [
    (PayMethod::Qris, "QRIS"),
    (PayMethod::Gopay, "GoPay"),
    (PayMethod::Va(VaBank::Bni), "BNI virtual account"),
    (PayMethod::Echannel, "Mandiri bill"),
];

/// The behaviour of a customer in one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// It is paid.
    Pays,
    /// It is paid, and paid again.
    PaysTwice,
    /// It is not paid, and expires.
    Forgets,
    /// The money arrives after it expired.
    PaysLate,
    /// It is paid, and the gateway sends the notification several times.
    ToldTwice,
    /// It is paid, and the gateway sends the notification late.
    ToldLate,
    /// It is paid, and the gateway's notification is lost.
    NeverTold,
}

/// How many of a hundred customers have which habit.
const HABITS: [(u64, Habit); 7] = [
    (46, Habit::Pays),
    (10, Habit::PaysTwice),
    (12, Habit::Forgets),
    (8, Habit::PaysLate),
    (10, Habit::ToldTwice),
    (8, Habit::ToldLate),
    (6, Habit::NeverTold),
];

/// All customers who pay online.
pub(super) struct Payers {
    /// Lines about their actions.
    pub lines: mpsc::UnboundedReceiver<String>,
    town: Arc<Town>,
    random: Random,
    visits: JoinSet<UserId>,
    paying: BTreeSet<UserId>,
    tell: mpsc::UnboundedSender<String>,
    stop: watch::Sender<bool>,
}

impl Payers {
    /// Starts without customers.
    pub fn new(town: &Arc<Town>) -> Self {
        let (tell, lines) = mpsc::unbounded_channel();
        Self {
            lines,
            town: Arc::clone(town),
            random: Random::new(SEED),
            visits: JoinSet::new(),
            paying: BTreeSet::new(),
            tell,
            stop: watch::Sender::new(false),
        }
    }

    /// Starts a payment by a blocked customer, if there is one.
    pub async fn invite(&mut self) -> Result<(), Failure> {
        while let Some(done) = self.visits.try_join_next() {
            self.paying.remove(&done.map_err(|error| broke_off(&error))?);
        }
        let users = self.town.users().await?;
        let stopped: Vec<&UserView> =
            users.iter().filter(|user| is_stopped(user) && !self.paying.contains(&user.id)).collect();
        if stopped.is_empty() {
            return Ok(());
        }
        let user = stopped[self.random.place(stopped.len())];
        let packages = self.town.packages().await?;
        let purpose = match remedy(user, &packages, self.random.within((0, 1)) == 0) {
            Remedy::Settle => Purpose::SettleAll,
            Remedy::Buy(package) => Purpose::Buy(package.id),
        };
        let method = OnlineMethod::ALL[self.random.place(OnlineMethod::ALL.len())];
        let visit = Visit {
            name: user.name.clone(),
            wish: PaymentRequest {
                user: user.id,
                purpose,
                method,
                expect: None,
                replaces: Replaces::Anything,
            },
            habit: habit(self.random.within((0, 99))),
            page: PAGE[self.random.place(PAGE.len())],
            pause: Duration::from_millis(self.random.within(PAUSE_MS)),
            late: Duration::from_millis(self.random.within(LATE_MS)),
            town: Arc::clone(&self.town),
            tell: self.tell.clone(),
            stopping: self.stop.subscribe(),
        };
        self.paying.insert(user.id);
        self.visits.spawn(visit.pay());
        Ok(())
    }

    /// Starts no further payments and waits for the results of those made. Unpaid orders stay open.
    pub async fn leave(&mut self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        let all = async {
            while let Some(done) = self.visits.join_next().await {
                done.map_err(|error| broke_off(&error))?;
            }
            Ok(())
        };
        let left = timeout(LEAVE_MAX, all).await;
        self.visits.shutdown().await;
        left.unwrap_or(Ok(()))
    }
}

fn broke_off(error: &JoinError) -> Failure {
    Failure::said(format!("a customer's payment broke off: {error}"))
}

/// The reason why the gateway does not accept the money.
fn why(error: NotPossible) -> String {
    match error {
        NotPossible::Status(TransactionStatus::Cancel) => "it was called off".to_owned(),
        NotPossible::Status(TransactionStatus::Expire) => "it is too late".to_owned(),
        NotPossible::Status(TransactionStatus::Settlement) => "it is paid".to_owned(),
        error => error.to_string(),
    }
}

/// The habit at this position among a hundred.
fn habit(mut place: u64) -> Habit {
    for (share, habit) in HABITS {
        if place < share {
            return habit;
        }
        place -= share;
    }
    Habit::Pays
}

/// One customer with one payment.
struct Visit {
    name: String,
    wish: PaymentRequest,
    habit: Habit,
    /// The method chosen on the payment page, when that is the order's method.
    page: (PayMethod, &'static str),
    pause: Duration,
    late: Duration,
    town: Arc<Town>,
    tell: mpsc::UnboundedSender<String>,
    stopping: watch::Receiver<bool>,
}

impl Visit {
    async fn pay(mut self) -> UserId {
        let user = self.wish.user;
        if let Some((order, amount)) = self.open().await
            && !self.wait(self.pause).await
        {
            self.act(&order, amount).await;
            self.wait(LOOK).await;
        }
        user
    }

    /// Opens the order through the agent as the portal does. `None` if it is refused.
    async fn open(&self) -> Option<(OrderId, Rupiah)> {
        let customer = Actor { name: self.name.clone(), role: Role::Viewer, source: "demo".to_owned() };
        let opened = self.town.site.payments.pay_online(customer, self.wish.clone(), None).await;
        match opened {
            Ok(done) => done.order().map(|order| (order.id.clone(), Rupiah(order.amount_rp))),
            Err(error) => {
                self.say(&format!("cannot pay online: {error}"));
                None
            }
        }
    }

    async fn act(&mut self, order: &OrderId, amount: Rupiah) {
        let by = self.by();
        if let Err(error) = self.pick(order) {
            return self.say(&format!("cannot pay {amount} by {by}: {}", why(error)));
        }
        match self.habit {
            Habit::Forgets => match self.town.bank.gateway.expire(&order.0) {
                Ok(()) => self.say(&format!("lets {amount} by {by} expire")),
                Err(error) => self.say(&format!("forgets {amount} by {by}: {}", why(error))),
            },
            Habit::PaysLate => self.pay_late(order, amount).await,
            Habit::Pays | Habit::ToldTwice | Habit::ToldLate | Habit::NeverTold | Habit::PaysTwice => {
                self.pay_now(order, amount).await;
            }
        }
    }

    /// On the payment page a method is chosen first.
    fn pick(&self, order: &OrderId) -> Result<(), NotPossible> {
        if self.wish.method == OnlineMethod::Snap {
            self.town.bank.gateway.pick(&order.0, self.page.0)?;
        }
        Ok(())
    }

    async fn pay_now(&mut self, order: &OrderId, amount: Rupiah) {
        let (gateway, by) = (&self.town.bank.gateway, self.by());
        let trouble = self.meddle(order);
        let paid = gateway.pay(&order.0);
        if let Some((trouble, _)) = trouble {
            gateway.heal(trouble);
        }
        if let Err(error) = paid {
            return self.say(&format!("cannot pay {amount} by {by}: {}", why(error)));
        }
        let told = trouble.map_or("", |(_, told)| told);
        self.say(&format!("pays {amount} by {by}{told}"));
        match self.habit {
            Habit::PaysTwice => {
                self.wait(self.late).await;
                if let Err(error) = self.town.bank.gateway.pay(&order.0) {
                    self.say(&format!("pays {amount} by {by} again and is refused: {}", why(error)));
                }
            }
            Habit::NeverTold => {
                self.wait(PATIENCE).await;
                self.ask_again(order).await;
            }
            _ => {}
        }
    }

    /// The bank accepts money after the order expired.
    async fn pay_late(&mut self, order: &OrderId, amount: Rupiah) {
        let by = self.by();
        let gateway = &self.town.bank.gateway;
        if let Err(error) = gateway.expire(&order.0) {
            return self.say(&format!("cannot pay {amount} by {by}: {}", why(error)));
        }
        self.say(&format!("lets {amount} by {by} expire"));
        if self.wait(self.late).await {
            return;
        }
        let gateway = &self.town.bank.gateway;
        let is_expired =
            gateway.find(&order.0).is_some_and(|payment| payment.status == TransactionStatus::Expire);
        if is_expired && gateway.settle_late(&order.0).is_ok() {
            self.say(&format!("pays {amount} by {by} after all, too late"));
        }
    }

    /// The gateway's fault for the notification of this payment, and its description.
    fn meddle(&self, order: &OrderId) -> Option<(GatewayFaultId, &'static str)> {
        let (meddling, told) = match self.habit {
            Habit::ToldTwice => (Meddling::Duplicate(2), ", and Midtrans says so three times"),
            Habit::ToldLate => (Meddling::Delay(self.late), ", and Midtrans takes its time to say so"),
            Habit::NeverTold => (Meddling::Drop, ", and Midtrans' message about it is lost"),
            Habit::Pays | Habit::PaysTwice | Habit::Forgets | Habit::PaysLate => return None,
        };
        let fault = GatewayFault::notification(meddling).order(&order.0);
        Some((self.town.bank.gateway.plant(fault), told))
    }

    /// The customer's page makes the agent query the gateway.
    async fn ask_again(&self, order: &OrderId) {
        self.say("looks again, so that Midtrans is asked");
        if let Err(error) = self.town.site.payments.refresh_order(order).await {
            self.say(&format!("looks again in vain: {error}"));
        }
    }

    /// Waits; returns whether all customers are to leave meanwhile.
    async fn wait(&mut self, long: Duration) -> bool {
        tokio::select! {
            _ = self.stopping.wait_for(|stop| *stop) => true,
            () = sleep(long) => false,
        }
    }

    /// The method's name for people.
    fn by(&self) -> String {
        match self.wish.method {
            OnlineMethod::Snap => format!("Snap with {}", self.page.1),
            OnlineMethod::Qris => "QRIS".to_owned(),
            OnlineMethod::Gopay => "GoPay".to_owned(),
            OnlineMethod::Shopeepay => "ShopeePay".to_owned(),
            OnlineMethod::VaBca => "BCA virtual account".to_owned(),
            OnlineMethod::VaBni => "BNI virtual account".to_owned(),
            OnlineMethod::VaBri => "BRI virtual account".to_owned(),
            OnlineMethod::VaPermata => "Permata virtual account".to_owned(),
            OnlineMethod::VaCimb => "CIMB virtual account".to_owned(),
            OnlineMethod::VaMandiri => "Mandiri bill".to_owned(),
        }
    }

    fn say(&self, what: &str) {
        // After the end nothing receives it.
        let _ = self.tell.send(format!("{:18}  {what}", self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_customers_do_everything_in_their_shares() {
        assert_eq!(HABITS.iter().map(|(share, _)| share).sum::<u64>(), 100);
        for (share, wanted) in HABITS {
            let found = (0..100).filter(|place| habit(*place) == wanted).count() as u64;
            assert_eq!(found, share, "{wanted:?}");
        }
    }
}
