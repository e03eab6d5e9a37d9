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
/// Notes when each call was claimed: what the budget is kept by, however long its way to the ledger is.
const CLAIMED: &str = "
    CREATE TABLE claimed (at timestamptz NOT NULL);
    CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        IF cardinality(NEW.called_at) > 0 THEN
          INSERT INTO claimed VALUES (NEW.called_at[cardinality(NEW.called_at)]);
        END IF;
        RETURN NULL;
      END $$;
    CREATE TRIGGER note_claim AFTER INSERT OR UPDATE OF called_at ON peer_budgets
      FOR EACH ROW EXECUTE FUNCTION note_claim()";
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Calls that two workers have on their way at a time.
const ON_THE_WAY: usize = 12;

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
    ground.ledger.wait_for_calls(2 * ON_THE_WAY, END).await.unwrap();
    ground.ledger.behave(Behaviour::Answer);
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let calls = ground.ledger.book().calls();
    let refused = calls.iter().filter(|it| !it.is_taken).map(|it| it.at);
    let refused: Vec<DateTime<Utc>> = refused.collect();
    // So many may be on their way when the first of them is refused, however long that takes them; the
    // next one comes when the time is over that it was told.
    let after = TimeDelta::from_std(RETRY_AFTER).unwrap() - TimeDelta::milliseconds(50);
    for round in refused.windows(ON_THE_WAY + 1) {
        assert!(round[ON_THE_WAY] - round[0] >= after, "{round:?} disobey");
    }
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_slow_peer_is_waited_for_and_holds_up_nothing_else() {
    let mut ground = Ground::new(2).await;
    ground.start_workers(1).await;
    ground.ledger.behave(Behaviour::Slow(Duration::from_secs(2)));

    // They take a quarter of a minute; the others are done long before.
    ground.fleet.insert_jobs(&calls(), JOBS * 2 / 3).await.unwrap();
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
        hotel.session().await.unwrap().simple_query(CLAIMED).await.unwrap();
        let jobs = NewJobs::of("test_limited_call", "ota-sync").calling("limited-ledger");
        let jobs = jobs.with_payload(json!({ "effect": format!("{} {{job}}", hotel.tenant()) }));
        hotel.insert_jobs(&jobs, 4 * BUDGET.0).await.unwrap();
    }
    ground.tick_all().await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let mut calls = BTreeMap::<String, usize>::new();
    for call in ground.ledger.book().calls() {
        *calls.entry(call.effect.split(' ').next().unwrap().to_owned()).or_default() += 1;
    }
    for hotel in ground.hotels() {
        let claimed = ask(hotel, "SELECT at FROM claimed ORDER BY at").await;
        let claimed: Vec<DateTime<Utc>> = claimed.iter().map(|it| it.get(0)).collect();
        let called = calls[&hotel.tenant().to_string()];
        assert!((4 * BUDGET.0..=claimed.len()).contains(&called), "none without its claim");
        for window in claimed.windows(BUDGET.0 + 1) {
            let span = window[BUDGET.0] - window[0];
            assert!(span >= BUDGET.1, "{}: {window:?}", hotel.host());
        }
    }
    assert_eq!(ground.ledger.book().taken_by_key().len(), 2 * 4 * BUDGET.0);
    ground.platform.stop().await.unwrap();
}
