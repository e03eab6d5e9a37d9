//! An outside system that is away, says to come back later, is slow, or allows few calls.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use platform_tests::{
    fleet::NewJobs,
    ledger::Behaviour,
    proxy::{Fault, Proxy},
    waiting::eventually,
};
use serde_json::json;

use crate::{
    END, SOON,
    ground::{Ground, ask, calls, inserts},
};

const JOBS: usize = 30;
/// As the kind `test_limited_call` has it.
const BUDGET: (usize, TimeDelta) = (5, TimeDelta::seconds(4));
/// By how much calls may move together on their way from the claim to the ledger.
const ON_THE_WAY: TimeDelta = TimeDelta::seconds(1);
const RETRY_AFTER: Duration = Duration::from_secs(5);

#[tokio::test]
async fn jobs_of_a_peer_that_is_away_are_held_and_done_when_it_is_back() {
    let mut ground = Ground::new(1).await;
    let mut proxy = Proxy::start(ground.ledger.address()).await.unwrap();
    ground.platform.set_env(None, "LEDGER_URL", &format!("http://{}", proxy.address()));
    proxy.set(Fault::Refuse).await;
    ground.start_workers(2).await;

    ground.fleet.insert_jobs(&calls(), JOBS).await.unwrap();
    ground.add_jobs(&inserts(0), JOBS).await;
    let hotel = &ground.hotels()[0];
    let opens = async || {
        let open = "SELECT peer FROM peers WHERE opened_at IS NOT NULL";
        (!ask(hotel, open).await.is_empty()).then_some(())
    };
    eventually(SOON, "the breaker to open", opens).await.unwrap();
    let held = async || {
        let sql = "SELECT count(*) FROM jobs WHERE state = 'held' AND held_for = 'peer' \
                     AND attempt = 0";
        // A job that is about to try the peer is not held.
        let held: i64 = ask(hotel, sql).await[0].get(0);
        ground.tick_all().await;
        (held >= 1).then_some(())
    };
    eventually(SOON, "jobs to be held", held).await.unwrap();
    let local = "SELECT count(*) FROM jobs WHERE kind = 'test_insert' AND state <> 'done'";
    let local = async || (ground.sum(local).await == 0).then_some(());
    eventually(SOON, "what calls nobody", local).await.unwrap();
    assert!(ground.ledger.book().is_empty());

    proxy.set(Fault::None).await;
    let back = tokio::time::Instant::now();
    ground.fleet.wait_until_ended(END).await.unwrap();
    println!(
        "figure: the peer's jobs were done {:.1} s after it came back",
        back.elapsed().as_secs_f64()
    );

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    assert_eq!(ground.ledger.book().taken_by_key().len(), JOBS);
    assert!(ground.ledger.book().repeated_effects().is_empty());
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_peer_that_says_when_to_come_back_is_left_alone_until_then() {
    let mut ground = Ground::new(1).await;
    ground.start_workers(2).await;
    ground.ledger.behave(Behaviour::TooMany(RETRY_AFTER));

    ground.add_jobs(&calls(), JOBS).await;
    ground.ledger.wait_for_calls(3 * 8, END).await.unwrap();
    ground.ledger.behave(Behaviour::Answer);
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let calls = ground.ledger.book().calls();
    let refused: Vec<_> = calls.iter().filter(|it| !it.is_taken).map(|it| it.at).collect();
    // Those that were on their way when the first was refused come right after it.
    let (on_the_way, after) = (TimeDelta::seconds(2), TimeDelta::from_std(RETRY_AFTER).unwrap());
    for call in &calls {
        let early = refused.iter().find(|it| {
            call.at > **it + on_the_way && call.at < **it + after - TimeDelta::milliseconds(50)
        });
        assert_eq!(early, None, "a call at {} disobeys", call.at);
    }
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_slow_peer_is_waited_for_and_holds_up_nothing_else() {
    let mut ground = Ground::new(2).await;
    ground.start_workers(1).await;
    ground.ledger.behave(Behaviour::Slow(Duration::from_secs(2)));

    ground.fleet.insert_jobs(&calls(), JOBS / 3).await.unwrap();
    ground.add_jobs(&inserts(0), JOBS).await;
    let local = "SELECT count(*) FROM jobs WHERE kind = 'test_insert' AND state <> 'done'";
    let local = async || (ground.sum(local).await == 0).then_some(());
    eventually(SOON, "what calls nobody", local).await.unwrap();
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let last: DateTime<Utc> = ground
        .ask_all("SELECT max(finished_at) FROM jobs WHERE kind = 'test_insert'")
        .await
        .iter()
        .map(|it| it.get(0))
        .max()
        .unwrap();
    assert!(ground.ledger.book().calls().last().unwrap().at > last - TimeDelta::seconds(5));
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_peers_budget_is_kept_in_every_window_and_all_is_done_in_the_end() {
    let mut ground = Ground::new(2).await;
    ground.start_workers(3).await;
    for hotel in ground.hotels() {
        let jobs = NewJobs::of("test_limited_call", "ota-sync").calling("limited-ledger");
        let jobs = jobs.with_payload(json!({ "effect": format!("{} {{job}}", hotel.tenant()) }));
        hotel.insert_jobs(&jobs, 4 * BUDGET.0).await.unwrap();
    }
    ground.tick_all().await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let mut times = BTreeMap::<String, Vec<DateTime<Utc>>>::new();
    for call in ground.ledger.book().calls() {
        let hotel = call.effect.split(' ').next().unwrap().to_owned();
        times.entry(hotel).or_default().push(call.at);
    }
    assert_eq!(times.len(), 2);
    for (hotel, at) in times {
        assert_eq!(at.len(), 4 * BUDGET.0);
        for window in at.windows(BUDGET.0 + 1) {
            let span = *window.last().unwrap() - window[0];
            assert!(span >= BUDGET.1 - ON_THE_WAY, "{hotel}: {window:?}");
        }
    }
    ground.platform.stop().await.unwrap();
}
