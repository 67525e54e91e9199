//! QR codes as SVG: black on white in every theme, because cameras read inverted codes badly.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Empty modules around the code; readers need four.
const QUIET: usize = 4;

/// The QR code of a text; `title` describes it for screen readers. `None` for a text that is too long.
pub(crate) fn svg(text: &str, title: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let size = width + 2 * QUIET;
    let title = crate::web::html::escaped(title);
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let dark = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if dark > 0 {
                write!(path, "M{} {}h{dark}v1h-{dark}z", x + QUIET, y + QUIET)
                    .expect("a text takes every text");
            }
            x += dark.max(1);
        }
    }
    Some(format!(
        "<svg viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{title}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

/// The QR code of a text for a terminal, two rows of it in each line; dark on light whatever the terminal's colours.
/// `None` for a text that is too long.
pub(crate) fn terminal(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let edge = i64::try_from(QUIET / 2).ok()?;
    let size = i64::try_from(width).ok()?;
    let is_dark = |x: i64, y: i64| {
        let at = |n: i64| usize::try_from(n).ok().filter(|n| *n < width);
        at(x).zip(at(y)).is_some_and(|(x, y)| colors[y * width + x] == Color::Dark)
    };
    let mut out = String::new();
    for y in (-edge..size + edge).step_by(2) {
        out.push_str("\u{1b}[30;107m");
        for x in -edge..size + edge {
            out.push(match (is_dark(x, y), is_dark(x, y + 1)) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (false, false) => ' ',
            });
        }
        out.push_str("\u{1b}[0m\n");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_small_and_has_a_quiet_edge() {
        let text = "0".repeat(300);
        let svg = svg(&text, "QRIS \"<b>\"").unwrap();
        assert!(svg.len() < 20_000 && !svg.contains("<b>"), "{}", svg.len());
        assert!(!svg.contains("M0 ") && !svg.contains("M3 "));
        assert!(super::svg(&"x".repeat(8000), "x").is_none());
    }
}
