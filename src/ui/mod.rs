//! Shared by the customer portal and the admin console: language, formats of amounts and dates, the layout of a page,
//! forms, charts, and the two files that every page links.
//!
//! | file | what it is |
//! |---|---|
//! | [`language`] | the languages of pages and messages |
//! | [`catalogue`] | how a catalogue of texts in both languages is declared |
//! | [`locale`] | formats of amounts, dates and durations |
//! | [`layout`] | pages as answers: language, headers, problems as pages |
//! | [`form`] | submitted forms |
//! | [`refused`] | refused forms: what was typed and why, until a page has shown it |
//! | [`payment_methods`] | names of online payment methods |
//! | [`chart`] | bars of usage and money, as SVG |
//! | [`qr`] | QR codes, as SVG |
//! | [`assets`] | the style sheet and the script |

pub(crate) mod assets;
pub(crate) mod catalogue;
pub(crate) mod chart;
pub(crate) mod form;
pub mod language;
pub(crate) mod layout;
pub(crate) mod locale;
pub(crate) mod payment_methods;
pub(crate) mod qr;
pub(crate) mod refused;

pub(crate) use form::Form;
pub(crate) use layout::{Frame, PageRequest, html};
pub(crate) use locale::Locale;
