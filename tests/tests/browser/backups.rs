//! Backups in the vendor's panel: one is made, shown beside the hotel, and let go again.

use platform_tests::{
    client::Signup,
    platform::{HOTEL_DEADLINE, Stage},
    postgres::{Preset, connect},
};

use crate::{browser::Browser, rooms::log_in};

/// Drills that were, so that the list has something to show.
const DRILLS: &str = "
    INSERT INTO restore_drills (id, tenant_id, backup_id, state, error, figures, started_at, finished_at)
      SELECT gen_random_uuid(), id, gen_random_uuid(), (ARRAY['passed', 'failed', 'broken_off'])[n],
        CASE WHEN n > 1 THEN 'not true that an owner can log in (1)' END,
        '{\"rows\": 3120}', now() - n * interval '1 day', now() - n * interval '1 day' + interval '4 s'
      FROM tenants, generate_series(1, 3) n";

#[tokio::test]
async fn a_backup_is_made_shown_and_let_go() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let control = platform.control().unwrap();
    let signup = Signup::of("mandala");
    control.open_hotel(&signup, HOTEL_DEADLINE).await.unwrap();
    let mut url = stage.postgres.urls().unwrap().superuser;
    url.set_path("/hotelhub_control");
    connect(&url).await.unwrap().simple_query(DRILLS).await.unwrap();
    let mut browser = Browser::open("backups", true).await;
    let panel = log_in(&browser, &platform).await;

    browser.press("nav.rooms a[href='/panel/backups']").await;
    browser.wait_for("main .facts").await;
    browser.inspect("none").await;
    browser.driver.goto(format!("{panel}/tenants/mandala/backups?lang=en")).await.unwrap();
    browser.wait_for("form[action$='/backups'] button").await;
    browser.tab_to("form[action$='/backups'] button").await;
    browser.press("form[action$='/backups'] button").await;
    browser.wait_for("main .notice h2").await;
    browser.inspect("made").await;
    browser.driver.goto(format!("{panel}/tenants/mandala/backups")).await.unwrap();
    browser.wait_for("tbody a[href$='/restore']").await;
    browser.inspect("hotel").await;

    browser.press("tbody a[href$='/restore']").await;
    browser.wait_for("#confirm").await;
    browser.inspect("restore").await;
    browser.press("input[value='swap']").await;
    browser.press("main form button").await;
    browser.wait_for("#confirm-error").await;
    browser.inspect("unsure").await;
    browser.press("input[value='preview']").await;
    browser.follow("main form button").await;
    browser.wait_for("main .notice h2").await;
    browser.driver.goto(format!("{panel}/tenants/mandala/backups?lang=id")).await.unwrap();
    browser.wait_for("a[href$='/preview/discard']").await;
    browser.inspect("preview").await;
    browser.press("main .actions a.button").await;
    browser.wait_for("form[action='/login']").await;
    browser.fill("email", &signup.owner_email).await;
    browser.fill("password", &signup.password).await;
    browser.press("main form button").await;
    let told = browser.wait_for(".notice.warn").await;
    assert!(told.contains("pratinjau") || told.contains("preview"), "{told}");
    browser.inspect("inside").await;

    browser.driver.goto(format!("{panel}/tenants/mandala/preview/discard?lang=en")).await.unwrap();
    browser.wait_for("main .consequences").await;
    browser.inspect("discard").await;
    browser.press("main form button").await;
    browser.wait_for("main .notice h2").await;
    browser.driver.goto(format!("{panel}/backups/drills?lang=id")).await.unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("drills").await;
    browser.driver.goto(format!("{panel}/backups?lang=id")).await.unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("all").await;
    browser.close().await;
    platform.stop().await.unwrap();
}
