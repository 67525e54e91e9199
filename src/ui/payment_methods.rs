//! Names of online payment methods, the same in every language.

use crate::domain::order::OnlineMethod;

/// The names of a method.
pub(crate) struct MethodName {
    /// For customers, who choose a bank or a wallet.
    pub short: &'static str,
    /// For the owner, as on the gateway's pages.
    pub full: &'static str,
}

/// The names of a method.
pub(crate) const fn name(method: OnlineMethod) -> MethodName {
    let (short, full) = match method {
        OnlineMethod::Snap => ("Midtrans", "Snap"),
        OnlineMethod::Qris => ("QRIS", "QRIS"),
        OnlineMethod::Gopay => ("GoPay", "GoPay"),
        OnlineMethod::Shopeepay => ("ShopeePay", "ShopeePay"),
        OnlineMethod::VaBca => ("BCA", "VA BCA"),
        OnlineMethod::VaBni => ("BNI", "VA BNI"),
        OnlineMethod::VaBri => ("BRI", "VA BRI"),
        OnlineMethod::VaPermata => ("Permata", "VA Permata"),
        OnlineMethod::VaCimb => ("CIMB Niaga", "VA CIMB Niaga"),
        OnlineMethod::VaMandiri => ("Mandiri", "Mandiri"),
    };
    MethodName { short, full }
}
