//! What a worker does with a ticket.
//!
//! Every way out leaves the row in a state from which it is found again: done, waiting with a
//! ticket on its way, or held under a lease that ends.

use std::{sync::Arc, time::Duration};

use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{JobId, TenantId},
    life::Access,
    routes::Route,
    tasks::Tasks,
};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::{self, Claim, HeldFor, RunningJob, Wanted},
    ticket::{Errand, Ticket},
    transport::{Boxed, Delivered, HandleTicket, Presence, Settled, Transport},
    verdict::Verdict,
    wait::Wait,
};
use hotelhub_tenancy::{db::TenantDb, feed::Feed, pools::TenantPools, routes::Routes};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    attempt::Attempts,
    claiming::Claims,
    endings::{Endings, judge, report},
    registry::{Registry, Work},
    reports::Reports,
    setback::Setback,
    traced::Traced,
};
use crate::{app::BOOKKEEPING, moving::is_of_a_move, relay::Relay};

/// How long the route of a new hotel may be on its way here.
const NEW_HOTEL: Duration = Duration::from_secs(5);
/// How long an outcome waits for the end of a move: what a lease outlasts a try by.
const NEXT_PLACE: Duration = Duration::from_secs(12);

/// Works on tickets.
pub(crate) struct Dispatch {
    pub(super) routes: Routes,
    pub(super) feed: Feed,
    pub(super) pools: TenantPools,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) relay: Relay,
    pub(super) kinds: Registry,
    pub(super) clock: Clock,
    pub(super) claims: Claims,
    pub(super) attempts: Attempts,
    pub(super) endings: Endings,
    pub(super) tasks: Tasks,
    pub(super) reports: Reports,
}

impl HandleTicket for Dispatch {
    fn handle(&self, delivered: Delivered) -> Boxed<'_, Settled> {
        let Ticket { tenant, errand, .. } = &delivered.ticket;
        let span = tracing::info_span!(
            "ticket", tenant.id = %tenant,
            trace_id = errand.trace().map(|it| tracing::field::display(it.trace_id())),
        );
        Box::pin(self.settle(delivered).instrument(span))
    }
}

impl Dispatch {
    async fn settle(&self, Delivered { ticket, again }: Delivered) -> Settled {
        if self.tasks.stop_token().is_cancelled() {
            return Settled::Back;
        }
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
            Errand::Job { job, kind, epoch, .. } => match self.kinds.find(&kind) {
                Some(kind) => {
                    let ticket = JobTicket { job, epoch, again };
                    self.work((&route, &db), &ticket, kind.as_ref()).await
                }
                None => return self.set_aside_unknown(&db, (job, epoch), &kind).await,
            },
        };
        worked.unwrap_or_else(|setback| {
            let wait = if is_of_a_move(&setback) { Wait::S2 } else { Wait::S10 };
            tracing::warn!(error = %Chain(&setback), "the ticket comes again later");
            Settled::Again(wait.with_jitter())
        })
    }

    /// The row waits for a program that knows its kind, such as the next release.
    async fn set_aside_unknown(
        &self,
        db: &TenantDb,
        (job, epoch): (JobId, i32),
        kind: &str,
    ) -> Settled {
        let held = async {
            let connection = db.connect().await?;
            let unless = [Access::ReadOnly];
            let held = rows::hold(&connection, (job, epoch, kind), HeldFor::Kind, &unless);
            timeout(BOOKKEEPING, held).await??;
            connection.release();
            Ok::<_, Setback>(())
        };
        if let Err(setback) = held.await {
            tracing::warn!(error = %Chain(&setback), "the ticket comes again later");
            return Settled::Again(Wait::S10.with_jitter());
        }
        Settled::SetAside(format!("no program of ours knows `{kind}`"))
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

    /// The route's word about the hotel's access, while the feed vouches for it.
    pub(super) fn vouched(&self, route: &Route) -> Option<Access> {
        self.feed.is_connected().then_some(route.access)
    }

    async fn work(
        &self,
        (route, db): (&Route, &TenantDb),
        ticket: &JobTicket,
        kind: &dyn Work,
    ) -> Result<Settled, Setback> {
        let (under, otherwise) = match self.vouched(route) {
            Some(Access::ReadOnly) => return Ok(Settled::Again(Wait::S2.with_jitter())),
            _ if self.is_paused(route.tenant_id, kind) => (Vec::new(), HeldFor::Pause),
            Some(access) if !kind.runs_under().contains(&access) => (Vec::new(), HeldFor::Access),
            _ => (kind.runs_under().to_vec(), HeldFor::Access),
        };
        let name = kind.kind().name;
        let (owner, presence) = match ticket.again {
            true => self.look_for_owner(db, ticket.job).await?,
            false => (None, Presence::Here),
        };
        let is_anothers = owner.as_deref().is_some_and(|it| it != self.claims.worker());
        let mut wanted = Wanted {
            job: ticket.job,
            epoch: ticket.epoch,
            kind: name,
            lease: kind.kind().lease(),
            under,
            otherwise,
            gone: owner.filter(|_| presence == Presence::Gone),
            alone: false,
        };
        let mut claim = self.claims.claim(db, kind, wanted.clone()).await?;
        let mut turn = None;
        if matches!(claim, Claim::Suspect) {
            turn = self.attempts.alone().await;
            wanted.alone = turn.is_some();
            claim = self.claims.claim(db, kind, wanted).await?;
        }
        let running = match claim {
            Claim::Run(running) => running,
            Claim::Suspect if ticket.again => {
                return Ok(Settled::StillAgain(Wait::S2.with_jitter()));
            }
            Claim::Suspect => return Ok(Settled::Again(Wait::S2.with_jitter())),
            // The lease may be long, and nobody else is told when its owner goes. Even one that has
            // just died may look alive for a moment.
            Claim::Later(_) if is_anothers => {
                return Ok(Settled::StillAgain(Wait::S2.with_jitter()));
            }
            Claim::Later(time) => return Ok(Settled::Again(Wait::towards(time))),
            Claim::Held => {
                tracing::info!(job.id = %ticket.job, job.kind = name, "held: not now");
                metrics::counter!("jobs_held_total", "kind" => name).increment(1);
                // It gave up its place in the window: others of the class may have it.
                self.relay.fill_up(db.clone(), kind.kind().class);
                return Ok(Settled::Finished);
            }
            Claim::Missing => {
                let text = format!("the hotel has no job {} of the kind `{name}`", ticket.job);
                return Ok(Settled::SetAside(text));
            }
            Claim::Gone => {
                metrics::counter!("job_duplicates_total", "kind" => name).increment(1);
                self.relay.fill_up(db.clone(), kind.kind().class);
                return Ok(Settled::Finished);
            }
        };
        let traced = Traced::begin(route.tenant_id, &running, kind.kind());
        let span = tracing::info_span!(
            "job", tenant.id = %route.tenant_id, job.id = %ticket.job, job.kind = name,
            job.attempt = running.attempt, trace_id = %traced.at.trace_id()
        );
        metrics::histogram!("job_wait_seconds", "kind" => name)
            .record(running.waited.as_secs_f64());
        let started = std::time::Instant::now();
        let trying = self.attempts.run(db, &running, kind, traced.at);
        let ended = trying.instrument(span.clone()).await;
        metrics::histogram!("job_seconds", "kind" => name).record(started.elapsed().as_secs_f64());
        let verdict = judge(&running, kind, &ended);
        let traced = traced.with_end(&ended);
        let writing = self.write_down(route, db, &running, (kind, ended, &verdict));
        let settled = writing.instrument(span).await;
        drop(turn);
        traced.end(if settled.is_ok() { verdict.ended.name() } else { "unwritten" });
        settled
    }

    /// Whether the vendor has paused the hotel's jobs, the class or the kind.
    pub(super) fn is_paused(&self, tenant: TenantId, kind: &dyn Work) -> bool {
        let Kind { name, class, .. } = kind.kind();
        self.routes.pauses().covers(tenant, class.name(), name)
    }

    /// Who holds the job's lease, and what is known of that worker. This one is always here: its
    /// try goes on.
    async fn look_for_owner(
        &self,
        db: &TenantDb,
        job: JobId,
    ) -> Result<(Option<String>, Presence), Setback> {
        let connection = db.connect().await?;
        let owner = timeout(BOOKKEEPING, rows::find_owner(&connection, job)).await??;
        connection.release();
        let presence = match &owner {
            Some(it) if it != self.claims.worker() => self.transport.look_for(it).await,
            _ => Presence::Here,
        };
        Ok((owner, presence))
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
        (kind, ended, verdict): (&dyn Work, Result<Outcome, JobError>, &Verdict),
    ) -> Result<Settled, Setback> {
        let (stands, db) = match self.endings.write(db, job, kind, (&ended, verdict)).await {
            Err(setback) if is_of_a_move(&setback) => {
                let db = self.next_place(route).await.ok_or(setback)?;
                (self.endings.write(&db, job, kind, (&ended, verdict)).await?, db)
            }
            stands => (stands?, db.clone()),
        };
        let (name, outcome) = (kind.kind().name, verdict.ended.name());
        metrics::counter!("job_attempts_total", "kind" => name, "outcome" => outcome).increment(1);
        report(&ended, outcome);
        if !stands {
            tracing::warn!("the lease was lost meanwhile: another worker has the job");
            return Ok(Settled::Finished);
        }
        self.relay.fill_up(db, kind.kind().class);
        Ok(verdict.settled())
    }

    /// The hotel's database at its next place, if there is one while the lease lasts.
    async fn next_place(&self, route: &Route) -> Option<TenantDb> {
        let is_next = |it: &Route| it.placement.is_some() && it.placement != route.placement;
        metrics::counter!("tenant_moves_awaited_total").increment(1);
        let next = self.routes.wait_for(route.tenant_id, NEXT_PLACE, is_next).await?;
        if is_next(&next) { self.pools.open(&next).ok() } else { None }
    }
}

/// A ticket for one job.
struct JobTicket {
    job: JobId,
    epoch: i32,
    /// Somebody had it before and did not settle it.
    again: bool,
}
