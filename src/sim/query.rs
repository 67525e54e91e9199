//! Query words of a print: a stack of truths for every row.

use std::cmp::Ordering;

use super::menus::SimMenu;
use super::table::{MenuTable, Row, TableField};
use super::value::{Times, normal, parse_duration};

/// The query of one print.
#[derive(Debug, Default)]
pub(super) struct RowQuery {
    steps: Vec<QueryStep>,
}

#[derive(Debug)]
enum QueryStep {
    Present(TableField, bool),
    Compare(TableField, Ordering, String),
    Operate(Vec<QueryOperation>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QueryOperation {
    Not,
    And,
    Or,
    CopyTop,
    /// Pushes a copy of the value at this index.
    CopyAt(usize),
    /// Leaves only the value at this index.
    Keep(usize),
}

impl RowQuery {
    /// Reads query words, each with its question mark. `None` when one makes no sense.
    pub(super) fn parse<'a>(words: impl Iterator<Item = &'a str>, table: &MenuTable) -> Option<Self> {
        let steps = words.map(|word| parse_step(word.strip_prefix('?')?, table)).collect::<Option<_>>()?;
        Some(Self { steps })
    }

    /// Whether the query lets a row through: every value left on the stack is true.
    pub(super) fn accepts(&self, id: u64, row: &Row, times: Times) -> bool {
        let mut stack = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            match step {
                QueryStep::Present(field, wanted) => {
                    stack.push(row.show(id, *field, times).is_some() == *wanted);
                }
                QueryStep::Compare(field, wanted, text) => {
                    let shown = row.show(id, *field, times);
                    stack.push(shown.is_some_and(|shown| holds(&shown, *wanted, text)));
                }
                QueryStep::Operate(operations) => {
                    if operations.iter().any(|operation| operate(&mut stack, *operation).is_none()) {
                        return false;
                    }
                }
            }
        }
        stack.into_iter().all(|truth| truth)
    }
}

fn parse_step(word: &str, table: &MenuTable) -> Option<QueryStep> {
    if let Some(operations) = word.strip_prefix('#') {
        return parse_operations(operations).map(QueryStep::Operate);
    }
    if let Some(name) = word.strip_prefix('-') {
        return Some(QueryStep::Present(table.field(name), false));
    }
    let (ordering, rest) = match word.as_bytes().first()? {
        b'<' => (Ordering::Less, &word[1..]),
        b'>' => (Ordering::Greater, &word[1..]),
        b'=' => (Ordering::Equal, &word[1..]),
        _ => (Ordering::Equal, word),
    };
    match rest.split_once('=') {
        Some((name, text)) => {
            let field = table.field(name);
            Some(QueryStep::Compare(field, ordering, in_form(table.menu, field, text)))
        }
        None if rest.len() == word.len() => Some(QueryStep::Present(table.field(word), true)),
        None => None,
    }
}

fn in_form(menu: &SimMenu, field: TableField, text: &str) -> String {
    match field {
        TableField::Column(column) => normal(menu.columns[column].kind, text).into_owned(),
        TableField::Id => text.to_ascii_uppercase(),
        TableField::Unknown => text.to_owned(),
    }
}

fn parse_operations(text: &str) -> Option<Vec<QueryOperation>> {
    let mut operations = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            let index = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            operations.push(if rest.is_empty() {
                QueryOperation::Keep(index)
            } else {
                QueryOperation::CopyAt(index)
            });
            // A dot right after an index only ends it.
            rest = rest.strip_prefix('.').unwrap_or(rest);
            continue;
        }
        operations.push(match first {
            '!' => QueryOperation::Not,
            '&' => QueryOperation::And,
            '|' => QueryOperation::Or,
            '.' => QueryOperation::CopyTop,
            _ => return None,
        });
        rest = &rest[first.len_utf8()..];
    }
    Some(operations)
}

/// Applies one operation; `None` when the stack is too short for it.
fn operate(stack: &mut Vec<bool>, operation: QueryOperation) -> Option<()> {
    let at = |stack: &[bool], index: usize| {
        stack.len().checked_sub(1)?.checked_sub(index).map(|position| stack[position])
    };
    let value = match operation {
        QueryOperation::Not => !stack.pop()?,
        QueryOperation::And => {
            let (a, b) = (stack.pop()?, stack.pop()?);
            a && b
        }
        QueryOperation::Or => {
            let (a, b) = (stack.pop()?, stack.pop()?);
            a || b
        }
        QueryOperation::CopyTop => *stack.last()?,
        QueryOperation::CopyAt(index) => at(stack, index)?,
        QueryOperation::Keep(index) => {
            let kept = at(stack, index)?;
            stack.clear();
            kept
        }
    };
    stack.push(value);
    Some(())
}

fn holds(shown: &str, wanted: Ordering, text: &str) -> bool {
    match wanted {
        Ordering::Equal => shown == text,
        _ => compare(shown, text) == wanted,
    }
}

/// Numbers and durations compare by size, anything else as text.
fn compare(shown: &str, text: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (shown.parse::<u64>(), text.parse::<u64>()) {
        return a.cmp(&b);
    }
    if let (Some(a), Some(b)) = (parse_duration(shown), parse_duration(text)) {
        return a.cmp(&b);
    }
    shown.cmp(text)
}

#[cfg(test)]
mod tests {
    use super::super::menus::{ADDRESS_LIST, MENUS};
    use super::super::value::Value;
    use super::*;

    const TIMES: Times = Times { now: 0, epoch_ms: 0, old_dates: false };

    /// Addresses that a query lets through, out of three rows.
    fn accepted(words: &[&str]) -> Option<Vec<String>> {
        let mut table = MenuTable::new(MENUS.iter().find(|menu| menu.path == ADDRESS_LIST).unwrap());
        let rows = [
            ("a", "10.0.0.1", Some("kuota:x"), false),
            ("a", "10.0.0.2", None, true),
            ("b", "10.0.0.3", None, false),
        ];
        for (list, address, comment, disabled) in rows {
            let mut cells = vec![None; table.menu.columns.len()];
            let mut put = |name: &str, value| cells[table.menu.column(name).unwrap()] = Some(value);
            put("list", Value::Text(list.to_owned()));
            put("address", Value::Text(address.to_owned()));
            put("disabled", Value::Flag(disabled));
            if let Some(comment) = comment {
                put("comment", Value::Text(comment.to_owned()));
            }
            table.insert(Row { cells, volatile: false });
        }
        let query = RowQuery::parse(words.iter().copied(), &table)?;
        let through = table.rows().filter(|(id, row)| query.accepts(*id, row, TIMES));
        Some(through.map(|(_, row)| row.text(1).unwrap().rsplit('.').next().unwrap().to_owned()).collect())
    }

    #[test]
    fn the_query_words_of_the_manual() {
        let rows: [(&[&str], &[&str]); 16] = [
            (&[], &["1", "2", "3"]),
            (&["?comment"], &["1"]),
            (&["?-comment"], &["2", "3"]),
            (&["?list=a"], &["1", "2"]),
            (&["?=list=a"], &["1", "2"]),
            (&["?disabled=yes"], &["2"]),
            (&["?address=10.0.0.3/32"], &["3"]),
            (&["?>.id=*1"], &["2", "3"]),
            (&["?<address=10.0.0.2"], &["1"]),
            (&["?.id=*2"], &["2"]),
            (&["?list=a", "?disabled=false"], &["1"]),
            (&["?list=a", "?#!"], &["3"]),
            (&["?list=b", "?comment", "?#|"], &["1", "3"]),
            (&["?list=a", "?comment", "?#!&"], &["2"]),
            (&["?list=a", "?#.!", "?#|"], &["1", "2", "3"]),
            (&["?nonsense=1"], &[]),
        ];
        for (words, expected) in rows {
            assert_eq!(accepted(words).unwrap(), expected, "{words:?}");
        }
    }

    #[test]
    fn indexes_copy_or_keep() {
        // Stack, top first: disabled, list=a. Index 1 at the end keeps list=a alone.
        assert_eq!(accepted(&["?list=a", "?disabled=yes", "?#1"]).unwrap(), ["1", "2"]);
        // Copies list=a on top, negates the copy, or with disabled: false for row 1.
        assert_eq!(accepted(&["?list=a", "?disabled=yes", "?#1!|"]).unwrap(), ["2"]);
        assert_eq!(accepted(&["?list=a", "?disabled=yes", "?#1.|"]).unwrap(), ["1", "2"]);
    }

    #[test]
    fn nonsense_is_refused_and_a_short_stack_lets_nothing_through() {
        assert_eq!(accepted(&["?#x"]), None);
        assert_eq!(accepted(&["?<list"]), None);
        assert_eq!(accepted(&["?#&"]).unwrap(), Vec::<String>::new());
    }
}
