//! What a hotel answers when the panel asks for its jobs.

use chrono::{DateTime, Utc};
use hotelhub_core::{errors::Chain, ids::JobId};
use hotelhub_http::error::{ApiError, ApiResult};
use serde::Deserialize;

use super::hotel::ListQuery;
use crate::{
    app::App,
    jobs::{hotel::Call, hotel_routes::TenantJobsQuery},
    panel::{
        error::Refused,
        typed::{age, text},
    },
};

/// One page of jobs.
#[derive(Default, Deserialize)]
pub(super) struct Listed {
    pub(super) data: Vec<Job>,
    #[serde(default)]
    pub(super) meta: Meta,
}

#[derive(Default, Deserialize)]
pub(super) struct Meta {
    pub(super) next_cursor: Option<String>,
}

/// A job, as its hotel tells of it.
#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) held_for: Option<String>,
    pub(super) attempt: i32,
    pub(super) max_attempts: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) error_code: Option<String>,
    pub(super) error_text: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) requested_by: Option<String>,
    pub(super) may_retry: bool,
    pub(super) may_cancel: bool,
}

/// How many jobs a hotel has, by kind and state.
#[derive(Deserialize)]
struct Summed {
    data: Vec<Counted>,
}

#[derive(Deserialize)]
pub(super) struct Counted {
    pub(super) state: String,
    pub(super) count: i64,
}

/// One page of the hotel's jobs.
pub(super) async fn find(
    app: &App,
    call: Call<'_>,
    wish: &ListQuery,
) -> ApiResult<Result<Listed, Refused>> {
    let older_than_seconds = match age(&wish.age) {
        Ok(seconds) => seconds,
        Err(error) => return Ok(Err(Refused::of(error)?)),
    };
    let query = TenantJobsQuery {
        state: text(&wish.state),
        kind: text(&wish.kind),
        peer: text(&wish.peer),
        error: text(&wish.error),
        older_than_seconds,
        cursor: text(&wish.cursor),
        limit: None,
    };
    match app.hotels.get(call, "/upcall/v1/jobs", &query).await {
        Ok(answer) => Ok(Ok(serde_json::from_value(answer).map_err(ApiError::internal)?)),
        Err(error) => Ok(Err(error.into())),
    }
}

/// How many jobs of the hotel are in each state that is not over, and how many are dead; nothing if
/// the hotel does not say: the page is of use without.
pub(super) async fn count(app: &App, call: Call<'_>) -> Option<Vec<Counted>> {
    let answer = match app.hotels.get(call, "/upcall/v1/jobs/summary", &()).await {
        Ok(answer) => answer,
        Err(error) => {
            // The list, which is asked for beside it, is what people are told of.
            tracing::debug!(error = %Chain(&error), tenant.slug = call.slug, "no count of jobs");
            return None;
        }
    };
    match serde_json::from_value::<Summed>(answer) {
        Ok(summed) => Some(summed.data),
        Err(error) => {
            let error = Chain(&error);
            tracing::warn!(%error, tenant.slug = call.slug, "a count of jobs is not understood");
            None
        }
    }
}
