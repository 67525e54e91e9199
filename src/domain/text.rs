//! Text as people paste it: chat programs, web pages and spreadsheets put marks into numbers and addresses that nobody
//! sees. Only values with a fixed form are read through here; names keep what was typed.

/// Marks that take no space: directions, joiners, byte order marks, soft hyphens.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

/// Hyphens and dashes other than the one of a keyboard.
const fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}')
}

/// The text that a person sees: without invisible marks, every dash as `-`, every run of white space as one space,
/// nothing around it.
pub fn visible(text: &str) -> String {
    let seen: String =
        text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_dash(c) { '-' } else { c }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same without what keeps a spreadsheet from reading a cell as a number or a formula: `'0812`, `="0812"`.
pub fn cell(text: &str) -> String {
    let text = visible(text);
    let quoted = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.or_else(|| text.strip_prefix('\'')).unwrap_or(&text).trim().to_owned()
}

/// What was typed, quoted for an error: short, and with nothing that a terminal would obey.
pub fn quoted(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut shown: String = text.chars().take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('\u{2026}');
    }
    format!("{shown:?}")
}

/// Whether a name that people read holds marks that turn the direction of text, by which one name can look like
/// another.
pub fn turns_direction(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_left_out() {
        let rows = [
            ("\u{202a}+62 812\u{2011}3456\u{202c}", "+62 812-3456"),
            ("0812\u{a0}3456", "0812 3456"),
            (" a\t b\u{200b} \u{feff}", "a b"),
            ("\u{2066}\u{2069}", ""),
        ];
        for (text, seen) in rows {
            assert_eq!(visible(text), seen, "{text:?}");
        }
        assert_eq!(cell("'+62"), "+62");
        assert_eq!(cell("=\"0812\""), "0812");
        assert_eq!(quoted("\u{1b}[1m"), "\"\\u{1b}[1m\"");
        assert!(turns_direction("a\u{202e}b") && !turns_direction("Zaïnab"));
    }
}
