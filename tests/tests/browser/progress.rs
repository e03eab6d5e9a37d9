//! The page of a signup while its hotel is made: each step appears without a reload, in words.

use platform_tests::{
    client::Signup,
    platform::{Platform, Role, Stage},
    postgres::{Preset, connect},
    waiting::eventually,
};
use thirtyfour::By;
use tokio_postgres::Client;

use crate::browser::{Browser, PATIENCE};

/// A platform on which no hotel is made: the test plays the provisioner.
async fn start() -> (Stage, Platform, Client) {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let builder = stage.platform(1).unwrap().without(Role::Provisioner);
    let platform = builder.start().await.unwrap();
    let database = connect(&stage.postgres.urls().unwrap().control).await.unwrap();
    (stage, platform, database)
}

/// Says of each step how far it is.
async fn record(database: &Client, tenant: &str, states: &[(&str, &str)]) {
    let run = "INSERT INTO operation_runs (operation_id, state, facts)
         SELECT id, 'forward', '{}' FROM operations ON CONFLICT DO NOTHING";
    database.execute(run, &[]).await.unwrap();
    for (position, (name, state)) in (0_i32..).zip(states) {
        let step = "INSERT INTO operation_steps
               (operation_id, position, name, state, started_at, finished_at)
             SELECT id, $1, $2, $3, now(), CASE WHEN $3 = 'done' THEN now() END FROM operations
             ON CONFLICT (operation_id, position) DO UPDATE
               SET state = excluded.state, finished_at = excluded.finished_at";
        database.execute(step, &[&position, name, state]).await.unwrap();
    }
    database.query("SELECT pg_notify('operation_steps', $1)", &[&tenant]).await.unwrap();
}

#[tokio::test]
async fn steps_appear_as_they_happen_and_the_end_leads_to_the_login() {
    let (_stage, mut platform, database) = start().await;
    let taken = platform.control().unwrap().sign_up(&Signup::of("mandala")).await.unwrap();
    let mut browser = Browser::open("progress", true).await;
    let page = format!("{}/signup/{}", platform.setup().control_public_url(), taken.tenant_id);
    browser.driver.goto(&format!("{page}?lang=id")).await.unwrap();
    browser.wait_for_text("#now", "Menunggu giliran").await;
    browser.inspect("waiting-id").await;
    browser.driver.execute("window.sameDocument = true", Vec::new()).await.unwrap();

    let begun = [("place", "done"), ("create_database", "running"), ("seed", "pending")];
    record(&database, &taken.tenant_id, &begun).await;
    browser.wait_for_text("#now", "Langkah 2 dari 3: Membuat basis data").await;
    browser.inspect("half-way-id").await;
    let kept = browser.driver.execute("return window.sameDocument === true", Vec::new()).await;
    assert_eq!(kept.unwrap().json().as_bool(), Some(true), "the page was loaded again");

    browser.driver.goto(&format!("{page}?lang=en")).await.unwrap();
    browser.wait_for_text("#now", "Step 2 of 3: Making a database").await;
    let nearly = [("place", "done"), ("create_database", "done"), ("seed", "running")];
    record(&database, &taken.tenant_id, &nearly).await;
    browser.wait_for_text("#now", "Step 3 of 3").await;
    let bar = browser.driver.find(By::Id("bar")).await.unwrap();
    assert_eq!(bar.prop("value").await.unwrap().as_deref(), Some("2"));
    browser.inspect("half-way-en").await;

    for state in ["provisioning", "ready"] {
        let sql = "SELECT move_provisioning($1::text::uuid, $2)";
        database.query_one(sql, &[&taken.tenant_id, &state]).await.unwrap();
    }
    let at_login = async || {
        let url = browser.driver.current_url().await.ok()?;
        (url.host_str() == Some(&taken.host) && url.path() == "/login").then_some(())
    };
    eventually(PATIENCE, "the login of the hotel", at_login).await.unwrap();
    browser.close().await;
    platform.stop().await.unwrap();
}
