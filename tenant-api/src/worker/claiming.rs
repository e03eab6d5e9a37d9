//! From a ticket to a claim.
//!
//! Claims of one hotel and class that come at the same time go together. A kind that calls a peer
//! claims alone, and asks for its call in the same transaction: what is rolled back was not called.

use std::{sync::Arc, time::Duration};

use hotelhub_core::{errors::Chain, ids::TenantId, life::Access};
use hotelhub_jobs::{
    batches::Batches,
    class::Class,
    peers::{Admission, Peer, admission, breaker, fleet::Fleet},
    rows::{self, Called, Claim, HeldFor, RunningJob, Wanted},
};
use hotelhub_tenancy::db::{TenantConnection, TenantDb, TenantTransaction};
use tokio::time::timeout;

use super::{
    registry::Work,
    setback::{Setback, together},
};
use crate::app::BOOKKEEPING;

/// What is done where it is not known why a job was not claimed.
const UNEXPLAINED: Claim = Claim::Later(Duration::from_secs(2));

/// What one claim came to.
type Claimed = Result<Claim, Arc<Setback>>;

/// Claims jobs for one worker.
#[derive(Debug)]
pub(super) struct Claims {
    /// Who holds the leases of this process.
    worker: String,
    together: Batches<(TenantId, Class), Wanted, Claimed>,
    fleet: Fleet,
}

impl Claims {
    pub(super) fn new(worker: String, most: usize, fleet: Fleet) -> Self {
        Self { worker, together: Batches::new(most), fleet }
    }

    pub(super) fn worker(&self) -> &str {
        &self.worker
    }

    /// Claims what is wanted, or says why not.
    pub(super) async fn claim(
        &self,
        db: &TenantDb,
        kind: &dyn Work,
        wanted: Wanted,
    ) -> Result<Claim, Setback> {
        if !kind.peers().is_empty() {
            return self.claim_with_peer(db, kind, wanted).await;
        }
        let class = kind.kind().class;
        let run = |wanted| self.claim_together(db, class, wanted);
        let claimed = self.together.submit((db.tenant(), class), wanted, run).await;
        claimed.ok_or(Setback::GivenUp)?.map_err(Setback::Together)
    }

    async fn claim_together(
        &self,
        db: &TenantDb,
        class: Class,
        wanted: Vec<Wanted>,
    ) -> Vec<Claimed> {
        match self.claim_all(db, class, &wanted).await {
            Ok(claims) => claims.into_iter().map(Ok).collect(),
            Err(setback) => together(setback, wanted.len()),
        }
    }

    async fn claim_all(
        &self,
        db: &TenantDb,
        class: Class,
        wanted: &[Wanted],
    ) -> Result<Vec<Claim>, Setback> {
        let mut connection = db.connect().await?;
        let claimed = timeout(BOOKKEEPING, async {
            if class.running_cap().is_none() {
                return rows::claim(&connection, &self.worker, wanted, None).await;
            }
            let tx = connection.transaction().await?;
            let claimed = self.claim_within(&tx, class, wanted).await?;
            tx.commit().await?;
            Ok(claimed)
        })
        .await??;
        let mut claims = Vec::with_capacity(wanted.len());
        let mut is_sound = true;
        for (ours, wanted) in claimed.into_iter().zip(wanted) {
            claims.push(match ours {
                Some(job) => Claim::Run(job),
                None if is_sound => {
                    let why = explain(&connection, wanted).await;
                    is_sound = why.is_some();
                    why.unwrap_or(UNEXPLAINED)
                }
                None => UNEXPLAINED,
            });
        }
        if is_sound {
            connection.release();
        }
        Ok(claims)
    }

    async fn claim_within(
        &self,
        tx: &TenantTransaction<'_>,
        class: Class,
        wanted: &[Wanted],
    ) -> Result<Vec<Option<Box<RunningJob>>>, tokio_postgres::Error> {
        let cap = class.running_cap();
        if cap.is_some() {
            rows::lock_class(tx, class).await?;
        }
        rows::claim(tx, &self.worker, wanted, cap).await
    }

    async fn claim_with_peer(
        &self,
        db: &TenantDb,
        kind: &dyn Work,
        wanted: Wanted,
    ) -> Result<Claim, Setback> {
        let mut connection = db.connect().await?;
        let claim = timeout(BOOKKEEPING, async {
            let tx = connection.transaction().await?;
            let one = std::slice::from_ref(&wanted);
            let claimed = self.claim_within(&tx, kind.kind().class, one).await?;
            let Some(mut job) = claimed.into_iter().next().flatten() else {
                tx.commit().await?;
                return rows::explain(&connection, &wanted).await;
            };
            let Some((peer, called)) = find_peer(&tx, kind, &job).await? else {
                tx.commit().await?;
                return Ok(Claim::Run(job));
            };
            let refused = match self.admit(&tx, peer, &called).await? {
                Admission::Call => {
                    job.called = Some(called);
                    tx.commit().await?;
                    return Ok(Claim::Run(job));
                }
                refused => refused,
            };
            tx.rollback().await?;
            let tx = connection.transaction().await?;
            let claim = put_off(&tx, &wanted, &called, refused).await?;
            tx.commit().await?;
            Ok::<_, tokio_postgres::Error>(claim)
        })
        .await??;
        connection.release();
        Ok(claim)
    }

    async fn admit(
        &self,
        tx: &TenantTransaction<'_>,
        peer: &Peer,
        called: &Called,
    ) -> Result<Admission, tokio_postgres::Error> {
        let admission = admission::admit(tx, peer, called.property).await?;
        if admission != Admission::Call {
            return Ok(admission);
        }
        Ok(self.fleet.down_for(peer).map_or(Admission::Call, Admission::DownForAll))
    }
}

/// Why a job was not claimed, unless the database fails: others of the batch run all the same.
async fn explain(connection: &TenantConnection, wanted: &Wanted) -> Option<Claim> {
    match timeout(BOOKKEEPING, rows::explain(connection, wanted)).await {
        Ok(Ok(claim)) => Some(claim),
        Ok(Err(error)) => {
            tracing::warn!(job.id = %wanted.job, error = %Chain(&error), "not claimed, who knows why");
            None
        }
        Err(_elapsed) => None,
    }
}

/// The peer that a job calls, if its kind knows it. What a web program has written does not say so,
/// since the schema before the newest has no place for it: that is made good here.
async fn find_peer(
    tx: &TenantTransaction<'_>,
    kind: &dyn Work,
    job: &RunningJob,
) -> Result<Option<(&'static Peer, Called)>, tokio_postgres::Error> {
    let noted = rows::find_called(tx, job.id).await?;
    let is_noted = noted.is_some();
    let Some(called) = noted.or_else(|| kind.called(&job.payload)) else { return Ok(None) };
    if !is_noted {
        rows::note_called(tx, job.id, &called).await?;
    }
    let peer = kind.peers().iter().find(|it| it.name == called.peer);
    Ok(peer.map(|peer| (*peer, called)))
}

/// Puts off a job that may not call its peer now, without the loss of a try.
async fn put_off(
    tx: &TenantTransaction<'_>,
    wanted: &Wanted,
    called: &Called,
    refused: Admission,
) -> Result<Claim, tokio_postgres::Error> {
    let peer = &*called.peer;
    metrics::counter!("jobs_put_off_total", "peer" => peer.to_owned()).increment(1);
    rows::note_called(tx, wanted.job, called).await?;
    match refused {
        Admission::Wait(wait) => {
            admission::block(tx, peer, called.property, wait).await?;
            rows::defer(tx, wanted.job, wait).await?;
            return Ok(Claim::Later(wait));
        }
        Admission::DownForAll(wait) => {
            breaker::open(tx, peer, wait).await?;
        }
        Admission::Down | Admission::Call => {}
    }
    let unless = [Access::ReadOnly];
    match rows::hold(tx, wanted.ticketed(), HeldFor::Peer, &unless).await? {
        true => Ok(Claim::Held),
        false => Ok(Claim::Later(Duration::from_secs(2))),
    }
}
