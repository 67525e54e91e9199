//! What sales take to the server between two copies: the pages they change, and the segment that these become.

use super::*;
use crate::domain::id::PackageId;
use crate::store::tail::{SEGMENT_PAGES_MAX, TailPlace, seal};
use crate::tools::age::Identity;

const CUSTOMERS: u32 = 1000;

/// A site with customers who have a device and bought something before.
fn shop() -> (Pi, Vec<UserId>, PackageId) {
    let mut pi = Pi::new(Policy::default());
    let package = add_package(&mut pi, Bytes::gb(10), 100_000);
    let users = (0..CUSTOMERS).map(|n| ImportedUser {
        row: usize::try_from(n).unwrap(),
        user: NewUser {
            name: format!("Pelanggan {n}"),
            phone: Some(format!("0812{n:08}")),
            login: None,
            settings: Settings::default(),
        },
        devices: vec![ImportedDevice {
            mac: Mac([2, 0, 0, 0, n.to_be_bytes()[2], n.to_be_bytes()[3]]),
            label: "HP".into(),
        }],
        quota: None,
        debts: Vec::new(),
        admin_block: None,
        customer_note: None,
    });
    let import = Command::Import { users: users.collect(), packages: Vec::new(), findings: Vec::new() };
    pi.ask(import, None).unwrap();
    let users: Vec<UserId> = pi.engine().read_view().users_newest().map(|user| user.account.id).collect();
    for user in &users {
        sell(&mut pi, *user, package);
    }
    (pi, users, package)
}

fn sell(pi: &mut Pi, user: UserId, package: PackageId) {
    pi.pass(60);
    pi.ask(Command::Buy(user, package, cash(None)), None).unwrap();
}

/// The pages and the bytes of a segment after so many sales, each to another customer.
fn after_sales(pi: &mut Pi, users: &[UserId], package: PackageId) -> (usize, usize) {
    for user in users {
        sell(pi, *user, package);
    }
    let taken = pi.engine().store_mut().take_pages().unwrap();
    let secret = pi.engine().site_secret().clone();
    let key = Identity::generate().unwrap().recipient();
    let sealed = seal(&TailPlace::first(&"0".repeat(64)), &taken, NOON, &secret, &key).unwrap();
    (taken.pages.len(), sealed.content.len())
}

#[test]
fn a_sale_changes_a_few_pages_and_a_hundred_share_most_of_theirs() {
    let (mut pi, users, package) = shop();
    pi.engine().store_mut().begin_pages();
    // The first segment of a copy also has what the log held before.
    let (pages, bytes) = after_sales(&mut pi, &users[..1], package);
    println!("| 1 sale, the first segment after a copy | {pages} pages | {bytes} bytes sent |");
    let mut found = Vec::new();
    for (sales, first) in [(1, 3), (10, 5), (100, 7)] {
        let buyers: Vec<UserId> = users.iter().skip(first).step_by(9).take(sales).copied().collect();
        let (pages, bytes) = after_sales(&mut pi, &buyers, package);
        println!("| {sales} sales, {CUSTOMERS} customers | {pages} pages | {bytes} bytes sent |");
        found.push((pages, bytes));
    }
    // What decision 0044 counts on: a segment a minute all day long stays in the tail, and a hundred sales in one segment.
    let [(one, one_bytes), _, (hundred, hundred_bytes)] = found[..] else { panic!("{found:?}") };
    assert!(one <= 40 && one_bytes <= 40 * 1024, "{found:?}");
    assert!(hundred < 10 * one && hundred <= SEGMENT_PAGES_MAX / 4, "{found:?}");
    assert!(hundred_bytes <= 512 * 1024, "{found:?}");
}
