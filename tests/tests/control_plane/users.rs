//! The vendor's people: how they get in, from where, and how they are kept out.

use futures_util::future::join_all;
use hotelhub_core::totp;
use platform_tests::{
    client::{Answer, PageVisitor, Site, hidden},
    platform::{PANEL_HOST, VENDOR_EMAIL},
};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::ground::Ground;

pub(crate) const AYU: &str = "ayu@hotelhub.localhost";
pub(crate) const PASSWORD: &str = "kopi-tubruk-di-teras-villa";

pub(crate) async fn login(site: &Site, body: Value) -> Answer {
    site.post("/api/v1/auth/login", &body).await.unwrap()
}

pub(crate) fn token(site: &Site, answer: &Answer) -> Site {
    site.with_token(answer.data().unwrap()["access_token"].as_str().unwrap())
}

pub(crate) async fn post(site: &Site, path: &str, body: Value) -> Answer {
    site.post(path, &body).await.unwrap()
}

pub(crate) fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error_code())
}

pub(crate) fn said(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Invites somebody; the one-time password.
async fn invite(admin: &Site, email: &str, role: &str) -> String {
    let body = json!({ "email": email, "name": "Ayu Lestari", "role": role });
    let made = post(admin, "/api/v1/users", body).await.expect_status(201).unwrap();
    made.data().unwrap()["one_time_password"].as_str().unwrap().to_owned()
}

/// Sets a second factor up: its secret, and the recovery codes.
pub(crate) async fn enrol(site: &Site, password: &str, now: i64) -> (SecretString, Vec<String>) {
    let begun = post(site, "/api/v1/account/totp", json!({ "password": password })).await;
    let begun = begun.expect_status(200).unwrap().data().unwrap();
    let secret = SecretString::from(begun["secret"].as_str().unwrap());
    assert!(begun["otpauth_url"].as_str().unwrap().contains("?secret="));
    let code = json!({ "totp": totp::code_at(&secret, now).unwrap() });
    let confirmed = post(site, "/api/v1/account/totp/confirm", code).await;
    let codes = confirmed.expect_status(200).unwrap().data().unwrap()["recovery_codes"].clone();
    (secret, serde_json::from_value(codes).unwrap())
}

/// Somebody of support with a second factor.
pub(crate) struct Enrolled {
    pub(crate) site: Site,
    pub(crate) password: String,
    pub(crate) secret: SecretString,
    /// When the first code was used, in seconds.
    pub(crate) now: i64,
}

impl Enrolled {
    pub(crate) async fn new(ground: &Ground) -> Self {
        let password = ground.make_vendor(AYU, "support").await;
        let body = json!({ "email": AYU, "password": password });
        let site = token(ground.site(), &login(ground.site(), body).await);
        // Codes are of half a minute, and of the one after it: none is spent on what comes before.
        let now = now();
        let (secret, _) = enrol(&site, &password, now).await;
        Self { site, password, secret, now }
    }
}

pub(crate) fn now() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap()
}

#[tokio::test]
async fn somebody_new_chooses_a_password_before_anything_else_and_is_shown_it_once() {
    let ground = Ground::new().await;
    let (admin, site) = (ground.vendor().await, ground.site());
    let body = json!({ "email": "Ayu@hotelhub.localhost", "name": "Ayu", "role": "support" });
    let ask = || {
        let request = admin.request(Method::POST, "/api/v1/users").header("idempotency-key", "k1");
        Answer::of(request.json(&body))
    };
    let made = ask().await.unwrap().expect_status(201).unwrap().data().unwrap();
    let password = made["one_time_password"].as_str().unwrap().to_owned();
    let again = ask().await.unwrap().expect_status(201).unwrap().data().unwrap();
    assert!(again["one_time_password"].is_null() && again["id"] == made["id"], "{again}");
    assert!(!ground.snapshot_of("idempotency_keys").await.contains(&password));
    let twice = post(&admin, "/api/v1/users", body.clone()).await;
    assert_eq!(refused(&twice), said(409, "EMAIL_TAKEN"));
    for (field, body) in [
        ("email", json!({ "email": "ayu", "name": "A", "role": "support" })),
        ("name", json!({ "email": "a@b.id", "name": " ", "role": "support" })),
        ("role", json!({ "email": "a@b.id", "name": "A", "role": "owner" })),
    ] {
        let odd = post(&admin, "/api/v1/users", body).await.expect_status(422).unwrap();
        assert!(odd.json().unwrap()["error"]["details"][field].is_array(), "{}", odd.body);
    }

    let answer = login(site, json!({ "email": AYU, "password": password })).await;
    let ayu = token(site, &answer.expect_status(200).unwrap());
    let me = ayu.get("/api/v1/me").await.unwrap().data().unwrap();
    assert_eq!(me["first_step"], "PASSWORD_CHANGE_REQUIRED");
    let kept_out = ayu.get("/api/v1/tenants").await.unwrap();
    assert_eq!(refused(&kept_out), said(403, "PASSWORD_CHANGE_REQUIRED"));
    let change =
        |current: &str, fresh: &str| json!({ "current_password": current, "password": fresh });
    for body in
        [change("wrong", PASSWORD), change(&password, "short"), change(&password, "password1234")]
    {
        let odd = post(&ayu, "/api/v1/account/password", body).await;
        assert_eq!(refused(&odd), said(422, "VALIDATION_FAILED"));
    }
    // One that somebody else has seen is not kept.
    let kept = post(&ayu, "/api/v1/account/password", change(&password, &password)).await;
    assert_eq!(refused(&kept), said(422, "VALIDATION_FAILED"));
    let why = kept.json().unwrap()["error"]["details"]["password"].clone();
    assert_eq!(why, json!(["needs to be another one than before"]));
    let changed = post(&ayu, "/api/v1/account/password", change(&password, PASSWORD)).await;
    assert_eq!(changed.status, 204);
    ayu.get("/api/v1/tenants").await.unwrap().expect_status(200).unwrap();
    let old = login(site, json!({ "email": AYU, "password": password })).await;
    assert_eq!(refused(&old), said(401, "INVALID_CREDENTIALS"));

    let password = invite(&admin, "budi@hotelhub.localhost", "finance").await;
    let late = "UPDATE vendor_users SET password_expires_at = now() - interval '1 s' \
                WHERE email LIKE 'budi@%'";
    ground.database.execute(late, &[]).await.unwrap();
    let body = json!({ "email": "budi@hotelhub.localhost", "password": password });
    assert_eq!(refused(&login(site, body).await), said(401, "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_the_last_super_admin_stays() {
    let ground = Ground::new().await;
    let admin = ground.vendor().await;
    let password = ground.make_vendor(AYU, "super_admin").await;
    let ayu = ground.site().log_in(AYU, &password).await.unwrap();
    let panel = ground.site().on_host(PANEL_HOST);
    let page = PageVisitor::log_in(&panel, "/panel/login", AYU, &password).await.unwrap();
    page.open("/panel/users").await.unwrap().expect_status(200).unwrap();

    let role = format!("/api/v1/users/{AYU}/role");
    post(&admin, &role, json!({ "role": "read_only" })).await.expect_status(200).unwrap();
    let listed = ayu.get("/api/v1/users").await.unwrap();
    assert_eq!(refused(&listed), said(403, "FORBIDDEN"), "at the next request");
    let disable = format!("/api/v1/users/{AYU}/disable");
    post(&admin, &disable, json!({})).await.expect_status(200).unwrap();
    assert_eq!(refused(&ayu.get("/api/v1/me").await.unwrap()), said(401, "UNAUTHENTICATED"));
    assert_eq!(page.open("/panel/jobs").await.unwrap().header("location"), "/panel/login");
    let out = login(ground.site(), json!({ "email": AYU, "password": password })).await;
    assert_eq!(refused(&out), said(401, "INVALID_CREDENTIALS"));

    let mine = format!("/api/v1/users/{VENDOR_EMAIL}");
    for (action, body) in [("disable", json!({})), ("role", json!({ "role": "support" }))] {
        let kept = post(&admin, &format!("{mine}/{action}"), body).await;
        assert_eq!(refused(&kept), said(409, "LAST_SUPER_ADMIN"), "{action}");
    }
    // Somebody who was only invited cannot log in yet.
    invite(&admin, "budi@hotelhub.localhost", "super_admin").await;
    let kept = post(&admin, &format!("{mine}/disable"), json!({})).await;
    assert_eq!(refused(&kept), said(409, "LAST_SUPER_ADMIN"));
    assert_eq!(post(&admin, "/api/v1/users/nobody/disable", json!({})).await.status, 404);
}

#[tokio::test]
async fn two_super_admins_who_disable_each_other_at_once_leave_one() {
    let ground = Ground::new().await;
    let one = ground.vendor().await;
    let password = ground.make_vendor(AYU, "super_admin").await;
    let other = ground.site().log_in(AYU, &password).await.unwrap();
    let paths =
        [format!("/api/v1/users/{AYU}/disable"), format!("/api/v1/users/{VENDOR_EMAIL}/disable")];
    let answers =
        join_all([post(&one, &paths[0], json!({})), post(&other, &paths[1], json!({}))]).await;
    let done = answers.iter().filter(|it| it.status == 200).count();
    assert_eq!(done, 1, "{:?}", answers.iter().map(|it| &it.body).collect::<Vec<_>>());
    let left = "SELECT count(*) FROM vendor_users WHERE disabled_at IS NULL";
    assert_eq!(ground.count(left).await, 1);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
    let ground = Ground::new().await;
    let site = ground.site();
    let password = ground.make_vendor(AYU, "support").await;
    let body = |totp: Option<&str>| match totp {
        Some(totp) => json!({ "email": AYU, "password": password, "totp": totp }),
        None => json!({ "email": AYU, "password": password }),
    };
    let before = token(site, &login(site, body(None)).await);
    let ayu = token(site, &login(site, body(None)).await);
    let wrong = post(&ayu, "/api/v1/account/totp", json!({ "password": "wrong" })).await;
    assert_eq!(refused(&wrong), said(422, "VALIDATION_FAILED"));
    let early = post(&ayu, "/api/v1/account/totp/confirm", json!({ "totp": "000000" })).await;
    assert_eq!(refused(&early), said(409, "TOTP_NOT_BEGUN"));
    let now = now();
    let (secret, codes) = enrol(&ayu, &password, now).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(before.get("/api/v1/me").await.unwrap().status, 401, "began without one");
    let stored = ground.snapshot("vendor_users").await;
    let plain = secrecy::ExposeSecret::expose_secret(&secret);
    assert!(!stored.contains(plain), "the secret is sealed");

    assert_eq!(refused(&login(site, body(None)).await), said(401, "TOTP_REQUIRED"));
    let not_mine = json!({ "email": AYU, "password": "wrong", "totp": codes[0] });
    assert_eq!(refused(&login(site, not_mine).await), said(401, "INVALID_CREDENTIALS"));
    let used = totp::code_at(&secret, now).unwrap();
    assert_eq!(refused(&login(site, body(Some(&used))).await), said(401, "TOTP_INVALID"));
    let next = totp::code_at(&secret, now + 30).unwrap();
    let logins = (0..8).map(|_| login(site, body(Some(&next))));
    let answers = join_all(logins).await;
    assert_eq!(answers.iter().filter(|it| it.status == 200).count(), 1, "one code, one login");

    // After five wrong ones none is looked at. Nobody guesses a recovery code.
    for _ in 0..5 {
        assert_ne!(login(site, body(Some("000000"))).await.status, 200);
    }
    let locked = login(site, body(Some("000000"))).await;
    assert_eq!(refused(&locked), said(429, "RATE_LIMITED"));
    let recovered = login(site, body(Some(&codes[1].to_lowercase()))).await;
    let ayu = token(site, &recovered.expect_status(200).unwrap());
    assert_eq!(refused(&login(site, body(Some(&codes[1]))).await), said(401, "TOTP_INVALID"));

    let renew =
        post(&ayu, "/api/v1/account/totp/recovery-codes", json!({ "totp": codes[2] })).await;
    renew.expect_status(200).unwrap();
    assert_eq!(refused(&login(site, body(Some(&codes[3]))).await), said(401, "TOTP_INVALID"));
    let admin = ground.vendor().await;
    let reset = post(&admin, &format!("/api/v1/users/{AYU}/reset-totp"), json!({})).await;
    assert_eq!(reset.expect_status(200).unwrap().data().unwrap()["has_totp"], false);
    assert_eq!(ayu.get("/api/v1/me").await.unwrap().status, 401);
    login(site, body(None)).await.expect_status(200).unwrap();
}

#[tokio::test]
async fn wrong_codes_lock_a_second_factor_for_a_growing_time_and_tell_a_stranger_nothing() {
    let ground = Ground::new().await;
    let site = ground.site();
    let Enrolled { password, secret, now, .. } = Enrolled::new(&ground).await;
    let failed = async |failures: i32, minutes: i32| {
        let sql = "UPDATE vendor_users SET totp_failures = $1, \
                   totp_failed_at = now() - $2 * interval '1 minute'";
        ground.database.execute(sql, &[&failures, &f64::from(minutes)]).await.unwrap();
    };
    let attempt = async |code: &str| {
        login(site, json!({ "email": AYU, "password": password, "totp": code })).await
    };
    let wait = |it: &Answer| it.header("retry-after").parse::<u32>().unwrap();

    failed(8, 0).await;
    let locked = attempt("000000").await;
    assert_eq!(refused(&locked), said(429, "RATE_LIMITED"));
    assert!((300..=481).contains(&wait(&locked)), "eight minutes after eight: {}", wait(&locked));
    failed(8, 9).await;
    assert_eq!(refused(&attempt("000000").await), said(401, "TOTP_INVALID"), "one try");
    let next = totp::code_at(&secret, now + 30).unwrap();
    let locked = attempt(&next).await;
    assert_eq!(refused(&locked), said(429, "RATE_LIMITED"), "the right one neither");
    assert!((600..=961).contains(&wait(&locked)), "and twice as long: {}", wait(&locked));

    // Without the password there is no difference between the two, nor whether one is locked.
    let error = async |email: &str, code: &str| {
        let body = json!({ "email": email, "password": "wrong", "totp": code });
        let mut body = login(site, body).await.json().unwrap();
        body["error"]["request_id"] = Value::Null;
        body
    };
    assert_eq!(error(AYU, "000000").await, error("nobody@hotelhub.localhost", "000000").await);

    failed(9, 17).await;
    attempt(&next).await.expect_status(200).unwrap();
    let fresh = "SELECT count(*) FROM vendor_users WHERE totp_failures = 0 \
                 AND totp_failed_at IS NULL AND totp_confirmed_at IS NOT NULL";
    assert_eq!(ground.count(fresh).await, 1);
}

#[tokio::test]
async fn ones_own_second_factor_goes_with_a_code_and_not_without() {
    let ground = Ground::new().await;
    let site = ground.site();
    let password = ground.make_vendor(AYU, "super_admin").await;
    let ayu = token(site, &login(site, json!({ "email": AYU, "password": password })).await);
    let path = "/api/v1/account/totp/reset";
    let none = post(&ayu, path, json!({ "totp": "000000" })).await;
    assert_eq!(refused(&none), said(409, "TOTP_NOT_BEGUN"));
    let (_, codes) = enrol(&ayu, &password, now()).await;
    let code = json!({ "email": AYU, "password": password, "totp": codes[0] });
    let other = token(site, &login(site, code).await);

    let own = post(&ayu, &format!("/api/v1/users/{AYU}/reset-totp"), json!({})).await;
    assert_eq!(refused(&own), said(422, "VALIDATION_FAILED"));
    for wrong in ["000000", &*codes[0]] {
        let kept = post(&ayu, path, json!({ "totp": wrong })).await;
        assert_eq!(refused(&kept), said(401, "TOTP_INVALID"), "{wrong}");
    }
    assert_eq!(ayu.get("/api/v1/me").await.unwrap().data().unwrap()["has_totp"], true);
    assert_eq!(post(&ayu, path, json!({ "totp": codes[1] })).await.status, 204);
    assert_eq!(ayu.get("/api/v1/me").await.unwrap().data().unwrap()["has_totp"], false);
    assert_eq!(other.get("/api/v1/me").await.unwrap().status, 401, "the other sessions end");
    assert_eq!(ground.count("SELECT count(*) FROM vendor_recovery_codes").await, 0);
}

#[tokio::test]
async fn where_a_second_factor_is_the_rule_nobody_gets_further_without() {
    let ground = Ground::with(&[("VENDOR_TOTP", "required")]).await;
    let site = ground.site();
    let password = ground.make_vendor(AYU, "super_admin").await;
    let ayu = token(site, &login(site, json!({ "email": AYU, "password": password })).await);
    for path in ["/api/v1/tenants", "/api/v1/users", "/api/v1/audit", "/api/v1/db-hosts"] {
        let kept_out = ayu.get(path).await.unwrap();
        assert_eq!(refused(&kept_out), said(403, "TOTP_ENROLMENT_REQUIRED"), "{path}");
    }
    let panel = site.on_host(PANEL_HOST);
    let visitor = PageVisitor::log_in(&panel, "/panel/login", AYU, &password).await.unwrap();
    let sent = visitor.open("/panel/jobs").await.unwrap();
    assert_eq!(sent.header("location"), "/panel/account");
    let page = visitor.open("/panel/account").await.unwrap().expect_status(200).unwrap();
    assert!(page.body.contains("Pasang dulu faktor kedua"), "{}", page.body);
    let begun = visitor.send("/panel/account/totp", &[("password", &password)]).await.unwrap();
    assert!(begun.body.contains("<svg class=\"qr\""), "{}", begun.body);
    let secret = begun.body.split("Kunci: <code>").nth(1).unwrap().split('<').next().unwrap();
    let secret = SecretString::from(secret);
    let wrong = visitor.send("/panel/account/totp/confirm", &[("code", "000")]).await.unwrap();
    assert_eq!(wrong.status, 401);
    let plain = secrecy::ExposeSecret::expose_secret(&secret);
    assert!(wrong.body.contains("action=\"/panel/account/totp/confirm\""), "{}", wrong.body);
    assert!(!wrong.body.contains("<svg class=\"qr\"") && !wrong.body.contains(plain), "once only");
    let code = totp::code_at(&secret, now()).unwrap();
    let done = visitor.send("/panel/account/totp/confirm", &[("code", &code)]).await.unwrap();
    assert!(done.body.contains("Kode pemulihan"), "{}", done.body);
    visitor.open("/panel/jobs").await.unwrap().expect_status(200).unwrap();

    // The next login takes two steps.
    let stranger = PageVisitor::stranger(&panel);
    let fields = [("email", AYU), ("password", &*password)];
    let asked = stranger.send("/panel/login", &fields).await.unwrap().expect_status(200).unwrap();
    assert!(asked.header("set-cookie").is_empty(), "no session yet");
    let note = hidden(&asked, "/panel/login/code", "note");
    let send = |note: String, code: String| {
        let stranger = stranger.clone();
        async move {
            stranger.send("/panel/login/code", &[("note", &note), ("code", &code)]).await.unwrap()
        }
    };
    assert_eq!(send(note.clone(), code.clone()).await.status, 401, "used");
    assert_eq!(send("v1.x.y.z".to_owned(), code).await.status, 401);
    let next = totp::code_at(&secret, now() + 30).unwrap();
    let entered = send(note.clone(), next.clone()).await.expect_status(303).unwrap();
    assert!(entered.header("set-cookie").contains("HttpOnly"));
    assert_eq!(send(note, next).await.status, 401, "neither note nor code twice");
}

#[tokio::test]
async fn only_from_allowed_addresses_and_nobody_locks_themselves_out() {
    let settings =
        [("TRUSTED_PROXIES", "127.0.0.1"), ("VENDOR_ALLOWED_ADDRESSES", "127.0.0.1,10.0.0.0/8")];
    let ground = Ground::with(&settings).await;
    let site = ground.site();
    let admin = ground.vendor().await;
    let from = |site: &Site, address: &str| {
        let request = site.request(Method::GET, "/api/v1/me");
        Answer::of(request.header("x-forwarded-for", address))
    };
    let me = from(&admin, "203.0.113.9").await.unwrap();
    assert_eq!(refused(&me), said(403, "ADDRESS_NOT_ALLOWED"), "a stolen token");
    from(&admin, "10.1.2.3").await.unwrap().expect_status(200).unwrap();
    let password = ground.make_vendor(AYU, "support").await;
    let outside =
        site.request(Method::POST, "/api/v1/auth/login").header("x-forwarded-for", "203.0.113.9");
    let body = json!({ "email": AYU, "password": password });
    let outside = Answer::of(outside.json(&body)).await.unwrap();
    assert_eq!(refused(&outside), said(403, "ADDRESS_NOT_ALLOWED"));

    let ayu = site.log_in(AYU, &password).await.unwrap();
    let own = format!("/api/v1/users/{AYU}/allowed-addresses");
    let odd = post(&admin, &own, json!({ "addresses": ["here"] })).await;
    assert_eq!(refused(&odd), said(422, "VALIDATION_FAILED"));
    let narrow = json!({ "addresses": ["10.1.0.0/16"] });
    post(&admin, &own, narrow.clone()).await.expect_status(200).unwrap();
    let me = ayu.get("/api/v1/me").await.unwrap();
    assert_eq!(refused(&me), said(403, "ADDRESS_NOT_ALLOWED"), "at the next request");
    from(&ayu, "10.1.2.3").await.unwrap().expect_status(200).unwrap();
    let mine = format!("/api/v1/users/{VENDOR_EMAIL}/allowed-addresses");
    assert_eq!(refused(&post(&admin, &mine, narrow).await), said(409, "WOULD_LOCK_OUT"));
    post(&admin, &own, json!({ "addresses": null })).await.expect_status(200).unwrap();
    ayu.get("/api/v1/me").await.unwrap().expect_status(200).unwrap();
    // A super administrator who gets in from nowhere is none to leave the house to.
    let password = ground.make_vendor("budi@hotelhub.localhost", "super_admin").await;
    let outside = json!({ "addresses": ["203.0.113.0/24"] });
    let budi = "/api/v1/users/budi@hotelhub.localhost/allowed-addresses";
    post(&admin, budi, outside).await.expect_status(200).unwrap();
    let body = json!({ "email": "budi@hotelhub.localhost", "password": password });
    assert_eq!(refused(&login(site, body).await), said(403, "ADDRESS_NOT_ALLOWED"));
    let leave = format!("/api/v1/users/{VENDOR_EMAIL}/role");
    let kept = post(&admin, &leave, json!({ "role": "support" })).await;
    assert_eq!(refused(&kept), said(409, "LAST_SUPER_ADMIN"));
    let inside = json!({ "addresses": ["203.0.113.0/24", "10.9.0.0/16"] });
    post(&admin, budi, inside).await.expect_status(200).unwrap();
    post(&admin, &leave, json!({ "role": "support" })).await.expect_status(200).unwrap();

    let failed = "SELECT count(*) FROM audit_log WHERE action = 'vendor_user.log_in_failed' \
                  AND details LIKE '%ADDRESS_NOT_ALLOWED%' AND client_address = '203.0.113.9'";
    assert_eq!(ground.count(failed).await, 1);
}

#[tokio::test]
async fn the_panel_looks_after_the_people() {
    let ground = Ground::new().await;
    let password = ground.make_vendor(VENDOR_EMAIL, "super_admin").await;
    let panel = ground.site().on_host(PANEL_HOST);
    let admin = PageVisitor::log_in(&panel, "/panel/login", VENDOR_EMAIL, &password).await.unwrap();
    let fields = [("email", AYU), ("name", "Ayu <b>"), ("role", "support")];
    let made = admin.send("/panel/users", &fields).await.unwrap().expect_status(200).unwrap();
    assert!(made.body.contains("Kata sandi sekali pakai") && !made.body.contains("Ayu <b>"));
    let page = admin.open("/panel/users").await.unwrap().expect_status(200).unwrap();
    let (_, key) = page.body.split_once("name=\"form_key\" value=\"").unwrap();
    let (key, _) = key.split_once('"').unwrap();
    let budi = [("email", "budi@hotelhub.localhost"), ("name", "Budi"), ("role", "finance")];
    let budi = [&budi[..], &[("form_key", key)]].concat();
    let click = async |path: &str, fields: &[(&str, &str)]| {
        let shown = admin.send(path, fields).await.unwrap().expect_status(200).unwrap();
        let (_, after) = shown.body.split_once("id=\"once\"").unwrap();
        let (password, _) = after.split_once("</code>").unwrap();
        password.rsplit_once("<code>").unwrap().1.to_owned()
    };
    let (one, two) = tokio::join!(click("/panel/users", &budi), click("/panel/users", &budi));
    assert_eq!(one, two, "two clicks, one password");
    let log_in = async |password: &str| {
        let body = json!({ "email": "budi@hotelhub.localhost", "password": password });
        ground.site().post("/api/v1/auth/login", &body).await.unwrap().status.as_u16()
    };
    assert_eq!(log_in(&one).await, 200);
    let reset = "/panel/users/budi@hotelhub.localhost/reset-password";
    let key = [("form_key", "another form")];
    let (three, four) = tokio::join!(click(reset, &key), click(reset, &key));
    assert!(three == four && three != one, "{three} {four}");
    assert_eq!((log_in(&one).await, log_in(&three).await), (401, 200));
    let late = admin.send("/panel/users", &budi).await.unwrap().expect_status(200).unwrap();
    assert!(!late.body.contains("id=\"once\""), "it is good for nothing now: {}", late.body);
    let taken = admin.send("/panel/users", &fields).await.unwrap().expect_status(409).unwrap();
    assert!(taken.body.contains("alamat email ini sudah dipakai"), "{}", taken.body);
    let listed = admin.open("/panel/users?q=ayu&state=invited").await.unwrap();
    assert!(listed.body.contains(AYU) && !listed.body.contains(VENDOR_EMAIL), "{}", listed.body);
    let sql = "SELECT id::text FROM vendor_users WHERE email = $1";
    let id: String = ground.database.query_one(sql, &[&AYU]).await.unwrap().get(0);
    for (action, fields, done) in [
        ("role", ("role", "finance"), "role"),
        ("allowed-addresses", ("addresses", "10.0.0.0/8"), "addresses"),
        ("disable", ("x", ""), "disable"),
        ("enable", ("x", ""), "enable"),
        ("reset-totp", ("x", ""), "reset-totp"),
    ] {
        let path = format!("/panel/users/{id}/{action}");
        let sent = admin.send(&path, &[fields]).await.unwrap().expect_status(303).unwrap();
        assert_eq!(sent.header("location"), format!("/panel/users/{id}?done={done}"));
        let shown = admin.open(sent.header("location")).await.unwrap();
        assert!(shown.body.contains("role=\"status\""), "{action}");
    }
    let reset = admin.send(&format!("/panel/users/{id}/reset-password"), &[]).await.unwrap();
    assert!(reset.body.contains("Kata sandi sekali pakai"), "{}", reset.body);
    let odd = admin.send(&format!("/panel/users/{id}/role"), &[("role", "owner")]).await.unwrap();
    assert_eq!(odd.status, 422);
    let nobody = admin.open("/panel/users/nobody").await.unwrap();
    assert_eq!(nobody.status, 404);
    let same = [("current_password", &*password), ("password", &*password)];
    let kept = admin.send("/panel/account/password", &same).await.unwrap();
    assert_eq!(kept.status, 422);
    assert!(kept.body.contains("password: needs to be another one than before"), "{}", kept.body);
    let change = [("current_password", &*password), ("password", PASSWORD)];
    let changed = admin.send("/panel/account/password", &change).await.unwrap();
    assert_eq!(changed.header("location"), "/panel/account?done=password");
}
