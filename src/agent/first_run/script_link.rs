//! The address from which the router fetches its script. The script has the password of the agent's user, so the address is
//! good once, for a short time, and for the router alone.

use std::time::Duration;

use crate::identity::new_token;
use crate::web::Problem;

use super::gate::is_same;

/// How long it is good.
const LASTS: Duration = Duration::from_mins(15);
/// Below this the page shows a fresh one.
const LEFT_MIN: Duration = Duration::from_mins(2);
/// Characters of its secret part: 128 bits, and short enough for a QR code that a phone reads from a screen.
const TOKEN_CHARS: usize = 32;

/// One address. In memory only: after a restart the page shows another one.
#[derive(Default)]
pub(super) struct ScriptLink(Option<(String, Duration)>);

impl ScriptLink {
    /// The secret part of the address, the same while it is good and unused.
    pub fn token(&mut self, now: Duration) -> Result<String, Problem> {
        if let Some((token, until)) = &self.0
            && now + LEFT_MIN < *until
        {
            return Ok(token.clone());
        }
        let token = new_token()?;
        let token = token.get(token.len().saturating_sub(TOKEN_CHARS)..).unwrap_or_default().to_owned();
        self.0 = Some((token.clone(), now + LASTS));
        Ok(token)
    }

    /// Whether this is the secret part.
    pub fn is_good(&self, token: &str, now: Duration) -> bool {
        self.0.as_ref().is_some_and(|(good, until)| now < *until && is_same(good, token))
    }

    /// It was used.
    pub fn end(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_good_once_and_for_a_quarter_of_an_hour() {
        let at = |seconds| Duration::from_secs(seconds);
        let mut link = ScriptLink::default();
        assert!(!link.is_good("", at(0)));
        let token = link.token(at(10)).unwrap();
        assert_eq!((token.len(), link.token(at(600)).unwrap() == token), (TOKEN_CHARS, true));
        assert!(
            link.is_good(&token, at(909)) && !link.is_good(&token, at(910)) && !link.is_good("x", at(20))
        );
        assert_ne!(link.token(at(800)).unwrap(), token, "the page shows one that lasts");
        assert!(!link.is_good(&token, at(800)));
        link.end();
        assert!(!link.is_good(&token, at(20)));
    }
}
