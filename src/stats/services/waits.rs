//! Requests over TCP that wait: nobody asks again there, so that they are told of before they end.

use crate::model::evidence::Trouble;
use crate::model::mix::Keys;
use crate::model::{Address, ServiceKey, Transaction, TransactionEnd, WaitTold};
use crate::stats::ServiceLedger;

impl ServiceLedger {
    /// A request that waits, and of which will be told once more.
    pub(super) fn goes_on(&mut self, t: &Transaction, key: ServiceKey, client: Address) {
        match t.end {
            TransactionEnd::Overdue => self.overdue(t, key, client),
            _ => self.waits(t, key, client),
        }
    }

    /// It has waited for longer than users do.
    fn waits(&mut self, t: &Transaction, key: ServiceKey, client: Address) {
        let waits_for = if self.tls.waits(t) { Some(Trouble::TlsFailed) } else { None };
        let counted = self.with(key, t.asked, |counts| {
            let troubles = [Some(Trouble::Waiting), waits_for].into_iter().flatten();
            troubles.for_each(|trouble| counts.troubles(client, (trouble, t.times), t.asked, t.asked));
        });
        if let Some((service, _)) = counted {
            service.app = t.app;
            service.waiting = service.waiting.saturating_add(t.times.into());
            service.prove(Trouble::Waiting, t.number);
            (0..t.times).for_each(|_| service.unanswered.waits(client, t.flow.keyed_hash(&Keys::FIXED), t.asked));
        }
    }

    /// It has waited for so long that it counts as not answered, until it is.
    fn overdue(&mut self, t: &Transaction, key: ServiceKey, client: Address) {
        self.judged = self.judged.saturating_add(t.times.into());
        let counted = self.with(key, t.asked, |counts| counts.troubles(client, (Trouble::Unanswered, t.times), t.asked, t.asked));
        if let Some((service, _)) = counted {
            service.waiting = service.waiting.saturating_sub(t.times.into());
            service.prove(Trouble::Unanswered, t.number);
        }
    }

    /// The end of a request of which was told before. False where its end is known already.
    pub(super) fn no_longer_waits(&mut self, t: &Transaction, key: ServiceKey, client: Address) -> bool {
        match (t.told, t.end) {
            (WaitTold::Nothing, _) => true,
            // The capture ends before it does.
            (WaitTold::Waiting, TransactionEnd::Open) | (WaitTold::Overdue, TransactionEnd::Unanswered) => false,
            (WaitTold::Waiting, _) => {
                let service = self.services.get_mut(&key);
                service.into_iter().for_each(|service| service.waiting = service.waiting.saturating_sub(t.times.into()));
                true
            }
            (WaitTold::Overdue, _) => {
                self.judged = self.judged.saturating_sub(t.times.into());
                if let Some(service) = self.services.get_mut(&key) {
                    service.take_back(client, (Trouble::Unanswered, t.times));
                }
                true
            }
        }
    }
}
