//! From committed rows to tickets: the one way in which tickets of jobs are published.
//!
//! Runs after a commit, when a tick comes, and when jobs have ended and made room in their window. It
//! takes three strides, so that no connection is held while the broker is waited for: read the rows
//! ([`due`]), publish their tickets ([`publish`]), mark those that are confirmed ([`mark`]). Dies
//! the process in between, the rows are read again. Runs it twice at once, there are two tickets
//! for a row: harmless.

use std::time::Duration;

use futures_util::future::{join, join_all};
use hotelhub_core::{
    ids::{JobId, TenantId},
    spans::{Kind, Span},
    sql::Query,
    trace::TraceContext,
};
use tokio_postgres::Error;

use crate::{
    broker::PublishError,
    rows::{self, Due},
    ticket::Ticket,
    transport::Transport,
};

/// Seconds; whatever is later is looked for again by then.
const LONGEST: f64 = 7.0 * 86_400.0;

/// The rows that want a ticket.
#[derive(Debug, Default)]
pub struct Wanting {
    ready: Vec<Due>,
    overdue: Vec<Due>,
}

impl Wanting {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.overdue.is_empty()
    }
}

/// The rows that want a ticket: ready ones within their window, and, if asked for, those whose
/// ticket must have been lost.
///
/// # Errors
/// Fails if the database does.
pub async fn due(db: &impl Query, overdue_too: bool) -> Result<Wanting, Error> {
    let ready = rows::ready(db).await?;
    let overdue = if overdue_too { rows::overdue(db).await? } else { Vec::new() };
    if !overdue.is_empty() {
        let count = u64::try_from(overdue.len()).unwrap_or(u64::MAX);
        metrics::counter!("jobs_reticketed_total").increment(count);
        tracing::warn!(count, "jobs whose ticket must have been lost get a new one");
    }
    Ok(Wanting { ready, overdue })
}

/// What came of publishing.
#[derive(Debug, Default)]
pub struct Published {
    ready: Vec<(JobId, i32)>,
    overdue: Vec<JobId>,
    /// The first failure; the rows it concerns stay as they are.
    pub failure: Option<PublishError>,
}

/// Publishes a ticket for each row and waits until the transport has them.
pub async fn publish(tenant: TenantId, due: &Wanting, transport: &dyn Transport) -> Published {
    let send = async |it: &Due| {
        let span = span_of(tenant, it);
        let sent = transport.publish(&Ticket::job(tenant, it)).await;
        if let Some(span) = span {
            match &sent {
                Ok(()) => span.with("outcome", "published"),
                Err(error) => span.with("outcome", "failed").failed(error),
            }
            .end("publish ticket");
        }
        sent
    };
    let (ready, overdue) =
        join(join_all(due.ready.iter().map(send)), join_all(due.overdue.iter().map(send))).await;
    let mut published = Published::default();
    for (row, sent) in due.ready.iter().zip(ready) {
        match sent {
            Ok(()) => published.ready.push((row.id, row.epoch)),
            Err(error) => published.failure = published.failure.or(Some(error)),
        }
    }
    for (row, sent) in due.overdue.iter().zip(overdue) {
        match sent {
            Ok(()) => published.overdue.push(row.id),
            Err(error) => published.failure = published.failure.or(Some(error)),
        }
    }
    published
}

/// What is told of the ticket's way, below the request that caused the job.
fn span_of(tenant: TenantId, it: &Due) -> Option<Span> {
    let cause: TraceContext = it.trace.as_deref()?.parse().ok()?;
    let span = Span::begin(Kind::Producer, cause.child(), Some(cause))?;
    let told = span.with("tenant.id", tenant).with("job.id", it.id).with("job.kind", &it.kind);
    Some(told.with("job.class", &it.class))
}

/// Notes which rows have a ticket.
///
/// # Errors
/// Fails if the database does; the rows are then read again and get a second ticket.
pub async fn mark(db: &impl Query, published: &Published) -> Result<(), Error> {
    if !published.ready.is_empty() {
        rows::mark_queued(db, &published.ready).await?;
    }
    if !published.overdue.is_empty() {
        rows::stamp(db, &published.overdue).await?;
    }
    Ok(())
}

/// After which time, on the database's clock, a row will want a ticket if nothing happens until
/// then: it is ready for later, its peer may be called again, or its ticket will seem lost.
///
/// # Errors
/// Fails if the database does.
pub async fn next_due(db: &impl Query) -> Result<Option<Duration>, Error> {
    let left = rows::next_due(db).await?;
    Ok(left.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, LONGEST))))
}
