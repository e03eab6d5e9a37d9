//! `POST /api/v1/jobs/retry`: dead jobs of many hotels are tried again, hotel by hotel.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, ServiceConfig},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hotelhub_core::ids::TenantId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    server::request_id,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    heap_routes::read_age,
    hotel::{Call, CallHotelError, unreachable},
    hotel_routes::RetryTenantJobsBody,
    model::{DeadOfAll, DeadOfHotel, Filter},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    tenants::{TenantRef, find_meant},
    vendor_users::Vendor,
};

/// Hotels of one request.
const MOST_HOTELS: usize = 200;
const AT_ONCE: usize = 4;
/// No hotel is begun later than this, so that an answer comes before clients give up.
const BEGIN_WITHIN: Duration = Duration::from_secs(12);
const GREATEST_RATE: i32 = 6_000;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/jobs/retry").post(retry_jobs).register(app);
}

/// Which dead jobs to try again: those to which all that is set applies.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryJobsBody {
    pub(crate) kind: Option<String>,
    /// The outside system that they call.
    pub(crate) peer: Option<String>,
    /// The code of the last error.
    pub(crate) error: Option<String>,
    /// Written at least so many seconds ago. A dry run counts all that are alike if one of them was.
    pub(crate) older_than_seconds: Option<i64>,
    /// Slug or id; every hotel if left out.
    #[schema(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// Only count, without asking the hotels.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Of all hotels together, 1 to 6000; all at once if left out. No hotel goes below 1.
    pub(crate) per_minute: Option<i32>,
    /// Where the last answer with `more` ended: its `after`.
    #[schema(value_type = Option<Uuid>)]
    pub(crate) after: Option<TenantId>,
}

/// What became of dead jobs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RetriedJobs {
    /// Dead jobs of that sort: of the hotels below, or, of a dry run, of all.
    pub(crate) matched: i64,
    /// Those that are tried again.
    pub(crate) retried: i64,
    /// The count is what workers reported: the oldest report is of `as_of`. Otherwise the hotels
    /// counted, just now.
    pub(crate) is_estimate: bool,
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// Hotel by hotel, 200 at most.
    pub(crate) hotels: Vec<RetriedOfHotel>,
    /// There are more hotels: ask again with `after`.
    pub(crate) more: bool,
    #[schema(value_type = Option<Uuid>)]
    pub(crate) after: Option<Uuid>,
}

/// What became of one hotel's dead jobs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RetriedOfHotel {
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) matched: i64,
    pub(crate) retried: i64,
    /// Why the hotel did nothing, or is not known to have.
    pub(crate) error: Option<HotelRefusal>,
}

/// Why a hotel did nothing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HotelRefusal {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// What a hotel says of its own jobs.
#[derive(Deserialize)]
pub(crate) struct RetriedAnswer {
    pub(crate) data: Retried,
}

/// How many jobs of a hotel are of that sort, and how many of them are tried again.
#[derive(Deserialize)]
pub(crate) struct Retried {
    pub(crate) matched: i64,
    pub(crate) retried: i64,
}

/// Has dead jobs tried again in every hotel whose workers reported some, or only counts them. To
/// repeat it does no harm: what is tried again is not dead any more.
#[utoipa::path(post, path = "/api/v1/jobs/retry", tag = "jobs", request_body = RetryJobsBody,
    responses(
    (status = 200, body = Answer<RetriedJobs>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn retry_jobs(
    app: Data<App>,
    req: HttpRequest,
    vendor: Vendor,
    body: JsonBody<RetryJobsBody>,
) -> ApiResult<HttpResponse> {
    Ok(Answer::new(retry_everywhere(&app, (&req, &vendor), body.value).await?).ok())
}

/// The same, for a page.
pub(crate) async fn retry_everywhere(
    app: &App,
    (req, vendor): (&HttpRequest, &Vendor),
    body: RetryJobsBody,
) -> ApiResult<RetriedJobs> {
    vendor.require("jobs.write_all")?;
    if body.per_minute.is_some_and(|it| !(1..=GREATEST_RATE).contains(&it)) {
        let why = format!("needs to be between 1 and {GREATEST_RATE}");
        return Err(ApiError::invalid("per_minute", why));
    }
    let filter = Filter {
        state: Some("dead".to_owned()),
        kind: body.kind.clone(),
        peer: body.peer.clone(),
        error: body.error.clone(),
        tenant: find_meant(&app.db, body.tenant.as_ref()).await?,
        older_than: read_age(body.older_than_seconds)?,
    };
    let of_all = store::count_dead(&app.db, &filter).await.map_err(database_failed)?;
    let after = body.after.map(TenantId::as_uuid);
    let mut hotels = store::list_dead(&app.db, &filter, after, MOST_HOTELS + 1)
        .await
        .map_err(database_failed)?;
    let more = hotels.len() > MOST_HOTELS;
    hotels.truncate(MOST_HOTELS);
    if body.dry_run {
        return Ok(estimate(of_all, hotels, more));
    }
    let event = Event::of("jobs.retry_everywhere").of_tenant(filter.tenant);
    let event = event.with("kind", body.kind.clone()).with("peer", body.peer.clone());
    let event = event.with("error", body.error.clone()).with("hotels", hotels.len());
    audit::record_alone(&app.db, vendor, event).await?;
    let wish = RetryTenantJobsBody {
        kind: body.kind,
        peer: body.peer,
        error: body.error,
        older_than_seconds: body.older_than_seconds,
        per_minute: body.per_minute.map(|it| share(it, of_all.hotels)),
        ..RetryTenantJobsBody::default()
    };
    let asked = hotels.len();
    let begin_until = Instant::now() + BEGIN_WITHIN;
    let retried = stream::iter(hotels)
        .map(|hotel| retry_hotel(app, (req, vendor), hotel, &wish, begin_until))
        .buffered(AT_ONCE)
        // Hotels are begun in their order: after one that was not, none was.
        .take_while(|it| std::future::ready(it.is_some()))
        .filter_map(std::future::ready)
        .collect::<Vec<_>>()
        .await;
    let more = more || retried.len() < asked;
    let answer = RetriedJobs {
        matched: retried.iter().map(|it| it.matched).sum(),
        retried: retried.iter().map(|it| it.retried).sum(),
        is_estimate: false,
        as_of: None,
        more,
        after: retried.last().map(|it| it.tenant_id).or(after).filter(|_| more),
        hotels: retried,
    };
    tracing::info!(
        vendor_user.id = %vendor.user, hotels = answer.hotels.len(), jobs = answer.retried,
        "had jobs of many hotels tried again"
    );
    Ok(answer)
}

/// A hotel's share of what all together may begin in a minute.
fn share(per_minute: i32, hotels: i64) -> i32 {
    let hotels = i32::try_from(hotels).unwrap_or(i32::MAX).max(1);
    (per_minute / hotels).max(1)
}

/// `None` if it is too late to begin.
async fn retry_hotel(
    app: &App,
    (req, vendor): (&HttpRequest, &Vendor),
    DeadOfHotel { tenant_id, slug, .. }: DeadOfHotel,
    wish: &RetryTenantJobsBody,
    begin_until: Instant,
) -> Option<RetriedOfHotel> {
    if Instant::now() > begin_until {
        return None;
    }
    let call = Call { slug: &slug, actor: &vendor.email, request: request_id(req) };
    let done = app.hotels.post(call, "/upcall/v1/jobs/retry", wish).await;
    let (Retried { matched, retried }, error) = match done.map(serde_json::from_value) {
        Ok(Ok(RetriedAnswer { data })) => (data, None),
        Ok(Err(odd)) => (NOTHING, Some(HotelRefusal::of(&ApiError::internal(odd)))),
        Err(CallHotelError::Refused(it)) => {
            (NOTHING, Some(HotelRefusal { code: it.code, message: it.message }))
        }
        Err(error) => (NOTHING, Some(HotelRefusal::of(&unreachable(error)))),
    };
    Some(RetriedOfHotel { tenant_id, slug, matched, retried, error })
}

const NOTHING: Retried = Retried { matched: 0, retried: 0 };

impl HotelRefusal {
    fn of(error: &ApiError) -> Self {
        Self { code: error.code().to_owned(), message: error.message().to_owned() }
    }
}

fn estimate(of_all: DeadOfAll, hotels: Vec<DeadOfHotel>, more: bool) -> RetriedJobs {
    let of_hotel = |DeadOfHotel { tenant_id, slug, count }| RetriedOfHotel {
        tenant_id,
        slug,
        matched: count,
        retried: 0,
        error: None,
    };
    let hotels: Vec<_> = hotels.into_iter().map(of_hotel).collect();
    RetriedJobs {
        matched: of_all.count,
        retried: 0,
        is_estimate: true,
        as_of: of_all.as_of,
        more,
        after: hotels.last().map(|it| it.tenant_id).filter(|_| more),
        hotels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hotels_share_a_rate_and_each_has_at_least_a_little() {
        assert_eq!(share(600, 3), 200);
        assert_eq!(share(10, 40), 1);
        assert_eq!(share(10, 0), 10);
    }
}
