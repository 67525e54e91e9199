//! A new customer at the counter: entered, with the device that is on the hotspot now, and the package that is paid.

use super::action::{FormAction, FormContext, Submission, Work, always};
use super::customers::package;
use super::form_spec::{Field, FormSpec, Kind};
use crate::agent::console::texts::counter::CounterWords;
use crate::agent::console::texts::say;
use crate::agent::engine::{Command, CounterCustomer, CounterSale, Engine, NewUser, Tender};
use crate::domain::id::{Mac, PackageId};
use crate::domain::order::{CashMethod, Method};
use crate::domain::policy::Settings;
use crate::domain::units::Rupiah;
use crate::protocol::admin::users::AddUser;
use crate::store::Role;
use crate::web::Problem;

/// The value of the method that is chosen in the next step.
const LATER: &str = "nanti";

/// Somebody without a device.
pub(crate) const NEW_BUYER_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "baru",
    title: |l| CounterWords::of(l).do_enter,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: |context, engine| Ok(spec(context, engine)),
    work: |submission| work(submission, None),
}];

/// Somebody with a device on the hotspot.
pub(crate) const NEW_DEVICE_BUYER_ACTIONS: &[FormAction<Mac>] = &[FormAction {
    segment: "baru",
    title: |l| CounterWords::of(l).do_enter,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let words = CounterWords::of(context.locale.language);
        let (mac, names) = (context.subject, context.site.cycle.device_names_known());
        let name = names.get(&mac).map_or_else(|| mac.to_string(), |name| format!("{name}, {mac}"));
        let notes = vec![say::with(words.device_fact, &[&name])];
        Ok(FormSpec { notes, ..spec(context, engine) })
    },
    work: |submission| {
        let mac = submission.context.subject;
        let names = submission.context.site.cycle.device_names_known();
        work(submission, Some((mac, names.get(&mac).cloned().unwrap_or_default())))
    },
}];

fn spec<S>(context: &FormContext<S>, engine: &Engine) -> FormSpec {
    let (words, people) = (CounterWords::of(context.locale.language), context.words());
    let phone = Field::new("phone", people.phone, Kind::Phone);
    let cash = CashMethod::ALL.iter().map(|method| {
        let name = say::method(context.locale.language, Method::Cash(*method));
        (method.name().to_owned(), name.to_owned())
    });
    let online =
        context.site.config.relay.is_some().then(|| (LATER.to_owned(), words.pay_online_next.to_owned()));
    let methods = Kind::Choice(cash.chain(online).collect());
    let mut packages = package(context, engine);
    if let Kind::Choice(options) = &mut packages.kind {
        packages.value = options.first().map(|(value, _)| value.clone()).unwrap_or_default();
        options.push((String::new(), words.no_package.to_owned()));
    }
    FormSpec {
        home: "/jual".to_owned(),
        fields: vec![
            Field::new("name", people.name, Kind::Text).required(),
            phone,
            Field { is_required: false, ..packages },
            Field::new("method", people.method, methods).required().value(CashMethod::Cash.name()),
        ],
        is_priced: true,
        receives: true,
        ..FormSpec::default()
    }
}

fn work<S>(submission: &Submission<S>, device: Option<(Mac, String)>) -> Result<Work, Problem> {
    let mut body = submission.spec.body(submission.form)?;
    let expect = body.remove(super::form_spec::EXPECT).and_then(|price| price.as_u64()).map(Rupiah);
    let package = body.remove("package_id");
    let package: Option<PackageId> = match package.as_ref().and_then(|id| id.as_str()) {
        Some(id) => Some(id.parse().map_err(|_| Problem::invalid("package_id", "is not a package"))?),
        None => None,
    };
    let method = body.remove("method");
    let method = method.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
    let Command::AddUser(user) = submission.spec.read_every::<AddUser>(body, &[])?.command() else {
        return Err(Problem::internal());
    };
    // Money that comes online is asked for when the customer is there to ask.
    let (package, method) = match method {
        LATER => (None, CashMethod::Cash),
        name => {
            let method = CashMethod::from_name(name);
            (package, method.ok_or_else(|| Problem::invalid("method", "is not a method of payment"))?)
        }
    };
    let user = NewUser { settings: Settings::default(), ..user };
    let tender =
        Tender { method, reference: None, expect: expect.filter(|_| package.is_some()), last_paid: None };
    let customer = CounterCustomer::New { user, device };
    Ok(Work::CommandContext(Command::Serve(Box::new(CounterSale {
        customer,
        settles: false,
        package,
        tender,
    }))))
}
