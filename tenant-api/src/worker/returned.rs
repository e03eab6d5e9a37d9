//! Tickets that the broker gave up on: it brought them too often.
//!
//! What matters is the row, and the row counts its own tries and crashes, so the ticket starts
//! again. A job that is to blame ends by its own count; those that only lay beside it go on.

use std::sync::Arc;

use hotelhub_jobs::{
    transport::{Boxed, Delivered, HandleTicket, Settled},
    wait::Wait,
};

/// Brings returned tickets back to work.
pub(crate) struct Returned;

impl Returned {
    pub(crate) fn handler() -> Arc<dyn HandleTicket> {
        Arc::new(Self)
    }
}

impl HandleTicket for Returned {
    fn handle(&self, delivered: Delivered) -> Boxed<'_, Settled> {
        metrics::counter!("job_tickets_returned_total").increment(1);
        let ticket = delivered.ticket;
        tracing::error!(
            tenant.id = %ticket.tenant, errand = ?ticket.errand,
            "ALARM: the broker gave up on a ticket; it starts again"
        );
        Box::pin(std::future::ready(Settled::Again(Wait::S10.with_jitter())))
    }
}
