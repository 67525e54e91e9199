//! What is not as it should be on a router that answers, in words for people: what, about whom, and what to do.

use std::net::Ipv4Addr;

use super::edit_backoff::RefusedEdit;
use crate::agent::engine::{RouterChange, Who};
use crate::clock::rfc3339;
use crate::domain::listing::{BindingKind, Conflict, Edit, List};
use crate::domain::usage::UnreadRow;
use crate::routeros::lists::ListNames;
use crate::ui::catalogue::{fill, words};
use crate::ui::language::Language;

/// What edits of address lists change.
pub const LISTS: &str = "/ip/firewall/address-list";
/// What edits of bindings change.
pub const BINDINGS: &str = "/ip/hotspot/ip-binding";
/// Devices at one address that are named.
const SHARED_NAMED_MAX: usize = 4;
const HOSTS: &str = "/ip/hotspot/host";
const LEASES: &str = "/ip/dhcp-server/lease";

words! {
    /// Faults of a router that answers.
    Texts {
        add_listing: "memasukkan {0} ke daftar {1}", "put {0} on the list {1}";
        move_listing: "memindahkan {0} ke daftar {1}", "move {0} to the list {1}";
        enable_listing: "mengaktifkan baris daftar {0}", "switch on the list row of {0}";
        remove_listing: "mengeluarkan {0} dari daftar", "take {0} off the lists";
        add_binding: "membuat ikatan {1} untuk {0}", "make a binding {1} for {0}";
        set_binding: "mengubah ikatan {0} menjadi {1}", "change the binding of {0} to {1}";
        remove_binding: "menghapus ikatan {0}", "remove the binding of {0}";
        refused: "Router menolak {0}: {1}", "The router refuses to {0}: {1}";
        said_so: "katanya sudah begitu, tetapi tabelnya berkata lain", "it says that it is so already, but its tables say otherwise";
        give_write: "Beri pengguna API di router hak tulis: /user group set NAMA-GRUP policy=api,read,write.",
            "Give the API's user on the router the right to write: /user group set GROUP policy=api,read,write.";
        device_mode: "Fitur ini dikunci device-mode. Jalankan /system/device-mode/update hotspot=yes di router, lalu tekan tombolnya atau cabut listriknya dalam 5 menit.",
            "The device mode locks this feature. Run /system/device-mode/update hotspot=yes on the router, then press its button or cut its power within 5 minutes.";
        no_menu: "Router ini tidak punya menu {0}; pasang atau aktifkan paket hotspot-nya.",
            "This router has no menu {0}; install or enable its hotspot package.";
        no_room: "Memori atau penyimpanan router penuh; kosongkan dulu.", "The router's memory or storage is full; free some.";
        look_there: "Lihat {0} dan catatan (log) di router; dicoba lagi sendiri.", "Look at {0} and the log on the router; it is tried again by itself.";
        unread_host: "Baris {0} di {1} tidak bisa dibaca ({2}), jadi pemakaiannya belum dihitung. Hapus baris itu di router; router membuatnya lagi sendiri.",
            "The row of {0} in {1} cannot be read ({2}), so its usage is not counted. Remove that row on the router; it comes back by itself.";
        unread_row: "Baris {0} di {1} tidak bisa dibaca ({2}), jadi dibiarkan. Perbaiki atau hapus baris itu di router.",
            "The row of {0} in {1} cannot be read ({2}), so it is left alone. Mend or remove that row on the router.";
        unknown_row: "yang tidak dikenal", "an unknown device";
        row: "baris {0}", "row {0}";
        foreign_binding: "Ikatan {0} bukan buatan kuota dan jenisnya bukan {1}.", "The ip-binding of {0} is not ours and has another type than {1}.";
        foreign_listing: "{0} ada di daftar {1} lewat baris yang bukan buatan kuota.", "{0} stands in the list {1} by a row that is not ours.";
        shared: "Alamat {0} dipakai lebih dari satu perangkat sekaligus: {1}. Portal tidak tahu siapa yang membukanya, jadi di sana tidak ada yang bisa masuk atau membayar. Cari perangkat yang alamat IP-nya diatur sendiri dan kembalikan ke otomatis (DHCP), lalu hapus barisnya di /ip/hotspot/host.",
            "More than one device uses the address {0}: {1}. The portal cannot know who opens it, so nobody can log in or pay there. Find the device with an IP address set by hand and return it to automatic (DHCP), then remove its row in /ip/hotspot/host.";
        and_more: "dan {0} lagi", "and {0} more";
        foreign_off: "{0} seharusnya di daftar {1}, tetapi di sana ada baris nonaktif yang bukan buatan kuota.",
            "{0} belongs in the list {1}, where a row that is not ours is switched off and keeps ours out.";
    }
}

impl Who {
    /// The name with device and address, or as much of that as there is.
    fn text(&self) -> Option<String> {
        let mac = self.mac.map(|mac| mac.to_string());
        let address = self.address.map(|address| address.to_string());
        let place = [mac, address].into_iter().flatten().reduce(|mac, address| format!("{mac}, {address}"));
        match (&self.name, place) {
            (Some(name), Some(place)) => Some(format!("{name} ({place})")),
            (Some(name), None) => Some(name.clone()),
            (None, place) => place,
        }
    }
}

/// A menu that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Menu {
    /// The hotspot's host table.
    Hosts,
    /// The address lists.
    Lists,
    /// The bindings.
    Bindings,
    /// The DHCP leases.
    Leases,
}

impl Menu {
    /// Its path on the router.
    pub fn path(self) -> &'static str {
        match self {
            Self::Hosts => HOSTS,
            Self::Lists => LISTS,
            Self::Bindings => BINDINGS,
            Self::Leases => LEASES,
        }
    }
}

/// Something that is not as it should be on a router that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterFault {
    /// What the client noticed itself, such as a menu that is missing.
    Noticed(String),
    /// Another router answers than before.
    Changed(RouterChange),
    /// A foreign row in the way.
    Conflict(Conflict, Who),
    /// The router refuses an edit.
    Refused(RefusedEdit, Who),
    /// A row makes no sense.
    Unread(Menu, UnreadRow, Who),
    /// More than one device has this address.
    Shared(Ipv4Addr, Vec<Who>),
}

impl RouterFault {
    /// What is wrong and what to do, in one text.
    pub fn text(&self, language: Language, lists: &ListNames) -> String {
        let w = Texts::of(language);
        match self {
            Self::Noticed(text) => text.clone(),
            Self::Changed(RouterChange { was, is, since }) => {
                format!("router changed: was {was}, is {is} since {}", rfc3339(*since))
            }
            Self::Conflict(conflict, who) => conflict_text(language, conflict, who, lists),
            Self::Refused(refused, who) => {
                let what = refused_text(language, refused, who, lists);
                format!("{what}. {}", remedy(language, refused))
            }
            Self::Unread(menu, row, who) => {
                let id = row.row.as_ref().map(|row| fill(w.row, &[&row.0]));
                let who = who.text().or(id).unwrap_or_else(|| w.unknown_row.to_owned());
                let text = if *menu == Menu::Hosts { w.unread_host } else { w.unread_row };
                fill(text, &[&who, menu.path(), &row.what])
            }
            Self::Shared(address, devices) => {
                fill(w.shared, &[&address.to_string(), &device_names(w, devices)])
            }
        }
    }
}

/// Devices at one address, by name where they have one.
fn device_names(w: &Texts, devices: &[Who]) -> String {
    let name = |who: &Who| Who { address: None, ..who.clone() }.text();
    let mut names: Vec<String> = devices
        .iter()
        .take(SHARED_NAMED_MAX)
        .map(|who| name(who).unwrap_or_else(|| w.unknown_row.to_owned()))
        .collect();
    let more = devices.len().saturating_sub(SHARED_NAMED_MAX);
    names.extend((more > 0).then(|| fill(w.and_more, &[&more.to_string()])));
    names.join(", ")
}

/// What the router refuses, and its words, without what to do.
pub fn refused_text(language: Language, refused: &RefusedEdit, who: &Who, lists: &ListNames) -> String {
    let w = Texts::of(language);
    let row = |row: &crate::domain::usage::RowId| fill(w.row, &[&row.0]);
    let who = |id: Option<String>| who.text().or(id).unwrap_or_else(|| w.unknown_row.to_owned());
    let what = match &refused.edit {
        Edit::AddListing { list, .. } => fill(w.add_listing, &[&who(None), lists.name(*list)]),
        Edit::MoveListing { list, .. } => fill(w.move_listing, &[&who(None), lists.name(*list)]),
        Edit::EnableListing { .. } => fill(w.enable_listing, &[&who(None)]),
        Edit::RemoveListing { row: id, .. } => fill(w.remove_listing, &[&who(Some(row(id)))]),
        Edit::AddBinding { kind, .. } => fill(w.add_binding, &[&who(None), type_name(*kind)]),
        Edit::SetBinding { kind, .. } => fill(w.set_binding, &[&who(None), type_name(*kind)]),
        Edit::RemoveBinding { row: id, .. } => fill(w.remove_binding, &[&who(Some(row(id)))]),
    };
    fill(w.refused, &[&what, refused.answer.as_deref().unwrap_or(w.said_so)])
}

/// What to do about a refusal, by the router's words.
pub fn remedy(language: Language, refused: &RefusedEdit) -> String {
    let w = Texts::of(language);
    let said = refused.answer.as_deref().unwrap_or_default().to_ascii_lowercase();
    let menu = menu_of(&refused.edit);
    let says = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if says(&["not enough permissions", "permission denied"]) {
        w.give_write.to_owned()
    } else if says(&["device-mode", "device mode"]) {
        w.device_mode.to_owned()
    } else if says(&["no such command"]) {
        fill(w.no_menu, &[menu])
    } else if says(&["out of memory", "no space", "disk full"]) {
        w.no_room.to_owned()
    } else {
        fill(w.look_there, &[menu])
    }
}

/// The menu that an edit changes.
pub fn menu_of(edit: &Edit) -> &'static str {
    match edit {
        Edit::AddListing { .. }
        | Edit::MoveListing { .. }
        | Edit::EnableListing { .. }
        | Edit::RemoveListing { .. } => LISTS,
        Edit::AddBinding { .. } | Edit::SetBinding { .. } | Edit::RemoveBinding { .. } => BINDINGS,
    }
}

/// The router's word for a type of binding.
pub fn type_name(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Regular => "regular",
        BindingKind::Bypassed => "bypassed",
        BindingKind::Blocked => "blocked",
    }
}

fn conflict_text(language: Language, conflict: &Conflict, who: &Who, lists: &ListNames) -> String {
    let w = Texts::of(language);
    let who = |known: String| who.text().unwrap_or(known);
    let at =
        |text, address: &Ipv4Addr, list: &List| fill(text, &[&who(address.to_string()), lists.name(*list)]);
    match conflict {
        Conflict::Binding { mac, kind, .. } => {
            fill(w.foreign_binding, &[&who(mac.to_string()), type_name(*kind)])
        }
        Conflict::Listed { address, list, .. } => at(w.foreign_listing, address, list),
        Conflict::SwitchedOff { address, list, .. } => at(w.foreign_off, address, list),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::id::Mac;
    use crate::domain::units::Timestamp;
    use crate::domain::usage::RowId;

    fn refused(edit: Edit, answer: Option<&str>) -> RouterFault {
        let (since, retry_at) = (Timestamp(0), Duration::ZERO);
        let refused = RefusedEdit { edit, answer: answer.map(str::to_owned), since, attempts: 1, retry_at };
        let mac = Some(Mac([2, 0x5A, 0, 0, 0, 1]));
        let who =
            Who { user: None, name: Some("Budi".to_owned()), mac, address: Some([10, 5, 50, 2].into()) };
        RouterFault::Refused(refused, who)
    }

    fn edits() -> [Edit; 7] {
        let (row, address, mac) =
            (RowId("*1A".to_owned()), Ipv4Addr::new(10, 5, 50, 2), Mac([2, 0x5A, 0, 0, 0, 1]));
        let owner = "0191e4e4-0000-7000-8000-000000000001".to_owned();
        let (list, kind) = (List::Blocked, BindingKind::Bypassed);
        [
            Edit::AddListing { list, address, owner: owner.clone() },
            Edit::MoveListing { row: row.clone(), list, address },
            Edit::EnableListing { row: row.clone(), address },
            Edit::RemoveListing { row: row.clone(), address: Some(address) },
            Edit::AddBinding { mac, kind, owner },
            Edit::SetBinding { row: row.clone(), kind, mac },
            Edit::RemoveBinding { row, mac: Some(mac) },
        ]
    }

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(Texts::ALL);
    }

    #[test]
    fn a_refusal_names_the_customer_and_never_the_programs_own_types() {
        let lists = ListNames::default();
        for edit in edits() {
            for language in [Language::Indonesian, Language::English] {
                let text = refused(edit.clone(), Some("failure: x")).text(language, &lists);
                assert!(text.contains("Budi (02:5A:00:00:00:01, 10.5.50.2)"), "{text}");
                for word in ["Listing", "Binding {", "owner", "0191e4e4", "Some("] {
                    assert!(!text.contains(word), "{word} in {text}");
                }
            }
        }
        let text = refused(edits()[0].clone(), Some("failure: x")).text(Language::English, &lists);
        assert!(text.starts_with("The router refuses to put Budi"), "{text}");
        assert!(text.contains("on the list klient_blocked: failure: x"), "{text}");
    }

    #[test]
    fn the_routers_words_say_what_to_do() {
        let rows = [
            (Some("not enough permissions (9)"), "policy=api,read,write"),
            (Some("failure: not allowed by device-mode"), "/system/device-mode/update hotspot=yes"),
            (Some("no such command prefix"), "/ip/firewall/address-list"),
            (Some("failure: out of memory"), "free some"),
            (Some("failure: odd"), "log on the router"),
            (None, "it says that it is so already"),
        ];
        for (answer, expected) in rows {
            let text = refused(edits()[0].clone(), answer).text(Language::English, &ListNames::default());
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn the_devices_of_a_shared_address_are_named_up_to_a_few() {
        let address = Ipv4Addr::new(10, 5, 50, 2);
        let who =
            |n: u8| Who { mac: Some(Mac([2, 0, 0, 0, 0, n])), address: Some(address), ..Who::default() };
        let budi = Who { name: Some("Budi".to_owned()), ..who(1) };
        let text =
            |devices| RouterFault::Shared(address, devices).text(Language::English, &ListNames::default());
        let two = text(vec![budi, who(2)]);
        assert!(two.contains("10.5.50.2: Budi (02:00:00:00:00:01), 02:00:00:00:00:02."), "{two}");
        let many = text((1..=9).map(who).collect());
        assert!(many.contains("02:00:00:00:00:04, and 5 more.") && !many.contains("00:05"), "{many}");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_as_far_as_it_can_be() {
        let row =
            UnreadRow { row: Some(RowId("*7".into())), what: "bytes-in=x".into(), ..UnreadRow::default() };
        let text = |row: &UnreadRow, who: Who| {
            RouterFault::Unread(Menu::Hosts, row.clone(), who).text(Language::English, &ListNames::default())
        };
        let mac = Some(Mac([2, 0, 0, 0, 0, 9]));
        assert!(text(&row, Who { mac, ..Who::default() }).contains("02:00:00:00:00:09 in /ip/hotspot/host"));
        assert!(
            text(&row, Who::default()).contains("row *7 in /ip/hotspot/host cannot be read (bytes-in=x)")
        );
        assert!(text(&UnreadRow::default(), Who::default()).contains("an unknown device"));
    }
}
