//! The welcome mail: each ready hotel gets one, through whatever happens to workers and servers.

use platform_tests::{client::Signup, mail::Fault, process::is_clean, waiting::eventually};

use crate::ground::{Ground, SOON};

const DONE: &str = "SELECT count(*) FROM jobs WHERE kind = 'welcome_mail' AND state = 'done'";

/// Lets the mail be due until it is sent: a try that was under way may have met the server as it was.
async fn sent_when_due(ground: &Ground) {
    let sent = async || {
        let due = "UPDATE jobs SET run_at = now() WHERE state = 'retry_wait'";
        ground.database.execute(due, &[]).await.unwrap();
        (ground.count(DONE).await == 1).then_some(())
    };
    eventually(SOON, "the mail to be sent", sent).await.unwrap();
    let mails = ground.mail.store().list();
    assert!(mails.iter().any(|it| it.is_to("owner@mandala.example")), "{mails:?}");
}

#[tokio::test]
async fn a_ready_hotel_is_welcomed_once() {
    let ground = Ground::new().await;
    let mut worker = ground.work();
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    assert_eq!(ground.count("SELECT count(*) FROM jobs").await, 0, "nothing is ready yet");
    ground.call_ready(&taken.tenant_id).await;

    let mail = ground.mail.wait_for_mail_to("owner@mandala.example", SOON).await.unwrap();

    assert_eq!(mail.subject, "Hotel mandala siap digunakan");
    assert!(mail.text.contains("http://mandala.hotelhub.localhost"), "{}", mail.text);
    ground.wait_for_count(DONE, 1).await;
    let id = ground.database.query_one("SELECT id::text FROM jobs", &[]).await.unwrap();
    let id: String = id.get(0);
    assert!(mail.message_id.contains(&format!("{id}@hotelhub.localhost")), "{}", mail.message_id);
    assert_eq!(ground.count("SELECT count(*) FROM welcome_mails").await, 1);
    let status = worker.terminate(SOON).await.unwrap();
    assert!(is_clean(status), "{}", worker.log_end());
    assert_eq!(ground.mail.store().list().len(), 1);
}

#[tokio::test]
async fn a_worker_killed_mid_mail_leaves_the_mail_to_its_successor() {
    let mut ground = Ground::new().await;
    ground.mail.set_fault(Fault::Hang).await;
    let mut worker = ground.work();
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    ground.call_ready(&taken.tenant_id).await;
    ground.mail.wait_for_hanging_client(SOON).await.unwrap();

    worker.kill().await.unwrap();
    ground.mail.set_fault(Fault::None).await;
    // The lease outlives the worker; the test does not wait for it to run out.
    let sql = "UPDATE jobs SET lease_until = now() WHERE state = 'running'";
    assert_eq!(ground.database.execute(sql, &[]).await.unwrap(), 1);
    let _successor = ground.work();

    let mail = ground.mail.wait_for_mail_to("owner@mandala.example", SOON).await.unwrap();
    let id = ground.database.query_one("SELECT id::text FROM jobs", &[]).await.unwrap();
    assert!(mail.message_id.contains(&id.get::<_, String>(0)), "{}", mail.message_id);
    ground.wait_for_count(DONE, 1).await;
}

#[tokio::test]
async fn a_mail_server_that_is_busy_is_asked_again() {
    let mut ground = Ground::new().await;
    ground.mail.set_fault(Fault::TryLater).await;
    let _worker = ground.work();
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    ground.call_ready(&taken.tenant_id).await;
    // Ten seconds, and two minutes if a second try has met the server meanwhile.
    let waits = "SELECT count(*) FROM jobs WHERE state = 'retry_wait' AND attempt > 0 \
                 AND run_at > now() + interval '5 seconds' AND last_error_code = 'SMTP'";
    ground.wait_for_count(waits, 1).await;

    ground.mail.set_fault(Fault::None).await;
    sent_when_due(&ground).await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_no_try() {
    let mut ground = Ground::new().await;
    ground.mail.set_fault(Fault::Refuse).await;
    let _worker = ground.work();
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    ground.call_ready(&taken.tenant_id).await;
    // More often than a job may fail.
    for tries in 1..=4 {
        let waits = format!(
            "SELECT count(*) FROM jobs WHERE state = 'retry_wait' AND attempt = 0
               AND fence >= {tries} AND last_error_code = 'SMTP_DOWN'"
        );
        ground.wait_for_count(&waits, 1).await;
        ground.database.execute("UPDATE jobs SET run_at = now()", &[]).await.unwrap();
    }

    ground.mail.set_fault(Fault::None).await;
    sent_when_due(&ground).await;
}
