//! Rows of one menu, in the order of their ids, with an index over one column.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::menus::SimMenu;
use super::value::{Times, Value};

/// One row: a cell for each column of the menu.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Cells in the order of the columns; `None` is unset.
    pub(super) cells: Vec<Option<Value>>,
    /// The row lives in memory only.
    pub(super) volatile: bool,
}

impl Row {
    /// The text of a cell that holds one.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        match self.cells.get(column)? {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a cell holds a truth that is true.
    pub(super) fn flag(&self, column: usize) -> bool {
        matches!(self.cells.get(column), Some(Some(Value::Flag(true))))
    }

    /// What a field of this row prints; the row does not know its own id.
    pub(super) fn show(&self, id: u64, field: TableField, times: Times) -> Option<Cow<'_, str>> {
        match field {
            TableField::Id => Some(Cow::Owned(show_id(id))),
            TableField::Column(column) => Some(self.cells.get(column)?.as_ref()?.show(times)),
            TableField::Unknown => None,
        }
    }
}

/// A column as a command names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableField {
    /// The row's `.id`.
    Id,
    /// A column of the menu, by position.
    Column(usize),
    /// No column of the menu: never set.
    Unknown,
}

/// The rows of one menu.
#[derive(Debug)]
pub(super) struct MenuTable {
    /// The menu.
    pub(super) menu: &'static SimMenu,
    index_column: Option<usize>,
    unique: Vec<Vec<usize>>,
    rows: BTreeMap<u64, Row>,
    index: BTreeMap<String, BTreeSet<u64>>,
    next: u64,
}

impl MenuTable {
    /// An empty table.
    pub(super) fn new(menu: &'static SimMenu) -> Self {
        let position =
            |name: &&str| menu.column(name).expect("the menus are tested to name their own columns");
        Self {
            menu,
            index_column: menu.column(menu.index),
            unique: menu.unique.iter().map(|key| key.iter().map(position).collect()).collect(),
            rows: BTreeMap::new(),
            index: BTreeMap::new(),
            next: 1,
        }
    }

    /// Every row, in the order of the ids.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, &Row)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    /// One row.
    pub(super) fn get(&self, id: u64) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// A cell to write to, of a column that is not the index.
    pub(super) fn cell(&mut self, id: u64, column: usize) -> Option<&mut Option<Value>> {
        debug_assert_ne!(Some(column), self.index_column);
        self.rows.get_mut(&id)?.cells.get_mut(column)
    }

    /// Rows whose index column holds this text; the empty text finds those where it is unset.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = u64> {
        self.index.get(text).into_iter().flatten().copied()
    }

    /// The field with this name.
    pub(super) fn field(&self, name: &str) -> TableField {
        if name == ".id" && !self.menu.settings {
            return TableField::Id;
        }
        self.menu.column(name).map_or(TableField::Unknown, TableField::Column)
    }

    /// Every field, in the order in which they print.
    pub(super) fn fields(&self) -> Vec<TableField> {
        let columns = (0..self.menu.columns.len()).map(TableField::Column);
        std::iter::once(self.field(".id")).chain(columns).collect()
    }

    /// The row that `*1F` names, or a name where rows go by name.
    pub(super) fn resolve(&self, id: &str) -> Option<u64> {
        if let Some(hex) = id.strip_prefix('*') {
            return u64::from_str_radix(hex, 16).ok().filter(|id| self.rows.contains_key(id));
        }
        if self.menu.index == "name" { self.find(id).next() } else { None }
    }

    /// Whether another row already holds what must be unique in this one.
    pub(super) fn clashes(&self, row: &Row, except: Option<u64>) -> bool {
        let near = || self.find(self.index_text(row)).filter(|id| Some(*id) != except);
        self.unique.iter().filter(|key| row.cells[key[0]].is_some()).any(|key| {
            near().any(|id| key.iter().all(|column| self.rows[&id].cells[*column] == row.cells[*column]))
        })
    }

    /// Adds a row and names it. Ids only grow.
    pub(super) fn insert(&mut self, row: Row) -> u64 {
        let id = self.next;
        self.next += 1;
        self.index.entry(self.index_text(&row).to_owned()).or_default().insert(id);
        self.rows.insert(id, row);
        id
    }

    /// Puts other cells into a row that is there.
    pub(super) fn replace(&mut self, id: u64, row: Row) {
        self.unindex(id);
        self.index.entry(self.index_text(&row).to_owned()).or_default().insert(id);
        self.rows.insert(id, row);
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, id: u64) -> Option<Row> {
        self.unindex(id);
        self.rows.remove(&id)
    }

    /// What a reboot does: rows in memory are gone. With `restart_ids` a table left empty numbers from the start.
    pub(super) fn reboot(&mut self, restart_ids: bool) {
        let gone: Vec<u64> = self.rows().filter(|(_, row)| row.volatile).map(|(id, _)| id).collect();
        for id in gone {
            self.remove(id);
        }
        if restart_ids && self.rows.is_empty() {
            self.next = 1;
        }
    }

    fn index_text<'a>(&self, row: &'a Row) -> &'a str {
        self.index_column.and_then(|column| row.text(column)).unwrap_or("")
    }

    fn unindex(&mut self, id: u64) {
        let Some(row) = self.rows.get(&id) else { return };
        let text = self.index_text(row).to_owned();
        if let Some(ids) = self.index.get_mut(&text) {
            ids.remove(&id);
            if ids.is_empty() {
                self.index.remove(&text);
            }
        }
    }
}

/// A row's `.id` as printed.
pub(super) fn show_id(id: u64) -> String {
    format!("*{id:X}")
}

#[cfg(test)]
mod tests {
    use super::super::menus::{ADDRESS_LIST, BINDING, MENUS};
    use super::*;

    fn table(path: &str) -> MenuTable {
        MenuTable::new(MENUS.iter().find(|menu| menu.path == path).unwrap())
    }

    fn row(table: &MenuTable, cells: &[(&str, &str)]) -> Row {
        let mut row = Row { cells: vec![None; table.menu.columns.len()], volatile: false };
        for (name, text) in cells {
            row.cells[table.menu.column(name).unwrap()] = Some(Value::Text((*text).to_owned()));
        }
        row
    }

    #[test]
    fn ids_grow_in_hexadecimal_and_are_never_used_again() {
        let mut lists = table(ADDRESS_LIST);
        for n in 1..=10 {
            let row = row(&lists, &[("list", "a"), ("address", &format!("10.0.0.{n}"))]);
            assert_eq!(lists.insert(row), n);
        }
        assert_eq!(show_id(10), "*A");
        assert_eq!(lists.resolve("*a"), Some(10));
        lists.remove(10).unwrap();
        assert_eq!(lists.resolve("*A"), None);
        let again = row(&lists, &[("list", "a"), ("address", "10.0.0.10")]);
        assert_eq!(lists.insert(again), 11);
    }

    #[test]
    fn the_index_follows_a_replaced_row() {
        let mut lists = table(ADDRESS_LIST);
        let id = lists.insert(row(&lists, &[("list", "a"), ("address", "10.0.0.1")]));
        lists.replace(id, row(&lists, &[("list", "a"), ("address", "10.0.0.2")]));
        assert_eq!(lists.find("10.0.0.1").count(), 0);
        assert_eq!(lists.find("10.0.0.2").collect::<Vec<_>>(), [id]);
    }

    #[test]
    fn a_binding_clashes_by_device_and_without_a_device_by_address() {
        let mut bindings = table(BINDING);
        bindings.insert(row(&bindings, &[("mac-address", "02:00:00:00:00:01")]));
        bindings.insert(row(&bindings, &[("address", "10.0.0.1")]));
        let clashes = |cells: &[(&str, &str)]| bindings.clashes(&row(&bindings, cells), None);
        assert!(clashes(&[("mac-address", "02:00:00:00:00:01"), ("address", "10.0.0.9")]));
        assert!(clashes(&[("address", "10.0.0.1")]));
        assert!(!clashes(&[("address", "10.0.0.2")]));
        assert!(!clashes(&[("mac-address", "02:00:00:00:00:02"), ("address", "10.0.0.1")]));
        assert!(!bindings.clashes(&row(&bindings, &[("address", "10.0.0.1")]), Some(2)));
    }
}
