//! The way from the signup to the first booking, step by step.

use platform_tests::{
    platform::{Platform, Stage},
    postgres::Preset,
    secrets,
};
use thirtyfour::By;

use crate::browser::Browser;

const PASSWORD: &str = "kunci-kamar-tujuh-belas";

/// Fills the signup in, down to the button.
async fn fill_in_signup(browser: &Browser) {
    let slug = format!("hotel-{}", secrets::tag());
    browser.fill("company_name", "Hotel Mandala Ubud").await;
    browser.fill("slug", &slug).await;
    browser.press("#region option[value='ID-BA']").await;
    browser.fill("rooms", "12").await;
    browser.fill("owner_name", "Wayan Sudana").await;
    browser.fill("owner_email", "wayan@mandala.example").await;
    browser.fill("owner_phone", "+628123456789").await;
    browser.fill("password", PASSWORD).await;
    browser.press("input[name='plan'][value='growth']").await;
    browser.press("input[name='billing_cycle'][value='monthly']").await;
}

async fn log_in(browser: &Browser) {
    browser.wait_for("form[action='/login']").await;
    browser.fill("email", "wayan@mandala.example").await;
    browser.fill("password", PASSWORD).await;
    browser.press("form[action='/login'] button").await;
    browser.wait_for("#setup").await;
}

async fn set_up(browser: &Browser) {
    browser.fill("type_name", "Deluxe Taman").await;
    browser.fill("type_code", "dlx").await;
    browser.press("form[action='/setup/room-types'] button").await;
    browser.wait_for("#rooms_numbers").await;
    browser.fill("rooms_numbers", "101-110").await;
    browser.follow("form[action='/setup/rooms'] button").await;
    browser.wait_for("p[role='status']").await;
    browser.fill("rate_amount", "750.000").await;
    browser.press("form[action='/setup/rates'] button").await;
    browser.wait_for("a.button[href^='/book']").await;
}

async fn book(browser: &Browser) -> String {
    browser.fill("full_name", "Ni Luh Sari").await;
    browser.fill("email", "sari@tamu.example").await;
    browser.press("form[action='/book'] button").await;
    browser.wait_for("#stay").await;
    let title = browser.wait_for("h1").await;
    title.rsplit(' ').next().unwrap().to_owned()
}

async fn start() -> (Stage, Platform) {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let platform = stage.platform(1).unwrap().start().await.unwrap();
    (stage, platform)
}

#[tokio::test]
async fn a_hotel_signs_up_is_set_up_and_takes_its_first_booking() {
    let (_stage, mut platform) = start().await;
    let mut browser = Browser::open("scripts", true).await;
    let signup = format!("{}/signup", platform.setup().control_public_url());

    browser.driver.goto(&signup).await.unwrap();
    browser.inspect("signup").await;
    fill_in_signup(&browser).await;
    browser.wait_for("#slug-state[data-now='free']").await;
    browser.press("form[data-signup] button[type='submit']").await;

    browser.wait_for("form[action='/login']").await;
    browser.inspect("login").await;
    log_in(&browser).await;
    browser.inspect("set-up").await;
    set_up(&browser).await;
    browser.inspect("front-desk").await;

    browser.press("a.button[href^='/book']").await;
    browser.wait_for("#full_name").await;
    browser.inspect("book").await;
    let code = book(&browser).await;
    browser.inspect("reservation").await;

    browser.press("a[href='/reservations']").await;
    browser.wait_for("form[action='/reservations']").await;
    let list = browser.wait_for("table").await;
    assert!(list.contains(&code) && list.contains("Ni Luh Sari"), "{list}");
    browser.inspect("reservations").await;
    browser.follow("header a[href='/']").await;
    let arrivals = browser.wait_for("table").await;
    assert!(arrivals.contains(&code), "the guest arrives today: {arrivals}");

    browser.press("form[action='/logout'] button").await;
    browser.wait_for("form[action='/login']").await;
    browser.driver.goto(&format!("{}/nowhere", page_origin(&browser).await)).await.unwrap();
    browser.inspect("not-found").await;
    browser.close().await;
    platform.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_way_works_without_scripts() {
    let (_stage, mut platform) = start().await;
    let browser = Browser::open("plain", false).await;
    let signup = format!("{}/signup?lang=en", platform.setup().control_public_url());

    browser.driver.goto(&signup).await.unwrap();
    fill_in_signup(&browser).await;
    let state = browser.driver.find(By::Id("slug-state")).await.unwrap();
    assert_eq!(state.text().await.unwrap(), "", "no script has checked the slug");
    browser.press("form[data-signup] button[type='submit']").await;

    // The progress page reloads itself until the hotel is ready, and then leads to it.
    log_in(&browser).await;
    set_up(&browser).await;
    browser.press("a.button[href^='/book']").await;
    browser.wait_for("#full_name").await;
    let code = book(&browser).await;
    browser.press("a[href='/reservations']").await;
    browser.wait_for("form[action='/reservations']").await;
    assert!(browser.wait_for("table").await.contains(&code));
    browser.close().await;
    platform.stop().await.unwrap();
}

async fn page_origin(browser: &Browser) -> String {
    browser.driver.current_url().await.unwrap().origin().ascii_serialization()
}
