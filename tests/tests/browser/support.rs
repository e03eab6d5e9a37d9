//! The vendor's people, their second factor and their log at the panel; and support in a hotel, asked
//! for at the panel, allowed at the hotel, seen by both.

use platform_tests::{
    client::Signup,
    platform::{HOTEL_DEADLINE, Platform, Stage, VENDOR_EMAIL},
    postgres::Preset,
};

use crate::browser::Browser;

#[tokio::test]
async fn support_asks_at_the_panel_is_let_in_by_the_hotel_and_leaves() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let (control, signup) = (platform.control().unwrap(), Signup::of("mandala"));
    let taken = control.sign_up(&signup).await.unwrap();
    control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
    let hotel = platform.setup().tenant_public_url(&taken.host);
    let panel = format!("{}/panel", platform.setup().panel_public_url());

    let mut vendor = log_in_at_panel(&platform, &panel).await;
    look_after_people(&mut vendor, &panel).await;
    let place = format!("{panel}/tenants/mandala/support-access");
    vendor.driver.goto(format!("{place}?lang=en")).await.unwrap();
    vendor.fill("reason", "the room types of ticket 4711").await;
    vendor.press("form[aria-labelledby='ask'] button").await;
    let told = vendor.wait_for("p[role='status']").await;
    assert!(told.starts_with("The request is sent"), "{told}");
    vendor.inspect("asked").await;

    let owner = Browser::open("support-owner", false).await;
    owner.driver.goto(format!("{hotel}/login?lang=id")).await.unwrap();
    owner.fill("email", &signup.owner_email).await;
    owner.fill("password", &signup.password).await;
    owner.press("main form button").await;
    owner.press("header a[href='/support-access']").await;
    owner.wait_for("form[action$='/allow'] button").await;
    owner.press("form[action$='/allow'] button").await;
    let told = owner.wait_for("p[role='status']").await;
    assert_eq!(told, "Dukungan boleh masuk sekarang.");

    vendor.driver.goto(format!("{place}?lang=en")).await.unwrap();
    vendor.press("form[action$='/enter'] button").await;
    vendor.wait_for("a[href*='/support/']").await;
    vendor.inspect("link").await;
    vendor.press("a[href*='/support/']").await;
    vendor.wait_for("main form:not([action]) button").await;
    vendor.inspect("enter").await;
    vendor.press("main form:not([action]) button").await;
    vendor.wait_for("form[action='/support-access/leave'] button").await;
    vendor.inspect("inside").await;

    owner.driver.goto(format!("{hotel}/support-access?lang=en")).await.unwrap();
    let seen = owner.wait_for("main > section.warn").await;
    assert!(seen.starts_with("Support is inside:") && seen.contains("ticket 4711"), "{seen}");
    inspect_hotel(&hotel, &signup).await;

    vendor.press("form[action='/support-access/leave'] button").await;
    vendor.wait_for("form[action='/login']").await;
    vendor.close().await;
    owner.close().await;
    platform.stop().await.unwrap();
}

/// The owner's pages, looked at in a browser that runs axe-core.
async fn inspect_hotel(hotel: &str, signup: &Signup) {
    let mut owner = Browser::open("support-hotel", true).await;
    owner.driver.goto(format!("{hotel}/login?lang=en")).await.unwrap();
    owner.fill("email", &signup.owner_email).await;
    owner.fill("password", &signup.password).await;
    owner.press("main form button").await;
    owner.wait_for("form[action='/logout']").await;
    owner.inspect("front-desk").await;
    owner.driver.goto(format!("{hotel}/support-access")).await.unwrap();
    owner.wait_for("form[action='/support-access/standing']").await;
    owner.inspect("support-access").await;
    owner.driver.goto(format!("{hotel}/audit?verify=yes")).await.unwrap();
    owner.wait_for("table").await;
    owner.inspect("audit").await;
    owner.close().await;
}

async fn log_in_at_panel(platform: &Platform, panel: &str) -> Browser {
    let vendor = Browser::open("support", true).await;
    vendor.driver.goto(panel).await.unwrap();
    vendor.wait_for("form[action='/panel/login']").await;
    vendor.fill("email", VENDOR_EMAIL).await;
    vendor.fill("password", platform.vendor_password()).await;
    vendor.press("main button").await;
    vendor.wait_for("form[action='/panel/logout']").await;
    vendor
}

async fn look_after_people(vendor: &mut Browser, panel: &str) {
    vendor.driver.goto(format!("{panel}/users?lang=en")).await.unwrap();
    vendor.wait_for("table").await;
    vendor.inspect("users").await;
    vendor.fill("email", "ayu@hotelhub.localhost").await;
    vendor.fill("name", "Ayu Lestari").await;
    vendor.press("form[aria-labelledby='new'] button").await;
    vendor.wait_for("section[role='status'] code").await;
    vendor.inspect("invited").await;
    vendor.driver.goto(format!("{panel}/account?lang=id")).await.unwrap();
    vendor.wait_for("form[action='/panel/account/totp']").await;
    vendor.inspect("account").await;
    vendor.driver.goto(format!("{panel}/audit?lang=en&verify=yes")).await.unwrap();
    let told = vendor.wait_for("p[role='status']").await;
    assert!(told.starts_with("The chain is whole up to row"), "{told}");
    vendor.inspect("audit").await;
}
