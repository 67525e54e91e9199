//! The execution of each command on a draft: find, check, step, answer. One file for each resource.

mod adoption;
mod context;
mod counter;
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

use super::command::{Command, Purpose};
use super::done::Done;
use super::draft::Draft;
use super::error::EngineError;
use super::request::Request;
use crate::domain::policy::{Event, Reset};
use crate::protocol::admin::users::UserView;
use crate::store::Reader;
pub(super) use context::CommandContext;

/// Executes the request on the draft.
pub(super) fn perform(draft: &mut Draft, reader: &Reader, request: &Request) -> Result<Done, EngineError> {
    let event = request.key.as_ref().map_or_else(|| draft.new_id().to_string(), |key| key.id.clone());
    let mut act =
        CommandContext { reading: request.reading.as_ref(), ..CommandContext::new(draft, reader, event) };
    match &request.action {
        Command::AddUser(user) => {
            let no = act.enter(user, "user.add")?;
            Ok(Done::created(act.user_view(no)))
        }
        Command::Import { users, packages, findings } => act.import(users, packages, findings),
        Command::Register { name, phone, pin, mac, seen_at } => {
            act.register(name, phone, pin, mac.map(|mac| (mac, *seen_at)))
        }
        Command::ChangeUser(user, change) => act.change_user(*user, change),
        Command::DeleteUser(user) => act.delete_user(*user),
        Command::Bind(device) => {
            let no = act.draft.find_user(device.user)?;
            let moved_from = act.bind(no, device)?;
            Ok(Done::created(UserView { moved_from, ..act.user_view(no) }))
        }
        Command::Unbind { user, mac } => act.unbind(*user, *mac),
        Command::ReleaseOrphan(mac) => act.release_orphan(*mac),
        Command::Grant(user, grant) => {
            let detail = format!("{} {}", grant.amount, grant.reason);
            act.plain(*user, &Event::Granted(grant.clone()), "user.grant", detail).map(Done::created)
        }
        Command::Debit { user, amount, reason } => {
            let event = Event::Debited { amount: *amount, reason: reason.clone() };
            act.plain(*user, &event, "user.debit", format!("{amount} {reason}")).map(Done::created)
        }
        Command::AddDebt(user, terms) => act.add_debt(*user, terms),
        Command::ChangeDebt(user, debt, change) => act.change_debt(*user, *debt, change),
        Command::WriteOff { user, debt, reason } => act.write_off(*user, *debt, reason),
        Command::Refund { order, amount, reason } => act.refund(order, *amount, reason),
        Command::Review { order, decision, reason } => act.review(order, *decision, reason),
        Command::CloseDrawer { counted, note } => act.close_drawer(*counted, note),
        Command::SetPin(user, hash) => act.set_pin(*user, hash),
        Command::Buy(user, package, tender) => act.take(*user, &Purpose::Buy(*package), tender),
        Command::SettleAll(user, tender) => act.take(*user, &Purpose::SettleAll, tender),
        Command::SettleItem(user, debt, tender) => act.take(*user, &Purpose::SettleItem(*debt), tender),
        Command::PayPart(user, amount, tender) => act.take(*user, &Purpose::PayPart(*amount), tender),
        Command::Serve(sale) => act.serve(sale),
        Command::Reset { user, debt, credit, days, unblock, reason } => {
            let debt = debt.map(|amount| act.new_item(Some(amount), reason));
            let reset =
                Reset { debt, credit: *credit, days: *days, unblock: *unblock, reason: reason.clone() };
            act.reset(*user, reset)
        }
        Command::Block(user, reason) => {
            let event = Event::Blocked { reason: reason.clone() };
            act.plain(*user, &event, "user.block", reason.clone()).map(Done::changed)
        }
        Command::Unblock(user, reason) => {
            act.plain(*user, &Event::Unblocked, "user.unblock", reason.clone()).map(Done::changed)
        }
        Command::AddPackage(package) => Ok(act.add_package(package)),
        Command::ChangePackage(id, change) => act.change_package(*id, change),
        Command::DeletePackage(id) => act.delete_package(*id),
    }
}
