//! Outside systems that take a call and say nothing, and one key of theirs that all hotels share.

use std::time::Duration;

use chrono::TimeDelta;
use platform_tests::{fleet::NewJobs, ledger::Behaviour, waiting::eventually};

use crate::{
    END, SOON,
    ground::{Ground, ask, calls, inserts},
};

const JOBS: usize = 12;
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// As the kind `test_shared_call` has it.
const BUDGET: (usize, TimeDelta) = (6, TimeDelta::seconds(2));
/// Calls of that kind that a worker makes at a time.
const AT_A_TIME: usize = 2;

/// Calls in vain until the breaker opens; then the peer answers.
async fn call_in_vain(behaviour: Behaviour) {
    let mut ground = Ground::new(1).await;
    ground.start_workers(1).await;
    ground.ledger.behave(behaviour);
    let patient = NewJobs { kind: "test_patient_call".to_owned(), ..calls() };

    ground.fleet.insert_jobs(&patient, JOBS).await.unwrap();
    ground.add_jobs(&inserts(0), JOBS).await;
    let hotel = &ground.hotels()[0];
    let opens = async || {
        let open = "SELECT peer FROM peers WHERE opened_at IS NOT NULL";
        (!ask(hotel, open).await.is_empty()).then_some(())
    };
    eventually(SOON, "the breaker to open", opens).await.unwrap();
    let local = "SELECT count(*) FROM jobs WHERE kind = 'test_insert' AND state <> 'done'";
    let local = async || (ground.sum(local).await == 0).then_some(());
    eventually(SOON, "what calls nobody", local).await.unwrap();
    let in_vain = ground.ledger.book().len();
    assert!(in_vain < 2 * JOBS, "{in_vain} calls before the breaker opened");

    ground.ledger.behave(Behaviour::Answer);
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let book = ground.ledger.book();
    assert!(book.len() > JOBS, "what was not answered was called again");
    assert_eq!(book.taken_by_key().len(), JOBS);
    assert!(book.repeated_effects().is_empty(), "each again under its own key");
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn calls_of_a_peer_that_never_answers_cost_no_try_and_open_its_breaker() {
    call_in_vain(Behaviour::Hang).await;
}

#[tokio::test]
async fn calls_whose_answer_is_lost_cost_no_try_and_are_repeated_under_their_key() {
    call_in_vain(Behaviour::DropAfterRecording).await;
}

#[tokio::test]
async fn what_a_peer_says_to_one_hotel_about_a_key_of_all_holds_for_the_others() {
    let mut ground = Ground::new(3).await;
    // The only worker there is: all of the budget is its share.
    ground.platform.set_env(None, "WORK_REPLICAS", "1");
    ground.start_workers(1).await;
    ground.ledger.behave(Behaviour::TooMany(RETRY_AFTER));
    let jobs = NewJobs::of("test_shared_call", "ota-sync").calling("shared-ledger");

    ground.add_jobs(&NewJobs { payload: calls().payload, ..jobs }, JOBS / 3).await;
    ground.ledger.wait_for_calls(1, SOON).await.unwrap();
    ground.ledger.behave(Behaviour::Answer);
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
    let mut calls = ground.ledger.book().calls();
    calls.sort_by_key(|it| it.at);
    assert_eq!(calls.iter().filter(|it| it.is_taken).count(), JOBS);
    // Whatever was on its way when the first was refused comes before its time is over, and no more.
    let (first, after) = (calls[0].at, TimeDelta::from_std(RETRY_AFTER).unwrap());
    let over = first + after - TimeDelta::milliseconds(50);
    let early = calls.iter().filter(|it| it.at < over).count();
    assert!(early <= 1 + AT_A_TIME, "{early} calls before {over}: {calls:#?}");
    // From then on they keep to the budget: each is made, and so arrives, no sooner than it lets them; but
    // for those that may have been on their way for as long.
    for (number, call) in calls.iter().skip(early).enumerate() {
        let windows = i32::try_from(number.saturating_sub(AT_A_TIME) / BUDGET.0).unwrap();
        let soonest = over + BUDGET.1 * windows;
        assert!(call.at >= soonest, "call {number} at {}, not before {soonest}", call.at);
    }
    ground.platform.stop().await.unwrap();
}
