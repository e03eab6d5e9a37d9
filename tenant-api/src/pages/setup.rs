//! `/setup/…`: the three small forms that make a new hotel sell.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use chrono::{Days, NaiveDate};
use hotelhub_core::ids::{PropertyId, RoomTypeId};
use hotelhub_http::{
    body::Repeat,
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
    language::Language,
};
use serde::Deserialize;

use super::{
    ask::next_day, faults::Faults, front_desk::show_refused_setup, links, texts::Texts, typed,
};
use crate::{
    access::{Permission, Purpose},
    desk::{Change, Desk},
    properties::Property,
    rates::{self, SetRatesBody},
    room_types::{self, CreateRoomTypeBody, RoomType},
    rooms::{self, CreateRoomBody},
};

/// A first rate is offered for so many nights.
const USUAL_RATE_NIGHTS: Days = Days::new(89);

/// How the API names the fields, and how the page does.
const FIELDS: &[(&str, &str)] = &[
    ("name", "type_name"),
    ("code", "type_code"),
    ("max_adults", "type_adults"),
    ("max_children", "type_children"),
    ("number", "rooms_numbers"),
    ("to", "rate_last"),
    ("amount_idr", "rate_amount"),
];

/// What was typed into the forms. Each form sends its own fields; the others stay empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TypedSetup {
    property: String,
    pub(super) type_name: String,
    pub(super) type_code: String,
    pub(super) type_adults: String,
    pub(super) type_children: String,
    rooms_type: String,
    pub(super) rooms_numbers: String,
    rate_type: String,
    pub(super) rate_from: String,
    pub(super) rate_last: String,
    pub(super) rate_amount: String,
}

/// The forms as they are shown.
pub(super) struct SetupCard {
    pub(super) property: PropertyId,
    pub(super) typed: TypedSetup,
    pub(super) faults: Faults,
    pub(super) rooms_types: Vec<TypeChoice>,
    pub(super) rate_types: Vec<TypeChoice>,
    /// Whether the hotel cannot sell anything yet.
    pub(super) first_time: bool,
    /// One for each form.
    pub(super) keys: [String; 3],
}

/// A kind of room to choose.
pub(super) struct TypeChoice {
    pub(super) id: RoomTypeId,
    pub(super) name: String,
    pub(super) chosen: bool,
}

impl SetupCard {
    pub(super) fn new(
        at: &Property,
        room_types: &[RoomType],
        (mut typed, faults): (TypedSetup, Faults),
        first_time: bool,
    ) -> Self {
        let or = |text: &mut String, usual: String| {
            if text.is_empty() {
                *text = usual;
            }
        };
        or(&mut typed.type_adults, "2".to_owned());
        or(&mut typed.type_children, "1".to_owned());
        or(&mut typed.rate_from, at.business_date.to_string());
        let last = at.business_date.checked_add_days(USUAL_RATE_NIGHTS);
        or(&mut typed.rate_last, last.unwrap_or(at.business_date).to_string());
        Self {
            property: at.id,
            rooms_types: choices(room_types, &typed.rooms_type),
            rate_types: choices(room_types, &typed.rate_type),
            typed,
            faults,
            first_time,
            keys: [fresh_key(), fresh_key(), fresh_key()],
        }
    }
}

fn choices(room_types: &[RoomType], chosen: &str) -> Vec<TypeChoice> {
    let choice = |it: &RoomType| TypeChoice {
        id: it.id,
        name: format!("{} ({})", it.name, it.code),
        chosen: it.id.to_string() == chosen,
    };
    room_types.iter().map(choice).collect()
}

/// Adds a kind of room.
pub(super) async fn add_room_type(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<TypedSetup>,
) -> ApiResult<HttpResponse> {
    let PageForm { value, repeat } = form;
    let number = |text: &str| text.trim().parse().unwrap_or(-1);
    let body = CreateRoomTypeBody {
        code: value.type_code.trim().to_uppercase(),
        name: value.type_name.trim().to_owned(),
        max_adults: number(&value.type_adults),
        max_children: number(&value.type_children),
    };
    let step = Step { permission: Permission::PropertyWrite, done: "type" };
    let room_type = body.check().map_err(Refusal::Api);
    carry_out(&req, &desk, (value, &repeat), step, room_type, async |change, property, it| {
        room_types::add(change, property, it).await
    })
    .await
}

/// Adds rooms, all or none.
pub(super) async fn add_rooms(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<TypedSetup>,
) -> ApiResult<HttpResponse> {
    let PageForm { value, repeat } = form;
    let t = Texts::of(Language::of(&req));
    let step = Step { permission: Permission::PropertyWrite, done: "rooms" };
    let room_type = value.rooms_type.parse().ok();
    let numbers = typed::room_numbers(&value.rooms_numbers);
    let rooms = both(room_type, numbers, |faults, no_type, no_numbers| {
        if no_type {
            faults.add("rooms_type", t.fault_choose_type);
        }
        if no_numbers {
            faults.add("rooms_numbers", t.fault_rooms);
        }
    });
    carry_out(&req, &desk, (value, &repeat), step, rooms, async |change, property, it| {
        let (room_type_id, numbers) = it;
        for number in numbers {
            let room = CreateRoomBody {
                number: number.clone(),
                room_type_id: *room_type_id,
                floor: String::new(),
            };
            rooms::add(change, property, &room).await?;
        }
        Ok(())
    })
    .await
}

/// Sets a rate for a span of nights.
pub(super) async fn set_rates(
    req: HttpRequest,
    desk: Desk,
    form: PageForm<TypedSetup>,
) -> ApiResult<HttpResponse> {
    let PageForm { value, repeat } = form;
    let step = Step { permission: Permission::RateWrite, done: "rates" };
    let rates = read_rates(&value, Texts::of(Language::of(&req)));
    carry_out(&req, &desk, (value, &repeat), step, rates, async |change, property, it| {
        rates::set(change, property, it).await.map(drop)
    })
    .await
}

fn read_rates(typed: &TypedSetup, t: &Texts) -> Result<SetRatesBody, Refusal> {
    let room_type: Option<RoomTypeId> = typed.rate_type.parse().ok();
    let from: Option<NaiveDate> = typed.rate_from.trim().parse().ok();
    let last: Option<NaiveDate> = typed.rate_last.trim().parse().ok();
    let amount = typed::rupiah(&typed.rate_amount);
    let mut faults = Faults::default();
    if room_type.is_none() {
        faults.add("rate_type", t.fault_choose_type);
    }
    if from.is_none() {
        faults.add("rate_from", t.fault_date);
    }
    if last.is_none() {
        faults.add("rate_last", t.fault_date);
    }
    if amount.is_none() {
        faults.add("rate_amount", t.fault_amount);
    }
    match (room_type, from, last, amount) {
        (Some(room_type_id), Some(from), Some(last), Some(amount_idr)) => {
            // People name the last night, the API the day after it.
            Ok(SetRatesBody { room_type_id, from, to: next_day(last), amount_idr })
        }
        _ => Err(Refusal::Typed(faults)),
    }
}

/// Why a form is not carried out.
enum Refusal {
    /// What was typed was not understood.
    Typed(Faults),
    /// It was, and breaks a rule.
    Api(ApiError),
}

/// What one of the forms needs, and how it is called once it is done.
struct Step {
    permission: Permission,
    done: &'static str,
}

fn both<A, B>(
    one: Option<A>,
    other: Option<B>,
    blame: impl FnOnce(&mut Faults, bool, bool),
) -> Result<(A, B), Refusal> {
    let mut faults = Faults::default();
    blame(&mut faults, one.is_none(), other.is_none());
    one.zip(other).ok_or(Refusal::Typed(faults))
}

/// Does what a form asks for and goes back to the front desk, or shows the form with its faults.
async fn carry_out<T>(
    req: &HttpRequest,
    desk: &Desk,
    (value, repeat): (TypedSetup, &Repeat),
    step: Step,
    wanted: Result<T, Refusal>,
    change: impl AsyncFn(&Change<'_>, PropertyId, &T) -> ApiResult<()>,
) -> ApiResult<HttpResponse> {
    let property: PropertyId =
        value.property.parse().ok().ok_or_else(|| ApiError::not_found("property"))?;
    let written = match wanted {
        Ok(wanted) => desk
            .write_from_page(step.permission, Purpose::NewBusiness, repeat, async |place| {
                change(place, property, &wanted).await?;
                Ok(links::set_up(property, step.done))
            })
            .await
            .map_err(Refusal::Api),
        Err(refusal) => Err(refusal),
    };
    let (status, faults) = match written {
        Ok(next) => return Ok(next),
        Err(Refusal::Typed(faults)) => (StatusCode::UNPROCESSABLE_ENTITY, faults),
        Err(Refusal::Api(error)) => {
            let t = Texts::of(Language::of(req));
            (error.status(), Faults::from_refusal(error, t, FIELDS)?)
        }
    };
    show_refused_setup(req, desk, property, status, (value, faults)).await
}
