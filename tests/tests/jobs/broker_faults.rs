//! A broker that lives and does not do what it should: queues and connections that go, alarms.

use std::time::Duration;

use hotelhub_jobs::{ticket::Ticket, topology::WORK};
use platform_tests::{
    client::{Signup, stay},
    platform::{HOTEL_DEADLINE, Role},
    secrets,
    waiting::eventually,
};
use reqwest::Method;

use crate::{
    END, SOON,
    ground::{Ground, QUEUE, inserts, worker},
};

/// What a request may take: half of what the broker is waited for, and milliseconds in truth.
const REQUEST: Duration = Duration::from_millis(2_500);
const JOBS: usize = 40;

/// Runs `tenant-api topology`.
async fn repair(ground: &Ground) {
    let topology = ground.platform.setup().command("topology", "tenant-api", &["topology"]);
    topology.run(SOON).await.unwrap();
}

async fn all_done(ground: &Ground) {
    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    ground.expect_no_try_lost().await;
}

#[tokio::test]
async fn workers_are_back_after_a_queue_an_exchange_or_their_connections_are_taken_away() {
    let mut ground = Ground::with_own_broker(2).await;
    ground.start_workers(2).await;
    ground.wait_for_workers(2).await;
    let address = ground.stage.rabbit.as_ref().unwrap().address().clone();

    // The queue goes with the tickets in it.
    ground.add_jobs(&inserts(100), JOBS).await;
    ground.queues().await.delete(QUEUE).await.unwrap();
    repair(&ground).await;
    ground.wait_for_workers(2).await;
    // A ticket is missed after ten minutes; these pass at once, also for rows that are marked late.
    let found = async || {
        let past = "WITH past AS (UPDATE jobs SET queued_at = now() - interval '11 minutes', \
                        run_at = now() - interval '11 minutes' \
                      WHERE state = 'queued' RETURNING 1) SELECT count(*) FROM past";
        ground.sum(past).await;
        ground.tick_all().await;
        (ground.done().await == 2 * JOBS).then_some(())
    };
    eventually(END, "the jobs whose tickets went with the queue", found).await.unwrap();
    all_done(&ground).await;

    // The exchange goes: whoever publishes loses the channel.
    ground.add_jobs(&inserts(300), 3 * JOBS).await;
    address.manage(Method::DELETE, &format!("exchanges/%2f/{WORK}")).await.unwrap();
    // Should all have been published by then: there is something left to publish.
    ground.fleet.insert_jobs(&inserts(0), 1).await.unwrap();
    let tick = serde_json::to_vec(&Ticket::tick(ground.hotels()[0].tenant())).unwrap();
    let noticed = async || {
        let mut says = |number| {
            let printed = ground.platform.program(worker(number)).unwrap().printed();
            printed.contains("no exchange 'jobs.work'")
        };
        if says(0) || says(1) {
            return Some(());
        }
        ground.queues().await.publish("", QUEUE, &[&tick]).await.unwrap();
        None
    };
    eventually(SOON, "a worker to notice", noticed).await.unwrap();
    repair(&ground).await;
    ground.wait_for_workers(2).await;
    ground.tick_all().await;
    all_done(&ground).await;

    // An operator closes the workers' connections.
    ground.add_jobs(&inserts(100), JOBS).await;
    let closed = async || {
        let open = address.manage(Method::GET, "connections").await.unwrap();
        let open: Vec<serde_json::Value> = open.json().await.unwrap();
        let of_work = |it: &&serde_json::Value| {
            it["user_provided_name"].as_str().is_some_and(|it| it.starts_with("tenant-api work"))
        };
        let of_work: Vec<_> = open.iter().filter(of_work).collect();
        for connection in &of_work {
            let name = connection["name"].as_str().unwrap();
            let name = name.replace(' ', "%20").replace('>', "%3E");
            // The node lists connections a moment after they are gone.
            drop(address.manage(Method::DELETE, &format!("connections/{name}")).await);
        }
        (of_work.len() >= 4).then_some(())
    };
    eventually(SOON, "the workers' connections", closed).await.unwrap();
    ground.wait_for_workers(2).await;
    ground.tick_all().await;
    all_done(&ground).await;
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_broker_short_of_memory_stops_no_request_and_all_is_done_when_it_has_enough() {
    let mut ground = Ground::with_own_broker(2).await;
    ground.platform.start_role(Role::TenantServe(0)).await.unwrap();
    ground.start_workers(2).await;
    let signup = Signup::of(&format!("alarm-{}", secrets::tag()));
    let control = ground.platform.control().unwrap();
    let hotel = control.open_hotel(&signup, HOTEL_DEADLINE).await.unwrap();
    let property = hotel.first_property().await.unwrap();
    let room_type = hotel.add_room_type(&property, "DLX").await.unwrap();
    for number in 101..109 {
        hotel.add_room(&property, &room_type, &number.to_string()).await.unwrap();
    }
    let (from, to) = stay(0, 30);
    hotel.set_rate(&property, &room_type, (&from, &to), 750_000).await.unwrap();
    ground.add_jobs(&inserts(100), JOBS).await;

    let broker = ground.stage.rabbit.as_ref().unwrap();
    broker.alarm_memory(true).await.unwrap();
    let (from, to) = stay(3, 1);
    let mut slow = Vec::new();
    for _ in 0..8 {
        let begun = tokio::time::Instant::now();
        let email = "tamu@example.com";
        hotel.reserve(&property, &room_type, (&from, &to), email).await.unwrap();
        slow.extend(Some(begun.elapsed()).filter(|it| *it > REQUEST));
    }
    broker.alarm_memory(false).await.unwrap();
    // A machine that stands still for a moment is met by one; a broker that is waited for by each.
    assert!(slow.len() <= 1, "{slow:?}");

    all_done(&ground).await;
    ground.platform.stop().await.unwrap();
}
