//! What people do: operators and cashiers at the counter, customers at their phones, and everybody at the gateway. Of
//! each deed the auditor says first what must come of it.

use kuota::agent::engine::NewPackage;
use kuota::agent::engine::{
    Actor, Command, CounterCustomer, CounterSale, DebtChange, DebtTerms, Done, Engine, Key, NewDevice,
    NewUser, PaymentRequest, Purpose, Replaces, ReviewDecision, Tender, UserChange, View,
};
use kuota::agent::site::SiteError;
use kuota::clock::Clock;
use kuota::domain::account::Overage;
use kuota::domain::id::{Mac, OrderId, UserId};
use kuota::domain::order::{CashMethod, OnlineMethod, OrderKind};
use kuota::domain::payment::GatewayStatus;
use kuota::domain::policy::{Grant, Settings};
use kuota::domain::units::{Bytes, Rupiah, Timestamp};
use kuota::store::Page;

use crate::auditor::{self, Books, DAY_MS, DebtWish, MB, ResetWish};
use crate::border;
use crate::wire::Fate;
use crate::world::World;

/// Customers of a site.
const PEOPLE_MAX: usize = 7;
/// Of a thousand changes, this many are sent twice.
const REPEATED: u64 = 150;

/// What must come of a deed, once what it made has its name.
type Must<'a> = Box<dyn FnOnce(&mut Books, &str) -> Result<(), &'static str> + 'a>;

fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("names come from the product")
}

fn tender() -> Tender {
    Tender { method: CashMethod::Cash, reference: None, expect: None, last_paid: None }
}

/// The name of whatever an answer says was made.
fn made(done: &Done) -> String {
    match done.view() {
        Some(View::Reset(reset)) => {
            let item = reset.entries.iter().find_map(|entry| entry.debt_id);
            item.map_or_else(|| reset.user.id.to_string(), |item| item.to_string())
        }
        Some(View::User(user)) => user.id.to_string(),
        Some(View::Order(order)) => order.id.to_string(),
        Some(View::Debt(debt)) => debt.id.to_string(),
        Some(View::Package(package)) => package.id.to_string(),
        Some(View::Closing(closing)) => closing.id.to_string(),
        Some(View::Import(_) | View::Other(_)) | None => String::new(),
    }
}

impl World {
    /// A site before its first customer: packages on sale.
    pub async fn furnish(&mut self) -> Result<(), String> {
        let packages = [
            (Some(1024 * MB), 7, 10_000),
            (Some(10 * 1024 * MB), 30, 50_000),
            (Some(25 * 1024 * MB), 30, 110_000),
            (None, 30, 200_000),
        ];
        for (quota, days, price) in packages {
            let package = NewPackage {
                name: "Paket".to_owned(),
                quota: quota.map(Bytes),
                days,
                price: Rupiah(price),
                active: true,
            };
            self.submit(
                "a package goes on sale",
                Command::AddPackage(package),
                Box::new(move |books, id| {
                    let id = id.to_owned();
                    books.packages.push(auditor::Package { id, quota, days, price, on_sale: true });
                    Ok(())
                }),
            )
            .await?;
        }
        for _ in 0..3 {
            self.enter_user().await?;
        }
        Ok(())
    }

    /// Somebody does something.
    pub async fn deed(&mut self) -> Result<(), String> {
        let who = self.people[self.dice.pick(self.people.len())].clone();
        match self.dice.below(100) {
            0..=3 => self.enter_user().await,
            4..=13 => self.bind(&who).await,
            14..=16 => self.unbind(&who).await,
            17..=22 => self.grant(&who).await,
            23..=28 => self.pay_cash(&who).await,
            29..=31 => self.serve(&who).await,
            32..=37 => self.add_debt(&who).await,
            38..=40 => self.change_debt(&who).await,
            41..=43 => self.block(&who).await,
            44..=46 => self.reset(&who).await,
            47..=50 => self.change(&who).await,
            51..=52 => self.debit(&who).await,
            53..=55 => self.refund().await,
            56..=57 => self.reprice().await,
            58..=60 => self.review().await,
            61..=79 => self.pay_online(&who).await,
            _ => self.at_the_bank().await,
        }
    }

    /// One change over the counter, and what must come of it. Some are sent twice with one key.
    async fn submit(&mut self, what: &str, action: Command, must: Must<'_>) -> Result<(), String> {
        let key = self.dice.chance(REPEATED).then(|| self.key());
        self.look();
        let sent = self.agent.site().submit(Actor::daemon(), action.clone(), key.clone()).await;
        self.came(what, &sent, must)?;
        if let (Some(key), Ok(first)) = (key, &sent) {
            let again = self.agent.site().submit(Actor::daemon(), action.clone(), Some(key.clone())).await;
            self.take_readings();
            if !again.as_ref().is_ok_and(|again| again == first) {
                return Err(format!("{what}, sent twice with one key: {first:?}, then {again:?}"));
            }
            let other = Key { content_hash: [9; 32], ..key };
            let other = self.agent.site().submit(Actor::daemon(), action, Some(other)).await;
            self.take_readings();
            if other.as_ref().err().map(border::code).as_deref() != Some("idempotency_conflict") {
                return Err(format!("{what}, with the key of another call: {other:?}"));
            }
        }
        self.judge().await
    }

    fn key(&mut self) -> Key {
        let id = format!("key-{}-{}", self.figures.steps, self.dice.below(u64::MAX));
        Key { id, content_hash: [1; 32] }
    }

    /// Holds what came of a change to what must come of it.
    fn came(&mut self, what: &str, sent: &Result<Done, SiteError>, must: Must<'_>) -> Result<(), String> {
        self.take_readings();
        let name = sent.as_ref().map(made).unwrap_or_default();
        let is = sent.as_ref().map(drop).map_err(border::code);
        let must = must(&mut self.inspector.books, &name).map_err(str::to_owned);
        self.figures.refusals += u64::from(is.is_err());
        self.tell(what, is.as_ref().err().cloned().unwrap_or_default());
        if is.is_ok() {
            self.inspector.acknowledged();
        }
        if is == must { Ok(()) } else { Err(format!("{what}: must be {must:?} and is {is:?}")) }
    }

    async fn enter_user(&mut self) -> Result<(), String> {
        if self.people.len() >= PEOPLE_MAX {
            return Ok(());
        }
        let (approved, exempt) = (!self.dice.chance(100), self.dice.chance(80));
        let settings = Settings { approved: Some(approved), exempt: Some(exempt), ..Settings::default() };
        let user = NewUser { name: "Pelanggan".to_owned(), phone: None, login: None, settings };
        let must = auditor::Settings { approved: Some(approved), exempt: Some(exempt), ..Default::default() };
        let mut entered = String::new();
        self.submit(
            "a user is entered",
            Command::AddUser(user),
            Box::new(|books, id| {
                id.clone_into(&mut entered);
                books.add_user(id, &must);
                Ok(())
            }),
        )
        .await?;
        self.people.push(entered);
        Ok(())
    }

    fn some_mac(&mut self) -> Mac {
        let inside = self.hotspot.inside();
        inside.devices[self.dice.pick(inside.devices.len())].mac
    }

    async fn bind(&mut self, who: &str) -> Result<(), String> {
        let mac = self.some_mac();
        let name = mac.to_string();
        let action = Command::Bind(NewDevice { is_move: true, ..NewDevice::of(id(who), mac) });
        let reading = self.truth();
        let what = format!("{mac} is bound to {}", self.short(who));
        self.submit(&what, action, Box::new(move |books, _| books.bind(who, &name, reading.as_ref()))).await
    }

    /// The reading that a change now would make.
    fn truth(&self) -> Option<auditor::Reading> {
        self.hotspot.inside().truth()
    }

    async fn unbind(&mut self, who: &str) -> Result<(), String> {
        let mac = self.some_mac();
        let (name, is_read) = (mac.to_string(), self.truth().is_some());
        let what = format!("{mac} is unbound from {}", self.short(who));
        let action = Command::Unbind { user: id(who), mac };
        self.submit(&what, action, Box::new(move |books, _| books.unbind(who, &name, is_read))).await
    }

    async fn grant(&mut self, who: &str) -> Result<(), String> {
        let amount = MB * self.dice.one_of(&[1, 100, 1024, 1024, 4096, 8192]);
        let days = self.dice.chance(300).then_some(3);
        let what = format!("{} is given {} MB", self.short(who), amount / MB);
        let grant = Grant { amount: Bytes(amount), days, reason: "tes".to_owned() };
        let must: Must = Box::new(move |books, _| books.grant(who, amount, days));
        self.submit(&what, Command::Grant(id(who), grant), must).await
    }

    async fn debit(&mut self, who: &str) -> Result<(), String> {
        let amount = MB * self.dice.one_of(&[1, 50, 700]);
        let what = format!("{} MB are taken from {}", amount / MB, self.short(who));
        let action = Command::Debit { user: id(who), amount: Bytes(amount), reason: "salah".to_owned() };
        self.submit(&what, action, Box::new(move |books, _| books.debit(who, amount))).await
    }

    /// What a customer may want to pay for, as the product and as the auditor calls it.
    fn some_purpose(&mut self, who: &str) -> (Purpose, auditor::Purpose) {
        let books = &self.inspector.books;
        let items: Vec<String> = books.users[who].items.iter().map(|item| item.id.clone()).collect();
        let packages: Vec<String> = books.packages.iter().map(|package| package.id.clone()).collect();
        match self.dice.below(10) {
            0..=5 => {
                let package = packages[self.dice.pick(packages.len())].clone();
                (Purpose::Buy(id(&package)), auditor::Purpose::Buy(package))
            }
            6 | 7 => (Purpose::SettleAll, auditor::Purpose::SettleAll),
            8 if !items.is_empty() => {
                let item = items[self.dice.pick(items.len())].clone();
                (Purpose::SettleItem(id(&item)), auditor::Purpose::SettleItem(item))
            }
            _ => {
                let amount = self.dice.one_of(&[1, 1_000, 7_500, 30_000, 500_000]);
                (Purpose::PayPart(Rupiah(amount)), auditor::Purpose::PayPart(amount))
            }
        }
    }

    async fn pay_cash(&mut self, who: &str) -> Result<(), String> {
        let (purpose, must) = self.some_purpose(who);
        let user: UserId = id(who);
        let action = match purpose {
            Purpose::Buy(package) => Command::Buy(user, package, tender()),
            Purpose::SettleAll => Command::SettleAll(user, tender()),
            Purpose::SettleItem(item) => Command::SettleItem(user, item, tender()),
            Purpose::PayPart(amount) => Command::PayPart(user, amount, tender()),
        };
        let what = format!("{} pays cash: {must:?}", self.short(who));
        self.doom_some();
        self.look();
        let sent = self.agent.site().take_money(Actor::daemon(), user, action, None).await;
        self.wire.doom(Vec::new());
        self.hear(&None)?;
        if sent.as_ref().err().map(border::code).as_deref() == Some("order_paid") {
            self.tell(what, "an open order was paid");
            return self.judge().await;
        }
        let price = sent.as_ref().ok().and_then(Done::order).map(|order| order.amount_rp);
        self.came(
            &what,
            &sent,
            Box::new(move |books, order| {
                let lines = books.priced(who, &must)?;
                if price != Some(lines.iter().map(auditor::Line::price).sum()) {
                    return Err("another price");
                }
                books.pay_cash(who, order, lines)
            }),
        )?;
        self.judge().await
    }

    /// The counter in one go: somebody new or known, everything owed, a package; all of it or nothing.
    async fn serve(&mut self, who: &str) -> Result<(), String> {
        let packages: Vec<String> = self.inspector.books.packages.iter().map(|one| one.id.clone()).collect();
        let package = packages[self.dice.pick(packages.len())].clone();
        if self.people.len() < PEOPLE_MAX && self.dice.chance(200) {
            return self.serve_new(package).await;
        }
        let buys = self.dice.chance(800);
        let sale = CounterSale {
            customer: CounterCustomer::Known(id(who)),
            settles: true,
            package: buys.then(|| id(&package)),
            tender: tender(),
        };
        let what = format!(
            "{} is served: everything owed{}",
            self.short(who),
            if buys { " and a package" } else { "" }
        );
        self.doom_some();
        self.look();
        let action = Command::Serve(Box::new(sale));
        let sent = self.agent.site().take_money(Actor::daemon(), id(who), action, None).await;
        self.wire.doom(Vec::new());
        self.hear(&None)?;
        if sent.as_ref().err().map(border::code).as_deref() == Some("order_paid") {
            self.tell(&what, "an open order was paid");
            return self.judge().await;
        }
        let first = self.settled_with(&sent).await?;
        self.came(
            &what,
            &sent,
            Box::new(move |books, order| {
                let mut after = books.clone();
                let debts = after.priced(who, &auditor::Purpose::SettleAll)?;
                after.pay_cash(who, first.as_deref().unwrap_or(order), debts)?;
                if buys {
                    let lines = after.priced(who, &auditor::Purpose::Buy(package))?;
                    after.pay_cash(who, order, lines)?;
                }
                *books = after;
                Ok(())
            }),
        )?;
        self.judge().await
    }

    /// The order that paid what was owed, where another one of the same commit is the answer.
    async fn settled_with(&self, sent: &Result<Done, SiteError>) -> Result<Option<String>, String> {
        let Some(answer) = sent.as_ref().ok().and_then(Done::order) else { return Ok(None) };
        let (no, user) =
            (answer.receipt.ok_or("money without a receipt")?, answer.user_id.ok_or("nobody's money")?);
        let look = move |engine: &mut Engine| {
            let user_no = engine.read_view().user(user).map(|found| found.user.no);
            let last =
                engine.reader().orders(user_no, Page { limit: 5, after: None }).map_err(|e| e.to_string())?;
            let before = last.into_iter().map(|(_, order)| order);
            Ok::<_, String>(
                before.filter(|order| order.receipt_no == Some(no - 1)).map(|order| order.id.0).next(),
            )
        };
        let found = self.agent.site().engine().call(look).await.map_err(|e| e.to_string())??;
        Ok(found.filter(|_| answer.kind == OrderKind::Purchase))
    }

    /// Somebody new, with a package at once.
    async fn serve_new(&mut self, package: String) -> Result<(), String> {
        let user =
            NewUser { name: "Pembeli".into(), phone: None, login: None, settings: Settings::default() };
        let sale = CounterSale {
            customer: CounterCustomer::New { user, device: None },
            settles: false,
            package: Some(id(&package)),
            tender: tender(),
        };
        self.look();
        let action = Command::Serve(Box::new(sale));
        let sent = self.agent.site().submit(Actor::daemon(), action, None).await;
        let who =
            sent.as_ref().ok().and_then(Done::order).and_then(|order| order.user_id).map(|id| id.to_string());
        let entered = who.clone();
        self.came(
            "somebody new is served",
            &sent,
            Box::new(move |books, order| {
                let mut after = books.clone();
                let who = entered.unwrap_or_else(|| "nobody".to_owned());
                let must =
                    auditor::Settings { approved: Some(true), exempt: Some(false), ..Default::default() };
                after.add_user(&who, &must);
                let lines = after.priced(&who, &auditor::Purpose::Buy(package))?;
                after.pay_cash(&who, order, lines)?;
                *books = after;
                Ok(())
            }),
        )?;
        self.people.extend(who);
        self.judge().await
    }

    async fn add_debt(&mut self, who: &str) -> Result<(), String> {
        let package = self.inspector.books.packages[self.dice.pick(4)].clone();
        let amount = MB * self.dice.one_of(&[10, 500, 1024, 10_752]);
        let by_package = self.dice.chance(500);
        let price = self.dice.chance(300).then(|| self.dice.one_of(&[5_000, 12_345, 90_000]));
        let advance = by_package || self.dice.chance(700);
        let what = if by_package { Err(id(&package.id)) } else { Ok(Bytes(amount)) };
        let wish = DebtWish {
            amount: if by_package { package.quota } else { Some(amount) },
            price: price.or(by_package.then_some(package.price)),
            days: by_package.then_some(package.days),
            advance,
        };
        let terms = DebtTerms {
            what,
            advance,
            debt_date: None,
            due_date: None,
            price: price.map(Rupiah),
            note: "utang".to_owned(),
            customer_note: String::new(),
        };
        let is_on_sale = !by_package || package.on_sale;
        let what = format!("{} gets on credit: {wish:?}", self.short(who));
        self.submit(
            &what,
            Command::AddDebt(id(who), terms),
            Box::new(move |books, debt| {
                if !is_on_sale {
                    return Err("not_on_sale");
                }
                books.add_debt(who, debt, &wish)
            }),
        )
        .await
    }

    async fn change_debt(&mut self, who: &str) -> Result<(), String> {
        let items: Vec<String> =
            self.inspector.books.users[who].items.iter().map(|item| item.id.clone()).collect();
        if items.is_empty() {
            return Ok(());
        }
        let item = items[self.dice.pick(items.len())].clone();
        if self.dice.chance(400) {
            let what = format!("a debt of {} is forgiven", self.short(who));
            let action = Command::WriteOff { user: id(who), debt: id(&item), reason: "lunas".to_owned() };
            return self.submit(&what, action, Box::new(move |books, _| books.write_off(who, &item))).await;
        }
        let later = self.dice.one_of(&[0, 1, 5]);
        let (today, _) = auditor::local(self.clock.now().0);
        let due = jiff_date(today + later);
        let what = format!("{} promises to pay in {later} days", self.short(who));
        let change = DebtChange { due_date: Some(due), note: None, customer_note: None };
        self.submit(
            &what,
            Command::ChangeDebt(id(who), id(&item), change),
            Box::new(move |books, _| books.promise(who, &item, today + later)),
        )
        .await
    }

    async fn block(&mut self, who: &str) -> Result<(), String> {
        if self.dice.chance(400) {
            let what = format!("{} is blocked", self.short(who));
            let action = Command::Block(id(who), "tes".to_owned());
            return self.submit(&what, action, Box::new(move |books, _| books.block(who, true))).await;
        }
        let what = format!("{} is unblocked", self.short(who));
        let action = Command::Unblock(id(who), "tes".to_owned());
        self.submit(&what, action, Box::new(move |books, _| books.block(who, false))).await
    }

    async fn reset(&mut self, who: &str) -> Result<(), String> {
        let debt = self.dice.chance(400).then_some(10_240 * MB);
        let credit = self.dice.chance(300).then_some(2048 * MB);
        let days = self.dice.chance(300).then_some(30);
        let unblock = self.dice.chance(200).then_some(self.seed.is_multiple_of(2));
        let wish = ResetWish { debt, credit, days, unblock };
        let is_read = self.truth().is_some();
        let what = format!("{} is reset: {wish:?}", self.short(who));
        let action = Command::Reset {
            user: id(who),
            debt: debt.map(Bytes),
            credit: credit.map(Bytes),
            days,
            unblock,
            reason: "bulan baru".to_owned(),
        };
        self.submit(
            &what,
            action,
            Box::new(move |books, debt| {
                if !is_read {
                    return Err("router_needed");
                }
                books.reset(who, &wish, debt)
            }),
        )
        .await
    }

    async fn change(&mut self, who: &str) -> Result<(), String> {
        let (mut settings, mut must) = (Settings::default(), auditor::Settings::default());
        match self.dice.below(6) {
            0 => (settings.active, must.active) = (Some(false), Some(false)),
            1 => {
                (settings.active, settings.approved) = (Some(true), Some(true));
                (must.active, must.approved) = (Some(true), Some(true));
            }
            2 => {
                let is_exempt = self.dice.chance(300);
                (settings.exempt, must.exempt) = (Some(is_exempt), Some(is_exempt));
            }
            3 => {
                let at = self.clock.now().0 + DAY_MS * self.dice.one_of(&[-1, 1, 3]);
                (settings.expires_at, must.expires) = (Some(Some(Timestamp(at))), Some(Some(at)));
            }
            4 => {
                let mode = self.dice.one_of(&[None, Some(Overage::Stop), Some(Overage::Debt)]);
                (settings.overage, must.mode) = (Some(mode), Some(mode.map(border::mode)));
            }
            _ => {
                let limit = self.dice.one_of(&[None, Some(0), Some(50 * MB), Some(900 * MB)]);
                (settings.debt_limit, must.limit) = (Some(limit.map(Bytes)), Some(limit));
            }
        }
        let what = format!("{} is changed: {must:?}", self.short(who));
        let change = UserChange { settings, ..UserChange::default() };
        let must: Must = Box::new(move |books, _| books.change(who, &must));
        self.submit(&what, Command::ChangeUser(id(who), change), must).await
    }

    async fn refund(&mut self) -> Result<(), String> {
        let orders: Vec<(String, u64, bool)> = self
            .inspector
            .books
            .orders
            .iter()
            .filter(|(_, order)| order.is_cash || order.credited)
            .map(|(id, order)| (id.clone(), order.amount, order.is_cash))
            .collect();
        if orders.is_empty() {
            return Ok(());
        }
        // Names of orders through the gateway are drawn by the relay: which one it is must not depend on them.
        let mut orders = orders;
        orders.sort_by_key(|(id, amount, is_cash)| {
            (self.inspector.books.orders[id].created, *amount, *is_cash)
        });
        let (order, amount, is_cash) = orders[self.dice.pick(orders.len())].clone();
        let part = self.dice.chance(300).then_some(amount / 3).filter(|part| *part > 0);
        let action = Command::Refund {
            order: OrderId(order.clone()),
            amount: part.map(Rupiah),
            reason: "batal".to_owned(),
        };
        if is_cash {
            let what = format!("cash of {amount} rupiah goes back: {part:?}");
            return self
                .submit(&what, action, Box::new(move |books, _| books.refund_cash(&order, part)))
                .await;
        }
        self.look();
        let sent = self.agent.site().submit(Actor::daemon(), action, None).await;
        let came = sent.as_ref().err().map(border::code).unwrap_or_default();
        self.tell(format!("the owner wants {amount} rupiah given back through the gateway: {part:?}"), came);
        self.judge().await
    }

    async fn reprice(&mut self) -> Result<(), String> {
        let at = self.dice.pick(4);
        let package = self.inspector.books.packages[at].clone();
        let price = package.price + self.dice.one_of(&[0, 1_000, 2_500]);
        let on_sale = at == 1 || !self.dice.chance(150);
        let what = format!("package {at} costs {price}, on sale: {on_sale}");
        let change = kuota::agent::engine::PackageChange {
            price: Some(Rupiah(price)),
            active: Some(on_sale),
            ..Default::default()
        };
        self.submit(
            &what,
            Command::ChangePackage(id(&package.id), change),
            Box::new(move |books, _| {
                (books.packages[at].price, books.packages[at].on_sale) = (price, on_sale);
                Ok(())
            }),
        )
        .await
    }

    async fn review(&mut self) -> Result<(), String> {
        let waiting = self.inspector.books.orders.iter().find(|(_, order)| order.status == "review");
        let Some(order) = waiting.map(|(id, _)| id.clone()) else { return Ok(()) };
        let is_credited = self.dice.chance(500);
        let decision = if is_credited { ReviewDecision::Credit } else { ReviewDecision::Dismiss };
        let what = format!("the owner ends a review: {decision:?}");
        let action =
            Command::Review { order: OrderId(order.clone()), decision, reason: "dilihat".to_owned() };
        self.submit(&what, action, Box::new(move |books, _| books.review(&order, is_credited))).await
    }

    /// Calls of this deed meet the troubles of a wire.
    fn doom_some(&mut self) {
        if !self.dice.chance(200) {
            return;
        }
        let fates = (0..4).map(|_| self.dice.one_of(&[Fate::Fine, Fate::Fine, Fate::Lost, Fate::Unanswered]));
        let fates = fates.collect();
        self.wire.doom(fates);
    }

    async fn pay_online(&mut self, who: &str) -> Result<(), String> {
        let (purpose, must) = self.some_purpose(who);
        let methods = [
            OnlineMethod::Qris,
            OnlineMethod::Qris,
            OnlineMethod::Gopay,
            OnlineMethod::VaBca,
            OnlineMethod::VaMandiri,
        ];
        let method = self.dice.one_of(&methods);
        let wish =
            PaymentRequest { user: id(who), purpose, method, expect: None, replaces: Replaces::Anything };
        let what = format!("{} asks for {} to pay {must:?}", self.short(who), method.name());
        self.doom_some();
        if self.dice.chance(15) {
            self.wire.doom(vec![Fate::Hangs]);
        }
        self.bank.inside().hangs = self.dice.chance(15);
        self.look();
        let refused = self.inspector.books.priced(who, &must).err();
        let asked = tokio::select! {
            biased;
            asked = self.agent.site().payments.pay_online(Actor::daemon(), wish, None) => Some(asked.map_err(SiteError::from)),
            () = self.wire.hung() => None,
        };
        self.wire.doom(Vec::new());
        self.hear(&Some((who.to_owned(), must)))?;
        let came = match &asked {
            None => "the Pi loses its power".to_owned(),
            Some(asked) => asked.as_ref().err().map(border::code).unwrap_or_default(),
        };
        self.figures.refusals += u64::from(!came.is_empty());
        self.tell(what.clone(), came.clone());
        if let Some(refused) = refused.filter(|refused| came != *refused) {
            return Err(format!("{what}: must be refused as {refused} and is {came:?}"));
        }
        if asked.is_none() {
            self.crash_agent().await?;
        }
        if !std::mem::take(&mut self.bank.inside().hangs) && came == "relay" {
            self.crash_relay_if_hung().await;
        }
        self.judge().await
    }

    /// Something turns at the gateway.
    async fn at_the_bank(&mut self) -> Result<(), String> {
        let mut deals: Vec<(u64, String, GatewayStatus)> = self
            .bank
            .inside()
            .deals
            .iter()
            .filter(|(id, _)| self.inspector.shown.contains(*id))
            .map(|(id, deal)| (deal.number, id.clone(), deal.status))
            .collect();
        deals.sort_by_key(|(number, ..)| *number);
        let open: Vec<_> = deals.iter().filter(|(.., status)| *status == GatewayStatus::Pending).collect();
        let is_paying = self.dice.chance(600);
        let (number, order, status) = match (is_paying, deals.len(), open.len()) {
            (true, _, n @ 1..) => open[self.dice.pick(n)].clone(),
            (false, n @ 1.., _) => deals[n.saturating_sub(1 + self.dice.pick(n.min(6)))].clone(),
            _ => return Ok(()),
        };
        let what = self.turn_deal(&order, status, is_paying);
        self.tell(format!("order {number} at the gateway: {what}"), "");
        self.judge().await
    }

    fn turn_deal(&mut self, order: &str, status: GatewayStatus, is_paying: bool) -> String {
        use GatewayStatus::{Cancel, Chargeback, Deny, Expire, Pending, Settlement};
        let roll = self.dice.below(100);
        let now = self.outside.now().0;
        let mut bank = self.bank.inside();
        // Its letters may be lost. The reconciler asks once more a day after the end, and a week after the payment.
        let may_still_come = now < bank.deals[order].expires_at + DAY_MS / 2;
        let may_go_back = bank.deals[order].paid_at.is_some_and(|at| now < at + 6 * DAY_MS);
        match status {
            Pending if is_paying => {
                if roll < 3 {
                    let deal = bank.deals.get_mut(order).expect("it is known");
                    deal.amount += 1000;
                }
                bank.turn(order, Settlement);
                if roll < 3 { "another amount is paid" } else { "it is paid" }
            }
            Pending if roll < 25 => {
                bank.turn(order, Deny);
                "it is denied"
            }
            Pending if roll < 60 => {
                bank.write(order, Settlement, now);
                "somebody claims that it is paid"
            }
            Expire | Deny if roll < 20 && may_still_come => {
                bank.turn(order, Settlement);
                "it is paid late"
            }
            Cancel if roll < 8 && may_still_come => {
                bank.turn(order, Settlement);
                "it is paid after it was called off"
            }
            Settlement if roll < 15 && may_go_back => {
                let amount = bank.deals[order].amount;
                let amount = if roll < 5 { amount / 4 } else { amount };
                let _ = bank.give_back(order, &format!("d-{now}"), amount.max(1));
                "money is given back on its pages"
            }
            Settlement if roll < 18 && may_go_back => {
                bank.turn(order, Chargeback);
                "the payer's bank takes the money back"
            }
            _ => {
                bank.write(order, status, now);
                "it is told once more"
            }
        }
        .to_owned()
    }

    /// A name for people, the same in every run.
    pub fn short(&self, who: &str) -> String {
        let at = self.people.iter().position(|one| one == who);
        at.map_or_else(|| "nobody".to_owned(), |at| format!("user {}", at + 1))
    }
}

fn jiff_date(day: i64) -> jiff::civil::Date {
    use jiff::ToSpan;
    jiff::civil::date(1970, 1, 1).saturating_add(day.days())
}
