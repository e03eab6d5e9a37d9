//! What the vendor's people do to a tenant's status and access.

use hotelhub_core::life::Provisioning;
use platform_tests::client::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::{Ground, Vendor};

const SUSPENDED: &str = "SELECT count(*) FROM tenants WHERE status = 'suspended'";

fn life(tenant: &Value) -> (&str, &str) {
    (tenant["status"].as_str().unwrap(), tenant["access"].as_str().unwrap())
}

async fn subscription(ground: &Ground) -> String {
    let sql = "SELECT string_agg(status, ',') FROM subscriptions";
    ground.database.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_tenant_goes_through_its_whole_life() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let id = ground.open_hotel("mandala").await;
    let act = async |action: &str, body: Value| {
        let path = format!("/api/v1/tenants/mandala/{action}");
        let done = vendor.post(&path, &body).await.unwrap().expect_status(200).unwrap();
        done.data().unwrap()
    };

    let suspended = act("suspend", json!({ "reason": "  the card was stolen " })).await;
    assert_eq!(life(&suspended), ("suspended", "essential"));
    assert_eq!((&suspended["id"], &suspended["slug"]), (&json!(id), &json!("mandala")));
    assert_eq!(suspended["access_reason"], "the card was stolen");
    assert!(suspended["access_changed_at"].is_string());
    let stopped = act("suspend", json!({ "reason": "fraud", "access": "stopped" })).await;
    assert_eq!(life(&stopped), ("suspended", "stopped"));
    let resumed = act("resume", json!({})).await;
    assert_eq!((life(&resumed), &resumed["access_reason"]), (("trial", "full"), &json!("")));
    assert_eq!(subscription(&ground).await, "trialing");

    assert_eq!(life(&act("activate", json!({})).await), ("active", "full"));
    assert_eq!(subscription(&ground).await, "active");
    let late = act("access", json!({ "access": "grace", "reason": "3 days late" })).await;
    assert_eq!(life(&late), ("active", "grace"));
    assert_eq!(life(&act("suspend", json!({ "reason": "unpaid" })).await).0, "suspended");
    let paid = act("resume", json!({ "reason": "paid" })).await;
    assert_eq!((life(&paid), &paid["access_reason"]), (("active", "full"), &json!("paid")));

    let churned = act("churn", json!({ "reason": "sold" })).await;
    assert_eq!(life(&churned), ("churned", "stopped"));
    assert_eq!(subscription(&ground).await, "cancelled");
}

#[tokio::test]
async fn a_trial_whose_time_is_over_comes_back_as_a_customer() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    let sql = "UPDATE tenants SET trial_ends_at = now() - interval '1 day', status = 'suspended', \
               access = 'essential'";
    ground.database.execute(sql, &[]).await.unwrap();

    // The body may be left out altogether.
    let resume = vendor.request(Method::POST, "/api/v1/tenants/mandala/resume");
    let resumed = Answer::of(resume).await.unwrap().expect_status(200).unwrap().data().unwrap();

    assert_eq!(life(&resumed), ("active", "full"));
    assert_eq!(subscription(&ground).await, "active");
}

#[tokio::test]
async fn what_is_not_possible_is_refused_and_changes_nothing() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    let pending = ground.sign_up("surya").await;
    let before = ground.snapshot("tenants").await;
    let reason = json!({ "reason": "x" });
    let grace = json!({ "access": "grace", "reason": "x" });
    for (path, body, status, code) in [
        ("mandala/resume", json!({}), 409, "TRANSITION_REFUSED"),
        ("mandala/access", json!({"access": "full", "reason": "x"}), 409, "TRANSITION_REFUSED"),
        ("surya/suspend", reason.clone(), 409, "TRANSITION_REFUSED"),
        ("surya/activate", json!({}), 409, "TRANSITION_REFUSED"),
        ("surya/access", grace.clone(), 409, "TRANSITION_REFUSED"),
        ("surya/churn", reason.clone(), 409, "TRANSITION_REFUSED"),
        (&*format!("{pending}/resume"), json!({}), 409, "TRANSITION_REFUSED"),
        ("nobody/suspend", reason.clone(), 404, "NOT_FOUND"),
        ("01890a5d-ac96-774b-bcce-b302099a8057/churn", reason, 404, "NOT_FOUND"),
        ("mandala/suspend", json!({"reason": " "}), 422, "VALIDATION_FAILED"),
        ("mandala/churn", json!({"reason": "x".repeat(501)}), 422, "VALIDATION_FAILED"),
        ("mandala/suspend", json!({"reason": "x", "access": "full"}), 422, "VALIDATION_FAILED"),
        ("mandala/access", json!({"reason": "x", "access": "stopped"}), 422, "VALIDATION_FAILED"),
        ("mandala/suspend", json!({}), 400, "MALFORMED_REQUEST"),
        ("mandala/suspend", json!({"reason": "x", "until": 1}), 400, "MALFORMED_REQUEST"),
    ] {
        let answer = vendor.post(&format!("/api/v1/tenants/{path}"), &body).await.unwrap();
        let got = (answer.status.as_u16(), answer.error_code());
        assert_eq!(got, (status, code.to_owned()), "{path} {body}: {}", answer.body);
    }
    assert_eq!(ground.snapshot("tenants").await, before);
}

#[tokio::test]
async fn of_two_who_suspend_at_once_one_wins() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    let sum = "SELECT version FROM route_position";
    let before: i64 = ground.database.query_one(sum, &[]).await.unwrap().get(0);
    let mut waiting = ground.another_session().await;
    // Both are on their way before either may begin.
    let held = waiting.transaction().await.unwrap();
    held.execute("SELECT 1 FROM tenants FOR UPDATE", &[]).await.unwrap();
    let body = json!({ "reason": "x" });
    let suspend = async || vendor.post("/api/v1/tenants/mandala/suspend", &body).await.unwrap();
    let both = async { tokio::join!(suspend(), suspend(), suspend(), suspend()) };
    let release = async {
        ground.wait_for_count("SELECT count(*) FROM pg_locks WHERE NOT granted", 4).await;
        held.commit().await.unwrap();
    };

    let ((a, b, c, d), ()) = tokio::join!(both, release);

    let mut answers: Vec<u16> = [a, b, c, d].iter().map(|it| it.status.as_u16()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409]);
    assert_eq!(ground.count(SUSPENDED).await, 1);
    let after: i64 = ground.database.query_one(sum, &[]).await.unwrap().get(0);
    assert_eq!(after - before, 1, "one action is one change of the route");
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_changes_nothing() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    let suspend = async |reason: &str| {
        let path = "/api/v1/tenants/mandala/suspend";
        let request = vendor.request(Method::POST, path).json(&json!({ "reason": reason }));
        Answer::of(request.header("Idempotency-Key", "k-1")).await.unwrap()
    };

    let first = suspend("x").await.expect_status(200).unwrap();
    vendor.post("/api/v1/tenants/mandala/resume", &json!({})).await.unwrap();
    let again = suspend("x").await.expect_status(200).unwrap();

    assert_eq!(again.json().unwrap(), first.json().unwrap());
    assert_eq!(ground.count(SUSPENDED).await, 0);
    assert_eq!(suspend("y").await.error_code(), "IDEMPOTENCY_KEY_REUSED");
    // Keys are each person's own.
    let other = ground.vendor_of(Vendor::Support).await;
    let request = other.request(Method::POST, "/api/v1/tenants/mandala/suspend");
    let request = request.json(&json!({ "reason": "x" })).header("Idempotency-Key", "k-1");
    assert_eq!(Answer::of(request).await.unwrap().status, 200);
    assert_eq!(ground.count(SUSPENDED).await, 1);
}

#[tokio::test]
async fn the_vendor_signs_a_hotel_up() {
    let ground = Ground::new().await;
    let support = ground.vendor_of(Vendor::Support).await;
    let signup = platform_tests::client::Signup::of("mandala");
    let body = serde_json::to_value(&signup).unwrap();
    let create = async || {
        let request = support.request(Method::POST, "/api/v1/tenants").json(&body);
        Answer::of(request.header("Idempotency-Key", "t-1")).await.unwrap()
    };

    let made = create().await.expect_status(202).unwrap().data().unwrap();

    assert_eq!((&made["slug"], &made["state"]), (&json!("mandala"), &json!("pending")));
    assert_eq!(create().await.data().unwrap(), made);
    let by = "SELECT count(*) FROM operations o JOIN vendor_users v ON v.id = o.requested_by";
    assert_eq!(ground.count(by).await, 1);
    let taken = support.post("/api/v1/tenants", &body).await.unwrap();
    assert_eq!((taken.status.as_u16(), &*taken.error_code()), (409, "SLUG_TAKEN"));
    let faulty = support.post("/api/v1/tenants", &json!({ "slug": "surya" })).await.unwrap();
    assert_eq!((faulty.status.as_u16(), &*faulty.error_code()), (422, "VALIDATION_FAILED"));
}

#[tokio::test]
async fn a_slug_means_whoever_holds_it() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    let first = ground.sign_up("mandala").await;
    ground.move_provisioning(&first, &["provisioning", "failed"]).await;
    let show = async |name: &str| vendor.get(&format!("/api/v1/tenants/{name}")).await.unwrap();
    let shown = show("mandala").await.data().unwrap();
    assert_eq!((&shown["id"], &shown["provisioning"]), (&json!(first), &json!("failed")));

    let second = ground.open_hotel("mandala").await;

    assert_eq!(show("Mandala").await.data().unwrap()["id"], json!(second));
    assert_eq!(show(&first).await.data().unwrap()["id"], json!(first));
    assert_eq!(show("nobody").await.error_code(), "NOT_FOUND");
    let placement = &show("mandala").await.data().unwrap()["placement"];
    assert_eq!((&placement["db_host"], &placement["generation"]), (&json!("one"), &json!(1)));
}

#[tokio::test]
async fn what_exists_of_a_tenant_changes_only_as_the_table_says() {
    let ground = Ground::new().await;
    let id = ground.open_hotel("mandala").await;
    for from in Provisioning::ALL {
        for to in Provisioning::ALL {
            let put = "UPDATE tenants SET provisioning = $2 WHERE id = $1::text::uuid";
            ground.database.execute(put, &[&id, &from.as_str()]).await.unwrap();
            let door = "SELECT move_provisioning($1::text::uuid, $2)";
            let moved = ground.database.query_one(door, &[&id, &to.as_str()]).await;
            assert_eq!(moved.is_ok(), from.moved_to(*to).is_ok(), "{from} to {to}");
            let now = "SELECT provisioning FROM tenants WHERE id = $1::text::uuid";
            let now = ground.database.query_one(now, &[&id]).await.unwrap();
            let wanted = if moved.is_ok() { to } else { from };
            assert_eq!(now.get::<_, &str>(0), wanted.as_str(), "{from} to {to}");
        }
    }
}
