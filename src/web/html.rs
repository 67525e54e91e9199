//! Text into pages: escaped, always.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// `text` as it may stand in an element or a quoted attribute: what people typed is never markup.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A whole page in Indonesian with the one style sheet, `body` being markup already.
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"id\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head><body>{body}</body></html>",
        escaped(title)
    )
}

/// Nothing but our own style sheet: no script, no frame, no form.
pub const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The one style sheet.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;\
    color:#222;background:#fff}h1{font-size:1.3rem}h2{font-size:1rem;margin-top:2rem}table{border-collapse:collapse;\
    width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd;font-weight:normal;\
    vertical-align:top;overflow-wrap:anywhere}td.n{text-align:right}.muted{color:#666}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#333}.muted{color:#999}}";

/// `GET /style.css` of every listener with pages.
pub async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}
