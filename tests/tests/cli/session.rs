//! Logins: where the session is kept, how it is renewed, how it ends.

use std::{fs, os::unix::fs::PermissionsExt as _};

use platform_tests::platform::VENDOR_EMAIL;
use serde_json::Value;

use crate::ground::Ground;

fn session(ground: &Ground) -> Value {
    serde_json::from_str(&fs::read_to_string(ground.operator.session_file()).unwrap()).unwrap()
}

fn replace(ground: &Ground, session: &Value) {
    fs::write(ground.operator.session_file(), session.to_string()).unwrap();
}

#[tokio::test]
async fn a_login_is_kept_for_its_owner_only_and_ends_with_the_logout() {
    let mut ground = Ground::new().await;
    let before = ["--url", &ground.url, "tenant", "list"];
    let said = ground.operator.run(&before).await.refused(1);
    assert!(said.contains("(UNAUTHENTICATED)"), "{said}");
    assert!(said.contains("next: log in: `hotelhub login --email YOU`"), "{said}");
    assert!(said.contains("request id: "), "{said}");

    let said = ground.log_in().await;

    assert_eq!(said, format!("logged in to {}/ as Ayu (super_admin)\n", ground.url));
    let mode = fs::metadata(ground.operator.session_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(ground.operator.run(&["tenant", "list"]).await.done(), "no hotels\n");
    let stolen = session(&ground)["access_token"].as_str().unwrap().to_owned();

    assert_eq!(ground.operator.run(&["logout"]).await.done(), "logged out\n");

    assert!(!ground.operator.session_file().exists());
    ground.operator.set("HOTELHUB_URL", &ground.url);
    assert_eq!(ground.operator.run(&["logout"]).await.done(), "nobody was logged in\n");
    ground.operator.set("HOTELHUB_TOKEN", &stolen);
    ground.operator.run(&["tenant", "list"]).await.refused(1);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_kept() {
    let mut ground = Ground::new().await;
    ground.operator.set("HOTELHUB_PASSWORD", "wrong");
    let args = ["--url", &ground.url, "login", "--email", VENDOR_EMAIL];
    let said = ground.operator.run(&args).await.refused(1);
    assert!(said.contains("(INVALID_CREDENTIALS)"), "{said}");
    assert!(!ground.operator.session_file().exists());
}

#[tokio::test]
async fn an_expired_login_is_renewed_by_one_of_two_commands_and_used_by_both() {
    let ground = Ground::logged_in().await;
    let mut expired = session(&ground);
    expired["access_token"] = "expired".into();
    replace(&ground, &expired);

    let list = ["tenant", "list"];
    let (one, other) = tokio::join!(ground.operator.run(&list), ground.operator.run(&list));

    assert_eq!((one.done(), other.done()), ("no hotels\n".into(), "no hotels\n".into()));
    let renewed = session(&ground);
    assert_ne!(renewed["refresh_token"], expired["refresh_token"]);

    // A refresh token that was used before ends the session: there is nothing to renew.
    replace(&ground, &expired);
    let said = ground.operator.run(&list).await.refused(1);
    assert!(said.contains("(UNAUTHENTICATED)"), "{said}");
}

#[tokio::test]
async fn tokens_go_to_the_control_plane_that_gave_them_and_nowhere_else() {
    let mut ground = Ground::logged_in().await;
    // The same server under another name is another control plane.
    let other = ground.url.replace("control.localhost", "127.0.0.1");
    let said = ground.operator.run(&["--url", &other, "tenant", "list"]).await.refused(1);
    assert!(said.contains("(UNAUTHENTICATED)"), "{said}");

    let token = session(&ground)["access_token"].as_str().unwrap().to_owned();
    ground.operator.set("HOTELHUB_TOKEN", &token);
    ground.operator.run(&["--url", &other, "tenant", "list"]).await.done();
}
