//! The customers of the demo: names, purchases and usage. The same for every run.

use std::net::Ipv4Addr;

use crate::domain::id::Mac;
use crate::sim::traffic::Profile;

/// Seed of the habits of all customers and of the gateway.
pub(super) const SEED: u64 = 25;
const FIRST: [&str; 25] = [
    "Budi", "Siti", "Agus", "Dewi", "Eko", "Rina", "Joko", "Wulan", "Hendra", "Ayu", "Bambang", "Fitri",
    "Dedi", "Lestari", "Rudi", "Nur", "Yanto", "Indah", "Slamet", "Putri", "Iwan", "Ratna", "Wahyu", "Sri",
    "Andi",
];
const LAST: [&str; 23] = [
    "Santoso",
    "Aminah",
    "Wijaya",
    "Lestari",
    "Prasetyo",
    "Marlina",
    "Susilo",
    "Sari",
    "Gunawan",
    "Puspita",
    "Hartono",
    "Handayani",
    "Kurniawan",
    "Rahayu",
    "Setiawan",
    "Hidayah",
    "Saputra",
    "Permata",
    "Riyadi",
    "Anggraini",
    "Nugroho",
    "Kusuma",
    "Hidayat",
];

/// The initial state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// A little quota, with debt allowed: soon blocked.
    Debtor,
    /// A little quota, without debt: soon used up.
    Small,
    /// Just above the threshold of reduced speed.
    Brink,
    /// The package at this position in the list, paid in cash.
    Package(usize),
    /// A package on credit, not due yet.
    OnCredit,
    /// A package on credit, due yesterday.
    Overdue,
    /// An unlimited plan.
    Unlimited,
    /// The owner's family: never blocked for debt.
    Exempt,
    /// Blocked by an admin.
    Blocked,
    /// Not approved yet.
    Waiting,
}

/// The first customers have one plan each; all later ones are ordinary customers.
const FIRST_PLANS: [Plan; 10] = [
    Plan::Debtor,
    Plan::Brink,
    Plan::Small,
    Plan::Unlimited,
    Plan::Exempt,
    Plan::Blocked,
    Plan::OnCredit,
    Plan::Overdue,
    Plan::Package(1),
    Plan::Waiting,
];
const MORE_PLANS: [Plan; 8] = [
    Plan::Package(0),
    Plan::Debtor,
    Plan::Package(1),
    Plan::Brink,
    Plan::Package(2),
    Plan::Small,
    Plan::Package(1),
    Plan::OnCredit,
];

/// One customer.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Unique.
    pub name: String,
    /// Unique.
    pub phone: String,
    /// The plan of the account.
    pub plan: Plan,
    /// One or two, each with an address and a habit.
    pub devices: Vec<DemoDevice>,
}

/// One device of a customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct DemoDevice {
    /// Its MAC.
    pub mac: Mac,
    /// Its address.
    pub address: Ipv4Addr,
    /// For people.
    pub label: &'static str,
    /// How it is used.
    pub profile: Profile,
}

/// The user who opens the portal with a browser on this machine.
pub(super) const GUEST: &str = "Tamu Demo";
/// The device with this machine's address. Only the browser pays for its owner.
pub(super) const GUEST_MAC: Mac = Mac([0x02, 0xC0, 0x1D, 0xFF, 0xFF, 0x00]);

/// The guest and the first `count` customers.
pub(super) fn people(count: u16) -> Vec<Person> {
    std::iter::once(guest()).chain((0..count).map(person)).collect()
}

/// Owes for a package that was due yesterday, on a phone with this machine's address.
fn guest() -> Person {
    let phone =
        DemoDevice { mac: GUEST_MAC, address: Ipv4Addr::LOCALHOST, label: "HP", profile: Profile::Phone };
    Person {
        name: GUEST.to_owned(),
        phone: "08125560000".to_owned(),
        plan: Plan::Overdue,
        devices: vec![phone],
    }
}

fn person(no: u16) -> Person {
    let at = usize::from(no);
    let plan = FIRST_PLANS.get(at).copied().unwrap_or_else(|| MORE_PLANS[at % MORE_PLANS.len()]);
    // 25 and 23 have no common factor: the pairs repeat after 575 people.
    let round = at / (FIRST.len() * LAST.len());
    let number = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    let name = format!("{} {}{number}", FIRST[at % FIRST.len()], LAST[at % LAST.len()]);
    let films = matches!(plan, Plan::Debtor | Plan::Small | Plan::Brink | Plan::Exempt | Plan::Unlimited);
    let (label, profile) = if films { ("laptop", Profile::Streaming) } else { ("HP", Profile::Phone) };
    let mut devices = vec![device(no, 0, label, profile)];
    if at.is_multiple_of(3) {
        devices.push(device(no, 1, "TV", Profile::Idle));
    }
    Person { name, phone: format!("0812{:07}", 5_550_000 + u32::from(no)), plan, devices }
}

fn device(no: u16, which: u8, label: &'static str, profile: Profile) -> DemoDevice {
    let [high, low] = no.to_be_bytes();
    let host = 2 * u32::from(no) + u32::from(which) + 10;
    // 10.5.48.0/20 has room for two devices of every person.
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 5, 48, 0)) + host);
    DemoDevice { mac: Mac([0x02, 0xC0, 0x1D, high, low, which]), address, label, profile }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_taken_for_another() {
        let people = people(1000);
        let names: BTreeSet<_> = people.iter().map(|p| &p.name).collect();
        let phones: BTreeSet<_> = people.iter().map(|p| &p.phone).collect();
        let devices: Vec<_> = people.iter().flat_map(|p| &p.devices).collect();
        let macs: BTreeSet<_> = devices.iter().map(|d| d.mac).collect();
        let addresses: BTreeSet<_> = devices.iter().map(|d| d.address).collect();
        assert_eq!((names.len(), phones.len()), (1001, 1001));
        assert_eq!((macs.len(), addresses.len()), (devices.len(), devices.len()));
    }
}
