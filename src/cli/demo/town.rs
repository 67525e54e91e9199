//! The demo's set-up: a simulated router, a bank and an agent on loopback, and the creation of customers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::bank::Bank;
use super::people::{DemoDevice, Person, Plan};
use crate::agent::config::{Config, PaymentMode, Registration};
use crate::agent::engine::{
    Actor, Command, DebtTerms, Done, ImportedDevice, ImportedUser, NewPackage, NewUser, Notice, Notifier,
    Tender, View,
};
use crate::agent::payments::Relay;
use crate::agent::run::{self, Listeners};
use crate::agent::site::Site;
use crate::cli::api::Api;
use crate::cli::assemble::router_client;
use crate::cli::failure::Failure;
use crate::clock::SystemClock;
use crate::domain::account::Overage;
use crate::domain::id::{PackageId, UserId};
use crate::domain::order::CashMethod;
use crate::domain::policy::{Grant, Settings};
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::admins::{AddAdmin, AdminView};
use crate::protocol::admin::packages::PackageView;
use crate::protocol::admin::users::UserView;
use crate::protocol::admin::values::{AdminName, Password, RoleName};
use crate::settings::Secret;
use crate::sim::{SimClock, SimConfig, SimRouter};
use crate::store::Role;

/// Log-in name of the demo's owner.
pub(super) const OWNER: &str = "demo";
/// The debt limit of a debtor.
const DEBT_LIMIT: Bytes = Bytes::mb(150);
/// The initial quota of debtors and small accounts.
const LITTLE: Bytes = Bytes::mb(100);
/// The initial quota on the brink: a little above the threshold of reduced speed.
const BRINK: Bytes = Bytes::mb(3072 + 192);

/// All running parts.
pub(super) struct Town {
    /// The agent.
    pub site: Arc<Site>,
    /// The router.
    pub router: SimRouter,
    /// The gateway and the relay.
    pub bank: Bank,
}

/// Ports that are open but not yet served.
pub(super) struct Ports {
    /// The agent's.
    pub agent: Listeners,
    /// The relay's.
    pub relay: TcpListener,
}

/// The agent's notices.
pub(super) type Notices = mpsc::UnboundedReceiver<Notice>;

/// Passes notices to the demo's own loop.
struct Messenger(mpsc::UnboundedSender<Notice>);

impl Notifier for Messenger {
    fn notify(&self, notice: &Notice) {
        // After the end nothing receives it.
        let _ = self.0.send(notice.clone());
    }
}

impl Town {
    /// Router, bank and agent, not yet running.
    pub async fn build(
        data_dir: &Path,
        mode: PaymentMode,
        registration: Registration,
    ) -> Result<(Self, Ports, Notices), Failure> {
        let password = Uuid::new_v4().simple().to_string();
        let sim = SimConfig { clock: SimClock::Real, password: password.clone(), ..SimConfig::default() };
        let username = sim.username.clone();
        let router = SimRouter::start(sim)
            .await
            .map_err(|error| Failure::said(format!("the simulated router cannot listen: {error}")))?;
        let (bank, relay) = Bank::open(data_dir).await?;
        let portal = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::said)?;
        let portal_url = format!("http://{}", portal.local_addr().map_err(Failure::said)?);
        let mut config = Config { data_dir: data_dir.to_owned(), ..Config::default() };
        config.admin.listen = ([127, 0, 0, 1], 0).into();
        config.portal.listen = ([127, 0, 0, 1], 0).into();
        config.portal.public_url = portal_url.parse().map_err(Failure::Said)?;
        config.router.address = router.address().to_string().parse().map_err(Failure::Said)?;
        config.router.username = username;
        config.router.poll_interval = Duration::from_secs(1);
        config.store.commit_interval = Duration::from_secs(5);
        config.relay = Some(bank.section(data_dir));
        config.payment.mode = mode;
        config.portal.registration = registration;
        "081255501234".clone_into(&mut config.portal.contact);
        let client = Arc::new(router_client(&config, move || Secret::new(password.clone()))?);
        let (tell, notices) = mpsc::unbounded_channel();
        let clock = Arc::new(SystemClock::new());
        let link: Arc<dyn Relay> = Arc::new(bank.client()?);
        let site = Site::assemble(config, client, Some(link), clock, Arc::new(Messenger(tell)))?;
        // The gateway redirects customers to the portal, so its port must be known before.
        let agent = Listeners { portal, ..run::listen(&site).await? };
        Ok((Self { site: Arc::new(site), router, bank }, Ports { agent, relay }, notices))
    }

    /// Creates the owner and returns the password.
    pub async fn make_owner(&self) -> Result<String, Failure> {
        let password: String = Uuid::new_v4().simple().to_string().chars().take(12).collect();
        let body = AddAdmin {
            name: AdminName(OWNER.to_owned()),
            role: RoleName(Role::Owner),
            password: Password(password.clone()),
        };
        Api::here(Arc::clone(&self.site)).post::<AdminView>("/api/v1/admins", &body).await?;
        Ok(password)
    }

    /// Creates packages and customers. No traffic flows yet.
    pub async fn settle(&self, people: &[Person]) -> Result<(), Failure> {
        let mut packages = Vec::new();
        for (name, quota, days, price) in [
            ("Hemat 5 GB", Some(Bytes::gb(5)), 7, 50_000),
            ("Keluarga 10 GB", Some(Bytes::gb(10)), 30, 100_000),
            ("Puas 25 GB", Some(Bytes::gb(25)), 30, 200_000),
            ("Bebas 30 hari", None, 30, 300_000),
        ] {
            let package =
                NewPackage { name: name.to_owned(), quota, days, price: Rupiah(price), active: true };
            if let Some(View::Package(package)) = self.ask(Command::AddPackage(package)).await?.view() {
                packages.push(package.id);
            }
        }
        for (person, user) in people.iter().zip(self.enter(people).await?) {
            for action in beginnings(person.plan, user, &packages, self.yesterday()) {
                self.ask(action).await?;
            }
        }
        for device in people.iter().flat_map(|person| &person.devices) {
            self.router.host_connect(device.mac, device.address);
        }
        Ok(())
    }

    /// Enters all customers with their devices as one import. Returns their ids in order.
    async fn enter(&self, people: &[Person]) -> Result<Vec<UserId>, Failure> {
        let users = people.iter().enumerate().map(|(row, person)| imported(row, person)).collect();
        match self.ask(Command::Import { users, packages: Vec::new(), findings: Vec::new() }).await?.view() {
            Some(View::Import(import)) => Ok(import.ids.clone()),
            Some(_) | None => Err(Failure::said("the customers were not entered")),
        }
    }

    fn yesterday(&self) -> Date {
        let today = self.site.config.timezone.local(self.site.clock.now()).date;
        today.yesterday().unwrap_or(today)
    }

    /// Submits a command as the owner and returns its answer.
    async fn ask(&self, action: Command) -> Result<Done, Failure> {
        let owner = Actor { name: OWNER.to_owned(), role: Role::Owner, source: "demo".to_owned() };
        self.site.submit(owner, action, None).await.map_err(Failure::said)
    }

    /// Every user as pages show them.
    pub async fn users(&self) -> Result<Vec<UserView>, Failure> {
        let look = |engine: &mut crate::agent::engine::Engine| {
            let look = engine.read_view();
            let view = |user| UserView::of(&look.snapshot(user), look.policy);
            look.users_after(0).map(view).collect()
        };
        self.site.engine().call(look).await.map_err(Failure::said)
    }

    /// Packages on sale, cheapest first.
    pub async fn packages(&self) -> Result<Vec<PackageView>, Failure> {
        let look = |engine: &mut crate::agent::engine::Engine| {
            engine.read_view().packages().iter().map(PackageView::of).collect::<Vec<_>>()
        };
        let mut packages = self.site.engine().call(look).await.map_err(Failure::said)?;
        packages.sort_by_key(|package| package.price_rp);
        Ok(packages)
    }
}

/// A customer as a row of an import.
fn imported(row: usize, person: &Person) -> ImportedUser {
    let own = person.plan == Plan::Debtor;
    let settings = Settings {
        approved: Some(person.plan != Plan::Waiting),
        exempt: Some(person.plan == Plan::Exempt),
        overage: own.then_some(Some(Overage::Debt)),
        debt_limit: own.then_some(Some(DEBT_LIMIT)),
        ..Settings::default()
    };
    let (name, phone) = (person.name.clone(), Some(person.phone.clone()));
    let device = |device: &DemoDevice| ImportedDevice { mac: device.mac, label: device.label.to_owned() };
    ImportedUser {
        row,
        user: NewUser { name, phone, login: None, settings },
        devices: person.devices.iter().map(device).collect(),
        quota: None,
        debts: Vec::new(),
        admin_block: None,
        customer_note: None,
    }
}

/// The commands that bring a new account into its plan's state.
fn beginnings(plan: Plan, user: UserId, packages: &[PackageId], yesterday: Date) -> Vec<Command> {
    let grant = |amount, reason: &str| {
        Command::Grant(user, Grant { amount, days: Some(30), reason: reason.to_owned() })
    };
    let buy = |which: usize| Command::Buy(user, packages[which], cash());
    let on_credit = |due_date: Option<Date>, note: &str| {
        let what = Err(packages[0]);
        let debt_date = due_date.and_then(|due| due.checked_sub(jiff::Span::new().days(14)).ok());
        let (note, customer_note) = (note.to_owned(), String::new());
        let terms = DebtTerms { what, advance: true, debt_date, due_date, price: None, note, customer_note };
        Command::AddDebt(user, terms)
    };
    match plan {
        Plan::Debtor | Plan::Small => vec![grant(LITTLE, "kuota percobaan")],
        Plan::Brink => vec![grant(BRINK, "sisa paket lama")],
        Plan::Package(which) => vec![buy(which)],
        Plan::OnCredit => vec![on_credit(None, "bayar akhir bulan")],
        Plan::Overdue => vec![on_credit(Some(yesterday), "janji bayar kemarin")],
        Plan::Unlimited => vec![buy(3)],
        Plan::Exempt => vec![grant(Bytes::gb(50), "keluarga pemilik")],
        Plan::Blocked => vec![buy(1), Command::Block(user, "berbagi akun".to_owned())],
        Plan::Waiting => Vec::new(),
    }
}

/// Payment in cash.
pub(super) fn cash() -> Tender {
    Tender { method: CashMethod::Cash, reference: None, expect: None, last_paid: None }
}
