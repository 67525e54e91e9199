//! Faults: what may go wrong between a merchant and the gateway, on demand.

use std::time::Duration;

use serde_json::Value;

use super::call::SimOperation;
use super::dice::Dice;

/// What happens to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Not carried out, never answered; the connection stays open.
    Hang,
    /// Carried out, never answered; the connection stays open.
    HangAfter,
    /// Waits this long in real time, then is carried out and answered. Meanwhile its Idempotency-Key is running.
    Delay(Duration),
    /// Carried out at once and answered after this long in real time. Meanwhile its Idempotency-Key is running.
    DelayAnswer(Duration),
    /// Not carried out; the connection is reset.
    Reset,
    /// Carried out; the connection is reset before the answer.
    ResetAfter,
    /// Carried out; the connection is closed in the middle of the body.
    HalfAnswer,
    /// Not carried out; answered with a page of HTML and this HTTP status.
    Html(u16),
    /// Carried out; answered with a page of HTML and this HTTP status.
    HtmlAfter(u16),
    /// Not carried out; answered with this HTTP status and an error of this code in the body. `http: 200` hides the
    /// error in the body.
    Refuse {
        /// HTTP status.
        http: u16,
        /// `status_code` in the body.
        code: u16,
        /// `status_message` in the body.
        message: String,
    },
    /// Carried out; answered as [`Trouble::Refuse`] would.
    RefuseAfter {
        /// HTTP status.
        http: u16,
        /// `status_code` in the body.
        code: u16,
    },
    /// Not carried out: too many calls.
    RateLimited,
    /// Not carried out: HTTP 202, as while another call with the same key is under way.
    KeyRunning,
    /// Not carried out: the 404 of the outermost server, in its own shape.
    Edge404,
    /// An error goes out as HTTP 200, its code only in the body. Successes stay as they are.
    ErrorInOk,
    /// A field of the answer, `gross_amount`, `currency`, `merchant_id`, `order_id` or any other, says this.
    Field(String, Value),
    /// A field of the answer is left out.
    WithoutField(String),
    /// On a charge: for this long by the gateway's clock the status is 404 though the charge exists.
    StatusLag(Duration),
    /// A charge is denied by the bank or the wallet at once: `status_code` 202, `transaction_status` deny.
    Denied,
}

/// What happens to a notification before its first attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Meddling {
    /// It is never sent.
    Drop,
    /// So many copies are sent besides.
    Duplicate(u32),
    /// It is sent this much later by the gateway's clock.
    Delay(Duration),
    /// It is sent after the next one of the same order, or a minute later by the gateway's clock.
    Reorder,
    /// A field says something else; the signature stays.
    Field(String, Value),
    /// A field is left out; the signature stays.
    WithoutField(String),
    /// Signed with another key.
    WrongKey,
    /// `status_code` and `gross_amount` are numbers; the signature stays.
    Numbers,
}

/// Which of the calls or notifications that a fault fits it strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strikes {
    /// Every one.
    #[default]
    Always,
    /// The nth from planting on; the first is 1.
    Nth(u64),
    /// The first so many.
    First(u64),
    /// So many of a thousand, by the dice of [`Options::seed`](super::options::Options::seed).
    Permille(u16),
}

#[derive(Clone, Debug, PartialEq)]
enum FaultTarget {
    /// `None`: every operation.
    Call(Option<SimOperation>, Trouble),
    Notification(Meddling),
}

/// Something that goes wrong. Always, unless narrowed.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayFault {
    kind: FaultTarget,
    when: Strikes,
    order_id: Option<String>,
}

impl GatewayFault {
    /// Of calls for one operation.
    pub fn on(operation: SimOperation, trouble: Trouble) -> Self {
        Self { kind: FaultTarget::Call(Some(operation), trouble), when: Strikes::Always, order_id: None }
    }

    /// Of every call.
    pub fn everywhere(trouble: Trouble) -> Self {
        Self { kind: FaultTarget::Call(None, trouble), when: Strikes::Always, order_id: None }
    }

    /// Of notifications.
    pub fn notification(meddling: Meddling) -> Self {
        Self { kind: FaultTarget::Notification(meddling), when: Strikes::Always, order_id: None }
    }

    /// Narrows it.
    #[must_use]
    pub fn when(mut self, when: Strikes) -> Self {
        self.when = when;
        self
    }

    /// Narrows it to one order, named as the call names it: by order or transaction id.
    #[must_use]
    pub fn order(mut self, id: &str) -> Self {
        self.order_id = Some(id.to_owned());
        self
    }

    fn fits_order(&self, id: Option<&str>) -> bool {
        self.order_id.as_deref().is_none_or(|wanted| id == Some(wanted))
    }
}

/// Names one fault that was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayFaultId(u64);

struct Planted {
    id: GatewayFaultId,
    fault: GatewayFault,
    seen: u64,
}

impl Planted {
    fn strikes(&mut self, dice: &mut Dice) -> bool {
        self.seen += 1;
        match self.fault.when {
            Strikes::Always => true,
            Strikes::Nth(n) => self.seen == n,
            Strikes::First(n) => self.seen <= n,
            Strikes::Permille(of_thousand) => dice.below(1000) < u64::from(of_thousand),
        }
    }
}

/// The faults in force, in the order in which they were planted.
#[derive(Default)]
pub(super) struct GatewayFaults {
    planted: Vec<Planted>,
    last: u64,
}

impl GatewayFaults {
    pub(super) fn plant(&mut self, fault: GatewayFault) -> GatewayFaultId {
        self.last += 1;
        let id = GatewayFaultId(self.last);
        self.planted.push(Planted { id, fault, seen: 0 });
        id
    }

    pub(super) fn heal(&mut self, id: GatewayFaultId) {
        self.planted.retain(|planted| planted.id != id);
    }

    pub(super) fn heal_all(&mut self) {
        self.planted.clear();
    }

    /// Everything that strikes this call.
    pub(super) fn of_call(
        &mut self,
        operation: SimOperation,
        id: Option<&str>,
        dice: &mut Dice,
    ) -> Vec<Trouble> {
        let mut struck = Vec::new();
        for planted in &mut self.planted {
            let FaultTarget::Call(wanted, trouble) = &planted.fault.kind else { continue };
            let fits = operation != SimOperation::Page
                && wanted.is_none_or(|wanted| wanted == operation)
                && planted.fault.fits_order(id);
            let trouble = trouble.clone();
            if fits && planted.strikes(dice) {
                struck.push(trouble);
            }
        }
        struck
    }

    /// Everything that strikes this notification.
    pub(super) fn of_notification(&mut self, order_id: &str, dice: &mut Dice) -> Vec<Meddling> {
        let mut struck = Vec::new();
        for planted in &mut self.planted {
            let FaultTarget::Notification(meddling) = &planted.fault.kind else { continue };
            let meddling = meddling.clone();
            if planted.fault.fits_order(Some(order_id)) && planted.strikes(dice) {
                struck.push(meddling);
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(when: Strikes, tries: usize) -> Vec<bool> {
        let (mut faults, mut dice) = (GatewayFaults::default(), Dice::new(3));
        faults.plant(GatewayFault::on(SimOperation::Charge, Trouble::Hang).when(when));
        (0..tries).map(|_| !faults.of_call(SimOperation::Charge, None, &mut dice).is_empty()).collect()
    }

    #[test]
    fn a_fault_strikes_when_it_is_said_to() {
        assert_eq!(strikes(Strikes::Always, 3), [true, true, true]);
        assert_eq!(strikes(Strikes::Nth(2), 3), [false, true, false]);
        assert_eq!(strikes(Strikes::First(2), 3), [true, true, false]);
        assert_eq!(strikes(Strikes::Permille(0), 3), [false; 3]);
        let hits = strikes(Strikes::Permille(300), 1000).into_iter().filter(|hit| *hit).count();
        assert!((200..400).contains(&hits), "{hits}");
    }

    #[test]
    fn a_fault_strikes_its_operation_and_order_only() {
        let (mut faults, mut dice) = (GatewayFaults::default(), Dice::new(1));
        let id = faults.plant(GatewayFault::on(SimOperation::Cancel, Trouble::Reset).order("a"));
        faults.plant(GatewayFault::notification(Meddling::Drop));
        assert!(faults.of_call(SimOperation::Charge, Some("a"), &mut dice).is_empty());
        assert!(faults.of_call(SimOperation::Cancel, Some("b"), &mut dice).is_empty());
        assert_eq!(faults.of_call(SimOperation::Cancel, Some("a"), &mut dice), [Trouble::Reset]);
        faults.heal(id);
        assert!(faults.of_call(SimOperation::Cancel, Some("a"), &mut dice).is_empty());
        assert_eq!(faults.of_notification("x", &mut dice), [Meddling::Drop]);
        faults.heal_all();
        faults.plant(GatewayFault::everywhere(Trouble::Hang));
        assert!(faults.of_call(SimOperation::Page, None, &mut dice).is_empty());
        assert_eq!(faults.of_call(SimOperation::Status, None, &mut dice), [Trouble::Hang]);
        assert!(faults.of_notification("x", &mut dice).is_empty());
    }
}
