//! `/api/v1/properties/{property_id}/rooms`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig},
};
use hotelhub_core::{
    ids::{PropertyId, RoomId, RoomTypeId},
    sql::violates,
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Room};
use crate::{
    access::{Permission, Purpose},
    desk::{Change, Desk},
    paging, room_types,
    site::database_failed,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/properties/{property_id}/rooms")
        .get(list_rooms)
        .post(create_room)
        .register(app);
}

/// Which page of the rooms.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomsQuery {
    cursor: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
}

/// A room to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRoomBody {
    /// As on the door.
    pub(crate) number: String,
    #[schema(value_type = uuid::Uuid)]
    pub(crate) room_type_id: RoomTypeId,
    #[serde(default)]
    pub(crate) floor: String,
}

/// A room.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomBody {
    #[schema(value_type = uuid::Uuid)]
    id: RoomId,
    number: String,
    floor: String,
    #[schema(value_type = uuid::Uuid)]
    room_type_id: RoomTypeId,
    /// `dirty`, `cleaning`, `clean` or `inspected`.
    status: String,
}

impl From<Room> for RoomBody {
    fn from(it: Room) -> Self {
        let Room { id, number, floor, room_type_id, status } = it;
        Self { id, number, floor, room_type_id, status }
    }
}

/// Lists the rooms of a building in the order of their numbers.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/rooms", tag = "rooms",
    params(("property_id" = uuid::Uuid, Path), RoomsQuery), responses(
    (status = 200, body = Answer<Vec<RoomBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_rooms(
    desk: Desk,
    path: Path<PropertyId>,
    query: Query<RoomsQuery>,
) -> ApiResult<HttpResponse> {
    let limit = paging::limit(query.limit)?;
    let after: Option<String> = paging::read_cursor(query.cursor.as_deref())?;
    let mut found = desk
        .read(Permission::PropertyRead, async |db| {
            store::list(db, *path, after.as_deref(), limit + 1).await.map_err(database_failed)
        })
        .await?;
    let next = paging::cut(&mut found, limit, |it| it.number.clone())?;
    let found: Vec<RoomBody> = found.into_iter().map(RoomBody::from).collect();
    Ok(Answer::page(found, next, None).ok())
}

/// Adds a room; it can be sold at once.
#[utoipa::path(post, path = "/api/v1/properties/{property_id}/rooms", tag = "rooms",
    params(("property_id" = uuid::Uuid, Path)), request_body = CreateRoomBody, responses(
    (status = 201, body = Answer<RoomBody>),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "`ROOM_NUMBER_TAKEN`"),
    (status = 422, body = ErrorBody),
))]
pub(crate) async fn create_room(
    desk: Desk,
    path: Path<PropertyId>,
    body: JsonBody<CreateRoomBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    desk.write(
        Permission::PropertyWrite,
        Purpose::NewBusiness,
        &repeat,
        StatusCode::CREATED,
        async |change| add(change, *path, &value).await.map(RoomBody::from),
    )
    .await
}

/// Adds a room to a building.
pub(crate) async fn add(
    change: &Change<'_>,
    property: PropertyId,
    body: &CreateRoomBody,
) -> ApiResult<Room> {
    let number = body.number.trim().to_owned();
    if !(1..=12).contains(&number.chars().count()) {
        return Err(ApiError::invalid("number", "needs 1 to 12 characters"));
    }
    let room = Room {
        id: RoomId::generate(),
        number,
        floor: body.floor.clone(),
        room_type_id: body.room_type_id,
        status: "clean".to_owned(),
    };
    let held = room_types::hold(change.tx, property, room.room_type_id).await;
    if !held.map_err(database_failed)? {
        return Err(ApiError::not_found("room type"));
    }
    store::insert(change.tx, property, &room, change.now).await.map_err(|error| {
        if violates(&error, "rooms_property_id_number_key") {
            ApiError::refused(
                StatusCode::CONFLICT,
                "ROOM_NUMBER_TAKEN",
                "another room has this number; choose another",
            )
            .with_detail("number", "is in use")
        } else {
            database_failed(error)
        }
    })?;
    Ok(room)
}
