//! `/panel/users` and `/panel/account`: the vendor's people are looked after, and each looks after
//! their own password and second factor.

mod account;
mod qr;
mod texts;
mod users;

use hotelhub_http::endpoint::{Endpoint, Routes};

use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/account").get(GATE.behind(account::show_account)).register(scope);
    let account = |rest| Endpoint::at(&format!("/account{rest}"));
    account("/password").post(GATE.behind(account::change_password)).register(scope);
    account("/totp").post(GATE.behind(account::begin_totp)).register(scope);
    account("/totp/confirm").post(GATE.behind(account::confirm_totp)).register(scope);
    let renew = GATE.behind(account::renew_recovery_codes);
    account("/totp/recovery-codes").post(renew).register(scope);
    account("/totp/reset").post(GATE.behind(account::reset_totp)).register(scope);
    Endpoint::at("/users")
        .get(GATE.behind(users::list_users))
        .post(GATE.behind(users::create_user))
        .register(scope);
    let user = |rest| Endpoint::at(&format!("/users/{{user}}{rest}"));
    user("").get(GATE.behind(users::show_user)).register(scope);
    user("/role").post(GATE.behind(users::change_role)).register(scope);
    user("/disable").post(GATE.behind(users::disable_user)).register(scope);
    user("/enable").post(GATE.behind(users::enable_user)).register(scope);
    user("/reset-password").post(GATE.behind(users::reset_password)).register(scope);
    user("/reset-totp").post(GATE.behind(users::reset_totp)).register(scope);
    user("/allowed-addresses").post(GATE.behind(users::allow_addresses)).register(scope);
}
