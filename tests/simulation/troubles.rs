//! What befalls the world between two steps: devices come and go, the router reboots and has hands on it, wires are
//! cut, machines lose their power and go back to yesterday's copy, and the clock jumps.

use std::net::Ipv4Addr;

use kuota::agent::engine::{Actor, Engine};
use kuota::clock::Clock;
use kuota::domain::listing::BindingKind;
use kuota::domain::units::Timestamp;

use crate::border;
use crate::hotspot::Trouble;
use crate::machines::RelayHost;
use crate::world::{LISTS, World};

/// Addresses that the router hands out: few, so that devices meet on them.
const ADDRESSES: u64 = 12;

impl World {
    pub async fn befall(&mut self) -> Result<(), String> {
        self.devices_move();
        self.router_suffers();
        self.wires_change();
        self.copies_are_made().await;
        match self.dice.below(1000) {
            0..=9 => self.crash_agent().await,
            10..=17 => {
                self.crash_relay().await;
                Ok(())
            }
            18..=20 if self.may_go_back() => self.restore_agent().await,
            21..=23 if self.may_go_back() => {
                self.restore_relay().await;
                Ok(())
            }
            24..=29 => self.clock_jumps().await,
            30..=33 => self.pi_boots().await,
            _ => Ok(()),
        }
    }

    /// Whether one of the two may forget something: the other knows it.
    fn may_go_back(&mut self) -> bool {
        std::mem::take(&mut self.is_in_step) && !self.wire.is_cut()
    }

    fn address(&mut self) -> Ipv4Addr {
        Ipv4Addr::new(10, 5, 50, u8::try_from(10 + self.dice.below(ADDRESSES)).expect("a small number"))
    }

    fn devices_move(&mut self) {
        let count = self.hotspot.inside().devices.len();
        for at in 0..count {
            if !self.dice.chance(90) {
                continue;
            }
            let address = self.address();
            let other = self.address();
            let roll = self.dice.below(100);
            let mut inside = self.hotspot.inside();
            let is_free = inside.devices.iter().all(|device| device.address != Some(address));
            let device = &mut inside.devices[at];
            match roll {
                0..=54 if is_free => (device.address, device.lease) = (Some(address), Some(address)),
                0..=54 => {}
                55..=74 => device.address = None,
                75..=79 => device.lease = None,
                80..=86 => device.translated = Some(other),
                87..=92 => device.translated = None,
                93..=95 => device.logged_in = !device.logged_in,
                96 => inside.reset_counter(at),
                _ => inside.replace_row(at, u64::from(roll == 99) * 80_000_000),
            }
            inside.pass(0);
        }
    }

    fn router_suffers(&mut self) {
        let roll = self.dice.below(1000);
        if roll < 120 {
            self.hands_on_router();
        }
        let done = self.dice.pick(3);
        let mut inside = self.hotspot.inside();
        if inside.is_down {
            inside.is_down = roll < 600;
        } else {
            inside.is_down = (120..135).contains(&roll);
        }
        inside.trouble = match roll {
            200..=229 => Some(Trouble::LosesReplyAfter(done)),
            230..=239 => Some(Trouble::Refuses),
            _ => None,
        };
        let what = match roll {
            240..=249 => {
                inside.reboot();
                "the router reboots"
            }
            250 => {
                inside.replace();
                "another router takes its place"
            }
            _ => return,
        };
        inside.pass(0);
        drop(inside);
        self.tell(what, "");
    }

    /// Somebody edits the router's rows by hand: ours, and rows of other systems.
    fn hands_on_router(&mut self) {
        let (address, list) = (self.address(), self.dice.one_of(&LISTS));
        let mac = { self.dice.one_of(&[1, 2, 3, 4, 5, 6, 7, 8, 9]) };
        let mac = kuota::domain::id::Mac([2, 0, 0, 0, 0, mac]);
        let kind = self.dice.one_of(&[BindingKind::Regular, BindingKind::Bypassed, BindingKind::Blocked]);
        let (roll, at) = (self.dice.below(12), self.dice.pick(40));
        let mut inside = self.hotspot.inside();
        let is_listed = inside.lists.iter().any(|row| row.list == list && row.address == address);
        match roll {
            0 if at < inside.lists.len() => drop(inside.lists.remove(at)),
            1 if at < inside.lists.len() && !is_listed && inside.lists[at].ours => {
                inside.lists[at].list = list;
            }
            2 if at < inside.lists.len() => inside.lists[at].disabled ^= true,
            3 if !is_listed => inside.add_list_row(list, address, true, false),
            4 if !is_listed => inside.add_list_row(list, address, true, true),
            5 if !is_listed && at < 8 => inside.add_list_row(list, address, false, false),
            6 if at < inside.bindings.len() => drop(inside.bindings.remove(at)),
            7 if at < inside.bindings.len() => inside.bindings[at].kind = kind,
            8 if at < inside.bindings.len() => inside.bindings[at].disabled ^= true,
            9 if at < 8 && inside.bindings.iter().all(|row| row.mac != mac) => {
                inside.add_binding(mac, kind, false);
            }
            10 if at < inside.bindings.len() => inside.bindings[at].address = Some(address),
            11 => {
                inside.lists.retain(|row| row.ours || at > 10);
                inside.bindings.retain(|row| row.ours || at > 10);
            }
            _ => {}
        }
    }

    fn wires_change(&mut self) {
        // A cut lasts from minutes to days.
        let mends = self.dice.one_of(&[500, 200, 30]);
        if self.wire.is_cut() {
            if self.dice.chance(mends) {
                self.wire.cut(false);
                self.tell("the uplink is back", "");
            }
        } else if self.dice.chance(15) {
            self.wire.cut(true);
            self.tell("the uplink is cut", "");
        }
        let is_cut = if self.is_doorway_cut { !self.dice.chance(300) } else { self.dice.chance(15) };
        self.is_doorway_cut = is_cut;
        let roll = self.dice.below(1000);
        let mut bank = self.bank.inside();
        bank.is_down = if bank.is_down { roll < 600 } else { roll < 10 };
    }

    pub async fn crash_agent(&mut self) -> Result<(), String> {
        self.figures.crashes += 1;
        self.tell("the agent crashes", "");
        self.agent.crash().await;
        let there = self.agent.engine(border::seen).await;
        self.inspector.restarted(&there)?;
        self.time_passes().await;
        self.judge().await
    }

    /// The daemon's loop turns once and looks at the clocks first. It does so right after a start: what waited for a trusted clock
    /// gets its date by that, not by opening the store.
    async fn time_passes(&mut self) {
        self.look();
        self.agent.engine(|engine| engine.pass_time().map(drop)).await.expect("the store takes it");
        self.inspector.books.tick();
        self.inspector.note();
    }

    async fn crash_relay(&mut self) {
        self.figures.crashes += 1;
        self.tell("the relay crashes", "");
        if let Some(relay) = self.relay.take() {
            self.wire.lead_to(None);
            let relay = relay.crash().await;
            self.wire.lead_to(Some(relay.router()));
            self.relay = Some(relay);
        }
    }

    /// The relay lost its power in the middle of a call.
    pub async fn crash_relay_if_hung(&mut self) {
        let is_hung = self.relay.as_ref().is_some_and(RelayHost::is_busy);
        if is_hung {
            self.crash_relay().await;
        }
    }

    /// Now and then both stores are copied, each at its own time.
    async fn copies_are_made(&mut self) {
        if self.dice.chance(25) {
            let copy = self.dir.path().join("agent-copy.db");
            self.agent.back_up(copy.clone()).await;
            self.agent_copy = Some((copy, self.inspector.books.clone()));
            self.inspector.acknowledged();
        }
        if self.dice.chance(25)
            && let Some(relay) = &self.relay
        {
            let copy = self.dir.path().join("relay-copy.db");
            relay.back_up(&copy);
            self.relay_copy = Some(copy);
        }
    }

    async fn restore_agent(&mut self) -> Result<(), String> {
        let Some((copy, books)) = self.agent_copy.clone() else { return Ok(()) };
        self.figures.restores += 1;
        self.tell("the agent goes back to a copy", "");
        self.agent.restore(&copy).await;
        self.inspector.restored(books);
        self.people.retain(|who| self.inspector.books.users.contains_key(who));
        self.time_passes().await;
        self.judge().await
    }

    async fn restore_relay(&mut self) {
        let Some(copy) = self.relay_copy.clone() else { return };
        self.figures.restores += 1;
        self.tell("the relay goes back to a copy", "");
        if let Some(relay) = self.relay.take() {
            self.wire.lead_to(None);
            let relay = relay.restore(&copy).await;
            self.wire.lead_to(Some(relay.router()));
            self.relay = Some(relay);
        }
    }

    /// Somebody sets the wall clock, or the network does.
    async fn clock_jumps(&mut self) -> Result<(), String> {
        self.write_down().await;
        let minutes = self.dice.one_of(&[-300, -5, 5, 300, 2_000, -3_000]);
        self.clock.set_wall(Timestamp(self.clock.now().0 + minutes * 60_000));
        self.tell(format!("the clock jumps by {minutes} minutes"), "");
        self.time_passes().await;
        if self.dice.chance(500) {
            self.agent.engine(Engine::confirm_clock).await.expect("the store takes it");
            self.inspector.books.confirm_clock();
            self.inspector.acknowledged();
        }
        self.judge().await
    }

    /// What the engine remembers of the clock is on the card, whatever happens next.
    async fn write_down(&mut self) {
        self.look();
        self.agent
            .engine(|engine| engine.note(&Actor::daemon(), "clock", "", String::new()))
            .await
            .expect("the store takes it");
        self.inspector.acknowledged();
    }

    /// The Pi has no clock of its own: it wakes up at the time when it fell asleep, or long before.
    async fn pi_boots(&mut self) -> Result<(), String> {
        self.write_down().await;
        self.tell("the Pi boots", "");
        self.clock.reboot();
        let slept = self.dice.one_of(&[0, 0, 2, 40]);
        self.clock.set_wall(Timestamp(self.clock.now().0 - slept * 3_600_000));
        self.crash_agent().await
    }
}
