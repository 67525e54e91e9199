//! Shared by the customers' portal, the admins' console and the console of the relay's operators: language, formats of
//! amounts and dates, the layout of a page, forms, charts, and the files that every page links.
//!
//! | file | what it is |
//! |---|---|
//! | [`language`] | the languages of pages and messages |
//! | [`catalogue`] | how a catalogue of texts in both languages is declared |
//! | [`message`] | texts with facts, for people in every language and for programs
//! | [`locale`] | formats of amounts, dates and durations |
//! | [`layout`] | pages as answers: language, headers, problems as pages |
//! | [`desk`] | pages behind a log-in: what surrounds them, and what goes wrong beside them |
//! | [`login_page`], [`second_factor`], [`session_cookie`] | logging in, as pages see it |
//! | [`address`] | parameters and paths of pages' addresses |
//! | [`form`], [`field`] | submitted forms; fields as templates draw them |
//! | [`flash`] | what was typed and not yet done; what was done, shown once |
//! | [`refused`] | refused forms: what was typed and why, until a page has shown it |
//! | [`payment_methods`] | names of online payment methods |
//! | [`chart`] | bars of usage and money, as SVG |
//! | [`qr`] | QR codes, as SVG |
//! | [`icon`], [`badge`] | icons of the sprite; a state as a word with a sign and a colour |
//! | [`palette`] | the shades of a site's own colour |
//! | [`assets`] | the style sheet, the script and the drawings |

pub(crate) mod address;
pub(crate) mod assets;
pub(crate) mod badge;
pub(crate) mod catalogue;
pub(crate) mod chart;
pub(crate) mod desk;
pub(crate) mod field;
pub(crate) mod flash;
pub(crate) mod form;
pub(crate) mod icon;
pub mod language;
pub(crate) mod lapsed;
pub(crate) mod layout;
pub(crate) mod locale;
pub(crate) mod login_page;
pub mod message;
pub(crate) mod palette;
pub(crate) mod payment_methods;
pub(crate) mod qr;
pub(crate) mod refused;
pub(crate) mod second_factor;
pub(crate) mod session_cookie;

pub(crate) use badge::{Badge, Tone};
pub(crate) use form::Form;
pub(crate) use layout::{Frame, PageRequest, html};
pub(crate) use locale::Locale;
