//! One's own second factor, set up and taken away without a browser.

use std::time::UNIX_EPOCH;

use hotelhub_core::totp;
use platform_tests::platform::VENDOR_EMAIL;
use secrecy::SecretString;

use crate::ground::Ground;

/// What stands below the two lines that say what was done.
fn codes(said: &str) -> Vec<&str> {
    let codes: Vec<&str> = said.lines().skip(2).collect();
    assert!(codes.len() == 10 && codes.iter().all(|it| it.len() == 23), "{said}");
    codes
}

#[tokio::test]
async fn a_second_factor_is_set_up_used_and_taken_away() {
    let ground = Ground::logged_in().await;
    let ask = async |command: &str, typed: &str| {
        let args = ["user", "totp", command];
        ground.operator.run_with(&args, &format!("{typed}\n")).await
    };
    let early = ask("confirm", "000000").await.refused(1);
    assert!(early.contains("next: begin with it: `hotelhub user totp begin`"), "{early}");
    let wrong = ask("begin", "wrong").await.refused(1);
    assert!(wrong.contains("(VALIDATION_FAILED)\n  password: is not your password"), "{wrong}");
    assert!(ask("begin", "").await.refused(2).contains("standard input holds no password"));

    let said = ask("begin", &ground.password).await.done();
    assert!(said.starts_with("████") && said.contains("otpauth://totp/"), "{said}");
    let secret = said.lines().find_map(|it| it.strip_prefix("secret")).unwrap().trim();
    let secret = SecretString::from(secret);
    // A wrong code is sent once: it is no expired login.
    let wrong = ask("confirm", "000000").await.refused(1);
    assert!(
        wrong.contains("(TOTP_INVALID)") && wrong.contains("wait for the next code"),
        "{wrong}"
    );
    let tried = "SELECT totp_failures FROM vendor_users";
    let tried = ground.database().await.query_one(tried, &[]).await.unwrap();
    assert_eq!(tried.get::<_, i32>(0), 1);

    let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let code = totp::code_at(&secret, now).unwrap();
    let said = ask("confirm", &code).await.done();
    assert!(said.starts_with("the second factor is in use"), "{said}");
    let before = codes(&said);
    let again = ask("begin", &ground.password).await.refused(1);
    assert!(again.contains("next: take it away first: `hotelhub user totp reset`"), "{again}");
    let login = ["login", "--email", VENDOR_EMAIL];
    let typed = format!("{}\n{}\n", ground.password, before[0]);
    ground.operator.run_with(&login, &typed).await.done();
    let said = ask("recovery-codes", before[1]).await.done();
    let after = codes(&said);
    assert!(ask("reset", before[2]).await.refused(1).contains("(TOTP_INVALID)"));

    let said = ask("reset", after[0]).await.done();
    assert_eq!(said, "the second factor is taken away; other sessions have ended\n");
    let typed = format!("{}\n", ground.password);
    ground.operator.run_with(&login, &typed).await.done();
}
