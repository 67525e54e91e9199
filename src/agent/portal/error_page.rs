//! Error pages: the stable codes of problems as texts for customers, with the next step.

use askama::Template;
use axum::response::Response;

use super::contact::Contact;
use super::texts::{ErrorWords, Words};
use crate::agent::engine::{ADDRESS_SHARED, DEVICE_GONE};
use crate::ui::layout;
use crate::ui::layout::page_with;
use crate::ui::{Frame, PageRequest};
use crate::web::{Problem, host_names};

#[derive(Template)]
#[template(path = "portal/error.html")]
struct Sorry<'a> {
    frame: Frame,
    words: &'static Words,
    text: &'static str,
    /// The next step: path and label.
    action: Option<(&'static str, &'static str)>,
    contact: Option<&'a Contact>,
}

/// A problem as a page.
pub(super) fn page(
    page_request: &PageRequest,
    problem: &Problem,
    contact: Option<&Contact>,
) -> Result<Response, Problem> {
    let language = page_request.locale.language;
    let Some(text) = text(ErrorWords::of(language), problem) else {
        return layout::complain(page_request, problem);
    };
    let words = Words::of(language);
    let title = ErrorWords::of(language).title;
    let action = action(words, problem.code());
    page_with(problem.status(), &Sorry { frame: page_request.frame(title), words, text, action, contact })
}

/// The text of a problem for a customer; `None` where the layout's own text is good enough.
pub(super) fn text(words: &ErrorWords, problem: &Problem) -> Option<&'static str> {
    Some(match problem.code() {
        "settle_first" => words.settle_first,
        "debt_overdue" => words.debt_overdue,
        "owes_while_unlimited" => words.owes_while_unlimited,
        "blocked" => words.blocked,
        "inactive" => words.inactive,
        "not_on_sale" => words.not_on_sale,
        "nothing_owed" => words.nothing_owed,
        "already_paid" => words.already_paid,
        "pays_too_much" => words.pays_too_much,
        "no_price" | "nothing_to_pay" => words.no_price,
        "order_paid" => words.order_paid,
        "order_open" => words.order_open,
        "order_superseded" | "request_abandoned" => words.superseded,
        "not_open" | "not_online" => words.not_open,
        "relay_unreachable" => words.relay_unreachable,
        "method_unavailable" => words.method,
        "form_token" | "cross_site" | "idempotency_conflict" => words.stale_form,
        "network" => words.network,
        ADDRESS_SHARED => words.address_shared,
        DEVICE_GONE => words.device_gone,
        host_names::FOREIGN_HOST => words.foreign_host,
        "router_unreachable" | "router_login_refused" | "router_failed" => words.router,
        "timeout" => words.timeout,
        "store_full" | "store_read_only" | "store_busy" | "store_damaged" | "updating" | "site_passive"
        | "site_fenced" => words.not_recorded,
        code if code.starts_with("gateway_") => words.gateway,
        _ => match problem.status().as_u16() {
            400 | 413 | 415 | 422 => words.unreadable,
            404 | 405 | 429 | 500.. => return None,
            _ => words.refused,
        },
    })
}

/// The next step for a problem: path and label.
fn action(words: &Words, code: &str) -> Option<(&'static str, &'static str)> {
    match code {
        "settle_first" | "debt_overdue" | "owes_while_unlimited" | "pays_too_much" => {
            Some(("/lunasi", words.pay_bill))
        }
        "not_on_sale" => Some(("/beli", words.buy)),
        ADDRESS_SHARED | DEVICE_GONE => Some(("/", words.retry)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::Language;

    #[test]
    fn no_refusal_is_told_in_the_words_of_programs() {
        let words = ErrorWords::of(Language::Indonesian);
        for code in ["settle_first", "relay_unreachable", "gateway_busy", "never heard of"] {
            let problem = Problem::conflict(
                Box::leak(code.to_owned().into_boxed_str()),
                "the relay cannot be reached: connection refused",
            );
            let text = text(words, &problem).unwrap();
            assert!(!text.contains("relay") && !text.contains("refused"), "{text}");
        }
    }
}
