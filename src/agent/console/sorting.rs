//! Lists that are sorted and paged by their address: `?urut=` what by, `?arah=` which way, `?hal=` which page.

use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::tools::percent;
use crate::ui::Locale;
use crate::web::Problem;

/// Downwards, in an address.
const DOWN: &str = "turun";
const UP: &str = "naik";

/// A way to sort, as an address and a page have it.
pub(super) struct SortBy<T> {
    /// In the address.
    pub key: &'static str,
    pub order: T,
    pub name: &'static str,
    /// Whether it begins with the most.
    pub is_descending: bool,
}

/// A way to sort as a link.
pub(super) struct SortLink {
    pub href: String,
    pub name: &'static str,
    /// `ascending` or `descending` for the present one, else empty.
    pub direction: &'static str,
}

/// What an address says of the order.
pub(super) struct Sorted<T> {
    pub order: T,
    pub is_descending: bool,
    key: &'static str,
}

/// Reads `urut` and `arah`.
pub(super) fn sorted<T: Copy>(ways: &[SortBy<T>], urut: &str, arah: &str) -> Result<Sorted<T>, Problem> {
    let way = if urut.is_empty() { ways.first() } else { ways.iter().find(|way| way.key == urut) };
    let way = way.ok_or_else(|| Problem::invalid("urut", "is no order of this list"))?;
    let is_descending = match arah {
        "" => way.is_descending,
        DOWN => true,
        UP => false,
        _ => return Err(Problem::invalid("arah", "must be naik or turun")),
    };
    Ok(Sorted { order: way.order, is_descending, key: way.key })
}

/// Reads `hal`, which counts from 1; the answer counts from 0.
pub(super) fn page_no(hal: &str) -> Result<usize, Problem> {
    if hal.is_empty() {
        return Ok(0);
    }
    let page = hal.parse::<usize>().ok().filter(|page| *page > 0);
    page.map(|page| page - 1).ok_or_else(|| Problem::invalid("hal", "must be a whole number from 1"))
}

impl<T> Sorted<T> {
    /// Links to every way to sort; the present one turns round. `base` is the address without order and page.
    pub fn links(&self, base: &str, ways: &[SortBy<T>]) -> Vec<SortLink> {
        let link = |way: &SortBy<T>| {
            let is_here = way.key == self.key;
            let is_descending = if is_here { !self.is_descending } else { way.is_descending };
            let arah = if is_descending { DOWN } else { UP };
            let direction = match (is_here, self.is_descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            let href = with(base, &[("urut", way.key), ("arah", arah)]);
            SortLink { href, name: way.name, direction }
        };
        ways.iter().map(link).collect()
    }

    /// The address in this order; `base` is the address without order and page.
    pub fn address(&self, base: &str, urut: &str) -> String {
        if urut.is_empty() {
            return base.to_owned();
        }
        with(base, &[("urut", self.key), ("arah", if self.is_descending { DOWN } else { UP })])
    }
}

/// An address with more parameters; empty values are left out.
pub(super) fn with(base: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = base.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&percent::value(value));
    }
    address
}

/// Where in a list a page is, and the pages next to it.
pub(super) struct Pager {
    pub text: String,
    pub before: Option<String>,
    pub next: Option<String>,
}

impl Pager {
    /// `address` is that of the list in its order; `page` counts from 0.
    pub fn new(locale: &Locale, address: &str, page: usize, rows: usize, total: usize) -> Self {
        let words = People::of(locale.language);
        let (from, to) = (page.saturating_mul(rows), page.saturating_add(1).saturating_mul(rows).min(total));
        let count = |n: usize| locale.count(n as u64);
        let text = if total == 0 || from >= total {
            String::new()
        } else {
            say::with(words.page_of, &[&count(from + 1), &count(to), &count(total)])
        };
        let at = |page: usize| with(address, &[("hal", &(page + 1).to_string())]);
        let before =
            page.checked_sub(1).map(|before| if before == 0 { address.to_owned() } else { at(before) });
        Self { text, before, next: (to < total).then(|| at(page + 1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Zone;
    use crate::ui::language::Language;

    const WAYS: [SortBy<u8>; 2] = [
        SortBy { key: "nama", order: 1, name: "Nama", is_descending: false },
        SortBy { key: "tagihan", order: 2, name: "Tagihan", is_descending: true },
    ];

    #[test]
    fn an_order_is_read_and_turned_round_and_another_is_refused() {
        let first = sorted(&WAYS, "", "").unwrap();
        assert_eq!((first.order, first.is_descending), (1, false));
        let owed = sorted(&WAYS, "tagihan", "").unwrap();
        assert!(owed.order == 2 && owed.is_descending);
        let links = owed.links("/x?q=a", &WAYS);
        assert_eq!(links[1].href, "/x?q=a&urut=tagihan&arah=naik");
        assert_eq!((links[0].direction, links[1].direction), ("", "descending"));
        assert_eq!(owed.address("/x", "tagihan"), "/x?urut=tagihan&arah=turun");
        assert!(sorted(&WAYS, "umur", "").is_err() && sorted(&WAYS, "nama", "x").is_err());
    }

    #[test]
    fn pages_count_from_one_and_the_last_has_no_next() {
        let locale = Locale { language: Language::Indonesian, zone: Zone::named("Asia/Jakarta").unwrap() };
        let pager = |page| Pager::new(&locale, "/x?q=a", page, 50, 120);
        assert_eq!(pager(0).text, "1\u{2013}50 dari 120");
        assert_eq!(pager(0).next.as_deref(), Some("/x?q=a&hal=2"));
        assert_eq!(pager(1).before.as_deref(), Some("/x?q=a"));
        assert_eq!(pager(2).text, "101\u{2013}120 dari 120");
        assert!(pager(2).next.is_none() && pager(9).text.is_empty());
        assert_eq!((page_no("").unwrap(), page_no("3").unwrap()), (0, 2));
        assert!(page_no("0").is_err() && page_no("x").is_err());
    }
}
