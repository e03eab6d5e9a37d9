//! Domains that are looked at again and again: what DNS, certificates and time do to them.

use std::{future::ready, net::IpAddr};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use hotelhub_core::clock::Clock;
use platform_tests::{
    certificates::{Authority, Edge},
    dns::Fault,
    ports,
    waiting::eventually,
};
use serde_json::{Value, json};

use crate::{
    domain_ground::{Domains, EDGE, said, text},
    ground::SOON,
};

const NAME: &str = "www.hotelmandala.com";

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|it| it.parse().unwrap()).collect()
}

fn pair(state: &str, action: &str) -> (String, String) {
    (state.to_owned(), action.to_owned())
}

/// Waits until a look of `work` has found this.
async fn wait_for(it: &Domains, state: &str, action: &str) -> Value {
    let found = async || {
        let shown = it.show("mandala", NAME).await.data().ok()?;
        (said(&shown) == pair(state, action)).then_some(shown)
    };
    eventually(SOON, "the domain's state", found).await.unwrap()
}

#[tokio::test]
async fn each_fault_in_dns_is_told_apart_and_says_what_to_do() {
    let it = Domains::new().await;
    for slug in ["mandala", "surya"] {
        it.ground.sign_up(slug).await;
    }
    let token = it.claim("mandala", NAME).await;
    let zone = it.zone();
    let txt = format!("_hotelhub-challenge.{NAME}");
    let looked = async || said(&it.verify("mandala", NAME).await);

    assert_eq!(looked().await, pair("action_needed", "set_txt"));
    zone.set_txt(&txt, &["another"]);
    assert_eq!(looked().await, pair("action_needed", "fix_txt"));
    zone.set_txt(&txt, &[&token]);
    zone.set_cname(NAME, &Domains::target("surya"));
    assert_eq!(looked().await, pair("action_needed", "point_to_own_hotel"));
    zone.set_cname(NAME, "mandala.cdn.cloudflare.net");
    assert_eq!(looked().await, pair("action_needed", "turn_off_proxy"));
    zone.set_cname(NAME, "gone.example.com");
    assert_eq!(looked().await, pair("action_needed", "fix_pointing"));
    zone.forget(NAME);
    zone.set_addresses(NAME, &addresses(&["198.51.100.9"]));
    assert_eq!(looked().await, pair("action_needed", "fix_pointing"));
    zone.set_addresses(NAME, &addresses(&[EDGE, "2001:db8::9"]));
    let partly = it.verify("mandala", NAME).await;
    assert_eq!(said(&partly), pair("action_needed", "remove_addresses"));
    assert!(partly["records"][1]["found"].as_array().unwrap().contains(&json!("2001:db8::9")));
    zone.fail(NAME, Fault::ServFail);
    assert_eq!(looked().await, pair("working", "wait_for_dns"), "no answer is no fault of theirs");
    zone.mend(NAME);
    zone.set_addresses(NAME, &addresses(&[EDGE]));
    assert_eq!(looked().await, pair("live", "none"));
    assert!(it.vendor.get("/api/v1/domains?state=odd").await.unwrap().status == 422);
}

#[tokio::test]
async fn a_name_that_leads_away_keeps_its_route_for_a_while_and_its_claim_for_ever() {
    let mut it = Domains::new().await;
    it.ground.open_hotel("mandala").await;
    let token = it.open("mandala", NAME).await;
    it.act("mandala", NAME, "primary").await.expect_status(200).unwrap();
    assert_eq!(it.allow(NAME).await, 200);

    it.zone().forget(NAME);
    let failing = it.verify("mandala", NAME).await;
    assert_eq!(said(&failing), pair("stuck", "set_pointing"));
    assert!(failing["failing_since"].is_string() && failing["is_verified"] == true);
    assert_eq!(it.allow(NAME).await, 404, "no certificate from now on");
    let routed = it.routed("mandala").await;
    let of_name = routed.iter().find(|it| it.hostname == NAME).unwrap();
    assert!(of_name.primary && !of_name.live, "served, but nobody is sent there");

    it.move_clock(71).await;
    assert_eq!(it.verify("mandala", NAME).await["is_verified"], true);
    it.move_clock(73).await;
    let lost = it.verify("mandala", NAME).await;
    assert_eq!((said(&lost), &lost["is_verified"]), (pair("stuck", "set_pointing"), &json!(false)));
    assert!(it.routed("mandala").await.iter().all(|it| it.hostname != NAME));
    it.move_clock(24 * 400).await;
    assert_eq!(said(&it.verify("mandala", NAME).await), pair("stuck", "set_pointing"));

    it.set_dns("mandala", NAME, &token);
    assert_eq!(said(&it.verify("mandala", NAME).await), pair("live", "none"));
    assert_eq!(it.allow(NAME).await, 200);
}

#[tokio::test]
async fn a_proof_that_is_taken_away_counts_as_one_that_was_never_there() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    it.open("mandala", NAME).await;
    it.zone().forget(&format!("_hotelhub-challenge.{NAME}"));
    assert_eq!(said(&it.verify("mandala", NAME).await), pair("stuck", "set_txt"));
    assert_eq!(it.allow(NAME).await, 404);
}

#[tokio::test]
async fn silence_never_costs_a_domain_however_long_it_lasts() {
    let mut it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    it.open("mandala", NAME).await;
    for fault in [Fault::ServFail, Fault::Refused, Fault::Silence] {
        it.zone().fail(NAME, fault);
        it.move_clock(24 * 10).await;
        let looked = it.verify("mandala", NAME).await;
        assert_eq!(said(&looked), pair("live", "none"), "{fault:?}");
        assert!(looked["unanswered"].is_string(), "{fault:?}");
        it.move_clock(24 * 30).await;
        assert_eq!(it.verify("mandala", NAME).await["is_verified"], true, "{fault:?}");
    }
    assert_eq!(it.allow(NAME).await, 200);
}

#[tokio::test]
async fn a_look_counts_though_another_process_began_one_meanwhile_and_died() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    let token = it.claim("mandala", NAME).await;
    it.set_dns("mandala", NAME, &token);
    // Whoever writes what a look found holds the name first.
    let mut session = it.ground.another_session().await;
    let held = session.transaction().await.unwrap();
    let hold = "SELECT pg_advisory_xact_lock(hashtextextended('domains.' || $1::text, 0))";
    held.query_one(hold, &[&NAME]).await.unwrap();

    let meanwhile = async {
        let writes = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        it.ground.wait_for_count(writes, 1).await;
        let began = "UPDATE domains SET looks = looks + 1 WHERE hostname = $1";
        assert_eq!(held.execute(began, &[&NAME]).await.unwrap(), 1);
        held.commit().await.unwrap();
    };
    let (looked, ()) = tokio::join!(it.verify("mandala", NAME), meanwhile);

    assert_eq!(said(&looked), pair("live", "none"));
}

#[tokio::test]
async fn our_own_name_that_gives_no_answer_costs_no_domain() {
    // Of names below `localhost` no server is asked.
    let base = ("TENANT_BASE_DOMAIN", "hotels.example.net");
    let it = Domains::with(&[("EDGE_ADDRESSES", ""), base]).await;
    it.ground.sign_up("mandala").await;
    let (own, apex) = ("mandala.hotels.example.net", "hotelmandala.com");
    let token = it.claim("mandala", apex).await;
    it.zone().set_txt(&format!("_hotelhub-challenge.{apex}"), &[&token]);
    for name in [own, apex] {
        it.zone().set_addresses(name, &addresses(&[EDGE]));
    }
    let looked = it.verify("mandala", apex).await;
    assert_eq!(said(&looked), pair("live", "none"));
    let to_set = |it: &Value| {
        (text(&it["records"][1]["type"]).to_owned(), it["records"][1]["value"].clone())
    };
    assert_eq!(to_set(&looked), ("A".to_owned(), json!(EDGE)), "no CNAME may stand there");

    for fault in [Fault::ServFail, Fault::Silence] {
        it.zone().fail(own, fault);
        let looked = it.verify("mandala", apex).await;
        assert_eq!(said(&looked), pair("live", "none"), "{fault:?}");
        assert_eq!(to_set(&looked), ("A".to_owned(), json!(EDGE)), "{fault:?}");
        assert!(looked["failing_since"].is_null() && looked["is_verified"] == true, "{looked}");
        assert!(text(&looked["unanswered"]).starts_with(own), "{looked}");
    }
    it.zone().mend(own);
    it.zone().forget(own);
    assert_eq!(said(&it.verify("mandala", apex).await), pair("live", "none"), "it has none now");
    it.zone().set_addresses(own, &addresses(&["203.0.113.8"]));
    assert_eq!(said(&it.verify("mandala", apex).await), pair("stuck", "fix_pointing"));
}

#[tokio::test]
async fn work_looks_by_itself_and_so_do_two_of_it() {
    let mut it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    let settings = it.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, it)| (*name, &**it)).collect();
    let beside = format!("127.0.0.1:{}", ports::free().unwrap());
    let more = [settings.clone(), vec![("METRICS_LISTEN", &*beside)]].concat();
    let _work = (it.ground.work_with(&settings), it.ground.work_with(&more));

    let token = it.claim("mandala", NAME).await;
    wait_for(&it, "action_needed", "set_txt").await;
    it.set_dns("mandala", NAME, &token);
    it.move_clock(1).await;
    wait_for(&it, "live", "none").await;
    it.zone().forget(NAME);
    it.move_clock(8).await;
    wait_for(&it, "stuck", "set_pointing").await;
    it.set_dns("mandala", NAME, &token);
    it.move_clock(9).await;
    wait_for(&it, "live", "none").await;
}

#[tokio::test]
async fn a_certificate_is_active_once_it_was_seen_and_failed_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path()).unwrap();
    let edge = Edge::start().await.unwrap();
    let root = authority.root_file().display().to_string();
    let it = Domains::with(&[
        ("TENANT_PUBLIC_URL", "https://{host}"),
        ("TLS_PROBE_ADDRESS", &edge.address()),
        ("TLS_PROBE_ROOTS", &root),
    ])
    .await;
    it.ground.sign_up("mandala").await;
    let token = it.claim("mandala", NAME).await;
    it.set_dns("mandala", NAME, &token);
    it.zone().set_issuer(NAME, "digicert.com");
    let ssl = |it: &Value| text(&it["ssl"]["status"]).to_owned();
    let looked = async || {
        let found = it.verify("mandala", NAME).await;
        (ssl(&found), said(&found))
    };

    assert_eq!(looked().await, ("provisioning".to_owned(), pair("action_needed", "allow_issuer")),);
    assert_eq!(it.allow(NAME).await, 200, "it is verified: an edge may ask");
    it.zone().set_issuer(NAME, "letsencrypt.org");
    assert_eq!(looked().await, ("provisioning".into(), pair("working", "wait_for_certificate")));
    let later = Clock::system().now() + TimeDelta::days(60);
    edge.show(&authority, &["another.example.com"], later).unwrap();
    let wrong = it.verify("mandala", NAME).await;
    assert_eq!(said(&wrong), pair("working", "wait_for_certificate"));
    assert!(text(&wrong["ssl"]["finding"]).contains("not valid for name"), "{}", wrong["ssl"]);

    edge.show(&authority, &[NAME], later).unwrap();
    assert_eq!(looked().await, ("active".into(), pair("live", "none")));
    let routed = it.routed("mandala").await;
    assert!(routed.iter().any(|it| it.hostname == NAME && it.certified));

    edge.show(&authority, &[NAME], Clock::system().now() - TimeDelta::days(2)).unwrap();
    assert_eq!(looked().await, ("failed".into(), pair("stuck", "check_certificate")));
    let routed = it.routed("mandala").await;
    assert!(routed.iter().any(|it| it.hostname == NAME && !it.certified));
    edge.show(&authority, &[NAME], later).unwrap();
    assert_eq!(looked().await, ("active".into(), pair("live", "none")));
}

#[tokio::test]
async fn why_an_order_failed_and_when_the_next_one_is_placed_is_said() {
    let mut it = Domains::with(&[
        ("TENANT_PUBLIC_URL", "https://{host}"),
        ("TLS_PROBE_ADDRESS", "127.0.0.1:1"),
    ])
    .await;
    it.ground.sign_up("mandala").await;
    let token = it.claim("mandala", NAME).await;
    it.set_dns("mandala", NAME, &token);
    // What is noted of a name says nothing to whoever has not proven it.
    let failed = "INSERT INTO certificates (hostname, failures, retry_at, last_error, updated_at)
         VALUES ($1, 1, '2030-01-01T00:00:00Z', 'the certificate authority refuses', now())";
    it.ground.database.execute(failed, &[&NAME]).await.unwrap();
    let claimed = it.show("mandala", NAME).await.data().unwrap();
    assert_eq!(
        (&claimed["ssl"]["finding"], &claimed["ssl"]["retry_at"]),
        (&Value::Null, &Value::Null)
    );

    let waiting = it.verify("mandala", NAME).await;
    assert_eq!(said(&waiting), pair("working", "wait_for_certificate"));
    assert_eq!(waiting["ssl"]["finding"], "the certificate authority refuses");
    assert!(text(&waiting["ssl"]["retry_at"]).starts_with("2030-01-01T00:00:00"), "{waiting}");

    let held = "UPDATE certificates SET last_error = NULL, retry_at = NULL,
         held_until = '2030-01-02T00:00:00Z'";
    it.ground.database.execute(held, &[]).await.unwrap();
    let shown = it.show("mandala", NAME).await.data().unwrap();
    assert_eq!(said(&shown), pair("working", "wait_for_budget"), "before anybody looks again");
    assert!(text(&shown["ssl"]["retry_at"]).starts_with("2030-01-02T00:00:00"), "{shown}");
    it.move_clock(5).await;
    assert_eq!(said(&it.verify("mandala", NAME).await), pair("working", "wait_for_budget"));
}

#[tokio::test]
async fn ten_thousand_unknown_names_may_have_no_certificate_and_leave_nothing_behind() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    it.open("mandala", NAME).await;
    it.claim("mandala", "pending.example.com").await;
    let before = (it.ground.snapshot("domains").await, it.dns.zone().questions());

    let names = (0..10_000_u32).map(|number| match number % 5 {
        0 => format!("{number}.{NAME}"),
        1 => format!("h{number}.hotelhub.localhost"),
        2 => format!("{number:x}.a.hotelhub.localhost"),
        3 => format!("h_{number}.example.com"),
        _ => format!("{number}.control.localhost"),
    });
    let it = &it;
    let asked = stream::iter(names).map(async |name| it.allow_in_the_end(&name).await);
    let asked = asked.buffer_unordered(8);
    let odd: Vec<u16> = asked.filter(|status| ready(*status != 404)).collect().await;

    assert_eq!(odd, Vec::<u16>::new());
    let outcome = async |outcome: &str| {
        it.ground.figure(&format!("tls_allow_total{{outcome=\"{outcome}\"}}")).await
    };
    let outcomes = (outcome("impossible").await, outcome("unknown").await);
    assert_eq!(outcomes, (6_000.0, 4_000.0), "no query for what can be nobody's");
    assert_eq!(it.allow("pending.example.com").await, 404, "claimed is not proven");
    assert_eq!(it.allow(&Domains::target("mandala")).await, 200);
    assert_eq!(it.allow(&format!("{}.", NAME.to_uppercase())).await, 200);
    let after = (it.ground.snapshot("domains").await, it.dns.zone().questions());
    assert_eq!(after, before, "no row, no look-up");
}

#[tokio::test]
async fn a_preview_gets_a_certificate_as_long_as_it_is_shown() {
    let it = Domains::new().await;
    let id = it.ground.open_hotel("mandala").await;
    let (preview, database) = (Domains::target("mandala--preview"), &it.ground.database);
    assert_eq!(it.allow(&preview).await, 404);
    let shown = "WITH copy AS (
           INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, state)
           SELECT gen_random_uuid(), tenant_id, db_host_id, 2, 5, 'preview' FROM databases
           WHERE tenant_id = $1::text::uuid RETURNING id, tenant_id)
         INSERT INTO previews (id, tenant_id, database_id, taken_at, hostname, expires_at)
         SELECT gen_random_uuid(), tenant_id, id, now(), $2, now() + interval '7 days' FROM copy";
    assert_eq!(database.execute(shown, &[&id, &preview]).await.unwrap(), 1);
    assert_eq!(it.allow(&preview).await, 200);
    let told = "SELECT count(*) FROM served_routes WHERE preview_of IS NOT NULL";
    assert_eq!(it.ground.count(told).await, 1, "replicas answer from this");

    it.ground.move_provisioning(&id, &["deleting"]).await;
    assert_eq!((it.allow(&preview).await, it.ground.count(told).await), (404, 0));
}

#[tokio::test]
async fn a_tenant_that_is_being_deleted_gets_no_certificate() {
    let it = Domains::new().await;
    let id = it.ground.open_hotel("mandala").await;
    it.open("mandala", NAME).await;
    assert_eq!(it.allow(NAME).await, 200);
    it.ground.move_provisioning(&id, &["deleting"]).await;
    assert_eq!((it.allow(NAME).await, it.allow(&Domains::target("mandala")).await), (404, 404));
}

#[tokio::test]
async fn a_name_that_was_lost_rests_before_another_tenant_has_it() {
    let mut it = Domains::new().await;
    for slug in ["mandala", "surya"] {
        it.ground.sign_up(slug).await;
    }
    it.open("mandala", NAME).await;
    it.ground
        .database
        .execute(
            "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, \
               created_at, kind, challenge) \
             SELECT gen_random_uuid(), id, $1, false, false, 'none', now(), 'custom', 'x' \
             FROM tenants WHERE slug = 'surya'",
            &[&NAME],
        )
        .await
        .unwrap();
    it.zone().forget(NAME);
    it.verify("mandala", NAME).await;
    it.move_clock(73).await;
    assert_eq!(it.verify("mandala", NAME).await["is_verified"], false);

    it.set_dns("surya", NAME, "x");
    let proven = it.verify("surya", NAME).await;
    assert_eq!(said(&proven), pair("stuck", "wait_for_quarantine"), "nobody takes it silently");
    it.release("surya", NAME).await.expect_status(200).unwrap();
    let refused = it.ask_claim("surya", NAME).await;
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "DOMAIN_QUARANTINED"));

    it.move_clock(24 * 33 + 1).await;
    let token = it.claim("surya", NAME).await;
    it.set_dns("surya", NAME, &token);
    assert_eq!(said(&it.verify("surya", NAME).await), pair("live", "none"));
    assert_eq!(said(&it.verify("mandala", NAME).await).0, "stuck");
}

#[tokio::test]
async fn a_name_that_was_lost_long_ago_does_not_rest_again_when_its_claim_is_released() {
    let mut it = Domains::new().await;
    for slug in ["mandala", "surya"] {
        it.ground.sign_up(slug).await;
    }
    it.open("mandala", NAME).await;
    it.zone().forget(NAME);
    it.verify("mandala", NAME).await;
    it.move_clock(73).await;
    assert_eq!(it.verify("mandala", NAME).await["is_verified"], false);
    let asked = async || it.ask_claim("surya", NAME).await.error_code();
    assert_eq!(asked().await, "DOMAIN_QUARANTINED");

    it.release("mandala", NAME).await.expect_status(200).unwrap();
    assert_eq!(asked().await, "DOMAIN_QUARANTINED", "it rests from when it was lost");
    it.move_clock(24 * 33 + 1).await;
    let token = it.claim("surya", NAME).await;
    it.set_dns("surya", NAME, &token);
    assert_eq!(said(&it.verify("surya", NAME).await), pair("live", "none"));
}

#[tokio::test]
async fn a_claim_that_is_tidied_up_keeps_the_next_hotel_from_nothing() {
    let mut it = Domains::new().await;
    for slug in ["mandala", "surya"] {
        it.ground.sign_up(slug).await;
    }
    it.open("mandala", NAME).await;
    it.zone().forget(NAME);
    it.verify("mandala", NAME).await;
    it.move_clock(73).await;
    it.verify("mandala", NAME).await;
    it.move_clock(24 * 150).await;

    it.release("mandala", NAME).await.expect_status(200).unwrap();
    let token = it.claim("surya", NAME).await;
    it.set_dns("surya", NAME, &token);
    assert_eq!(said(&it.verify("surya", NAME).await), pair("live", "none"));
}
