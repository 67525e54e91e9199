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
use crate::domain::order::{Item, Line};
use crate::domain::units::Rupiah;
use crate::store::{OrderRecord, Role};
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
    refunded: Option<String>,
    home: String,
    counter: &'static CounterWords,
    /// A conversation in which the receipt is ready to be sent.
    share: String,
    /// Whether the reader may sell.
    may_sell: bool,
}

/// `GET /kuitansi/{receipt or order}`.
pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Path(id): Path<String>,
) -> Answer {
    let look = move |engine: &mut Engine| {
        let (order, customer) = find(engine, id)?;
        let debts = debts_of(engine, &order)?;
        let days = debts.into_iter().map(|item| (item.id, item.debt_date)).collect();
        Ok((order, customer, days))
    };
    let (order, customer, days): (_, _, BTreeMap<DebtId, Date>) = app.read(look).await?;
    let (words, locale) = (session.people(), &session.page_request.locale);
    let no = order.receipt_no.map(|no| no.to_string()).unwrap_or_default();
    let (frame, layout) = session.layout(say::with(words.receipt_no, &[&no]), "/pembayaran");
    let config = &app.site.config;
    let paid = order.paid_at.unwrap_or(order.created_at);
    let mut facts = vec![
        (words.receipt_short, no),
        (words.at, locale.moment(paid)),
        (words.customer, customer.as_ref().map(|customer| customer.name.clone()).unwrap_or_default()),
        (words.cashier, order.cashier.clone().unwrap_or_default()),
        (words.method, say::method(locale.language, order.method).to_owned()),
        (words.reference, order.reference.clone().unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let lines: Vec<(String, String)> =
        order.quote.lines.iter().map(|line| (named(locale, line, &days), line.price.to_string())).collect();
    html(&ReceiptPage {
        counter: CounterWords::of(locale.language),
        share: share(&app, &order, customer.as_ref(), &days),
        may_sell: session.actor.role >= Role::Cashier,
        frame,
        layout,
        words,
        site: config.name.clone(),
        contact: config.portal.contact.clone(),
        facts,
        lines,
        total: order.amount.to_string(),
        refunded: (order.refunded > Rupiah::ZERO).then(|| order.refunded.to_string()),
        home: customer.map_or_else(|| "/pelanggan".to_owned(), |customer| customer.home),
    })
}

/// The customer of a receipt.
struct ReceiptCustomer {
    name: String,
    phone: Option<String>,
    home: String,
}

/// The receipt as a message, in the site's own language, to the customer or to whomever the sender chooses.
fn share(
    app: &AppState,
    order: &OrderRecord,
    customer: Option<&ReceiptCustomer>,
    days: &BTreeMap<DebtId, Date>,
) -> String {
    let config = &app.site.config;
    let locale = Locale { language: config.language, zone: config.timezone.clone() };
    let no = order.receipt_no.map(|no| no.to_string()).unwrap_or_default();
    let lines =
        order.quote.lines.iter().map(|line| format!("{}: {}", named(&locale, line, days), line.price));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let method = say::method(locale.language, order.method);
    let at = locale.moment(order.paid_at.unwrap_or(order.created_at));
    let text = CounterWords::of(locale.language).share_text;
    let text = say::with(text, &[&no, &config.name, &lines, &order.amount.to_string(), method, &at]);
    let phone = customer.and_then(|customer| customer.phone.as_deref());
    let chat = phone.and_then(|phone| whatsapp(phone, Some(&text)));
    chat.unwrap_or_else(|| format!("https://wa.me/?text={}", percent::value(&text)))
}

/// The order, by the number of its receipt or by its own name, with its customer.
fn find(engine: &Engine, id: String) -> Result<(OrderRecord, Option<ReceiptCustomer>), Problem> {
    let by_receipt = match id.parse() {
        Ok(no) => engine.reader().order_of_receipt(no)?,
        Err(_) => None,
    };
    let order = match by_receipt {
        Some(order) => Some(order),
        None => engine.reader().order(&OrderId(id))?,
    };
    let order =
        order.filter(|order| order.receipt_no.is_some()).ok_or_else(|| Problem::not_found("receipt"))?;
    let Some(no) = order.user_no else { return Ok((order, None)) };
    let id = engine.reader().user_id(no)?;
    let customer = engine.reader().user(id)?;
    let customer = customer.map(|user| ReceiptCustomer {
        name: user.name,
        phone: user.phone,
        home: format!("/pelanggan/{id}"),
    });
    Ok((order, customer))
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
