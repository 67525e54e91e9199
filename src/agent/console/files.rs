//! Tables that people open in a spreadsheet: a date in the name of the file, headings in their language, one kind of row,
//! gigabytes, rupiah and local time; customers and the audit also as tables for machines.

use std::io::{self, Write};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::audit::AuditQuery;
use super::sentences::sentence;
use super::session::AdminSession;
use crate::agent::console::texts::files::FileWords;
use crate::agent::console::texts::say;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::collection::CallList;
use crate::agent::reports::debts::DebtList;
use crate::agent::reports::live::Live;
use crate::agent::reports::sales::Sales;
use crate::agent::reports::usage::Source;
use crate::agent::reports::users::{Everybody, UserLine};
use crate::clock::rfc3339;
use crate::domain::access::Reason;
use crate::domain::order::Method;
use crate::domain::units::{Bytes, GB, Rupiah, Timestamp};
use crate::protocol::admin::reports::CallReason;
use crate::store::export::ExportError;
use crate::store::{AuditFilter, AuditLine, Page, Reader, Role, StoreError};
use crate::tools::or_empty;
use crate::ui::Locale;
use crate::web::stream::Feed;
use crate::web::{Problem, Query, csv, stream};

use super::reports::Ask;

/// The table as machines want it.
const MACHINE: &str = "mesin";
/// Lines of the audit read at a time.
const LINES_AT_ONCE: u32 = 200;

/// `?bentuk=`: how the table is written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileQuery {
    bentuk: String,
}

impl FileQuery {
    fn is_for_machines(&self) -> Result<bool, Problem> {
        match self.bentuk.as_str() {
            "" => Ok(false),
            MACHINE => Ok(true),
            _ => Err(Problem::invalid("bentuk", "must be mesin or left out")),
        }
    }
}

/// Takes the cells of a row.
type Record<'a> = &'a mut dyn FnMut(Vec<String>) -> io::Result<()>;

/// A table on its way to somebody.
struct Table {
    app: Arc<AppState>,
    /// The name of its file, without the date.
    name: &'static str,
    today: Date,
    is_for_machines: bool,
}

impl Table {
    async fn new(app: &Arc<AppState>, name: &'static str, is_for_machines: bool) -> Result<Self, Problem> {
        let today = app.read(|engine| Ok(engine.read_view().facts.local.date)).await?;
        Ok(Self { app: Arc::clone(app), name, today, is_for_machines })
    }

    /// Sends it; `rows` hands out a row after the other, on a thread that may wait.
    fn send(
        self,
        headings: &'static [&'static str],
        rows: impl FnOnce(Record) -> Result<(), ExportError> + Send + 'static,
    ) -> Response {
        let Self { app, name, today, is_for_machines } = self;
        let (feed, body) = stream::feed();
        spawn_blocking(move || {
            if let Err(error) = write(feed, is_for_machines, headings, rows) {
                tracing::warn!(%error, table = name, "a table was not sent to its end");
                app.report_broken_answer(&error);
            }
        });
        let disposition = format!("attachment; filename=\"{name}-{today}.csv\"");
        ([(CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()), (CONTENT_DISPOSITION, disposition)], body)
            .into_response()
    }
}

fn write(
    mut feed: Feed,
    is_for_machines: bool,
    headings: &[&str],
    rows: impl FnOnce(Record) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    if is_for_machines {
        csv::record(&mut feed, headings)?;
        rows(&mut |cells| csv::record(&mut feed, cells))?;
    } else {
        feed.write_all(csv::BYTE_ORDER_MARK.as_bytes())?;
        csv::spreadsheet_record(&mut feed, headings)?;
        rows(&mut |cells| csv::spreadsheet_record(&mut feed, cells))?;
    }
    Ok(feed.finish()?)
}

/// Gigabytes with two digits, without the unit.
fn gb(locale: &Locale, bytes: Bytes) -> String {
    locale.hundredths((u128::from(bytes.0) * 100 + u128::from(GB / 2)) / u128::from(GB))
}

/// Local day and time as every spreadsheet reads them.
fn local(locale: &Locale, at: Timestamp) -> String {
    let local = locale.zone.local(at);
    format!("{} {:02}:{:02}", local.date, local.minute_of_day / 60, local.minute_of_day % 60)
}

fn words(locale: &Locale) -> &'static FileWords {
    FileWords::of(locale.language)
}

/// Headings that live as long as the program: those of a language.
macro_rules! headings {
    ($locale:expr, $($key:ident),+ $(,)?) => {{
        const ID: &FileWords = FileWords::indonesian();
        const EN: &FileWords = FileWords::english();
        const HEADINGS: [&[&str]; 2] = [&[$(ID.$key),+], &[$(EN.$key),+]];
        match $locale.language {
            crate::ui::language::Language::Indonesian => HEADINGS[0],
            crate::ui::language::Language::English => HEADINGS[1],
        }
    }};
}

/// `GET /unduh/pelanggan`.
pub(crate) async fn customers(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(asked): Query<FileQuery>,
) -> Answer {
    session.at_least(Role::Operator)?;
    let locale = session.page_request.locale.clone();
    let is_for_machines = asked.is_for_machines()?;
    let table = Table::new(&app, words(&locale).customers, is_for_machines).await?;
    let everybody = Everybody::new(app.site.engine());
    if is_for_machines {
        let headings = &[
            "user_id",
            "name",
            "phone",
            "login",
            "status",
            "reason",
            "remaining_bytes",
            "used_bytes",
            "debt_bytes",
            "due_rp",
            "expires_at",
            "seen_at",
            "created_at",
        ];
        return Ok(table.send(headings, move |record| everybody.each(|line| Ok(record(machine_row(line))?))));
    }
    let headings =
        headings!(locale, name, phone, login, status, left_gb, used_gb, owed_rp, expires, seen, entered);
    Ok(table.send(headings, move |record| everybody.each(|line| Ok(record(customer_row(&locale, line))?))))
}

fn customer_row(locale: &Locale, line: &UserLine) -> Vec<String> {
    let (user, account) = (&line.user, &line.user.account);
    let left = account.balance.remaining();
    let moment = |at: Option<Timestamp>| at.map(|at| local(locale, at)).unwrap_or_default();
    vec![
        user.name.clone(),
        or_empty(user.phone.as_ref()),
        or_empty(user.login.as_ref()),
        say::access(locale.language, &account.access),
        if account.unlimited { say::quota(locale, None) } else { gb(locale, left) },
        gb(locale, account.used),
        or_empty(line.due.map(|due| due.0)),
        moment(account.expires_at),
        moment(line.seen_at),
        local(locale, user.created_at),
    ]
}

fn machine_row(line: &UserLine) -> Vec<String> {
    let (user, account) = (&line.user, &line.user.account);
    vec![
        account.id.to_string(),
        user.name.clone(),
        or_empty(user.phone.as_ref()),
        or_empty(user.login.as_ref()),
        account.access.status.name().to_owned(),
        or_empty(account.access.reason.map(Reason::name)),
        or_empty((!account.unlimited).then(|| account.balance.remaining().0)),
        account.used.0.to_string(),
        account.total_debt().0.to_string(),
        or_empty(line.due.map(|due| due.0)),
        or_empty(account.expires_at.map(rfc3339)),
        or_empty(line.seen_at.map(rfc3339)),
        rfc3339(user.created_at),
    ]
}

/// `GET /unduh/penjualan`: one row for each payment.
pub(crate) async fn sales(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let locale = session.page_request.locale.clone();
    let table = Table::new(&app, words(&locale).sales, false).await?;
    let days = ask.days(table.today)?;
    let sales = app.read(move |engine| Ok(Sales::of(engine, days)?)).await?;
    let headings = headings!(locale, at, receipt, customer, method, cashier, amount_rp, refunded_rp);
    Ok(table.send(headings, move |record| {
        sales.each(|_, sale| {
            let method = Method::from_name(&sale.method);
            Ok::<_, ExportError>(record(vec![
                local(&locale, sale.paid_at),
                or_empty(sale.receipt),
                sale.user,
                method.map_or(sale.method, |method| say::method(locale.language, method).to_owned()),
                sale.cashier.unwrap_or_default(),
                sale.amount.0.to_string(),
                sale.refunded.0.to_string(),
            ])?)
        })
    }))
}

/// `GET /unduh/tagihan`: one row for each debt, and for usage beyond the quota.
pub(crate) async fn debts(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let locale = session.page_request.locale.clone();
    let table = Table::new(&app, words(&locale).debts, false).await?;
    let list = DebtList::new(app.site.engine(), table.today, ask.given(table.today)?);
    let headings =
        headings!(locale, name, phone, debt_date, due_date, late_days, owed_gb, owed_rp, note, customer_note);
    Ok(table.send(headings, move |record| {
        let each = list.each(|user| {
            let who = || vec![user.name.clone(), or_empty(user.phone.as_ref())];
            for debt in &user.debts {
                let what = vec![
                    debt.debt_date.0.to_string(),
                    debt.due_date.0.to_string(),
                    debt.late_days.to_string(),
                    gb(&locale, Bytes(debt.unpaid_bytes)),
                    or_empty(debt.due_rp),
                    debt.note.clone(),
                    debt.customer_note.clone(),
                ];
                record([who(), what].concat())?;
            }
            if user.overage_bytes > 0 {
                let empty = String::new;
                let (bytes, rp) = (gb(&locale, Bytes(user.overage_bytes)), or_empty(user.overage_rp));
                let note = words(&locale).overage.to_owned();
                record([who(), vec![empty(), empty(), empty(), bytes, rp, note, empty()]].concat())?;
            }
            Ok(())
        });
        each.map(drop)
    }))
}

/// `GET /unduh/pemakaian`: one row for each day and customer.
pub(crate) async fn usage(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let locale = session.page_request.locale.clone();
    let table = Table::new(&app, words(&locale).usage, false).await?;
    let days = ask.days(table.today)?;
    let source = app.read(move |engine| Ok(Source::of(engine, days)?)).await?;
    let headings = headings!(locale, day, customer, usage_gb);
    Ok(table.send(headings, move |record| {
        let names = source.reader.user_names()?;
        source.each_sum(|day, user, sum| {
            let name = names.get(&user).map(|(_, name)| name.clone()).unwrap_or_default();
            Ok::<_, ExportError>(record(vec![day.to_string(), name, gb(&locale, sum.bytes)])?)
        })
    }))
}

/// `GET /unduh/penagihan`: whom to call.
pub(crate) async fn collection(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let locale = session.page_request.locale.clone();
    let table = Table::new(&app, words(&locale).collection, false).await?;
    let list = CallList::new(app.site.engine(), table.today, ask.given(table.today)?);
    let headings = headings!(locale, why, name, phone, due_date, owed_gb, owed_rp);
    let people = session.people();
    Ok(table.send(headings, move |record| {
        let each = list.each(|call| {
            let why = match call.state {
                CallReason::Stopped => people.stopped,
                CallReason::Overdue => people.overdue,
                CallReason::DueSoon => people.due_soon,
            };
            Ok(record(vec![
                why.to_owned(),
                call.name.clone(),
                or_empty(call.phone.as_ref()),
                or_empty(call.due_date.map(|day| day.0)),
                gb(&locale, Bytes(call.total_debt_bytes)),
                or_empty(call.amount_rp.map(|rp| Rupiah(rp).0)),
            ])?)
        });
        each.map(drop)
    }))
}

/// `GET /unduh/catatan`: the audit as it is filtered, the newest first.
pub(crate) async fn audit(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<AuditQuery>,
    Query(asked): Query<FileQuery>,
) -> Answer {
    session.at_least(Role::Operator)?;
    let locale = session.page_request.locale.clone();
    let is_for_machines = asked.is_for_machines()?;
    let table = Table::new(&app, words(&locale).audit, is_for_machines).await?;
    let zone = locale.zone.clone();
    let (filter, reader) =
        app.read(move |engine| Ok((ask.filter(engine, &zone)?, engine.new_reader()?))).await?;
    if is_for_machines {
        let headings = &["at", "actor", "role", "source", "action", "target", "detail"];
        return Ok(table.send(headings, move |record| {
            each_line(&reader, &filter, |lines| {
                for line in lines {
                    let AuditLine { at, actor, role, source, action, target, detail } = line;
                    record(vec![rfc3339(at), actor, role, source, action, target, detail])?;
                }
                Ok(())
            })
        }));
    }
    let (live, headings) = (Live::new(app.site.engine()), headings!(locale, at, what, code, detail, source));
    Ok(table.send(headings, move |record| {
        each_line(&reader, &filter, |lines| {
            let locale = locale.clone();
            let rows = live.read(move |engine| {
                let row = |line: AuditLine| {
                    let at = local(&locale, line.at);
                    let said = sentence(engine, &locale, line)?;
                    Ok(vec![at, said.text(), said.action, said.detail, said.source])
                };
                lines.into_iter().map(row).collect::<Result<Vec<_>, StoreError>>()
            })??;
            for row in rows {
                record(row)?;
            }
            Ok(())
        })
    }))
}

/// Visits the lines that fit, some at a time.
fn each_line(
    reader: &Reader,
    filter: &AuditFilter,
    mut visit: impl FnMut(Vec<AuditLine>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut after = None;
    loop {
        let lines = reader.find_audit(filter, Page { limit: LINES_AT_ONCE, after })?;
        let Some((last, _)) = lines.last() else { return Ok(()) };
        after = Some(*last);
        visit(lines.into_iter().map(|(_, line)| line).collect())?;
    }
}
