//! A hotel whose mail was refused, with jobs in every state that there is.

use std::time::Duration;

use platform_tests::{
    client::{Hotel, SignedUp, Signup, stay},
    mail::Fault,
    platform::{HOTEL_DEADLINE, Platform, Stage},
    postgres::connect,
    waiting::eventually,
};
use tokio_postgres::Client;

pub(crate) const GUEST: &str = "sari@tamu.example";
pub(crate) const DELIVERY: Duration = Duration::from_secs(120);

/// Jobs in every state that there is, of a platform that stands still.
const OTHERS: &str = "
  INSERT INTO jobs (id, kind, class, state, attempt, max_attempts, payload, run_at, created_at,
    finished_at, held_for, lease_until, cancel_requested_at, last_error_code, last_error_text)
  SELECT gen_random_uuid(), kind, 'mail', state, attempt, 5, '{}', now() + interval '1 day',
    now() - interval '3 hours',
    CASE WHEN state IN ('dead', 'done', 'cancelled') THEN now() END, held_for,
    now() + interval '1 day', CASE WHEN code = 'STOP' THEN now() END,
    CASE WHEN code <> 'STOP' THEN code END, NULL
  FROM (VALUES
    ('report_day', 'dead', 5, NULL, 'SMTP_UNREACHABLE'),
    ('push_availability_to_channel_manager', 'dead', 5, NULL, 'PEER_503'),
    ('report_day', 'retry_wait', 2, NULL, 'TIMEOUT'),
    ('push_rates', 'held', 0, 'peer', NULL), ('push_rates', 'held', 0, 'pause', NULL),
    ('push_rates', 'held', 0, 'access', NULL), ('report_day', 'ready', 0, NULL, NULL),
    ('report_day', 'running', 1, NULL, NULL), ('report_day', 'running', 1, NULL, 'STOP'),
    ('clean_up', 'done', 1, NULL, NULL), ('open_business_day', 'cancelled', 0, NULL, NULL)
  ) AS others (kind, state, attempt, held_for, code)";

/// A hotel that has booked a stay, and whose confirmation was refused.
pub(crate) async fn open_hotel(stage: &mut Stage, platform: &Platform) -> (SignedUp, Signup) {
    let (control, signup) = (platform.control().unwrap(), Signup::of("mandala"));
    let taken = control.sign_up(&signup).await.unwrap();
    control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
    stage.mail.wait_for_mail_to(&signup.owner_email, DELIVERY).await.unwrap();
    stage.mail.set_fault(Fault::Reject).await;
    let hotel = control.hotel(&taken.host).unwrap();
    let hotel = hotel.log_in(&signup.owner_email, &signup.password).await.unwrap();
    book(&hotel).await;
    let database = session(stage, &taken.tenant_id).await;
    let failed = async || {
        let dead = database.query("SELECT FROM jobs WHERE state = 'dead'", &[]).await.unwrap();
        (dead.len() == 1).then_some(())
    };
    eventually(DELIVERY, "the failed mail", failed).await.unwrap();
    database.execute(OTHERS, &[]).await.unwrap();
    (taken, signup)
}

async fn book(hotel: &Hotel) {
    let property = hotel.first_property().await.unwrap();
    let room_type = hotel.add_room_type(&property, "DLX").await.unwrap();
    hotel.add_room(&property, &room_type, "101").await.unwrap();
    let (from, to) = stay(0, 30);
    hotel.set_rate(&property, &room_type, (&from, &to), 750_000).await.unwrap();
    let (arrival, departure) = stay(3, 2);
    hotel.reserve(&property, &room_type, (&arrival, &departure), GUEST).await.unwrap();
}

/// A superuser's session in the hotel's database, past all programs.
async fn session(stage: &Stage, tenant: &str) -> Client {
    let mut url = stage.postgres.urls().unwrap().superuser;
    url.set_path("/hotelhub_control");
    let sql = "SELECT 'tenant_' || replace(id::text, '-', '') FROM databases
         WHERE tenant_id::text = $1 AND state = 'assigned'";
    let control = connect(&url).await.unwrap();
    url.set_path(control.query_one(sql, &[&tenant]).await.unwrap().get(0));
    connect(&url).await.unwrap()
}
