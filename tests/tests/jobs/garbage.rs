//! Messages and rows that no program of ours wrote: put aside with the reason, and nothing else is
//! harmed.

use hotelhub_core::ids::{JobId, TenantId};
use hotelhub_jobs::{
    rows::Due,
    ticket::Ticket,
    topology::{GARBAGE, WORK},
};
use platform_tests::{fleet::NewJobs, rabbit::Taken, waiting::eventually};
use serde_json::{Value, json};

use crate::{
    END, SOON,
    ground::{Ground, ask, inserts, worker},
};

fn ticket(tenant: TenantId, job: JobId, kind: &str) -> Ticket {
    let (kind, class) = (kind.to_owned(), "default".to_owned());
    Ticket::job(tenant, &Due { id: job, kind, class, epoch: 1, trace: None })
}

/// A ticket in which something is strange.
fn strange(ticket: &Ticket, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(ticket).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[tokio::test]
async fn a_message_that_is_no_ticket_of_ours_is_put_aside_with_the_reason() {
    let mut ground = Ground::new(1).await;
    ground.start_workers(1).await;
    let (tenant, nobody) = (ground.hotels()[0].tenant(), TenantId::generate());
    let good = ticket(tenant, JobId::generate(), "test_insert");
    let cases: [(Vec<u8>, &str); 10] = [
        (b"hello".to_vec(), "the message is not a ticket"),
        (b"{\"schema\":1}".to_vec(), "the message is not a ticket"),
        (strange(&good, |it| it["schema"] = json!(2)), "the ticket has schema 2"),
        (
            strange(&good, |it| it["errand"]["job"]["class"] = json!("nowhere")),
            "the ticket has the class `nowhere`",
        ),
        (
            strange(&good, |it| it["errand"]["job"]["kind"] = json!("test_unheard_of")),
            "no program of ours knows `test_unheard_of`",
        ),
        (strange(&Ticket::tick(nobody), |_| ()), "there is no hotel"),
        // What is quoted fits in no header, and no database can be asked for it.
        (
            strange(&good, |it| it["errand"] = json!("E".repeat(200_000))),
            "the message is not a ticket",
        ),
        (
            strange(&good, |it| it["errand"]["job"]["class"] = json!("c".repeat(200_000))),
            "the ticket has the class `cc",
        ),
        (
            strange(&good, |it| it["errand"]["job"]["kind"] = json!("k".repeat(200_000))),
            "the ticket's kind is no name",
        ),
        (
            strange(&good, |it| it["errand"]["job"]["kind"] = json!("test\0insert")),
            "the ticket's kind is no name",
        ),
    ];
    let queues = ground.queues().await;

    for (body, reason) in &cases {
        queues.publish(WORK, "default", std::slice::from_ref(body)).await.unwrap();
        let taken = async || queues.take(GARBAGE).await.unwrap();
        let Taken { body: found, reason: given } = eventually(SOON, reason, taken).await.unwrap();
        assert_eq!(&found, body, "{reason}");
        assert!(given.as_deref().is_some_and(|it| it.starts_with(reason)), "{given:?}");
    }

    ground.add_jobs(&inserts(0), 20).await;
    ground.fleet.wait_until_ended(END).await.unwrap();
    ground.fleet.check().await.unwrap();
    assert_eq!(queues.take(GARBAGE).await.unwrap(), None);
    let printed = ground.platform.program(worker(0)).unwrap().printed();
    let put_aside = printed.lines().filter(|it| it.contains("ALARM: a message was put aside"));
    let put_aside: Vec<&str> = put_aside.collect();
    assert_eq!(put_aside.len(), cases.len(), "{put_aside:#?}");
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_dead_and_anothers_job_is_not_touched() {
    let mut ground = Ground::new(2).await;
    let [one, other] = ground.hotels() else { panic!("two hotels") };
    let unreadable = inserts(0).with_payload(json!({ "wait_ms": "soon" }));
    let unreadable = one.insert_jobs(&unreadable, 1).await.unwrap()[0];
    let newer = one.insert_jobs(&inserts(0), 1).await.unwrap()[0];
    let sql = format!("UPDATE jobs SET schema_version = 2 WHERE id = '{newer}'");
    ask(one, &sql).await;
    let anothers = NewJobs { due_in: END, ..inserts(0) };
    let anothers = other.insert_jobs(&anothers, 1).await.unwrap()[0];
    let due = format!("UPDATE jobs SET run_at = now(), epoch = 7 WHERE id = '{anothers}'");
    ask(other, &due).await;

    // Of the wrong hotel, and of an issue that is not out yet.
    ground.publish(&[ticket(one.tenant(), anothers, "test_insert")]).await;
    ground.publish(&[ticket(other.tenant(), anothers, "test_insert")]).await;
    ground.start_workers(1).await;
    let duplicates = async || {
        let name = "job_duplicates_total";
        (ground.platform.figure(worker(0), name).await.unwrap() >= 1.0).then_some(())
    };
    eventually(SOON, "the ticket of another issue to say nothing", duplicates).await.unwrap();
    let queues = ground.queues().await;
    let taken = async || queues.take(GARBAGE).await.unwrap();
    let Taken { reason, .. } = eventually(SOON, "the wrong hotel's ticket", taken).await.unwrap();
    assert_eq!(reason, Some(format!("the hotel has no job {anothers} of the kind `test_insert`")));
    ground.tick_all().await;
    ground.fleet.wait_until_ended(END).await.unwrap();

    ground.fleet.check().await.unwrap();
    let dead =
        ask(&ground.hotels()[0], "SELECT id, state, last_error_code, attempt FROM jobs").await;
    for (job, code) in [(unreadable, "PAYLOAD"), (newer, "UNKNOWN_SCHEMA")] {
        let row = dead.iter().find(|it| it.get::<_, JobId>(0) == job).unwrap();
        assert_eq!((row.get(1), row.get(2), row.get(3)), ("dead", code, 1));
    }
    assert_eq!(dead.len(), 2);
    assert_eq!(ground.done().await, 1);
    let alarms = |ground: &mut Ground| {
        let printed = ground.platform.program(worker(0)).unwrap().printed();
        printed.matches("ALARM: the job is dead").count()
    };
    let told = async || (alarms(&mut ground) >= 2).then_some(());
    eventually(SOON, "the alarms", told).await.unwrap();
    assert_eq!(alarms(&mut ground), 2);
    ground.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_job_of_an_unheard_of_kind_is_held_and_a_ticket_with_the_wrong_kind_harms_none() {
    let mut ground = Ground::new(1).await;
    let unheard_of = NewJobs::of("test_unheard_of", "default");
    let unheard_of = ground.hotels()[0].insert_jobs(&unheard_of, 1).await.unwrap()[0];
    let queues = ground.queues().await;
    // A ticket may go out twice, so that others may lie there as well.
    let set_aside = async |reason: &str| {
        let taken = async || {
            let taken = queues.take(GARBAGE).await.unwrap();
            taken.filter(|it| it.reason.as_deref() == Some(reason))
        };
        eventually(SOON, reason, taken).await.unwrap()
    };
    ground.start_workers(1).await;
    ground.tick_all().await;
    set_aside("no program of ours knows `test_unheard_of`").await;
    let sql = format!("SELECT state, held_for, attempt FROM jobs WHERE id = '{unheard_of}'");
    let row = &ask(&ground.hotels()[0], &sql).await[0];
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("held", "kind", 0));

    // Its payload would do for either kind; were it taken for the other, its effect were missing.
    let hotel = &ground.hotels()[0];
    let job = hotel.insert_jobs(&inserts(0), 1).await.unwrap()[0];
    ground.publish(&[ticket(hotel.tenant(), job, "test_noop")]).await;
    set_aside(&format!("the hotel has no job {job} of the kind `test_noop`")).await;

    ground.tick_all().await;
    let done = async || (ground.done().await == 1).then_some(());
    eventually(SOON, "the job to be done under its own kind", done).await.unwrap();
    let sql = format!(
        "SELECT attempt, crash_count, (SELECT count(*) FROM job_effects) FROM jobs \
         WHERE id = '{job}'"
    );
    let row = &ask(&ground.hotels()[0], &sql).await[0];
    assert_eq!((row.get(0), row.get(1), row.get(2)), (1, 0, 1_i64));
    ground.platform.stop().await.unwrap();
}
