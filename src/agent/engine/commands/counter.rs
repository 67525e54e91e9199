//! A customer is served at the counter: entered with a device where they are new, everything owed paid, a package sold.

use super::context::CommandContext;
use crate::agent::engine::command::{CounterCustomer, CounterSale, NewDevice, Purpose, Tender};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::EngineError;
use crate::domain::id::UserId;
use crate::domain::policy::Refusal;
use crate::domain::units::Rupiah;

impl CommandContext<'_, '_> {
    /// All of it or nothing: whatever is refused refuses the whole, and all of it is one commit.
    pub(super) fn serve(&mut self, sale: &CounterSale) -> Result<Done, EngineError> {
        let CounterSale { customer, settles, package, tender } = sale;
        let user = self.served(customer)?;
        // The price that was shown is that of everything.
        let mut tender = Tender { expect: None, ..tender.clone() };
        let purposes = [settles.then_some(Purpose::SettleAll), package.map(Purpose::Buy)];
        let (mut total, mut done) = (Rupiah::ZERO, None);
        for purpose in purposes.into_iter().flatten() {
            let paid = self.take(user, &purpose, &tender)?;
            total = total.plus(Rupiah(paid.order().map_or(0, |order| order.amount_rp)));
            done = Some(paid);
            // What was paid online before is looked at once: the draft itself pays nothing online.
            tender.last_paid = None;
        }
        if sale.tender.expect.is_some_and(|expected| expected != total) {
            return Err(Refusal::QuoteChanged(total).into());
        }
        if let Some(done) = done {
            return Ok(done);
        }
        match customer {
            CounterCustomer::New { .. } => {
                let no = self.draft.find_user(user)?;
                Ok(Done::created(self.user_view(no)))
            }
            CounterCustomer::Known(_) => Err(EngineError::Invalid {
                field: "package_id",
                message: "there is nothing to pay for".into(),
            }),
        }
    }

    /// The customer who is served. A new one is entered, and the device bound to them.
    fn served(&mut self, customer: &CounterCustomer) -> Result<UserId, EngineError> {
        match customer {
            CounterCustomer::Known(user) => Ok(*user),
            CounterCustomer::New { user, device } => {
                let no = self.enter(user, "user.add")?;
                let id = self.draft.user(no).account.id;
                if let Some((mac, label)) = device {
                    self.bind(no, &NewDevice { label: label.clone(), ..NewDevice::of(id, *mac) })?;
                }
                Ok(id)
            }
        }
    }
}
