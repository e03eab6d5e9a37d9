//! Logins: what everybody shows, by API or by page, and how a session begins and ends.

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use hotelhub_core::ids::{SessionId, UserId};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::TransactionTrait as _;
use secrecy::SecretString;

use super::{Vendor, model::Known, store};
use crate::{
    app::App,
    audit::{self, Actor, Event, Origin},
    database::database_failed,
};

/// The person with this e-mail address and this password, who may come from there.
///
/// # Errors
/// One refusal for whatever is wrong with the two, after the same work, so that nobody learns who
/// works here; `ADDRESS_NOT_ALLOWED`.
pub(crate) async fn check_password(
    app: &App,
    origin: Origin,
    email: &str,
    password: SecretString,
) -> ApiResult<Known> {
    let email = email.trim();
    if let Err(error) = app.gate.admit(origin.address, None) {
        return Err(refused(app, Actor::anonymous(email, origin), error).await?);
    }
    let found = store::find_candidate(&app.db, email, origin.at).await.map_err(database_failed)?;
    let (known, hash) = found.unzip();
    let right = app.passwords.verify(password, hash).await?;
    let Some(known) = known.filter(|_| right) else {
        return Err(refused(app, Actor::anonymous(email, origin), wrong_password()).await?);
    };
    if let Err(error) = app.gate.admit(origin.address, known.allowed.as_ref()) {
        let actor = Actor::vendor_user((known.user, &known.email), None, origin);
        return Err(refused(app, actor, error).await?);
    }
    Ok(known)
}

/// Records that a login failed, and why.
async fn refused(app: &App, actor: Actor, why: ApiError) -> ApiResult<ApiError> {
    let event = Event::of("vendor_user.log_in_failed").with("why", why.code());
    audit::record_alone(&app.db, actor, event).await?;
    Ok(why)
}

fn wrong_password() -> ApiError {
    let message = "the e-mail address or the password is wrong";
    ApiError::refused(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", message)
}

/// The password was right and is not enough.
pub(crate) fn code_required() -> ApiError {
    let message = "send the code of your authenticator, or a recovery code, as `totp` as well";
    ApiError::refused(StatusCode::UNAUTHORIZED, "TOTP_REQUIRED", message)
}

/// Begins a session of somebody who showed all that it takes; `via` says whether for the API or for
/// pages. The login is held until the session is there: a change of it that came before refuses the
/// session, and one that comes after ends it.
///
/// # Errors
/// `INVALID_CREDENTIALS` if the login is not any more as it was when the password was looked at.
pub(super) async fn begin_session(
    app: &App,
    known: &Known,
    (via, secret_sha256, lasts): (&'static str, Vec<u8>, TimeDelta),
    origin: Origin,
) -> ApiResult<SessionId> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let held = store::find_known_for_share(&tx, known.user).await.map_err(database_failed)?;
    if held.is_none_or(|it| !it.stands_as(known)) {
        tx.rollback().await.map_err(database_failed)?;
        let actor = Actor::vendor_user((known.user, &known.email), None, origin);
        return Err(refused(app, actor, wrong_password()).await?);
    }
    let times = (origin.at, origin.at + lasts);
    let session = store::insert_session(&tx, known.user, secret_sha256, times).await;
    let session = session.map_err(database_failed)?;
    let actor = Actor::vendor_user((known.user, &known.email), Some(session), origin);
    let event = Event::of("vendor_user.log_in").with("via", via);
    audit::record(&tx, actor, event.with("totp", known.has_totp)).await?;
    tx.commit().await.map_err(database_failed)?;
    Ok(session)
}

/// Ends the session of somebody who logs out.
pub(super) async fn end_session(app: &App, vendor: &Vendor) -> ApiResult<()> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    store::revoke(&tx, vendor.session, vendor.origin.at).await.map_err(database_failed)?;
    audit::record(&tx, vendor, Event::of("vendor_user.log_out")).await?;
    tx.commit().await.map_err(database_failed)
}

/// The person who began to log in on a page and is asked for a code, if the password is still the one
/// that was shown, by the digest of its hash.
pub(crate) async fn find_known(
    app: &App,
    (user, password_sha256): (UserId, &[u8]),
    origin: Origin,
) -> ApiResult<Known> {
    let found = store::find_known(&app.db, user).await.map_err(database_failed)?;
    let found = found.filter(|it| it.password_sha256 == password_sha256);
    let known = found.ok_or_else(wrong_password)?;
    app.gate.admit(origin.address, known.allowed.as_ref())?;
    Ok(known)
}
