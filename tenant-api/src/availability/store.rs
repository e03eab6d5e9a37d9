//! Reads capacity and prices of a span of nights.

use hotelhub_core::{
    ids::{PropertyId, RoomTypeId},
    money::Rupiah,
    sql::Query,
};
use tokio_postgres::{Error, Row};

use super::offer::{Offer, OfferNight, Party, Stay};
use crate::prices::{NightPrice, NightRates};

/// The offers for a stay, of one kind of room or of all, in the order of their codes.
///
/// A night that nobody has booked or set yet has no capacity row: all rooms of the kind are free.
pub(crate) async fn offers(
    db: &impl Query,
    property: PropertyId,
    stay: Stay,
    room_type: Option<RoomTypeId>,
) -> Result<Vec<Offer>, Error> {
    let sql = "\
        SELECT t.id, t.code, t.name, t.max_adults, t.max_children, plan.id, night::date, \
          coalesce(i.physical - i.out_of_order - i.sold - i.held - i.oversold + i.overbook_limit, \
                   (SELECT count(*) FROM rooms WHERE room_type_id = t.id))::bigint, \
          rate.amount_idr, plan.tax_inclusive, coalesce(service.rate_bp, 0), \
          coalesce(tax.rate_bp, 0) \
        FROM room_types t \
        JOIN properties p ON p.id = t.property_id \
        JOIN rate_plans plan ON plan.property_id = p.id AND plan.code = 'BAR' \
        CROSS JOIN generate_series($2::date, $3::date - 1, interval '1 day') AS night \
        LEFT JOIN inventory_days i ON i.room_type_id = t.id AND i.stay_date = night::date \
        LEFT JOIN rate_days rate ON rate.rate_plan_id = plan.id AND rate.room_type_id = t.id \
          AND rate.stay_date = night::date \
        LEFT JOIN service_charge_rules service ON service.property_id = p.id \
          AND service.valid @> night::date \
        LEFT JOIN tax_rules tax ON tax.region = p.region AND tax.regime = 'pbjt_room' \
          AND tax.valid @> night::date \
        WHERE t.property_id = $1 AND ($4::uuid IS NULL OR t.id = $4) \
        ORDER BY t.code, t.id, night";
    let rows = db.query(sql, &[&property, &stay.arrival, &stay.departure, &room_type]).await?;
    let mut offers: Vec<Offer> = Vec::new();
    for row in &rows {
        let id: RoomTypeId = row.get(0);
        let night = night(row);
        match offers.last_mut().filter(|it| it.room_type == id) {
            Some(offer) => offer.nights.push(night),
            None => offers.push(Offer {
                room_type: id,
                code: row.get(1),
                name: row.get(2),
                max: Party { adults: row.get(3), children: row.get(4) },
                rate_plan: row.get(5),
                nights: vec![night],
            }),
        }
    }
    Ok(offers)
}

fn night(row: &Row) -> OfferNight {
    let rates = NightRates { inclusive: row.get(9), service_bp: row.get(10), tax_bp: row.get(11) };
    let amount: Option<Rupiah> = row.get(8);
    OfferNight {
        stay_date: row.get(6),
        left: row.get(7),
        price: amount.and_then(|it| NightPrice::split(it, rates)),
    }
}
