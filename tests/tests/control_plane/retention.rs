//! What becomes of the data of those who left: it is announced, held back or deleted in its time.

use platform_tests::{
    client::{Answer, Site},
    mail::{CaughtMail, Fault},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::ground::{Ground, SOON};

async fn churned((ground, vendor): (&Ground, &Site), slug: &str, days: u32) {
    ground.open_hotel(slug).await;
    let path = format!("/api/v1/tenants/{slug}/churn");
    let body = json!({ "reason": "sold" });
    vendor.post(&path, &body).await.unwrap().expect_status(200).unwrap();
    let sql = format!(
        "UPDATE tenants SET churned_at = now() - interval '{days} days' WHERE slug = '{slug}'"
    );
    ground.database.execute(&sql, &[]).await.unwrap();
}

async fn told(ground: &Ground, slug: &str) -> CaughtMail {
    ground.mail.wait_for_mail_to(&format!("owner@{slug}.example"), SOON).await.unwrap()
}

/// No other mails are due.
async fn without_welcome(ground: &Ground) {
    ground.database.execute("DELETE FROM welcome_mails", &[]).await.unwrap();
    let welcomed = "INSERT INTO welcome_mails (tenant_id) SELECT id FROM tenants";
    ground.database.execute(welcomed, &[]).await.unwrap();
}

/// Deletions that were asked for of this tenant.
fn deletions(slug: &str) -> String {
    format!(
        "SELECT count(*) FROM operations o JOIN tenants t ON t.id = o.tenant_id
         WHERE t.slug = '{slug}' AND o.kind = 'delete_tenant' AND o.requested_by IS NULL"
    )
}

#[tokio::test]
async fn data_is_deleted_in_its_time_after_its_owner_was_told_unless_it_is_held_back() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    churned((&ground, &vendor), "mandala", 95).await;
    churned((&ground, &vendor), "surya", 99).await;
    churned((&ground, &vendor), "fresh", 75).await;
    let retention = async |slug: &str| {
        let shown = vendor.get(&format!("/api/v1/tenants/{slug}")).await.unwrap();
        shown.data().unwrap()["retention"].clone()
    };
    let act = async |slug: &str, action: &str| {
        let path = format!("/api/v1/tenants/{slug}/{action}-deletion");
        vendor.post(&path, &json!({ "reason": "a court asks" })).await.unwrap()
    };
    let held = act("surya", "hold").await.expect_status(200).unwrap().data().unwrap();
    assert_eq!(held["retention"]["hold"]["reason"], "a court asks");
    assert_eq!(held["retention"]["deleted_from"], Value::Null);
    without_welcome(&ground).await;
    let _worker = ground.work();

    let letter = told(&ground, "mandala").await;
    assert!(letter.subject.starts_with("Data Hotel mandala akan dihapus pada 20"), "{letter:?}");
    assert!(letter.text.contains("http://mandala.hotelhub.localhost"), "{}", letter.text);
    // However long ago it left, the owner has two weeks from the letter on.
    let kept = "SELECT count(*) FROM retentions WHERE noticed_at > now() - interval '1 hour'";
    assert_eq!(ground.count(kept).await, 1, "neither who is held back nor who has time yet");
    ground.wait_for_count("SELECT count(*) FROM retentions WHERE told_at >= noticed_at", 1).await;
    let shown = retention("mandala").await;
    assert!(shown["owner_told_at"].is_string(), "{shown}");
    assert!(shown["deleted_from"].as_str() > shown["kept_until"].as_str(), "{shown}");

    let long_ago = "UPDATE retentions SET told_at = now() - interval '15 days'
                    WHERE told_at IS NOT NULL";
    ground.database.execute(long_ago, &[]).await.unwrap();
    ground.wait_for_count(&deletions("mandala"), 1).await;
    assert_eq!(ground.count(&deletions("surya")).await, 0, "it would have been the first");
    assert_eq!(ground.count(&deletions("fresh")).await, 0);
    let recorded = "SELECT count(*) FROM audit_log WHERE action = 'tenant.delete'
                    AND actor_kind = 'system' AND actor_name = 'retention'";
    assert_eq!(ground.count(recorded).await, 1);
    assert_eq!(act("mandala", "hold").await.error_code(), "OPERATION_IN_PROGRESS");

    // Nor does anybody else delete what is held back.
    let waived = json!({ "waive_retention": "the hotel asks" });
    let delete = vendor.request(Method::DELETE, "/api/v1/tenants/surya").json(&waived);
    assert_eq!(Answer::of(delete).await.unwrap().error_code(), "DELETION_HELD");
    act("surya", "release").await.expect_status(200).unwrap();
    assert_eq!(act("surya", "release").await.error_code(), "DELETION_NOT_HELD");
    told(&ground, "surya").await;
    assert_eq!(ground.count(&deletions("surya")).await, 0, "two weeks from now");
}

#[tokio::test]
async fn nothing_is_deleted_whose_owner_no_mail_server_took_the_letter_for() {
    let mut ground = Ground::new().await;
    let vendor = ground.vendor().await;
    // The first of the two would be deleted first.
    churned((&ground, &vendor), "mandala", 200).await;
    churned((&ground, &vendor), "surya", 120).await;
    let told_long_ago = "INSERT INTO retentions (tenant_id, noticed_at, told_at) \
                         SELECT id, now() - interval '15 days', now() - interval '15 days' \
                         FROM tenants WHERE slug = 'surya'";
    ground.database.execute(told_long_ago, &[]).await.unwrap();
    without_welcome(&ground).await;
    // Long ago as well: what counts is whether it was taken.
    let age = "UPDATE retentions SET noticed_at = now() - interval '6 days' WHERE told_at IS NULL";
    ground.mail.set_fault(Fault::Reject).await;
    let _worker = ground.work();
    let refused = "SELECT count(*) FROM jobs WHERE kind = 'deletion_notice' AND state = 'dead' \
                   AND last_error_code = 'SMTP_REFUSED'";
    ground.wait_for_count(refused, 1).await;
    ground.database.execute(age, &[]).await.unwrap();
    ground.wait_for_count(&deletions("surya"), 1).await;
    assert_eq!(ground.count(&deletions("mandala")).await, 0);
    let attention = async || {
        let found = vendor.get("/api/v1/attention").await.unwrap().data().unwrap();
        found["untold_owners"].clone()
    };
    let untold = attention().await;
    assert_eq!(untold.as_array().unwrap().len(), 1, "{untold}");
    assert_eq!(untold[0]["slug"], "mandala");
    assert_eq!(untold[0]["owner_email"], "owner@mandala.example");

    // A week later it is asked for again, and the owner has two weeks from then on.
    ground.mail.set_fault(Fault::None).await;
    let age = "UPDATE retentions SET noticed_at = now() - interval '8 days' WHERE told_at IS NULL";
    ground.database.execute(age, &[]).await.unwrap();
    told(&ground, "mandala").await;
    let known = "SELECT count(*) FROM retentions WHERE told_at > now() - interval '1 hour'";
    ground.wait_for_count(known, 1).await;
    let shown = vendor.get("/api/v1/tenants/mandala").await.unwrap().data().unwrap();
    assert!(shown["retention"]["owner_told_at"].is_string(), "{shown}");
    assert_eq!(attention().await, json!([]));
    assert_eq!(ground.count(&deletions("mandala")).await, 0, "two weeks from now");
}

#[tokio::test]
async fn only_what_has_churned_is_held_back_and_only_by_a_head() {
    let ground = Ground::new().await;
    let vendor = ground.vendor().await;
    ground.open_hotel("mandala").await;
    let path = "/api/v1/tenants/mandala/hold-deletion";
    let answer = vendor.post(path, &json!({ "reason": "x" })).await.unwrap();
    assert_eq!((answer.status.as_u16(), &*answer.error_code()), (409, "TENANT_NOT_CHURNED"));
    let answer = vendor.post(path, &json!({ "reason": " " })).await.unwrap();
    assert_eq!(answer.error_code(), "VALIDATION_FAILED");
    let shown = vendor.get("/api/v1/tenants/mandala").await.unwrap().data().unwrap();
    assert_eq!(shown["retention"], Value::Null);
}
