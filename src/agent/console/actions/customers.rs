//! Form actions for customers: quota, money and devices.

use serde_json::{Map, Value};

use super::action::{FormAction, FormContext, Submission, Work, always, operation};
use super::form_spec::{Field, FormSpec, Kind};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::{Command, Engine, Snapshot};
use crate::agent::http::errors::DEVICE_TAKEN;
use crate::agent::http::state::user;
use crate::agent::http::users::give_pin;
use crate::clock::rfc3339;
use crate::domain::account::{Account, Overage};
use crate::domain::id::{Mac, UserId};
use crate::domain::order::{CashMethod, Item, Line, Method, OnlineMethod};
use crate::domain::units::Timestamp;
use crate::protocol::admin::debts::AddDebt;
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::money::{PayPart, SettleDebts};
use crate::protocol::admin::quota::{CreditUser, DebitUser, ResetAccount};
use crate::protocol::admin::users::{AddUser, BlockUser, ChangeUser, UnblockUser};
use crate::store::Role;
use crate::ui::Locale;
use crate::ui::flash::Flash;
use crate::ui::form::read_body;
use crate::web::Problem;

/// A customer is entered.
pub(crate) const NEW_USER_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "baru",
    title: |l| People::of(l).do_add,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let fields = settings(context, engine, None);
        Ok(FormSpec { home: "/pelanggan".into(), fields, ..FormSpec::default() })
    },
    work: |submission| {
        let evening = |body| until_evening(body, &submission.context.locale);
        Ok(Work::CommandContext(submission.spec.read_changed::<AddUser>(submission.form, evening)?.command()))
    },
}];

/// Everything that can be done to a customer, in the order of its buttons.
pub(crate) const USER_ACTIONS: &[FormAction<UserId>] = &[
    FormAction {
        segment: "lunasi",
        title: |l| People::of(l).do_settle_all,
        role: Role::Cashier,
        is_grave: false,
        fits: |account| owes(account) || !account.balance.overage().is_zero(),
        spec: |context, engine| {
            let notes = owed(context, engine)?;
            Ok(FormSpec {
                notes,
                fields: paying(context),
                is_priced: true,
                takes_money: true,
                ..spec(context, engine)?
            })
        },
        work: |submission| {
            Ok(Work::Money(
                submission.context.subject,
                submission.read::<SettleDebts>()?.all(submission.context.subject),
            ))
        },
    },
    FormAction {
        segment: "bayar",
        title: |l| People::of(l).do_pay_part,
        role: Role::Cashier,
        is_grave: false,
        fits: owes,
        spec: |context, engine| {
            let amount = Field::new("amount_rp", context.words().pay_rp, Kind::Rupiah).required();
            let fields = [vec![amount], paying(context)].concat();
            Ok(FormSpec {
                notes: owed(context, engine)?,
                fields,
                takes_money: true,
                ..spec(context, engine)?
            })
        },
        work: |submission| {
            Ok(Work::Money(
                submission.context.subject,
                submission.read::<PayPart>()?.money(submission.context.subject),
            ))
        },
    },
    FormAction {
        segment: "tagihan-paket",
        title: |l| People::of(l).do_debt_package,
        role: Role::Cashier,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let fields = [vec![package(context, engine)], terms(context)].concat();
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<AddDebt>()?.command(submission.context.subject)?))
        },
    },
    FormAction {
        segment: "tagihan-kuota",
        title: |l| People::of(l).do_debt_amount,
        role: Role::Cashier,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let words = context.words();
            let advance = Field::tick("advance", words.advance, true);
            let day = Field::new("debt_date", words.debt_date, Kind::Date);
            let price = Field::new("price_rp", words.price, Kind::Rupiah).hint(words.price_own_hint);
            // A price is a limit: cashiers do not set one.
            let price = (context.actor.role > Role::Cashier).then_some(price);
            let fields = [vec![amount(context, "amount").required(), advance, day], terms(context)].concat();
            let fields = fields.into_iter().chain(price).collect();
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<AddDebt>()?.command(submission.context.subject)?))
        },
    },
    FormAction {
        segment: "kuota",
        title: |l| People::of(l).do_grant,
        role: Role::Operator,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let days = Field::new("days", context.words().days, Kind::Number).hint(context.words().days_hint);
            let fields = vec![amount(context, "amount").required(), days, reason(context)];
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<CreditUser>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "reset",
        title: |l| People::of(l).do_reset,
        role: Role::Operator,
        is_grave: true,
        fits: always,
        spec: reset_sheet,
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<ResetAccount>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "setujui",
        title: |l| People::of(l).do_approve,
        role: Role::Operator,
        is_grave: false,
        fits: |account| !account.approved,
        spec,
        work: |submission| {
            let body = Map::from_iter([("approved".to_owned(), Value::from(true))]);
            Ok(Work::CommandContext(read_body::<ChangeUser>(body)?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "ubah",
        title: |l| People::of(l).do_change,
        role: Role::Operator,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let snapshot = user(engine, context.subject)?;
            let note = snapshot.user.customer_note.clone().unwrap_or_default();
            let note = customer_note(context.words()).or_null().value(note);
            let fields = settings(context, engine, Some(&snapshot)).into_iter().chain([note]).collect();
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            let body = until_evening(submission.spec.changed(submission.form)?, &submission.context.locale);
            let change = submission.spec.read_every::<ChangeUser>(body, &[])?;
            Ok(Work::CommandContext(change.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "perangkat",
        title: |l| People::of(l).do_bind,
        role: Role::Operator,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let words = context.words();
            let mac = Field::new("mac", words.mac, Kind::Mac).required();
            let label = Field::new("label", words.label, Kind::Text);
            let moves = Field::tick("move", words.move_device, false).hint(words.move_device_hint);
            let fields = vec![mac, label, moves.only_after(DEVICE_TAKEN)];
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<BindDevice>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "pin",
        title: |l| People::of(l).do_pin,
        role: Role::Operator,
        is_grave: false,
        fits: always,
        spec,
        work: |submission| Ok(pin(submission)),
    },
    FormAction {
        segment: "blokir",
        title: |l| People::of(l).do_block,
        role: Role::Operator,
        is_grave: false,
        fits: |account| account.admin_block.is_none(),
        spec: |context, engine| Ok(FormSpec { fields: vec![reason(context)], ..spec(context, engine)? }),
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<BlockUser>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "buka",
        title: |l| People::of(l).do_unblock,
        role: Role::Operator,
        is_grave: false,
        fits: |account| account.admin_block.is_some(),
        spec: |context, engine| {
            let reason = Field::new("reason", context.words().reason, Kind::Text);
            Ok(FormSpec { fields: vec![reason], ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<UnblockUser>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "koreksi",
        title: |l| People::of(l).do_debit,
        role: Role::Owner,
        is_grave: true,
        fits: always,
        spec: |context, engine| {
            let fields = vec![amount(context, "amount").required(), reason(context)];
            Ok(FormSpec { fields, ..spec(context, engine)? })
        },
        work: |submission| {
            Ok(Work::CommandContext(submission.read::<DebitUser>()?.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "hapus",
        title: |l| People::of(l).do_delete,
        role: Role::Operator,
        is_grave: true,
        fits: always,
        spec: |context, engine| Ok(FormSpec { home: "/pelanggan".into(), ..spec(context, engine)? }),
        work: |submission| Ok(Work::CommandContext(Command::DeleteUser(submission.context.subject))),
    },
];

/// What can be done to a customer's device.
pub(crate) const DEVICE_ACTIONS: &[FormAction<(UserId, Mac)>] = &[FormAction {
    segment: "lepas",
    title: |l| People::of(l).do_unbind,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let (id, mac) = context.subject;
        let name = user(engine, id)?.user.name;
        Ok(FormSpec {
            about: format!("{name}, {mac}"),
            home: format!("/pelanggan/{id}"),
            ..FormSpec::default()
        })
    },
    work: |submission| {
        let (user, mac) = submission.context.subject;
        Ok(Work::CommandContext(Command::Unbind { user, mac }))
    },
}];

/// Whether there is an open debt item.
fn owes(account: &Account) -> bool {
    !account.open_items().is_empty()
}

/// A sheet about a customer that asks nothing yet.
fn spec(context: &FormContext<UserId>, engine: &Engine) -> Result<FormSpec, Problem> {
    let about = user(engine, context.subject)?.user.name;
    Ok(FormSpec { about, home: format!("/pelanggan/{}", context.subject), ..FormSpec::default() })
}

/// How money comes.
pub(crate) fn paying<S>(context: &FormContext<S>) -> Vec<Field> {
    let words = context.words();
    let cash = CashMethod::ALL.iter().map(|method| Method::Cash(*method));
    let config = &context.site.config;
    let others = config.payment.methods.iter().filter(|method| **method != OnlineMethod::Snap);
    let online = [OnlineMethod::Snap].into_iter().chain(others.copied()).map(Method::Online);
    let online = online.filter(|_| config.relay.is_some());
    let option = |method: Method| {
        let name = say::method(context.locale.language, method);
        let name =
            if method.cash().is_some() { name.to_owned() } else { say::with(words.online_method, &[name]) };
        (method.name().to_owned(), name)
    };
    let methods = Kind::Choice(cash.chain(online).map(option).collect());
    vec![
        Field::new("method", words.method, methods).required().value(CashMethod::Cash.name()),
        Field::new("reference", words.reference, Kind::Text),
    ]
}

/// A package on sale.
pub(super) fn package<S>(context: &FormContext<S>, engine: &Engine) -> Field {
    let on_sale = engine.read_view().packages().into_iter().filter(|package| package.active);
    let option = |package: crate::domain::package::Package| {
        let quota = say::quota(&context.locale, package.quota);
        let days = context.locale.span(std::time::Duration::from_hours(24 * u64::from(package.days)));
        (package.id.to_string(), format!("{}: {quota}, {days}, {}", package.name, package.price))
    };
    Field::new("package_id", context.words().package, Kind::Choice(on_sale.map(option).collect())).required()
}

/// When a debt is due, and why it was made.
fn terms<S>(context: &FormContext<S>) -> Vec<Field> {
    let words = context.words();
    vec![
        Field::new("due_date", words.due_date, Kind::Date).hint(words.due_hint),
        Field::new("note", words.private_note, Kind::Text).hint(words.private_note_hint),
        customer_note(words),
    ]
}

/// What the customer reads on the portal.
pub(super) fn customer_note(words: &People) -> Field {
    Field::new("customer_note", words.customer_note, Kind::Text).hint(words.customer_note_hint)
}

fn amount<S>(context: &FormContext<S>, name: &'static str) -> Field {
    Field::new(name, context.words().amount, Kind::Amount).hint(context.words().amount_hint)
}

pub(crate) fn reason<S>(context: &FormContext<S>) -> Field {
    Field::new("reason", context.words().reason, Kind::Text).required()
}

/// Everything owed with its price, line by line.
fn owed(context: &FormContext<UserId>, engine: &Engine) -> Result<Vec<String>, Problem> {
    let account = user(engine, context.subject)?.user.account;
    let quote = engine.read_view().with_context(|ctx| ctx.tariff().settle_all(&account));
    let Ok(quote) = quote else { return Ok(Vec::new()) };
    let words = context.words();
    let line = |line: &Line| {
        let name = match line.item {
            Item::Overage => words.overage.to_owned(),
            Item::Package { .. } => line.name.clone(),
            Item::Debt { id, .. } => {
                let item = account.items.iter().find(|item| item.id == id);
                let day = item.map(|item| context.locale.day(item.debt_date)).unwrap_or_default();
                format!("{} {day}", words.debt)
            }
        };
        format!("{name}: {} ({})", line.price, context.locale.quota(line.bytes))
    };
    let total = format!("{}: {}", words.owed, quote.total());
    Ok(quote.lines.iter().map(line).chain([total]).collect())
}

fn reset_sheet(context: &FormContext<UserId>, engine: &Engine) -> Result<FormSpec, Problem> {
    let words = context.words();
    let is_blocked = user(engine, context.subject)?.user.account.admin_block.is_some();
    let unblock = is_blocked.then(|| Field::tick("unblock", words.unblock_too, true));
    let quota = |name, label| Field { label, ..amount(context, name) };
    let days = Field::new("days", words.days, Kind::Number).hint(words.reset_days_hint);
    let fields = [quota("debt", words.reset_debt), quota("credit", words.reset_credit), days];
    let fields = fields.into_iter().chain(unblock).chain([reason(context)]).collect();
    Ok(FormSpec { fields, ..spec(context, engine)? })
}

/// Everything that is on file of a customer, or of one that is entered.
fn settings<S>(context: &FormContext<S>, engine: &Engine, snapshot: Option<&Snapshot>) -> Vec<Field> {
    let (words, look) = (context.words(), engine.read_view());
    let language = context.locale.language;
    let user = snapshot.map(|snapshot| &snapshot.user);
    let account = user.map(|user| &user.account);
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let is = |of: fn(&Account) -> bool, fresh| account.map_or(fresh, of);
    let expires =
        account.and_then(|account| account.expires_at).map(|at| look.zone.local(at).date.to_string());
    let house = say::with(words.mode_site, &[say::mode(language, look.policy.overage)]);
    let modes =
        Overage::ALL.iter().map(|mode| (mode.name().to_owned(), say::mode(language, *mode).to_owned()));
    let modes = Kind::Choice([(String::new(), house)].into_iter().chain(modes).collect());
    let mode = account.and_then(|account| account.overage).map(Overage::name).unwrap_or_default();
    let limit = account.and_then(|account| account.debt_limit).map(|limit| limit.to_string());
    let limit_hint = say::with(words.debt_limit_hint, &[&context.locale.quota(look.policy.debt_limit)]);
    vec![
        Field::new("name", words.name, Kind::Text).required().value(text(user.map(|user| &user.name))),
        Field::new("phone", words.phone, Kind::Phone)
            .or_null()
            .value(text(user.and_then(|u| u.phone.as_ref()))),
        Field::new("login", words.login, Kind::Login)
            .or_null()
            .value(text(user.and_then(|u| u.login.as_ref()))),
        Field::tick("approved", words.approved, is(|account| account.approved, true)),
        Field::tick("active", words.active, is(|account| account.active, true)),
        Field::tick("exempt", words.exempt, is(|account| account.exempt, false)).hint(words.exempt_hint),
        Field::new("expires_at", words.expires, Kind::Date)
            .or_null()
            .hint(words.expires_hint)
            .value(expires.unwrap_or_default()),
        Field::new("overage", words.mode, modes).or_null().value(mode),
        Field::new("debt_limit", words.debt_limit, Kind::Amount)
            .or_null()
            .hint(limit_hint)
            .value(limit.unwrap_or_default()),
    ]
}

/// A day of expiry as the instant that the API takes: the last second of that day.
fn until_evening(mut body: Map<String, Value>, locale: &Locale) -> Map<String, Value> {
    if let Some(day) = body.get_mut("expires_at")
        && let Some(date) = day.as_str().and_then(|text| text.parse::<jiff::civil::Date>().ok())
        && let Ok(next) = date.tomorrow()
    {
        *day = Value::from(rfc3339(Timestamp(locale.zone.day_start(next).0 - 1000)));
    }
    body
}

/// The PIN is shown once and kept nowhere, so no answer of the engine can hold it.
fn pin(submission: &Submission<UserId>) -> Work {
    let (id, words) = (submission.context.subject, submission.context.words());
    let work = operation(async move |app, actor| {
        let pin = give_pin(&app, actor, id).await?;
        let lines = vec![words.pin_once.to_owned()];
        Ok(Flash { lines, secret: Some((words.pin.to_owned(), pin)), ..Flash::default() })
    });
    Work::Operation(vec![words.pin_will.to_owned()], work)
}
