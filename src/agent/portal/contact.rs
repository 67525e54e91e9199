//! The owner's contact for customers: links if it is a phone number.

use crate::domain::phone;

/// The owner's contact as shown, with its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    /// As configured.
    pub text: String,
    /// A chat or a call; `None` if it is not a phone number.
    pub link: Option<String>,
    /// A call, where the first link is a chat.
    pub call: Option<String>,
    /// A text message, where the first link is a chat: without internet a chat does not open.
    pub sms: Option<String>,
}

/// Reads `portal.contact`; `None` if it is empty.
pub(super) fn contact(text: &str) -> Option<Contact> {
    let text = text.trim();
    // An Indonesian mobile number has a chat; any other number can be called.
    let number = phone::e164(text);
    let mobile = number.as_ref().filter(|number| number.starts_with("+628"));
    let chat = mobile.map(|number| format!("https://wa.me/{}", &number[1..]));
    let call = number.as_ref().map(|number| format!("tel:{number}"));
    let sms = mobile.map(|number| format!("sms:{number}"));
    let (link, call) = if chat.is_some() { (chat, call) } else { (call, None) };
    (!text.is_empty()).then(|| Contact { text: text.to_owned(), link, call, sms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_is_a_chat_another_number_a_call_and_a_text_a_text() {
        let mobile =
            (Some("https://wa.me/6281234567890"), Some("tel:+6281234567890"), Some("sms:+6281234567890"));
        let rows = [
            ("0812-3456-7890", mobile),
            ("+62 812 3456 7890", mobile),
            ("021 555 0100", (Some("tel:+62215550100"), None, None)),
            ("Pak Budi, warung depan", (None, None, None)),
        ];
        for (text, links) in rows {
            let found = contact(text).unwrap();
            assert_eq!((found.link.as_deref(), found.call.as_deref(), found.sms.as_deref()), links, "{text}");
        }
        assert_eq!(contact(" "), None);
    }
}
