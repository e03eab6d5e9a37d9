//! What a hotel's owner is told by mail when support asks to come in: once, and only while it waits.

use std::time::Duration;

use platform_tests::{mail::CaughtMail, platform::VENDOR_EMAIL, waiting::eventually};
use serde_json::json;

use crate::{
    house::{House, TestHotel, shared},
    page_visitor::PageVisitor,
    support::{ask, vendor},
};

const SOON: Duration = Duration::from_secs(60);
/// Mails of one hotel that were asked for.
const ASKED: &str = "SELECT count(*) FROM jobs j \
                     JOIN support_stays s ON s.grant_id::text = j.payload ->> 'grant_id' \
                     WHERE j.kind = 'support_mail' AND s.tenant_id::text = $1";
/// Requests of one hotel whose owner is still to be told.
const DUE: &str = "SELECT count(*) FROM support_stays \
                   WHERE mail_due_at IS NOT NULL AND tenant_id::text = $1";

async fn count(house: &House, it: &TestHotel, sql: &str) -> i64 {
    let control = house.control_session().await;
    control.query_one(sql, &[&it.tenant]).await.unwrap().get(0)
}

fn is_about(mail: &CaughtMail, it: &TestHotel) -> bool {
    mail.is_to(&it.email) && mail.subject.starts_with("Dukungan HotelHub meminta akses")
}

#[tokio::test]
async fn an_owner_is_told_once_that_support_asks() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;

    let grant = ask(&vendor, &it, 30).await;
    let about = |mail: &CaughtMail| is_about(mail, &it);
    let mail = house.stage.mail.wait_for(SOON, "the mail about support", about).await.unwrap();
    let link = format!("{}:", it.site().host());
    for words in ["ticket 4711", VENDOR_EMAIL, "30 menit", "WIB", &link, "/support-access"] {
        assert!(mail.text.contains(words), "{words}: {}", mail.text);
    }

    assert_eq!(ask(&vendor, &it, 30).await["id"], grant["id"]);
    assert_eq!((count(&house, &it, DUE).await, count(&house, &it, ASKED).await), (0, 1));
    let mails = house.stage.mail.store().list();
    assert_eq!(mails.iter().filter(|mail| is_about(mail, &it)).count(), 1);
}

#[tokio::test]
async fn an_owner_is_not_told_of_what_is_decided() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let vendor = vendor(&house).await;
    let owner = PageVisitor::owner(&it).await;

    // Answered before the mail is on its way.
    let grant = ask(&vendor, &it, 30).await;
    let about = |mail: &CaughtMail| is_about(mail, &it);
    house.stage.mail.wait_for(SOON, "the mail about support", about).await.unwrap();
    let refuse = format!("/support-access/{}/refuse", grant["id"].as_str().unwrap());
    owner.send(&refuse, &[]).await.expect_status(303).unwrap();
    let again = "UPDATE support_stays SET mail_due_at = now() WHERE tenant_id::text = $1";
    house.control_session().await.execute(again, &[&it.tenant]).await.unwrap();
    let skipped = format!("{ASKED} AND j.state = 'done' AND j.result ->> 'skipped' IS NOT NULL");
    eventually(SOON, "the mail to be left out", async || {
        (count(&house, &it, &skipped).await == 1).then_some(())
    })
    .await
    .unwrap();

    // Let in at once.
    let consent = owner.send("/support-access/standing", &[("standing", "yes")]).await;
    consent.expect_status(303).unwrap();
    assert_eq!(ask(&vendor, &it, 30).await["state"], json!("allowed"));
    assert_eq!((count(&house, &it, DUE).await, count(&house, &it, ASKED).await), (0, 2));
    let mails = house.stage.mail.store().list();
    assert_eq!(mails.iter().filter(|mail| is_about(mail, &it)).count(), 1);
}
