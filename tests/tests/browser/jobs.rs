//! The page of jobs: a mail that failed is found and sent again, with the keyboard alone.

use platform_tests::{mail::Fault, platform::Stage, postgres::Preset};
use thirtyfour::Key;

use crate::{
    browser::Browser,
    failed_mail::{DELIVERY, GUEST, open_hotel},
};

#[tokio::test]
async fn a_failed_mail_is_found_and_sent_again_with_the_keyboard_alone() {
    let mut stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let (taken, signup) = open_hotel(&mut stage, &platform).await;
    let mut browser = Browser::open("jobs", true).await;
    let hotel = platform.setup().tenant_public_url(&taken.host);
    browser.driver.goto(format!("{hotel}/login")).await.unwrap();
    browser.fill("email", &signup.owner_email).await;
    browser.fill("password", &signup.password).await;
    browser.press("form[action='/login'] button").await;

    browser.wait_for("header a[href='/jobs']").await;
    browser.press("header a[href='/jobs']").await;
    browser.wait_for("form[action='/jobs/retry']").await;
    browser.driver.goto(format!("{hotel}/jobs?lang=id")).await.unwrap();
    let lead = browser.wait_for("main").await;
    assert!(lead.contains("Perlu perhatian Anda: 3"), "{lead}");
    browser.inspect("all-id").await;
    browser.driver.goto(format!("{hotel}/jobs?lang=en&state=dead")).await.unwrap();
    let table = browser.wait_for("table").await;
    assert!(table.contains("Reservation confirmation mail"), "{table}");
    assert!(table.contains("SMTP_REFUSED"), "{table}");
    browser.inspect("failed-en").await;

    stage.mail.set_fault(Fault::None).await;
    browser.tab_to("button[aria-label^='Try again: Reservation confirmation mail']").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    let told = browser.wait_for("p[role='status']").await;
    assert!(told.contains(": 1"), "{told}");
    browser.inspect("retried").await;
    stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();

    browser.driver.goto(format!("{hotel}/jobs?lang=en&state=waiting")).await.unwrap();
    browser.tab_to("button[aria-label^='Cancel: Daily report mail']").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    browser.wait_for("p[role='status']").await;
    browser.inspect("cancelled").await;
    browser.close().await;
    platform.stop().await.unwrap();
}
