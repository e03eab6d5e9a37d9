//! One try as a piece of work in the trace of the request that caused the job.

use hotelhub_core::{
    ids::TenantId,
    spans::{self, Span},
    trace::TraceContext,
};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::RunningJob,
};

/// A try's place in its trace, and what is told about it.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) at: TraceContext,
    span: Option<Span>,
    kind: &'static str,
}

impl Traced {
    /// Each try is of its own, below the request and linked to it. A job that no request caused
    /// begins a trace.
    pub(super) fn begin(tenant: TenantId, job: &RunningJob, kind: &Kind) -> Self {
        let cause = job.trace.as_deref().and_then(|it| it.parse::<TraceContext>().ok());
        let begun = || TraceContext::beginning(job.id.as_uuid(), true);
        let at = cause.map_or_else(begun, TraceContext::child);
        let span = Span::begin(spans::Kind::Consumer, at, cause).map(|it| {
            let told = it
                .with("tenant.id", tenant)
                .with("job.id", job.id)
                .with("job.kind", kind.name)
                .with("job.class", kind.class.name())
                .with_number("job.attempt", job.attempt);
            cause.into_iter().fold(told, Span::linked_to)
        });
        Self { at, span, kind: kind.name }
    }

    /// Says how it ended.
    #[must_use]
    pub(super) fn with_end(mut self, ended: &Result<Outcome, JobError>) -> Self {
        if let Err(error) = ended {
            self.span = self.span.map(|it| it.failed(error.code()));
        }
        self
    }

    /// Ends it with what became of the job.
    pub(super) fn end(self, outcome: &str) {
        if let Some(span) = self.span {
            span.with("outcome", outcome).end(format!("job {}", self.kind));
        }
    }
}
