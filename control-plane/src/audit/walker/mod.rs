//! Walks along the whole audit log by itself, again and again, and keeps what it found, so that a row
//! that somebody changed is seen though nobody asks.
//!
//! The first walk begins when the program starts for the first time, each further one half a day after
//! the last has ended; after one that found the log broken, some minutes. A walk begins with the first
//! row, reads some thousand rows at a time with a rest in between, and believes no hash that it has not
//! worked out itself. A fault is looked for once more before it is called one. Of several processes one
//! makes the walk, under a lease that it renews at each rest; where that one dies the walk is lost, and
//! begun again by another.
//!
//! `audit_log_broken` and `audit_log_walk_overdue` are 1 while they are true, in every process.

mod model;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::{
    audit::{GENESIS, Look, Walk, hex},
    clock::Clock,
    errors::Chain,
    tasks::Tasks,
};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::{error::Elapsed, sleep, timeout};

pub(crate) use self::{
    model::{BrokenChain, LastWalk, Record},
    store::find,
};
use super::service;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Between two pieces of a walk: others need the database, too.
const REST: Duration = Duration::from_secs(1);
/// Longest time of one piece. Reading its rows takes a fraction of a second; the lease lasts longer.
const PIECE: Duration = Duration::from_secs(15);

/// A walk broke off; it is begun again.
#[derive(Debug, thiserror::Error)]
enum WalkError {
    #[error("walk along the audit log")]
    Database(#[from] DbErr),
    #[error("walk along a piece of the audit log in time")]
    Slow(#[from] Elapsed),
}

/// What walks.
pub(crate) struct Walker {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
}

impl Walker {
    /// Walks whenever it is time until the program stops.
    pub(crate) async fn run(self, tasks: Tasks) {
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = tasks.stopping() => return,
            };
            if let Err(error) = looked {
                tracing::warn!(error = %Chain(&error), "the audit log is not walked along");
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Walks if it is time and nobody else does.
    async fn look(&self) -> Result<(), WalkError> {
        let now = self.clock.now();
        report(&timeout(PIECE, store::find(&self.db)).await??, now);
        match timeout(PIECE, store::take(&self.db, now)).await?? {
            Some(fence) => self.walk(fence).await,
            None => Ok(()),
        }
    }

    async fn walk(&self, fence: i64) -> Result<(), WalkError> {
        let first = || Walk::after(0, GENESIS.to_vec());
        let (mut walk, mut is_second) = (first(), false);
        loop {
            let look = timeout(PIECE, service::look_on(&self.db, walk)).await??;
            if !look.has_more() && (look.fault.is_none() || is_second) {
                return self.end(fence, &look).await;
            }
            // Where the database went back to an earlier state meanwhile, as to a standby that was behind,
            // the log is whole and what we remember of it is not: a fault is one that is found twice.
            is_second |= look.fault.is_some();
            walk = if look.fault.is_some() { first() } else { look.walk };
            sleep(REST).await;
            if !timeout(PIECE, store::renew(&self.db, fence)).await?? {
                tracing::warn!("another process walks along the audit log by now");
                return Ok(());
            }
        }
    }

    /// Keeps what a walk found, unless another process walks by now: then that one says what it finds.
    async fn end(&self, fence: i64, look: &Look) -> Result<(), WalkError> {
        let now = self.clock.now();
        if !timeout(PIECE, store::end(&self.db, fence, now, look)).await?? {
            return Ok(());
        }
        match &look.fault {
            None => {
                let (seq, hash) = (look.walk.seq(), hex(look.walk.hash()));
                tracing::info!(audit.seq = seq, audit.hash = %hash, "the audit log is whole");
            }
            Some(fault) => {
                let (seq, kind, why) = (fault.seq(), fault.kind(), fault.meaning());
                tracing::error!(audit.seq = seq, kind, why, "ALARM: the audit log is broken");
            }
        }
        Ok(())
    }
}

/// Tells the alarm what is on record, whoever found it.
fn report(record: &Record, now: DateTime<Utc>) {
    let figure = |is_so: bool| if is_so { 1.0 } else { 0.0 };
    metrics::gauge!("audit_log_broken").set(figure(record.broken().is_some()));
    metrics::gauge!("audit_log_walk_overdue").set(figure(record.overdue_since(now).is_some()));
}
