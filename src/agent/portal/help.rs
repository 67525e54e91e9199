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
use crate::agent::reports::help::HELP_CHARS_MAX;
use crate::domain::id::Mac;
use crate::ui::Frame;
use crate::ui::catalogue::fill;
use crate::ui::layout::{FrameWords, page_with, see_other};
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
    token: String,
    text: String,
    complaint: Option<&'static str>,
    /// What was asked before and waits.
    waiting: Option<String>,
    contact: Option<Contact>,
}

/// The device that asks, and what it asked before.
async fn asking(portal: &Portal, guest: &Guest) -> Result<(bool, Option<Mac>, Option<String>), Problem> {
    let (asker, site) = (guest.clone(), Arc::clone(&portal.site));
    let look = move |engine: &mut Engine| {
        let mac = asker.device(engine)?;
        let before = match mac {
            Some(mac) => site.help.of(engine, mac)?,
            None => None,
        };
        let text = HelpWords::of(asker.locale().language).waits;
        let waiting = before.map(|request| fill(text, &[&asker.locale().moment(request.at), &request.text]));
        Ok((engine.hosts_age().is_some(), mac, waiting))
    };
    portal.read(look).await
}

/// `GET /bantuan`.
pub(super) async fn show(State(portal): State<Arc<Portal>>, guest: Guest) -> Answer {
    match asking(&portal, &guest).await? {
        (false, None, _) => unread(&portal, &guest),
        (true, None, _) => not_seen(&portal, &guest, PLACE),
        (_, Some(_), waiting) => {
            let refused = guest.page_request.refused.clone();
            page(&portal, &guest, waiting, refused.as_deref())
        }
    }
}

fn page(portal: &Portal, guest: &Guest, waiting: Option<String>, refused: Option<&Refused>) -> Answer {
    let help = HelpWords::of(guest.locale().language);
    let complaint = refused.map(|refused| {
        let is_slowed = refused.problem.status() == StatusCode::TOO_MANY_REQUESTS;
        if is_slowed { FrameWords::of(guest.locale().language).slowed } else { help.too_long }
    });
    let page = HelpPage {
        frame: guest.frame(help.title),
        words: guest.words(),
        help,
        here: "",
        token: guest.token.clone(),
        text: refused.and_then(|refused| refused.form.text(TEXT)).unwrap_or_default().to_owned(),
        complaint,
        waiting,
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
    let (_, Some(mac), waiting) = asking(&portal, guest).await? else { return Ok(see_other(PLACE)) };
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
        let page = page(&portal, guest, waiting, Some(&refused))?;
        return Ok(refused.answered_by(page));
    }
    let (site, actor) = (Arc::clone(&portal.site), guest.actor());
    portal.read(move |engine| Ok(site.help.ask(engine, &actor, mac, &text)?)).await?;
    Ok(see_other(PLACE))
}
