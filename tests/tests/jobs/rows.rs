//! The rows of jobs on a real database: which of them get a ticket, and when again.

use std::time::Duration;

use futures_util::future::join;
use hotelhub_core::{ids::JobId, life::Access};
use hotelhub_jobs::{
    class::Class,
    outcome::JobError,
    rows::{self, Claim, Ended, Ending, HeldFor, Wanted},
};
use platform_tests::postgres::connect;
use tokio_postgres::Client;

use crate::hotel::hotel;

/// What the first ticket of a job wants.
fn wanted(job: JobId) -> Wanted {
    Wanted {
        job,
        epoch: 1,
        kind: "test",
        lease: Duration::from_secs(20),
        under: vec![Access::Full],
        otherwise: HeldFor::Access,
        gone: None,
        alone: false,
    }
}

/// What came of wishes.
async fn claim(client: &Client, all: &[Wanted]) -> Vec<Claim> {
    let claimed = rows::claim(client, "one", all, None).await.unwrap();
    let mut claims = Vec::new();
    for (ours, wanted) in claimed.into_iter().zip(all) {
        claims.push(match ours {
            Some(job) => Claim::Run(job),
            None => rows::explain(client, wanted).await.unwrap(),
        });
    }
    claims
}

/// A job in this state, whose `column` lies so long in the past.
async fn job(client: &Client, state: &str, column: &str, ago: &str) -> JobId {
    let id = JobId::generate();
    let sql = format!(
        "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, {column})
         VALUES ($1, 'test', 'default', $2, 3, '{{}}', now() - $3::text::interval)"
    );
    client.execute(&sql, &[&id, &state, &ago]).await.unwrap();
    // What has a ticket was due before.
    let due = "UPDATE jobs SET run_at = queued_at WHERE queued_at < run_at";
    client.execute(due, &[]).await.unwrap();
    id
}

async fn overdue(client: &Client) -> Vec<JobId> {
    let mut found: Vec<JobId> =
        rows::overdue(client).await.unwrap().into_iter().map(|it| it.id).collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn a_row_that_just_got_a_new_ticket_gets_no_other() {
    let (_server, client) = hotel().await;
    let mut lost = vec![
        job(&client, "queued", "queued_at", "11 minutes").await,
        job(&client, "retry_wait", "run_at", "2 minutes").await,
        job(&client, "running", "lease_until", "1 minute").await,
    ];
    for (state, column) in
        [("queued", "queued_at"), ("retry_wait", "run_at"), ("running", "lease_until")]
    {
        job(&client, state, column, "1 second").await;
    }
    lost.sort_unstable();
    assert_eq!(overdue(&client).await, lost);

    rows::stamp(&client, &lost).await.unwrap();

    assert_eq!(overdue(&client).await, []);
    let states = client.query("SELECT DISTINCT state FROM jobs ORDER BY state", &[]).await.unwrap();
    let states: Vec<String> = states.iter().map(|it| it.get(0)).collect();
    assert_eq!(states, ["queued", "retry_wait", "running"], "a stamp moves no row");
}

#[tokio::test]
async fn a_ticket_that_is_lost_again_is_missed_after_ten_minutes() {
    let (_server, client) = hotel().await;
    let waiting = job(&client, "retry_wait", "run_at", "2 minutes").await;
    rows::stamp(&client, &[waiting]).await.unwrap();
    assert_eq!(overdue(&client).await, []);

    // The retry itself was due before.
    for (later, found) in [("9 minutes", vec![]), ("61 seconds", vec![waiting])] {
        let sql = "UPDATE jobs SET queued_at = queued_at - $1::text::interval, \
                     run_at = run_at - $1::text::interval";
        client.execute(sql, &[&later]).await.unwrap();
        assert_eq!(overdue(&client).await, found, "{later} later");
        let next = rows::next_due(&client).await.unwrap().unwrap();
        assert!(if found.is_empty() { (50.0..61.0).contains(&next) } else { next < 0.0 }, "{next}");
    }
}

#[tokio::test]
async fn a_hotel_with_a_job_of_an_unheard_of_kind_is_looked_at_again_after_half_an_hour() {
    let (_server, client) = hotel().await;
    let held = job(&client, "ready", "run_at", "1 second").await;
    for (held_for, next) in [("pause", None), ("kind", Some("1800"))] {
        let sql = "UPDATE jobs SET state = 'held', held_for = $2 WHERE id = $1";
        client.execute(sql, &[&held, &held_for]).await.unwrap();
        let found = rows::next_due(&client).await.unwrap();
        let found = found.map(|it| format!("{it:.0}"));
        assert_eq!(found.as_deref(), next, "{held_for}");
    }
}

#[tokio::test]
async fn of_what_is_ready_the_urgent_comes_first_and_then_what_was_due_first() {
    let (_server, client) = hotel().await;
    let mut jobs = Vec::new();
    for (priority, ago) in [(0, "1 minute"), (5, "1 second"), (0, "2 minutes"), (5, "2 seconds")] {
        let id = job(&client, "ready", "run_at", ago).await;
        let sql = "UPDATE jobs SET priority = $2 WHERE id = $1";
        client.execute(sql, &[&id, &priority]).await.unwrap();
        jobs.push(id);
    }
    job(&client, "ready", "run_at", "-1 minute").await;

    let ready = rows::ready(&client).await.unwrap();

    let ready: Vec<JobId> = ready.into_iter().map(|it| it.id).collect();
    assert_eq!(ready, [jobs[3], jobs[1], jobs[2], jobs[0]]);
}

#[tokio::test]
async fn the_job_that_tries_a_silent_peer_is_one_that_may_run() {
    let (_server, client) = hotel().await;
    let mut held = Vec::new();
    for kind in ["paused", "test", "test"] {
        let id = job(&client, "ready", "run_at", "1 second").await;
        let sql = "UPDATE jobs SET state = 'held', held_for = 'peer', peer = 'smtp', kind = $2 \
                   WHERE id = $1";
        client.execute(sql, &[&id, &kind]).await.unwrap();
        held.push(id);
    }
    let open = "INSERT INTO peers (peer, opened_at, probe_at) \
                VALUES ('smtp', now(), now() + interval '1 minute')";
    client.execute(open, &[]).await.unwrap();
    let may = [("test", Access::Full)];
    assert_eq!(rows::release(&client, &may).await.unwrap(), 0, "it is too early");

    client.execute("UPDATE peers SET probe_at = now()", &[]).await.unwrap();
    assert_eq!(rows::release(&client, &may).await.unwrap(), 1);

    let ready = client.query("SELECT id FROM jobs WHERE state = 'ready'", &[]).await.unwrap();
    let ready: Vec<JobId> = ready.iter().map(|it| it.get(0)).collect();
    assert_eq!(ready, [held[1]], "the first that may run");
    client.execute("DELETE FROM peers", &[]).await.unwrap();
    assert_eq!(rows::release(&client, &may).await.unwrap(), 1, "one is paused");
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_runs_is_not_tried_again() {
    let (_server, client) = hotel().await;
    for dies in [false, true] {
        let id = job(&client, "queued", "queued_at", "1 second").await;
        let mut wanted = wanted(id);
        let claims = claim(&client, &[wanted.clone()]).await;
        let [Claim::Run(running)] = &claims[..] else { panic!("{claims:?}") };
        let cancel = "UPDATE jobs SET cancel_requested_at = now() WHERE id = $1";
        client.execute(cancel, &[&id]).await.unwrap();

        if dies {
            let expire = "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = $1";
            client.execute(expire, &[&id]).await.unwrap();
            wanted.alone = true;
            let claims = claim(&client, &[wanted]).await;
            assert!(matches!(claims[..], [Claim::Gone]), "{claims:?}");
        } else {
            let error = JobError::retry("TEST", "it failed");
            let ended = Ended::Retry(Duration::from_secs(2));
            let ending = Ending::failed(running, &error, ended);
            assert!(rows::finish(&client, &ending).await.unwrap());
        }

        let sql = "SELECT state, finished_at IS NOT NULL FROM jobs WHERE id = $1";
        let row = client.query_one(sql, &[&id]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), ("cancelled", true), "dies: {dies}");
    }
}

#[tokio::test]
async fn two_tickets_of_one_job_that_come_together_give_it_to_one() {
    let (_server, client) = hotel().await;
    let twice = job(&client, "queued", "queued_at", "1 second").await;
    let other = job(&client, "queued", "queued_at", "1 second").await;

    let all = [wanted(twice), wanted(other), wanted(twice)];
    let claims = claim(&client, &all).await;

    let runs = |claim: &Claim, job| matches!(claim, Claim::Run(it) if it.id == job);
    assert!(runs(&claims[1], other), "{claims:?}");
    let of_one = [&claims[0], &claims[2]];
    assert_eq!(of_one.iter().filter(|it| runs(it, twice)).count(), 1, "{claims:?}");
    assert_eq!(of_one.iter().filter(|it| matches!(it, Claim::Later(_))).count(), 1, "{claims:?}");
}

#[tokio::test]
async fn no_more_jobs_of_a_class_are_claimed_than_may_run_by_two_at_once() {
    let (server, mut client) = hotel().await;
    let mut other = connect(&server.urls().unwrap().superuser).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..10 {
        all.push(wanted(job(&client, "queued", "queued_at", "1 second").await));
    }
    let claim = async |client: &mut Client, all: &[Wanted]| {
        let tx = client.transaction().await.unwrap();
        rows::lock_class(&tx, Class::Default).await.unwrap();
        let claimed = rows::claim(&tx, "one", all, Some(3)).await.unwrap();
        tx.commit().await.unwrap();
        claimed.iter().flatten().count()
    };

    let (one, two) = join(claim(&mut client, &all[..5]), claim(&mut other, &all[5..])).await;

    assert_eq!(one + two, 3);
}

#[tokio::test]
async fn a_job_is_found_by_its_key_in_a_table_that_was_never_analysed() {
    let (_server, mut client) = hotel().await;
    let many = "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, fence) \
           SELECT gen_random_uuid(), 'test', 'default', state, 3, '{}', 1 \
           FROM generate_series(1, 500), unnest(ARRAY['ready', 'queued', 'running']) AS state";
    client.execute(many, &[]).await.unwrap();
    client.execute("SET plan_cache_mode = force_generic_plan", &[]).await.unwrap();
    let one = job(&client, "ready", "run_at", "1 second").await;

    let tx = client.transaction().await.unwrap();
    let read = async || -> i64 {
        let sql = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables \
                   WHERE relname = 'jobs'";
        tx.query_one(sql, &[]).await.unwrap().get(0)
    };
    let before = read().await;
    rows::mark_queued(&tx, &[(one, 1)]).await.unwrap();
    let [Some(running)] = &rows::claim(&tx, "one", &[wanted(one)], None).await.unwrap()[..] else {
        panic!("it was not claimed")
    };
    assert!(matches!(rows::explain(&tx, &wanted(one)).await.unwrap(), Claim::Later(_)));
    assert_eq!(rows::find_owner(&tx, one).await.unwrap().as_deref(), Some("one"));
    let again = Ending::failed(running, &JobError::retry("TEST", ""), Ended::Retry(Duration::ZERO));
    assert!(rows::finish(&tx, &again).await.unwrap());
    rows::defer(&tx, one, Duration::from_secs(1)).await.unwrap();
    let read = read().await - before;
    assert!(read <= 8, "eight statements have read {read} of 1,501 rows");
}
