//! What a worker does with a tick: it looks at a hotel whether something is due.
//!
//! A tick says nothing but that, so it may come twice or late. In an idle hotel it writes nothing: a
//! write would move the counters of the database, and bring another tick.

use chrono::{DateTime, Utc};
use hotelhub_core::{errors::Chain, ids::TenantId, life::Access, routes::Route};
use hotelhub_jobs::{
    hints::Hint,
    relay,
    rows::{self, Backlog},
    transport::Settled,
};
use hotelhub_tenancy::db::{TenantConnection, TenantDb};
use tokio::time::timeout;

use super::{Dispatch, setback::Setback, timetable};
use crate::{
    access::{access_of, stricter},
    app::BOOKKEEPING,
    relay::relay_jobs,
};

impl Dispatch {
    /// Makes what was held ready again and what is due by the clock a job, relays what is ready,
    /// gives new tickets to rows whose own must have been lost, and tells when to look again.
    ///
    /// Nothing of it while the data is being moved: that may not be written. Nothing in a stopped
    /// hotel either. The business day of a suspended one goes on: its guests are still there.
    pub(super) async fn tick(&self, route: &Route, db: &TenantDb) -> Result<Settled, Setback> {
        let vouched = self.vouched(route);
        if vouched != Some(Access::Stopped) {
            let mut connection = db.connect().await?;
            let row = timeout(BOOKKEEPING, access_of(&connection)).await??;
            let access = vouched.map_or(row, |route| stricter(route, row));
            let is_served = !matches!(access, Access::ReadOnly | Access::Stopped);
            let mut next_due = None;
            if is_served {
                let released = self.release_held(&connection, route.tenant_id, access);
                timeout(BOOKKEEPING, released).await??;
                let firing = timetable::fire(&mut connection, access, self.clock.now());
                next_due = timeout(BOOKKEEPING, firing).await??;
            }
            let backlog = timeout(BOOKKEEPING, rows::backlog(&connection)).await??;
            tell_backlog(&backlog);
            connection.release();
            if is_served {
                relay_jobs(db, &*self.transport, true).await?;
                self.tell_next(db, next_due).await?;
                self.reports.tell(db, route.tenant_id).await;
            }
        }
        metrics::counter!("job_ticks_total").increment(1);
        Ok(Settled::Finished)
    }

    /// Tells whoever sends ticks when to look here again.
    async fn tell_next(
        &self,
        db: &TenantDb,
        schedules: Option<DateTime<Utc>>,
    ) -> Result<(), Setback> {
        let connection = db.connect().await?;
        let rows = timeout(BOOKKEEPING, relay::next_due(&connection)).await??;
        connection.release();
        let rows = rows.map(|left| self.clock.now() + left);
        let next_due = schedules.into_iter().chain(rows).min();
        let hint = Hint { tenant: db.tenant(), next_due, looked: true };
        if let Err(error) = self.transport.hint(&hint).await {
            tracing::debug!(error = %Chain(&error), "the hint is lost; a tick comes anyway");
        }
        Ok(())
    }

    /// Lets go what may go on. The hotel's row may allow more than counts: what counts is what the
    /// route allows as well.
    async fn release_held(
        &self,
        connection: &TenantConnection,
        tenant: TenantId,
        access: Access,
    ) -> Result<(), tokio_postgres::Error> {
        let may_run = self
            .kinds
            .all()
            .filter(|it| it.runs_under().contains(&access) && !self.is_paused(tenant, it.as_ref()));
        let may: Vec<_> = may_run
            .flat_map(|it| it.runs_under().iter().map(|access| (it.kind().name, *access)))
            .collect();
        let released = rows::release(connection, &may).await?;
        if released > 0 {
            tracing::info!(released, "jobs that were held may run again");
        }
        Ok(())
    }
}

/// Adds one hotel's backlog to the figures: no label names the hotel.
fn tell_backlog(backlog: &[Backlog]) {
    for it in backlog {
        let class = it.class.clone();
        let count = f64::from(i32::try_from(it.count).unwrap_or(i32::MAX));
        metrics::histogram!("job_backlog_rows", "class" => class.clone()).record(count);
        metrics::histogram!("job_backlog_oldest_seconds", "class" => class)
            .record(it.oldest.as_secs_f64());
    }
}
