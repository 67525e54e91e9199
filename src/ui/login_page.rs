//! The log-in page: name and password, then a code, or how to make the first account.

use askama::Template;

use super::catalogue::words;
use super::layout::Frame;
use super::{Locale, PageRequest};

words! {
    /// Texts of logging in.
    LoginWords {
        log_in: "Masuk", "Log in";
        name: "Nama", "Name";
        password: "Kata sandi", "Password";
        log_in_again: "Masuk dengan nama lain", "Log in with another name";
        otp: "Kode 6 angka", "6-digit code";
        otp_title: "Kode verifikasi", "Verification code";
        otp_text: "Kata sandi benar. Masukkan kode dari aplikasi autentikator Anda.",
            "The password is right. Enter the code of your authenticator app.";
        wrong: "Nama, kata sandi atau kode salah.", "The name, the password or the code is wrong.";
    }
}

impl LoginWords {
    /// The texts in the reader's language.
    pub fn of_reader(locale: &Locale) -> &'static Self {
        Self::of(locale.language)
    }
}

/// How to make the first account, while there is none.
pub(crate) struct FirstAccount {
    /// The title.
    pub title: &'static str,
    /// What to do.
    pub text: &'static str,
    /// The command.
    pub command: &'static str,
}

/// What the page asks.
pub(crate) enum LoginStep {
    /// Name and password.
    Password {
        /// The title.
        title: &'static str,
        /// What was typed before.
        name: String,
    },
    /// The one-time code.
    Code,
}

#[derive(Template)]
#[template(path = "console/login.html")]
pub(crate) struct LoginPage {
    pub frame: Frame,
    pub words: &'static LoginWords,
    /// Where its form goes.
    pub action: &'static str,
    /// What its form carries unseen: names and values.
    pub carried: Vec<(&'static str, String)>,
    /// What was typed before; `None` where the code is asked.
    pub name: Option<String>,
    pub complaint: Option<&'static str>,
    /// What happened to the session before.
    pub notice: Option<&'static str>,
    pub first: Option<FirstAccount>,
    /// Another way in: its page and its name.
    pub other_way: Option<(&'static str, &'static str)>,
}

impl LoginPage {
    /// The page that asks this.
    pub fn new(page_request: &PageRequest, action: &'static str, step: LoginStep) -> Self {
        let words = LoginWords::of_reader(&page_request.locale);
        let (title, name) = match step {
            LoginStep::Password { title, name } => (title, Some(name)),
            LoginStep::Code => (words.otp_title, None),
        };
        let (frame, carried) = (page_request.frame(title), Vec::new());
        Self {
            frame,
            words,
            action,
            carried,
            name,
            complaint: None,
            notice: None,
            first: None,
            other_way: None,
        }
    }

    /// The same, which says how to make the first account instead.
    #[must_use]
    pub fn with_first(mut self, first: Option<FirstAccount>) -> Self {
        if let Some(first) = &first {
            first.title.clone_into(&mut self.frame.title);
        }
        Self { first, ..self }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::LoginWords::ALL);
    }
}
