//! `/api/v1/guests`: guests belong to the whole hotel company, not to one building.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use hotelhub_core::ids::GuestId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    model::{Guest, NewGuest, NewGuestBody},
    store,
};
use crate::{
    access::{Permission, Purpose},
    desk::Desk,
    paging,
    site::database_failed,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/guests").get(list_guests).post(create_guest).register(app);
    Endpoint::at("/api/v1/guests/{guest_id}").get(show_guest).register(app);
}

/// Which guests.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuestsQuery {
    /// How the name begins.
    #[serde(default)]
    q: String,
    cursor: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
}

/// Somebody who stays.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuestBody {
    #[schema(value_type = uuid::Uuid)]
    id: GuestId,
    full_name: String,
    email: String,
    phone: String,
    language: String,
}

impl From<Guest> for GuestBody {
    fn from(it: Guest) -> Self {
        let Guest { id, full_name, email, phone, language } = it;
        Self { id, full_name, email, phone, language }
    }
}

/// Lists guests in the order of their names.
#[utoipa::path(get, path = "/api/v1/guests", tag = "guests", params(GuestsQuery), responses(
    (status = 200, body = Answer<Vec<GuestBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_guests(desk: Desk, query: Query<GuestsQuery>) -> ApiResult<HttpResponse> {
    let limit = paging::limit(query.limit)?;
    let after: Option<(String, GuestId)> = paging::read_cursor(query.cursor.as_deref())?;
    let mut found = desk
        .read(Permission::GuestRead, async |db| {
            store::list(db, &query.q, after.as_ref(), limit + 1).await.map_err(database_failed)
        })
        .await?;
    let next = paging::cut(&mut found, limit, |it| (it.full_name.to_lowercase(), it.id))?;
    let found: Vec<GuestBody> = found.into_iter().map(GuestBody::from).collect();
    Ok(Answer::page(found, next, None).ok())
}

/// Shows one guest.
#[utoipa::path(get, path = "/api/v1/guests/{guest_id}", tag = "guests",
    params(("guest_id" = uuid::Uuid, Path)), responses(
    (status = 200, body = Answer<GuestBody>), (status = 404, body = ErrorBody),
))]
pub(crate) async fn show_guest(desk: Desk, path: Path<GuestId>) -> ApiResult<HttpResponse> {
    let found = desk
        .read(Permission::GuestRead, async |db| {
            store::find(db, *path).await.map_err(database_failed)
        })
        .await?;
    let found = found.ok_or_else(|| ApiError::not_found("guest"))?;
    Ok(Answer::new(GuestBody::from(found)).ok())
}

/// Adds a guest.
#[utoipa::path(post, path = "/api/v1/guests", tag = "guests", request_body = NewGuestBody, responses(
    (status = 201, body = Answer<GuestBody>), (status = 422, body = ErrorBody),
))]
pub(crate) async fn create_guest(
    desk: Desk,
    body: JsonBody<NewGuestBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    let guest = NewGuest::check(value)?;
    desk.write(
        Permission::GuestWrite,
        Purpose::Service,
        &repeat,
        StatusCode::CREATED,
        async |change| {
            store::insert(change.tx, &guest, change.now).await.map_err(database_failed)?;
            Ok(GuestBody::from(guest.0.clone()))
        },
    )
    .await
}
