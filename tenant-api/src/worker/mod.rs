//! From a ticket to a job that is done.
//!
//! [`dispatch`] walks a ticket through: resolve the hotel, claim the row ([`claiming`]), try
//! ([`attempt`]), write down how it ended ([`endings`]), and only then let the ticket go. A kind of
//! job is a struct that implements [`HotelJob`]; the [`Registry`] names those that a worker can do.

mod attempt;
mod claiming;
mod dispatch;
mod endings;
mod kind;
pub(crate) mod kinds;
mod mailer;
mod registry;
mod reports;
mod returned;
mod setback;
mod tick;
mod timetable;
mod traced;

use std::sync::Arc;

use hotelhub_core::{clock::Clock, tasks::Tasks};
use hotelhub_jobs::{
    peers::{fleet::Fleet, shared::SharedBudgets},
    transport::Transport,
};
use hotelhub_tenancy::{feed::Feed, pools::TenantPools, routes::Routes};
use tokio_util::sync::CancellationToken;

use self::{attempt::Attempts, claiming::Claims, endings::Endings};
pub(crate) use self::{
    dispatch::Dispatch, kinds::MailTools, mailer::Mailer, reports::Reports, returned::Returned,
};
pub use self::{
    kind::{HotelJob, Try},
    registry::Registry,
};
use crate::relay::Relay;

/// What a worker is made of.
pub(crate) struct Worker {
    /// Who holds the leases of this process.
    pub(crate) name: String,
    pub(crate) routes: Routes,
    pub(crate) feed: Feed,
    pub(crate) pools: TenantPools,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) kinds: Registry,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) reports: Reports,
    /// At most so many claims or outcomes of one hotel are committed together.
    pub(crate) batch: usize,
    /// What peers allow all hotels together.
    pub(crate) budgets: Arc<SharedBudgets>,
    pub(crate) fleet: Fleet,
    /// Cancelled when what still runs has to be handed back.
    pub(crate) ending: CancellationToken,
}

impl Worker {
    pub(crate) fn dispatch(self) -> Dispatch {
        Dispatch {
            relay: Relay::new(Arc::clone(&self.transport), self.tasks.clone()),
            claims: Claims::new(self.name, self.batch, self.fleet.clone()),
            endings: Endings::new(self.batch, self.fleet, Arc::clone(&self.budgets)),
            attempts: Attempts::new(self.budgets, self.ending),
            routes: self.routes,
            feed: self.feed,
            pools: self.pools,
            transport: self.transport,
            kinds: self.kinds,
            clock: self.clock,
            tasks: self.tasks,
            reports: self.reports,
        }
    }
}
