//! The rows on a router that are ours, in every menu that the agent or its script writes, and their removal.

use std::sync::atomic::Ordering;

use mikrotik_rs::CommandBuilder;
use mikrotik_rs::command::Cmd;

use super::account_edits::Trace;
use super::client::RouterClient;
use super::edits::outcome;
use super::port::{EditOutcome, RouterError};
use super::print::print;
use super::session::IN_FLIGHT_MAX;
use super::setup::{FUP_DOWN, FUP_UP};
use super::words;
use crate::domain::listing::TAG;

/// A menu with rows of ours: how it is printed, how a row is removed, and the column by which ours are known.
struct TraceMenu {
    print: &'static str,
    remove: &'static str,
    key: &'static str,
}

macro_rules! menu {
    ($path:literal, $key:literal) => {
        TraceMenu { print: concat!($path, "/print"), remove: concat!($path, "/remove"), key: $key }
    };
}

/// In the order in which rows are removed: what lets customers in first, queue types after the queues that use them.
static MENUS: [TraceMenu; 9] = [
    menu!("/ip/hotspot/ip-binding", "comment"),
    menu!("/ip/firewall/filter", "comment"),
    menu!("/ip/firewall/nat", "comment"),
    menu!("/ip/firewall/mangle", "comment"),
    menu!("/ip/hotspot/walled-garden/ip", "comment"),
    menu!("/queue/tree", "comment"),
    menu!("/queue/type", "name"),
    menu!("/ip/firewall/address-list", "comment"),
    menu!("/ipv6/firewall/filter", "comment"),
];

impl RouterClient {
    /// Every row of ours. A menu that the router lacks has none.
    pub(super) async fn traces(&self) -> Result<Vec<Trace>, RouterError> {
        let mut found = Vec::new();
        let mut sessions = Vec::new();
        for menu in &MENUS {
            let command = print(menu.print, &format!(".id,{}", menu.key)).build();
            let asked = self
                .submit::<Vec<Trace>, _>(menu.print, command, None, |traces, row| {
                    let is = row.lossy(menu.key);
                    let is_ours = if menu.key == "name" {
                        [FUP_UP, FUP_DOWN].contains(&&*is)
                    } else {
                        is.starts_with(TAG)
                    };
                    if is_ours {
                        traces.push(Trace {
                            menu: menu.print.trim_end_matches("/print"),
                            row: row.required(".id", words::row_id)?,
                            is: is.into_owned(),
                            remove: menu.remove,
                        });
                    }
                    Ok(())
                })
                .await?;
            if let Some(answer) = self.unless_missing(menu.print, asked).await? {
                sessions.push(answer.ended.session);
                found.extend(answer.rows);
            }
        }
        let Some(first) = sessions.first() else { return Ok(found) };
        if sessions.iter().any(|session| session != first) {
            return Err(RouterError::Lost("the connection changed during the reading".to_owned()));
        }
        self.shared.accounts_session.store(*first, Ordering::Relaxed);
        Ok(found)
    }

    /// Removes these rows, in their order.
    pub(super) async fn sweep(&self, traces: &[Trace]) -> Result<Vec<EditOutcome>, RouterError> {
        let session =
            Some(self.shared.accounts_session.load(Ordering::Relaxed)).filter(|session| *session > 0);
        let mut outcomes = Vec::with_capacity(traces.len());
        for step in traces.chunk_by(|a, b| a.menu == b.menu) {
            for part in step.chunks(IN_FLIGHT_MAX) {
                let mut in_flight = Vec::with_capacity(part.len());
                for Trace { row, remove, .. } in part {
                    let command: CommandBuilder<Cmd> = CommandBuilder::new().command(remove);
                    let command = command.attribute(".id", Some(&row.0)).build();
                    in_flight.push(self.submit(remove, command, session, |(), _| Ok(())).await?);
                }
                for ticket in in_flight {
                    outcomes.push(outcome(ticket).await?);
                }
            }
        }
        Ok(outcomes)
    }
}
