//! Quotes: prices frozen at the moment of ordering, line by line, and how they are paid.

use super::id::{DebtId, PackageId};
use super::ledger::named;
use super::units::{Bytes, Rupiah};

/// What one line of a quote pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A package.
    Package {
        /// Which.
        id: PackageId,
        /// Whether it is an unlimited plan; then the line's bytes are zero.
        unlimited: bool,
        /// Days it is valid.
        days: u32,
    },
    /// A debt item, whole or in part.
    Debt {
        /// Which.
        id: DebtId,
        /// The item's full price, which a first part payment freezes.
        price: Rupiah,
    },
    /// Usage beyond what was paid for.
    Overage,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it pays for.
    pub item: Item,
    /// For people.
    pub name: String,
    /// Bytes it gives or settles.
    pub bytes: Bytes,
    /// Its price.
    pub price: Rupiah,
}

/// A frozen price with its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// What it is made of, oldest debt first, overage last.
    pub lines: Vec<Line>,
}

impl Quote {
    /// What must be paid: exactly this.
    pub fn total(&self) -> Rupiah {
        self.lines.iter().fold(Rupiah::ZERO, |sum, line| sum.plus(line.price))
    }

    /// Whether an unlimited plan is among its lines.
    pub fn buys_plan(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.item, Item::Package { unlimited: true, .. }))
    }
}

named! {
    /// What an order is for.
    OrderKind {
        /// A package.
        Purchase = "purchase",
        /// Every open item and the overage.
        SettleAll = "settle_all",
        /// One debt item.
        SettleItem = "settle_item",
        /// Part of the debt items, oldest first.
        PartPayment = "part_payment",
    }
}

named! {
    /// How a cashier took the money.
    CashMethod {
        /// Coins and notes.
        Cash = "cash",
        /// A bank transfer the cashier saw arrive.
        Transfer = "transfer",
        /// A printed QRIS code, seen by the cashier.
        QrisStatic = "qris_static",
    }
}

named! {
    /// How an order is paid through the gateway.
    OnlineMethod {
        /// The gateway's own payment page, where the customer chooses.
        Snap = "snap",
        /// Any wallet or bank app, by QR code.
        Qris = "qris",
        /// The GoPay wallet.
        Gopay = "gopay",
        /// The ShopeePay wallet.
        Shopeepay = "shopeepay",
        /// BCA virtual account.
        VaBca = "va_bca",
        /// BNI virtual account.
        VaBni = "va_bni",
        /// BRI virtual account.
        VaBri = "va_bri",
        /// Permata virtual account.
        VaPermata = "va_permata",
        /// CIMB Niaga virtual account.
        VaCimb = "va_cimb",
        /// Mandiri bill payment.
        VaMandiri = "va_mandiri",
    }
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Over the counter.
    Cash(CashMethod),
    /// Through the gateway.
    Online(OnlineMethod),
}

impl Method {
    /// The stable name used in the store, the API and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash(method) => method.name(),
            Self::Online(method) => method.name(),
        }
    }

    /// The method with that stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        CashMethod::from_name(name)
            .map(Self::Cash)
            .or_else(|| OnlineMethod::from_name(name).map(Self::Online))
    }

    /// The counter's method, if it is paid there.
    pub const fn cash(self) -> Option<CashMethod> {
        match self {
            Self::Cash(method) => Some(method),
            Self::Online(_) => None,
        }
    }
}

named! {
    /// The state of an order. The order of the values is that of [`OrderState::rank`], ties broken by name.
    OrderState {
        /// Written down; whether the gateway knows it is not known yet.
        Created = "created",
        /// The gateway waits for the customer.
        Pending = "pending",
        /// Paid by card, and the gateway's fraud check waits for a person.
        Challenge = "challenge",
        /// The customer let it lapse.
        Expired = "expired",
        /// Called off before it was paid.
        Cancelled = "cancelled",
        /// The bank, the wallet or the fraud check refused.
        Denied = "denied",
        /// The gateway could not open it, or the payment broke down.
        Failed = "failed",
        /// Paid, and its quote applied.
        Paid = "paid",
        /// Part of the money went back.
        PartiallyRefunded = "partially_refunded",
        /// All of the money went back.
        Refunded = "refunded",
        /// The payer's bank took the money back.
        ChargedBack = "charged_back",
        /// The gateway took a settlement back.
        Reversed = "reversed",
        /// The gateway confirms money that cannot be applied: a person decides.
        Review = "review",
    }
}

impl OrderState {
    /// How far along; states of an order only move to higher ranks. Review is outside the sequence and has
    /// the highest.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::Pending => 1,
            Self::Challenge => 2,
            Self::Expired | Self::Cancelled | Self::Denied | Self::Failed => 3,
            Self::Paid => 4,
            Self::PartiallyRefunded => 5,
            Self::Refunded | Self::ChargedBack | Self::Reversed => 6,
            Self::Review => 7,
        }
    }

    /// Whether all of the money went back.
    pub const fn is_returned(self) -> bool {
        matches!(self, Self::Refunded | Self::ChargedBack | Self::Reversed)
    }

    /// Whether the customer's money is here: all of it, part of it, or an amount that a person must decide about.
    pub const fn holds_money(self) -> bool {
        match self {
            Self::Paid | Self::PartiallyRefunded | Self::Review => true,
            Self::Created
            | Self::Pending
            | Self::Challenge
            | Self::Expired
            | Self::Cancelled
            | Self::Denied
            | Self::Failed
            | Self::Refunded
            | Self::ChargedBack
            | Self::Reversed => false,
        }
    }

    /// Whether the customer may still be paying it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Pending | Self::Challenge)
    }
}

named! {
    /// A mark on an order that a person should see.
    Flag {
        /// Settled after it had expired, failed or been denied; credited all the same.
        LateSettlement = "late_settlement",
        /// Settled after it was called off.
        PaidAfterCancel = "paid_after_cancel",
        /// Settled after the money had been taken back.
        PaidAfterReversal = "paid_after_reversal",
        /// A second payment of an order that is paid already.
        PaidTwice = "paid_twice",
        /// Somebody claimed a payment that the gateway does not confirm.
        StaleOrForged = "stale_or_forged",
        /// A notification whose signature is wrong.
        BadSignature = "bad_signature",
        /// A notification that cannot be read.
        Malformed = "malformed",
        /// Another amount than the order's was paid.
        AmountMismatch = "amount_mismatch",
        /// Paid in another currency than rupiah, or in one that the gateway does not name.
        CurrencyMismatch = "currency_mismatch",
        /// Paid to another merchant.
        MerchantMismatch = "merchant_mismatch",
        /// The gateway answers about another order than it was asked for.
        OrderMismatch = "order_mismatch",
        /// The gateway contradicts itself.
        Inconsistent = "inconsistent",
        /// The fraud check waits for a person at the gateway.
        FraudChallenge = "fraud_challenge",
        /// Settled although the fraud check refused.
        FraudStatus = "fraud_status",
        /// Part of the money went back.
        PartialRefund = "partial_refund",
        /// The gateway took a settlement back.
        ProviderReversal = "provider_reversal",
        /// The payer's bank took the money back.
        Chargeback = "chargeback",
        /// The gateway never said what became of the charge.
        ChargeUnknown = "charge_unknown",
        /// Some of what was paid was no longer owed and became quota.
        Surplus = "surplus",
        /// A line of the quote without bytes was no longer owed.
        NothingOwed = "nothing_owed",
        /// This order's effects could not be undone by rule, such as part of several lines.
        ReverseByHand = "reverse_by_hand",
        /// The store did not know the order or its user: rebuilt from what the order carried.
        Rebuilt = "rebuilt",
        /// What the order carried is not signed by this site, so nothing is credited by it.
        Unsigned = "unsigned",
        /// The relay reported something about it that is not known here; the audit has it as it came.
        Unreadable = "unreadable",
        /// The owner credited it after a review.
        CreditedByOwner = "credited_by_owner",
        /// The owner closed the review without a credit.
        Dismissed = "dismissed",
    }
}
