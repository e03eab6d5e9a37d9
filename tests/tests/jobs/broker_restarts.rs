//! A broker that dies, and one that is stopped and started, under load.

use std::cell::Cell;

use platform_tests::{
    platform::{Role, Worker},
    rabbit::RabbitNode,
    waiting::eventually,
};
use tokio::time::Instant;

use crate::{
    END, SOON,
    ground::{Ground, calls, inserts},
    size::size,
};

/// What each worker does at a time; the windows of the hotels would let it do more.
const AT_A_TIME: i64 = 3;
const CLASSES: &str = "default:3,ota-ingest:3";

/// What happens to the broker; it runs again afterwards.
#[derive(Clone, Copy, Debug)]
enum Fall {
    Killed,
    Stopped,
    StoppedInside,
}

impl Fall {
    /// Jobs of each hotel: some should be left when it begins, and its own tools are slow.
    const fn jobs(self) -> usize {
        match self {
            Self::Killed => 150,
            Self::Stopped | Self::StoppedInside => 400,
        }
    }

    async fn happen(self, broker: &mut RabbitNode) {
        match self {
            Self::Killed => {
                broker.kill().await.unwrap();
                broker.start_again().await.unwrap();
            }
            Self::Stopped => {
                broker.stop().await.unwrap();
                broker.start_again().await.unwrap();
            }
            Self::StoppedInside => {
                broker.stop_app().await.unwrap();
                broker.start_app().await.unwrap();
            }
        }
    }
}

/// Looks at each hotel again and again until `over`: no worker ever runs more than it may.
async fn watch(ground: &Ground, over: &Cell<bool>) {
    let sql = "SELECT lease_owner, count(*) FROM jobs WHERE state = 'running' \
                 AND kind = 'test_insert' AND lease_until > now() GROUP BY lease_owner";
    let mut sessions = Vec::new();
    for hotel in ground.hotels() {
        sessions.push(hotel.session().await.unwrap());
    }
    while !over.get() {
        for session in &sessions {
            for row in session.query(sql, &[]).await.unwrap() {
                let (owner, running): (String, i64) = (row.get(0), row.get(1));
                assert!(running <= AT_A_TIME, "{owner} runs {running} jobs of one hotel at a time");
            }
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_broker_that_falls_and_comes_back_loses_no_job_and_is_asked_for_no_more_at_a_time() {
    let mut ground = Ground::with_own_broker(2).await;
    let workers = [0, 1].map(|it| Role::Worker(Worker::of_tests(it, CLASSES)));
    for worker in workers {
        ground.platform.start_role(worker).await.unwrap();
    }
    let mut broker = ground.stage.rabbit.take().unwrap();
    let kills = std::iter::repeat_n(Fall::Killed, size().broker_kills);

    for fall in kills.chain([Fall::Stopped, Fall::StoppedInside]) {
        let jobs = fall.jobs();
        ground.fleet.insert_jobs(&calls(), jobs / 10).await.unwrap();
        ground.add_jobs(&inserts(200), jobs).await;
        let before = ground.done().await;
        let works = async || (ground.done().await >= before + 10).then_some(());
        eventually(SOON, "work to go on", works).await.unwrap();
        let over = Cell::new(false);
        let falling = async {
            fall.happen(&mut broker).await;
            let up = Instant::now();
            ground.wait_for_workers(2).await;
            println!(
                "figure: {fall:?}: the workers were back {:.1} s later",
                up.elapsed().as_secs_f64()
            );
            ground.fleet.wait_until_ended(END).await.unwrap();
            over.set(true);
        };
        tokio::join!(falling, watch(&ground, &over));
    }

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let crashed = ground.those("crash_count <> 0").await;
    assert!(crashed.is_empty(), "nobody died but the broker: {crashed:#?}");
    assert!(ground.ledger.book().repeated_effects().is_empty());
    ground.platform.stop().await.unwrap();
}
