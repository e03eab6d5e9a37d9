//! A change of the hotel's data under way: who makes it, when, and in which request.
//!
//! It knows nothing of the desk that begins it, so that what is recorded about a change, and what
//! support is let do, stands below the desk.

use std::{cell::Cell, net::IpAddr, time::Duration};

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{RequestId, SessionId, UserId},
    trace::TraceContext,
};
use hotelhub_http::error::{ApiError, ApiResult};
use hotelhub_jobs::rows::{self, NewJob};
use hotelhub_tenancy::db::TenantTransaction;

use crate::{site::database_failed, worker::HotelJob};

/// Who changes something, when, and in which request.
pub(crate) struct Change<'a> {
    pub(crate) tx: &'a TenantTransaction<'a>,
    pub(crate) person: UserId,
    pub(crate) session: SessionId,
    pub(crate) address: IpAddr,
    pub(crate) now: DateTime<Utc>,
    pub(crate) request: RequestId,
    trace: TraceContext,
    jobs: Cell<Option<Wake>>,
}

/// Who asks for a change.
pub(crate) struct By {
    pub(crate) person: UserId,
    pub(crate) session: SessionId,
    pub(crate) address: IpAddr,
    pub(crate) request: RequestId,
    pub(crate) trace: TraceContext,
}

/// What a committed change wants for its jobs.
#[derive(Clone, Copy)]
pub(crate) enum Wake {
    /// Tickets for those that are ready.
    Now,
    /// And for those that are ready later, from this time on.
    AndAfter(Duration),
}

impl<'a> Change<'a> {
    pub(crate) fn new(tx: &'a TenantTransaction<'a>, by: By, now: DateTime<Utc>) -> Self {
        let By { person, session, address, request, trace } = by;
        Self { tx, person, session, address, now, request, trace, jobs: Cell::new(None) }
    }

    /// Writes a job that exists if, and only if, the change is committed. Whom it calls is noted by the
    /// worker that has to put it off.
    pub(crate) async fn enqueue<J: HotelJob>(&self, job: &J, dedupe_key: &str) -> ApiResult<()> {
        let trace = self.trace.to_string();
        let payload = serde_json::to_value(job).map_err(ApiError::internal)?;
        let job = NewJob {
            dedupe_key: Some(dedupe_key),
            trace: Some(&trace),
            ..NewJob::new(J::KIND, &payload)
        };
        rows::enqueue(self.tx, job).await.map_err(database_failed)?;
        self.nudge();
        Ok(())
    }

    /// Has tickets sent for what is ready, once the change is committed.
    pub(crate) fn nudge(&self) {
        self.jobs.set(Some(Wake::Now));
    }

    /// The same, and once more where jobs are due one after the other, so far apart.
    pub(crate) fn nudge_every(&self, pause: Duration) {
        self.jobs.set(Some(Wake::AndAfter(pause)));
    }

    /// What it wants for its jobs, once it is committed.
    pub(crate) fn wake(&self) -> Option<Wake> {
        self.jobs.get()
    }
}
