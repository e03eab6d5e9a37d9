//! What is due by the clock: the business day goes on, owners get their report, and what is old is
//! forgotten.

use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use hotelhub_core::{ids::TenantId, tasks::Tasks};
use hotelhub_jobs::broker::Broker;
use platform_tests::{mail::CaughtMail, platform::Role, waiting::eventually};
use serde_json::json;
use tokio::task::JoinSet;

use crate::house::{House, TestHotel, run_script, shared};

const SOON: Duration = Duration::from_secs(60);
/// A hotel that nothing is known of gets a tick within a minute.
const FIRST_TICK: Duration = Duration::from_secs(120);
/// A hotel where nothing is due is looked at every six hours.
const ALONE: TimeDelta = TimeDelta::hours(7);
const DAY: TimeDelta = TimeDelta::days(1);
/// How the owners' report begins.
const REPORT: &str = "Laporan harian";

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
    it.let_be_late("open_business_day", 3).await;

    tick(&house, &it, 8).await;

    let rolled = async || (text(&it, DAYS).await == "closed -3, open 0").then_some(());
    eventually(SOON, "the new business day", rolled).await.unwrap();
    tick(&house, &it, 8).await;
    assert_eq!(text(&it, DAYS).await, "closed -3, open 0");
    let jobs = "SELECT count(*)::text FROM jobs WHERE kind = 'open_business_day'";
    assert_eq!(text(&it, jobs).await, "1");
}

#[tokio::test]
async fn midnight_comes_by_itself_where_nobody_does_anything() {
    let house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let left = "SELECT extract(epoch FROM ((now() AT TIME ZONE time_zone)::date + 1)
         - (now() AT TIME ZONE time_zone))::bigint FROM properties";
    let left: i64 = it.sql(left).await[0].get(0);
    let today: NaiveDate = it.sql("SELECT business_date FROM business_days").await[0].get(0);
    let days = format!(
        "SELECT string_agg(state || ' ' || (business_date - '{today}'::date), ', ' \
           ORDER BY business_date) FROM business_days"
    );
    let wait_for_days = async |wanted: &str| {
        let stand = async || (text(&it, &days).await == wanted).then_some(());
        if let Err(late) = eventually(SOON, wanted, stand).await {
            panic!("{late}; there is {}", text(&it, &days).await);
        }
    };
    // The next midnight, unless it is so near that the hotel would not be looked at before it.
    let (midnight, before, after) = match left > ALONE.num_seconds() {
        true => (left, "open 0", "closed 0, open 1"),
        false => (left + DAY.num_seconds(), "closed 0, open 1", "closed 0, closed 1, open 2"),
    };
    let known =
        async || (text(&it, "SELECT count(*)::text FROM schedules").await == "3").then_some(());
    eventually(FIRST_TICK, "the first tick", known).await.unwrap();

    // Ten minutes before, a hotel that was not looked at for long gets its tick; the one at midnight
    // comes since that look has told of it.
    let worker = Role::TenantWork;
    let ticks = house.figure(worker, "job_ticks_total").await;
    house.platform.move_clock(midnight - 600).unwrap();
    let ticked = async || (house.figure(worker, "job_ticks_total").await > ticks).then_some(());
    eventually(SOON, "the tick before midnight", ticked).await.unwrap();
    wait_for_days(before).await;
    house.platform.move_clock(midnight + 5).unwrap();

    wait_for_days(after).await;
}

#[tokio::test]
async fn the_owner_is_told_in_the_morning_what_yesterday_was_like() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let room_type = it.sells(3).await;
    for _ in 0..2 {
        let body = TestHotel::booking(&room_type, 3, 2, "");
        let answer = it.site().post(&it.path("reservations"), &body).await.unwrap();
        answer.expect_status(201).unwrap();
    }
    // Both came on the day before the last morning at eight; one was cancelled.
    run_script(
        &it.session().await,
        "CREATE TEMPORARY TABLE moved AS
           SELECT min(arrival) - (now() AT TIME ZONE min(time_zone) - interval '8 hours')::date + 1
             AS days
           FROM reservations, properties;
         UPDATE reservation_nights SET stay_date = stay_date - days FROM moved;
         UPDATE reservations SET arrival = arrival - days, departure = departure - days FROM moved;
         UPDATE reservations SET state = 'cancelled'
           WHERE id = (SELECT id FROM reservations ORDER BY id LIMIT 1)",
    )
    .await;
    let base = "SELECT min(base_idr) FROM reservation_nights";
    let base: i64 = it.sql(base).await[0].get(0);
    it.let_be_late("report_day", 1).await;

    tick(&house, &it, 4).await;

    let is_report = |mail: &CaughtMail| mail.is_to(&it.email) && mail.subject.contains(REPORT);
    let mail = house.stage.mail.wait_for(SOON, "the report", is_report).await.unwrap();
    let told: Vec<&str> =
        mail.text.lines().filter_map(|it| Some(it.rsplit_once(": ")?.1)).collect();
    let revenue = hotelhub_core::money::Rupiah::new(base).to_string();
    assert_eq!(told, ["1", "0", "1", "3", "33 %", revenue.as_str()], "{}", mail.text);
    let jobs = "SELECT count(*)::text FROM jobs WHERE kind = 'report_day'";
    assert_eq!(text(&it, jobs).await, "2", "one of the schedule, one for the owner");
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
    it.sql(
        "INSERT INTO schedule_fires (name, property_id, fire_at, outcome, fired_at)
         SELECT 'made ' || days, gen_random_uuid(), now(), 'missed', now() - days * interval '1 day'
         FROM unnest(ARRAY[59, 61]) AS days",
    )
    .await;
    it.let_be_late("clean_up", 7).await;

    tick(&house, &it, 2).await;

    let kept = "SELECT concat_ws('; ',
         (SELECT string_agg(key, ', ' ORDER BY key) FROM idempotency_keys WHERE key LIKE 'after%'),
         (SELECT string_agg(name, ', ' ORDER BY name)
          FROM (SELECT encode(refresh_sha256, 'escape') AS name FROM sessions) AS made
          WHERE name ~ '^(live|expired|revoked)'),
         (SELECT string_agg(state || (payload ->> 'days'), ', ' ORDER BY state, payload ->> 'days')
          FROM jobs WHERE kind = 'made'),
         (SELECT string_agg(name, ', ') FROM schedule_fires WHERE name LIKE 'made%'))";
    let wanted =
        "after 1; expired 29, live, revoked 29; cancelled13, dead13, dead15, done13; made 59";
    let forgotten = async || (text(&it, kept).await == wanted).then_some(());
    let waited = eventually(SOON, "the old to be forgotten", forgotten).await;
    if let Err(late) = waited {
        panic!("{late}; there is {}", text(&it, kept).await);
    }
}
