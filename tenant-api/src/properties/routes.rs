//! `/api/v1/properties`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, ServiceConfig},
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use hotelhub_core::{ids::PropertyId, sql::violates};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{self, Property};
use crate::{
    access::{Permission, Purpose},
    desk::Desk,
    site::database_failed,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/properties").get(list_properties).post(create_property).register(app);
    Endpoint::at("/api/v1/properties/{property_id}").get(show_property).register(app);
}

/// A building to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePropertyBody {
    /// 2 to 10 capital letters and digits.
    code: String,
    name: String,
    /// IANA name, e.g. `Asia/Makassar`.
    time_zone: String,
    #[serde(default)]
    city: String,
    /// ISO 3166-2, e.g. `ID-BA`; that of the first property if left out.
    #[serde(default)]
    region: Option<String>,
}

/// A building.
#[derive(Serialize, ToSchema)]
pub(crate) struct PropertyBody {
    #[schema(value_type = uuid::Uuid)]
    id: PropertyId,
    code: String,
    name: String,
    time_zone: String,
    city: String,
    region: String,
    /// The accounting day it is at.
    business_date: NaiveDate,
}

impl From<Property> for PropertyBody {
    fn from(it: Property) -> Self {
        let Property { id, code, name, time_zone, city, region, business_date } = it;
        Self { id, code, name, time_zone, city, region, business_date }
    }
}

/// Lists the hotel's buildings, the first one first.
#[utoipa::path(get, path = "/api/v1/properties", tag = "properties", responses(
    (status = 200, body = Answer<Vec<PropertyBody>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_properties(desk: Desk) -> ApiResult<HttpResponse> {
    let found = desk
        .read_as(Permission::PropertyRead, async |db, now| {
            store::list(db, now).await.map_err(database_failed)
        })
        .await?;
    let found: Vec<PropertyBody> = found.into_iter().map(PropertyBody::from).collect();
    Ok(Answer::new(found).ok())
}

/// Shows one building.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}", tag = "properties",
    params(("property_id" = uuid::Uuid, Path)), responses(
    (status = 200, body = Answer<PropertyBody>), (status = 404, body = ErrorBody),
))]
pub(crate) async fn show_property(desk: Desk, path: Path<PropertyId>) -> ApiResult<HttpResponse> {
    let found = desk
        .read_as(Permission::PropertyRead, async |db, now| {
            store::find(db, *path, now).await.map_err(database_failed)
        })
        .await?;
    let found = found.ok_or_else(|| ApiError::not_found("property"))?;
    Ok(Answer::new(PropertyBody::from(found)).ok())
}

/// Adds a building, with a business day that begins today there.
#[utoipa::path(post, path = "/api/v1/properties", tag = "properties",
    request_body = CreatePropertyBody, responses(
    (status = 201, body = Answer<PropertyBody>),
    (status = 409, body = ErrorBody, description = "`CODE_TAKEN`"),
    (status = 422, body = ErrorBody),
))]
pub(crate) async fn create_property(
    desk: Desk,
    body: JsonBody<CreatePropertyBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    let time_zone: Tz = value.time_zone.parse().map_err(|_unknown| {
        ApiError::invalid("time_zone", "needs an IANA name, e.g. Asia/Jakarta")
    })?;
    check_code(&value.code)?;
    check_name(&value.name)?;
    desk.write(
        Permission::PropertyWrite,
        Purpose::NewBusiness,
        &repeat,
        StatusCode::CREATED,
        async |change| {
            let region = match &value.region {
                Some(region) => region.clone(),
                None => store::usual_region(change.tx)
                    .await
                    .map_err(database_failed)?
                    .ok_or_else(|| ApiError::invalid("region", "is needed"))?,
            };
            let property = Property {
                id: PropertyId::generate(),
                code: value.code.clone(),
                name: value.name.clone(),
                time_zone: time_zone.name().to_owned(),
                city: value.city.clone(),
                region,
                business_date: change.now.with_timezone(&time_zone).date_naive(),
            };
            store::insert(change.tx, &property, change.now).await.map_err(|error| {
                if violates(&error, "properties_code_key") {
                    code_taken()
                } else {
                    database_failed(error)
                }
            })?;
            Ok(PropertyBody::from(property))
        },
    )
    .await
}

/// Refuses a code that is not 2 to 10 capital letters and digits.
pub(crate) fn check_code(code: &str) -> ApiResult<()> {
    let well_formed = (2..=10).contains(&code.len())
        && code.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    if well_formed {
        Ok(())
    } else {
        Err(ApiError::invalid("code", "needs 2 to 10 capital letters and digits"))
    }
}

/// Refuses a name that is empty or longer than a line.
pub(crate) fn check_name(name: &str) -> ApiResult<()> {
    if (1..=200).contains(&name.trim().chars().count()) {
        Ok(())
    } else {
        Err(ApiError::invalid("name", "needs 1 to 200 characters"))
    }
}

/// The refusal of a code that is in use.
pub(crate) fn code_taken() -> ApiError {
    ApiError::refused(StatusCode::CONFLICT, "CODE_TAKEN", "this code is in use; choose another")
        .with_detail("code", "is in use")
}
