//! What the customer's portal and the owner's desk share: language, amounts and dates as people write them, the
//! frame of a page, forms, plots, and the two files that every page links.
//!
//! | file | what it is |
//! |---|---|
//! | [`words`] | how a catalogue of texts in both languages is declared |
//! | [`locale`] | amounts, dates and durations as people read them |
//! | [`frame`] | answers that are pages: language, headers, problems as pages |
//! | [`form`] | what a browser's form sends |
//! | [`payment_methods`] | names of online payment methods |
//! | [`plot`] | bars of usage and money, as SVG |
//! | [`qr`] | QR codes, as SVG |
//! | [`store_notice`] | what pages say while the store cannot be written |
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

pub(crate) use form::Form;
pub(crate) use layout::{Frame, PageRequest, html};
pub(crate) use locale::Locale;
