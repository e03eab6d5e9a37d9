//! The owner takes the hotel's data along, on the hotel's own pages.

use platform_tests::{
    client::Signup,
    platform::{HOTEL_DEADLINE, Stage},
    postgres::Preset,
};

use crate::browser::Browser;

#[tokio::test]
async fn an_owner_asks_for_an_export_and_downloads_it() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let mut platform = stage.platform(1).unwrap().start().await.unwrap();
    let (control, signup) = (platform.control().unwrap(), Signup::of("mandala"));
    let taken = control.sign_up(&signup).await.unwrap();
    control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
    let hotel = platform.setup().tenant_public_url(&taken.host);
    let mut owner = Browser::open("exports", true).await;
    owner.driver.goto(format!("{hotel}/login?lang=id")).await.unwrap();
    owner.fill("email", &signup.owner_email).await;
    owner.fill("password", &signup.password).await;
    owner.press("main form button").await;
    owner.press("header a[href='/exports']").await;
    owner.wait_for("form[action='/exports'] button").await;
    owner.inspect("none").await;
    owner.tab_to("form[action='/exports'] button").await;
    owner.press("form[action='/exports'] button").await;
    let told = owner.wait_for("p[role='status']").await;
    assert!(told.starts_with("Ekspor diminta."), "{told}");
    owner.inspect("asked").await;
    let file = "a[href$='/bundle']";
    owner.reload_until(&format!("{hotel}/exports?lang=en"), file).await;
    owner.inspect("ready").await;
    owner.close().await;
    platform.stop().await.unwrap();
}
