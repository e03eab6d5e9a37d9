//! What a peer allows all hotels together: counted by all workers in one Redis, or divided among
//! them while there is none.

use std::{path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::ids::JobId;
use hotelhub_jobs::peers::{Budget, Peer, fleet::Fleet, shared::SharedBudgets};
use platform_tests::{
    fleet::NewJobs,
    ports,
    process::{Launch, Program},
    waiting::eventually,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpStream;

use crate::{END, SOON, ground::Ground};

const PEER: Peer = Peer { name: "channel-manager", per_property: None, shared: None };
const FIRST: Peer = Peer { name: "first-manager", ..PEER };
const OTHER: Peer = Peer { name: "other-manager", ..PEER };
const BUDGET: Budget = Budget { calls: 10, window: Duration::from_secs(3) };
/// More than there are, so that a share is one call in a longer window.
const REPLICAS: u32 = 20;
/// As the kind `test_shared_call` has it.
const OF_ALL: (usize, TimeDelta) = (6, TimeDelta::seconds(2));
/// By how much calls may move together on their way from the claim to the ledger.
const ON_THE_WAY: TimeDelta = TimeDelta::milliseconds(750);
/// Each of which may find Redis too slow once in a while, and takes a call from its own small share.
const WORKERS: usize = 2;

async fn redis(folder: &Path, port: u16) -> Program {
    let launch = Launch::new("redis", Path::new("/usr/bin/redis-server"), &folder.join("log"))
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
        .args([port.to_string()]);
    let program = launch.start().unwrap();
    let answers = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok().then_some(());
    eventually(SOON, "Redis", answers).await.unwrap();
    program
}

fn budgets(port: u16) -> SharedBudgets {
    let url = SecretString::from(format!("redis://127.0.0.1:{port}/0"));
    SharedBudgets::new(Some(&url), Fleet::default(), REPLICAS).unwrap()
}

#[tokio::test]
async fn workers_with_one_redis_keep_a_budget_together_and_to_their_share_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports::free().unwrap();
    let mut server = redis(folder.path(), port).await;
    let workers = [budgets(port), budgets(port), budgets(port)];

    // Each has found its Redis: who finds none in time goes by its share.
    for worker in &workers {
        let found = async || worker.take(&FIRST, BUDGET, JobId::generate()).await.ok();
        eventually(SOON, "a worker to find its Redis", found).await.unwrap();
    }

    // All at once: ten calls are let through, whoever asks, and the others are told when to come.
    let begun = tokio::time::Instant::now();
    let asked = (0..30).map(|at| workers[at % 3].take(&PEER, BUDGET, JobId::generate()));
    let answers = futures_util::future::join_all(asked).await;
    let waits: Vec<Duration> = answers.iter().filter_map(|it| it.err()).collect();
    assert_eq!(answers.len() - waits.len(), 10);
    assert!(waits.iter().all(|it| *it <= BUDGET.window && !it.is_zero()), "{waits:?}");

    // Room comes when the oldest call has left the window, and not before.
    let again = async || workers[0].take(&PEER, BUDGET, JobId::generate()).await.ok();
    eventually(SOON, "room in the window", again).await.unwrap();
    let longest = waits.iter().max().unwrap();
    assert!(begun.elapsed() >= *longest, "{:?}", begun.elapsed());

    // What the peer said to one of them is heard by the others.
    let blocked = Duration::from_secs(20);
    workers[0].block(&OTHER, blocked).await;
    workers[0].block(&OTHER, BUDGET.window).await;
    let wait = workers[1].take(&OTHER, BUDGET, JobId::generate()).await.unwrap_err();
    assert!(wait > BUDGET.window && wait <= blocked, "{wait:?}");

    // Without Redis a worker has its share: one call in twenty times a tenth of the window.
    server.kill().await.unwrap();
    assert_eq!(workers[0].take(&PEER, BUDGET, JobId::generate()).await, Ok(()));
    let wait = workers[0].take(&PEER, BUDGET, JobId::generate()).await.unwrap_err();
    assert!(wait > BUDGET.window && wait <= BUDGET.window * REPLICAS / 10, "{wait:?}");

    let _server = redis(folder.path(), port).await;
    let back = async || workers[1].take(&PEER, BUDGET, JobId::generate()).await.ok();
    eventually(SOON, "Redis to count again", back).await.unwrap();
}

#[tokio::test]
async fn the_calls_of_all_hotels_and_workers_stay_within_what_the_peer_allows() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports::free().unwrap();
    let _server = redis(folder.path(), port).await;
    let url = format!("redis://127.0.0.1:{port}/0");
    let mut ground = Ground::with_settings(3, &[("REDIS_URL", &url)]).await;
    ground.start_workers(WORKERS).await;
    let jobs = NewJobs::of("test_shared_call", "ota-sync").calling("shared-ledger");
    ground.add_jobs(&jobs.with_payload(json!({ "effect": "{job}" })), 2 * OF_ALL.0).await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let mut at: Vec<DateTime<Utc>> = ground.ledger.book().calls().iter().map(|it| it.at).collect();
    at.sort_unstable();
    assert_eq!(at.len(), 3 * 2 * OF_ALL.0);
    for window in at.windows(OF_ALL.0 + WORKERS + 1) {
        let span = *window.last().unwrap() - window[0];
        assert!(span >= OF_ALL.1 - ON_THE_WAY, "{window:?}");
    }
    // They kept one budget and not each its share, which is a call in many seconds.
    let took = *at.last().unwrap() - at[0];
    assert!(took < OF_ALL.1 * 30, "{took}");
    ground.platform.stop().await.unwrap();
}
