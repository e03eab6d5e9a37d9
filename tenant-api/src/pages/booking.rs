//! `/book`: the quote for a stay, the guest's details, and the booking itself.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Query,
};
use askama::Template;
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    sql,
};
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
    language::Language,
};
use serde::Deserialize;

use super::{
    ask::{Ask, TypedAsk},
    faults::Faults,
    links,
    nights::{self, NightRow},
    offers::{self, OfferRow},
    shell::{Shell, render},
    texts::Texts,
    words,
};
use crate::{
    access::{Permission, Purpose},
    availability::{self, Offer},
    desk::{Change, Desk},
    guests::{NewGuest, NewGuestBody},
    properties::{self, Property},
    reservations::{self, Booking},
    site::database_failed,
};

const MOST_NOTES: usize = 2_000;

/// How the API names the fields, and how the page does.
const FIELDS: &[(&str, &str)] = &[
    ("guest.full_name", "full_name"),
    ("guest.email", "email"),
    ("guest.phone", "phone"),
    ("notes", "notes"),
];

/// Which kind of room, and for which stay.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BookQuery {
    #[serde(default)]
    property: String,
    #[serde(default)]
    room_type: String,
    #[serde(flatten)]
    ask: TypedAsk,
}

/// What was typed about the guest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TypedGuest {
    full_name: String,
    email: String,
    phone: String,
    language: String,
    notes: String,
}

/// The whole form.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BookForm {
    #[serde(flatten)]
    query: BookQuery,
    #[serde(flatten)]
    guest: TypedGuest,
}

/// What is to be booked, understood.
struct Wanted {
    property: Property,
    room_type: RoomTypeId,
    ask: Ask,
    /// All offers for the stay, the wanted one among them.
    offers: Vec<Offer>,
}

#[derive(Template)]
#[template(path = "pages/book.html")]
struct Page {
    shell: Shell,
    property: Property,
    room_type: RoomTypeId,
    name: String,
    ask: Ask,
    arrival: String,
    departure: String,
    nights: Vec<NightRow>,
    total: Option<String>,
    back: String,
    key: String,
    typed: TypedGuest,
    faults: Faults,
    /// Why it was not or cannot be booked.
    refusal: Option<&'static str>,
    /// Whether the form is offered at all.
    bookable: bool,
    others: Vec<OfferRow>,
}

/// Why a form was not carried out.
#[derive(Default)]
struct Refused {
    typed: TypedGuest,
    faults: Faults,
    why: Option<&'static str>,
}

/// Shows the quote and the form.
pub(super) async fn show_booking(
    req: HttpRequest,
    desk: Desk,
    query: Query<BookQuery>,
) -> ApiResult<HttpResponse> {
    let typed =
        TypedGuest { language: Language::of(&req).code().to_owned(), ..TypedGuest::default() };
    let refused = Refused { typed, ..Refused::default() };
    show(&req, &desk, &query, StatusCode::OK, refused).await
}

/// Books the room, once however often the form is sent.
pub(super) async fn book_room(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<BookForm>,
) -> ApiResult<HttpResponse> {
    let PageForm { value: BookForm { query, guest: typed }, repeat } = form;
    let t = Texts::of(Language::of(&req));
    let wanted =
        desk.read_as(Permission::RateRead, async |db, now| find(db, now, &query, t).await).await?;
    let Some(wanted) = wanted else { return Ok(to_front_desk()) };
    let guest = match read_guest(&typed) {
        Ok(guest) => guest,
        Err(error) => {
            let status = error.status();
            let faults = Faults::from_refusal(error, t, FIELDS)?;
            let refused = Refused { typed, faults, why: None };
            return show(&req, &desk, &query, status, refused).await;
        }
    };
    let notes = typed.notes.trim();
    let booked = desk
        .write_from_page(
            Permission::ReservationWrite,
            Purpose::NewBusiness,
            &repeat,
            async |change| book(change, &wanted, &guest, notes).await,
        )
        .await;
    match booked {
        Ok(next) => Ok(next),
        Err(error) => {
            let Some(why) = reason(t, &error) else { return Err(error) };
            let refused = Refused { typed, faults: Faults::default(), why: Some(why) };
            show(&req, &desk, &query, error.status(), refused).await
        }
    }
}

async fn book(
    change: &Change<'_>,
    wanted: &Wanted,
    guest: &NewGuest,
    notes: &str,
) -> ApiResult<String> {
    let property = wanted.property.id;
    let booking = Booking {
        property,
        room_type: wanted.room_type,
        stay: wanted.ask.stay,
        party: wanted.ask.party,
        guest,
        notes,
        source: "front_desk",
    };
    let booked = reservations::book(change, booking).await?;
    reservations::confirm_by_mail(change, &booked, guest).await?;
    let done = if guest.has_email() { "booked_with_mail" } else { "booked" };
    Ok(links::reservation(property, booked.id, done))
}

fn read_guest(typed: &TypedGuest) -> ApiResult<NewGuest> {
    let guest = NewGuest::check(NewGuestBody {
        full_name: typed.full_name.clone(),
        email: typed.email.clone(),
        phone: typed.phone.clone(),
        language: Some(Language::from_code(&typed.language).code().to_owned()),
    });
    if typed.notes.chars().count() <= MOST_NOTES {
        return guest;
    }
    let why = "needs 2,000 characters at most";
    Err(guest
        .err()
        .map_or_else(|| ApiError::invalid("notes", why), |error| error.with_detail("notes", why)))
}

/// What to say on the page about a refusal; `None` if it is no affair of this page.
fn reason(t: &Texts, error: &ApiError) -> Option<&'static str> {
    match error.code() {
        "SOLD_OUT" => Some(t.sold_out_meanwhile),
        "NO_RATE" => Some(t.obstacle_no_rate),
        "IDEMPOTENCY_KEY_REUSED" => Some(t.form_used),
        "VALIDATION_FAILED" if error.details().contains_key("adults") => Some(t.fault_party),
        "VALIDATION_FAILED" if error.details().contains_key("arrival") => Some(t.fault_arrival),
        _ => None,
    }
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    query: &BookQuery,
    status: StatusCode,
    refused: Refused,
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, desk).await?;
    let wanted = desk
        .read_as(Permission::RateRead, async |db, now| find(db, now, query, shell.t).await)
        .await?;
    let Some(wanted) = wanted else { return Ok(to_front_desk()) };
    match page(shell, wanted, refused) {
        Some(page) => render(req, status, &page),
        None => Err(ApiError::not_found("room type")),
    }
}

/// What is wanted, if the address says it: it does when our own pages made it.
async fn find(
    db: &impl sql::Query,
    now: DateTime<Utc>,
    query: &BookQuery,
    t: &Texts,
) -> ApiResult<Option<Wanted>> {
    let ids = query.property.parse().ok().zip(query.room_type.parse().ok());
    let Some((property, room_type)): Option<(PropertyId, RoomTypeId)> = ids else {
        return Ok(None);
    };
    let property = properties::find(db, property, now).await.map_err(database_failed)?;
    let property = property.ok_or_else(|| ApiError::not_found("property"))?;
    let Ok(ask) = query.ask.read(property.business_date, t) else { return Ok(None) };
    let offers =
        availability::offers(db, property.id, ask.stay, None).await.map_err(database_failed)?;
    Ok(Some(Wanted { property, room_type, ask, offers }))
}

fn page(shell: Shell, wanted: Wanted, refused: Refused) -> Option<Page> {
    let Wanted { property, room_type, ask, offers } = wanted;
    let offer = offers.iter().find(|it| it.room_type == room_type)?;
    let obstacles = offer.obstacles(ask.party);
    let bookable = obstacles.is_empty() && shell.may(Permission::ReservationWrite);
    let refusal = refused.why.or((!bookable).then_some(shell.t.cannot_be_booked));
    let others =
        if bookable { Vec::new() } else { offers::rows(&offers, property.id, ask, &shell) };
    Some(Page {
        name: offer.name.clone(),
        arrival: words::day(ask.stay.arrival, shell.language),
        departure: words::day(ask.stay.departure, shell.language),
        nights: nights::rows(offer.prices().unwrap_or_default(), shell.language),
        total: offer.total().map(|it| shell.language.rupiah(it)),
        back: links::search(property.id, ask),
        key: fresh_key(),
        typed: refused.typed,
        faults: refused.faults,
        shell,
        property,
        room_type,
        ask,
        refusal,
        bookable,
        others,
    })
}

fn to_front_desk() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, "/")).finish()
}
