//! `/api/v1/properties/{property_id}/availability`.

use actix_web::{
    HttpResponse,
    web::{Path, Query, ServiceConfig},
};
use chrono::NaiveDate;
use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    money::Rupiah,
};
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    offer::{Obstacle, Offer, Party, Stay},
    store,
};
use crate::{access::Permission, desk::Desk, prices::NightPrice, site::database_failed};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/properties/{property_id}/availability")
        .get(search_availability)
        .register(app);
}

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AvailabilityQuery {
    /// First night.
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    adults: i32,
    #[serde(default)]
    children: i32,
}

/// A kind of room for the stay.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferBody {
    #[schema(value_type = uuid::Uuid)]
    room_type_id: RoomTypeId,
    code: String,
    name: String,
    /// Whether it can be booked now.
    available: bool,
    /// What stands in the way, if it cannot.
    obstacles: Vec<Obstacle>,
    /// Rooms left on every night.
    rooms_left: i64,
    /// Rupiah for the whole stay, service charge and tax included; absent without a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    total_idr: Option<Rupiah>,
    nights: Vec<NightBody>,
}

/// One night of an offer or of a reservation.
#[derive(Serialize, ToSchema)]
pub(crate) struct NightBody {
    pub(crate) stay_date: NaiveDate,
    #[serde(flatten)]
    pub(crate) price: NightPrice,
}

impl OfferBody {
    fn of(offer: &Offer, party: Party) -> Self {
        let obstacles = offer.obstacles(party);
        Self {
            room_type_id: offer.room_type,
            code: offer.code.clone(),
            name: offer.name.clone(),
            available: obstacles.is_empty(),
            obstacles,
            rooms_left: offer.left(),
            total_idr: offer.total(),
            nights: offer
                .prices()
                .unwrap_or_default()
                .into_iter()
                .map(|(stay_date, price)| NightBody { stay_date, price })
                .collect(),
        }
    }
}

/// Searches what can be booked for a stay.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/availability", tag = "reservations",
    params(("property_id" = uuid::Uuid, Path), AvailabilityQuery), responses(
    (status = 200, body = Answer<Vec<OfferBody>>), (status = 422, body = ErrorBody),
))]
pub(crate) async fn search_availability(
    desk: Desk,
    path: Path<PropertyId>,
    query: Query<AvailabilityQuery>,
) -> ApiResult<HttpResponse> {
    let stay = Stay::new(query.arrival, query.departure)?;
    let party = Party::new(query.adults, query.children)?;
    let offers = desk
        .read(Permission::RateRead, async |db| {
            store::offers(db, *path, stay, None).await.map_err(database_failed)
        })
        .await?;
    let offers: Vec<OfferBody> = offers.iter().map(|it| OfferBody::of(it, party)).collect();
    Ok(Answer::new(offers).ok())
}
