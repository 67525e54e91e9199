//! Faults: what may go wrong between a router and its client, on demand.

use std::time::Duration;

/// What happens to the commands that a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The command is taken, never executed and never answered; the session stays open.
    Hang,
    /// Every sentence of the reply waits this long.
    Slow(Duration),
    /// Every byte of the reply waits this long.
    Trickle(Duration),
    /// The connection is cut after so many bytes of the reply.
    CutAfterBytes(usize),
    /// The connection is cut after so many rows of the reply.
    CutAfterRows(usize),
    /// These bytes come between the rows and the end of the reply.
    Garbage(Vec<u8>),
    /// A word that claims to be 4 GiB long, and bytes without end.
    HugeWord,
    /// The rows of the reply never end; where there are none, rows with only an `.id`.
    EndlessReply,
    /// The command is executed and the connection cut before the answer.
    LostReply,
    /// The command is not executed; this is the trap's message.
    Trap(String),
    /// The command is not executed; the trap says nothing.
    TrapWithoutText,
    /// `!done` carries `=ret=` before `.tag`.
    RetBeforeTag,
    /// Every row comes twice.
    DuplicateRows,
}

/// Which commands a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    path: Option<String>,
    skip: u64,
    times: u64,
}

impl When {
    /// The next command of this path, such as `/ip/hotspot/host/print`.
    pub fn next(path: &str) -> Self {
        Self::nth(path, 1)
    }

    /// The nth command of this path from here on; the first is 1.
    pub fn nth(path: &str, n: u64) -> Self {
        Self { path: Some(path.to_owned()), skip: n.saturating_sub(1), times: 1 }
    }

    /// Every command of this path, until cleared.
    pub fn always(path: &str) -> Self {
        Self { path: Some(path.to_owned()), skip: 0, times: u64::MAX }
    }

    /// Every command of any path, the log-in too, until cleared.
    pub fn any() -> Self {
        Self { path: None, skip: 0, times: u64::MAX }
    }

    /// So many commands instead.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }
}

/// Names one fault that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultId(u64);

/// The faults in force, in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Vec<(FaultId, Fault, When)>,
    next: u64,
}

impl Faults {
    /// Sets a fault.
    pub(super) fn set(&mut self, fault: Fault, when: When) -> FaultId {
        self.next += 1;
        let id = FaultId(self.next);
        self.armed.push((id, fault, when));
        id
    }

    /// Lifts one fault.
    pub(super) fn clear(&mut self, id: FaultId) {
        self.armed.retain(|(armed, ..)| *armed != id);
    }

    /// Lifts every fault.
    pub(super) fn clear_all(&mut self) {
        self.armed.clear();
    }

    /// The fault for a command: the first that matches. Every fault that counts commands counts this one.
    pub(super) fn take(&mut self, path: &str) -> Option<Fault> {
        let mut taken = None;
        for (_, fault, when) in &mut self.armed {
            if when.path.as_deref().is_some_and(|wanted| wanted != path) {
                continue;
            }
            if when.skip > 0 {
                when.skip -= 1;
            } else if taken.is_none() && when.times > 0 {
                when.times -= 1;
                taken = Some(fault.clone());
            }
        }
        self.armed.retain(|(_, _, when)| when.times > 0);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_nth_command_and_is_spent() {
        let mut faults = Faults::default();
        faults.set(Fault::Hang, When::nth("/a/print", 2));
        assert_eq!(faults.take("/a/print"), None);
        assert_eq!(faults.take("/b/print"), None);
        assert_eq!(faults.take("/a/print"), Some(Fault::Hang));
        assert_eq!(faults.take("/a/print"), None);
    }

    #[test]
    fn a_lasting_fault_lasts_until_cleared() {
        let mut faults = Faults::default();
        let id = faults.set(Fault::HugeWord, When::any());
        assert_eq!(faults.take("/a"), Some(Fault::HugeWord));
        assert_eq!(faults.take("/b"), Some(Fault::HugeWord));
        faults.clear(id);
        assert_eq!(faults.take("/b"), None);
        faults.set(Fault::LostReply, When::next("/a").times(2));
        assert!(faults.take("/a").is_some() && faults.take("/a").is_some() && faults.take("/a").is_none());
        faults.set(Fault::Hang, When::any());
        faults.clear_all();
        assert_eq!(faults.take("/a"), None);
    }
}
