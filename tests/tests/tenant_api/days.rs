//! What a tick keeps in order: the business day goes on, and what is old is forgotten.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use hotelhub_core::{ids::TenantId, tasks::Tasks};
use hotelhub_jobs::broker::Broker;
use platform_tests::{platform::Role, waiting::eventually};
use serde_json::json;
use tokio::task::JoinSet;

use crate::house::{House, TestHotel, shared};

const SOON: Duration = Duration::from_secs(60);

/// Sends the hotel so many ticks, all at once.
async fn tick(house: &House, it: &TestHotel, ticks: usize) {
    let tasks = Tasks::default();
    let broker = Broker::start(house.stage.amqp_url(), "a test's ticks", &tasks);
    let connected = async || broker.is_connected().then_some(());
    eventually(SOON, "the broker", connected).await.unwrap();
    let tenant: TenantId = it.tenant.parse().unwrap();
    let mut sent = JoinSet::new();
    for _ in 0..ticks {
        let broker = broker.clone();
        sent.spawn(async move { broker.publish_tick(tenant).await.unwrap() });
    }
    sent.join_all().await;
    tasks.stop();
}

async fn text(it: &TestHotel, sql: &str) -> String {
    it.sql(sql).await[0].get(0)
}

/// The days of the only property, with today as 0.
const DAYS: &str = "SELECT string_agg(state || ' ' || (business_date - today), ', ' \
       ORDER BY business_date) \
     FROM business_days, LATERAL (SELECT (now() AT TIME ZONE time_zone)::date AS today \
       FROM properties) AS there";

#[tokio::test]
async fn the_business_day_goes_on_once_however_many_ticks_come() {
    let house = shared().await;
    let it = house.open_hotel().await;
    it.sql("UPDATE business_days SET business_date = business_date - 3").await;

    tick(&house, &it, 8).await;

    let rolled = async || (text(&it, DAYS).await == "closed -3, open 0").then_some(());
    eventually(SOON, "the new business day", rolled).await.unwrap();
    tick(&house, &it, 8).await;
    assert_eq!(text(&it, DAYS).await, "closed -3, open 0");
}

#[tokio::test]
async fn a_day_that_has_passed_there_is_not_sold_before_the_tick_either() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let room_type = it.sells(2).await;
    // Nobody works on ticks from here on.
    house.platform.stop_role(Role::TenantWork).await.unwrap();
    it.sql("UPDATE business_days SET business_date = business_date - 3").await;
    let today = "SELECT (now() AT TIME ZONE time_zone)::date FROM properties";
    let today: NaiveDate = it.sql(today).await[0].get(0);
    let (yesterday, tomorrow) = (today - Days::new(1), today + Days::new(1));
    let priced = (yesterday.to_string(), tomorrow.to_string());
    let priced = (priced.0.as_str(), priced.1.as_str());
    it.hotel.set_rate(&it.property, &room_type, priced, 750_000).await.unwrap();
    let book = async |arrival: NaiveDate| {
        let body = json!({
            "room_type_id": room_type, "arrival": arrival, "departure": tomorrow, "adults": 2,
            "guest": { "full_name": "Ni Luh Sari" },
        });
        it.site().post(&it.path("reservations"), &body).await.unwrap()
    };

    let (late, punctual) = (book(yesterday).await, book(today).await);

    assert_eq!(late.status, 422, "{}", late.body);
    assert_eq!(punctual.status, 201, "{}", punctual.body);
    let property = it.site().get(&format!("/api/v1/properties/{}", it.property)).await.unwrap();
    assert_eq!(property.data().unwrap()["business_date"], today.to_string());
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_what_is_young_or_dead_is_kept() {
    let house = shared().await;
    let it = house.open_hotel().await;
    it.sql(
        "INSERT INTO idempotency_keys (actor, key, request_sha256, status, body, created_at)
         SELECT gen_random_uuid(), 'after ' || days, '', 200, '{}', now() - days * interval '1 day'
         FROM unnest(ARRAY[1, 3]) AS days",
    )
    .await;
    it.sql(
        "INSERT INTO sessions (id, user_id, kind, refresh_sha256, created_at, expires_at, revoked_at)
         SELECT gen_random_uuid(), users.id, 'api', convert_to(made.name, 'UTF8'), now(),
           now() + expires * interval '1 day', now() + revoked * interval '1 day'
         FROM users, (VALUES ('live', 1, NULL), ('expired 31', -31, NULL), ('expired 29', -29, NULL),
           ('revoked 31', 9, -31), ('revoked 29', 9, -29)) AS made(name, expires, revoked)",
    )
    .await;
    it.sql(
        "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, finished_at)
         SELECT gen_random_uuid(), 'made', 'default', state, 1, jsonb_build_object('days', days),
           now() - days * interval '1 day'
         FROM unnest(ARRAY['done', 'cancelled', 'dead']) AS state, unnest(ARRAY[13, 15]) AS days",
    )
    .await;

    tick(&house, &it, 2).await;

    let kept = "SELECT concat_ws('; ',
         (SELECT string_agg(key, ', ' ORDER BY key) FROM idempotency_keys WHERE key LIKE 'after%'),
         (SELECT string_agg(name, ', ' ORDER BY name)
          FROM (SELECT encode(refresh_sha256, 'escape') AS name FROM sessions) AS made
          WHERE name ~ '^(live|expired|revoked)'),
         (SELECT string_agg(state || (payload ->> 'days'), ', ' ORDER BY state, payload ->> 'days')
          FROM jobs WHERE kind = 'made'))";
    let wanted = "after 1; expired 29, live, revoked 29; cancelled13, dead13, dead15, done13";
    let forgotten = async || (text(&it, kept).await == wanted).then_some(());
    let waited = eventually(SOON, "the old to be forgotten", forgotten).await;
    if let Err(late) = waited {
        panic!("{late}; there is {}", text(&it, kept).await);
    }
}
