//! `/api/v1/properties/{property_id}/rates`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use chrono::NaiveDate;
use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    money::Rupiah,
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store;
use crate::{
    access::{Permission, Purpose},
    availability::require_bookable,
    desk::{Change, Desk},
    room_types,
    site::database_failed,
};

/// Nights that can be set or listed at once.
const GREATEST_SPAN: i64 = 800;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/properties/{property_id}/rates")
        .get(list_rates)
        .put(set_rates)
        .register(app);
}

/// A price for a span of nights.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRatesBody {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) room_type_id: RoomTypeId,
    /// First night.
    pub(crate) from: NaiveDate,
    /// The day after the last night.
    pub(crate) to: NaiveDate,
    /// Rupiah a night, service charge and tax included where the price list says so.
    #[schema(value_type = i64)]
    pub(crate) amount_idr: Rupiah,
}

/// How many nights have the new price.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetRatesResult {
    nights: u64,
}

/// Which nights.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RatesQuery {
    #[param(value_type = uuid::Uuid)]
    room_type_id: RoomTypeId,
    from: NaiveDate,
    to: NaiveDate,
}

/// The price of a night.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateBody {
    stay_date: NaiveDate,
    #[schema(value_type = i64)]
    amount_idr: Rupiah,
}

/// Lists the nightly rates of a kind of room.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/rates", tag = "rates",
    params(("property_id" = uuid::Uuid, Path), RatesQuery), responses(
    (status = 200, body = Answer<Vec<RateBody>>), (status = 422, body = ErrorBody),
))]
pub(crate) async fn list_rates(
    desk: Desk,
    path: Path<PropertyId>,
    query: Query<RatesQuery>,
) -> ApiResult<HttpResponse> {
    let span = span(query.from, query.to)?;
    let found = desk
        .read(Permission::RateRead, async |db| {
            store::list(db, *path, query.room_type_id, span).await.map_err(database_failed)
        })
        .await?;
    let found: Vec<RateBody> = found
        .into_iter()
        .map(|(stay_date, amount_idr)| RateBody { stay_date, amount_idr })
        .collect();
    Ok(Answer::new(found).ok())
}

/// Sets the price of a span of nights.
#[utoipa::path(put, path = "/api/v1/properties/{property_id}/rates", tag = "rates",
    params(("property_id" = uuid::Uuid, Path)), request_body = SetRatesBody, responses(
    (status = 200, body = Answer<SetRatesResult>),
    (status = 404, body = ErrorBody), (status = 422, body = ErrorBody),
))]
pub(crate) async fn set_rates(
    desk: Desk,
    path: Path<PropertyId>,
    body: JsonBody<SetRatesBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    desk.write(
        Permission::RateWrite,
        Purpose::NewBusiness,
        &repeat,
        StatusCode::OK,
        async |change| Ok(SetRatesResult { nights: set(change, *path, &value).await? }),
    )
    .await
}

/// Sets the price of a span of nights; the number of nights.
pub(crate) async fn set(
    change: &Change<'_>,
    property: PropertyId,
    rates: &SetRatesBody,
) -> ApiResult<u64> {
    let span = span(rates.from, rates.to)?;
    if !(1..=10_000_000_000).contains(&rates.amount_idr.whole()) {
        return Err(ApiError::invalid("amount_idr", "needs to be 1 to 10,000,000,000 rupiah"));
    }
    let found = room_types::find(change.tx, property, rates.room_type_id).await;
    found.map_err(database_failed)?.ok_or_else(|| ApiError::not_found("room type"))?;
    let plan = store::find_usual_plan(change.tx, property).await.map_err(database_failed)?;
    let plan = plan.ok_or_else(|| ApiError::not_found("price list"))?;
    store::set(change.tx, plan, rates.room_type_id, span, rates.amount_idr)
        .await
        .map_err(database_failed)
}

fn span(from: NaiveDate, to: NaiveDate) -> ApiResult<(NaiveDate, NaiveDate)> {
    require_bookable("from", from)?;
    require_bookable("to", to)?;
    match (to - from).num_days() {
        1..=GREATEST_SPAN => Ok((from, to)),
        _ => Err(ApiError::invalid("to", "needs to be 1 to 800 days after `from`")),
    }
}
