//! Unreadable rows of the host table: nothing is charged for them, and nothing is lost or charged twice when they can
//! be read again.

use super::*;
use crate::domain::usage::UnreadRow;
use crate::protocol::admin::devices::PendingChange;
use crate::protocol::admin::users::UserView;

const MINE: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn unread(mac: Option<Mac>, id: Option<&str>) -> UnreadRow {
    let row = id.map(|id| RowId(id.to_owned()));
    UnreadRow { mac, row, what: "bytes-in=x".to_owned(), ..UnreadRow::default() }
}

/// Ten seconds pass on both clocks, and the router is read.
struct Router {
    pi: Pi,
    user: UserId,
    uptime_s: u64,
    started_s: u64,
}

impl Router {
    /// A user whose device has been read with 1000 bytes, 600 of them charged.
    fn new() -> Self {
        let mut pi = Pi::new(Policy::default());
        let user = pi.add_user("Budi");
        pi.grant(user, Bytes::gb(1));
        let mut router = Self { pi, user, uptime_s: 1000, started_s: 900 };
        let first = router.reading(vec![router.row("*1", 400)], vec![]);
        router.pi.bind(user, MINE, Some(first));
        router.read(1000);
        assert_eq!(router.used(), 600);
        router
    }

    fn row(&self, id: &str, bytes: u64) -> HostRow {
        let uptime_s = self.uptime_s - self.started_s;
        HostRow {
            mac: MINE,
            row: RowId(id.into()),
            address: None,
            to_address: None,
            uptime_s,
            bytes,
            counts: true,
        }
    }

    fn reading(&self, rows: Vec<HostRow>, unread: Vec<UnreadRow>) -> Reading {
        let identity = Some("serial number A".to_owned());
        let hosts = HostTable { uptime_s: self.uptime_s, rows, unread, identity, ..HostTable::default() };
        Reading { hosts: Arc::new(hosts), begun: self.pi.clock.uptime() }
    }

    fn pass(&mut self) {
        self.pi.pass(10);
        self.uptime_s += 10;
    }

    /// The device's row is read with so many bytes.
    fn read(&mut self, bytes: u64) {
        self.pass();
        let reading = self.reading(vec![self.row("*1", bytes)], vec![]);
        self.pi.engine().meter(&reading).unwrap();
    }

    /// The device's row is present but unreadable.
    fn miss(&mut self, row: UnreadRow) {
        self.pass();
        let reading = self.reading(vec![], vec![row]);
        self.pi.engine().meter(&reading).unwrap();
    }

    fn reboot(&mut self) {
        (self.uptime_s, self.started_s) = (20, 15);
    }

    fn used(&mut self) -> u64 {
        let user = self.user;
        self.pi.user(user).used.0
    }

    fn pending(&mut self) -> Option<PendingChange> {
        let user = self.user;
        let shown = self.pi.engine().read_view().user(user).unwrap();
        let view = UserView::of(&shown, &Policy::default());
        view.devices.first().and_then(|device| device.pending)
    }
}

#[test]
fn a_row_that_was_merely_unreadable_is_no_new_row() {
    let kinds = [
        ("only its counters", unread(Some(MINE), Some("*1"))),
        ("its id, too", unread(Some(MINE), None)),
        ("its device", unread(None, Some("*1"))),
        ("all of it", unread(None, None)),
    ];
    for (what, row) in kinds {
        let mut router = Router::new();
        for _ in 0..3 {
            router.miss(row.clone());
            assert_eq!(router.used(), 600, "{what}");
        }
        // Committed or not, the baseline is the one from before.
        router.pi.engine().flush().unwrap();
        router.pi.restart();
        router.miss(row.clone());
        router.read(1500);
        assert_eq!(router.used(), 1100, "{what}: the whole counter would be 2100");
        router.read(1600);
        assert_eq!(router.used(), 1200, "{what}");
    }
}

#[test]
fn a_reboot_behind_an_unreadable_row_costs_nothing_and_charges_nothing_twice() {
    for row in [unread(Some(MINE), Some("*1")), unread(None, None), unread(None, Some("*1"))] {
        let mut router = Router::new();
        router.miss(row.clone());
        router.reboot();
        router.miss(row.clone());
        router.pi.engine().flush().unwrap();
        router.pi.restart();
        router.miss(row.clone());
        // More than before the reboot: compared with that, it would be 500.
        router.read(1500);
        assert_eq!(router.used(), 600 + 1500, "{row:?}");
    }
}

#[test]
fn behind_a_change_of_router_the_next_readable_row_is_the_baseline() {
    let mut router = Router::new();
    router.pass();
    let mut reading = router.reading(vec![], vec![unread(Some(MINE), Some("*1"))]);
    Arc::get_mut(&mut reading.hosts).unwrap().identity = Some("serial number B".to_owned());
    router.pi.engine().meter(&reading).unwrap();
    assert_eq!(router.pending(), Some(PendingChange::Baseline));
    for (bytes, used) in [(90_000_000, 600), (90_000_100, 700)] {
        router.pass();
        let mut reading = router.reading(vec![router.row("*1", bytes)], vec![]);
        Arc::get_mut(&mut reading.hosts).unwrap().identity = Some("serial number B".to_owned());
        router.pi.engine().meter(&reading).unwrap();
        assert_eq!(router.used(), used);
    }
}

#[test]
fn of_two_rows_of_a_device_an_unreadable_one_holds_both_and_loses_neither() {
    let mut router = Router::new();
    router.pass();
    let both = |router: &Router, a, b| vec![router.row("*1", a), router.row("*2", b)];
    let reading = router.reading(both(&router, 1100, 50), vec![]);
    router.pi.engine().meter(&reading).unwrap();
    assert_eq!(router.used(), 750);
    router.pass();
    let reading = router.reading(vec![router.row("*1", 1200)], vec![unread(Some(MINE), Some("*2"))]);
    router.pi.engine().meter(&reading).unwrap();
    assert_eq!(router.used(), 750);
    router.pass();
    let reading = router.reading(both(&router, 1300, 60), vec![]);
    router.pi.engine().meter(&reading).unwrap();
    assert_eq!(router.used(), 960);
}

#[test]
fn binding_with_an_unreadable_row_waits_for_a_baseline() {
    for row in [unread(Some(MINE), Some("*1")), unread(None, Some("*1")), unread(None, None)] {
        let mut pi = Pi::new(Policy::default());
        let user = pi.add_user("Budi");
        pi.grant(user, Bytes::gb(1));
        let mut router = Router { pi, user, uptime_s: 1000, started_s: 900 };
        let first = router.reading(vec![], vec![row.clone()]);
        router.pi.bind(user, MINE, Some(first));
        assert_eq!(router.pending(), Some(PendingChange::Baseline), "{row:?}");
        router.miss(row.clone());
        router.read(900_000_000);
        assert_eq!((router.used(), router.pending()), (0, None), "{row:?}");
        router.read(900_000_007);
        assert_eq!(router.used(), 7, "{row:?}");
    }
}

#[test]
fn unbinding_a_device_whose_row_cannot_be_read_waits_and_charges_the_old_owner() {
    let mut router = Router::new();
    router.pass();
    let reading = router.reading(vec![], vec![unread(Some(MINE), Some("*1"))]);
    let user = router.user;
    router.pi.ask(Command::Unbind { user, mac: MINE }, Some(reading)).unwrap();
    assert_eq!(router.pending(), Some(PendingChange::Unbind));
    router.miss(unread(Some(MINE), Some("*1")));
    assert_eq!(router.pending(), Some(PendingChange::Unbind));
    router.read(1400);
    assert_eq!((router.used(), router.pending()), (1000, None));
}

#[test]
fn a_device_moves_when_its_row_can_be_read_again() {
    let mut router = Router::new();
    let next = router.pi.add_user("Ani");
    router.pass();
    let reading = router.reading(vec![], vec![unread(Some(MINE), Some("*1"))]);
    router.pi.bind(next, MINE, Some(reading));
    assert_eq!(router.pending(), Some(PendingChange::Move));
    router.read(1400);
    assert_eq!(router.used(), 1000, "what flowed before the move is the old owner's");
    router.read(1405);
    assert_eq!((router.used(), router.pi.user(next).used.0), (1000, 5));
}

#[test]
fn a_reset_needs_every_row_of_the_user() {
    let mut router = Router::new();
    router.pass();
    let user = router.user;
    let reset =
        || Command::Reset { user, debt: None, credit: None, days: None, unblock: None, reason: "tes".into() };
    let reading = router.reading(vec![], vec![unread(Some(MINE), Some("*1"))]);
    let error = router.pi.ask(reset(), Some(reading)).unwrap_err();
    assert!(matches!(error, EngineError::RouterNeeded(_)), "{error}");
    assert_eq!(router.used(), 600, "nothing changed");
    let stranger = unread(Some(Mac([2, 0, 0, 0, 0, 9])), Some("*9"));
    let reading = router.reading(vec![router.row("*1", 1400)], vec![stranger]);
    router.pi.ask(reset(), Some(reading)).unwrap();
    router.read(1400);
    assert_eq!(router.used(), 0);
}

#[test]
fn a_device_whose_counters_cannot_be_read_is_online_at_its_address() {
    let mut router = Router::new();
    let address = Some([10, 5, 50, 2].into());
    router.miss(UnreadRow { address, ..unread(Some(MINE), Some("*1")) });
    let user = router.user;
    let shown = router.pi.engine().read_view().user(user).unwrap();
    assert_eq!((shown.devices[0].1.online, shown.devices[0].1.address), (true, address));
}
