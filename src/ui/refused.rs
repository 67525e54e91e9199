//! Refused forms: why, and what was typed, kept in memory until the page that shows it is loaded. A browser is led to
//! that page by a redirect, so that going back or loading it again never sends the form again.
//!
//! What is kept is bounded, for each client and in all; a client that fills its own part takes nothing from others.
//! After a restart the form is empty.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use uuid::Uuid;

use super::form::Form;
use crate::tools::client_network::client_network;
use crate::web::{Peer, Problem, host_names};

/// The parameter of the page that shows a refusal.
const REFUSED: &str = "salah";
/// Refused forms of one client; its oldest makes room.
const CLIENT_REFUSALS_MAX: usize = 4;
/// Refused forms of all clients: those of every address of a network of 256. The oldest of the client with the most
/// makes room.
const REFUSALS_MAX: usize = 1024;
/// Bytes of one; of a longer one only status and code are kept.
const REFUSAL_BYTES_MAX: usize = 2048;

/// Refusals that the answer to the form shows itself: to somebody who is not let in, or to a page of somebody else,
/// which must not fill the memory either.
const SHOWN_AT_ONCE: [&str; 3] = ["network", host_names::FOREIGN_HOST, "cross_site"];

/// A form that was refused. As an extension of an answer to a form it says that a page shows it among its own content;
/// a refusal without it is shown as a page of its own.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// What was typed, without secrets.
    pub form: Form,
    /// Why it was refused.
    pub problem: Problem,
    /// The page that shows it: the form's own address, unless it is another.
    at: Option<String>,
    /// Whether that page shows it among its own content.
    is_in_form: bool,
}

impl Refused {
    /// A refusal that the page at the form's own address shows with what was typed.
    pub fn of(problem: Problem, form: &Form) -> Self {
        Self { form: form.without_secrets(), problem, at: None, is_in_form: true }
    }

    /// The same, shown by the page at another address of ours.
    #[must_use]
    pub fn at(self, page: impl Into<String>) -> Self {
        Self { at: Some(page.into()), ..self }
    }

    /// The page that shows it, as the answer to the form: programs get it as it is, browsers are led to it.
    pub fn answered_by(self, page: Response) -> Response {
        let mut page = self.shown_by(page);
        page.extensions_mut().insert(self);
        page
    }

    /// The page that shows it, with how long to wait where that is known.
    pub fn shown_by(&self, mut page: Response) -> Response {
        if let Some(seconds) = self.problem.seconds_to_wait() {
            page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        page
    }

    fn bytes(&self) -> usize {
        let form = self.form.0.iter().map(|(name, value)| name.len() + value.len());
        let fields = self.problem.errors().iter().map(|error| error.field.len() + error.message.len());
        form.chain(fields).sum::<usize>()
            + self.problem.detail().len()
            + self.at.as_ref().map_or(0, String::len)
    }

    /// The same, within its bounds.
    fn bounded(self) -> Self {
        if self.bytes() <= REFUSAL_BYTES_MAX {
            return self;
        }
        let problem =
            Problem::new(self.problem.status(), self.problem.code(), "what was sent is too long to be shown");
        Self { form: Form::default(), problem, at: None, ..self }
    }
}

/// Who sent a form, for the memory: an address, with the session of a browser that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormSender {
    /// `None` on the control socket.
    network: Option<IpAddr>,
    session: Option<String>,
}

impl FormSender {
    pub fn new(peer: Peer, session: Option<&str>) -> Self {
        let network = match peer {
            Peer::Network(address) => Some(client_network(address)),
            Peer::Local => None,
        };
        Self { network, session: session.map(str::to_owned) }
    }
}

struct Kept {
    sender: FormSender,
    key: String,
    refused: Arc<Refused>,
}

/// Refused forms of one face.
#[derive(Default)]
pub(crate) struct RefusedForms(Mutex<VecDeque<Kept>>);

impl RefusedForms {
    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<Kept>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the address of a page refers to, for the same client.
    pub fn find(&self, sender: &FormSender, uri: &Uri) -> Option<Arc<Refused>> {
        let key = key_of(uri)?;
        self.with(|all| {
            let mine = all.iter().find(|kept| kept.key == key && kept.sender == *sender);
            mine.map(|kept| Arc::clone(&kept.refused))
        })
    }

    /// The address to which an answer to a form leads a browser; `None` when the answer is to be shown itself.
    pub fn lead_on(&self, sender: &FormSender, uri: &Uri, answer: &Response) -> Option<String> {
        let extensions = answer.extensions();
        let of_page = |problem: &Problem| Refused {
            form: Form::default(),
            problem: problem.clone(),
            at: None,
            is_in_form: false,
        };
        let refused = extensions.get::<Refused>().cloned().or_else(|| extensions.get().map(of_page))?;
        if SHOWN_AT_ONCE.contains(&refused.problem.code()) {
            return None;
        }
        let refused = refused.bounded();
        let page = refused.at.clone().unwrap_or_else(|| own_address(uri));
        let and = if page.contains('?') { '&' } else { '?' };
        Some(format!("{page}{and}{REFUSED}={}", self.keep(sender, refused)))
    }

    fn keep(&self, sender: &FormSender, refused: Refused) -> String {
        let key = Uuid::new_v4().to_string();
        let kept = Kept { sender: sender.clone(), key: key.clone(), refused: Arc::new(refused) };
        self.with(|all| {
            let of_client = |kept: &Kept| kept.sender.network == sender.network;
            if all.iter().filter(|kept| of_client(kept)).count() >= CLIENT_REFUSALS_MAX {
                let oldest = all.iter().position(of_client);
                oldest.and_then(|at| all.remove(at));
            }
            if all.len() >= REFUSALS_MAX {
                let oldest = oldest_of_the_largest(all);
                oldest.and_then(|at| all.remove(at));
            }
            all.push_back(kept);
        });
        key
    }
}

impl Refused {
    /// The problem, where no page shows it among its own content.
    pub fn as_page(&self) -> Option<&Problem> {
        (!self.is_in_form).then_some(&self.problem)
    }
}

/// Whether an address names a refusal, known or forgotten.
pub(crate) fn names_refusal(uri: &Uri) -> bool {
    key_of(uri).is_some()
}

fn key_of(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == REFUSED).map(|(_, key)| key)
}

/// The address of a form without what an earlier refusal added. Two strokes at its begin would be another host.
fn own_address(uri: &Uri) -> String {
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    let pairs = uri.query().unwrap_or_default().split('&');
    let query: Vec<&str> =
        pairs.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(REFUSED)).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// Where the oldest refusal of the client with the most is; of clients with as many, the oldest of all.
fn oldest_of_the_largest(all: &VecDeque<Kept>) -> Option<usize> {
    let mut counts: BTreeMap<Option<IpAddr>, usize> = BTreeMap::new();
    for kept in all {
        *counts.entry(kept.sender.network).or_default() += 1;
    }
    let most = counts.values().max()?;
    all.iter().position(|kept| counts[&kept.sender.network] == *most)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn sender(n: u32, session: Option<&str>) -> FormSender {
        FormSender::new(Peer::Network(IpAddr::V4((0x0a00_0000 + n).into())), session)
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn refused(name: &str) -> Refused {
        let typed = [("name", name), ("password", "rahasia"), ("_token", "t")];
        let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Refused::of(Problem::invalid("name", "is taken"), &Form(typed.into()))
    }

    fn led_on(forms: &RefusedForms, sender: &FormSender, at: &str, refused: Refused) -> String {
        let page = refused.answered_by(().into_response());
        forms.lead_on(sender, &uri(at), &page).unwrap()
    }

    #[test]
    fn a_refusal_is_shown_to_its_own_sender_as_often_as_it_is_loaded_and_without_secrets() {
        let forms = RefusedForms::default();
        let owner = sender(1, Some("s"));
        let to = led_on(&forms, &owner, "/x?ke=/y", refused("Budi"));
        assert!(to.starts_with("/x?ke=/y&salah="), "{to}");
        for _ in 0..2 {
            let found = forms.find(&owner, &uri(&to)).unwrap();
            assert_eq!(found.form.text("name"), Some("Budi"));
            assert_eq!(found.form.0.len(), 1, "neither secrets nor tokens");
            assert!(found.as_page().is_none());
        }
        for other in [sender(2, Some("s")), sender(1, Some("t")), sender(1, None)] {
            assert!(forms.find(&other, &uri(&to)).is_none());
        }
        assert!(forms.find(&owner, &uri("/x?salah=")).is_none() && forms.find(&owner, &uri("/x")).is_none());
        // A second refusal of the same page replaces the key in its address.
        let again = led_on(&forms, &owner, &to, refused("Budi"));
        assert_eq!(again.matches("salah=").count(), 1, "{again}");
        let elsewhere = led_on(&forms, &owner, "/a/b", refused("Budi").at("/a?c=d"));
        assert!(elsewhere.starts_with("/a?c=d&salah="), "{elsewhere}");
        assert!(led_on(&forms, &owner, "//evil.example/x", refused("x")).starts_with("/evil.example/x?"));
    }

    #[test]
    fn a_refusal_without_a_form_is_a_page_and_a_stranger_is_answered_at_once() {
        let (forms, sender) = (RefusedForms::default(), sender(1, None));
        let gone = Problem::not_found("order").into_response();
        let to = forms.lead_on(&sender, &uri("/x/cek"), &gone).unwrap();
        let found = forms.find(&sender, &uri(&to)).unwrap();
        assert_eq!(found.as_page().unwrap().status(), 404);
        for code in SHOWN_AT_ONCE {
            let problem = Problem::forbidden(code, "x").into_response();
            assert_eq!(forms.lead_on(&sender, &uri("/x"), &problem), None, "{code}");
        }
        assert_eq!(forms.lead_on(&sender, &uri("/x"), &().into_response()), None, "a file, or what was done");
    }

    #[test]
    fn one_client_fills_its_own_part_and_many_take_from_the_largest() {
        let forms = RefusedForms::default();
        let honest = led_on(&forms, &sender(0, None), "/x", refused("Budi"));
        for n in 0..20 {
            led_on(&forms, &sender(1, Some(&n.to_string())), "/x", refused("x"));
        }
        assert_eq!(forms.with(|all| all.len()), 1 + CLIENT_REFUSALS_MAX);
        for n in 1..400 {
            for _ in 0..CLIENT_REFUSALS_MAX {
                led_on(&forms, &sender(n, None), "/x", refused("x"));
            }
        }
        assert_eq!(forms.with(|all| all.len()), REFUSALS_MAX);
        assert!(forms.find(&sender(0, None), &uri(&honest)).is_some());
    }

    #[test]
    fn what_is_kept_of_one_form_is_bounded() {
        let (forms, sender) = (RefusedForms::default(), sender(1, None));
        let long = "x".repeat(REFUSAL_BYTES_MAX + 1);
        let of_problem = Refused::of(Problem::conflict("taken", long.clone()), &Form::default());
        for refused in [refused(&long), of_problem, refused("x").at(long.clone())] {
            let status = refused.problem.status();
            let to = led_on(&forms, &sender, "/x", refused);
            let found = forms.find(&sender, &uri(&to)).unwrap();
            assert!(found.bytes() < 100 && found.problem.status() == status && to.len() < 100);
        }
    }
}
