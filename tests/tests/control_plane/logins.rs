//! Logins that began before the person's password or second factor changed.

use hotelhub_core::totp;
use platform_tests::{
    client::{PageVisitor, hidden},
    platform::PANEL_HOST,
};
use serde_json::json;

use crate::{
    ground::Ground,
    users::{AYU, Enrolled, PASSWORD, login, post, refused, said},
};

/// Whether somebody waits for a row that another one holds.
const WAITING: &str =
    "SELECT least(count(*), 1) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

#[tokio::test]
async fn a_code_is_of_no_use_after_a_password_that_is_not_good_any_more() {
    let ground = Ground::new().await;
    let site = ground.site();
    let Enrolled { site: ayu, password, secret, now } = Enrolled::new(&ground).await;
    let thief = PageVisitor::stranger(&site.on_host(PANEL_HOST));
    let fields = [("email", AYU), ("password", &*password)];
    let asked = thief.send("/panel/login", &fields).await.unwrap().expect_status(200).unwrap();
    let note = hidden(&asked, "/panel/login/code", "note");

    let change = json!({ "current_password": password, "password": PASSWORD });
    assert_eq!(post(&ayu, "/api/v1/account/password", change).await.status, 204);

    let code = totp::code_at(&secret, now + 30).unwrap();
    let fields = [("note", &*note), ("code", &*code)];
    let late = thief.send("/panel/login/code", &fields).await.unwrap().expect_status(401).unwrap();
    assert!(late.header("set-cookie").is_empty(), "{:?}", late.headers);
    assert!(late.body.contains("Alamat email atau kata sandi salah."), "{}", late.body);
    // Nor did the thief use the code up.
    let body = json!({ "email": AYU, "password": PASSWORD, "totp": code });
    login(site, body).await.expect_status(200).unwrap();
}

#[tokio::test]
async fn a_login_that_changes_while_its_password_is_looked_at_begins_no_session() {
    let ground = Ground::new().await;
    let mut changing = ground.another_session().await;
    for (name, change) in [
        ("budi", "password_hash = 'another'"),
        ("citra", "totp_secret = 'sealed', totp_confirmed_at = now()"),
        ("dewi", "disabled_at = now()"),
    ] {
        let email = format!("{name}@hotelhub.localhost");
        let password = ground.make_vendor(&email, "support").await;
        let held = changing.transaction().await.unwrap();
        let update = format!("UPDATE vendor_users SET {change} WHERE email = '{email}'");
        held.execute(&update, &[]).await.unwrap();
        let commit = async {
            ground.wait_for_count(WAITING, 1).await;
            held.commit().await.unwrap();
        };
        let body = json!({ "email": email, "password": password });
        let (answer, ()) = tokio::join!(login(ground.site(), body), commit);
        assert_eq!(refused(&answer), said(401, "INVALID_CREDENTIALS"), "{change}");
    }
    assert_eq!(ground.count("SELECT count(*) FROM vendor_sessions").await, 0);
    let failed = "SELECT count(*) FROM audit_log WHERE action = 'vendor_user.log_in_failed'";
    assert_eq!(ground.count(failed).await, 3);
}
