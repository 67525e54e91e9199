//! Quick PINs: a cashier on a shared phone logs in again with six digits, where the same person logged in with the password
//! a while ago. Five wrong tries, and it takes the password again. Which browser knows whom is kept in memory, so after
//! a restart the password is asked for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::sessions::{Opened, open};
use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::identity::{hash, is_guessable};
use crate::store::Role;
use crate::ui::session_cookie::SessionCookie;
use crate::web::{Peer, Problem};

/// The cookie that names a browser on which somebody logged in with the password.
pub(crate) const BROWSER: SessionCookie = SessionCookie { name: "kuota_browser", lasts: LASTS };
/// How long a log-in with the password counts.
const LASTS: Duration = Duration::from_hours(12);
const TRIES: u8 = 5;
/// Log-ins remembered; the oldest is forgotten.
const REMEMBERED_MAX: usize = 256;
const PIN_DIGITS: usize = 6;
/// What is wrong with a PIN that is not taken.
pub(crate) const GUESSABLE: &str = "is among those that are tried first";

/// That somebody logged in with the password on a browser.
#[derive(Clone, Copy, Debug)]
struct Known {
    at: Duration,
    tries_left: u8,
}

/// Who logged in with the password on which browser.
#[derive(Debug, Default)]
pub(crate) struct QuickLogins(Mutex<BTreeMap<([u8; 32], String), Known>>);

impl QuickLogins {
    fn all(&self) -> MutexGuard<'_, BTreeMap<([u8; 32], String), Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The admin logged in with the password on that browser.
    pub fn note(&self, browser: [u8; 32], admin: &str, now: Duration) {
        let mut all = self.all();
        all.retain(|_, known| known.at + LASTS > now);
        if all.len() >= REMEMBERED_MAX {
            let oldest = all.iter().min_by_key(|(_, known)| known.at).map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                all.remove(&key);
            }
        }
        all.insert((browser, admin.to_owned()), Known { at: now, tries_left: TRIES });
    }

    /// Who may use a quick PIN on that browser.
    pub fn admins(&self, browser: [u8; 32], now: Duration) -> Vec<String> {
        let all = self.all();
        let here = all.iter().filter(|((of, _), known)| *of == browser && known.at + LASTS > now);
        here.map(|((_, admin), _)| admin.clone()).collect()
    }

    /// Takes one try before it is made; the last one that is wrong needs the password again.
    fn take_try(&self, browser: [u8; 32], admin: &str, now: Duration) -> bool {
        let (mut all, key) = (self.all(), (browser, admin.to_owned()));
        let Some(known) = all.get_mut(&key).filter(|known| known.at + LASTS > now) else { return false };
        known.tries_left -= 1;
        if known.tries_left == 0 {
            all.remove(&key);
        }
        true
    }

    /// A right PIN gives the tries back. One that was right at the last try counts, too.
    fn succeeded(&self, browser: [u8; 32], admin: &str, since: Duration) {
        self.all().insert((browser, admin.to_owned()), Known { at: since, tries_left: TRIES });
    }

    /// When that admin logged in with the password on that browser.
    fn since(&self, browser: [u8; 32], admin: &str) -> Option<Duration> {
        self.all().get(&(browser, admin.to_owned())).map(|known| known.at)
    }

    /// The admin's password, role or PIN is another one: only the password counts from here on.
    pub fn forget(&self, admin: &str) {
        self.all().retain(|(_, of), _| of != admin);
    }
}

/// Whether somebody with that role may have a quick PIN: whoever may do more than take money types the password.
pub(crate) fn may_have_quick_pin(role: Role) -> bool {
    role <= Role::Cashier
}

/// Sets an admin's own quick PIN; `None` removes it.
pub(crate) async fn set_quick_pin(app: &AppState, actor: Actor, pin: Option<String>) -> Result<(), Problem> {
    if !may_have_quick_pin(actor.role) {
        return Err(Problem::forbidden("role", "only cashiers and viewers have a quick PIN"));
    }
    let is_on = pin.is_some();
    let hash = match pin {
        Some(pin) if pin.len() != PIN_DIGITS || !pin.bytes().all(|digit| digit.is_ascii_digit()) => {
            return Err(Problem::invalid("pin", format!("has {PIN_DIGITS} digits")));
        }
        Some(pin) if is_guessable(&pin) => return Err(Problem::invalid("pin", GUESSABLE)),
        Some(pin) => Some(app.passwords.hash(pin).await?),
        None => None,
    };
    app.read(move |engine| {
        if !engine.store_mut().set_quick_pin(&actor.name, hash.as_deref())? {
            return Err(Problem::forbidden("no_admin", "only an admin's own session may do this"));
        }
        let detail = if is_on { "on" } else { "off" };
        Ok(engine.note(&actor, "admin.pin", &actor.name, detail.to_owned())?)
    })
    .await
}

/// Who may log in with a quick PIN on the browser with that secret.
pub(crate) async fn offered(app: &AppState, browser: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(browser) = browser else { return Ok(Vec::new()) };
    let known = app.quick.admins(hash(browser), app.site.clock.uptime());
    if known.is_empty() {
        return Ok(known);
    }
    app.read(move |engine: &mut Engine| {
        let mut offered = Vec::new();
        for admin in known {
            if engine.reader().quick_pin(&admin)?.is_some() {
                offered.push(admin);
            }
        }
        Ok(offered)
    })
    .await
}

/// Logs an admin in by the quick PIN. Wrong ones answer 401.
pub(crate) async fn log_in_by_pin(
    app: &AppState,
    peer: Peer,
    browser: &str,
    name: String,
    pin: String,
) -> Result<Opened, Problem> {
    let wrong = || Problem::unauthorized("the PIN is wrong, or the password is needed again");
    let (browser, now) = (hash(browser), app.site.clock.uptime());
    let since = app.quick.since(browser, &name).ok_or_else(wrong)?;
    if pin.len() > PIN_DIGITS || !app.quick.take_try(browser, &name, now) {
        return Err(wrong());
    }
    let asked = name.clone();
    let (admin, known) = app
        .read(move |engine| Ok((engine.reader().admin(&asked)?, engine.reader().quick_pin(&asked)?)))
        .await?;
    let is_right = app.passwords.check(pin, known).await?;
    let admin = admin.filter(|admin| is_right && may_have_quick_pin(admin.role));
    let Some(admin) = admin else {
        tracing::info!(admin = name, "a quick PIN was wrong");
        return Err(wrong());
    };
    app.quick.succeeded(browser, &name, since);
    open(app, peer, admin).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tries_or_twelve_hours_need_the_password_again() {
        let (logins, browser, hour) = (QuickLogins::default(), [1; 32], Duration::from_hours(1));
        assert!(!logins.take_try(browser, "siti", hour));
        logins.note(browser, "siti", hour);
        assert_eq!(logins.admins(browser, hour * 12), ["siti"]);
        assert!(logins.admins(browser, hour * 13).is_empty());
        assert!(logins.admins([2; 32], hour).is_empty(), "another browser");
        assert!((0..5).all(|_| logins.take_try(browser, "siti", hour)));
        assert!(!logins.take_try(browser, "siti", hour));
        logins.note(browser, "siti", hour * 2);
        assert!(!logins.take_try(browser, "budi", hour * 2), "somebody else");
        logins.forget("siti");
        assert!(!logins.take_try(browser, "siti", hour * 2));
    }

    #[test]
    fn a_right_pin_gives_the_tries_back_but_no_time() {
        let (logins, browser, hour) = (QuickLogins::default(), [1; 32], Duration::from_hours(1));
        logins.note(browser, "siti", hour);
        for _ in 0..3 {
            assert!((0..4).all(|_| logins.take_try(browser, "siti", hour * 5)));
            logins.succeeded(browser, "siti", logins.since(browser, "siti").unwrap());
        }
        assert!(logins.admins(browser, hour * 13).is_empty());
    }

    #[test]
    fn as_many_as_fit_are_remembered() {
        let logins = QuickLogins::default();
        for n in 0..400_u32 {
            let mut browser = [0; 32];
            browser[..4].copy_from_slice(&n.to_be_bytes());
            logins.note(browser, "siti", Duration::from_secs(u64::from(n)));
        }
        assert_eq!(logins.all().len(), REMEMBERED_MAX);
    }
}
