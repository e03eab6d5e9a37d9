//! `/`: today's arrivals, what can be sold, and the way to set the hotel up.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use chrono::{DateTime, Utc};
use hotelhub_core::{ids::PropertyId, sql};
use hotelhub_http::error::{ApiError, ApiResult};
use serde::Deserialize;

use super::{
    ask::{Ask, TypedAsk},
    faults::Faults,
    links,
    offers::{self, OfferRow},
    setup::{SetupCard, TypedSetup},
    shell::{Shell, render},
    words,
};
use crate::{
    access::Permission,
    availability::{self, Offer},
    desk::Desk,
    properties::{self, Property},
    reservations::{self, ListFilter, Reservation, ReservationState},
    room_types::{self, RoomType},
    site::database_failed,
};

/// More arrive on no single day; the list of reservations has them all.
const MOST_ARRIVALS: i64 = 200;

/// What of the front desk is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct FrontDeskQuery {
    #[serde(default)]
    property: String,
    #[serde(flatten)]
    ask: TypedAsk,
    /// Whether the forms to set the hotel up are asked for.
    #[serde(default)]
    setup: String,
    /// Which of them was sent.
    #[serde(default)]
    done: String,
}

/// What the page is made of.
struct Found {
    properties: Vec<Property>,
    at: Property,
    arrivals: Vec<Reservation>,
    room_types: Vec<RoomType>,
    offers: Vec<Offer>,
    ask: Result<Ask, Faults>,
    typed: TypedAsk,
}

struct ArrivalRow {
    link: String,
    code: String,
    guest: String,
    room_type: String,
    nights: i64,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "pages/front_desk.html")]
struct Page {
    shell: Shell,
    properties: Vec<Property>,
    at: Property,
    today: String,
    done: Option<&'static str>,
    /// `None` for people who do not see reservations.
    arrivals: Option<Vec<ArrivalRow>>,
    /// `None` for people who do not see rates.
    offers: Option<Vec<OfferRow>>,
    /// Of the stay that was asked for.
    nights: i64,
    typed: TypedAsk,
    faults: Faults,
    setup: Option<SetupCard>,
    /// Where the forms to set the hotel up are, when they are not shown.
    set_up_again: Option<String>,
}

/// All there is in a stopped hotel, for its owner.
#[derive(Template)]
#[template(path = "pages/stopped.html")]
struct StoppedPage {
    shell: Shell,
    settle_at: String,
}

/// Shows the front desk.
pub(super) async fn show_front_desk(
    req: HttpRequest,
    desk: Desk,
    query: Query<FrontDeskQuery>,
) -> ApiResult<HttpResponse> {
    show(&req, &desk, query.into_inner(), StatusCode::OK, None).await
}

/// Shows the front desk with a setup form that was refused.
pub(super) async fn show_refused_setup(
    req: &HttpRequest,
    desk: &Desk,
    property: PropertyId,
    status: StatusCode,
    refused: (TypedSetup, Faults),
) -> ApiResult<HttpResponse> {
    let query = FrontDeskQuery { property: property.to_string(), ..FrontDeskQuery::default() };
    show(req, desk, query, status, Some(refused)).await
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    query: FrontDeskQuery,
    status: StatusCode,
    refused: Option<(TypedSetup, Faults)>,
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, desk).await?;
    if !shell.is_served() {
        let settle_at = desk.app.addresses.control.to_string();
        return render(req, StatusCode::OK, &StoppedPage { shell, settle_at });
    }
    let found = desk
        .read_as(Permission::PropertyRead, async |db, now| find(db, now, &query, &shell).await)
        .await?;
    render(req, status, &page(shell, found, &query, refused))
}

async fn find(
    db: &impl sql::Query,
    now: DateTime<Utc>,
    query: &FrontDeskQuery,
    shell: &Shell,
) -> ApiResult<Found> {
    let properties = properties::list(db, now).await.map_err(database_failed)?;
    let at = choose(&properties, &query.property)?.clone();
    let typed = query.ask.clone().or_tonight(at.business_date);
    let ask = typed.read(at.business_date, shell.t);
    let arrivals = if shell.may(Permission::ReservationRead) {
        let filter = ListFilter { arrival: Some(at.business_date), ..ListFilter::default() };
        reservations::list(db, at.id, &filter, MOST_ARRIVALS).await.map_err(database_failed)?
    } else {
        Vec::new()
    };
    let offers = match &ask {
        Ok(ask) if shell.may(Permission::RateRead) => {
            availability::offers(db, at.id, ask.stay, None).await.map_err(database_failed)?
        }
        _ => Vec::new(),
    };
    let room_types = room_types::list(db, at.id).await.map_err(database_failed)?;
    Ok(Found { properties, at, arrivals, room_types, offers, ask, typed })
}

/// The property that was asked for, or the first one.
pub(super) fn choose<'a>(properties: &'a [Property], asked: &str) -> ApiResult<&'a Property> {
    let chosen = if asked.is_empty() {
        properties.first()
    } else {
        let id: Option<PropertyId> = asked.parse().ok();
        properties.iter().find(|it| Some(it.id) == id)
    };
    chosen.ok_or_else(|| ApiError::not_found("property"))
}

fn page(
    shell: Shell,
    found: Found,
    query: &FrontDeskQuery,
    refused: Option<(TypedSetup, Faults)>,
) -> Page {
    let Found { properties, at, arrivals, room_types, offers, ask, typed } = found;
    let arrivals = shell.sees_reservations().then(|| arrival_rows(arrivals, &shell));
    let rows = match &ask {
        Ok(ask) if shell.may(Permission::RateRead) => {
            Some(offers::rows(&offers, at.id, *ask, &shell))
        }
        _ => None,
    };
    let sets_up = shell.may(Permission::PropertyWrite) && shell.may(Permission::RateWrite);
    let nothing_to_sell = room_types.iter().all(|it| it.rooms == 0)
        || (ask.is_ok() && offers.iter().all(|it| it.prices().is_none()));
    let asked_for = refused.is_some() || query.setup == "1";
    let setup = (sets_up && (asked_for || nothing_to_sell))
        .then(|| SetupCard::new(&at, &room_types, refused.unwrap_or_default(), nothing_to_sell));
    let again = (sets_up && setup.is_none()).then(|| links::set_up(at.id, ""));
    let done = match query.done.as_str() {
        "type" => Some(shell.t.done_type),
        "rooms" => Some(shell.t.done_rooms),
        "rates" => Some(shell.t.done_rates),
        _ => None,
    };
    let today = words::day(at.business_date, shell.language);
    let nights = ask.as_ref().map_or(0, |it| it.stay.nights());
    let faults = ask.err().unwrap_or_default();
    Page {
        shell,
        properties,
        at,
        today,
        done,
        arrivals,
        offers: rows,
        nights,
        typed,
        faults,
        setup,
        set_up_again: again,
    }
}

fn arrival_rows(mut arrivals: Vec<Reservation>, shell: &Shell) -> Vec<ArrivalRow> {
    arrivals.retain(|it| it.state != ReservationState::Cancelled);
    arrivals.sort_by_key(|it| it.guest_name.to_lowercase());
    let row = |it: Reservation| ArrivalRow {
        link: links::reservation(it.property, it.id, ""),
        nights: (it.departure - it.arrival).num_days(),
        state: words::state(shell.t, it.state),
        code: it.code,
        guest: it.guest_name,
        room_type: it.room_type_name,
    };
    arrivals.into_iter().map(row).collect()
}
