//! Asking, showing and doing: the handlers of every deed.

use std::sync::Arc;

use serde_json::Value;

use super::pages::{self, EDITED, SHOWN, parameter};
use super::preview;
use super::preview::Shown;
use super::{Asked, Deed, Entry, Sheet, Subject, Work};
use crate::agent::api::money::taken;
use crate::agent::console::session::{Filled, Seat};
use crate::agent::console::texts::say;
use crate::agent::engine::{Action, Engine, Key, Outcome, Request};
use crate::agent::http::commands::money::{Money, over_the_counter};
use crate::agent::http::flash::{Claim, Draft, Told};
use crate::agent::http::state::{Answer, Desk};
use crate::domain::id::UserId;
use crate::store::Page;
use crate::tools::digest;
use crate::ui::form::KEY;
use crate::ui::layout::see_other;
use crate::ui::{Form, Locale};
use crate::web::Problem;

/// Latest ledger lines of a user looked through for those of one deed.
const LINES_MAX: u32 = 100;
/// Longest key of a press.
const KEY_CHARS_MAX: usize = 64;

fn asked<S>(desk: &Desk, seat: &Seat, subject: S) -> Asked<S> {
    let (actor, locale) = (seat.actor.clone(), seat.visit.locale.clone());
    Asked { subject, actor, locale, site: Arc::clone(&desk.site) }
}

/// A deed under consideration: its sheet as things stand, and what would be done, or why not.
struct Considered {
    sheet: Sheet,
    ready: Result<(Work, Shown), Problem>,
}

/// Looks at what was typed; without `is_shown` nobody needs to know what it would do.
fn consider<S>(
    deed: &Deed<S>,
    asked: &Asked<S>,
    form: &Form,
    is_shown: bool,
    engine: &mut Engine,
) -> Result<Considered, Problem> {
    let sheet = (deed.sheet)(asked, engine)?;
    let ready = (deed.work)(&Entry { asked, sheet: &sheet, form }).and_then(|work| {
        let shown = if is_shown { preview(asked, &work, engine)? } else { Shown::default() };
        Ok((work, shown))
    });
    Ok(Considered { sheet, ready })
}

/// What work would do now.
fn preview<S>(asked: &Asked<S>, work: &Work, engine: &mut Engine) -> Result<Shown, Problem> {
    let (action, online) = match work {
        Work::Act(action) | Work::Money(_, Money::Taken(action)) => (action.clone(), None),
        Work::Money(_, Money::Asked(wish)) => (over_the_counter(wish), Some(wish.method)),
        Work::Errand(says, _) => return Ok(Shown { notes: says.clone(), ..Shown::default() }),
    };
    let actor = asked.actor.clone();
    let preview = engine.preview(Request { actor, action: action.clone(), key: None, reading: None })?;
    preview::of(&asked.locale, engine, &action, &preview, online)
}

/// `GET`: the form; of a deed that asks nothing, or of one that was filled in, what it would do.
pub(crate) async fn show<S: Subject>(
    deed: &'static Deed<S>,
    desk: &Arc<Desk>,
    seat: &Seat,
    subject: S,
) -> Answer {
    seat.at_least(deed.role)?;
    let asked = asked(desk, seat, subject);
    let uri = &seat.visit.uri;
    let (shown, edited) = (parameter(uri, SHOWN), parameter(uri, EDITED));
    let draft = shown.or(edited).map(|key| desk.news.draft(&seat.token, key));
    let typed = match draft {
        Some(Some(Draft::Done(at))) => return Ok(see_other(&at)),
        Some(Some(Draft::Typed(form))) => Some(form),
        Some(None) | None => None,
    };
    let is_forgotten = shown.is_some() && typed.is_none();
    let is_shown = shown.is_some() && !is_forgotten;
    let look = {
        let form = typed.clone().unwrap_or_default();
        move |engine: &mut Engine| {
            let sheet = (deed.sheet)(&asked, engine)?;
            if sheet.fields.is_empty() || is_shown {
                let Considered { sheet, ready } = consider(deed, &asked, &form, true, engine)?;
                return Ok((sheet, Some(ready)));
            }
            Ok((sheet, None))
        }
    };
    let (sheet, ready) = desk.look(look).await?;
    let page = pages::Of::new(seat, (deed.title)(seat.visit.locale.language), sheet);
    let form = typed.clone().unwrap_or_default();
    match ready {
        None if is_forgotten => Ok(see_other(&page.address(None))),
        None => page.form(typed.as_ref()),
        Some(Ok((_, work))) => page.sure(&form, work, deed.is_grave, shown.filter(|_| is_shown)),
        Some(Err(problem)) => page.refused(&form, problem),
    }
}

/// `POST`: keeps what was typed and leads to what it would do, or does it. Either way the browser is sent on, so that
/// going back never sends a form again.
pub(crate) async fn press<S: Subject>(
    deed: &'static Deed<S>,
    desk: &Arc<Desk>,
    filled: Filled,
    subject: S,
) -> Answer {
    let Filled { seat, form } = filled;
    seat.at_least(deed.role)?;
    let asked = asked(desk, &seat, subject);
    let key = form.text(KEY).filter(|key| form.is_sure() && is_key(key)).map(str::to_owned);
    let claim = key.as_ref().map(|key| desk.news.claim(&seat.token, key));
    if let Some(Claim::Done(at)) = &claim {
        return Ok(see_other(at));
    }
    let look = {
        let (typed, is_shown) = (form.clone(), key.is_none());
        move |engine: &mut Engine| consider(deed, &asked, &typed, is_shown, engine)
    };
    let considered = desk.look(look).await;
    let give_up = || key.iter().for_each(|key| desk.news.drop_claim(&seat.token, key));
    let Considered { sheet, ready } = considered.inspect_err(|_| give_up())?;
    let page = pages::Of::new(&seat, (deed.title)(seat.visit.locale.language), sheet);
    let done = match (ready, &key) {
        (Err(problem), _) => Err(problem),
        (Ok(_), None) => {
            let key = desk.news.remember(&seat.token, page.typed(&form));
            return Ok(see_other(&page.address(Some((SHOWN, &key)))));
        }
        (Ok((Work::Errand(..), _)), Some(_)) if claim == Some(Claim::Running) => {
            return page.refused(&form, Problem::conflict("deed_running", "this is being done"));
        }
        (Ok((work, _)), Some(key)) => Doing { desk, page: &page, form: &form, key }.does(work).await,
    };
    match done {
        Ok((home, told)) => {
            let key = key.as_deref().unwrap_or_default();
            Ok(see_other(&desk.news.tell(&seat.token, key, &home, told)))
        }
        Err(problem) => {
            give_up();
            page.refused(&form, problem)
        }
    }
}

/// Keys are made by our own pages; anything else is no press.
fn is_key(text: &str) -> bool {
    text.len() <= KEY_CHARS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A press that somebody is sure of.
struct Doing<'a> {
    desk: &'a Arc<Desk>,
    page: &'a pages::Of<'a>,
    form: &'a Form,
    key: &'a str,
}

impl Doing<'_> {
    /// Does the work by the API's own calls; answers where to go and what to tell there.
    async fn does(&self, work: Work) -> Result<(String, Told), Problem> {
        let (desk, actor) = (self.desk, self.page.seat.actor.clone());
        let key = Key { id: format!("{}/{}", actor.name, self.key), content_hash: self.content_hash() };
        let event = key.id.clone();
        let (action, outcome) = match work {
            Work::Errand(_, errand) => {
                let told = errand(Arc::clone(desk), actor).await?;
                return Ok((self.page.home.clone(), self.named(told)));
            }
            Work::Act(action) => (Some(action.clone()), desk.done(actor, action, Some(key)).await?),
            Work::Money(user, money) => {
                let action = match &money {
                    Money::Taken(action) => Some(action.clone()),
                    Money::Asked(_) => None,
                };
                (action, taken(desk, actor, user, money, Some(key)).await?)
            }
        };
        self.told(action, event, outcome).await
    }

    /// What makes the same press the same: where it is and everything that was typed.
    fn content_hash(&self) -> [u8; 32] {
        let typed = self.form.typed().flat_map(|(name, value)| [name, value]);
        digest::of_parts([self.page.seat.visit.uri.path()].into_iter().chain(typed))
    }

    fn named(&self, told: Told) -> Told {
        let words = self.page.words();
        let text = if told.is_waiting { words.did_waiting } else { words.did };
        let what = if self.page.about.is_empty() {
            self.page.title.to_owned()
        } else {
            format!("{} \u{2013} {}", self.page.title, self.page.about)
        };
        Told { text: say::with(text, &[&what]), ..told }
    }

    /// From whom a device was moved.
    async fn moved(&self, from: Option<UserId>) -> Result<Vec<String>, Problem> {
        let name = move |engine: &mut Engine| Ok(from.and_then(|id| engine.look().user(id)));
        let owner = self.desk.look(name).await?;
        let text = self.page.words().device_moved;
        Ok(owner.iter().map(|owner| say::with(text, &[&owner.user.name])).collect())
    }

    /// Where to go after an action of the engine, and what it wrote.
    async fn told(
        &self,
        action: Option<Action>,
        event: String,
        outcome: Outcome,
    ) -> Result<(String, Told), Problem> {
        let body: Value = serde_json::from_str(&outcome.body).unwrap_or_default();
        let id = body["id"].as_str().unwrap_or_default();
        let home = match &action {
            Some(Action::AddUser(_)) => format!("/pelanggan/{id}"),
            Some(_) => self.page.home.clone(),
            // Whoever was asked for money online needs what to pay with.
            None => format!("/pembayaran/{id}"),
        };
        let words = self.page.words();
        let receipt = |no: u64| (format!("/kuitansi/{id}"), say::with(words.receipt_no, &[&no.to_string()]));
        let links = body["receipt"].as_u64().map(receipt).into_iter().collect();
        let locale = self.page.seat.visit.locale.clone();
        let moved_from = body["moved_from"].as_str().and_then(|id| id.parse().ok());
        let lines = match action {
            Some(_) if moved_from.is_some() => self.moved(moved_from).await?,
            Some(action) => {
                let look = move |engine: &mut Engine| written(engine, &locale, &action, &event);
                self.desk.look(look).await?
            }
            None => Vec::new(),
        };
        let is_waiting = outcome.status == 202;
        Ok((home, self.named(Told { is_waiting, lines, links, ..Told::default() })))
    }
}

/// The ledger lines that an event wrote for whom an action was about.
fn written(engine: &Engine, locale: &Locale, action: &Action, event: &str) -> Result<Vec<String>, Problem> {
    let user_no = match action {
        Action::Refund { order, .. } | Action::Review { order, .. } => {
            engine.reader().order(order)?.and_then(|order| order.user_no)
        }
        other => other.user().and_then(|id| engine.look().user(id)).map(|found| found.user.no),
    };
    let Some(user_no) = user_no else { return Ok(Vec::new()) };
    let mut lines = engine.reader().statement(user_no, Page { limit: LINES_MAX, after: None })?;
    lines.retain(|line| line.event == event);
    Ok(lines.iter().rev().map(|line| say::line(locale, &line.entry).sentence()).collect())
}
