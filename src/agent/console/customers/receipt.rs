//! A receipt on 58 mm paper.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::civil::Date;

use super::debts::whatsapp;
use crate::agent::console::session::AdminSession;
use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, OrderId};
use crate::domain::order::{Item, Line, OrderKind, OrderState};
use crate::domain::units::{Rupiah, Timestamp};
use crate::store::{OrderFilter, OrderRecord, Page, Role};
use crate::tools::percent;
use crate::ui::desk::Layout;
use crate::ui::{Frame, Locale, html};
use crate::web::{Path, Problem};

#[derive(Template)]
#[template(path = "console/customers/receipt.html")]
struct ReceiptPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    site: String,
    contact: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<(String, String)>,
    total: String,
    /// That the money went back, in large letters.
    void: Option<&'static str>,
    refunded: Option<String>,
    home: String,
    counter: &'static CounterWords,
    /// A conversation in which the receipt is ready to be sent.
    share: String,
    /// Whether the reader may sell.
    may_sell: bool,
    /// Whether the reader may give money back.
    may_undo: bool,
    /// The payments that can be undone: address and name.
    undo: Vec<(String, String)>,
}

/// `GET /kuitansi/{receipt or order}`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<String>,
) -> Answer {
    let sale = app.read(move |engine| find(engine, id)).await?;
    let (words, locale) = (session.people(), &session.page_request.locale);
    let counter = CounterWords::of(locale.language);
    let (order, customer) = (sale.last(), sale.customer.as_ref());
    let (frame, layout) = session.layout(say::with(words.receipt_no, &[&sale.numbers()]), "/pembayaran");
    let config = &app.site.config;
    let mut facts = vec![
        (words.receipt_short, sale.numbers()),
        (words.at, locale.moment(order.paid_at.unwrap_or(order.created_at))),
        (words.customer, customer.map(|customer| customer.name.clone()).unwrap_or_default()),
        (words.cashier, order.cashier.clone().unwrap_or_default()),
        (words.method, say::method(locale.language, order.method).to_owned()),
        (words.reference, order.reference.clone().unwrap_or_default()),
        (words.expires, sale.until.map(|at| locale.moment(at)).unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let undo = sale.undo(counter);
    html(&ReceiptPage {
        counter,
        share: share(&app, &sale),
        may_sell: session.actor.role >= Role::Cashier,
        may_undo: session.actor.role >= Role::Owner,
        frame,
        layout,
        words,
        site: config.name.clone(),
        contact: config.portal.contact.clone(),
        facts,
        lines: sale.lines(locale),
        total: sale.amount().to_string(),
        void: sale.void(counter),
        refunded: (sale.refunded() > Rupiah::ZERO).then(|| sale.refunded().to_string()),
        home: customer.map_or_else(|| "/pelanggan".to_owned(), |customer| customer.home.clone()),
        undo,
    })
}

/// What one press at the counter paid for: a debt and a package are two receipts of one sale, and one paper.
struct ReceiptSale {
    /// By the numbers of their receipts.
    orders: Vec<OrderRecord>,
    customer: Option<ReceiptCustomer>,
    /// The days of the debts that are paid.
    days: BTreeMap<DebtId, Date>,
    /// Until when the customer's package is valid, where the sale is of the package bought last.
    until: Option<Timestamp>,
}

impl ReceiptSale {
    fn last(&self) -> &OrderRecord {
        self.orders.last().expect("a receipt has an order")
    }

    /// The numbers of its receipts.
    fn numbers(&self) -> String {
        let numbers = self.orders.iter().filter_map(|order| order.receipt_no);
        numbers.map(|no| no.to_string()).collect::<Vec<_>>().join(" + ")
    }

    fn amount(&self) -> Rupiah {
        self.orders.iter().fold(Rupiah::ZERO, |sum, order| sum.plus(order.amount))
    }

    fn refunded(&self) -> Rupiah {
        self.orders.iter().fold(Rupiah::ZERO, |sum, order| sum.plus(order.refunded))
    }

    /// What it paid for, with the price of each.
    fn lines(&self, locale: &Locale) -> Vec<(String, String)> {
        let lines = self.orders.iter().flat_map(|order| &order.quote.lines);
        lines.map(|line| (named(locale, line, &self.days), line.price.to_string())).collect()
    }

    /// That its money went back; `None` while all of it is here.
    fn void(&self, words: &CounterWords) -> Option<&'static str> {
        match self.refunded() {
            Rupiah::ZERO => None,
            refunded if refunded == self.amount() => Some(words.void),
            _ => Some(words.partly_void),
        }
    }

    /// The payments of which money can still go back: address and name.
    fn undo(&self, words: &CounterWords) -> Vec<(String, String)> {
        let open = self.orders.iter().filter(|order| order.refunded < order.amount);
        let name = |no: u64| match self.orders.len() {
            1 => words.undo.to_owned(),
            _ => format!("{} ({no})", words.undo),
        };
        open.filter_map(|order| {
            Some((format!("/pembayaran/{}/kembalikan", order.id), name(order.receipt_no?)))
        })
        .collect()
    }
}

/// The customer of a receipt.
struct ReceiptCustomer {
    name: String,
    phone: Option<String>,
    home: String,
}

/// The receipt as a message, in the site's own language, to the customer or to whomever the sender chooses.
fn share(app: &AppState, sale: &ReceiptSale) -> String {
    let config = &app.site.config;
    let locale = Locale { language: config.language, zone: config.timezone.clone() };
    let words = CounterWords::of(locale.language);
    let lines = sale.lines(&locale).into_iter().map(|(name, price)| format!("{name}: {price}"));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let order = sale.last();
    let method = say::method(locale.language, order.method);
    let at = locale.moment(order.paid_at.unwrap_or(order.created_at));
    let amount = sale.amount().to_string();
    let text = say::with(words.share_text, &[&sale.numbers(), &config.name, &lines, &amount, method, &at]);
    let until = sale.until.map(|at| say::with(words.share_until, &[&locale.moment(at)]));
    let void = sale.void(words).map(|void| format!("{void}: {}", sale.refunded()));
    let text = [Some(text), until, void].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let phone = sale.customer.as_ref().and_then(|customer| customer.phone.as_deref());
    let chat = phone.and_then(|phone| whatsapp(phone, Some(&text)));
    chat.unwrap_or_else(|| format!("https://wa.me/?text={}", percent::value(&text)))
}

/// The sale, by the number of a receipt or by an order's own name, with its customer.
fn find(engine: &Engine, id: String) -> Result<ReceiptSale, Problem> {
    let reader = engine.reader();
    let by_receipt = match id.parse() {
        Ok(no) => reader.order_of_receipt(no)?,
        Err(_) => None,
    };
    let order = match by_receipt {
        Some(order) => Some(order),
        None => reader.order(&OrderId(id))?,
    };
    let order =
        order.filter(|order| order.receipt_no.is_some()).ok_or_else(|| Problem::not_found("receipt"))?;
    let user_no = order.user_no;
    let orders = sold_together(engine, order)?;
    let mut days = BTreeMap::new();
    for order in &orders {
        days.extend(debts_of(engine, order)?.into_iter().map(|item| (item.id, item.debt_date)));
    }
    let Some(no) = user_no else { return Ok(ReceiptSale { orders, customer: None, days, until: None }) };
    let until = valid_until(engine, no, &orders)?;
    let id = reader.user_id(no)?;
    let customer = reader.user(id)?;
    let customer = customer.map(|user| ReceiptCustomer {
        name: user.name,
        phone: user.phone,
        home: format!("/pelanggan/{id}"),
    });
    Ok(ReceiptSale { orders, customer, days, until })
}

/// The order with the one that the same press paid: its receipt is the next or the one before, of the same customer,
/// cashier and moment.
fn sold_together(engine: &Engine, order: OrderRecord) -> Result<Vec<OrderRecord>, Problem> {
    let Some(no) = order.receipt_no.filter(|_| order.method.cash().is_some()) else { return Ok(vec![order]) };
    let is_same = |other: &OrderRecord| {
        let of = |order: &OrderRecord| (order.user_no, order.paid_at, order.method);
        of(other) == of(&order) && other.cashier == order.cashier && other.kind != order.kind
    };
    let mut orders = Vec::new();
    for near in [no.checked_sub(1), no.checked_add(1)].into_iter().flatten() {
        orders.extend(engine.reader().order_of_receipt(near)?.filter(is_same));
    }
    orders.push(order);
    orders.sort_by_key(|order| order.receipt_no);
    Ok(orders)
}

/// Until when the customer's package is valid, where one of the orders is the package bought last and its money is here.
fn valid_until(engine: &Engine, user_no: u32, orders: &[OrderRecord]) -> Result<Option<Timestamp>, Problem> {
    let bought = OrderFilter {
        user_no: Some(user_no),
        kind: Some(OrderKind::Purchase),
        states: vec![OrderState::Paid],
        ..OrderFilter::default()
    };
    let last = engine.reader().find_orders(&bought, Page { limit: 1, after: None })?;
    let is_last = last.iter().any(|(_, last)| orders.iter().any(|order| order.id == last.id));
    let look = engine.read_view();
    Ok(look.user_no(user_no).filter(|_| is_last).and_then(|user| user.account.expires_at))
}

/// The debt items that an order is for, as they are on file.
pub(crate) fn debts_of(engine: &Engine, order: &OrderRecord) -> Result<Vec<DebtItem>, Problem> {
    let ids = order.quote.lines.iter().filter_map(|line| match line.item {
        Item::Debt { id, .. } => Some(id),
        Item::Package { .. } | Item::Overage => None,
    });
    let items = ids.map(|id| Ok(engine.reader().debt(id)?.map(|(_, item)| item)));
    items.filter_map(Result::transpose).collect()
}

/// What a line pays for.
fn named(locale: &Locale, line: &Line, days: &BTreeMap<DebtId, Date>) -> String {
    let words = People::of(locale.language);
    let name = match &line.item {
        Item::Package { .. } => line.name.clone(),
        Item::Overage => words.overage.to_owned(),
        // The customer gets this paper: the owner's note of a debt is not on it.
        Item::Debt { id, .. } => match days.get(id) {
            Some(day) => format!("{} {}", words.debt, locale.day(*day)),
            None => words.debt.to_owned(),
        },
    };
    if line.bytes.is_zero() { name } else { format!("{name} ({})", locale.quota(line.bytes)) }
}
