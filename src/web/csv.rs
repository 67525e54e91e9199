//! Tables for spreadsheets: CSV as RFC 4180 has it, harmless to open.

use std::io::{self, Write};

/// Media type of the tables written here.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// What a spreadsheet takes for the beginning of a formula, the full-width signs too.
const FORMULA_STARTS: [char; 10] =
    ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// What makes a cell text.
const GUARD: char = '\'';

/// Whether a cell is guarded. One that begins with the guard itself is, so that taking guards off gives back exactly
/// what was written.
fn is_guarded(text: &str) -> bool {
    text.trim_start_matches(' ').starts_with(FORMULA_STARTS) || text.starts_with(GUARD)
}

/// A cell without the guard that [`record`] put before it.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD).filter(|text| is_guarded(text)).unwrap_or(cell)
}

/// Writes one record.
pub fn record<T: AsRef<str>>(out: &mut impl Write, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
    write_record(out, b",", cells)
}

/// What a table begins with that is opened in a spreadsheet of people: without it Excel takes letters for others.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes one record as spreadsheets expect it where decimals have a comma: between semicolons.
pub fn spreadsheet_record<T: AsRef<str>>(
    out: &mut impl Write,
    cells: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    write_record(out, b";", cells)
}

fn write_record<T: AsRef<str>>(
    out: &mut impl Write,
    separator: &[u8],
    cells: impl IntoIterator<Item = T>,
) -> io::Result<()> {
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            out.write_all(separator)?;
        }
        self::cell(out, cell.as_ref())?;
    }
    out.write_all(b"\r\n")
}

/// Text that people typed must not run in the program that opens the table: a quotation mark before it makes it text.
fn cell(out: &mut impl Write, text: &str) -> io::Result<()> {
    let guard = if is_guarded(text) { "'" } else { "" };
    if text.contains([',', ';', '"', '\r', '\n']) {
        write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_never_formulas() {
        let rows = [
            (vec!["a", "", "10000"], "a,,10000\r\n"),
            (vec!["a,b", "say \"x\"", "two\nlines"], "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"),
            (vec!["=1+1", "+62812", "-1", "@x"], "'=1+1,'+62812,'-1,'@x\r\n"),
            (vec!["=HYPERLINK(\"x\",\"y\")"], "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n"),
            (vec!["1-1", "Söhne"], "1-1,Söhne\r\n"),
            (
                vec!["\u{ff1d}1+1", "\u{ff0b}1", "\u{ff0d}1", "\u{ff20}x"],
                "'\u{ff1d}1+1,'\u{ff0b}1,'\u{ff0d}1,'\u{ff20}x\r\n",
            ),
            (vec!["'x", "'=1", " =1"], "''x,''=1,' =1\r\n"),
        ];
        for (cells, expected) in rows {
            let mut out = Vec::new();
            record(&mut out, cells).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn semicolons_separate_what_a_spreadsheet_opens() {
        let mut out = Vec::new();
        spreadsheet_record(&mut out, ["1,25", "a;b", "=1"]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"1,25\";\"a;b\";'=1\r\n");
    }

    #[test]
    fn guards_come_off_as_they_were_put_on() {
        for text in ["", "Budi", "=1", "'", "''", "'=1", "'Budi", "+62812", "\u{ff0b}62", " -1", "a'b"] {
            let mut out = Vec::new();
            cell(&mut out, text).unwrap();
            assert_eq!(unguarded(std::str::from_utf8(&out).unwrap()), text, "{text:?}");
        }
        assert_eq!(unguarded("'Budi"), "'Budi", "nobody guarded this");
    }
}
