//! The bulk read of the menus that the checks judge.

use std::borrow::Cow;

use mikrotik_rs::QueryOperator;

use super::client::RouterClient;
use super::inspect::tables::{ADDRESS, ADDRESS_LIST, MENUS, PrintedRow, Tables, networks_of};
use super::port::RouterError;
use super::print::print;
use super::setup::{CLIENT_LIST, PAYMENT_LIST, PORTAL_LIST};
use crate::domain::listing::List;

/// The most rows of one menu that are looked at.
const ROWS_MAX: usize = 20_000;

impl RouterClient {
    /// Prints the menus that matter, one after the other. A menu that the router refuses is noted and left out; a
    /// connection that breaks is an error.
    pub(super) async fn menus(&self) -> Result<Tables, RouterError> {
        let mut tables = Tables::default();
        for (menu, columns) in MENUS {
            match self.rows(menu, columns).await {
                Ok(rows) => {
                    tables.rows.insert(menu, rows);
                }
                Err(RouterError::Trap { message, .. }) => tables.missing.push((menu, message)),
                Err(error) => return Err(error),
            }
        }
        Ok(tables)
    }

    /// The networks of the interfaces that have a hotspot server: the customers' networks. A router that refuses the menu of
    /// addresses has none to tell.
    pub async fn hotspot_networks(&self, tables: &Tables) -> Result<Vec<String>, RouterError> {
        match self.rows(ADDRESS, "address,network,interface,disabled").await {
            Ok(rows) => Ok(networks_of(tables, &rows)),
            Err(RouterError::Trap { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn rows(&self, menu: &'static str, columns: &'static str) -> Result<Vec<PrintedRow>, RouterError> {
        let mut command = print(menu, columns);
        if menu == ADDRESS_LIST {
            let ours = [CLIENT_LIST, PORTAL_LIST, PAYMENT_LIST];
            for name in List::ALL.map(|list| self.config.lists.name(list)).into_iter().chain(ours) {
                command = command.query_equal("list", name);
            }
            command = command.query_operations(&[QueryOperator::Or; List::ALL.len() + 2]);
        }
        let ticket = self
            .submit::<Vec<PrintedRow>, _>(menu, command.build(), None, move |rows, row| {
                if rows.len() == ROWS_MAX {
                    return Err(format!("more than {ROWS_MAX} rows"));
                }
                let cell = |name: &str| match row.lossy(name) {
                    Cow::Borrowed("") => None,
                    text => Some((name.to_owned(), text.into_owned())),
                };
                rows.push(columns.split(',').filter_map(cell).collect());
                Ok(())
            })
            .await?;
        Ok(ticket.answer().await?.rows)
    }
}
