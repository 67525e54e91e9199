//! Registration by customers themselves, if enabled: an operator approves each, or the first paid order does.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::contact::Contact;
use super::login::{DeviceState, device_state, not_seen, unread};
use super::state::Portal;
use super::texts::{LoginWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::config::Registration;
use crate::agent::engine::{ADDRESS_SHARED, Command, DEVICE_GONE, PinHash};
use crate::agent::http::state::Answer;
use crate::domain::id::Mac;
use crate::domain::phone::{self, Phone};
use crate::identity::is_guessable;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame};
use crate::web::Problem;
use crate::web::finish::finish;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// The fields of the form.
const NAME: &str = "nama";
const PHONE: &str = "hp";
const PIN: &str = "pin";
const PIN_AGAIN: &str = "pin_lagi";
/// What is wrong with a PIN that everybody tries first.
pub(super) const GUESSABLE: &str = "is among those that are tried first";
/// Digits of a PIN.
const PIN_DIGITS: usize = 6;

#[derive(Template)]
#[template(path = "portal/register.html")]
struct Page {
    frame: Frame,
    words: &'static Words,
    door: &'static LoginWords,
    token: String,
    name: String,
    phone: String,
    intro: &'static str,
    complaint: Option<&'static str>,
    contact: Option<Contact>,
}

/// The data of a registration.
struct Registrant {
    name: String,
    phone: Phone,
    pin: String,
}

/// `GET /daftar`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    open(&portal)?;
    match device_state(&portal, &guest).await? {
        DeviceState::Bound => Ok(see_other("/")),
        DeviceState::Unbound(_) => page(&portal, &guest, guest.page_request.refused.as_deref()),
        DeviceState::Unseen => not_seen(&portal, &guest, "/daftar"),
        DeviceState::Unread => unread(&portal, &guest),
    }
}

/// Answers not found where registration is disabled.
fn open(portal: &Portal) -> Result<(), Problem> {
    let is_off = portal.site.config.portal.registration == Registration::Off;
    if is_off { Err(Problem::not_found("page")) } else { Ok(()) }
}

/// The form, or the same again after it was refused.
fn page(portal: &Portal, guest: &Guest, refused: Option<&Refused>) -> Answer {
    let door = LoginWords::of(guest.locale().language);
    let by_payment = portal.site.config.portal.registration == Registration::Payment;
    let text = |name| refused.and_then(|refused| refused.form.text(name)).unwrap_or_default().to_owned();
    let page = Page {
        frame: guest.frame(door.register),
        words: guest.words(),
        door,
        token: guest.token.clone(),
        name: text(NAME),
        phone: text(PHONE),
        intro: if by_payment { door.by_payment } else { door.by_approval },
        complaint: refused.map(|refused| complaint(door, &refused.problem)),
        contact: portal.contact.clone(),
    };
    page_with(refused.map_or(StatusCode::OK, |refused| refused.problem.status()), &page)
}

/// The form as the answer to one that was refused.
fn refuse(portal: &Portal, guest: &Guest, refused: Refused) -> Answer {
    let page = page(portal, guest, Some(&refused))?;
    Ok(refused.answered_by(page))
}

/// What is wrong with the form. The page hides which numbers belong to customers, as far as possible.
fn complaint(door: &LoginWords, problem: &Problem) -> &'static str {
    match problem.errors().first().map(|error| error.field.as_str()) {
        Some(NAME) => door.bad_name,
        Some(PHONE) => door.bad_phone,
        Some(PIN) if problem.errors().iter().any(|error| error.message == GUESSABLE) => door.easy_pin,
        Some(PIN) => door.bad_pin,
        Some(PIN_AGAIN) => door.other_pin,
        Some(_) | None => door.not_taken,
    }
}

/// `POST /daftar`.
pub(super) async fn enter(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    open(&portal)?;
    let Sent { guest, form } = &sent;
    let mac = match device_state(&portal, guest).await? {
        DeviceState::Bound => return Ok(see_other("/")),
        DeviceState::Unbound(mac) => mac,
        DeviceState::Unseen | DeviceState::Unread => return Ok(see_other("/daftar")),
    };
    let wanted = match read(form) {
        Ok(wanted) => wanted,
        Err(wrong) => return refuse(&portal, guest, Refused::of(wrong, form)),
    };
    // An attempt to register is never uncounted: each costs a hash and a row.
    let _ = portal.attempt(&portal.registrations, guest.address, &wanted.phone.e164)?;
    match register(&portal, guest, wanted, mac).await {
        Ok(()) if portal.site.config.portal.registration == Registration::Payment => Ok(see_other("/beli")),
        Ok(()) => Ok(see_other("/")),
        Err(problem) if matches!(problem.code(), ADDRESS_SHARED | DEVICE_GONE) => Err(problem),
        Err(problem) if problem.status() == 409 || problem.status() == 422 => {
            let not_taken = Problem::conflict("not_taken", "a registration with these data is not accepted");
            refuse(&portal, guest, Refused::of(not_taken, form))
        }
        Err(problem) => Err(problem),
    }
}

/// The data of the form, or its error.
fn read(form: &Form) -> Result<Registrant, Problem> {
    let text = |name| form.text(name).unwrap_or_default();
    let (name, pin) = (text(NAME), text(PIN));
    let is_name = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains(char::is_control);
    let is_pin = pin.len() == PIN_DIGITS && pin.bytes().all(|digit| digit.is_ascii_digit());
    let phone = phone::read(text(PHONE)).map_err(|_| Problem::invalid(PHONE, "is not a phone number"))?;
    match () {
        () if !is_name => Err(Problem::invalid(NAME, format!("has 1 to {NAME_CHARS_MAX} characters"))),
        () if !is_pin => Err(Problem::invalid(PIN, format!("has {PIN_DIGITS} digits"))),
        () if is_guessable(pin) => Err(Problem::invalid(PIN, GUESSABLE)),
        () if pin != text(PIN_AGAIN) => Err(Problem::invalid(PIN_AGAIN, "is another PIN")),
        () => Ok(Registrant { name: name.to_owned(), phone, pin: pin.to_owned() }),
    }
}

async fn register(portal: &Arc<Portal>, guest: &Guest, wanted: Registrant, mac: Mac) -> Result<(), Problem> {
    let pin = PinHash(portal.passwords.hash(wanted.pin).await?);
    let Registrant { name, phone, .. } = wanted;
    let action =
        Command::Register { name, phone: phone.typed, pin, mac: Some(mac), seen_at: guest.on_router() };
    let (site, actor) = (Arc::clone(&portal.site), guest.actor());
    finish(async move { site.submit(actor, action, None).await }).await??;
    Ok(())
}
