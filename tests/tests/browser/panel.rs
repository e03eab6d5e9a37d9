//! The vendor's panel: a mail that failed is found among all hotels and sent again, jobs are held back
//! and let go.

use platform_tests::{
    mail::Fault,
    platform::{Platform, Stage, VENDOR_EMAIL},
    postgres::Preset,
    waiting::eventually,
};
use thirtyfour::Key;

use crate::{
    browser::Browser,
    failed_mail::{DELIVERY, GUEST, open_hotel},
};

/// Waits until the hotel's workers have told of the mail and of what was put in after it.
async fn wait_for_report(platform: &Platform) {
    let vendor = platform.vendor().await.unwrap();
    let told = async || {
        let heaps = vendor.site().get("/api/v1/jobs").await.ok()?;
        let kinds = ["reservation_confirmation", "push_availability_to_channel_manager"];
        kinds.iter().all(|it| heaps.body.contains(it)).then_some(())
    };
    eventually(DELIVERY, "the workers' report", told).await.unwrap();
}

#[tokio::test]
async fn the_vendor_finds_a_failed_mail_and_has_it_sent_again() {
    let mut stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    open_hotel(&mut stage, &platform).await;
    wait_for_report(&platform).await;
    let mut browser = Browser::open("panel", true).await;
    let panel = format!("{}/panel", platform.setup().panel_public_url());
    browser.driver.goto(&panel).await.unwrap();
    browser.wait_for("form[action='/panel/login']").await;
    browser.inspect("login").await;
    browser.fill("email", VENDOR_EMAIL).await;
    browser.fill("password", "wrong").await;
    browser.press("main button").await;
    browser.wait_for("p[role='alert']").await;
    browser.inspect("login-refused").await;
    browser.fill("password", platform.vendor_password()).await;
    browser.press("main button").await;

    browser.wait_for("form[action='/panel/logout']").await;
    browser.driver.goto(format!("{panel}/jobs?lang=id")).await.unwrap();
    let table = browser.wait_for("tbody").await;
    assert!(table.contains("Dicoba ulang"), "{table}");
    browser.inspect("jobs-id").await;
    browser.driver.goto(format!("{panel}/jobs?lang=en&error=SMTP_REFUSED")).await.unwrap();
    let table = browser.wait_for("table").await;
    assert!(table.contains("mandala") && table.contains("reservation_confirmation"), "{table}");
    browser.inspect("jobs-filtered-en").await;
    browser.press("tbody a").await;
    let heading = browser.wait_for("form[action='/panel/tenants/mandala/jobs']").await;
    assert!(heading.contains("Outside system"), "{heading}");
    browser.inspect("hotel-jobs-en").await;

    stage.mail.set_fault(Fault::None).await;
    browser.tab_to("button[aria-label^='Try again: reservation_confirmation']").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    let told = browser.wait_for("p[role='status']").await;
    assert_eq!(told, "The job is tried again.");
    browser.inspect("retried").await;
    stage.mail.wait_for_mail_to(GUEST, DELIVERY).await.unwrap();

    browser.driver.goto(format!("{panel}/tenants/mandala/jobs?lang=id")).await.unwrap();
    browser.wait_for("table").await;
    browser.inspect("hotel-jobs-id").await;
    let waiting = format!("{panel}/tenants/mandala/jobs?lang=en&state=waiting");
    browser.driver.goto(&waiting).await.unwrap();
    browser.tab_to("button[aria-label^='Cancel: report_day']").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    let told = browser.wait_for("p[role='status']").await;
    assert!(told.starts_with("The job is cancelled"), "{told}");
    browser.driver.goto(format!("{panel}/tenants/mandala/jobs?lang=en&state=dead")).await.unwrap();
    browser.press("a[href^='/panel/tenants/mandala/jobs/retry']").await;
    let counted = browser.wait_for_text("main h2", "Jobs that match").await;
    assert_eq!(counted, "Jobs that match: 2");
    browser.inspect("hotel-retry").await;
    browser.fill("per_minute", "600").await;
    browser.press("main form button").await;
    let told = browser.wait_for("p[role='status']").await;
    assert_eq!(told, "Jobs tried again: 2 / 2");
    browser.inspect("hotel-retried").await;

    hold_back_and_let_go(&mut browser, &panel).await;
    retry_everywhere(&mut browser, &panel).await;
    browser.press("form[action='/panel/logout'] button").await;
    browser.wait_for("form[action='/panel/login']").await;
    browser.close().await;
    platform.stop().await.unwrap();
}

async fn hold_back_and_let_go(browser: &mut Browser, panel: &str) {
    browser.press("nav.rooms a[href='/panel/job-pauses']").await;
    browser.wait_for("form[action='/panel/job-pauses']").await;
    browser.inspect("no-pauses").await;
    browser.fill("tenant", "nowhere").await;
    browser.fill("reason", "the mail server is being moved").await;
    browser.press("form[method='post'][action='/panel/job-pauses'] button").await;
    let refused = browser.wait_for("p[role='alert']").await;
    assert!(refused.contains("there is no such tenant"), "{refused}");
    browser.inspect("pause-refused").await;
    browser.fill("tenant", "mandala").await;
    browser.press("form[method='post'][action='/panel/job-pauses'] button").await;
    browser.wait_for("table").await;
    browser.driver.goto(format!("{panel}/job-pauses?lang=id")).await.unwrap();
    browser.wait_for("table").await;
    browser.inspect("paused-id").await;
    browser.tab_to("form[action$='/resume'] button").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    let told = browser.wait_for("p[role='status']").await;
    assert_eq!(told, "Jeda dicabut.");
}

async fn retry_everywhere(browser: &mut Browser, panel: &str) {
    browser.driver.goto(format!("{panel}/jobs/retry?lang=en&kind=push_rates_odd")).await.unwrap();
    browser.wait_for("main").await;
    browser.inspect("nothing-to-retry").await;
    browser.driver.goto(format!("{panel}/jobs?lang=en")).await.unwrap();
    browser.press("a[href^='/panel/jobs/retry']").await;
    browser.wait_for("form[action='/panel/jobs/retry']").await;
    browser.inspect("retry-counted").await;
    browser.press("main form button").await;
    let told = browser.wait_for("h2[role='status']").await;
    assert!(told.starts_with("Jobs tried again: "), "{told}");
    browser.inspect("retry-done").await;
}
