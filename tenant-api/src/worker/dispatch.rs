//! What a worker does with a ticket.
//!
//! Every way out leaves the row in a state from which it is found again: done, waiting with a
//! ticket on its way, or held under a lease that ends.

use std::time::Duration;

use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{JobId, TenantId},
    life::Access,
    routes::Route,
};
use hotelhub_jobs::{
    broker::Broker,
    consumer::{HandleTicket, Handling, Settled},
    holding::{self, Claim, Claimant},
    kind::{Kind, Wait, WaitQueue},
    outcome::{JobError, Outcome},
    rows::{self, RunningJob},
    ticket::{Errand, Ticket},
};
use hotelhub_tenancy::{
    db::{ConnectTenantError, TenantConnection, TenantDb},
    feed::Feed,
    pools::TenantPools,
    routes::Routes,
};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    kinds::{HotelKind, Kinds, find_kind, may_run},
    upkeep::{UpkeepError, upkeep},
};
use crate::{
    access::{access_of, stricter},
    app::{BOOKKEEPING, RelayError, relay_jobs},
    moving::is_of_a_move,
};

/// How long the route of a new hotel may be on its way here.
const NEW_HOTEL: Duration = Duration::from_secs(5);
/// How long an outcome waits for the end of a move: what a lease outlasts a try by.
const NEXT_PLACE: Duration = Duration::from_secs(12);

/// Works on tickets.
pub(crate) struct Dispatch {
    pub(crate) routes: Routes,
    pub(crate) feed: Feed,
    pub(crate) pools: TenantPools,
    pub(crate) broker: Broker,
    pub(crate) kinds: Kinds,
    pub(crate) clock: Clock,
    /// Who holds the leases of this process.
    pub(crate) worker: String,
}

/// Why a ticket could not be worked on now. It comes again.
#[derive(Debug, thiserror::Error)]
enum Setback {
    #[error("connect to the hotel's database")]
    Connect(#[from] ConnectTenantError),
    #[error("read or write the job")]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    #[error("the database did not answer in time")]
    Slow(#[from] tokio::time::error::Elapsed),
}

impl HandleTicket for Dispatch {
    fn handle(&self, ticket: Ticket) -> Handling<'_> {
        let span = tracing::info_span!("ticket", tenant.id = %ticket.tenant);
        Box::pin(self.settle(ticket).instrument(span))
    }
}

impl Dispatch {
    async fn settle(&self, ticket: Ticket) -> Settled {
        let Some(route) = self.routes.wait_for(ticket.tenant, NEW_HOTEL, |_| true).await else {
            return self.settle_without_hotel(ticket.tenant);
        };
        let db = match self.pools.open(&route) {
            Ok(db) => db,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the hotel's database is not served now");
                return Settled::Again(Wait::S30.with_jitter());
            }
        };
        let worked = match ticket.errand {
            Errand::Tick => self.tick(&route, &db).await,
            Errand::Job { job, kind, epoch, trace, .. } => match find_kind(&kind) {
                Some(kind) => self.work((&route, &db), (job, epoch), kind, trace.as_deref()).await,
                None => return Settled::SetAside(format!("no program of ours knows `{kind}`")),
            },
        };
        worked.unwrap_or_else(|setback| {
            let wait = if is_of_a_move(&setback) { Wait::S2 } else { Wait::S10 };
            tracing::warn!(error = %Chain(&setback), "the ticket comes again later");
            Settled::Again(wait.with_jitter())
        })
    }

    /// With current routes, a hotel that is not among them is gone, and its rows with it. With old
    /// ones it may be new.
    fn settle_without_hotel(&self, tenant: TenantId) -> Settled {
        if self.feed.is_connected() {
            Settled::SetAside(format!("there is no hotel {tenant}"))
        } else {
            Settled::Again(Wait::S30.with_jitter())
        }
    }

    /// Makes what was held ready again, relays what is ready, gives new tickets to rows whose own
    /// must have been lost, and keeps the hotel's days and tables in order.
    ///
    /// Nothing of it while the data is being moved: that may not be written. Nothing in a stopped
    /// hotel either. The business day of a suspended one goes on: its guests are still there.
    async fn tick(&self, route: &Route, db: &TenantDb) -> Result<Settled, Setback> {
        let vouched = self.vouched(route);
        if vouched != Some(Access::Stopped) {
            let connection = db.connect().await?;
            let row = timeout(BOOKKEEPING, access_of(&connection)).await??;
            let access = vouched.map_or(row, |route| stricter(route, row));
            let is_served = !matches!(access, Access::ReadOnly | Access::Stopped);
            if is_served {
                timeout(BOOKKEEPING, self.release_held(&connection, access)).await??;
            }
            connection.release();
            if is_served {
                relay_jobs(db, &self.broker, true).await?;
                upkeep(db, self.clock.now()).await?;
            }
        }
        metrics::counter!("job_ticks_total").increment(1);
        Ok(Settled::Finished)
    }

    async fn release_held(
        &self,
        connection: &TenantConnection,
        access: Access,
    ) -> Result<(), tokio_postgres::Error> {
        // The row may allow more than counts; what counts is what the route allows as well.
        let mut may = may_run();
        may.retain(|(name, _)| may_run().contains(&(*name, access)));
        let released = holding::release(connection, &may).await?;
        if released > 0 {
            tracing::info!(released, "jobs that were held may run again");
        }
        Ok(())
    }

    /// The route's word about the hotel's access, while the feed vouches for it.
    fn vouched(&self, route: &Route) -> Option<Access> {
        self.feed.is_connected().then_some(route.access)
    }

    async fn work(
        &self,
        (route, db): (&Route, &TenantDb),
        (job, epoch): (JobId, i32),
        HotelKind { kind, runs_under }: &'static HotelKind,
        trace: Option<&str>,
    ) -> Result<Settled, Setback> {
        let vouched = self.vouched(route);
        let under = match vouched {
            Some(Access::ReadOnly) => return Ok(Settled::Again(Wait::S2.with_jitter())),
            Some(access) if !runs_under.contains(&access) => &[],
            _ => *runs_under,
        };
        let connection = db.connect().await?;
        let claimant = Claimant { worker: &self.worker, lease: kind.lease() };
        let claim = holding::claim(&connection, job, epoch, claimant, under);
        let claim = timeout(BOOKKEEPING, claim).await??;
        connection.release();
        let running = match claim {
            Claim::Run(running) => running,
            Claim::Later(time) => return Ok(Settled::Again(Wait::towards(time))),
            Claim::Held => {
                tracing::info!(job.id = %job, job.kind = kind.name, "held: the hotel may not now");
                metrics::counter!("jobs_held_total", "kind" => kind.name).increment(1);
                return Ok(Settled::Finished);
            }
            Claim::Gone => {
                metrics::counter!("job_duplicates_total", "kind" => kind.name).increment(1);
                return Ok(Settled::Finished);
            }
        };
        let span = tracing::info_span!(
            "job", job.id = %job, job.kind = kind.name, job.attempt = running.attempt, trace
        );
        let started = std::time::Instant::now();
        let ended = self.attempt(db, &running, kind).instrument(span.clone()).await;
        metrics::histogram!("job_seconds", "kind" => kind.name)
            .record(started.elapsed().as_secs_f64());
        self.write_down(route, db, &running, (kind, ended)).instrument(span).await
    }

    async fn attempt(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &Kind,
    ) -> Result<Outcome, JobError> {
        if job.poisoned {
            return Err(JobError::fail("POISON", "three workers ended in the middle of it"));
        }
        match timeout(kind.timeout, self.kinds.run(db, job)).await {
            Ok(ended) => ended,
            Err(_elapsed) => Err(JobError::timed_out()),
        }
    }

    /// Writes the outcome, and makes use of the room it leaves in the window.
    ///
    /// A try that a move's pause has stopped does not count. If the pause stops the outcome itself,
    /// it is written at the new place, where the row stands under the same fence.
    async fn write_down(
        &self,
        route: &Route,
        db: &TenantDb,
        job: &RunningJob,
        (kind, ended): (&Kind, Result<Outcome, JobError>),
    ) -> Result<Settled, Setback> {
        let written = match outcome_on(db, job, kind, &ended).await {
            Err(setback) if is_of_a_move(&setback) => {
                let db = self.next_place(route).await.ok_or(setback)?;
                let written = outcome_on(&db, job, kind, &ended).await?;
                (written, db)
            }
            other => (other?, db.clone()),
        };
        let ((stands, settled, outcome), db) = written;
        metrics::counter!("job_attempts_total", "kind" => kind.name, "outcome" => outcome)
            .increment(1);
        report(&ended, outcome);
        if !stands {
            tracing::warn!("the lease was lost meanwhile: another worker has the job");
            return Ok(Settled::Finished);
        }
        if let Err(error) = relay_jobs(&db, &self.broker, false).await {
            tracing::warn!(error = %Chain(&error), "the next jobs wait for the tick");
        }
        Ok(settled)
    }

    /// The hotel's database at its next place, if there is one while the lease lasts.
    async fn next_place(&self, route: &Route) -> Option<TenantDb> {
        let is_next = |it: &Route| it.placement.is_some() && it.placement != route.placement;
        let next = self.routes.wait_for(route.tenant_id, NEXT_PLACE, is_next).await?;
        if is_next(&next) { self.pools.open(&next).ok() } else { None }
    }
}

/// Writes the outcome of a try: whether the claim still stood, what becomes of the ticket, and how
/// it is called.
async fn outcome_on(
    db: &TenantDb,
    job: &RunningJob,
    kind: &Kind,
    ended: &Result<Outcome, JobError>,
) -> Result<(bool, Settled, &'static str), Setback> {
    let connection = db.connect().await?;
    let written = timeout(BOOKKEEPING, async {
        Ok::<_, tokio_postgres::Error>(match ended {
            Ok(Outcome::Recorded) => (true, Settled::Finished, "done"),
            Ok(Outcome::Done(result)) => {
                (rows::finish_done(&connection, job, result).await?, Settled::Finished, "done")
            }
            Err(error) if is_of_a_move(error) => {
                let wait = Wait::S2.with_jitter();
                let stands = rows::hand_back(&connection, job, wait.time()).await?;
                (stands, Settled::Again(wait), "handed_back")
            }
            Err(error) => match wait_after(error, kind, job.attempt) {
                Some(wait) => (
                    rows::finish_retry(&connection, job, error, wait.time()).await?,
                    Settled::Again(wait),
                    "retry",
                ),
                None => {
                    (rows::finish_dead(&connection, job, error).await?, Settled::Finished, "dead")
                }
            },
        })
    })
    .await??;
    connection.release();
    Ok(written)
}

fn wait_after(error: &JobError, kind: &Kind, attempt: i32) -> Option<WaitQueue> {
    if error.is_permanent() { None } else { kind.wait_after(attempt).map(Wait::with_jitter) }
}

fn report(ended: &Result<Outcome, JobError>, outcome: &'static str) {
    match ended {
        Ok(_) => tracing::info!(outcome, "the job ended"),
        Err(error) if outcome == "dead" => {
            tracing::error!(outcome, error = %Chain(error), "ALARM: the job is dead");
        }
        Err(error) => tracing::warn!(outcome, error = %Chain(error), "the try failed"),
    }
}
