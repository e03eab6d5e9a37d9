//! `/api/v1/properties/{property_id}/room-types`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, ServiceConfig},
};
use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    sql::violates,
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{self, RoomType};
use crate::{
    access::{Permission, Purpose},
    desk::{Change, Desk},
    properties::{check_code, check_name, code_taken},
    site::database_failed,
};

const PATH: &str = "/api/v1/properties/{property_id}/room-types";

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at(PATH).get(list_room_types).post(create_room_type).register(app);
}

/// A kind of room to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRoomTypeBody {
    /// 2 to 10 capital letters and digits.
    pub(crate) code: String,
    pub(crate) name: String,
    /// 1 to 20.
    pub(crate) max_adults: i32,
    /// 0 to 20.
    pub(crate) max_children: i32,
}

impl CreateRoomTypeBody {
    /// Checks all fields.
    pub(crate) fn check(self) -> ApiResult<RoomType> {
        let Self { code, name, max_adults, max_children } = self;
        check_code(&code)?;
        check_name(&name)?;
        if !(1..=20).contains(&max_adults) {
            return Err(ApiError::invalid("max_adults", "needs to be between 1 and 20"));
        }
        if !(0..=20).contains(&max_children) {
            return Err(ApiError::invalid("max_children", "needs to be between 0 and 20"));
        }
        Ok(RoomType { id: RoomTypeId::generate(), code, name, max_adults, max_children, rooms: 0 })
    }
}

/// A kind of room.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoomTypeBody {
    #[schema(value_type = uuid::Uuid)]
    id: RoomTypeId,
    code: String,
    name: String,
    max_adults: i32,
    max_children: i32,
    /// How many rooms are of it.
    rooms: i64,
}

impl From<RoomType> for RoomTypeBody {
    fn from(it: RoomType) -> Self {
        let RoomType { id, code, name, max_adults, max_children, rooms } = it;
        Self { id, code, name, max_adults, max_children, rooms }
    }
}

/// Lists the kinds of rooms of a building.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/room-types", tag = "rooms",
    params(("property_id" = uuid::Uuid, Path)), responses(
    (status = 200, body = Answer<Vec<RoomTypeBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_room_types(desk: Desk, path: Path<PropertyId>) -> ApiResult<HttpResponse> {
    let found = desk
        .read(Permission::PropertyRead, async |db| {
            store::list(db, *path).await.map_err(database_failed)
        })
        .await?;
    let found: Vec<RoomTypeBody> = found.into_iter().map(RoomTypeBody::from).collect();
    Ok(Answer::new(found).ok())
}

/// Adds a kind of room.
#[utoipa::path(post, path = "/api/v1/properties/{property_id}/room-types", tag = "rooms",
    params(("property_id" = uuid::Uuid, Path)), request_body = CreateRoomTypeBody, responses(
    (status = 201, body = Answer<RoomTypeBody>),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody),
))]
pub(crate) async fn create_room_type(
    desk: Desk,
    path: Path<PropertyId>,
    body: JsonBody<CreateRoomTypeBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    let room_type = value.check()?;
    desk.write(
        Permission::PropertyWrite,
        Purpose::NewBusiness,
        &repeat,
        StatusCode::CREATED,
        async |change| {
            add(change, *path, &room_type).await?;
            Ok(RoomTypeBody::from(room_type.clone()))
        },
    )
    .await
}

/// Adds a kind of room to a building.
pub(crate) async fn add(
    change: &Change<'_>,
    property: PropertyId,
    room_type: &RoomType,
) -> ApiResult<()> {
    store::insert(change.tx, property, room_type, change.now).await.map_err(|error| {
        if violates(&error, "room_types_property_id_code_key") {
            code_taken()
        } else if violates(&error, "room_types_property_id_fkey") {
            ApiError::not_found("property")
        } else {
            database_failed(error)
        }
    })
}
