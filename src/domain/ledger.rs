//! The ledger: immutable entries, the balances that are their fold, and the chain that makes tampering show.

use sha2::{Digest, Sha256};

use super::id::{DebtId, OrderId, UserId};
use super::units::{Bytes, Rupiah, Timestamp};

/// Which of a user's two books an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// The quota account: credits give quota, debits take it.
    Quota,
    /// Debt items: debits are what the user was granted on trust, credits what was paid or forgiven.
    Debt,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name used in the store, the API and logs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value with that stable name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == name)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let name = std::borrow::Cow::<str>::deserialize(d)?;
                Self::from_name(&name)
                    .ok_or_else(|| serde::de::Error::custom(format!("\"{name}\" is not one of {}", [$($text),+].join(", "))))
            }
        }
    };
}
pub(super) use named;

named! {
    /// The role of an amount. Amounts are unsigned.
    Side {
        /// Gives quota, or lowers a debt.
        Credit = "credit",
        /// Takes quota, or raises a debt.
        Debit = "debit",
    }
}

named! {
    /// Why an entry was made.
    Kind {
        /// Metered usage, sealed from the open row.
        Usage = "usage",
        /// A package was bought.
        Purchase = "purchase",
        /// Quota was given without payment.
        Grant = "grant",
        /// Quota was given on credit, together with a debt item.
        Advance = "advance",
        /// Overage was paid for.
        OveragePaid = "overage_paid",
        /// A payment covered bytes that were no longer owed: they became quota.
        Surplus = "surplus",
        /// The owner corrected a mistake.
        Correction = "correction",
        /// The end of a period: brings the quota account to zero, forgiving overage or forfeiting quota.
        Closing = "closing",
        /// A debt item came into being.
        DebtGranted = "debt_granted",
        /// A debt item was paid, whole or in part.
        DebtPaid = "debt_paid",
        /// The owner forgave what was left of a debt item.
        WrittenOff = "written_off",
        /// Money went back: quota that its order had given is taken.
        Reversal = "reversal",
        /// Money went back: a debt item that its order had paid is owed again.
        DebtReopened = "debt_reopened",
    }
}

impl Kind {
    /// The book that entries of this kind belong to.
    pub const fn book(self) -> Book {
        match self {
            Self::DebtGranted | Self::DebtPaid | Self::WrittenOff | Self::DebtReopened => Book::Debt,
            Self::Usage
            | Self::Purchase
            | Self::Grant
            | Self::Advance
            | Self::OveragePaid
            | Self::Surplus
            | Self::Correction
            | Self::Closing
            | Self::Reversal => Book::Quota,
        }
    }
}

/// One immutable line, as the rules make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Why.
    pub kind: Kind,
    /// Role of the amount.
    pub side: Side,
    /// How much. Zero only where a line records money or an event alone: unlimited plans, closings of an even
    /// account, payments too small for a byte.
    pub amount: Bytes,
    /// Money that this line records: a price paid, or the price of a debt item.
    pub amount_rp: Option<Rupiah>,
    /// The debt item concerned.
    pub debt: Option<DebtId>,
    /// The order that caused it.
    pub order: Option<OrderId>,
    /// For people: reason or name of what was sold.
    pub note: String,
}

impl Entry {
    /// An entry with no money, debt, order or note.
    pub fn new(kind: Kind, side: Side, amount: Bytes) -> Self {
        Self { kind, side, amount, amount_rp: None, debt: None, order: None, note: String::new() }
    }

    /// The same entry with a note for people.
    #[must_use]
    pub fn noted(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Position in the store's one chain, from 1 without gaps.
    pub seq: u64,
    /// Whose.
    pub user: UserId,
    /// When it was committed.
    pub at: Timestamp,
    /// Who caused it: an admin's name, or the daemon.
    pub actor: String,
    /// The event it came from.
    pub event: String,
    /// The line itself.
    pub entry: Entry,
}

/// A link of the chain: SHA-256.
pub type Hash = [u8; 32];

/// What the first entry links to.
pub const CHAIN_START: Hash = [0; 32];

/// The fields of an entry that its link covers, borrowed: a proof of millions of entries copies none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkFields<'a> {
    /// Position in the chain.
    pub seq: u64,
    /// Whose.
    pub user: UserId,
    /// When it was committed.
    pub at: Timestamp,
    /// Why.
    pub kind: Kind,
    /// Role of the amount.
    pub side: Side,
    /// How much.
    pub amount: Bytes,
    /// Money that the entry records.
    pub amount_rp: Option<Rupiah>,
    /// The debt item concerned.
    pub debt: Option<DebtId>,
    /// The order that caused it.
    pub order: Option<&'a str>,
    /// For people.
    pub note: &'a str,
    /// Who caused it.
    pub actor: &'a str,
    /// The event it came from.
    pub event: &'a str,
}

impl LinkFields<'_> {
    /// The link of this entry: SHA-256 over the previous link and every field, each with its length before it, so
    /// that no two different lines read the same.
    pub fn link(&self, previous: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(previous);
        self.each_part(|part| hash.update(part));
        hash.finalize().into()
    }

    /// The same with a buffer that many entries share: the parts are put together there and hashed at once, which
    /// takes less time than hashing one after the other.
    pub fn link_in(&self, previous: &Hash, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        buffer.extend_from_slice(previous);
        self.each_part(|part| buffer.extend_from_slice(part));
        Sha256::digest(buffer).into()
    }

    /// Hands out every field in the order of the link, each after its length.
    fn each_part(&self, mut part: impl FnMut(&[u8])) {
        let Self { seq, user, at, kind, side, amount, amount_rp, debt, order, note, actor, event } = self;
        let mut field = |bytes: &[u8]| {
            part(&(bytes.len() as u64).to_be_bytes());
            part(bytes);
        };
        field(&seq.to_be_bytes());
        field(user.0.as_bytes());
        field(&at.0.to_be_bytes());
        field(kind.name().as_bytes());
        field(side.name().as_bytes());
        field(&amount.0.to_be_bytes());
        field(amount_rp.map(|rp| rp.0.to_be_bytes()).as_ref().map_or(&[], |bytes| bytes.as_slice()));
        field(debt.as_ref().map_or(&[], |debt| debt.0.as_bytes().as_slice()));
        field(order.unwrap_or_default().as_bytes());
        field(note.as_bytes());
        field(actor.as_bytes());
        field(event.as_bytes());
    }
}

impl Posted {
    /// The link of this entry to the one with the link `previous`.
    pub fn link(&self, previous: &Hash) -> Hash {
        let e = &self.entry;
        let fields = LinkFields {
            seq: self.seq,
            user: self.user,
            at: self.at,
            kind: e.kind,
            side: e.side,
            amount: e.amount,
            amount_rp: e.amount_rp,
            debt: e.debt,
            order: e.order.as_ref().map(|order| order.0.as_str()),
            note: &e.note,
            actor: &self.actor,
            event: &self.event,
        };
        fields.link(previous)
    }
}

/// The quota account since the last closing: two sums that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Everything given.
    pub credits: Bytes,
    /// Everything taken.
    pub debits: Bytes,
}

impl Balance {
    /// What is left to use.
    pub const fn remaining(self) -> Bytes {
        self.credits.minus(self.debits)
    }

    /// What was used beyond what was given.
    pub const fn overage(self) -> Bytes {
        self.debits.minus(self.credits)
    }

    /// This balance and one entry. Entries of the debt book change nothing here.
    #[must_use]
    pub fn and(self, entry: &Entry) -> Self {
        self.with(entry.kind, entry.side, entry.amount)
    }

    /// This balance and an entry of that kind, side and amount.
    #[must_use]
    pub fn with(self, kind: Kind, side: Side, amount: Bytes) -> Self {
        match (kind.book(), kind, side) {
            (Book::Debt, ..) => self,
            (Book::Quota, Kind::Closing, _) => Self::default(),
            (Book::Quota, _, Side::Credit) => Self { credits: self.credits.plus(amount), ..self },
            (Book::Quota, _, Side::Debit) => Self { debits: self.debits.plus(amount), ..self },
        }
    }

    /// The fold of a user's entries, oldest first.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        entries.into_iter().fold(Self::default(), Self::and)
    }

    /// The entry that brings this balance to zero, and what it forgives or forfeits.
    pub fn closing(self, reason: &str) -> Entry {
        if self.overage().is_zero() {
            Entry::new(Kind::Closing, Side::Debit, self.remaining()).noted(reason)
        } else {
            Entry::new(Kind::Closing, Side::Credit, self.overage()).noted(reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit(kind: Kind, mb: u64) -> Entry {
        Entry::new(kind, Side::Credit, Bytes::mb(mb))
    }

    #[test]
    fn paid_overage_is_not_charged_to_the_next_package() {
        let balance = Balance::fold(&[
            credit(Kind::Purchase, 1000),
            Entry::new(Kind::Usage, Side::Debit, Bytes::mb(1500)),
            credit(Kind::OveragePaid, 500),
            credit(Kind::Purchase, 10_240),
        ]);
        assert_eq!(balance.remaining(), Bytes::mb(10_240));
        assert_eq!(balance.overage(), Bytes::ZERO);
    }

    #[test]
    fn a_closing_names_what_it_forgives_or_forfeits_and_starts_at_zero() {
        let over = Balance { credits: Bytes::mb(1), debits: Bytes::mb(3) };
        let closing = over.closing("new month");
        assert_eq!((closing.side, closing.amount), (Side::Credit, Bytes::mb(2)));
        assert_eq!(over.and(&closing), Balance::default());
        let left = Balance { credits: Bytes::mb(3), debits: Bytes::mb(1) };
        assert_eq!((left.closing("").side, left.closing("").amount), (Side::Debit, Bytes::mb(2)));
        assert_eq!(Balance::default().closing("").amount, Bytes::ZERO);
    }

    #[test]
    fn every_field_of_a_line_is_in_its_link() {
        let line = Posted {
            seq: 7,
            user: UserId(uuid::Uuid::from_u128(1)),
            at: Timestamp(1000),
            actor: "siti".into(),
            event: "e1".into(),
            entry: credit(Kind::Grant, 5).noted("n"),
        };
        let link = line.link(&CHAIN_START);
        let change = |f: &dyn Fn(&mut Posted)| {
            let mut other = line.clone();
            f(&mut other);
            assert_ne!(other.link(&CHAIN_START), link, "{other:?}");
        };
        change(&|l| l.seq = 8);
        change(&|l| l.user = UserId(uuid::Uuid::from_u128(2)));
        change(&|l| l.at = Timestamp(1001));
        change(&|l| l.actor = "budi".into());
        change(&|l| l.event = "e2".into());
        change(&|l| l.entry.kind = Kind::Correction);
        change(&|l| l.entry.side = Side::Debit);
        change(&|l| l.entry.amount = Bytes(1));
        change(&|l| l.entry.amount_rp = Some(Rupiah(0)));
        change(&|l| l.entry.debt = Some(DebtId(uuid::Uuid::from_u128(0))));
        change(&|l| l.entry.order = Some(OrderId("o".into())));
        change(&|l| l.entry.note = "m".into());
        assert_ne!(line.link(&link), link);
    }
}
