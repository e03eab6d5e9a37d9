//! What must hold in every hotel's database that can be worked with. Each question counts what
//! contradicts it; foreign keys and CHECKs were proven when the rows came in.

use hotelhub_core::sql::Query as _;
use tokio_postgres::Error;

use crate::{contents::audit, session::Session};

/// Sentences that must be true, each with the number of rows against it.
const INVARIANTS: [(&str, &str); 4] = [
    (
        "an owner can log in",
        "SELECT (NOT EXISTS (
           SELECT FROM users u JOIN user_roles r ON r.user_id = u.id AND r.role = 'owner'
           WHERE u.disabled_at IS NULL AND u.password_hash <> ''))::int::bigint",
    ),
    (
        "every property has one open business day",
        "SELECT count(*) FROM properties p WHERE 1 <> (
           SELECT count(*) FROM business_days b
           WHERE b.property_id = p.id AND b.state <> 'closed')",
    ),
    (
        "each reservation has a price for each of its nights and no others",
        "SELECT count(*) FROM reservations r WHERE (r.departure - r.arrival) <> (
           SELECT count(*) FROM reservation_nights n
           WHERE n.reservation_id = r.id AND n.stay_date >= r.arrival AND n.stay_date < r.departure)
           OR EXISTS (SELECT FROM reservation_nights n WHERE n.reservation_id = r.id
             AND (n.stay_date < r.arrival OR n.stay_date >= r.departure))",
    ),
    (
        "the rooms that are sold for a night are those that reservations take",
        "SELECT count(*) FROM (
           SELECT r.room_type_id, n.stay_date, count(*) AS taken
           FROM reservations r JOIN reservation_nights n ON n.reservation_id = r.id
           WHERE r.state NOT IN ('cancelled', 'no_show') GROUP BY 1, 2) AS taken
         FULL JOIN (SELECT * FROM inventory_days WHERE sold > 0 OR oversold > 0) AS days
           USING (room_type_id, stay_date)
         WHERE coalesce(taken.taken, 0) <> coalesce(days.sold + days.oversold, 0)",
    ),
];

/// The sentences that are not true of a database, with how many rows say so.
pub(super) async fn list_broken(inside: &Session, version: i32) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    for (sentence, sql) in INVARIANTS {
        let against: i64 = inside.query_one(sql, &[]).await?.try_get(0)?;
        if against > 0 {
            broken.push(format!("not true that {sentence} ({against})"));
        }
    }
    if version >= audit::SINCE
        && let Some(fault) = audit::find_fault(inside).await?
    {
        broken.push(format!("not true that {AUDIT} (row {} is {})", fault.seq(), fault.kind()));
    }
    Ok(broken)
}

const AUDIT: &str = "each row of the audit log follows from the one before";

/// How many there are.
pub(super) const COUNT: usize = INVARIANTS.len() + 1;
