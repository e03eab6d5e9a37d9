//! The rows of jobs on a real database: which of them get a ticket, and when again.

#![expect(clippy::unwrap_used, reason = "whatever a helper of a test does not find stops the test")]

use std::time::Duration;

use hotelhub_core::ids::JobId;
use hotelhub_jobs::rows;
use migrations::{migrate_tenant, tenant_head};
use platform_tests::postgres::{PostgresServer, Preset, connect};
use tokio_postgres::Client;

/// A tenant's schema on a server of the test's own.
async fn schema() -> (PostgresServer, Client) {
    let server = PostgresServer::temporary(Preset::Fast).await.unwrap();
    let client = connect(&server.urls().unwrap().superuser).await.unwrap();
    migrate_tenant(&client, tenant_head(), Duration::from_secs(5)).await.unwrap();
    (server, client)
}

/// A job in this state, whose `column` lies so long in the past.
async fn job(client: &Client, state: &str, column: &str, ago: &str) -> JobId {
    let id = JobId::generate();
    let sql = format!(
        "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, {column})
         VALUES ($1, 'test', 'default', $2, 3, '{{}}', now() - $3::text::interval)"
    );
    client.execute(&sql, &[&id, &state, &ago]).await.unwrap();
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
    let (_server, client) = schema().await;
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

    rows::mark_queued(&client, &lost).await.unwrap();

    assert_eq!(overdue(&client).await, []);
    let states = client.query("SELECT DISTINCT state FROM jobs ORDER BY state", &[]).await.unwrap();
    let states: Vec<String> = states.iter().map(|it| it.get(0)).collect();
    assert_eq!(states, ["queued", "retry_wait", "running"], "a stamp moves no row");
}

#[tokio::test]
async fn a_ticket_that_is_lost_again_is_missed_after_a_minute() {
    let (_server, client) = schema().await;
    let waiting = job(&client, "retry_wait", "run_at", "2 minutes").await;
    rows::mark_queued(&client, &[waiting]).await.unwrap();
    assert_eq!(overdue(&client).await, []);

    client
        .execute("UPDATE jobs SET queued_at = queued_at - interval '61 seconds'", &[])
        .await
        .unwrap();

    assert_eq!(overdue(&client).await, [waiting]);
}
