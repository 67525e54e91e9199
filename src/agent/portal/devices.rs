//! A customer's own devices: named and removed by themself; and their PIN.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::register::GUESSABLE;
use super::state::Portal;
use super::texts::{DeviceWords, LoginWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::engine::{Command, NewDevice, PinHash, Snapshot};
use crate::agent::http::state::Answer;
use crate::domain::id::{Mac, UserId};
use crate::identity::is_guessable;
use crate::ui::catalogue::fill;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::ui::{Form, Frame};
use crate::web::finish::finish;
use crate::web::{Path, Problem};

/// The page of the devices.
const PLACE: &str = "/perangkat";
/// The page of the PIN.
const PIN_PLACE: &str = "/pin";
/// Characters of a device's name.
const NAME_CHARS_MAX: usize = 40;
/// Digits of a PIN.
const PIN_DIGITS: usize = 6;
/// The fields of the forms. Those of PINs are known as secrets.
const NAME: &str = "nama";
const OLD: &str = "password";
const NEW: &str = "pin";
const AGAIN: &str = "pin_lagi";

#[derive(Template)]
#[template(path = "portal/devices.html")]
struct DevicesPage {
    frame: Frame,
    words: &'static Words,
    own: &'static DeviceWords,
    here: &'static str,
    token: String,
    complaint: Option<String>,
    /// With what the customer logs in.
    login: String,
    devices: Vec<OwnDevice>,
}

/// A device with its forms.
struct OwnDevice {
    path: String,
    name: String,
    mac: String,
    state: String,
    is_this: bool,
}

/// `GET /perangkat`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    let refused = guest.page_request.refused.clone();
    page(&portal, &guest, refused.as_deref()).await
}

async fn page(portal: &Portal, guest: &Guest, refused: Option<&Refused>) -> Answer {
    let asker = guest.clone();
    let seen = portal.look_at(guest, move |engine, customer| Ok((asker.device(engine)?, customer)));
    let Some((asking, customer)) = seen.await? else { return Ok(see_other("/")) };
    let own = DeviceWords::of(guest.locale().language);
    let page = DevicesPage {
        frame: guest.frame(own.title),
        words: guest.words(),
        own,
        here: "",
        token: guest.token.clone(),
        complaint: refused.map(|refused| complaint(guest, own.bad_name, refused)),
        login: login(own, &customer),
        devices: devices(guest, asking, &customer),
    };
    match refused {
        None => page_with(StatusCode::OK, &page),
        Some(refused) => Ok(refused.shown_by(page_with(refused.problem.status(), &page)?)),
    }
}

fn complaint(guest: &Guest, otherwise: &'static str, refused: &Refused) -> String {
    guest.slowed(&refused.problem).unwrap_or_else(|| otherwise.to_owned())
}

/// The phone number and the name with which the customer logs in.
fn login(own: &DeviceWords, customer: &Snapshot) -> String {
    let user = &customer.user;
    // Only what is unique finds its customer.
    let phone = user.phone.as_deref().filter(|_| user.phone_e164.is_some());
    let name = user.login.as_deref().filter(|_| user.login_key.is_some());
    match (phone, name) {
        (Some(phone), Some(name)) => fill(own.login, &[&fill(own.login_or, &[phone, name])]),
        (Some(one), None) | (None, Some(one)) => fill(own.login, &[one]),
        (None, None) => own.login_none.to_owned(),
    }
}

fn devices(guest: &Guest, asking: Option<Mac>, customer: &Snapshot) -> Vec<OwnDevice> {
    let (words, locale) = (guest.words(), guest.locale());
    let device =
        |(device, reached): &(crate::store::DeviceRecord, crate::agent::engine::Reached)| OwnDevice {
            path: format!("{PLACE}/{}", device.mac),
            name: device.label.clone(),
            mac: device.mac.to_string(),
            is_this: asking == Some(device.mac),
            state: match (reached.online, device.seen_at) {
                (true, _) => words.online.to_owned(),
                (false, Some(at)) => fill(words.seen, &[&locale.moment(at)]),
                (false, None) => words.never_seen.to_owned(),
            },
        };
    customer.devices.iter().map(device).collect()
}

/// The customer of the request, who has this device.
async fn owner_of(portal: &Portal, guest: &Guest, mac: Mac) -> Result<Option<UserId>, Problem> {
    let seen = portal.look_at(guest, move |_, customer| {
        let is_own = customer.devices.iter().any(|(device, _)| device.mac == mac);
        if is_own { Ok(customer.user.account.id) } else { Err(Problem::not_found("device")) }
    });
    seen.await
}

/// Counts a change: each reads the router.
fn counted(portal: &Portal, guest: &Guest, user: UserId) -> Result<(), Problem> {
    portal.attempt(&portal.changes, guest.address, &user.to_string()).map(drop)
}

async fn refuse(portal: &Portal, guest: &Guest, problem: Problem, form: &Form) -> Answer {
    let refused = Refused::of(problem, form).at(PLACE);
    let page = page(portal, guest, Some(&refused)).await?;
    Ok(refused.answered_by(page))
}

/// `POST /perangkat/{mac}/nama`.
pub(super) async fn rename(State(portal): State<Arc<Portal>>, Path(mac): Path<Mac>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let Some(user) = owner_of(&portal, guest, mac).await? else { return Ok(see_other("/")) };
    let label = form.text(NAME).unwrap_or_default().to_owned();
    let is_name = label.chars().count() <= NAME_CHARS_MAX && !label.contains(char::is_control);
    let checked = if is_name {
        counted(&portal, guest, user)
    } else {
        Err(Problem::invalid(NAME, format!("has at most {NAME_CHARS_MAX} characters")))
    };
    if let Err(problem) = checked {
        return refuse(&portal, guest, problem, form).await;
    }
    let bind = Command::Bind(NewDevice { label, ..NewDevice::of(user, mac) });
    submit(&portal, guest, bind).await?;
    Ok(see_other(PLACE))
}

/// `POST /perangkat/{mac}/lepas`.
pub(super) async fn remove(State(portal): State<Arc<Portal>>, Path(mac): Path<Mac>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let Some(user) = owner_of(&portal, guest, mac).await? else { return Ok(see_other("/")) };
    if let Err(problem) = counted(&portal, guest, user) {
        return refuse(&portal, guest, problem, form).await;
    }
    submit(&portal, guest, Command::Unbind { user, mac }).await?;
    Ok(see_other(PLACE))
}

async fn submit(portal: &Portal, guest: &Guest, command: Command) -> Result<(), Problem> {
    let (site, actor) = (Arc::clone(&portal.site), guest.actor());
    finish(async move { site.submit(actor, command, None).await }).await??;
    Ok(())
}

#[derive(Template)]
#[template(path = "portal/pin.html")]
struct PinPage {
    frame: Frame,
    words: &'static Words,
    door: &'static LoginWords,
    own: &'static DeviceWords,
    here: &'static str,
    token: String,
    complaint: Option<String>,
    /// With what the customer logs in.
    login: String,
    /// Whether the customer has a PIN already.
    has_pin: bool,
    is_changed: bool,
}

/// The customer of the request, with what they log in.
struct OwnPin {
    user: UserId,
    /// The PIN on file.
    hash: Option<String>,
    login: String,
}

async fn pin_of(portal: &Portal, guest: &Guest) -> Result<Option<OwnPin>, Problem> {
    let own = DeviceWords::of(guest.locale().language);
    let look = |engine: &mut crate::agent::engine::Engine, customer: Snapshot| {
        let hash = engine.reader().pin_hash(customer.user.no)?;
        Ok(OwnPin { user: customer.user.account.id, hash, login: login(own, &customer) })
    };
    portal.look_at(guest, look).await
}

/// `GET /pin`.
pub(super) async fn show_pin(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    let Some(pin) = pin_of(&portal, &guest).await? else { return Ok(see_other("/")) };
    let refused = guest.page_request.refused.clone();
    pin_page(&guest, &pin, refused.as_deref())
}

fn pin_page(guest: &Guest, pin: &OwnPin, refused: Option<&Refused>) -> Answer {
    let language = guest.locale().language;
    let (own, door) = (DeviceWords::of(language), LoginWords::of(language));
    let why = |refused: &Refused| match refused.problem.errors().first().map(|error| error.field.as_str()) {
        Some(NEW) if refused.problem.errors().iter().any(|error| error.message == GUESSABLE) => {
            door.easy_pin.to_owned()
        }
        Some(NEW) => door.bad_pin.to_owned(),
        Some(AGAIN) => door.other_pin.to_owned(),
        Some(_) | None => complaint(guest, own.wrong_pin, refused),
    };
    let page = PinPage {
        frame: guest.frame(own.pin_title),
        words: guest.words(),
        door,
        own,
        here: "",
        token: guest.token.clone(),
        complaint: refused.map(why),
        login: pin.login.clone(),
        has_pin: pin.hash.is_some(),
        is_changed: guest.page_request.uri.query().is_some_and(|query| query.contains("ganti=ya")),
    };
    match refused {
        None => page_with(StatusCode::OK, &page),
        Some(refused) => Ok(refused.shown_by(page_with(refused.problem.status(), &page)?)),
    }
}

/// `POST /pin`: whoever knows the old one has another.
pub(super) async fn change_pin(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let Some(pin) = pin_of(&portal, guest).await? else { return Ok(see_other("/")) };
    match changed(&portal, guest, form, &pin).await {
        Ok(()) => Ok(see_other(&format!("{PIN_PLACE}?ganti=ya"))),
        Err(problem) if matches!(problem.status().as_u16(), 401 | 422 | 429) => {
            let refused = Refused::of(problem, form).at(PIN_PLACE);
            let page = pin_page(guest, &pin, Some(&refused))?;
            Ok(refused.answered_by(page))
        }
        Err(problem) => Err(problem),
    }
}

async fn changed(portal: &Portal, guest: &Guest, form: &Form, pin: &OwnPin) -> Result<(), Problem> {
    let (user, hash) = (pin.user, pin.hash.clone());
    let text = |name| form.text(name).unwrap_or_default().to_owned();
    let (old, new) = (text(OLD), text(NEW));
    let is_pin = new.len() == PIN_DIGITS && new.bytes().all(|digit| digit.is_ascii_digit());
    if !is_pin {
        return Err(Problem::invalid(NEW, format!("has {PIN_DIGITS} digits")));
    }
    if is_guessable(&new) {
        return Err(Problem::invalid(NEW, GUESSABLE));
    }
    if new != text(AGAIN) {
        return Err(Problem::invalid(AGAIN, "is another PIN"));
    }
    // Guesses count with those of log-ins.
    let attempt = portal.attempt(&portal.entries, guest.address, &user.to_string())?;
    if hash.is_some() && !portal.passwords.check(old, hash).await? {
        return Err(Problem::unauthorized("the PIN is wrong"));
    }
    portal.succeeded(&portal.entries, attempt);
    let hash = PinHash(portal.passwords.hash(new).await?);
    submit(portal, guest, Command::SetPin(user, hash)).await
}
