//! Schedules on a real database: one job for each time, however many look at once.

#![expect(clippy::unwrap_used, reason = "whatever a helper of a test does not find stops the test")]

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use hotelhub_core::{ids::TenantId, life::Access};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    schedules::{Fired, Misfire, Schedule, Scope, When, fire_due, next_after},
};
use migrations::{migrate_tenant, tenant_head};
use platform_tests::{
    postgres::{PostgresServer, Preset, connect},
    settings::setting,
};
use rand::RngExt;
use tokio::time::timeout;
use tokio_postgres::Client;
use uuid::Uuid;

const KIND: Kind = Kind {
    name: "test",
    class: Class::Default,
    priority: 0,
    tries: 3,
    timeout: Duration::from_secs(30),
    ladder: &[Wait::S10],
    words: Words { name: [""; 2], dead: [""; 2] },
};
const GRACE: Duration = Duration::from_secs(300);

const fn schedule(name: &'static str, when: When) -> Schedule {
    Schedule {
        name,
        kind: &KIND,
        runs_under: &[Access::Full],
        when,
        scope: Scope::Property,
        misfire: Misfire::Once,
        splay: Duration::ZERO,
    }
}

const MIDNIGHT: Schedule = schedule("midnight", When::Daily { hour: 0, minute: 0 });
const IN_THE_GAP: Schedule = schedule("in_the_gap", When::Daily { hour: 2, minute: 15 });
const QUARTERS: Schedule = Schedule {
    misfire: Misfire::Skip { grace: GRACE },
    ..schedule("quarters", When::Every { minutes: 15 })
};
const SUNDAYS: Schedule = Schedule {
    scope: Scope::Tenant,
    ..schedule("sundays", When::Weekly { day: Weekday::Sun, hour: 3, minute: 0 })
};
const ZONES: [Tz; 5] = [
    Tz::Asia__Jakarta,
    Tz::Asia__Makassar,
    Tz::Asia__Jayapura,
    Tz::Australia__Sydney,
    Tz::Australia__Lord_Howe,
];

/// A hotel's database on a server of the test's own.
struct Ground {
    server: PostgresServer,
    client: Client,
    tenant: TenantId,
    properties: Vec<(Uuid, Tz)>,
}

/// What became of a time.
type Fire = (String, Uuid, DateTime<Utc>, String);

impl Ground {
    async fn with(properties: usize) -> Self {
        let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
        let client = connect(&server.urls().unwrap().superuser).await.unwrap();
        migrate_tenant(&client, tenant_head(), Duration::from_secs(5)).await.unwrap();
        let ids = (1..).map(Uuid::from_u128).take(properties);
        let properties: Vec<(Uuid, Tz)> = ids.zip(ZONES.into_iter().cycle()).collect();
        for (number, (id, zone)) in properties.iter().enumerate() {
            let sql = "INSERT INTO properties (id, code, name, time_zone, region, created_at)
                 VALUES ($1, $2, 'Mandala', $3, 'ID-BA', now() + $4 * interval '1 second')";
            let code = format!("P{number}0");
            let after = number as f64;
            client.execute(sql, &[id, &code, &zone.name(), &after]).await.unwrap();
        }
        Self { server, client, tenant: TenantId::generate(), properties }
    }

    async fn fire(&mut self, schedules: &[Schedule], access: Access, now: &str) -> Fired {
        look(&mut self.client, self.tenant, schedules, access, at(now)).await
    }

    async fn fires(&self) -> BTreeSet<Fire> {
        let sql = "SELECT name, property_id, fire_at, outcome FROM schedule_fires";
        let rows = self.client.query(sql, &[]).await.unwrap();
        rows.iter().map(|it| (it.get(0), it.get(1), it.get(2), it.get(3))).collect()
    }

    async fn outcomes(&self, schedule: &Schedule) -> Vec<(DateTime<Utc>, String)> {
        let of = |it: Fire| (it.0 == schedule.name).then_some((it.2, it.3));
        let mut outcomes: Vec<_> = self.fires().await.into_iter().filter_map(of).collect();
        outcomes.sort_unstable();
        outcomes
    }

    /// Every job, as the time that it is for.
    async fn jobs(&self) -> Vec<(String, Uuid, DateTime<Utc>)> {
        let sql = "SELECT f.name, f.property_id, f.fire_at,
                 (j.payload ->> 'fire_at')::timestamptz = f.fire_at
                   AND coalesce((j.payload ->> 'property_id')::uuid, $1) = f.property_id
               FROM jobs j LEFT JOIN schedule_fires f ON f.job_id = j.id";
        let rows = self.client.query(sql, &[&Uuid::nil()]).await.unwrap();
        let job = |it: &tokio_postgres::Row| {
            assert!(it.get::<_, Option<bool>>(3).unwrap(), "a job says what time it is for");
            (it.get(0), it.get(1), it.get(2))
        };
        rows.iter().map(job).collect()
    }

    async fn finish_jobs(&self) {
        self.client.execute("UPDATE jobs SET state = 'done'", &[]).await.unwrap();
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Fires what is due, as a worker with a tick does.
async fn look(
    client: &mut Client,
    tenant: TenantId,
    schedules: &[Schedule],
    access: Access,
    now: DateTime<Utc>,
) -> Fired {
    let tx = client.transaction().await.unwrap();
    let fired = fire_due(&tx, tenant, schedules, access, now).await.unwrap();
    tx.commit().await.unwrap();
    fired
}

/// Every time of this schedule after `from` up to `to`.
fn times(
    schedule: &Schedule,
    zone: Tz,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let next = |it: &DateTime<Utc>| Some(next_after(schedule.when, zone, *it));
    std::iter::successors(next(&from), next).take_while(|it| *it <= to).collect()
}

#[tokio::test]
async fn every_time_has_one_job_however_many_look_and_whoever_is_stopped_in_the_middle() {
    const SCHEDULES: [Schedule; 4] = [MIDNIGHT, IN_THE_GAP, QUARTERS, SUNDAYS];
    let full = setting("JOBS_CHAOS").is_some_and(|it| it == "full");
    let mut ground = Ground::with(if full { 500 } else { 20 }).await;
    let url = ground.server.urls().unwrap().superuser;
    let mut replicas = Vec::new();
    for _ in 0..5 {
        replicas.push(connect(&url).await.unwrap());
    }
    let tenant = ground.tenant;
    // Both in Sydney and on Lord Howe, 02:15 is left out in this night.
    let (from, to) = (at("2026-10-03T00:00:00Z"), at("2026-10-04T12:00:00Z"));

    let mut now = from;
    while now <= to {
        let stopped = rand::rng().random_range(0..replicas.len());
        let looks = replicas.iter_mut().enumerate().map(async |(number, client)| {
            if number == stopped {
                let until = Duration::from_micros(rand::rng().random_range(0..8_000));
                drop(timeout(until, look(client, tenant, &SCHEDULES, Access::Full, now)).await);
            }
            look(client, tenant, &SCHEDULES, Access::Full, now).await;
        });
        futures_util::future::join_all(looks).await;
        // What the stopped one held while the others passed.
        ground.fire(&SCHEDULES, Access::Full, &now.to_rfc3339()).await;
        ground.finish_jobs().await;
        now += TimeDelta::minutes(15);
    }

    let mut wanted = BTreeSet::new();
    for schedule in SCHEDULES {
        let places = match schedule.scope {
            Scope::Property => ground.properties.clone(),
            Scope::Tenant => vec![(Uuid::nil(), ZONES[0])],
        };
        for (property, zone) in places {
            for time in times(&schedule, zone, from, to) {
                wanted.insert((schedule.name.to_owned(), property, time, "enqueued".to_owned()));
            }
        }
    }
    assert_eq!(ground.fires().await, wanted);
    let jobs = ground.jobs().await;
    assert_eq!(jobs.len(), wanted.len());
    let jobs: BTreeSet<_> = jobs.into_iter().collect();
    assert_eq!(jobs, wanted.into_iter().map(|it| (it.0, it.1, it.2)).collect());
}

#[tokio::test]
async fn of_many_missed_times_the_latest_is_made_up_for_or_left_out() {
    let mut ground = Ground::with(1).await;
    let schedules = [MIDNIGHT, QUARTERS];
    let first = ground.fire(&schedules, Access::Full, "2026-11-01T10:01:00Z").await;
    assert_eq!((first.enqueued, first.next_due), (0, Some(at("2026-11-01T10:15:00Z"))));

    let late = ground.fire(&schedules, Access::Full, "2026-11-04T10:21:00Z").await;

    assert_eq!((late.enqueued, late.next_due), (1, Some(at("2026-11-04T10:30:00Z"))));
    let midnight = vec![(at("2026-11-03T17:00:00Z"), "enqueued".to_owned())];
    assert_eq!(ground.outcomes(&MIDNIGHT).await, midnight);
    let quarter = vec![(at("2026-11-04T10:15:00Z"), "missed".to_owned())];
    assert_eq!(ground.outcomes(&QUARTERS).await, quarter);
    // Within its grace it is no miss.
    let slow = ground.fire(&schedules, Access::Full, "2026-11-04T10:35:00Z").await;
    assert_eq!(slow.enqueued, 1);
}

#[tokio::test]
async fn a_time_whose_forerunner_is_still_at_work_or_that_is_not_allowed_has_no_job() {
    let mut ground = Ground::with(1).await;
    let schedules = [QUARTERS];
    ground.fire(&schedules, Access::Full, "2026-11-01T10:01:00Z").await;

    ground.fire(&schedules, Access::Full, "2026-11-01T10:15:00Z").await;
    ground.fire(&schedules, Access::Full, "2026-11-01T10:30:00Z").await;
    ground.finish_jobs().await;
    ground.fire(&schedules, Access::Essential, "2026-11-01T10:45:00Z").await;
    ground.fire(&schedules, Access::Full, "2026-11-01T11:00:00Z").await;

    let outcomes = ground.outcomes(&QUARTERS).await;
    let outcomes: Vec<&str> = outcomes.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(outcomes, ["enqueued", "overlapped", "not_allowed", "enqueued"]);
    assert_eq!(ground.jobs().await.len(), 2);
}

#[tokio::test]
async fn a_time_is_fired_once_though_the_clock_goes_back_and_moves_with_the_propertys_clock() {
    let mut ground = Ground::with(1).await;
    let schedules = [MIDNIGHT];
    ground.fire(&schedules, Access::Full, "2026-11-01T10:00:00Z").await;
    ground.fire(&schedules, Access::Full, "2026-11-01T17:00:00Z").await;
    ground.finish_jobs().await;

    let back = ground.fire(&schedules, Access::Full, "2026-11-01T10:00:00Z").await;
    let again = ground.fire(&schedules, Access::Full, "2026-11-01T17:00:00Z").await;

    assert_eq!((back.enqueued, back.next_due), (0, Some(at("2026-11-01T17:00:00Z"))));
    assert_eq!((again.enqueued, again.next_due), (0, Some(at("2026-11-02T17:00:00Z"))));
    ground.client.execute("UPDATE properties SET time_zone = 'Asia/Makassar'", &[]).await.unwrap();
    let moved = ground.fire(&schedules, Access::Full, "2026-11-02T10:00:00Z").await;
    assert_eq!(moved.next_due, Some(at("2026-11-02T16:00:00Z")));
}

#[tokio::test]
async fn a_look_at_a_hotel_where_nothing_is_due_writes_nothing() {
    let mut ground = Ground::with(3).await;
    let schedules = [MIDNIGHT, SUNDAYS];
    ground.fire(&schedules, Access::Full, "2026-11-01T10:00:00Z").await;
    let written = "SELECT pg_current_xact_id_if_assigned() IS NULL";
    let tx = ground.client.transaction().await.unwrap();

    fire_due(&tx, ground.tenant, &schedules, Access::Full, at("2026-11-01T10:05:00Z"))
        .await
        .unwrap();

    assert!(tx.query_one(written, &[]).await.unwrap().get::<_, bool>(0));
}
