//! Tables in text: every encoding, separator and line end that spreadsheets write.

/// Windows-1252 from 0x80 to 0x9F; the rest is Latin-1. Undefined bytes are `None`.
const WINDOWS_1252: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// One record with the line it begins on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CsvRecord {
    pub line: usize,
    pub cells: Vec<String>,
}

/// The text of a file, and notes for people about how it was read.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        text.map(|text| (text, Vec::new()))
            .ok_or_else(|| "begins as UTF-16 and is broken; save it again".to_owned())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a byte order mark: the headings are ASCII, so every second byte of them is zero.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, first, ..] if *first != 0 => utf16(bytes, u16::from_be_bytes),
        _ if bytes.contains(&0) => Err("holds zero bytes and is no text; save it as CSV".to_owned()),
        _ => utf8(bytes).map_or_else(|| latin(bytes), Ok),
    }
}

fn utf8(bytes: &[u8]) -> Option<(String, Vec<String>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some((text.trim_start_matches('\u{feff}').to_owned(), Vec::new()))
}

fn latin(bytes: &[u8]) -> Result<(String, Vec<String>), String> {
    let text: Option<String> = bytes.iter().map(|byte| windows_1252(*byte)).collect();
    let text = text.ok_or("is neither UTF-8 nor Windows-1252; save it as CSV UTF-8")?;
    Ok((text, vec!["the file is not UTF-8 and was read as Windows-1252".to_owned()]))
}

fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => Some(char::from(byte)),
    }
}

/// The separator: named by the first line (`sep=;`), else the most frequent one in the headings. Spreadsheets set to
/// Indonesian write semicolons.
fn separator(content: &str) -> (char, usize) {
    let first = content.split(['\n', '\r']).next().unwrap_or_default();
    let said = first.trim_matches(' ').trim_matches('"').strip_prefix("sep=");
    let mut said = said.into_iter().flat_map(str::chars);
    if let (Some(separator), None) = (said.next(), said.next()) {
        return (separator, first.len());
    }
    let count = |separator: &char| first.matches(*separator).count();
    // Of equal counts the last one wins: the comma, also when the headings have no separator.
    let separator = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
    (separator, 0)
}

/// Parses CSV (RFC 4180) with any separator and line end; also returns errors, such as an unclosed quotation mark, by
/// line.
pub(super) fn records(content: &str) -> (std::vec::IntoIter<CsvRecord>, Vec<(usize, String)>) {
    let (separator, skipped) = separator(content);
    // A line that names the separator is not a record.
    let line = if skipped > 0 { 2 } else { 1 };
    let rest = &content[skipped..];
    let after =
        ["\r\n", "\n", "\r"].into_iter().find_map(|end| rest.strip_prefix(end)).filter(|_| skipped > 0);
    let mut reader = RecordReader { separator, line, begun: line, ..RecordReader::default() };
    let mut chars = after.unwrap_or(rest).chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if reader.read(c, next) {
            chars.next();
        }
    }
    reader.end()
}

#[derive(Default)]
struct RecordReader {
    separator: char,
    line: usize,
    begun: usize,
    is_quoted: bool,
    cell: String,
    cells: Vec<String>,
    records: Vec<CsvRecord>,
}

impl RecordReader {
    /// Processes one character; returns whether it consumed the next one too.
    fn read(&mut self, c: char, next: Option<char>) -> bool {
        match c {
            '"' if self.is_quoted && next == Some('"') => {
                self.cell.push('"');
                return true;
            }
            '"' if self.is_quoted => self.is_quoted = false,
            '"' if self.cell.trim().is_empty() => {
                self.cell.clear();
                self.is_quoted = true;
            }
            c if c == self.separator && !self.is_quoted => self.cells.push(std::mem::take(&mut self.cell)),
            '\r' | '\n' => {
                let is_pair = c == '\r' && next == Some('\n');
                self.line += 1;
                if self.is_quoted {
                    self.cell.push('\n');
                } else {
                    self.end_record();
                }
                return is_pair;
            }
            c => self.cell.push(c),
        }
        false
    }

    fn end_record(&mut self) {
        self.cells.push(std::mem::take(&mut self.cell));
        self.records.push(CsvRecord { line: self.begun, cells: std::mem::take(&mut self.cells) });
        self.begun = self.line;
    }

    fn end(mut self) -> (std::vec::IntoIter<CsvRecord>, Vec<(usize, String)>) {
        if self.is_quoted {
            let why = "a quotation mark is opened and never closed".to_owned();
            return (Vec::new().into_iter(), vec![(self.begun, why)]);
        }
        if !self.cell.is_empty() || !self.cells.is_empty() {
            self.end_record();
        }
        (self.records.into_iter(), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_spreadsheets_is_read() {
        let text = "name;phone\r\nJosé;0812\r\n";
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let marked = format!("{}{text}", if mark { "\u{feff}" } else { "" });
            marked.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            utf16(false, true),
            utf16(true, true),
            utf16(false, false),
            utf16(true, false),
            latin,
        ] {
            assert_eq!(decode(&bytes).unwrap().0, text, "{bytes:?}");
        }
        assert_eq!(decode(b"name\n\x93x\x94").unwrap().0, "name\n“x”");
        for bytes in [&b"a\x81"[..], b"ab\0c", b"\xff\xfea", b"\xff\xfe\x00\xd8"] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }
}
