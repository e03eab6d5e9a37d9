//! From committed rows to tickets: the one way in which tickets of jobs are published.
//!
//! Runs after a commit, when a tick comes, and when a job ends and makes room in its window. Runs
//! twice at once, it publishes two tickets for a row: harmless.

use hotelhub_core::{ids::TenantId, sql::Query};

use crate::{
    broker::{Broker, PublishError},
    rows::{self, Due},
    ticket::Ticket,
};

/// Why rows were not relayed. They stay as they are; the next tick tries again.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database failed.
    #[error("read or mark the jobs to relay")]
    Database(#[from] tokio_postgres::Error),
    /// The broker failed.
    #[error("publish tickets")]
    Publish(#[from] PublishError),
}

/// Publishes tickets for the rows that are ready; the number of tickets.
///
/// # Errors
/// Those before the failure are published and, next time, perhaps published again.
pub async fn relay_ready(
    db: &impl Query,
    tenant: TenantId,
    broker: &Broker,
) -> Result<usize, RelayError> {
    publish(db, tenant, broker, rows::ready(db).await?).await
}

/// Publishes tickets for the rows whose ticket must have been lost; the number of tickets.
///
/// # Errors
/// As [`relay_ready`].
pub async fn relay_overdue(
    db: &impl Query,
    tenant: TenantId,
    broker: &Broker,
) -> Result<usize, RelayError> {
    let relayed = publish(db, tenant, broker, rows::overdue(db).await?).await?;
    if relayed > 0 {
        metrics::counter!("jobs_reticketed_total").increment(u64::try_from(relayed).unwrap_or(1));
        tracing::warn!(tenant.id = %tenant, relayed, "jobs whose ticket was lost have a new one");
    }
    Ok(relayed)
}

async fn publish(
    db: &impl Query,
    tenant: TenantId,
    broker: &Broker,
    due: Vec<Due>,
) -> Result<usize, RelayError> {
    if due.is_empty() {
        return Ok(0);
    }
    let tickets: Vec<Ticket> = due.iter().map(|it| Ticket::job(tenant, it)).collect();
    let sent = futures_util::future::join_all(tickets.iter().map(|it| broker.publish(it))).await;
    let confirmed: Vec<_> =
        due.iter().zip(&sent).filter(|(_, it)| it.is_ok()).map(|(it, _)| it.id).collect();
    rows::mark_queued(db, &confirmed).await?;
    sent.into_iter().collect::<Result<(), PublishError>>()?;
    Ok(confirmed.len())
}
