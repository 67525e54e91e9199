//! How each command is done on a draft: find, check, step, answer. One file for each resource.

mod context;
mod debts;
mod devices;
mod drawer;
mod import;
mod orders;
mod packages;
mod quota;
mod registration;
mod review;
mod users;

use super::command::{Action, Purpose};
use super::draft::Draft;
use super::error::EngineError;
use super::request::{Outcome, Request};
use super::views::UserView;
use crate::domain::policy::{Event, Reset};
use crate::store::Reader;
pub(super) use context::Act;
pub(super) use context::done;

/// Does what the request asks on the draft.
pub(super) fn perform(draft: &mut Draft, reader: &Reader, request: &Request) -> Result<Outcome, EngineError> {
    let event = request.key.as_ref().map_or_else(|| draft.new_id().to_string(), |key| key.id.clone());
    let mut act = Act { reading: request.reading.as_ref(), ..Act::new(draft, reader, event) };
    match &request.action {
        Action::AddUser(user) => {
            let no = act.enter(user, "user.add")?;
            Ok(act.user_view(no, 201))
        }
        Action::Import { users, findings } => act.import(users, findings),
        Action::Register { name, phone, pin, mac, seen_at } => {
            let device = mac.map(|mac| (mac, *seen_at));
            act.register(name, phone, pin, device)
        }
        Action::ChangeUser(user, change) => act.change_user(*user, change),
        Action::DeleteUser(user) => act.delete_user(*user),
        Action::Bind(device) => {
            let no = act.draft.find_user(device.user)?;
            let moved_from = act.bind(no, device)?;
            let view = UserView::of(&act.draft.snapshot(no), act.draft.policy);
            Ok(done(201, &UserView { moved_from, ..view }))
        }
        Action::Unbind { user, mac } => act.unbind(*user, *mac),
        Action::Grant(user, grant) => {
            let detail = format!("{} {}", grant.amount, grant.reason);
            act.plain(*user, &Event::Granted(grant.clone()), "user.grant", detail, 201)
        }
        Action::Debit { user, amount, reason } => {
            let event = Event::Debited { amount: *amount, reason: reason.clone() };
            act.plain(*user, &event, "user.debit", format!("{amount} {reason}"), 201)
        }
        Action::AddDebt(user, terms) => act.add_debt(*user, terms),
        Action::ChangeDebt(user, debt, change) => act.change_debt(*user, *debt, change),
        Action::WriteOff { user, debt, reason } => act.write_off(*user, *debt, reason),
        Action::Refund { order, amount, reason } => act.refund(order, *amount, reason),
        Action::Review { order, decision, reason } => act.review(order, *decision, reason),
        Action::CloseDrawer { counted, note } => act.close_drawer(*counted, note),
        Action::SetPin(user, hash) => act.set_pin(*user, hash),
        Action::Buy(user, package, tender) => act.take(*user, &Purpose::Buy(*package), tender),
        Action::SettleAll(user, tender) => act.take(*user, &Purpose::SettleAll, tender),
        Action::SettleItem(user, debt, tender) => act.take(*user, &Purpose::SettleItem(*debt), tender),
        Action::PayPart(user, amount, tender) => act.take(*user, &Purpose::PayPart(*amount), tender),
        Action::Reset { user, debt, credit, days, unblock, reason } => {
            let debt = debt.map(|amount| act.new_item(Some(amount), reason));
            let reset =
                Reset { debt, credit: *credit, days: *days, unblock: *unblock, reason: reason.clone() };
            act.reset(*user, reset)
        }
        Action::Block(user, reason) => {
            let event = Event::Blocked { reason: reason.clone() };
            act.plain(*user, &event, "user.block", reason.clone(), 200)
        }
        Action::Unblock(user, reason) => {
            act.plain(*user, &Event::Unblocked, "user.unblock", reason.clone(), 200)
        }
        Action::AddPackage(package) => Ok(act.add_package(package)),
        Action::ChangePackage(id, change) => act.change_package(*id, change),
        Action::DeletePackage(id) => act.delete_package(*id),
    }
}
