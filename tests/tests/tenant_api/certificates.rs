//! Certificates that the platform issues itself: ordered for names that are a hotel's and for nothing
//! else, shown to whoever asks for them, renewed in time, and not asked for again and again.

use std::{fs, sync::Arc};

use futures_util::{StreamExt as _, stream};
use platform_tests::{
    platform::{BASE_DOMAIN, Role},
    waiting::eventually,
};

use crate::{
    hosts::{PATIENCE, silently_verified},
    secure_ground::{DEAD_EDGE, SOON, Secure},
};

const NAME: &str = "www.hotelmandala.com";
const ORDERS: &str = "SELECT count(*) FROM certificate_orders";

#[tokio::test]
async fn a_domain_gets_its_certificate_and_loses_it_with_its_name() {
    let mut it = Secure::new(&[]).await;
    let own = format!("mandala.{BASE_DOMAIN}");
    let page = it.platform_visitor.get(&own, "/login").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(it.visitor.get(NAME, "/login").await.is_err());

    it.claim(NAME).await;
    let live = it.wait_for_state(NAME, "live").await;
    assert_eq!(live["ssl"]["status"], "active", "{live}");
    assert!(live["ssl"]["expires_at"].is_string());
    let page = it.visitor.get(NAME, "/login").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("strict-transport-security"), "{page}");
    assert_eq!(it.count(ORDERS).await, 1);
    let sealed: String = it
        .control
        .query_one("SELECT sealed_credentials FROM acme_accounts", &[])
        .await
        .unwrap()
        .get(0);
    assert!(sealed.starts_with("v1."), "{sealed}");

    let led = async || (it.plain(NAME, &[]).await.status == 308).then_some(());
    eventually(SOON, "the way from the plain port to TLS", led).await.unwrap();
    // Edges that end TLS before us, whether or not they are named in the settings.
    for edge in
        [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9"), ("Via", "1.1 x")]
    {
        assert_eq!(it.plain(NAME, &[edge]).await.status, 200, "no circle: {edge:?}");
    }
    let asked = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "http")];
    let led = it.plain(NAME, &asked).await;
    assert_eq!(led.header("location"), format!("https://{NAME}/login"));

    it.act(NAME, "primary").await;
    let led = async || {
        let page = it.platform_visitor.get(&own, "/login?lang=en").await.ok()?;
        page.contains(&format!("location: https://{NAME}/login?lang=en")).then_some(())
    };
    eventually(SOON, "the way to the primary name", led).await.unwrap();
    let edge = [("X-Forwarded-Proto", "https")];
    assert_eq!(it.plain(&own, &edge).await.header("location"), format!("https://{NAME}/login"));
    assert_eq!(it.plain(NAME, &edge).await.status, 200, "no circle");

    // Another replica, and the provisioner again: nothing is ordered anew.
    it.platform.kill_role(Role::Provisioner).await.unwrap();
    it.platform.start_role(Role::Provisioner).await.unwrap();
    it.platform.kill_role(Role::TenantServe(0)).await.unwrap();
    it.platform.start_role(Role::TenantServe(0)).await.unwrap();
    let served = async || it.visitor.get(NAME, "/login").await.ok();
    eventually(SOON, "the name after a restart", served).await.unwrap();
    assert_eq!(it.count(ORDERS).await, 1);
    // What was taken over is shown a moment before the look at it is over.
    let well = async || (it.checks().await["certificates"] == "ok").then_some(());
    eventually(SOON, "all certificates", well).await.unwrap();

    let path = format!("/api/v1/tenants/mandala/domains/{NAME}");
    it.vendor.delete(&path).await.unwrap().expect_status(200).unwrap();
    let refused = async || it.visitor.get(NAME, "/login").await.err();
    eventually(SOON, "the end of the name", refused).await.unwrap();

    // The hotel may want it back for a while; then nothing of its key is left.
    let folder = it.certificates().join(NAME);
    let keys = || fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(keys(), 1);
    it.move_clock(60 * 24 * 31);
    let swept = async || (keys() == 0).then_some(());
    eventually(SOON, "the end of its key", swept).await.unwrap();
    assert_eq!(it.count("SELECT count(*) FROM certificates").await, 0);
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_strange_names_are_refused_at_once_and_nothing_is_ordered() {
    let mut it = Secure::new(&[]).await;
    it.claim(NAME).await;
    it.wait_for_state(NAME, "live").await;
    let visitor = Arc::new(it.visitor.clone());
    let names = (0..10_000_u32).map(|number| match number % 4 {
        0 => format!("{number}.hotelmandala.com"),
        1 => format!("h{number}.x.{BASE_DOMAIN}"),
        2 => format!("{number:x}.example.com"),
        _ => format!("xn--{number:x}-a.example.org"),
    });
    let refusals = stream::iter(names)
        .map(|name| {
            let visitor = Arc::clone(&visitor);
            async move { visitor.get(&name, "/").await.unwrap_err() }
        })
        .buffer_unordered(16);
    let odd: Vec<String> = refusals
        .map(|it| format!("{it:#}"))
        .filter(|it| std::future::ready(!it.contains("AccessDenied")))
        .collect()
        .await;

    assert_eq!(odd, Vec::<String>::new());
    assert!(it.visitor.get(NAME, "/login").await.is_ok(), "who is known is served as before");
    assert_eq!(it.count(ORDERS).await, 1);
    assert_eq!(it.count("SELECT count(*) FROM certificates").await, 1);
    assert_eq!(it.count("SELECT count(*) FROM domains").await, 2);
    let refused = it.platform.figure(Role::TenantServe(0), "tls_handshakes_total").await.unwrap();
    assert!(refused >= 10_000.0, "{refused}");
    let kept = it.platform.figure(Role::TenantServe(0), "tls_certificates").await.unwrap();
    assert_eq!(kept, 1.0, "what is shown has not grown");
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn authorities_are_answered_for_custom_domains_and_for_no_name_of_the_platform() {
    let mut it = Secure::new(&[]).await;
    it.claim(NAME).await;
    it.wait_for_state(NAME, "live").await;
    let token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ";
    let answers = it.certificates().join("challenges");
    fs::create_dir_all(&answers).unwrap();
    fs::write(answers.join(token), "token.thumbprint").unwrap();
    let path = format!("/.well-known/acme-challenge/{token}");

    let asked = it.plain_at(NAME, &path, &[]).await;
    assert_eq!((asked.status.as_u16(), &*asked.body), (200, "token.thumbprint"));
    let own = format!("mandala.{BASE_DOMAIN}");
    assert_eq!(it.plain_at(&own, &path, &[]).await.status, 404);
    let another = "/.well-known/acme-challenge/aaaaaaaaaaaaaaaaaaaa";
    assert_eq!(it.plain_at(NAME, another, &[]).await.status, 404);

    // Verified just now: the authority is here before the replica was told, which asks then.
    let fresh = "fresh.hotelmandala.com";
    assert_eq!(it.plain_at(fresh, &path, &[]).await.status, 404);
    let tenant: String =
        it.control.query_one("SELECT id::text FROM tenants", &[]).await.unwrap().get(0);
    it.control.simple_query(&silently_verified(&tenant, fresh)).await.unwrap();
    let answered = async || (it.plain_at(fresh, &path, &[]).await.status == 200).then_some(());
    eventually(PATIENCE, "the answer", answered).await.unwrap();
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_replica_that_cannot_have_its_certificates_says_so_and_serves_the_platforms_names() {
    let mut it = Secure::new(&[]).await;
    it.claim(NAME).await;
    it.wait_for_state(NAME, "live").await;
    it.platform.kill_role(Role::Provisioner).await.unwrap();
    it.platform.kill_role(Role::TenantServe(0)).await.unwrap();
    let index = it.certificates().join("index.json");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, "no index").unwrap();

    it.platform.start_role(Role::TenantServe(0)).await.unwrap();
    assert_eq!(it.checks().await["certificates"], "unavailable");
    let own = format!("mandala.{BASE_DOMAIN}");
    let page = it.platform_visitor.get(&own, "/login").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(it.visitor.get(NAME, "/login").await.is_err());
    fs::write(&index, whole).unwrap();
    let mended = async || (it.checks().await["certificates"] == "ok").then_some(());
    eventually(SOON, "the certificates", mended).await.unwrap();
    assert!(it.visitor.get(NAME, "/login").await.is_ok());
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_name_that_fails_is_tried_three_times_an_hour_and_comes_when_it_can() {
    let mut it = Secure::new(&[]).await;
    // An edge that does not answer: the authority finds nobody there.
    it.claim_at(NAME, DEAD_EDGE).await;
    it.wait_for_state(NAME, "working").await;
    let failures = async |count: i64| {
        let sql = format!("SELECT count(*) FROM certificates WHERE failures = {count}");
        it.wait_for_count(&sql, 1).await;
    };
    failures(1).await;
    it.move_clock(9);
    it.move_clock(11);
    failures(2).await;
    it.move_clock(42);
    failures(3).await;
    it.move_clock(60);
    assert_eq!(it.count(ORDERS).await, 3);
    let why: String =
        it.control.query_one("SELECT last_error FROM certificates", &[]).await.unwrap().get(0);
    assert!(why.contains("did not find the name to be ours"), "{why}");
    let unissued = "SELECT count(*) FROM certificate_orders WHERE unissued";
    assert_eq!(it.count(unissued).await, 3, "what was not issued costs nothing of the week's");

    it.dns.zone().set_addresses(NAME, &["127.0.0.1".parse().unwrap()]);
    it.move_clock(135);
    it.wait_for_state(NAME, "live").await;
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_renewed_in_its_last_third_and_budgets_hold() {
    let mut it = Secure::new(&[("ACME_ORDERS_PER_DOMAIN", "1")]).await;
    it.claim(NAME).await;
    it.wait_for_state(NAME, "live").await;
    it.claim("book.hotelmandala.com").await;
    let held = async || {
        let waiting = it.wait_for_state("book.hotelmandala.com", "working").await;
        (waiting["next_action"]["code"] == "wait_for_budget").then_some(waiting)
    };
    let waiting = eventually(SOON, "the name to be held", held).await.unwrap();
    assert!(waiting["ssl"]["retry_at"].is_string(), "{waiting}");
    assert_eq!(it.count(ORDERS).await, 1, "one order a week for hotelmandala.com");

    let life = "SELECT (extract(epoch FROM not_after - not_before) / 60)::bigint FROM certificates
         WHERE object IS NOT NULL";
    let life: i64 = it.control.query_one(life, &[]).await.unwrap().get(0);
    let first = "SELECT object FROM certificates WHERE object IS NOT NULL";
    let first: String = it.control.query_one(first, &[]).await.unwrap().get(0);
    it.move_clock(life * 2 / 3 + 10);
    // The week is over as well: every other order is for one that has none.
    it.wait_for_state("book.hotelmandala.com", "live").await;
    it.move_clock(life * 2 / 3 + 60 * 24 * 8);
    let renewed = format!(
        "SELECT count(*) FROM certificates WHERE hostname = '{NAME}' AND object <> '{first}'"
    );
    it.wait_for_count(&renewed, 1).await;
    assert!(it.visitor.get(NAME, "/login").await.is_ok());
    // The key that was replaced goes with a later look.
    it.move_clock(life * 2 / 3 + 60 * 24 * 8 + 90);
    let folder = it.certificates().join(NAME);
    let swept = async || (fs::read_dir(&folder).unwrap().count() == 1).then_some(());
    eventually(SOON, "the end of the first key", swept).await.unwrap();
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_ordered_again_and_a_name_has_four_a_week() {
    let mut it = Secure::new(&[]).await;
    let folder = it.certificates();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(NAME), "in the way of this name's folder").unwrap();
    it.claim(NAME).await;
    it.wait_for_state(NAME, "working").await;
    it.wait_for_count("SELECT count(*) FROM certificates WHERE failures = 1", 1).await;
    let why: String =
        it.control.query_one("SELECT last_error FROM certificates", &[]).await.unwrap().get(0);
    assert!(why.starts_with("keep the certificate that was issued"), "{why}");
    it.move_clock(11);
    it.wait_for_count("SELECT count(*) FROM certificates WHERE failures = 2", 1).await;
    assert_eq!(it.count(ORDERS).await, 1);

    fs::remove_file(folder.join(NAME)).unwrap();
    it.move_clock(42);
    it.wait_for_state(NAME, "live").await;
    assert_eq!(it.count(ORDERS).await, 1, "it was at hand all the time");

    // Three more in the same week; then it is due to be renewed.
    it.control
        .simple_query(
            "INSERT INTO certificate_orders (hostname, registered_domain, ordered_at) \
               SELECT hostname, registered_domain, ordered_at FROM certificate_orders, \
                 generate_series(1, 3); \
             UPDATE certificates SET not_before = now() - interval '80 days', \
               not_after = now() + interval '10 days'",
        )
        .await
        .unwrap();
    it.claim("www.hotelsurya.com").await;
    it.wait_for_state("www.hotelsurya.com", "live").await;
    let of_name = format!("{ORDERS} WHERE hostname = '{NAME}'");
    assert_eq!(it.count(&of_name).await, 4, "authorities issue five");
    it.move_clock(60 * 24 * 7 + 60);
    it.wait_for_count(&of_name, 5).await;
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn names_whose_week_is_spent_keep_nobody_else_waiting() {
    let mut it = Secure::new(&[("ACME_ORDERS_PER_DOMAIN", "2")]).await;
    // A chain's many names, of which two were ordered for.
    let crowd = "INSERT INTO certificate_orders (hostname, registered_domain, ordered_at)
           SELECT n || '.hotelmandala.com', 'hotelmandala.com', now() FROM generate_series(1, 2) AS n;
         INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, verified_at,
             ssl_status, created_at, kind, challenge)
           SELECT gen_random_uuid(), t.id, 'h' || n || '.hotelmandala.com', false, true,
             now() - interval '1 day', 'provisioning', now(), 'custom', 'token'
           FROM tenants t, generate_series(1, 250) AS n";
    // Before it, as a hotel can claim no more beside so many; it leads here only later.
    it.claim_at("www.hotelsurya.com", "127.0.0.9").await;
    it.control.simple_query(crowd).await.unwrap();
    it.dns.zone().set_addresses("www.hotelsurya.com", &["127.0.0.1".parse().unwrap()]);
    it.wait_for_state("www.hotelsurya.com", "live").await;
    let held = "SELECT count(*) FROM certificates
         WHERE held_until BETWEEN now() + interval '6 days' AND now() + interval '7 days'";
    it.wait_for_count(held, 250).await;

    // What is due to be renewed has its turn beside them.
    let due = "UPDATE certificates SET not_before = now() - interval '80 days',
           not_after = now() + interval '10 days' WHERE object IS NOT NULL";
    it.control.simple_query(due).await.unwrap();
    let of_name = format!("{ORDERS} WHERE hostname = 'www.hotelsurya.com'");
    it.wait_for_count(&of_name, 2).await;
    assert_eq!(it.count(&format!("{ORDERS} WHERE hostname LIKE 'h%.hotelmandala.com'")).await, 0);
    it.platform.stop().await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_held_is_said_to_be_so_while_the_store_is_away() {
    let mut it = Secure::new(&[("ACME_ORDERS_PER_DOMAIN", "1")]).await;
    it.claim(NAME).await;
    it.wait_for_state(NAME, "live").await;
    it.claim("book.hotelmandala.com").await;
    it.wait_for_state("book.hotelmandala.com", "working").await;
    let held = "SELECT count(*) FROM certificates WHERE held_until IS NOT NULL";
    it.wait_for_count(held, 1).await;

    it.platform.kill_role(Role::Provisioner).await.unwrap();
    let index = it.certificates().join("index.json");
    fs::remove_file(&index).unwrap();
    fs::create_dir(&index).unwrap();
    it.move_clock(5);
    it.platform.start_role(Role::Provisioner).await.unwrap();
    let reviewed = format!("{held} AND updated_at > now() + interval '4 minutes'");
    it.wait_for_count(&reviewed, 1).await;
    let again_and_again = async || {
        let log = it.platform.program(Role::Provisioner).unwrap().printed();
        (log.matches("no certificates for a moment").count() > 2).then_some(())
    };
    eventually(SOON, "three passes that came to nothing", again_and_again).await.unwrap();

    assert_eq!(it.count(held).await, 1);
    let waiting = it.act("book.hotelmandala.com", "verify").await;
    assert_eq!(waiting["next_action"]["code"], "wait_for_budget", "{waiting}");
    fs::remove_dir(&index).unwrap();
    let written = async || index.is_file().then_some(());
    eventually(SOON, "the index of certificates", written).await.unwrap();
    it.platform.stop().await.unwrap();
}
