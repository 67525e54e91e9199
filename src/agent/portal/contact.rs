//! The owner's contact for customers: a link if it is a phone number.

use crate::domain::phone;

/// The owner's contact as shown, with its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    /// As configured.
    pub text: String,
    /// A chat or a call; `None` if it is not a phone number.
    pub link: Option<String>,
}

/// Reads `portal.contact`; `None` if it is empty.
pub(super) fn contact(text: &str) -> Option<Contact> {
    let text = text.trim();
    // An Indonesian mobile number has a chat; any other number can be called.
    let link = phone::e164(text).map(|number| match number.strip_prefix("+628") {
        Some(_) => format!("https://wa.me/{}", &number[1..]),
        None => format!("tel:{number}"),
    });
    (!text.is_empty()).then(|| Contact { text: text.to_owned(), link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_is_a_chat_another_number_a_call_and_a_text_a_text() {
        let rows = [
            ("0812-3456-7890", Some("https://wa.me/6281234567890")),
            ("+62 812 3456 7890", Some("https://wa.me/6281234567890")),
            ("021 555 0100", Some("tel:+62215550100")),
            ("Pak Budi, warung depan", None),
        ];
        for (text, link) in rows {
            assert_eq!(contact(text).unwrap().link.as_deref(), link, "{text}");
        }
        assert_eq!(contact(" "), None);
    }
}
