//! Custom domains: claimed, proven, preferred and released, and who may have which.

use platform_tests::{client::Answer, platform::BASE_DOMAIN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    domain_ground::{Domains, EDGE, said, text},
    ground::Vendor,
};

const NAME: &str = "www.hotelmandala.com";

fn names(domains: &[hotelhub_core::routes::RouteDomain]) -> Vec<(&str, bool)> {
    domains.iter().map(|it| (&*it.hostname, it.primary)).collect()
}

#[tokio::test]
async fn a_domain_is_claimed_proven_preferred_and_released() {
    let it = Domains::new().await;
    it.ground.open_hotel("mandala").await;
    let own = Domains::target("mandala");

    let token = it.claim("mandala", " WWW.HotelMandala.com. ").await;
    let shown = it.show("mandala", NAME).await.data().unwrap();
    assert_eq!((&shown["slug"], &shown["is_verified"]), (&json!("mandala"), &json!(false)));
    assert_eq!(said(&shown), ("working".into(), "wait_for_check".into()));
    let pointing = &shown["records"][1];
    assert_eq!((&pointing["type"], text(&pointing["value"])), (&json!("CNAME"), &*own));
    let before = it.version().await;
    let first = it.verify("mandala", NAME).await;
    assert_eq!(said(&first), ("action_needed".into(), "set_txt".into()));
    assert!(text(&first["next_action"]["id"]).contains("TXT"));
    it.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &["v=spf1", &token]);
    let second = it.verify("mandala", NAME).await;
    assert_eq!(said(&second), ("action_needed".into(), "set_pointing".into()));
    assert_eq!(second["records"][0]["is_right"], json!(true));
    assert_eq!(names(&it.routed("mandala").await), [(&*own, true)]);
    assert_eq!(it.version().await, before, "nothing that routes show has changed");
    assert_eq!(it.act("mandala", NAME, "primary").await.error_code(), "DOMAIN_NOT_LIVE");

    it.zone().set_cname(NAME, &own);
    let live = it.verify("mandala", NAME).await;
    assert_eq!((said(&live), &live["is_verified"]), (("live".into(), "none".into()), &json!(true)));
    assert_eq!(live["ssl"]["status"], "none", "hotels are reached without TLS here");
    assert_eq!(names(&it.routed("mandala").await), [(&*own, true), (NAME, false)]);
    let version = it.version().await;
    it.verify("mandala", NAME).await;
    assert_eq!(it.version().await, version, "a look that finds nothing new is no change");

    let preferred = it.act("mandala", NAME, "primary").await.expect_status(200).unwrap();
    assert_eq!(preferred.data().unwrap()["is_primary"], true);
    assert_eq!(names(&it.routed("mandala").await), [(NAME, true), (&*own, false)]);
    let listed =
        it.vendor.get("/api/v1/domains?state=live&kind=custom&text=MANDALA").await.unwrap();
    assert_eq!(listed.data().unwrap()[0]["hostname"], NAME);

    assert_eq!(it.release("mandala", &own).await.error_code(), "DOMAIN_OF_PLATFORM");
    let released = it.release("mandala", NAME).await.expect_status(200).unwrap();
    assert!(released.data().unwrap()["released_at"].is_string());
    assert_eq!(names(&it.routed("mandala").await), [(&*own, true)], "the platform's own again");
    assert_eq!(it.show("mandala", NAME).await.status, 404);
    assert_eq!(it.release("mandala", NAME).await.status, 404);
}

#[tokio::test]
async fn a_claim_keeps_nobody_out_and_whoever_proves_the_name_has_it() {
    let it = Domains::new().await;
    for slug in ["squatter", "mandala", "third"] {
        it.ground.sign_up(slug).await;
    }
    let squatted = it.claim("squatter", NAME).await;
    let twice = it.ask_claim("squatter", NAME).await;
    assert_eq!((twice.status.as_u16(), &*twice.error_code()), (409, "DOMAIN_ALREADY_CLAIMED"));
    let token = it.claim("mandala", NAME).await;
    assert_ne!(squatted, token, "a token is of one tenant and one name");

    it.set_dns("mandala", NAME, &token);
    assert_eq!(said(&it.verify("squatter", NAME).await).1, "fix_txt");
    assert_eq!(said(&it.verify("mandala", NAME).await).0, "live");

    let refused = it.ask_claim("third", NAME).await;
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "DOMAIN_TAKEN"));
    // Both proofs in DNS: the holder keeps the name.
    it.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &[&token, &squatted]);
    it.zone().set_cname(NAME, &Domains::target("squatter"));
    let other = it.verify("squatter", NAME).await;
    assert_eq!(said(&other), ("stuck".into(), "ask_holder".into()));
    assert!(it.routed("squatter").await.iter().all(|it| it.hostname != NAME));
}

#[tokio::test]
async fn of_many_who_prove_one_name_at_once_one_has_it() {
    let it = Domains::new().await;
    let slugs: Vec<String> = (0..6).map(|it| format!("hotel-{it}")).collect();
    let mut tokens = Vec::new();
    for slug in &slugs {
        it.ground.sign_up(slug).await;
        tokens.push(it.claim(slug, "shared.example.com").await);
    }
    let tokens: Vec<&str> = tokens.iter().map(|it| &**it).collect();
    it.zone().set_txt("_hotelhub-challenge.shared.example.com", &tokens);
    it.zone().set_addresses("shared.example.com", &[EDGE.parse().unwrap()]);

    let looks = slugs.iter().map(|slug| it.verify(slug, "shared.example.com"));
    let found = futures_util::future::join_all(looks).await;

    let states: Vec<String> = found.iter().map(|it| said(it).0).collect();
    assert_eq!(states.iter().filter(|it| *it == "live").count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|it| *it == "stuck").count(), 5, "{states:?}");
}

#[tokio::test]
async fn a_released_name_rests_and_only_its_last_holder_has_it_again_at_once() {
    let mut it = Domains::new().await;
    for slug in ["mandala", "surya"] {
        it.ground.sign_up(slug).await;
    }
    let token = it.open("mandala", NAME).await;
    // Somebody who waits for the name with a claim of its own gains nothing by it.
    it.ground.database.execute(
        "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, created_at, \
           kind, challenge) SELECT gen_random_uuid(), id, $1, false, false, 'none', now(), 'custom', 'x' \
         FROM tenants WHERE slug = 'surya'", &[&NAME]).await.unwrap();
    it.release("mandala", NAME).await.expect_status(200).unwrap();
    it.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &["x", &token]);
    it.zone().forget(NAME);
    it.zone().set_addresses(NAME, &[EDGE.parse().unwrap()]);
    let waiting = it.verify("surya", NAME).await;
    assert_eq!(said(&waiting), ("stuck".into(), "wait_for_quarantine".into()));
    it.release("surya", NAME).await.expect_status(200).unwrap();
    let refused = it.ask_claim("surya", NAME).await;
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "DOMAIN_QUARANTINED"));
    assert!(refused.json().unwrap()["error"]["details"]["until"][0].is_string());

    assert_eq!(it.claim("mandala", NAME).await, token, "its record in DNS still counts");
    assert_eq!(said(&it.verify("mandala", NAME).await).0, "live");
    it.release("mandala", NAME).await.expect_status(200).unwrap();

    it.move_clock(24 * 31).await;
    let token = it.claim("surya", NAME).await;
    it.zone().set_txt(&format!("_hotelhub-challenge.{NAME}"), &[&token]);
    assert_eq!(said(&it.verify("surya", NAME).await).0, "live");
}

#[tokio::test]
async fn names_that_nobody_can_have_are_refused_and_change_nothing() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    let before = it.ground.snapshot("domains").await;
    let below = format!("surya.{BASE_DOMAIN}");
    for bad in [
        "",
        "hotel",
        "co.id",
        "203.0.113.7",
        "[::1]",
        "*.hotelmandala.com",
        "https://a.com",
        "a.com:1",
        "a..com",
        "-a.com",
        "a_b.com",
        "hotelm\u{430}ndala.com",
        "аррӏе.com",
        "a.local",
        BASE_DOMAIN,
        &below,
        "panel.localhost",
        "x.control.localhost",
    ] {
        let refused = it.ask_claim("mandala", bad).await;
        let got = (refused.status.as_u16(), refused.error_code());
        assert_eq!(got, (422, "VALIDATION_FAILED".to_owned()), "{bad}");
        let why = &refused.json().unwrap()["error"]["details"]["hostname"][0];
        assert!(why.is_string(), "{bad}: {why}");
    }
    assert_eq!(it.ask_claim("nobody", NAME).await.status, 404);
    assert_eq!(it.ground.snapshot("domains").await, before);
}

#[tokio::test]
async fn one_tenant_claims_so_many_and_no_more() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    for number in 0..25 {
        it.claim("mandala", &format!("www{number}.example.com")).await;
    }
    let refused = it.ask_claim("mandala", NAME).await;
    assert_eq!((refused.status.as_u16(), &*refused.error_code()), (409, "TOO_MANY_DOMAINS"));
    let first = it.vendor.get("/api/v1/tenants/mandala/domains?limit=20").await.unwrap();
    let first: Value = first.json().unwrap();
    let cursor = text(&first["meta"]["next_cursor"]).to_owned();
    let path = format!("/api/v1/tenants/mandala/domains?limit=20&cursor={cursor}");
    let rest = it.vendor.get(&path).await.unwrap().data().unwrap();
    let count = |it: &Value| it.as_array().unwrap().len();
    assert_eq!((count(&first["data"]), count(&rest)), (20, 6));
}

#[tokio::test]
async fn a_name_is_found_by_a_part_of_it_as_people_type_it() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    for name in [NAME, "book.hotelmandala.com", "旅館.jp"] {
        it.claim("mandala", name).await;
    }
    // More than are looked up by their ids.
    let crowd = "INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, \
           created_at, kind, challenge) \
         SELECT gen_random_uuid(), id, 'h' || n || '.crowd.example', false, false, 'none', now(), \
           'custom', 'x' FROM tenants, generate_series(1, 600) AS n WHERE slug = 'mandala'";
    it.ground.database.execute(crowd, &[]).await.unwrap();
    let found = async |text: &str| {
        let mut path = url::Url::parse("http://x/api/v1/domains?limit=200").unwrap();
        path.query_pairs_mut().append_pair("text", text);
        let path = format!("{}?{}", path.path(), path.query().unwrap());
        let listed = it.vendor.get(&path).await.unwrap().expect_status(200).unwrap();
        let listed = listed.data().unwrap();
        let names = listed.as_array().unwrap().iter().map(|it| text_of(&it["shown"]));
        names.collect::<Vec<_>>()
    };

    assert_eq!(found("HotelMandala").await, ["book.hotelmandala.com", NAME], "the newest first");
    assert_eq!(found("旅館").await, ["旅館.jp"]);
    assert_eq!(found("zfvv").await, ["旅館.jp"]);
    assert_eq!(found("h600.crowd").await, ["h600.crowd.example"]);
    assert_eq!(found("crowd").await.len(), 200, "a page of many");
    for none in ["hotelm_ndala", "%mandala", "surya"] {
        assert!(found(none).await.is_empty(), "{none}");
    }
}

fn text_of(value: &Value) -> String {
    text(value).to_owned()
}

#[tokio::test]
async fn a_repeated_claim_gives_the_same_answer_and_support_may_make_it() {
    let it = Domains::new().await;
    it.ground.sign_up("mandala").await;
    let support = it.ground.vendor_of(Vendor::Support).await;
    let claim = async || {
        let request = support.request(Method::POST, "/api/v1/tenants/mandala/domains");
        let request = request.header("Idempotency-Key", "d-1").json(&json!({ "hostname": NAME }));
        Answer::of(request).await.unwrap().expect_status(201).unwrap().data().unwrap()
    };
    assert_eq!(claim().await, claim().await);
    for role in [Vendor::Finance, Vendor::ReadOnly] {
        let looker = it.ground.vendor_of(role).await;
        let path = format!("/api/v1/tenants/mandala/domains/{NAME}");
        assert_eq!(looker.get(&path).await.unwrap().status, 200);
        assert_eq!(looker.get("/api/v1/domains").await.unwrap().status, 200);
        for (method, path) in [
            (Method::POST, "/api/v1/tenants/mandala/domains".to_owned()),
            (Method::POST, format!("{path}/verify")),
            (Method::POST, format!("{path}/primary")),
            (Method::DELETE, path.clone()),
        ] {
            let request = looker.request(method, &path);
            let request = match path.ends_with("/domains") {
                true => request.json(&json!({ "hostname": "b.example.com" })),
                false => request,
            };
            assert_eq!(Answer::of(request).await.unwrap().status, 403, "{path}");
        }
    }
    assert_eq!(it.ground.site().get("/api/v1/domains").await.unwrap().status, 401);
}
