//! The style sheet, the script and the drawings of every page: compiled in, with a hash of their content in their names, so
//! that browsers cache them until they change.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::palette;
use crate::settings::Colour;

const ICON: &str = include_str!("../../assets/kuota.svg");
const SPRITE: &str = include_str!("../../assets/icons.svg");
/// The colour of a site that has none of its own. The style sheet has its shades.
pub(crate) const COLOUR: Colour = Colour([0x0b, 0x6a, 0x4f]);
/// A year: a file with other content has another name.
const KEPT: &str = "public, max-age=31536000, immutable";

static STYLE: LazyLock<String> = LazyLock::new(|| tight(&squeezed(include_str!("../../assets/kuota.css"))));
static DESK_STYLE: LazyLock<String> =
    LazyLock::new(|| tight(&squeezed(include_str!("../../assets/desk.css"))));
static SCRIPT: LazyLock<String> = LazyLock::new(|| squeezed(include_str!("../../assets/kuota.js")));
/// The address of the icons, which are the same at every site.
pub(crate) static SPRITE_LINK: LazyLock<String> = LazyLock::new(|| named("icons.svg", SPRITE));

/// The files of a site's pages.
pub(crate) struct Assets {
    style: Bytes,
    icon: Bytes,
    /// Links of every page, with names that change with the content.
    pub links: Links,
}

/// Links of every page.
pub(crate) struct Links {
    /// The style sheet.
    pub style: String,
    /// What pages behind a log-in have in addition.
    pub desk_style: String,
    /// The script.
    pub script: String,
    /// The icon of a tab.
    pub icon: String,
}

/// A style sheet or a script without what only its authors read: comments on lines of their own, and indentation.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        let begins = line.starts_with("/*");
        if !(is_comment || begins || line.starts_with("//") || line.is_empty()) {
            out.push_str(line);
            out.push('\n');
        }
        is_comment = (is_comment || begins) && !line.ends_with("*/");
    }
    out
}

/// A style sheet without the spaces that mean nothing. Texts in quotes stay as they are.
fn tight(style: &str) -> String {
    let loose = [(": ", ":"), ("; ", ";"), (" { ", "{"), (" {", "{"), (" }", "}"), (", ", ","), (";}", "}")];
    let parts = style.split('"').enumerate().map(|(no, part)| match no % 2 {
        0 => loose.iter().fold(part.to_owned(), |text, (from, to)| text.replace(from, to)),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("\"")
}

fn named(file: &str, content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    format!("/assets/{file}?v={}", HEXLOWER.encode(&hash[..4]))
}

fn file(kind: &'static str, content: Bytes) -> MethodRouter<()> {
    get(async move || ([(CONTENT_TYPE, kind), (CACHE_CONTROL, KEPT)], content).into_response())
}

impl Assets {
    /// The files in that colour.
    pub fn of(colour: Colour) -> Arc<Self> {
        let own = if colour == COLOUR { String::new() } else { palette::css(colour) };
        let style = format!("{}{own}", *STYLE);
        let icon = ICON.replace(&COLOUR.to_string(), &colour.to_string());
        let links = Links {
            style: named("kuota.css", &style),
            desk_style: named("desk.css", &DESK_STYLE),
            script: named("kuota.js", &SCRIPT),
            icon: named("kuota.svg", &icon),
        };
        Arc::new(Self { style: style.into(), icon: icon.into(), links })
    }

    /// The files.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let icon = || file("image/svg+xml", self.icon.clone());
        Router::new()
            .route("/assets/kuota.css", file("text/css; charset=utf-8", self.style.clone()))
            .route("/assets/desk.css", file("text/css; charset=utf-8", DESK_STYLE.as_str().into()))
            .route("/assets/kuota.js", file("text/javascript; charset=utf-8", SCRIPT.as_str().into()))
            .route("/assets/icons.svg", file("image/svg+xml", Bytes::from_static(SPRITE.as_bytes())))
            .route("/assets/kuota.svg", icon())
            // Browsers request it by themselves, and log an error in their console without it.
            .route("/favicon.ico", icon())
            .with_state(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_colour_is_another_style_sheet_and_another_icon() {
        let (ours, theirs) = (Assets::of(COLOUR), Assets::of(Colour([0x1d, 0x4e, 0xd8])));
        assert_eq!(ours.style, STYLE.as_str());
        assert!(ICON.contains(&COLOUR.to_string()), "the icon has the colour");
        assert!(STYLE.contains(&format!("--accent:{COLOUR};")), "the style sheet has its shades");
        assert!(theirs.style.ends_with(palette::css(Colour([0x1d, 0x4e, 0xd8])).as_bytes()));
        assert!(ours.links.style != theirs.links.style && ours.links.icon != theirs.links.icon);
        assert_eq!(ours.links.script, theirs.links.script);
    }

    #[test]
    fn only_what_authors_read_is_left_out() {
        let text = "/* one\n   two */\n.a { b: c; }\n\n  /* three */\n  .d { e: \"/*\"; } /* f */\n// g\nh(); // i\n";
        assert_eq!(squeezed(text), ".a { b: c; }\n.d { e: \"/*\"; } /* f */\nh(); // i\n");
        let style = ".a, .b { c: d; e: f; }\n.g::before { content: \"h: \" attr(i) \", { } \"; }\n@media (j: 1px) {\n}\n";
        let tightened =
            ".a,.b{c:d;e:f}\n.g::before{content:\"h: \" attr(i) \", { } \"}\n@media (j:1px){\n}\n";
        assert_eq!(tight(style), tightened);
        for style in [include_str!("../../assets/kuota.css"), include_str!("../../assets/desk.css")] {
            // A text in quotes is told from the rest by its quotes.
            assert!(squeezed(style).lines().all(|line| line.matches('"').count().is_multiple_of(2)));
            assert!(!squeezed(style).contains('\''));
        }
        // A line of a text over several lines may not be taken for a comment.
        let script = include_str!("../../assets/kuota.js");
        assert!(script.lines().all(|line| line.matches('`').count().is_multiple_of(2)));
        let style = include_str!("../../assets/kuota.css");
        assert_eq!(style.matches('{').count(), STYLE.matches('{').count(), "no rule is lost");
        assert!(STYLE.contains(".card{") && SCRIPT.contains("function dress(") && !STYLE.contains("/*"));
    }
}
