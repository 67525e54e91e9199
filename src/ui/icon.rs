//! Icons of our own, drawn from one sprite that every page shares. They repeat what words next to them say, so screen
//! readers skip them.

use std::fmt;

use super::assets::SPRITE_LINK;

/// Declares the icons with the ids of their symbols in the sprite.
macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// A drawing of the sprite.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Icon {
            $($(#[$doc])* $name,)*
        }

        impl Icon {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

icons! {
    /// All is well.
    Good = "good",
    /// Somebody should look.
    Warn = "warn",
    /// Something is wrong.
    Bad = "bad",
    /// Neither.
    Plain = "plain",
    Home = "home",
    People = "people",
    Sell = "sell",
    Bill = "bill",
    More = "more",
    Payments = "payments",
    Drawer = "drawer",
    Package = "package",
    Reports = "reports",
    Router = "router",
    Audit = "audit",
    Backup = "backup",
    Admins = "admins",
    Settings = "settings",
    Account = "account",
    Search = "search",
    Device = "device",
    /// A code to scan.
    Qr = "qr",
    /// A wallet.
    Wallet = "wallet",
    /// A bank.
    Bank = "bank",
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (link, id) = (&*SPRITE_LINK, self.id());
        write!(f, "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{link}#{id}\"/></svg>")
    }
}

impl askama::filters::HtmlSafe for Icon {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_is_drawn_once_and_nothing_else_is() {
        let sprite = include_str!("../../assets/icons.svg");
        let drawn: Vec<&str> =
            sprite.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let named: Vec<&str> = Icon::ALL.iter().map(|icon| icon.id()).collect();
        assert_eq!(drawn, named);
        assert_eq!(sprite.matches("<symbol ").count(), drawn.len());
    }
}
