//! A device of the hotspot is bound to a customer. One of somebody else is moved, which is decided by itself.

use super::action::{FormAction, FormContext, Work, always};
use super::form_spec::{Field, FormSpec};
use crate::agent::console::texts::hosts::HostWords;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::state::user;
use crate::domain::id::{Mac, UserId};
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::values::{DeviceMac, Label};
use crate::store::Role;
use crate::web::Problem;

/// What can be done with a device and a customer.
pub(crate) const HOST_ACTIONS: &[FormAction<(UserId, Mac)>] = &[FormAction {
    segment: "pasang",
    title: |l| HostWords::of(l).do_bind,
    role: Role::Operator,
    is_grave: false,
    fits: always,
    spec: bind_spec,
    work: |submission| {
        let (user, mac) = submission.context.subject;
        let names = submission.context.site.cycle.device_names_known();
        let moves = submission.form.text("move") == Some("yes");
        let bind = BindDevice {
            mac: DeviceMac(mac),
            label: names.get(&mac).map(|name| Label(name.clone())),
            r#move: moves.then_some(true),
        };
        Ok(Work::CommandContext(bind.command(user)))
    },
}];

/// A device of nobody asks nothing; one of somebody else asks whether it is really to be moved.
fn bind_spec(context: &FormContext<(UserId, Mac)>, engine: &Engine) -> Result<FormSpec, Problem> {
    let (id, mac) = context.subject;
    let name = user(engine, id)?.user.name;
    let look = engine.read_view();
    let owner = look.user_with(mac).filter(|owner| owner.account.id != id).map(|owner| owner.name.clone());
    let words = context.words();
    let text = HostWords::of(context.locale.language).belongs_to;
    let notes = owner.iter().map(|owner| say::with(text, &[owner])).collect();
    let moves = Field::tick("move", words.move_device, false).hint(words.move_device_hint);
    let fields = owner.iter().map(|_| moves.clone()).collect();
    let about = format!("{name}, {mac}");
    Ok(FormSpec { about, home: format!("/pelanggan/{id}"), notes, fields, ..FormSpec::default() })
}
