//! The vendor's panel, room by room: a hotel is made before one's eyes, found while one types, looked
//! at and steered; the fleet is migrated; hosts are looked after. With the keyboard, in both languages.

use platform_tests::{
    platform::{Platform, Stage, VENDOR_EMAIL},
    postgres::{Preset, connect},
};
use thirtyfour::{By, Key};

use crate::browser::Browser;

/// Hotels beside the one that is made, in all states, and what goes wrong with some.
const OTHERS: &str = "
    INSERT INTO tenants (id, slug, company_name, owner_name, owner_email, owner_phone, language,
        region, status, provisioning, access, access_reason, plan_id, rooms, trial_ends_at,
        created_at, ready_at)
      SELECT gen_random_uuid(), 'hotel-' || n,
        (ARRAY['Candi', 'Tirta', 'Melati', 'Griya', 'Pondok'])[n % 5 + 1] || ' ' || n || ' Resort & Spa',
        'Made', 'made' || n || '@example.com', '+628123456' || n, 'id', 'ID-BA',
        (ARRAY['trial', 'active', 'active', 'suspended', 'churned'])[n % 5 + 1],
        CASE WHEN n = 7 THEN 'failed' ELSE 'ready' END,
        (ARRAY['full', 'full', 'grace', 'essential', 'stopped'])[n % 5 + 1], '',
        (SELECT id FROM plans ORDER BY max_rooms OFFSET n % 3 LIMIT 1), n + 3,
        now() + (n - 20) * interval '1 hour', now() - n * interval '1 day', now()
      FROM generate_series(1, 120) n;
    INSERT INTO job_reports SELECT id, now() + interval '1 day', now() FROM tenants
      WHERE slug = 'surya'
      ON CONFLICT (tenant_id) DO UPDATE SET looked_at = excluded.looked_at;
    INSERT INTO job_heaps (tenant_id, kind, state, error_code, jobs, oldest_at)
      SELECT id, 'reservation_confirmation', 'dead', 'SMTP_REFUSED', 3, now() FROM tenants
      WHERE slug = 'surya'";

/// A run that halted, with hotels that could not be migrated.
const HALTED: &str = "
    INSERT INTO fleet_migrations (id, schema_version, requested_at)
      VALUES ('01890a5d-ac96-774b-bcce-b302099a8099', 9, now());
    INSERT INTO fleet_runs (fleet_migration_id, state, schema_version, ring, halt_reason)
      VALUES ('01890a5d-ac96-774b-bcce-b302099a8099', 'halted', 9, 2, '6 tenants failed, and 5 may');
    INSERT INTO fleet_run_tenants (fleet_migration_id, tenant_id, ring, state, attempts, sqlstate,
        error, ms, finished_at)
      SELECT '01890a5d-ac96-774b-bcce-b302099a8099', id, least(n / 4, 3),
        CASE WHEN n % 9 = 8 THEN 'quarantined' WHEN n < 40 THEN 'done' ELSE 'pending' END, 1,
        CASE WHEN n % 9 = 8 THEN '42703' END,
        CASE WHEN n % 9 = 8 THEN 'V9__rates: column \"extra_bed\" does not exist: ALTER TABLE rate_plans' END,
        31, now()
      FROM (SELECT id, row_number() OVER (ORDER BY slug) n FROM tenants LIMIT 60) t";

/// A host that nobody reaches, and one that is nearly full.
const HOSTS: &str = "
    INSERT INTO db_hosts (id, name, address, port, sealed_admin_url, key_id, state, max_databases,
        max_connections)
      VALUES ('01890a5d-ac96-774b-bcce-b302099a8098', 'denpasar-1', '10.0.0.9', 5432, 'no', 'k1',
        'cordoned', 100, 80)";

/// A restore that failed with a long word in a long text.
const FAILED: &str = "
    INSERT INTO operations (id, tenant_id, kind, settled_at)
      SELECT '01890a5d-ac96-774b-bcce-b302099a8097', id, 'restore_tenant', now() FROM tenants
      WHERE slug = 'hotel-3';
    INSERT INTO operation_runs (operation_id, state, facts, last_error, finished_at)
      VALUES ('01890a5d-ac96-774b-bcce-b302099a8097', 'undone', '{}',
        'unable to copy ' || repeat('/a_long_name_of_a_folder', 40), now())";

async fn send(browser: &Browser, key: Key) {
    browser.driver.active_element().await.unwrap().send_keys(key).await.unwrap();
}

pub(crate) async fn log_in(browser: &Browser, platform: &Platform) -> String {
    let panel = format!("{}/panel", platform.setup().panel_public_url());
    browser.driver.goto(format!("{panel}?lang=en")).await.unwrap();
    browser.wait_for("form[action='/panel/login']").await;
    browser.fill("email", VENDOR_EMAIL).await;
    browser.fill("password", platform.vendor_password()).await;
    browser.press("main button").await;
    browser.wait_for("form[action='/panel/logout']").await;
    panel
}

#[tokio::test]
async fn a_hotel_is_made_found_and_steered() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let mut browser = Browser::open("rooms", true).await;
    let panel = log_in(&browser, &platform).await;
    browser.driver.goto(format!("{panel}?lang=en")).await.unwrap();
    browser.wait_for("main .notice").await;
    browser.inspect("home-all-well").await;
    make(&mut browser).await;

    let database = connect(&stage.postgres.urls().unwrap().control).await.unwrap();
    database.simple_query(OTHERS).await.unwrap();
    find(&mut browser, &panel).await;
    steer(&mut browser, &panel).await;
    end(&mut browser, &panel).await;
    browser.close().await;
    platform.stop().await.unwrap();
}

/// A hotel is made with the keyboard alone, and seen being made.
async fn make(browser: &mut Browser) {
    browser.tab_to("nav.rooms a[href='/panel/tenants']").await;
    send(browser, Key::Enter).await;
    browser.wait_for("main a[href='/panel/tenants/new']").await;
    browser.inspect("hotels-none").await;
    browser.tab_to("main a[href='/panel/tenants/new']").await;
    send(browser, Key::Enter).await;
    browser.wait_for("form[data-signup]").await;
    browser.inspect("new-hotel").await;
    browser.press("form[data-signup] button[type=submit]").await;
    let faults = browser.wait_for("#faults").await;
    assert!(faults.contains("Owner's name"), "{faults}");
    browser.inspect("new-hotel-refused").await;
    let fields = [
        ("company_name", "Hotel Surya"),
        ("slug", "surya"),
        ("rooms", "20"),
        ("owner_name", "Made Surya"),
        ("owner_email", "made@surya.example"),
        ("owner_phone", "+62 812 3456 789"),
        ("password", "correct horse battery"),
    ];
    for (id, text) in fields {
        browser.fill(id, text).await;
    }
    browser.press("#region option[value='ID-BA']").await;
    browser.follow("form[data-signup] button[type=submit]").await;
    let ready = browser.wait_for("main .notice h2").await;
    assert_eq!(ready, "The hotel is ready");
    let address = browser.wait_for("main .notice a").await;
    assert!(address.contains("//surya."), "{address}");
    browser.inspect("made").await;
}

/// It is found while one types, by the search of every page and by the list's own.
async fn find(browser: &mut Browser, panel: &str) {
    browser.driver.goto(format!("{panel}?lang=en")).await.unwrap();
    browser.wait_for("main .attention").await;
    browser.inspect("home").await;
    browser.driver.goto(format!("{panel}?lang=id")).await.unwrap();
    browser.wait_for("main .attention").await;
    browser.inspect("home-id").await;
    browser.driver.find(By::Css("body")).await.unwrap().send_keys("/").await.unwrap();
    let field = browser.driver.active_element().await.unwrap();
    assert_eq!(field.attr("id").await.unwrap().as_deref(), Some("quick"));
    field.send_keys("sury").await.unwrap();
    // Who types slowly is offered others first.
    let offer = browser.wait_for_text("#quick-list [role='option']", "Hotel Surya").await;
    assert!(offer.contains("surya"), "{offer}");
    browser.inspect("search-offers-id").await;
    field.send_keys("a").await.unwrap();
    browser.wait_for("#quick[aria-expanded='true']").await;
    send(browser, Key::Down).await;
    browser.wait_for("#quick-list [aria-selected='true']").await;
    send(browser, Key::Enter).await;
    let heading = browser.wait_for_text("main .heading h1", "surya").await;
    assert_eq!(heading, "surya");
    browser.inspect("hotel-id").await;

    browser.driver.goto(format!("{panel}/tenants?lang=en")).await.unwrap();
    let count = browser.wait_for("#results [role='status']").await;
    assert_eq!(count, "121 hotels");
    browser.inspect("hotels").await;
    browser.follow("a[rel='next']").await;
    browser.wait_for("#results table").await;
    browser.fill("q", "TIRTA 1").await;
    let count = browser.wait_for_text("#results [role='status']", "7 hotels").await;
    assert_eq!(count, "7 hotels");
    let place = browser.driver.current_url().await.unwrap();
    assert!(place.query().unwrap().contains("q=TIRTA+1"), "{place}");
    browser.inspect("hotels-found").await;
    browser
        .driver
        .goto(format!("{panel}/tenants?lang=id&status=suspended&plan=pro"))
        .await
        .unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("hotels-filtered-id").await;
}

/// It is suspended with a reason, and works again.
async fn steer(browser: &mut Browser, panel: &str) {
    browser.driver.goto(format!("{panel}/tenants/surya?lang=en")).await.unwrap();
    browser.wait_for("main .heading h1").await;
    browser.inspect("hotel").await;
    browser.tab_to("main a[href$='/actions/suspend']").await;
    send(browser, Key::Enter).await;
    browser.wait_for("main ul.consequences").await;
    browser.inspect("suspend").await;
    browser.fill("reason", "invoice 2026-114 is unpaid").await;
    send(browser, Key::Enter).await;
    let told = browser.wait_for("main p[role='status']").await;
    assert_eq!(told, "The hotel is suspended.");
    browser.inspect("suspended").await;
    browser.press("main a[href$='/actions/resume']").await;
    browser.wait_for("main ul.consequences").await;
    browser.press("main form button").await;
    let told = browser.wait_for("main p[role='status']").await;
    assert_eq!(told, "The hotel works again.");
    browser.press("main a[href$='/actions/move']").await;
    browser.wait_for("#db_host").await;
    browser.inspect("move").await;
    browser.driver.goto(format!("{panel}/operations?lang=en")).await.unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("operations").await;
    browser.driver.goto(format!("{panel}/operations?lang=id&state=undone")).await.unwrap();
    browser.wait_for("#results").await;
    browser.inspect("operations-none-id").await;
}

/// Its contract ends; it is deleted once its name has been typed right, and seen going.
async fn end(browser: &mut Browser, panel: &str) {
    browser.driver.goto(format!("{panel}/tenants/surya/actions/churn?lang=en")).await.unwrap();
    browser.wait_for("#reason").await;
    browser.inspect("churn").await;
    browser.fill("reason", "the hotel closes").await;
    browser.press("main form button").await;
    browser.wait_for("main p[role='status']").await;
    browser.press("main a[href$='/actions/delete']").await;
    browser.wait_for("#confirm").await;
    browser.press("input[name='without_final_backup']").await;
    browser.fill("confirm", "suria").await;
    browser.press("main form button").await;
    browser.wait_for("#confirm-error").await;
    browser.wait_for("input[name='without_final_backup']:checked").await;
    browser.inspect("delete-unsure").await;
    browser.fill("confirm", "surya").await;
    browser.fill("reason", "the hotel asks for it").await;
    browser.follow("main form button").await;
    browser.wait_for("main .notice h2").await;
    browser.inspect("deleted").await;
    browser.driver.goto(format!("{panel}/operations?lang=id")).await.unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("operations-id").await;
}

#[tokio::test]
async fn the_fleet_is_migrated_and_its_hosts_are_looked_after() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let control = platform.control().unwrap();
    let signup = platform_tests::client::Signup::of("surya");
    control.open_hotel(&signup, platform_tests::platform::HOTEL_DEADLINE).await.unwrap();
    let mut browser = Browser::open("fleet", true).await;
    let panel = log_in(&browser, &platform).await;
    browser.press("nav.rooms a[href='/panel/fleet']").await;
    browser.wait_for("main a[href='/panel/fleet/new']").await;
    browser.inspect("fleet-none").await;
    browser.press("main a[href='/panel/fleet/new']").await;
    browser.wait_for("#canaries").await;
    browser.inspect("begin").await;
    browser.fill("canaries", "nowhere").await;
    browser.press("main form button").await;
    let refused = browser.wait_for("p[role='alert']").await;
    assert!(refused.contains("nowhere"), "{refused}");
    browser.fill("canaries", "surya").await;
    browser.press("main form button").await;
    browser.wait_for("main #part .badge[data-tone='good']").await;
    browser.inspect("run-done").await;

    let database = connect(&stage.postgres.urls().unwrap().control).await.unwrap();
    for sql in [OTHERS, HALTED, HOSTS, FAILED] {
        database.simple_query(sql).await.unwrap();
    }
    browser.driver.goto(format!("{panel}/fleet?lang=id")).await.unwrap();
    browser.press("tbody a").await;
    browser.wait_for("#part .rings").await;
    browser.inspect("halted-id").await;
    browser.press("main a[href$='/tenants']").await;
    browser.wait_for("#results table").await;
    browser.inspect("run-hotels-id").await;
    browser.driver.goto(format!("{panel}/fleet?lang=en")).await.unwrap();
    browser.wait_for("table").await;
    browser.inspect("fleet").await;
    browser.press("tbody a").await;
    browser.tab_to("button[id^='aside-']").await;
    send(&browser, Key::Enter).await;
    let told = browser.wait_for("main p.notice[role='status']").await;
    assert_eq!(told, "The hotel is set aside.");
    browser.follow("#stop").await;
    let told = browser.wait_for("main p.notice[role='status']").await;
    assert_eq!(told, "The migration is stopped.");
    browser.inspect("stopped").await;
    look_after_hosts(&mut browser, &panel).await;
    browser.driver.goto(format!("{panel}?lang=en")).await.unwrap();
    browser.wait_for("main .attention").await;
    browser.inspect("home-in-trouble").await;
    browser.driver.goto(format!("{panel}/operations?lang=en&state=undone")).await.unwrap();
    browser.wait_for("#results table").await;
    browser.inspect("operations-failed").await;
    browser.driver.goto(format!("{panel}/audit?lang=en")).await.unwrap();
    browser.wait_for("table.log").await;
    let fits = "const frame = document.querySelector('table.log').parentElement; \
                return frame.scrollWidth <= frame.clientWidth";
    let fits = browser.driver.execute(fits, Vec::new()).await.unwrap();
    assert_eq!(fits.json().as_bool(), Some(true), "the details stand outside of the card");
    browser.inspect("audit").await;
    browser.close().await;
    platform.stop().await.unwrap();
}

async fn look_after_hosts(browser: &mut Browser, panel: &str) {
    browser.driver.goto(format!("{panel}/hosts?lang=id")).await.unwrap();
    browser.wait_for("table").await;
    browser.inspect("hosts-id").await;
    browser.driver.goto(format!("{panel}/hosts/new?lang=en")).await.unwrap();
    browser.wait_for("#admin_url").await;
    browser.inspect("new-host").await;
    browser.fill("name", "jakarta-9").await;
    browser.fill("address", "10.0.0.8").await;
    browser.fill("max_connections", "many").await;
    browser.fill("admin_url", "postgres://p:secret@10.0.0.8/postgres").await;
    browser.press("main form button").await;
    let refused = browser.wait_for("p[role='alert']").await;
    assert!(refused.contains("max_connections"), "{refused}");
    browser.inspect("new-host-refused").await;

    let away = format!("{panel}/hosts/01890a5d-ac96-774b-bcce-b302099a8098");
    browser.driver.goto(format!("{away}?lang=en")).await.unwrap();
    browser.wait_for("#part").await;
    browser.inspect("host").await;
    browser.press("main a[href$='/edit']").await;
    browser.wait_for("#port").await;
    browser.fill("port", "5433").await;
    browser.inspect("change-host").await;
    browser.press("main form button").await;
    let told = browser.wait_for("main p.notice[role='status']").await;
    assert_eq!(told, "The change is saved.");
    assert!(browser.wait_for("#part").await.contains("10.0.0.9:5433"));
    browser.tab_to("form[action$='/drain'] button").await;
    send(browser, Key::Enter).await;
    browser.wait_for_text("main p.notice[role='status']", "The host is being drained.").await;
    browser.inspect("drained").await;
    browser.press("main a[href$='/remove']").await;
    browser.wait_for("main ul.consequences").await;
    browser.inspect("remove-host").await;
    browser.press("main form button").await;
    let told = browser.wait_for("main p.notice[role='status']").await;
    assert_eq!(told, "The host is removed.");
    browser.press("tbody a").await;
    browser.wait_for("#part").await;
    browser.press("form[action$='/drain'] button").await;
    browser.wait_for("main p.notice[role='status']").await;
    let said = browser.wait_for("#part strong").await;
    assert!(said.starts_with("1 databases and "), "{said}");
    browser.inspect("draining").await;
    browser.press("main a[href$='/remove']").await;
    browser.wait_for("main ul.consequences").await;
    browser.press("main form button").await;
    let refused = browser.wait_for("p[role='alert']").await;
    assert!(refused.contains("DB_HOST_IN_USE"), "{refused}");
}
