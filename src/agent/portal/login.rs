//! Log-in of a device: a customer's name or phone and PIN bind it. Unknown names, customers without a PIN and wrong
//! PINs get the same answer after the same time, and attempts are rate-limited.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::contact::Contact;
use super::notices::router_away;
use super::state::Portal;
use super::texts::{LoginWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::config::Registration;
use crate::agent::engine::{Command, DEVICE_GONE, Engine, EngineError, NewDevice};
use crate::agent::http::state::Answer;
use crate::agent::site::SiteError;
use crate::domain::id::{Mac, UserId};
use crate::domain::units::Timestamp;
use crate::domain::{login, phone};
use crate::store::{AuditFilter, Customer, Page, Unwritable};
use crate::tools::digest;
use crate::ui::catalogue::fill;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame};
use crate::web::finish::finish;
use crate::web::{Problem, Query};

/// A longer name or PIN cannot exist, and is refused without a check.
const TEXT_BYTES_MAX: usize = 200;
/// The code of a log-in that was confirmed too late.
const TICKET_ENDED: &str = "login_ended";
/// Who binds devices here, and what the audit calls that.
const PORTAL: &str = "portal";
const DEVICE_BOUND: &str = "device.bind";
/// Log-ins of before a start that are remembered.
const REMEMBERED_MAX: u32 = 500;
/// How long a log-in waits for the customer to confirm that another device is unbound.
const REPLACE_MS: i64 = 5 * 60 * 1000;

#[derive(Template)]
#[template(path = "portal/login.html")]
struct LogIn {
    frame: Frame,
    words: &'static Words,
    door: &'static LoginWords,
    token: String,
    who: String,
    complaint: Option<String>,
    can_register: bool,
    contact: Option<Contact>,
}

#[derive(Template)]
#[template(path = "portal/not_seen.html")]
struct NotSeen {
    frame: Frame,
    words: &'static Words,
    door: &'static LoginWords,
    /// Whose fault it is, and what to do.
    text: String,
    path: &'static str,
    contact: Option<Contact>,
}

#[derive(Template)]
#[template(path = "portal/waking.html")]
struct Waking {
    frame: Frame,
    words: &'static Words,
    contact: Option<Contact>,
}

#[derive(Template)]
#[template(path = "portal/replace.html")]
struct Replace {
    frame: Frame,
    words: &'static Words,
    door: &'static LoginWords,
    text: String,
    token: String,
    /// Proves the log-in in the second form.
    ticket: String,
}

/// The state of the device of the request.
pub(super) enum DeviceState {
    /// It is bound to a customer.
    Bound,
    /// The router shows it, and it is not bound.
    Unbound(Mac),
    /// The router did not show it in the last reading.
    Unseen,
    /// The router was not read yet since the program started: whose device it is will be known then.
    Unread,
}

/// The state of the device of the request in the last reading.
pub(super) async fn device_state(portal: &Portal, guest: &Guest) -> Result<DeviceState, Problem> {
    let guest = guest.clone();
    let look = move |engine: &mut Engine| {
        let Some(mac) = guest.device(engine)? else {
            return Ok(if engine.hosts_age().is_none() { DeviceState::Unread } else { DeviceState::Unseen });
        };
        let is_known = engine.read_view().user_with(mac).is_some();
        Ok(if is_known { DeviceState::Bound } else { DeviceState::Unbound(mac) })
    };
    portal.read(look).await
}

/// The answer to a device that the router does not show.
pub(super) fn not_seen(portal: &Portal, guest: &Guest, path: &'static str) -> Answer {
    let door = LoginWords::of(guest.locale().language);
    // While the router does not answer, nothing can be said about a device.
    let away = router_away(portal, guest.words(), guest.locale());
    let title = if away.is_some() { guest.words().router_away } else { door.not_seen };
    let text = away.unwrap_or_else(|| door.not_seen_text.to_owned());
    let (words, contact) = (guest.words(), portal.contact.clone());
    page_with(StatusCode::OK, &NotSeen { frame: guest.frame(title), words, door, text, path, contact })
}

/// The answer before the router was read for the first time: the page loads itself again.
pub(super) fn unread(portal: &Portal, guest: &Guest) -> Answer {
    let words = guest.words();
    let contact = portal.contact.clone();
    page_with(StatusCode::OK, &Waking { frame: guest.frame(words.waking), words, contact })
}

/// `GET /masuk`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    match device_state(&portal, &guest).await? {
        DeviceState::Bound => Ok(see_other("/")),
        DeviceState::Unbound(_) => page(&portal, &guest, guest.page_request.refused.as_deref()),
        DeviceState::Unseen => not_seen(&portal, &guest, "/masuk"),
        DeviceState::Unread => unread(&portal, &guest),
    }
}

/// The log-in, or the same again after it was refused.
fn page(portal: &Portal, guest: &Guest, refused: Option<&Refused>) -> Answer {
    let door = LoginWords::of(guest.locale().language);
    let complaint = |refused: &Refused| match refused.problem.code() {
        TICKET_ENDED => door.too_old.to_owned(),
        _ => guest.slowed(&refused.problem).unwrap_or_else(|| door.wrong.to_owned()),
    };
    let who = refused.and_then(|refused| refused.form.text("siapa"));
    let page = LogIn {
        frame: guest.frame(door.title),
        words: guest.words(),
        door,
        token: guest.token.clone(),
        who: who.unwrap_or_default().to_owned(),
        complaint: refused.map(complaint),
        can_register: portal.site.config.portal.registration != Registration::Off,
        contact: portal.contact.clone(),
    };
    match refused {
        None => page_with(StatusCode::OK, &page),
        Some(refused) => Ok(refused.shown_by(page_with(refused.problem.status(), &page)?)),
    }
}

/// The log-in page as the answer to a form that was refused.
fn refuse(portal: &Portal, guest: &Guest, refused: Refused) -> Answer {
    let page = page(portal, guest, Some(&refused))?;
    Ok(refused.answered_by(page))
}

/// `POST /masuk`.
pub(super) async fn enter(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let mac = match device_state(&portal, guest).await? {
        DeviceState::Bound => return Ok(see_other("/")),
        DeviceState::Unbound(mac) => mac,
        DeviceState::Unseen | DeviceState::Unread => return Ok(see_other("/masuk")),
    };
    let who = form.text("siapa").unwrap_or_default().to_owned();
    let pin = form.text("pin").unwrap_or_default().to_owned();
    let wrong = match check(&portal, guest, &who, pin).await {
        Ok(Some(customer)) => return bind(&portal, guest, customer, mac).await,
        Ok(None) => Problem::unauthorized("the number, the name or the PIN is wrong"),
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => problem,
        Err(problem) => return Err(problem),
    };
    refuse(&portal, guest, Refused::of(wrong, form))
}

/// The customer with that name or phone and PIN.
async fn check(portal: &Portal, guest: &Guest, who: &str, pin: String) -> Result<Option<Customer>, Problem> {
    if who.len() > TEXT_BYTES_MAX || pin.len() > TEXT_BYTES_MAX {
        return Ok(None);
    }
    // Attempts at a phone number count together in any spelling.
    let name = phone::e164(who).unwrap_or_else(|| login::key(who));
    portal.remembered.get_or_try_init(|| remember(portal)).await?;
    let attempt = portal.attempt(&portal.entries, guest.address, &name);
    let attempt = attempt.inspect_err(|_| portal.site.guesses.pins.note(portal.site.clock.now()))?;
    let asked = who.to_owned();
    let found = portal.read(move |engine| Ok(engine.reader().customer(&asked)?)).await?;
    let hash = found.as_ref().and_then(|customer: &Customer| customer.pin_hash.clone());
    let right = portal.passwords.check(pin, hash).await?;
    if !right {
        tracing::info!(source = %guest.address, "a log-in on the portal failed");
        return Ok(None);
    }
    portal.succeeded(&portal.entries, attempt);
    Ok(found)
}

/// Which customers bound a device from where before the program started, from the audit: after a restart the guesses
/// of others lock out nobody who was in.
async fn remember(portal: &Portal) -> Result<(), Problem> {
    let bound = AuditFilter::of(PORTAL, DEVICE_BOUND);
    let page = Page { after: None, limit: REMEMBERED_MAX };
    let read = move |engine: &mut Engine| {
        // A damaged audit keeps nobody out.
        if matches!(engine.unwritable(), Some(Unwritable::Damaged(_))) {
            return Ok(Vec::new());
        }
        let lines = engine.reader().find_audit(&bound, page)?;
        let look = engine.read_view();
        let names = |target: &str| {
            let user = target.parse().ok().and_then(|id| look.user(id));
            user.map(|found| [found.user.phone_e164, found.user.login_key]).into_iter().flatten().flatten()
        };
        let lines = lines.into_iter().filter(|(_, line)| line.action == DEVICE_BOUND);
        let known = lines.filter_map(|(_, line)| Some((line.source.parse::<IpAddr>().ok()?, line.target)));
        Ok(known.flat_map(|(from, target)| names(&target).map(move |name| (from, name))).collect())
    };
    let known: Vec<(IpAddr, String)> = portal.read(read).await?;
    let mut entries = portal.entries.lock().unwrap_or_else(PoisonError::into_inner);
    for (from, name) in known {
        entries.remember(from, &name);
    }
    Ok(())
}

/// Binds the device, or asks whether the one seen longest ago is to be unbound.
async fn bind(portal: &Arc<Portal>, guest: &Guest, customer: Customer, mac: Mac) -> Answer {
    match submit(portal, guest, customer.id, mac, false).await {
        Ok(()) => Ok(see_other("/")),
        Err(problem) if problem.code() == "too_many_devices" => {
            let now = portal.read(|engine| Ok(engine.reckoned())).await?;
            let until = Timestamp(now.0.saturating_add(REPLACE_MS));
            let ticket = portal.site.signed_tokens.sealed(&ticket_text(&customer, mac), until);
            Ok(see_other(&format!("/masuk/ganti?tiket={ticket}")))
        }
        Err(problem) => Err(problem),
    }
}

async fn submit(
    portal: &Arc<Portal>,
    guest: &Guest,
    user: UserId,
    mac: Mac,
    replace_oldest: bool,
) -> Result<(), Problem> {
    let device = NewDevice { replace_oldest, seen_at: guest.on_router(), ..NewDevice::of(user, mac) };
    let bind = Command::Bind(device);
    let (site, actor) = (Arc::clone(&portal.site), guest.actor());
    match finish(async move { site.submit(actor, bind, None).await }).await? {
        Ok(_) => Ok(()),
        // The page does not reveal the present owner.
        Err(SiteError::Engine(EngineError::DeviceTaken { .. })) => {
            Err(Problem::conflict(DEVICE_GONE, "the device became somebody else's meanwhile"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The log-in that a page about unbinding another device belongs to.
#[derive(Default, Deserialize)]
pub(super) struct Ticket {
    #[serde(default)]
    tiket: String,
}

/// `GET /masuk/ganti?tiket=`: asks whether the device seen longest ago is to be unbound.
pub(super) async fn ask(
    State(portal): State<Arc<Portal>>,
    Query(Ticket { tiket }): Query<Ticket>,
    guest: Guest,
) -> Answer {
    let mac = match device_state(&portal, &guest).await? {
        DeviceState::Bound => return Ok(see_other("/")),
        DeviceState::Unbound(mac) => mac,
        DeviceState::Unseen => return not_seen(&portal, &guest, "/masuk"),
        DeviceState::Unread => return unread(&portal, &guest),
    };
    let Some(user) = logged_in(&portal, &tiket, mac).await? else { return Ok(see_other("/masuk")) };
    let look = move |engine: &mut Engine| {
        let look = engine.read_view();
        let snapshot = look.user(user).ok_or_else(|| Problem::not_found("user"))?;
        let oldest = look.oldest_device(snapshot.user.no).cloned();
        let oldest = oldest.ok_or_else(|| Problem::not_found("device"))?;
        Ok((snapshot.devices.len(), oldest))
    };
    let (devices, oldest) = portal.read(look).await?;
    let (words, locale) = (guest.words(), guest.locale());
    let door = LoginWords::of(locale.language);
    let name = if oldest.label.is_empty() { oldest.mac.to_string() } else { oldest.label };
    let seen = match oldest.seen_at {
        Some(at) => fill(words.seen, &[&locale.moment(at)]),
        None => words.never_seen.to_owned(),
    };
    let text = fill(door.full_text, &[&devices.to_string(), &name, &seen]);
    let token = guest.token.clone();
    page_with(
        StatusCode::OK,
        &Replace { frame: guest.frame(door.full), words, door, text, token, ticket: tiket },
    )
}

/// The customer who logged in on this device, from a ticket.
async fn logged_in(portal: &Portal, ticket: &str, mac: Mac) -> Result<Option<UserId>, Problem> {
    let now = portal.read(|engine| Ok(engine.reckoned())).await?;
    let text = portal.site.signed_tokens.opened(ticket, now, REPLACE_MS);
    let user = text.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<UserId>().ok());
    let Some(id) = user else { return Ok(None) };
    let look = move |engine: &mut Engine| {
        let no = engine.read_view().user(id).map(|found| found.user.no);
        Ok(no.map(|no| engine.reader().pin_hash(no)).transpose()?.flatten())
    };
    let pin_hash = portal.read(look).await?;
    Ok((text == Some(ticket_text(&Customer { id, pin_hash }, mac))).then_some(id))
}

/// The text of a ticket: this customer logged in on this device, by the PIN of that moment. Another PIN ends it.
fn ticket_text(customer: &Customer, mac: Mac) -> String {
    let pin = digest::of_parts([customer.pin_hash.as_deref().unwrap_or_default()]);
    format!("masuk {} {mac} {}", customer.id, HEXLOWER.encode(&pin[..8]))
}

/// `POST /masuk/ganti`.
pub(super) async fn replace(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let mac = match device_state(&portal, guest).await? {
        DeviceState::Bound => return Ok(see_other("/")),
        DeviceState::Unbound(mac) => mac,
        DeviceState::Unseen | DeviceState::Unread => return Ok(see_other("/masuk")),
    };
    let user = logged_in(&portal, form.text("tiket").unwrap_or_default(), mac).await?;
    let Some(user) = user else {
        let ended =
            Problem::new(StatusCode::UNAUTHORIZED, TICKET_ENDED, "this log-in has ended; log in again");
        return refuse(&portal, guest, Refused::of(ended, &Form::default()).at("/masuk"));
    };
    submit(&portal, guest, user, mac, true).await?;
    Ok(see_other("/"))
}
