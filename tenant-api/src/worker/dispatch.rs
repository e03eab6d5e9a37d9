//! What a worker does with a ticket.
//!
//! Every way out leaves the row in a state from which it is found again: done, waiting with a
//! ticket on its way, or held under a lease that ends.

use std::time::Duration;

use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{JobId, TenantId},
};
use hotelhub_jobs::{
    broker::Broker,
    consumer::{HandleTicket, Handling, Settled},
    kind::{Kind, Wait, WaitQueue},
    outcome::{JobError, Outcome},
    rows::{self, Claim, RunningJob},
    ticket::{Errand, Ticket},
};
use hotelhub_tenancy::{
    db::{ConnectTenantError, TenantDb},
    feed::Feed,
    pools::TenantPools,
    routes::Routes,
};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    kinds::{Kinds, find_kind},
    upkeep::{UpkeepError, upkeep},
};
use crate::app::{BOOKKEEPING, RelayError, relay_jobs};

/// How long the route of a new hotel may be on its way here.
const NEW_HOTEL: Duration = Duration::from_secs(5);

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
            Errand::Tick => self.tick(&db).await,
            Errand::Job { job, kind, epoch, trace, .. } => match find_kind(&kind) {
                Some(kind) => self.work(&db, job, kind, epoch, trace.as_deref()).await,
                None => return Settled::SetAside(format!("no program of ours knows `{kind}`")),
            },
        };
        worked.unwrap_or_else(|setback| {
            tracing::warn!(error = %Chain(&setback), "the ticket comes again later");
            Settled::Again(Wait::S10.with_jitter())
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

    /// Relays what is ready, gives new tickets to rows whose own must have been lost, and keeps the
    /// hotel's days and tables in order.
    async fn tick(&self, db: &TenantDb) -> Result<Settled, Setback> {
        relay_jobs(db, &self.broker, true).await?;
        upkeep(db, self.clock.now()).await?;
        metrics::counter!("job_ticks_total").increment(1);
        Ok(Settled::Finished)
    }

    async fn work(
        &self,
        db: &TenantDb,
        job: JobId,
        kind: &'static Kind,
        epoch: i32,
        trace: Option<&str>,
    ) -> Result<Settled, Setback> {
        let connection = db.connect().await?;
        let claim = rows::claim(&connection, job, epoch, &self.worker, kind.lease());
        let claim = timeout(BOOKKEEPING, claim).await??;
        connection.release();
        let running = match claim {
            Claim::Run(running) => running,
            Claim::Later(time) => return Ok(Settled::Again(Wait::towards(time))),
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
        self.write_down(db, &running, kind, ended).instrument(span).await
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
    async fn write_down(
        &self,
        db: &TenantDb,
        job: &RunningJob,
        kind: &Kind,
        ended: Result<Outcome, JobError>,
    ) -> Result<Settled, Setback> {
        let connection = db.connect().await?;
        let (stands, settled, outcome) = timeout(BOOKKEEPING, async {
            Ok::<_, tokio_postgres::Error>(match &ended {
                Ok(Outcome::Recorded) => (true, Settled::Finished, "done"),
                Ok(Outcome::Done(result)) => {
                    (rows::finish_done(&connection, job, result).await?, Settled::Finished, "done")
                }
                Err(error) => match wait_after(error, kind, job.attempt) {
                    Some(wait) => (
                        rows::finish_retry(&connection, job, error, wait.time()).await?,
                        Settled::Again(wait),
                        "retry",
                    ),
                    None => (
                        rows::finish_dead(&connection, job, error).await?,
                        Settled::Finished,
                        "dead",
                    ),
                },
            })
        })
        .await??;
        metrics::counter!("job_attempts_total", "kind" => kind.name, "outcome" => outcome)
            .increment(1);
        report(&ended, outcome);
        connection.release();
        if !stands {
            tracing::warn!("the lease was lost meanwhile: another worker has the job");
            return Ok(Settled::Finished);
        }
        if let Err(error) = relay_jobs(db, &self.broker, false).await {
            tracing::warn!(error = %Chain(&error), "the next jobs wait for the tick");
        }
        Ok(settled)
    }
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
