//! The vendor's panel: a hotel's domain is added, set in DNS, looked at, preferred and released.

use platform_tests::{
    client::Signup,
    dns::DnsServer,
    platform::{HOTEL_DEADLINE, Stage, VENDOR_EMAIL},
    postgres::Preset,
};
use thirtyfour::Key;

use crate::browser::Browser;

const NAME: &str = "www.hotelmandala.com";

#[tokio::test]
async fn a_domain_is_added_by_keyboard_and_says_what_is_next() {
    let stage = Stage::new(Preset::Fast).await.unwrap();
    let dns = DnsServer::start().await.unwrap();
    let builder = stage.platform(1).unwrap().env("DNS_SERVERS", &dns.address());
    let mut platform = builder.start().await.unwrap();
    let control = platform.control().unwrap();
    let taken = control.sign_up(&Signup::of("mandala")).await.unwrap();
    control.wait_ready(&taken.tenant_id, HOTEL_DEADLINE).await.unwrap();
    let mut browser = Browser::open("domains", true).await;
    let panel = format!("{}/panel", platform.setup().panel_public_url());
    browser.driver.goto(format!("{panel}/domains?lang=en")).await.unwrap();
    browser.fill("email", VENDOR_EMAIL).await;
    browser.fill("password", platform.vendor_password()).await;
    browser.press("main button").await;
    browser.wait_for("form[action='/panel/logout']").await;
    browser.press("nav.rooms a[href='/panel/domains']").await;
    browser.wait_for("tbody").await;
    browser.driver.goto(format!("{panel}/domains?lang=en")).await.unwrap();
    let table = browser.wait_for("tbody").await;
    assert!(table.contains("mandala.hotelhub.localhost") && table.contains("Live"), "{table}");
    browser.inspect("list-en").await;
    browser.press("tbody a").await;
    browser.wait_for("#hostname").await;

    browser.fill("hostname", "mandala").await;
    browser.press("form[aria-labelledby='new'] button").await;
    let refused = browser.wait_for("p[role='alert']").await;
    assert!(refused.contains("VALIDATION_FAILED"), "{refused}");
    let why = browser.wait_for("#hostname-error").await;
    assert_eq!(why, "A domain name has a dot. Type for example www.hotelmandala.com.");
    browser.inspect("refused").await;
    browser.fill("hostname", NAME).await;
    browser.tab_to("form[aria-labelledby='new'] button").await;
    browser.driver.active_element().await.unwrap().send_keys(Key::Enter).await.unwrap();
    let told = browser.wait_for("p[role='status']").await;
    assert!(told.starts_with("The domain is added"), "{told}");
    let verify = format!("button[aria-label='Look now: {NAME}']");
    browser.follow(&verify).await;
    browser.wait_for("p.notice.warn").await;
    browser.inspect("action-needed-en").await;
    browser.driver.goto(format!("{panel}/tenants/mandala/domains?lang=id")).await.unwrap();
    let next = browser.wait_for("p.notice.warn").await;
    assert!(next.contains("Perlu tindakan") && next.contains("TXT"), "{next}");
    browser.inspect("action-needed-id").await;

    let vendor = platform.vendor().await.unwrap();
    let path = format!("/api/v1/tenants/mandala/domains/{NAME}");
    let shown = vendor.site().get(&path).await.unwrap().data().unwrap();
    let token = shown["records"][0]["value"].as_str().unwrap();
    dns.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &[token]);
    dns.zone().set_cname(NAME, &taken.host);
    browser.driver.goto(format!("{panel}/tenants/mandala/domains?lang=en")).await.unwrap();
    browser.follow(&verify).await;
    let prefer = format!("button[aria-label='Make primary: {NAME}']");
    browser.wait_for(&prefer).await;
    browser.inspect("live").await;
    browser.follow(&prefer).await;
    let told = browser.wait_for("p[role='status']").await;
    assert_eq!(told, "The hotel's pages lead to this domain now.");
    browser.inspect("primary").await;

    browser.press(&format!("a[href$='/{NAME}/release']")).await;
    browser.wait_for("button.danger").await;
    browser.inspect("release").await;
    browser.press("button.danger").await;
    let told = browser.wait_for("p[role='status']").await;
    assert_eq!(told, "The domain is released.");
    browser.close().await;
    platform.stop().await.unwrap();
}
