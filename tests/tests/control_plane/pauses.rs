//! Pauses of jobs: who may make and lift them, and that every replica knows of each one.

use std::time::Duration;

use hotelhub_core::{
    ids::TenantId,
    pauses::{Pause, Pauses},
    routes::RoutePage,
};
use hotelhub_storage::StorageConfig;
use platform_tests::{
    client::{Answer, Site},
    waiting::eventually,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    feed::ask,
    ground::{FEED_TOKEN, Ground, SOON, Vendor},
    replica::Replica,
};

const PATH: &str = "/api/v1/job-pauses";
const WRITERS: usize = 8;
const EACH: usize = 10;

async fn ask_pause(vendor: &Site, body: &Value) -> Answer {
    vendor.post(PATH, body).await.unwrap()
}

async fn pause(vendor: &Site, body: &Value) -> String {
    let made = ask_pause(vendor, body).await.expect_status(201).unwrap().data().unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn resume(vendor: &Site, id: &str) -> Answer {
    vendor.delete(&format!("{PATH}/{id}")).await.unwrap()
}

async fn listed(vendor: &Site, query: &str) -> Value {
    let answer = vendor.get(&format!("{PATH}{query}")).await.unwrap();
    answer.expect_status(200).unwrap().json().unwrap()
}

fn of_mails() -> Value {
    json!({ "class": "mail", "reason": "the relay is down" })
}

/// Waits until a replica knows of pauses such as these.
async fn wait_for(replica: &Replica, wanted: impl Fn(&Pauses) -> bool) {
    let mut changes = replica.routes.changes();
    let known = changes.wait_for(|()| wanted(&replica.routes.pauses()));
    timeout(SOON, known).await.unwrap().unwrap();
}

fn covers_mails(pauses: &Pauses) -> bool {
    pauses.covers(TenantId::generate(), "mail", "any")
}

/// What the feed says to a reader of `page`.
async fn news(
    site: &Site,
    page: &RoutePage,
    (pauses_since, seconds): (Option<i64>, u32),
) -> Answer {
    let mut path = format!(
        "/upcall/v1/routes?epoch={}&since={}&wait_seconds={seconds}",
        page.position.epoch, page.position.version
    );
    if let Some(version) = pauses_since {
        path += &format!("&pauses_since={version}");
    }
    let request = site.request(Method::GET, &path).bearer_auth(FEED_TOKEN);
    Answer::of(request).await.unwrap().expect_status(200).unwrap()
}

fn page(answer: &Answer) -> RoutePage {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_pause_is_made_once_listed_and_lifted() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let mandala = ground.sign_up("mandala").await;
    let body = json!({
        "tenant": "mandala", "class": "ota-sync", "kind": "push_rates", "reason": " odd rates ",
    });
    let create = async || {
        let request = vendor.request(Method::POST, PATH).json(&body);
        Answer::of(request.header("Idempotency-Key", "p-1")).await.unwrap()
    };

    let made = create().await.expect_status(201).unwrap().data().unwrap();

    assert_eq!((&made["tenant_id"], &made["slug"]), (&json!(mandala), &json!("mandala")));
    assert_eq!((&made["class"], &made["kind"]), (&json!("ota-sync"), &json!("push_rates")));
    assert_eq!((&made["reason"], &made["lifted_at"]), (&json!("odd rates"), &Value::Null));
    assert_eq!(create().await.data().unwrap(), made);
    let again = json!({
        "tenant": mandala, "class": "ota-sync", "kind": "push_rates", "reason": "the same jobs",
    });
    let refused = ask_pause(&vendor, &again).await;
    let got = (refused.status.as_u16(), refused.error_code());
    assert_eq!(got, (409, "JOBS_ALREADY_PAUSED".to_owned()));
    let open = &refused.json().unwrap()["error"]["details"]["job_pause"];
    assert_eq!(open, &json!([made["id"]]));

    let mails = pause(&vendor, &of_mails()).await;
    assert_eq!(ask_pause(&vendor, &of_mails()).await.error_code(), "JOBS_ALREADY_PAUSED");
    let first = listed(&vendor, "?limit=1").await;
    assert_eq!(first["data"][0]["id"], json!(mails), "the newest first");
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let second = listed(&vendor, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!((&second["data"], &second["meta"]["next_cursor"]), (&json!([made]), &Value::Null));

    let lifted = resume(&vendor, &mails).await.expect_status(200).unwrap().data().unwrap();
    assert!(lifted["lifted_at"].is_string() && lifted["lifted_by"] == lifted["created_by"]);
    assert_eq!(resume(&vendor, &mails).await.status, 404, "it does not stand any more");
    assert_eq!(listed(&vendor, "").await["data"], json!([made]));
    pause(&vendor, &of_mails()).await;
}

#[tokio::test]
async fn of_many_who_pause_the_same_at_once_one_does() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let body = of_mails();
    let (a, b, c, d) = tokio::join!(
        ask_pause(&vendor, &body),
        ask_pause(&vendor, &body),
        ask_pause(&vendor, &body),
        ask_pause(&vendor, &body)
    );
    let mut answers: Vec<u16> = [a, b, c, d].iter().map(|it| it.status.as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409]);
}

#[tokio::test]
async fn a_faulty_pause_is_refused_with_all_that_is_wrong() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let faults = [
        (json!({ "reason": "everything" }), vec!["tenant"]),
        (json!({ "class": "odd", "kind": "", "reason": " " }), vec!["class", "kind", "reason"]),
        (json!({ "tenant": "nobody", "reason": "x" }), vec!["tenant"]),
    ];
    for (body, fields) in faults {
        let refused = ask_pause(&vendor, &body).await;
        assert_eq!((refused.status.as_u16(), &*refused.error_code()), (422, "VALIDATION_FAILED"));
        let details = &refused.json().unwrap()["error"]["details"];
        let named: Vec<&String> = details.as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{body}");
    }
    assert_eq!(ground.count("SELECT count(*) FROM job_pauses").await, 0);
}

#[tokio::test]
async fn support_pauses_one_hotel_and_never_all() {
    let ground = Ground::new().await;
    let (vendor, support) = (ground.vendor().await, ground.vendor_of(Vendor::Support).await);
    ground.sign_up("mandala").await;
    let of_all = pause(&vendor, &of_mails()).await;

    let one = json!({ "tenant": "mandala", "class": "mail", "reason": "asked for by phone" });
    let of_one = pause(&support, &one).await;

    for body in [of_mails(), json!({ "kind": "welcome_mail", "reason": "x" })] {
        assert_eq!(ask_pause(&support, &body).await.status, 403);
    }
    assert_eq!(resume(&support, &of_all).await.status, 403);
    assert_eq!(resume(&support, &of_one).await.status, 200);
    assert_eq!(listed(&support, "").await["data"][0]["id"], json!(of_all));
}

#[tokio::test]
async fn a_pause_reaches_a_replica_within_a_second_and_so_does_its_end() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let replica = Replica::start(ground.feed("replica.json", None)).await;
    let mut delays = Vec::new();
    for _ in 0..10 {
        let id = pause(&vendor, &of_mails()).await;
        let paused = Instant::now();
        wait_for(&replica, covers_mails).await;
        delays.push(paused.elapsed());
        resume(&vendor, &id).await.expect_status(200).unwrap();
        let resumed = Instant::now();
        wait_for(&replica, |it| !covers_mails(it)).await;
        delays.push(resumed.elapsed());
    }
    delays.sort_unstable();
    // Milliseconds in truth; a busy machine may find some at a standstill, but no poll waits for its end.
    assert!(delays[delays.len() / 2] < Duration::from_secs(1), "{delays:?}");
    assert!(delays[delays.len() - 3] < Duration::from_secs(12), "{delays:?}");
}

#[tokio::test]
async fn a_pause_survives_a_restart_without_a_control_plane() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    let mut ground = Ground::with(&[("STORAGE_URL", &url)]).await;
    let vendor = ground.vendor().await;
    let mandala = ground.sign_up("mandala").await.parse().unwrap();
    let replica = Replica::start(ground.feed("own.json", None)).await;
    let body = json!({ "tenant": "mandala", "kind": "push_rates", "reason": "odd rates" });
    pause(&vendor, &body).await;
    let wanted =
        Pauses(vec![Pause { tenant: Some(mandala), class: None, kind: Some("push_rates".into()) }]);
    wait_for(&replica, |it| *it == wanted).await;
    let copies = [ground.feed("own.json", None).snapshot_file, folder.path().join("routes.json")];
    let written = async || {
        let has_it = |it| std::fs::read_to_string(it).is_ok_and(|it| it.contains("push_rates"));
        copies.iter().all(has_it).then_some(())
    };
    eventually(SOON, "both copies", written).await.unwrap();
    ground.serving.kill().await.unwrap();
    drop(replica);

    let from_disk = Replica::start(ground.feed("own.json", None)).await;
    let storage = Some(StorageConfig::Folder(folder.path().to_owned()));
    let from_storage = Replica::start(ground.feed("fresh.json", storage)).await;

    for replica in [from_disk, from_storage] {
        assert_eq!(*replica.routes.pauses(), wanted);
        replica.expect_same(&ground.database, "a replica without a control plane").await;
    }
}

#[tokio::test]
async fn pages_that_know_of_no_pauses_hide_none() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let mut replica = Replica::start(ground.feed("replica.json", None)).await;
    replica.cut();
    pause(&vendor, &of_mails()).await;
    ground.sign_up("mandala").await;

    // As an older control plane beside this one sends it, or an older copy has it.
    let without = RoutePage { pauses: None, ..ask(ground.site(), None).await };
    assert!(replica.routes.apply(without));
    assert!(!covers_mails(&replica.routes.pauses()));

    replica.go_on();
    wait_for(&replica, covers_mails).await;
}

#[tokio::test]
async fn a_reader_that_never_heard_of_pauses_is_not_woken_by_them() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.sign_up("mandala").await;
    let known = ask(ground.site(), None).await;
    assert_eq!(known.pauses, Some(Pauses::default()));
    pause(&vendor, &of_mails()).await;
    let news = async |pauses_since, seconds| {
        let begun = Instant::now();
        let told = page(&news(ground.site(), &known, (pauses_since, seconds)).await);
        assert!(!told.snapshot && told.position.version > known.position.version);
        (told.pauses, begun.elapsed())
    };

    let (pauses, took) = news(None, 1).await;
    assert!(pauses.is_none() && took >= Duration::from_secs(1));

    for since in [-1, known.position.version] {
        let (pauses, took) = news(Some(since), 25).await;
        assert!(covers_mails(&pauses.unwrap()) && took < Duration::from_secs(20));
    }
    let (pauses, _) = news(Some(known.position.version + 1), 0).await;
    assert_eq!(pauses, None, "nothing changed since");
}

#[tokio::test]
async fn no_pause_of_many_that_are_committed_at_once_is_lost() {
    let ground = Ground::new().await;
    ground.vendor().await;
    let replica = Replica::start(ground.feed("replica.json", None)).await;
    let mut sessions = Vec::new();
    for _ in 0..WRITERS {
        sessions.push(ground.another_session().await);
    }
    for round in 0..EACH {
        let mut writes = JoinSet::new();
        for (writer, mut session) in sessions.drain(..).enumerate() {
            writes.spawn(async move {
                let tx = session.transaction().await.unwrap();
                let insert = "INSERT INTO job_pauses (id, kind, reason, created_by)
                     SELECT gen_random_uuid(), $1, 'x', id FROM vendor_users";
                tx.execute(insert, &[&format!("kind_{round}_{writer}")]).await.unwrap();
                // The order of commits is another than that of the writes.
                let while_open = f64::from(u8::try_from((writer + round) % 5).unwrap()) / 500.0;
                tx.query("SELECT pg_sleep($1)", &[&while_open]).await.unwrap();
                tx.commit().await.unwrap();
                session
            });
        }
        sessions = writes.join_all().await;

        // Nothing comes after the last commit of a round that would bring what was missed.
        wait_for(&replica, |it| it.0.len() == WRITERS * (round + 1)).await;
    }
    ground.database.execute("DELETE FROM job_pauses", &[]).await.unwrap();
    wait_for(&replica, |it| it.0.is_empty()).await;
}
