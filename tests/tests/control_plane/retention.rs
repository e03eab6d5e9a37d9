//! What becomes of the data of those who left: it is announced, held back or deleted in its time.

use platform_tests::{
    client::{Answer, Site},
    mail::CaughtMail,
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
    ground.database.execute("DELETE FROM welcome_mails", &[]).await.unwrap();
    let welcomed = "INSERT INTO welcome_mails (tenant_id) SELECT id FROM tenants";
    ground.database.execute(welcomed, &[]).await.unwrap();
    let _worker = ground.work();

    let letter = told(&ground, "mandala").await;
    assert!(letter.subject.starts_with("Data Hotel mandala akan dihapus pada 20"), "{letter:?}");
    assert!(letter.text.contains("http://mandala.hotelhub.localhost"), "{}", letter.text);
    // However long ago it left, the owner has two weeks from the letter on.
    let kept = "SELECT count(*) FROM retentions WHERE noticed_at > now() - interval '1 hour'";
    assert_eq!(ground.count(kept).await, 1, "neither who is held back nor who has time yet");
    let shown = retention("mandala").await;
    assert!(shown["owner_told_at"].is_string(), "{shown}");
    assert!(shown["deleted_from"].as_str() > shown["kept_until"].as_str(), "{shown}");

    let long_ago = "UPDATE retentions SET noticed_at = now() - interval '15 days'
                    WHERE noticed_at IS NOT NULL";
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
