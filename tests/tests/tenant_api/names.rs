//! A hotel's names: which may have a certificate, and where people are led.

use std::{future::ready, time::Duration};

use futures_util::{StreamExt as _, stream};
use platform_tests::{client::Answer, platform::Role, waiting::eventually};
use reqwest::{Method, redirect::Policy};

use crate::house::{House, PASSWORD, shared};

/// For what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives the hotel a custom domain, as a look at DNS would leave it.
async fn add_domain(house: &House, tenant: &str, host: &str, primary: bool) {
    let sql = format!(
        "UPDATE domains SET is_primary = false WHERE tenant_id = '{tenant}' AND {primary};
         INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status,
             created_at, kind, challenge)
           VALUES (gen_random_uuid(), '{tenant}', '{host}', {primary}, true, 'none', now(),
             'custom', 'x')"
    );
    house.control_sql(&sql).await;
}

async fn allow(site: &platform_tests::client::Site, name: &str) -> Answer {
    site.get(&format!("/tls/allow?domain={name}")).await.unwrap()
}

#[tokio::test]
async fn only_names_that_lead_here_may_have_a_certificate() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let slug = it.site().host().split('.').next().unwrap().to_owned();
    let (name, pending) = (format!("www.{slug}.com"), format!("pending.{slug}.com"));
    add_domain(&house, &it.tenant, &name, false).await;
    house
        .control_sql(&format!(
            "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status,
                 created_at, kind, challenge)
               VALUES (gen_random_uuid(), '{}', '{pending}', false, false, 'none', now(), 'custom',
                 'x')",
            it.tenant
        ))
        .await;
    let allowed = async || (allow(it.site(), &name).await.status == 200).then_some(());
    eventually(PATIENCE, "the name", allowed).await.unwrap();

    let edge = it.site().on_host("10.0.0.7");
    for known in [&*name, &name.to_uppercase(), &format!("{name}."), it.site().host()] {
        assert_eq!(allow(&edge, known).await.status, 200, "{known}");
    }
    for unknown in [
        &*pending,
        "",
        ".",
        "127.0.0.1",
        "*.hotelhub.localhost",
        "hotelhub.localhost",
        "%00",
        "..%2f..",
        &format!("{name}:443"),
        &format!("a.{name}"),
        &"a".repeat(300),
        "nobody.hotelhub.localhost",
        "ｗｗｗ.example.com",
    ] {
        let answer = allow(&edge, unknown).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{unknown}: {}", answer.status);
        assert_eq!(answer.header("content-type"), "application/json", "{unknown}");
    }
    assert_eq!(edge.get("/tls/allow").await.unwrap().status, 400);

    let failing = format!("UPDATE domains SET failing_since = now() WHERE hostname = '{name}'");
    house.control_sql(&failing).await;
    let refused = async || (allow(&edge, &name).await.status == 404).then_some(());
    eventually(PATIENCE, "the end of the name", refused).await.unwrap();
    let page = edge.on_host(&name).get("/login").await.unwrap();
    assert_eq!(page.status, 200, "who comes is still served");
}

#[tokio::test]
async fn ten_thousand_unknown_names_are_refused_from_memory_and_leave_nothing_behind() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    // Nobody could be asked.
    house.platform.kill_role(Role::ControlServe).await.unwrap();
    let pools = house.figure(Role::TenantServe(0), "tenant_pools").await;

    let names = (0..10_000_u32).map(|number| format!("{number:x}.example.com"));
    let asked = stream::iter(names)
        .map(async |name| {
            let answer = allow(it.site(), &name).await;
            (answer.status.as_u16(), answer.error_code())
        })
        .buffer_unordered(8);
    let unknown = (404, "DOMAIN_UNKNOWN".to_owned());
    let odd: Vec<_> = asked.filter(|answer| ready(*answer != unknown)).collect().await;

    assert_eq!(odd, []);
    assert_eq!(allow(it.site(), it.site().host()).await.status, 200);
    assert!(house.figure(Role::TenantServe(0), "tenant_pools").await <= pools);
    assert_eq!(it.site().get("/api/v1/me").await.unwrap().status, 200);
}

#[tokio::test]
async fn pages_lead_to_the_primary_name_and_nothing_else_does() {
    let house = shared().await;
    let it = house.open_hotel().await;
    let own = it.site().host().to_owned();
    let name = format!("www.{}.com", own.split('.').next().unwrap());
    add_domain(&house, &it.tenant, &name, true).await;
    let port = it.site().port();
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let ask = async |method: Method, host: &str, path: &str| {
        let request = http.request(method, format!("http://127.0.0.1:{port}{path}"));
        Answer::of(request.header("Host", host)).await.unwrap()
    };
    let led = async || {
        let page = ask(Method::GET, &own, "/login?next=%2Fbook&lang=en").await;
        (page.status == 308).then(|| page.header("location").to_owned())
    };
    let location = eventually(PATIENCE, "the way to the primary name", led).await.unwrap();
    assert_eq!(
        location,
        house.platform.setup().tenant_public_url(&name) + "/login?next=%2Fbook&lang=en"
    );

    let head = ask(Method::HEAD, &own, "/").await;
    assert_eq!((head.status.as_u16(), head.header("cache-control")), (308, "no-store"));
    let odd = ask(Method::GET, &own, "//evil.example/x").await;
    let there = house.platform.setup().tenant_public_url(&name);
    assert!(odd.status != 308 || odd.header("location").starts_with(&format!("{there}/")));
    let primary = ask(Method::GET, &name, "/login").await;
    assert_eq!(primary.status, 200, "no circle");
    assert_eq!(it.site().get("/api/v1/me").await.unwrap().status, 200, "programs stay");
    for path in ["/health", "/livez", "/openapi.json", "/tls/allow?domain=x"] {
        assert_ne!(ask(Method::GET, &own, path).await.status, 308, "{path}");
    }
    let form = http
        .post(format!("http://127.0.0.1:{port}/login"))
        .header("Host", &own)
        .form(&[("email", &*it.email), ("password", PASSWORD)]);
    assert_ne!(Answer::of(form).await.unwrap().status, 308, "what was sent is answered");

    for broken in ["failing_since = now()", "is_verified = false, failing_since = NULL"] {
        let sql = format!("UPDATE domains SET {broken} WHERE hostname = '{name}'");
        house.control_sql(&sql).await;
        let stays = async || (ask(Method::GET, &own, "/login").await.status == 200).then_some(());
        eventually(PATIENCE, "a page that stays", stays).await.unwrap();
    }
}
