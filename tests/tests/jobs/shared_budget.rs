//! What a peer allows all hotels together: counted by all workers in one Redis, or divided among
//! them while there is none.

use std::{path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{clock::Clock, ids::JobId};
use hotelhub_jobs::peers::{Budget, Peer, fleet::Fleet, shared::SharedBudgets};
use platform_tests::{
    fleet::NewJobs,
    ports,
    process::{Launch, Program},
    waiting::eventually,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::{net::TcpStream, time::Instant};

use crate::{END, SOON, ground::Ground};

const PEER: Peer = Peer { name: "channel-manager", per_property: None, shared: None };
const OTHER: Peer = Peer { name: "other-manager", ..PEER };
const BUDGET: Budget = Budget { calls: 10, window: Duration::from_secs(3) };
/// So many more than there are that a share is one call in a window longer than a test waits for
/// anything.
const REPLICAS: u32 = 1000;
/// A worker that Redis has not answered by then goes by its share: what it says is not what all
/// have counted.
const PATIENCE: Duration = Duration::from_millis(500);
/// As the kind `test_shared_call` has it.
const OF_ALL: (usize, TimeDelta) = (6, TimeDelta::seconds(2));
/// Each of which may find Redis too slow once in a while, and takes a call from its own share.
const WORKERS: usize = 2;
/// In which a worker's share of that is one call: a worker takes itself for one of 32.
const OF_ONE: TimeDelta = TimeDelta::milliseconds(2000 * 32 / 6);

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

    // All at once: ten calls are let through, whoever asks, and the others are told when to come.
    let mut round = 0;
    let asked_together = async || {
        round += 1;
        let peer = Peer { name: format!("channel-manager-{round}").leak(), ..PEER };
        let begun = Instant::now();
        let asked = (0..30).map(|at| workers[at % 3].take(&peer, BUDGET, JobId::generate()));
        let answers = futures_util::future::join_all(asked).await;
        (begun.elapsed() < PATIENCE).then_some((peer, begun, answers))
    };
    let (peer, begun, answers) =
        eventually(SOON, "all to be answered by Redis", asked_together).await.unwrap();
    let waits: Vec<Duration> = answers.iter().filter_map(|it| it.err()).collect();
    assert_eq!(answers.len() - waits.len(), 10);
    assert!(waits.iter().all(|it| *it <= BUDGET.window && !it.is_zero()), "{waits:?}");

    // Room comes when the oldest call has left the window, and not before: by a clock of whole
    // milliseconds.
    let again = async || {
        let asked = Instant::now();
        let taken = workers[0].take(&peer, BUDGET, JobId::generate()).await;
        taken.ok().filter(|()| asked.elapsed() < PATIENCE)
    };
    eventually(SOON, "room in the window", again).await.unwrap();
    let longest = waits.iter().max().unwrap();
    assert!(begun.elapsed() + Duration::from_millis(1) >= *longest, "{:?}", begun.elapsed());

    // What the peer said to one of them is heard by the others, unless Redis was too slow to hear it.
    let blocked = Duration::from_secs(20);
    let heard = async || {
        workers[0].block(&OTHER, blocked).await;
        workers[0].block(&OTHER, BUDGET.window).await;
        let wait = workers[1].take(&OTHER, BUDGET, JobId::generate()).await.err()?;
        (wait > BUDGET.window && wait <= blocked).then_some(())
    };
    eventually(SOON, "a worker to hear what another was told", heard).await.unwrap();

    // Without Redis a worker has its share: one call in a thousand times a tenth of the window.
    server.kill().await.unwrap();
    assert_eq!(workers[0].take(&PEER, BUDGET, JobId::generate()).await, Ok(()));
    let wait = workers[0].take(&PEER, BUDGET, JobId::generate()).await.unwrap_err();
    assert!(wait > BUDGET.window && wait <= BUDGET.window * REPLICAS / 10, "{wait:?}");

    // It has had it: who lets it call again is Redis.
    let _server = redis(folder.path(), port).await;
    let back = async || workers[0].take(&PEER, BUDGET, JobId::generate()).await.ok();
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
    let begun = Clock::system().now();
    ground.add_jobs(&jobs.with_payload(json!({ "effect": "{job}" })), 2 * OF_ALL.0).await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let mut at: Vec<DateTime<Utc>> = ground.ledger.book().calls().iter().map(|it| it.at).collect();
    at.sort_unstable();
    assert!(at.len() >= 3 * 2 * OF_ALL.0, "{at:?}");
    // However long calls are on their way: none arrives before there was room for it.
    for (earlier, at) in at.iter().enumerate() {
        let windows = whole(*at - begun, OF_ALL.1) + 1;
        let of_shares = WORKERS * (whole(*at - begun, OF_ONE) + 1);
        assert!(
            earlier < OF_ALL.0 * windows + of_shares,
            "call {earlier} came at {at}, from {begun}"
        );
    }
    // They kept one budget and not each its share, by which they take three minutes.
    let took = *at.last().unwrap() - at[0];
    assert!(took < OF_ALL.1 * 50, "{took}");
    ground.platform.stop().await.unwrap();
}

/// How many windows have passed, by a clock of whole milliseconds.
fn whole(passed: TimeDelta, window: TimeDelta) -> usize {
    usize::try_from(passed.num_milliseconds() / (window.num_milliseconds() - 1)).unwrap()
}
