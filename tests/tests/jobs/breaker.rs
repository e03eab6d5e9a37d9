//! The circuit breaker of a peer on a real database: when it opens, for how long, and what closes it.

use std::time::Duration;

use hotelhub_core::ids::JobId;
use hotelhub_jobs::{
    peers::breaker::{Change, note_down, note_reached},
    rows,
};
use tokio_postgres::Client;

use crate::hotel::hotel;

const PEER: &str = "channel-manager";

async fn down(client: &Client) -> Change {
    note_down(client, PEER, "TEST_DOWN").await.unwrap()
}

/// So many calls fail, and nothing comes of any of them.
async fn down_in_vain(client: &Client, calls: usize) {
    for call in 0..calls {
        assert_eq!(down(client).await, Change::None, "call {call} of {calls}");
    }
}

/// Lets time pass.
async fn later(client: &Client, seconds: f64) {
    let sql = "UPDATE peers SET window_started_at = window_started_at - $1 * interval '1 second', \
                 opened_at = opened_at - $1 * interval '1 second', \
                 probe_at = probe_at - $1 * interval '1 second'";
    client.execute(sql, &[&seconds]).await.unwrap();
}

fn opened(seconds: u64) -> Change {
    Change::Opened(Duration::from_secs(seconds))
}

#[tokio::test]
async fn calls_that_fail_together_open_it_once_and_each_try_that_fails_doubles_its_wait() {
    let (_server, client) = hotel().await;
    down_in_vain(&client, 4).await;
    assert_eq!(down(&client).await, opened(15));
    // They were on their way when it opened.
    down_in_vain(&client, 5).await;

    later(&client, 16.0).await;
    assert_eq!(down(&client).await, opened(30), "the one that tried");
    down_in_vain(&client, 1).await;
    later(&client, 31.0).await;
    assert_eq!(down(&client).await, opened(60));

    assert_eq!(note_reached(&client, PEER).await.unwrap(), Change::Closed(0));
    assert_eq!(down(&client).await, Change::None, "a single failure says nothing");
}

#[tokio::test]
async fn it_stays_closed_while_most_calls_reach_the_peer_and_forgets_after_half_a_minute() {
    let (_server, client) = hotel().await;
    for _ in 0..10 {
        down_in_vain(&client, 1).await;
        for _ in 0..2 {
            assert_eq!(note_reached(&client, PEER).await.unwrap(), Change::None);
        }
    }

    later(&client, 31.0).await;
    down_in_vain(&client, 4).await;
}

#[tokio::test]
async fn a_call_that_reaches_the_peer_lets_its_jobs_go_on_and_no_others() {
    let (_server, client) = hotel().await;
    down_in_vain(&client, 4).await;
    assert_eq!(down(&client).await, opened(15));
    let held = "INSERT INTO jobs (id, kind, class, state, max_attempts, payload, peer, held_for) \
                VALUES ($1, 'test', 'default', 'held', 3, '{}', $2, $3)";
    let waits_for = async |peer: &str, reason: &str| {
        let job = JobId::generate();
        client.execute(held, &[&job, &peer, &reason]).await.unwrap();
        job
    };
    let ours = waits_for(PEER, "peer").await;
    waits_for("another", "peer").await;
    waits_for(PEER, "pause").await;

    let epoch = "SELECT epoch FROM jobs WHERE id = $1";
    let epoch: i32 = client.query_one(epoch, &[&ours]).await.unwrap().get(0);

    assert_eq!(note_reached(&client, PEER).await.unwrap(), Change::Closed(1));
    // Its ticket has served; that it was given out is noted only now.
    rows::mark_queued(&client, &[(ours, epoch)]).await.unwrap();

    let ready = client.query("SELECT id FROM jobs WHERE state = 'ready'", &[]).await.unwrap();
    let ready: Vec<JobId> = ready.iter().map(|it| it.get(0)).collect();
    assert_eq!(ready, [ours]);
}
