//! A customer asks the owner for help: a few words that wait at the desk until somebody answers.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::contact::Contact;
use super::login::{not_seen, unread};
use super::state::Portal;
use super::texts::{HelpWords, Words};
use super::visitor::{Guest, Sent};
use crate::agent::engine::Engine;
use crate::agent::http::state::Answer;
use crate::agent::reports::help::{HELP_CHARS_MAX, HelpRequest};
use crate::domain::id::Mac;
use crate::domain::units::Timestamp;
use crate::ui::Frame;
use crate::ui::catalogue::fill;
use crate::ui::layout::{page_with, see_other};
use crate::ui::refused::Refused;
use crate::web::Problem;

/// The page, and where its form goes.
pub(super) const PLACE: &str = "/bantuan";
/// The field of the words.
const TEXT: &str = "pesan";

#[derive(Template)]
#[template(path = "portal/help.html")]
struct HelpPage {
    frame: Frame,
    words: &'static Words,
    help: &'static HelpWords,
    here: &'static str,
    /// Whether the device is a customer's, who has a menu.
    is_known: bool,
    token: String,
    text: String,
    complaint: Option<String>,
    /// What was asked before and waits.
    waiting: Option<WaitingHelp>,
    contact: Option<Contact>,
}

/// A request that waits.
struct WaitingHelp {
    text: String,
    /// The words, if it is this customer who sent them.
    words: Option<String>,
}

/// The device that asks.
struct HelpAsker {
    mac: Mac,
    /// Whether it is a customer's.
    is_known: bool,
    /// What it asked before.
    waiting: Option<WaitingHelp>,
}

/// The device that asks; the inner value is whether the router was read.
async fn asking(portal: &Portal, guest: &Guest) -> Result<Result<HelpAsker, bool>, Problem> {
    let (asker, site) = (guest.clone(), Arc::clone(&portal.site));
    let look = move |engine: &mut Engine| {
        let Some(mac) = asker.device(engine)? else { return Ok(Err(engine.hosts_age().is_some())) };
        let before = site.help.of(engine, mac)?;
        let owner = engine.read_view().device(mac).map(|device| device.bound_at);
        let waiting = before.map(|request| waiting(&request, owner, &asker));
        Ok(Ok(HelpAsker { mac, is_known: owner.is_some(), waiting }))
    };
    portal.read(look).await
}

/// The request of a device that has its owner since `bound_at`. A former owner's words are for nobody else.
fn waiting(request: &HelpRequest, bound_at: Option<Timestamp>, guest: &Guest) -> WaitingHelp {
    let help = HelpWords::of(guest.locale().language);
    let is_own = bound_at.is_some_and(|at| at <= request.at) && !request.text.is_empty();
    WaitingHelp {
        text: fill(help.waits, &[&guest.locale().moment(request.at)]),
        words: is_own.then(|| fill(help.yours, &[&request.text])),
    }
}

/// `GET /bantuan`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    match asking(&portal, &guest).await? {
        Err(false) => unread(&portal, &guest),
        Err(true) => not_seen(&portal, &guest, PLACE),
        Ok(asker) => {
            let refused = guest.page_request.refused.clone();
            page(&portal, &guest, asker, refused.as_deref())
        }
    }
}

fn page(portal: &Portal, guest: &Guest, asker: HelpAsker, refused: Option<&Refused>) -> Answer {
    let help = HelpWords::of(guest.locale().language);
    let complaint =
        refused.map(|refused| guest.slowed(&refused.problem).unwrap_or_else(|| help.too_long.to_owned()));
    let page = HelpPage {
        frame: guest.frame(help.title),
        words: guest.words(),
        help,
        here: "",
        is_known: asker.is_known,
        token: guest.token.clone(),
        text: refused.and_then(|refused| refused.form.text(TEXT)).unwrap_or_default().to_owned(),
        complaint,
        waiting: asker.waiting,
        contact: portal.contact.clone(),
    };
    match refused {
        None => page_with(StatusCode::OK, &page),
        Some(refused) => Ok(refused.shown_by(page_with(refused.problem.status(), &page)?)),
    }
}

/// `POST /bantuan`.
pub(super) async fn send(State(portal): State<Arc<Portal>>, sent: Sent) -> Answer {
    let Sent { guest, form } = &sent;
    let Ok(asker) = asking(&portal, guest).await? else { return Ok(see_other(PLACE)) };
    let mac = asker.mac;
    let text: String = form.text(TEXT).unwrap_or_default().to_owned();
    let is_good = text.chars().count() <= HELP_CHARS_MAX && !text.contains(char::is_control);
    let checked = if is_good {
        // A request is never uncounted: each is a row.
        portal.attempt(&portal.helps, guest.address, &mac.to_string()).map(drop)
    } else {
        Err(Problem::invalid(TEXT, format!("has at most {HELP_CHARS_MAX} characters")))
    };
    if let Err(problem) = checked {
        let refused = Refused::of(problem, form);
        let page = page(&portal, guest, asker, Some(&refused))?;
        return Ok(refused.answered_by(page));
    }
    let (site, actor) = (Arc::clone(&portal.site), guest.actor());
    portal.read(move |engine| Ok(site.help.ask(engine, &actor, mac, &text)?)).await?;
    Ok(see_other(PLACE))
}
