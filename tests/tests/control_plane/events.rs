//! A signup's progress as server-sent events.

use std::time::Duration;

use platform_tests::client::{Answer, Signup, Site};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::ground::{Ground, SOON, Vendor};

/// How many steps are told, of which a few may find the machine busy.
const STEPS: i32 = 7;
/// Twice as long as who was shut out may follow.
const MINUTE: Duration = Duration::from_secs(60);

/// The end of a look at a signup.
const LOOK: &str = "SELECT o.id, o.kind";

/// An answer that goes on.
struct Events {
    answer: reqwest::Response,
    unread: String,
}

impl Events {
    async fn of(ground: &Ground, tenant: &str) -> Self {
        Self::at(ground.site(), &format!("/api/v1/signup/{tenant}/events")).await
    }

    async fn at(site: &Site, path: &str) -> Self {
        let asked = site.request(Method::GET, path).timeout(SOON);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self { answer, unread: String::new() }
    }

    /// The next event: its name and its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let read = read(event);
                self.unread = rest.to_owned();
                match read {
                    Some(read) => return Some(read),
                    None => continue,
                }
            }
            let chunk = timeout(SOON, self.answer.chunk()).await.unwrap().unwrap()?;
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// `None`: a comment that only keeps the line open.
fn read(event: &str) -> Option<(String, Value)> {
    let (name, data) = event.strip_prefix("event: ")?.split_once("\ndata: ")?;
    Some((name.to_owned(), serde_json::from_str(data).unwrap()))
}

#[tokio::test]
async fn each_step_is_told_when_it_happens_and_the_end_ends_it() {
    let ground = Ground::new().await;
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let mut events = Events::of(&ground, &taken.tenant_id).await;
    let (name, first) = events.next().await.unwrap();
    let path = format!("/api/v1/signup/{}", taken.tenant_id);
    let status = ground.site().get(&path).await.unwrap().json().unwrap();
    assert_eq!((name.as_str(), &first), ("step", &status), "the same body as the status");

    let record = "INSERT INTO operation_runs (operation_id, state, facts)
         SELECT id, 'forward', '{}' FROM operations";
    ground.database.execute(record, &[]).await.unwrap();
    let step = "WITH step AS (
           INSERT INTO operation_steps (operation_id, position, name, state, started_at)
           SELECT id, $1::int, 'step ' || $1::int, 'running', now() FROM operations)
         SELECT pg_notify('operation_steps', $2)";
    let mut delays = Vec::new();
    for position in 0..STEPS {
        // Right after a look that found nothing, the next one of itself is a second away.
        let told = ground.server_time().await;
        ground.wait_for_query(LOOK, &told).await;
        let begun = Instant::now();
        ground.database.query(step, &[&position, &taken.tenant_id]).await.unwrap();
        let (name, step) = events.next().await.unwrap();
        delays.push(begun.elapsed());
        assert_eq!(name, "step");
        let steps = step["data"]["steps"].as_array().unwrap();
        assert_eq!(steps.last().unwrap()["name"], format!("step {position}"));
    }
    delays.sort_unstable();
    // A push takes milliseconds; a busy machine gets more, but not for most of them.
    assert!(delays[delays.len() / 2] < Duration::from_millis(500), "{delays:?}");

    ground.call_ready(&taken.tenant_id).await;
    let mut names = Vec::new();
    let mut last = Value::Null;
    while let Some((name, body)) = events.next().await {
        names.push(name);
        last = body;
    }
    assert_eq!(names.last().map(String::as_str), Some("done"), "{names:?}");
    assert_eq!(last["data"]["state"], "ready");
    assert!(last["data"]["login_url"].as_str().unwrap().contains("mandala"));

    // Who comes late is told the end at once.
    let mut late = Events::of(&ground, &taken.tenant_id).await;
    assert_eq!(late.next().await.unwrap().0, "step");
    assert_eq!(late.next().await.unwrap(), ("done".to_owned(), last));
    assert!(late.next().await.is_none());
}

#[tokio::test]
async fn a_signup_that_is_undone_ends_with_its_failure() {
    let ground = Ground::new().await;
    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    let mut events = Events::of(&ground, &taken.tenant_id).await;
    for state in ["provisioning", "failed"] {
        let sql = "SELECT move_provisioning($1::text::uuid, $2)";
        ground.database.query_one(sql, &[&taken.tenant_id, &state]).await.unwrap();
    }
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    let (name, body) = last.unwrap();
    assert_eq!((name.as_str(), &body["data"]["state"]), ("done", &Value::from("failed")));
}

#[tokio::test]
async fn who_is_shut_out_follows_for_half_a_minute_at_most() {
    let ground = Ground::new().await;
    ground.sign_up("mandala").await;
    let (admin, support) = (ground.vendor().await, ground.vendor_of(Vendor::Support).await);
    let open = admin.get("/api/v1/operations").await.unwrap().data().unwrap();
    let path = format!("/api/v1/operations/{}/events", open[0]["id"].as_str().unwrap());
    let mut events = Events::at(&support, &path).await;
    assert_eq!(events.next().await.unwrap().0, "step");

    let disable = "/api/v1/users/support@hotelhub.localhost/disable";
    admin.post(disable, &json!({})).await.unwrap().expect_status(200).unwrap();

    let told = timeout(MINUTE, events.next()).await.unwrap();
    assert!(told.is_none(), "nothing has happened that would be told");
    assert_eq!(support.get(&path).await.unwrap().status, 401);
}

#[tokio::test]
async fn nobody_follows_what_is_not_there_and_a_stop_ends_all() {
    let mut ground = Ground::new().await;
    let nobody = "/api/v1/signup/01970000-0000-7000-8000-0000000000ff/events";
    let answer = Answer::of(ground.site().request(Method::GET, nobody)).await.unwrap();
    assert_eq!((answer.status.as_u16(), &*answer.error_code()), (404, "NOT_FOUND"));

    let taken = ground.control.sign_up(&Signup::of("mandala")).await.unwrap();
    assert!(taken.events_url.ends_with(&format!("/api/v1/signup/{}/events", taken.tenant_id)));
    let mut events = Events::of(&ground, &taken.tenant_id).await;
    assert_eq!(events.next().await.unwrap().0, "step");
    let (stopped, ended) = tokio::join!(ground.serving.terminate(SOON), events.next());
    assert!(stopped.unwrap().success());
    assert!(ended.is_none());
}
