use std::net::Ipv4Addr;

use super::*;
use crate::sim::menus::{ADDRESS_LIST, LEASE};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const AT: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);

fn world() -> World {
    World::new(SimConfig::default())
}

/// The answer in words: rows as `name=value` texts, traps as their messages.
fn say(world: &mut World, words: &[&str]) -> Vec<String> {
    let command = ApiCommand::parse(words.iter().map(|word| (*word).to_owned()).collect()).unwrap();
    match world.execute(&command) {
        CommandReply::Done => vec!["done".to_owned()],
        CommandReply::Ret(value) => vec![format!("ret={value}")],
        CommandReply::Traps(traps) => traps.into_iter().map(|trap| trap.message.unwrap()).collect(),
        CommandReply::Rows(listing) => {
            let table = &world.tables[listing.at];
            let show = |id: &u64| {
                let row = table.get(*id).unwrap();
                let cells = listing.fields.iter().filter_map(|field| {
                    let text = row.show(*id, *field, world.times())?;
                    Some(format!("{}={text}", field_name(table.menu, *field)))
                });
                cells.collect::<Vec<_>>().join(" ")
            };
            listing.ids.iter().map(show).collect()
        }
    }
}

fn host(world: &mut World, columns: &str) -> Vec<String> {
    say(world, &["/ip/hotspot/host/print", &format!("=.proplist={columns}")])
}

#[test]
fn a_router_has_the_menus_of_its_identity_or_lacks_them() {
    let (board, license) = ("/system/routerboard/print", "/system/license/print");
    let mut told = world();
    assert_eq!(say(&mut told, &[board, "=.proplist=serial-number"]), ["serial-number=HEX0123ABCD"]);
    assert_eq!(say(&mut told, &[license, "=.proplist=software-id"]), ["software-id=ABCD-1234"]);
    let mut silent = World::new(SimConfig { serial: None, software_id: None, ..SimConfig::default() });
    for (path, menu) in [(board, "routerboard"), (license, "license")] {
        let missing = format!("no such command or directory ({menu})");
        assert_eq!(say(&mut silent, &[path]), [&missing, "no such command prefix"]);
    }
}

#[test]
fn refusals_are_in_the_words_of_the_router() {
    let mut world = world();
    let rows: [(&[&str], &[&str]); 15] = [
        (&["/ip/nonsense/print"], &["no such command or directory (nonsense)", "no such command prefix"]),
        (&["/ip/hotspot/host/add"], &["no such command prefix"]),
        (&["/ip/hotspot/host/fly"], &["no such command prefix"]),
        (&["/ip/hotspot/host/print", "=colour=1"], &["unknown parameter colour"]),
        (&["/ip/hotspot/ip-binding/add", "=colour=1"], &["unknown parameter colour"]),
        (&["/ip/hotspot/ip-binding/add", "=type=open"], &["input does not match any value of type"]),
        (&["/ip/hotspot/ip-binding/add", "=mac-address=x"], &["invalid value for argument mac-address"]),
        (&["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1"], &["ret=*1"]),
        (
            &["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1/32"],
            &["failure: already have such entry"],
        ),
        (&["/ip/firewall/address-list/add", "=list=b", "=address=10.5.0.1"], &["ret=*2"]),
        (&["/ip/firewall/address-list/set", "=.id=*2", "=list=a"], &["failure: already have such entry"]),
        (&["/ip/firewall/address-list/add", "=list=b"], &["missing value(s) of argument(s) address"]),
        (&["/ip/firewall/address-list/remove", "=.id=*1,*9"], &["no such item"]),
        (
            &["/ip/firewall/address-list/add", "=list=c", "=address=10.5.0.1", "=dynamic=yes"],
            &["unknown parameter dynamic"],
        ),
        (&["/ip/firewall/address-list/print", "?#x"], &["invalid query"]),
    ];
    for (words, expected) in rows {
        assert_eq!(say(&mut world, words), expected, "{words:?}");
    }
    assert_eq!(world.writes, 2);
}

#[test]
fn an_old_router_does_not_name_the_unknown_parameter() {
    let mut world = World::new(SimConfig { version: "6.49.10".to_owned(), ..SimConfig::default() });
    assert_eq!(say(&mut world, &["/ip/hotspot/host/print", "=colour=1"]), ["unknown parameter"]);
    assert!(!world.says_empty() && !world.challenges());
}

#[test]
fn a_user_without_write_policy_prints_only() {
    let mut world = World::new(SimConfig { rights: Rights::ReadOnly, ..SimConfig::default() });
    let words = ["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1"];
    assert_eq!(say(&mut world, &words), ["not enough permissions (9)"]);
    assert_eq!(say(&mut world, &["/system/identity/print"]), ["name=MikroTik"]);
}

#[test]
fn comma_lists_switch_and_remove_several_rows() {
    let mut world = world();
    for n in 1..=3 {
        say(&mut world, &["/ip/firewall/address-list/add", "=list=a", &format!("=address=10.5.0.{n}")]);
    }
    assert_eq!(say(&mut world, &["/ip/firewall/address-list/disable", "=.id=*1,*2"]), ["done"]);
    let off = ["/ip/firewall/address-list/print", "=.proplist=address,disabled", "?disabled=yes"];
    assert_eq!(say(&mut world, &off), ["address=10.5.0.1 disabled=true", "address=10.5.0.2 disabled=true"]);
    say(&mut world, &["/ip/firewall/address-list/enable", "=.id=*1"]);
    say(&mut world, &["/ip/firewall/address-list/remove", "=.id=*1,*2"]);
    assert_eq!(say(&mut world, &["/ip/firewall/address-list/print", "=count-only="]), ["ret=1"]);
    assert_eq!(world.lists_of(Ipv4Addr::new(10, 5, 0, 3)), ["a"]);
    assert_eq!(world.lists_of(AT), Vec::<String>::new());
}

#[test]
fn an_empty_value_unsets_and_an_unset_column_is_absent() {
    let mut world = world();
    let words = ["/ip/hotspot/ip-binding/add", "=mac-address=02:00:00:00:00:01", "=comment=x"];
    assert_eq!(say(&mut world, &words), ["ret=*1"]);
    say(&mut world, &["/ip/hotspot/ip-binding/set", "=.id=*1", "=comment="]);
    let shown = ".id=*1 mac-address=02:00:00:00:00:01 server=all type=regular disabled=false";
    assert_eq!(say(&mut world, &["/ip/hotspot/ip-binding/getall"]), [shown]);
    assert_eq!(say(&mut world, &["/ip/hotspot/ip-binding/print", "=.proplist=comment,nonsense"]), [""]);
}

#[test]
fn flags_follow_the_binding_and_counters_go_on() {
    let mut world = world();
    world.connect(MAC, AT);
    world.traffic(MAC, 100, 10);
    let flags = "authorized,bypassed,bytes-in,bytes-out";
    assert_eq!(host(&mut world, flags), ["authorized=false bypassed=false bytes-in=10 bytes-out=100"]);
    let mac = format!("=mac-address={MAC}");
    assert_eq!(say(&mut world, &["/ip/hotspot/ip-binding/add", &mac, "=type=bypassed"]), ["ret=*1"]);
    assert_eq!(host(&mut world, flags), ["authorized=false bypassed=true bytes-in=10 bytes-out=100"]);
    assert_eq!(world.traffic(MAC, 5, 5), 10);
    say(&mut world, &["/ip/hotspot/ip-binding/set", "=.id=*1", "=type=blocked"]);
    assert_eq!(host(&mut world, "bypassed,bytes-out"), ["bypassed=false bytes-out=105"]);
    assert_eq!(world.traffic(MAC, 5, 5), 0);
    say(&mut world, &["/ip/hotspot/ip-binding/set", "=.id=*1", "=type=regular"]);
    assert_eq!(world.traffic(MAC, 5, 5), 10);
    world.authorize(MAC, true);
    assert_eq!(host(&mut world, "authorized,bypassed"), ["authorized=true bypassed=false"]);
    world.traffic(MAC, 1, 0);
    say(&mut world, &["/ip/hotspot/ip-binding/set", "=.id=*1", "=type=bypassed"]);
    assert_eq!(host(&mut world, "authorized,bypassed"), ["authorized=false bypassed=true"]);
    say(&mut world, &["/ip/hotspot/ip-binding/disable", "=.id=*1"]);
    assert_eq!(host(&mut world, "authorized,bypassed"), ["authorized=true bypassed=false"]);
    say(&mut world, &["/ip/hotspot/ip-binding/remove", "=.id=*1"]);
    let client = &world.clients[&MAC];
    assert_eq!((client.moved, client.countable), (131, 11));
}

#[test]
fn a_binding_by_address_or_prefix_counts_too() {
    let mut world = world();
    world.connect(MAC, AT);
    say(&mut world, &["/ip/hotspot/ip-binding/add", "=address=10.5.0.0/24", "=type=bypassed"]);
    assert_eq!(host(&mut world, "bypassed"), ["bypassed=true"]);
    say(&mut world, &["/ip/hotspot/ip-binding/set", "=.id=*1", "=address=10.6.0.0/24"]);
    assert_eq!(host(&mut world, "bypassed"), ["bypassed=false"]);
}

#[test]
fn a_host_row_is_replaced_removed_and_born_again_under_another_id() {
    let mut world = world();
    assert_eq!(world.connect(MAC, AT), "*1");
    assert_eq!(world.connect(MAC, AT), "*1", "it is there already");
    world.authorize(MAC, true);
    world.advance(Duration::from_secs(90));
    world.traffic(MAC, 500, 0);
    assert_eq!(world.replace(MAC, 80_000_000).as_deref(), Some("*2"));
    let shown = [".id=*2 uptime=0s bytes-out=80000000 authorized=true"];
    assert_eq!(host(&mut world, ".id,uptime,bytes-out,authorized"), shown);
    say(&mut world, &["/ip/hotspot/host/remove", "=.id=*2"]);
    assert!(!world.has_access(MAC), "the log-in went with the row");
    assert_eq!(say(&mut world, &["/ip/hotspot/active/print"]), Vec::<String>::new());
    assert_eq!(world.traffic(MAC, 7, 0), 7);
    assert_eq!(host(&mut world, ".id,bytes-out"), [".id=*3 bytes-out=7"]);
    assert_eq!(world.second_row(MAC, Ipv4Addr::new(10, 5, 0, 9), 4).as_deref(), Some("*4"));
    world.traffic(MAC, 1, 0);
    assert_eq!(host(&mut world, "bytes-out"), ["bytes-out=8", "bytes-out=4"]);
    world.reset_counters(MAC);
    assert_eq!(host(&mut world, "bytes-out"), ["bytes-out=0", "bytes-out=0"]);
    assert_eq!(world.clients[&MAC].moved, 80_000_512);
    world.disconnect(MAC);
    assert_eq!(host(&mut world, ".id"), Vec::<String>::new());
    assert_eq!((world.traffic(MAC, 1, 1), world.replace(MAC, 1)), (0, None));
}

#[test]
fn removing_the_active_row_logs_out() {
    let mut world = world();
    world.connect(MAC, AT);
    world.authorize(MAC, true);
    world.traffic(MAC, 9, 1);
    let active = ["/ip/hotspot/active/print", "=.proplist=address,bytes-out"];
    assert_eq!(say(&mut world, &active), ["address=10.5.0.1 bytes-out=9"]);
    say(&mut world, &["/ip/hotspot/active/remove", "=.id=*1"]);
    assert_eq!(host(&mut world, "authorized,bytes-out"), ["authorized=false bytes-out=9"]);
}

#[test]
fn a_moved_device_gives_its_lease_back() {
    let mut world = world();
    world.connect(MAC, AT);
    world.connect(MAC, Ipv4Addr::new(10, 5, 0, 2));
    let leases = ["/ip/dhcp-server/lease/print", "=.proplist=address,mac-address,status,dynamic"];
    let shown = "address=10.5.0.2 mac-address=02:00:00:00:00:01 status=bound dynamic=true";
    assert_eq!(say(&mut world, &leases), [shown]);
    let again = ["/ip/dhcp-server/lease/add", "=address=10.5.0.2", "=server=hotspot1"];
    assert_eq!(say(&mut world, &again), ["failure: already have static lease with this IP address"]);
}

#[test]
fn a_timeout_runs_out_by_the_clock_of_the_router() {
    let mut world = world();
    let add = ["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1", "=timeout=1m"];
    assert_eq!(say(&mut world, &add), ["ret=*1"]);
    let print = ["/ip/firewall/address-list/print", "=.proplist=timeout,dynamic,creation-time"];
    world.advance(Duration::from_secs(15));
    assert_eq!(say(&mut world, &print), ["timeout=45s dynamic=true creation-time=2026-01-01 01:00:00"]);
    say(&mut world, &["/ip/firewall/address-list/set", "=.id=*1", "=timeout=2m"]);
    world.advance(Duration::from_secs(119));
    assert_eq!(world.lists_of(AT), ["a"]);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.lists_of(AT), Vec::<String>::new());
}

#[test]
fn a_timeout_does_not_turn_a_static_row_dynamic() {
    let mut world = world();
    say(&mut world, &["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1"]);
    assert_eq!(say(&mut world, &["/ip/firewall/address-list/set", "=.id=*1", "=timeout=1m"]), ["done"]);
    world.advance(Duration::from_hours(1));
    assert_eq!(world.lists_of(AT), ["a"]);
}

#[test]
fn a_reboot_keeps_static_rows_only() {
    let mut world = world();
    world.connect(MAC, AT);
    world.authorize(MAC, true);
    say(&mut world, &["/ip/hotspot/ip-binding/add", &format!("=mac-address={MAC}"), "=type=bypassed"]);
    for (list, more) in [("stays", "=disabled=no"), ("goes", "=timeout=1d")] {
        say(
            &mut world,
            &["/ip/firewall/address-list/add", &format!("=list={list}"), "=address=10.5.0.1", more],
        );
    }
    assert_eq!(say(&mut world, &["/system/resource/print", "=.proplist=uptime"]), ["uptime=1h"]);
    world.reboot();
    world.advance(Duration::from_secs(61));
    assert_eq!(say(&mut world, &["/system/resource/print", "=.proplist=uptime"]), ["uptime=1m1s"]);
    assert_eq!(world.lists_of(AT), ["stays"]);
    let count = |world: &World, path| world.tables[world.at(path)].rows().count();
    assert_eq!((count(&world, HOST), count(&world, ACTIVE)), (0, 0));
    assert_eq!((count(&world, BINDING), count(&world, LEASE)), (1, 1));
    assert_eq!(world.connect(MAC, AT), "*2");
    assert_eq!(host(&mut world, "bypassed"), ["bypassed=true"]);
}

#[test]
fn devices_come_back_and_ids_begin_anew_where_the_setup_says_so() {
    let config = SimConfig { clients_return: true, ids_restart: true, ..SimConfig::default() };
    let mut world = World::new(config);
    let other = Mac([2, 0, 0, 0, 0, 2]);
    world.connect(other, Ipv4Addr::new(10, 5, 0, 2));
    world.connect(MAC, AT);
    world.traffic(MAC, 3, 0);
    world.reboot();
    assert_eq!(host(&mut world, ".id,address"), [".id=*1 address=10.5.0.1", ".id=*2 address=10.5.0.2"]);
    assert_eq!(world.clients[&MAC].moved, 3);
    assert_eq!(count_of(&world, ADDRESS_LIST), 0);
}

fn count_of(world: &World, path: &str) -> usize {
    world.tables[world.at(path)].rows().count()
}

#[test]
fn rows_that_go_by_name_are_found_by_name() {
    let mut world = world();
    let add = ["/ip/hotspot/user/add", "=name=budi", "=password=x"];
    assert_eq!(say(&mut world, &add), ["ret=*1"]);
    assert_eq!(say(&mut world, &add), ["failure: already have user with this name for this server"]);
    assert_eq!(say(&mut world, &["/ip/hotspot/user/set", "=.id=budi", "=limit-bytes-total=5"]), ["done"]);
    let print = ["/ip/hotspot/user/print", "=.proplist=name,limit-bytes-total", "?>limit-bytes-total=4"];
    assert_eq!(say(&mut world, &print), ["name=budi limit-bytes-total=5"]);
}

#[test]
fn settings_have_no_id_and_are_set_without_one() {
    let mut world = world();
    assert_eq!(say(&mut world, &["/system/identity/set", "=name=pos-1"]), ["done"]);
    assert_eq!(say(&mut world, &["/system/identity/print"]), ["name=pos-1"]);
    let clock = ["/system/clock/print", "=.proplist=date,time,time-zone-name"];
    assert_eq!(say(&mut world, &clock), ["date=2026-01-01 time=01:00:00 time-zone-name=UTC"]);
}
