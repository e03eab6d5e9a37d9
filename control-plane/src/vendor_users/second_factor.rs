//! Second factors: set up, confirmed by a code, asked for at logins.
//!
//! A code's time step is used once, whoever comes first. After five wrong codes in a row none is looked
//! at for a minute, and after each further one for twice as long. The row of the person is held
//! meanwhile, so none of it can be got round by asking twice at once. Recovery codes are random enough
//! for a plain checksum, and to be tried at any time: so whoever owns a login gets in though somebody
//! else guesses at it. A secret is shown once, to whoever has just given the password.

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use hotelhub_core::{
    ids::UserId,
    keys::{random_bytes, sha256},
    totp,
};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{DatabaseTransaction, TransactionTrait as _};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Vendor,
    stores::second_factor::{self as store, SecondFactor},
};
use crate::{
    app::App,
    audit::{self, Actor, Event, Origin},
    database::database_failed,
    support_access::service::want_ends,
};

/// Wrong codes in a row that have no consequence.
const FREE_FAILURES: i32 = 5;
const SHORTEST_LOCK: TimeDelta = TimeDelta::minutes(1);
/// A guesser has three of a million codes a try, and with this no more than one try a day.
const LONGEST_LOCK: TimeDelta = TimeDelta::days(1);
const RECOVERY_CODES: usize = 10;
/// Of a recovery code: 100 bits are twenty letters.
const RECOVERY_LETTERS: usize = 20;

/// A secret that is to be confirmed by a code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enrolment {
    /// To be typed into an authenticator.
    pub(crate) secret: String,
    /// What the QR code says.
    pub(crate) otpauth_url: String,
}

/// Makes a secret for somebody who has no second factor in use.
///
/// # Errors
/// `TOTP_ENABLED` if there is one.
pub(crate) async fn enrol(app: &App, vendor: &Vendor) -> ApiResult<Enrolment> {
    let secret = totp::random_secret();
    let sealed = app.sealing_keys.seal(&place(vendor.user), &secret).map_err(ApiError::internal)?;
    let tx = app.db.begin().await.map_err(database_failed)?;
    if find(&tx, vendor.user).await?.totp_confirmed_at.is_some() {
        return Err(enabled());
    }
    store::update_secret(&tx, vendor.user, sealed).await.map_err(database_failed)?;
    audit::record(&tx, vendor, Event::of("vendor_user.begin_totp").on_vendor_user(vendor.user))
        .await?;
    tx.commit().await.map_err(database_failed)?;
    let url = totp::address(&issuer(app), &vendor.email, &secret);
    Ok(Enrolment {
        secret: secret.expose_secret().to_owned(),
        otpauth_url: url.expose_secret().to_owned(),
    })
}

/// What an authenticator calls us.
fn issuer(app: &App) -> String {
    format!("HotelHub {}", app.panel.host_str().unwrap_or_default())
}

/// Takes the secret into use, and gives recovery codes: shown now and never again. The person's other
/// sessions, which began without a second factor, end.
///
/// # Errors
/// `TOTP_INVALID`, `TOTP_ENABLED`, or `TOTP_NOT_BEGUN`.
pub(crate) async fn confirm(app: &App, vendor: &Vendor, code: &str) -> ApiResult<Vec<String>> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let factor = find(&tx, vendor.user).await?;
    if factor.totp_confirmed_at.is_some() {
        return Err(enabled());
    }
    if factor.totp_secret.is_none() {
        return Err(not_begun());
    }
    if !is_right(app, &tx, (vendor.user, factor), (code, vendor.origin)).await? {
        return Err(counted(tx).await?);
    }
    store::confirm(&tx, vendor.user, vendor.origin.at).await.map_err(database_failed)?;
    let kept = (Some(vendor.session), vendor.origin.at);
    super::stores::users::revoke_all(&tx, vendor.user, kept).await.map_err(database_failed)?;
    let codes = renew_codes(&tx, vendor.user).await?;
    audit::record(&tx, vendor, Event::of("vendor_user.enable_totp").on_vendor_user(vendor.user))
        .await?;
    tx.commit().await.map_err(database_failed)?;
    Ok(codes)
}

/// Makes new recovery codes in the place of all that were, for somebody who shows a code.
///
/// # Errors
/// `TOTP_INVALID`, or 429.
pub(crate) async fn renew_recovery_codes(
    app: &App,
    vendor: &Vendor,
    code: &str,
) -> ApiResult<Vec<String>> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let factor = find(&tx, vendor.user).await?;
    if factor.totp_confirmed_at.is_none() {
        return Err(not_begun());
    }
    if !is_right(app, &tx, (vendor.user, factor), (code, vendor.origin)).await? {
        return Err(counted(tx).await?);
    }
    let codes = renew_codes(&tx, vendor.user).await?;
    let event = Event::of("vendor_user.renew_recovery_codes").on_vendor_user(vendor.user);
    audit::record(&tx, vendor, event).await?;
    tx.commit().await.map_err(database_failed)?;
    Ok(codes)
}

/// Takes one's own second factor away, to set another one up, for somebody who shows a code. One's other
/// sessions and one's stays in hotels end.
///
/// # Errors
/// `TOTP_INVALID`, `TOTP_NOT_BEGUN`, or 429.
pub(crate) async fn reset_own(app: &App, vendor: &Vendor, code: &str) -> ApiResult<()> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let factor = find(&tx, vendor.user).await?;
    if factor.totp_confirmed_at.is_none() {
        return Err(not_begun());
    }
    if !is_right(app, &tx, (vendor.user, factor), (code, vendor.origin)).await? {
        return Err(counted(tx).await?);
    }
    store::reset(&tx, vendor.user).await.map_err(database_failed)?;
    let kept = (Some(vendor.session), vendor.origin.at);
    super::stores::users::revoke_all(&tx, vendor.user, kept).await.map_err(database_failed)?;
    want_ends(&tx, vendor, (vendor.user, "the second factor was reset")).await?;
    let event = Event::of("vendor_user.reset_totp").on_vendor_user(vendor.user);
    audit::record(&tx, vendor, event).await?;
    tx.commit().await.map_err(database_failed)
}

/// Checks the code of somebody who logs in, and uses it up.
///
/// # Errors
/// `TOTP_INVALID`, or 429 while none is looked at.
pub(crate) async fn check(
    app: &App,
    (user, email): (UserId, &str),
    code: &str,
    origin: Origin,
) -> ApiResult<()> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let factor = find(&tx, user).await?;
    if is_right(app, &tx, (user, factor), (code, origin)).await? {
        return tx.commit().await.map_err(database_failed);
    }
    let event = Event::of("vendor_user.log_in_failed").with("why", "TOTP_INVALID");
    audit::record(&tx, Actor::vendor_user((user, email), None, origin), event).await?;
    Err(counted(tx).await?)
}

/// The refusal of a wrong code, once it is counted for good.
async fn counted(tx: DatabaseTransaction) -> ApiResult<ApiError> {
    tx.commit().await.map_err(database_failed)?;
    Ok(wrong_code())
}

/// Uses a right code up, and counts a wrong one: commit both.
async fn is_right(
    app: &App,
    tx: &DatabaseTransaction,
    (user, factor): (UserId, SecondFactor),
    (code, origin): (&str, Origin),
) -> ApiResult<bool> {
    let now = origin.at;
    let typed: String = code.chars().filter(|it| it.is_ascii_alphanumeric()).collect();
    let typed = typed.to_ascii_uppercase();
    if typed.len() == RECOVERY_LETTERS {
        let used = (sha256(typed.as_bytes()), now);
        if store::use_recovery_code(tx, user, used).await.map_err(database_failed)? {
            return Ok(true);
        }
    }
    let locked = factor.totp_failed_at.map(|it| it + lock_after(factor.totp_failures) - now);
    if let Some(left) = locked.filter(|it| *it > TimeDelta::zero()) {
        return Err(ApiError::too_many(u32::try_from(left.num_seconds() + 1).unwrap_or(1)));
    }
    if let Some(sealed) = factor.totp_secret {
        let secret = app.sealing_keys.unseal(&place(user), &sealed).map_err(ApiError::internal)?;
        let last = factor.totp_last_step;
        if let Some(step) = totp::matching_step(&secret, &typed, now.timestamp(), last) {
            store::use_step(tx, user, step).await.map_err(database_failed)?;
            return Ok(true);
        }
    }
    let failures = factor.totp_failures.saturating_add(1);
    store::update_failures(tx, user, (failures, now)).await.map_err(database_failed)?;
    Ok(false)
}

/// For how long no code is looked at after so many wrong ones in a row.
fn lock_after(failures: i32) -> TimeDelta {
    let Ok(beyond) = u32::try_from(failures - FREE_FAILURES) else { return TimeDelta::zero() };
    let times = 2_i32.checked_pow(beyond).unwrap_or(i32::MAX);
    SHORTEST_LOCK.checked_mul(times).map_or(LONGEST_LOCK, |it| it.min(LONGEST_LOCK))
}

async fn renew_codes(tx: &DatabaseTransaction, user: UserId) -> ApiResult<Vec<String>> {
    let bytes = || totp::base32(&random_bytes::<13>());
    let codes: Vec<String> =
        (0..RECOVERY_CODES).map(|_| bytes().chars().take(RECOVERY_LETTERS).collect()).collect();
    let kept = codes.iter().map(|it| sha256(it.as_bytes())).collect();
    store::replace_recovery_codes(tx, user, kept).await.map_err(database_failed)?;
    let grouped = |code: String| {
        let letters: Vec<char> = code.chars().collect();
        letters.chunks(5).map(String::from_iter).collect::<Vec<_>>().join("-")
    };
    Ok(codes.into_iter().map(grouped).collect())
}

async fn find(tx: &DatabaseTransaction, user: UserId) -> ApiResult<SecondFactor> {
    let found = store::find_for_update(tx, user).await.map_err(database_failed)?;
    found.ok_or_else(ApiError::unauthenticated)
}

/// Where the secret is, so that it opens nowhere else.
fn place(user: UserId) -> String {
    format!("vendor_users.totp_secret.{user}")
}

fn enabled() -> ApiError {
    let message = "a second factor is in use: take it away first, with a code; without one, a super \
                   administrator can";
    ApiError::refused(StatusCode::CONFLICT, "TOTP_ENABLED", message)
}

fn not_begun() -> ApiError {
    let message = "there is no second factor: begin with POST /api/v1/account/totp";
    ApiError::refused(StatusCode::CONFLICT, "TOTP_NOT_BEGUN", message)
}

/// The refusal of a code, whatever is wrong with it.
fn wrong_code() -> ApiError {
    let message = "the code is wrong, too old or was used; wait for the next one and send that";
    ApiError::refused(StatusCode::UNAUTHORIZED, "TOTP_INVALID", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_code_beyond_the_fifth_doubles_the_time_up_to_a_day() {
        let minutes = |failures| lock_after(failures).num_minutes();
        assert_eq!([0, 4, 5, 6, 9].map(minutes), [0, 0, 1, 2, 16]);
        assert_eq!([16, 40, i32::MAX].map(minutes), [1_440, 1_440, 1_440]);
    }
}
