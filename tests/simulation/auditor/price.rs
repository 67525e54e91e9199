//! What a debt costs: the reference package in proportion, rounded half up and then up to the site's step.

use super::account::{Item, Line, Package, Site, User};

/// The price of so many bytes; `None` when nothing is on sale to take the price from.
pub fn quote(bytes: u64, packages: &[Package], site: &Site) -> Option<u64> {
    if bytes == 0 {
        return Some(0);
    }
    let mut on_sale: Vec<(u64, u64)> = packages
        .iter()
        .filter(|package| package.on_sale && package.price > 0)
        .filter_map(|package| Some((package.quota.filter(|quota| *quota > 0)?, package.price)))
        .collect();
    on_sale.sort_unstable();
    let largest = on_sale.last()?.0;
    let enough = on_sale.iter().find(|(quota, _)| *quota >= bytes);
    let (quota, price) = *enough.or_else(|| on_sale.iter().find(|(quota, _)| *quota == largest))?;
    let (bytes, quota, price) = (u128::from(bytes), u128::from(quota), u128::from(price));
    let raw = (2 * price * bytes + quota) / (2 * quota);
    let step = u128::from(site.rounding_rp.max(1));
    u64::try_from(raw.div_ceil(step) * step).ok()
}

/// What is still to be paid for an open item.
pub fn due(item: &Item, packages: &[Package], site: &Site) -> Option<u64> {
    match (item.price, item.amount) {
        (Some(price), Some(amount)) if item.paid > 0 => {
            let part = u128::from(price) * u128::from(amount - item.paid);
            u64::try_from(part.div_ceil(u128::from(amount))).ok()
        }
        (Some(price), _) => Some(price),
        (None, Some(amount)) => quote(amount - item.paid, packages, site),
        (None, None) => None,
    }
}

/// The line that pays an item whole.
pub fn whole(item: &Item, packages: &[Package], site: &Site) -> Option<Line> {
    let full = match (item.price, item.amount) {
        (Some(price), _) => price,
        (None, Some(amount)) => quote(amount, packages, site)?,
        (None, None) => return None,
    };
    let bytes = item.unpaid();
    Some(Line::Debt { id: item.id.clone(), full, bytes, price: due(item, packages, site)? })
}

/// Lines for everything a user owes.
pub fn settle_all(user: &User, packages: &[Package], site: &Site) -> Option<Vec<Line>> {
    let mut lines: Option<Vec<Line>> =
        user.oldest_first().into_iter().map(|item| whole(item, packages, site)).collect();
    let bytes = user.overage();
    if bytes > 0 {
        let price = quote(bytes, packages, site)?;
        lines.as_mut()?.push(Line::Overage { bytes, price });
    }
    lines
}

/// Why a part payment has no quote.
pub enum NoPart {
    /// Nothing is on sale to take a price from.
    NoPrice,
    /// The items owe less, or one of them is paid whole only.
    TooMuch,
}

/// Lines for so many rupiah of the debt items.
pub fn part(user: &User, amount: u64, packages: &[Package], site: &Site) -> Result<Vec<Line>, NoPart> {
    let (mut left, mut lines) = (amount, Vec::new());
    for item in user.oldest_first() {
        if left == 0 {
            break;
        }
        let line = whole(item, packages, site).ok_or(NoPart::NoPrice)?;
        let Line::Debt { id, full, bytes, price } = line else { continue };
        if left >= price {
            left -= price;
            lines.push(Line::Debt { id, full, bytes, price });
        } else if item.amount.is_none() {
            return Err(NoPart::TooMuch);
        } else {
            let paid = u128::from(bytes) * u128::from(left) / u128::from(price);
            let bytes = u64::try_from(paid).map_err(|_| NoPart::NoPrice)?;
            lines.push(Line::Debt { id, full, bytes, price: left });
            left = 0;
        }
    }
    if left == 0 { Ok(lines) } else { Err(NoPart::TooMuch) }
}
