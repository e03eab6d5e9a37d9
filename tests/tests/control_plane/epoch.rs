//! A control database that comes back from an older copy: no replica keeps a route of the future
//! that was lost.

use platform_tests::{client::Signup, waiting::eventually};
use uuid::Uuid;

use crate::{
    ground::{Ground, SOON},
    replica::Replica,
};

const SUSPEND: &str = "UPDATE tenants SET access = 'stopped' WHERE slug = 'mandala'";

async fn sign_up(ground: &Ground, slug: &str) {
    ground.control.sign_up(&Signup::of(slug)).await.unwrap();
}

async fn epoch(ground: &Ground) -> Uuid {
    ground.database.query_one("SELECT epoch FROM route_position", &[]).await.unwrap().get(0)
}

/// Signs up as soon as `serve` has sessions on the server again.
async fn sign_up_again(ground: &Ground, slug: &str) {
    let signed_up = async || ground.control.sign_up(&Signup::of(slug)).await.ok();
    eventually(SOON, "a signup after the restore", signed_up).await.unwrap();
}

#[tokio::test]
async fn a_restored_database_takes_every_replica_back_to_what_it_says() {
    let mut ground = Ground::new().await;
    for slug in ["mandala", "surya"] {
        sign_up(&ground, slug).await;
    }
    ground.server.keep_copy().await.unwrap();
    ground.connect_again().await;
    sign_up_again(&ground, "kept-awake").await;
    let following = Replica::start(ground.feed("one.json", None)).await;
    let mut asleep = Replica::start(ground.feed("two.json", None)).await;
    sign_up(&ground, "lost").await;
    ground.database.execute(SUSPEND, &[]).await.unwrap();
    for replica in [&following, &asleep] {
        replica.expect_same(&ground.database, "a replica before the restore").await;
    }
    let lost = following.position();
    asleep.cut();

    ground.server.restore_copy().await.unwrap();
    ground.connect_again().await;
    // The database passes the version that the sleeper has, with other content.
    for number in 0..8 {
        sign_up_again(&ground, &format!("new-{number}")).await;
    }
    let sql = "SELECT version FROM route_position";
    let passed: i64 = ground.database.query_one(sql, &[]).await.unwrap().get(0);
    assert!(passed > lost.version, "{passed} {lost:?}");
    asleep.go_on();

    following.expect_same(&ground.database, "the one that followed").await;
    asleep.expect_same(&ground.database, "the one that slept").await;
    assert_ne!(following.position().epoch, lost.epoch);
    assert_eq!(following.position().epoch, epoch(&ground).await, "one epoch, not one each");
    let fresh = Replica::start(ground.feed("three.json", None)).await;
    fresh.expect_same(&ground.database, "a new one").await;
}

#[tokio::test]
async fn a_restore_that_nothing_else_shows_is_proved_by_a_reader_that_is_ahead() {
    let ground = Ground::new().await;
    sign_up(&ground, "mandala").await;
    let replica = Replica::start(ground.feed("one.json", None)).await;
    let lost = replica.position();

    // As if the server, its memory included, had been set back to the moment before the signup.
    let set_back = "WITH gone AS (DELETE FROM route_changes) UPDATE route_position SET version = 0";
    ground.database.execute(set_back, &[]).await.unwrap();
    ground.database.execute("NOTIFY route_changes", &[]).await.unwrap();

    let moved = async || (replica.position().epoch != lost.epoch).then_some(());
    eventually(SOON, "a new epoch", moved).await.unwrap();
    assert_eq!(replica.position().epoch, epoch(&ground).await);
    sign_up(&ground, "surya").await;
    replica.expect_same(&ground.database, "the reader").await;
}

#[tokio::test]
async fn of_many_who_find_that_an_epoch_is_over_one_starts_the_next() {
    let ground = Ground::new().await;
    // The first reader starts the first epoch that knows its server.
    let _reader = Replica::start(ground.feed("reader.json", None)).await;
    let over = epoch(&ground).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let session = ground.another_session().await;
        tasks.spawn(async move {
            let started = session.query_one("SELECT start_route_epoch($1)", &[&over]).await;
            started.unwrap().get::<_, bool>(0)
        });
    }
    let started = tasks.join_all().await;
    assert_eq!(started.iter().filter(|it| **it).count(), 1, "{started:?}");
    assert_ne!(epoch(&ground).await, over);
}
