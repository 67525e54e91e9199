//! Handlers of every form action: form, preview, change.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::{FormAction, FormContext, Submission, Work};
use super::form_spec::FormSpec;
use super::pages::{self, SHOWN};
use super::preview;
use super::preview::Shown;
use super::settings;
use super::subject::Subject;
use crate::agent::console::session::{AdminSession, Filled};
use crate::agent::console::texts::say;
use crate::agent::engine::{Command, Done, Engine, Key, Request};
use crate::agent::http::checkout::take_money;
use crate::agent::http::commands::money::{Money, over_the_counter};
use crate::agent::http::settings::{SettingsCaller, change_settings};
use crate::agent::http::state::{Answer, AppState};
use crate::domain::id::{OrderId, UserId};
use crate::domain::ledger::Posted;
use crate::domain::units::Rupiah;
use crate::protocol::admin::orders::OrderView;
use crate::store::Page;
use crate::tools::digest;
use crate::ui::address::parameter;
use crate::ui::flash::{Claim, Draft, EDITED, Flash};
use crate::ui::form::KEY;
use crate::ui::layout::see_other;
use crate::ui::{Form, Locale};
use crate::web::Problem;

/// Latest ledger lines of a user looked through for those of one deed.
const LINES_MAX: u32 = 100;
/// Longest key of a press.
const KEY_CHARS_MAX: usize = 64;

fn context<S>(app: &AppState, session: &AdminSession, subject: S) -> FormContext<S> {
    let (actor, locale) = (session.actor.clone(), session.page_request.locale.clone());
    FormContext { subject, actor, locale, site: Arc::clone(&app.site) }
}

/// A form action under consideration: its form from the present state, and what would be done, or why not.
struct Considered {
    spec: FormSpec,
    ready: Result<(Work, Shown), Problem>,
}

/// Looks at what was typed; without `is_shown` nobody needs to know what it would do.
fn consider<S: Subject>(
    action: &FormAction<S>,
    context: &FormContext<S>,
    form: &Form,
    is_shown: bool,
    engine: &mut Engine,
) -> Result<Considered, Problem> {
    let spec = (action.spec)(context, engine)?;
    let ready = (action.work)(&Submission { context, spec: &spec, form }).and_then(|work| {
        let shown = if is_shown { preview(context, &work, engine)? } else { Shown::default() };
        Ok((work, shown))
    });
    Ok(Considered { spec, ready })
}

/// What work would do now.
fn preview<S>(context: &FormContext<S>, work: &Work, engine: &mut Engine) -> Result<Shown, Problem> {
    let (action, online) = match work {
        Work::CommandContext(action) | Work::Money(_, Money::Taken(action)) => (action.clone(), None),
        Work::Money(_, Money::Asked(wish)) => (over_the_counter(wish), Some(wish.method)),
        Work::Settings(asked) => return settings::shown(context, engine, asked),
        Work::Operation(says, _) => return Ok(Shown { notes: says.clone(), ..Shown::default() }),
    };
    let actor = context.actor.clone();
    let preview = engine.preview(Request { actor, action: action.clone(), key: None, reading: None })?;
    preview::of(&context.locale, engine, &action, &preview, online)
}

/// `GET`: the form; of a deed that asks nothing, or of one that was filled in, what it would do.
pub(crate) async fn show<S: Subject>(
    action: &'static FormAction<S>,
    app: &Arc<AppState>,
    session: &AdminSession,
    subject: S,
) -> Answer {
    session.at_least(action.role)?;
    let context = context(app, session, subject);
    if let Some(refused) = session.page_request.refused.clone() {
        let spec = app.read(move |engine| (action.spec)(&context, engine)).await?;
        let page = pages::Of::new(session, (action.title)(session.page_request.locale.language), spec);
        return page.refused(&refused.form, refused.problem.clone());
    }
    let uri = &session.page_request.uri;
    let (shown, edited) = (parameter(uri, SHOWN), parameter(uri, EDITED));
    let draft = shown.or(edited).map(|key| session.draft(app, key));
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
            let spec = (action.spec)(&context, engine)?;
            if spec.fields.is_empty() || is_shown {
                let Considered { spec, ready } = consider(action, &context, &form, true, engine)?;
                return Ok((spec, Some(ready)));
            }
            Ok((spec, None))
        }
    };
    let (mut spec, ready) = app.read(look).await?;
    if edited.is_some_and(|key| session.is_lapsed(app, key)) {
        spec.notes.insert(0, session.people().session_ended.to_owned());
    }
    let page = pages::Of::new(session, (action.title)(session.page_request.locale.language), spec);
    let form = typed.clone().unwrap_or_default();
    match ready {
        None if is_forgotten => Ok(see_other(&page.address(None))),
        None => page.form(typed.as_ref()),
        Some(Ok((_, work))) => page.confirm(&form, work, action.is_grave, shown.filter(|_| is_shown)),
        Some(Err(problem)) => page.refused(&form, problem),
    }
}

/// `POST`: keeps what was typed and leads to what it would do, or does it. Either way the browser is sent on, so that
/// going back never sends a form again.
pub(crate) async fn submit<S: Subject>(
    action: &'static FormAction<S>,
    app: &Arc<AppState>,
    filled: Filled,
    subject: S,
) -> Answer {
    let Filled { session, form } = filled;
    session.at_least(action.role)?;
    let context = context(app, &session, subject);
    // What was changed is named by its new values; what is paid or deleted, by those that it had.
    let renamed = (!action.is_grave).then(|| context.clone());
    let key = form.text(KEY).filter(|key| form.is_sure() && is_key(key)).map(str::to_owned);
    let form = match key.as_ref().and_then(|key| app.flash.draft(&session.token, key)) {
        Some(Draft::Typed(kept)) => form.with_secrets_of(&kept),
        Some(Draft::Done(_)) | None => form,
    };
    let claim = key.as_ref().map(|key| app.flash.claim(&session.token, key));
    if let Some(Claim::Done(at)) = &claim {
        return Ok(see_other(at));
    }
    let look = {
        let (typed, is_shown) = (form.clone(), key.is_none());
        move |engine: &mut Engine| consider(action, &context, &typed, is_shown, engine)
    };
    let considered = app.read(look).await;
    let give_up = || key.iter().for_each(|key| app.flash.drop_claim(&session.token, key));
    let Considered { spec, ready } = considered.inspect_err(|_| give_up())?;
    let page = pages::Of::new(&session, (action.title)(session.page_request.locale.language), spec);
    let is_money = matches!(ready, Ok((Work::Money(..), _)));
    let done = match (ready, &key) {
        (Err(problem), _) => Err(problem),
        (Ok(_), None) => {
            let key = app.flash.remember(&session.token, page.typed(&form));
            return Ok(see_other(&page.address(Some((SHOWN, &key)))));
        }
        (Ok((Work::Operation(..) | Work::Settings(_), _)), Some(_)) if claim == Some(Claim::Running) => {
            return page.refused(&form, Problem::conflict("deed_running", "this is being done"));
        }
        (Ok((work, _)), Some(key)) => Doing { app, page: &page, form: &form, key }.does(work).await,
    };
    match done {
        Ok((home, told)) => {
            let key = key.as_deref().unwrap_or_default();
            let about = match renamed.filter(|_| !is_money) {
                Some(context) => {
                    app.read(move |engine| Ok((action.spec)(&context, engine)?.about)).await.ok()
                }
                None => None,
            };
            let told = named(&page, about.as_ref().unwrap_or(&page.about), told);
            Ok(see_other(&app.flash.tell(&session.token, key, &home, told)))
        }
        Err(problem) => {
            give_up();
            page.refused(&form, problem)
        }
    }
}

/// Keys are made by our own pages; anything else is no press.
pub(crate) fn is_key(text: &str) -> bool {
    text.len() <= KEY_CHARS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What was done, named with what it was done to.
fn named(page: &pages::Of, about: &str, told: Flash) -> Flash {
    let words = page.words();
    let text = if told.is_waiting { words.did_waiting } else { words.did };
    let what =
        if about.is_empty() { page.title.to_owned() } else { format!("{} \u{2013} {about}", page.title) };
    Flash { text: say::with(text, &[&what]), ..told }
}

/// A press that somebody is sure of.
struct Doing<'a> {
    app: &'a Arc<AppState>,
    page: &'a pages::Of<'a>,
    form: &'a Form,
    key: &'a str,
}

impl Doing<'_> {
    /// Does the work by the API's own calls; returns where to go and what to show there.
    async fn does(&self, work: Work) -> Result<(String, Flash), Problem> {
        let (app, actor) = (self.app, self.page.session.actor.clone());
        let key = Key { id: format!("{}/{}", actor.name, self.key), content_hash: self.content_hash() };
        let event = key.id.clone();
        let (action, done) = match work {
            Work::Operation(_, operation) => {
                let told = operation(Arc::clone(app), actor).await?;
                return Ok((self.page.home.clone(), told));
            }
            Work::Settings(asked) => {
                let session = self.page.session;
                let (peer, is_session) = (session.page_request.peer, session.is_browser);
                let caller = SettingsCaller { actor, peer, is_session };
                let done = change_settings(app, caller, asked).await.map_err(settings::of_form)?;
                let told = settings::told(session.page_request.locale.language, &done);
                return Ok((self.page.home.clone(), told));
            }
            Work::CommandContext(action) => {
                (Some(action.clone()), app.execute(actor, action, Some(key)).await?)
            }
            Work::Money(user, money) => {
                let action = match &money {
                    Money::Taken(action) => Some(action.clone()),
                    Money::Asked(_) => None,
                };
                (action, take_money(app, actor, user, money, Some(key)).await?)
            }
        };
        self.result(action, event, &done).await
    }

    /// What makes the same press the same: where it is and everything that was typed.
    fn content_hash(&self) -> [u8; 32] {
        let typed = self.form.typed().flat_map(|(name, value)| [name, value]);
        digest::of_parts([self.page.session.page_request.uri.path()].into_iter().chain(typed))
    }

    /// From whom a device was moved.
    async fn moved(&self, from: Option<UserId>) -> Result<Vec<String>, Problem> {
        let name = move |engine: &mut Engine| Ok(from.and_then(|id| engine.read_view().user(id)));
        let owner = self.app.read(name).await?;
        let text = self.page.words().device_moved;
        Ok(owner.iter().map(|owner| say::with(text, &[&owner.user.name])).collect())
    }

    /// Where to go after an action of the engine, and what it wrote.
    async fn result(
        &self,
        action: Option<Command>,
        event: String,
        done: &Done,
    ) -> Result<(String, Flash), Problem> {
        let (user, order) = (done.user(), done.order());
        let home = match (&action, user, order) {
            (Some(Command::AddUser(_)), Some(user), _) => format!("/pelanggan/{}", user.id),
            // What is paid is on the receipt; without a package the customer is served next.
            (Some(Command::Serve(_)), _, Some(order)) => format!("/kuitansi/{}", order.id),
            (Some(Command::Serve(_)), Some(user), None) => format!("/jual/{}", user.id),
            // A payer who was asked for money online needs the means to pay.
            (None, _, Some(order)) => format!("/pembayaran/{}", order.id),
            (Some(_) | None, ..) => self.page.home.clone(),
        };
        let words = self.page.words();
        let receipt = |order: &OrderView| {
            let words = say::with(words.receipt_no, &[&order.receipt?.to_string()]);
            Some((format!("/kuitansi/{}", order.id), words))
        };
        let links = order.and_then(receipt).into_iter().collect();
        let locale = self.page.session.page_request.locale.clone();
        let moved_from = user.and_then(|user| user.moved_from);
        let lines = match action {
            Some(_) if moved_from.is_some() => self.moved(moved_from).await?,
            Some(action) => {
                let entered = user.map(|user| user.id).or_else(|| order.and_then(|order| order.user_id));
                let look = move |engine: &mut Engine| written(engine, &locale, &action, entered, &event);
                self.app.read(look).await?
            }
            None => Vec::new(),
        };
        let is_waiting = done.is_waiting();
        Ok((home, Flash { is_waiting, lines, links, ..Flash::default() }))
    }
}

/// The ledger lines that an event wrote for whom an action was about.
fn written(
    engine: &Engine,
    locale: &Locale,
    action: &Command,
    entered: Option<UserId>,
    event: &str,
) -> Result<Vec<String>, Problem> {
    let user_no = match action {
        Command::Refund { order, .. } | Command::Review { order, .. } => {
            engine.reader().order(order)?.and_then(|order| order.user_no)
        }
        Command::Serve(_) => entered.and_then(|id| engine.read_view().user(id)).map(|found| found.user.no),
        other => other.user().and_then(|id| engine.read_view().user(id)).map(|found| found.user.no),
    };
    let Some(user_no) = user_no else { return Ok(Vec::new()) };
    let lines = posted(engine, user_no, event)?;
    Ok(lines.iter().rev().map(|line| say::line(locale, &line.entry).sentence()).collect())
}

/// Ledger lines of a user that an event wrote, the latest first.
fn posted(engine: &Engine, user_no: u32, event: &str) -> Result<Vec<Posted>, Problem> {
    let mut lines = engine.reader().statement(user_no, Page { limit: LINES_MAX, after: None })?;
    lines.retain(|line| line.event == event);
    Ok(lines)
}

/// The same in words.
pub(crate) fn ledger_lines(
    engine: &Engine,
    locale: &Locale,
    user: UserId,
    event: &str,
) -> Result<Vec<String>, Problem> {
    let Some(found) = engine.read_view().user(user) else { return Ok(Vec::new()) };
    let lines = posted(engine, found.user.no, event)?;
    Ok(lines.iter().rev().map(|line| say::line(locale, &line.entry).sentence()).collect())
}

/// The orders that an event paid, with number of the receipt and amount, the oldest first.
pub(crate) fn receipts_of(
    engine: &Engine,
    user: UserId,
    event: &str,
) -> Result<Vec<(OrderId, u64, Rupiah)>, Problem> {
    let Some(found) = engine.read_view().user(user) else { return Ok(Vec::new()) };
    let lines = posted(engine, found.user.no, event)?;
    let ids: BTreeSet<OrderId> = lines.into_iter().filter_map(|line| line.entry.order).collect();
    let mut receipts = Vec::new();
    for id in ids {
        if let Some(order) = engine.reader().order(&id)?
            && let Some(no) = order.receipt_no
        {
            receipts.push((id, no, order.amount));
        }
    }
    receipts.sort_by_key(|(_, no, _)| *no);
    Ok(receipts)
}
