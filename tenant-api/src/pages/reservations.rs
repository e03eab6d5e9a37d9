//! `/reservations`: the list, with search and filters.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{
    front_desk::choose,
    links,
    shell::{Shell, render},
    words,
};
use crate::{
    access::Permission,
    desk::Desk,
    paging,
    properties::{self, Property},
    reservations::{self, ListFilter, Reservation, ReservationState},
    site::database_failed,
};

const STATES: [ReservationState; 5] = [
    ReservationState::Confirmed,
    ReservationState::InHouse,
    ReservationState::CheckedOut,
    ReservationState::Cancelled,
    ReservationState::NoShow,
];

/// Which reservations. A filter that is not understood filters nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    property: String,
    q: String,
    state: String,
    arrival: String,
    cursor: String,
}

struct Row {
    link: String,
    code: String,
    guest: String,
    room_type: String,
    arrival: String,
    departure: String,
    state: &'static str,
    total: String,
}

struct StateChoice {
    value: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/reservations.html")]
struct Page {
    shell: Shell,
    properties: Vec<Property>,
    at: Property,
    query: ListQuery,
    states: Vec<StateChoice>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// Lists reservations, the newest first.
pub(super) async fn list_reservations(
    req: HttpRequest,
    desk: Desk,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    let query = query.into_inner();
    let limit = paging::limit(None)?;
    let cursor = Some(query.cursor.as_str()).filter(|it| !it.is_empty());
    let text = query.q.trim();
    let filter = ListFilter {
        state: query.state.parse().ok(),
        arrival: query.arrival.trim().parse().ok(),
        text: (!text.is_empty()).then(|| text.to_owned()),
        after: paging::read_cursor(cursor)?,
    };
    let shell = Shell::inside(&req, &desk).await?;
    let (properties, at, mut found) = desk
        .read_as(Permission::ReservationRead, async |db, now| {
            let properties = properties::list(db, now).await.map_err(database_failed)?;
            let at = choose(&properties, &query.property)?.clone();
            let found = reservations::list(db, at.id, &filter, limit + 1).await;
            Ok((properties, at, found.map_err(database_failed)?))
        })
        .await?;
    let cursor = paging::cut(&mut found, limit, |it| (it.created_at, it.id))?;
    let next = cursor.map(|cursor| {
        let filters = [
            ("q", query.q.clone()),
            ("state", query.state.clone()),
            ("arrival", query.arrival.clone()),
            ("cursor", cursor),
        ];
        links::reservations(at.id, &filters)
    });
    let choice = |it: ReservationState| StateChoice {
        value: it.as_str(),
        name: words::state(shell.t, it),
        chosen: it.as_str() == query.state,
    };
    let states = STATES.into_iter().map(choice).collect();
    let rows = found.into_iter().map(|it| row(it, &shell)).collect();
    render(&req, StatusCode::OK, &Page { shell, properties, at, query, states, rows, next })
}

fn row(it: Reservation, shell: &Shell) -> Row {
    Row {
        link: links::reservation(it.property, it.id, ""),
        arrival: words::day(it.arrival, shell.language),
        departure: words::day(it.departure, shell.language),
        state: words::state(shell.t, it.state),
        total: shell.language.rupiah(it.total),
        code: it.code,
        guest: it.guest_name,
        room_type: it.room_type_name,
    }
}
