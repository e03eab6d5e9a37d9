//! From committed rows to tickets: the one way in which tickets of jobs are published.
//!
//! Runs after a commit, when a tick comes, and when a job ends and makes room in its window. It
//! takes three strides, so that no connection is held while the broker is waited for: read the rows
//! ([`due`]), publish their tickets ([`publish`]), mark those that are confirmed ([`mark`]). Dies
//! the process in between, the rows are read again. Runs it twice at once, there are two tickets
//! for a row: harmless.

use hotelhub_core::{
    ids::{JobId, TenantId},
    sql::Query,
};
use tokio_postgres::Error;

use crate::{
    broker::{Broker, PublishError},
    rows::{self, Due},
    ticket::Ticket,
};

/// The rows that want a ticket: ready ones within their window, and those whose ticket must have
/// been lost.
///
/// # Errors
/// Fails if the database does.
pub async fn due(db: &impl Query, overdue_too: bool) -> Result<Vec<Due>, Error> {
    let mut due = rows::ready(db).await?;
    if overdue_too {
        let overdue = rows::overdue(db).await?;
        if !overdue.is_empty() {
            let count = u64::try_from(overdue.len()).unwrap_or(u64::MAX);
            metrics::counter!("jobs_reticketed_total").increment(count);
            tracing::warn!(count, "jobs whose ticket must have been lost get a new one");
        }
        due.extend(overdue);
    }
    Ok(due)
}

/// What came of publishing.
#[derive(Debug)]
pub struct Published {
    /// The rows whose ticket the broker has.
    pub confirmed: Vec<JobId>,
    /// The first failure; the rows it concerns stay as they are.
    pub failure: Option<PublishError>,
}

/// Publishes a ticket for each row and waits until the broker has them.
pub async fn publish(tenant: TenantId, due: &[Due], broker: &Broker) -> Published {
    let tickets: Vec<Ticket> = due.iter().map(|it| Ticket::job(tenant, it)).collect();
    let sent = futures_util::future::join_all(tickets.iter().map(|it| broker.publish(it))).await;
    let mut published = Published { confirmed: Vec::new(), failure: None };
    for (row, sent) in due.iter().zip(sent) {
        match sent {
            Ok(()) => published.confirmed.push(row.id),
            Err(error) => published.failure = published.failure.or(Some(error)),
        }
    }
    published
}

/// Notes which rows have a ticket.
///
/// # Errors
/// Fails if the database does; the rows are then read again and get a second ticket.
pub async fn mark(db: &impl Query, published: &Published) -> Result<(), Error> {
    if published.confirmed.is_empty() {
        return Ok(());
    }
    rows::mark_queued(db, &published.confirmed).await
}
