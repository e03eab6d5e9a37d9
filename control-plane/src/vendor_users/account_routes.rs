//! `/api/v1/account`: what everybody of the vendor's does with their own login.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    limits::Limits,
};
use sea_orm::TransactionTrait as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Account, Vendor, password_rule,
    second_factor::{self, Enrolment},
    store, user_service,
};
use crate::{app::App, database::database_failed};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/account/password").post(change_password).register(app);
    Endpoint::at("/api/v1/account/totp").post(begin_totp).register(app);
    Endpoint::at("/api/v1/account/totp/confirm").post(confirm_totp).register(app);
    Endpoint::at("/api/v1/account/totp/recovery-codes").post(renew_recovery_codes).register(app);
    Endpoint::at("/api/v1/account/totp/reset").post(reset_totp).register(app);
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    #[schema(value_type = String)]
    current_password: SecretString,
    /// 12 to 128 characters, not easy to guess, and another one than before.
    #[schema(value_type = String)]
    password: SecretString,
}

/// One's password, for what a thief of a session must not do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginTotpBody {
    #[schema(value_type = String)]
    password: SecretString,
}

/// A code of one's authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    totp: String,
}

/// Each of them is good once, in the place of a code.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodesBody {
    /// Not shown again.
    recovery_codes: Vec<String>,
}

/// Chooses another password; one's other sessions end.
#[utoipa::path(post, path = "/api/v1/account/password", tag = "account",
    request_body = PasswordBody, responses(
    (status = 204), (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
), security(("vendor" = [])))]
pub(crate) async fn change_password(
    req: HttpRequest,
    app: Data<App>,
    Account(vendor): Account,
    limits: Data<Limits>,
    body: JsonBody<PasswordBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let PasswordBody { current_password, password } = body.value;
    change_own(&app, &vendor, current_password, password).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The same, for a page.
pub(crate) async fn change_own(
    app: &App,
    vendor: &Vendor,
    current: SecretString,
    password: SecretString,
) -> ApiResult<()> {
    let is_another = current.expose_secret() != password.expose_secret();
    require_password(app, vendor, ("current_password", current)).await?;
    if !is_another {
        return Err(ApiError::invalid("password", "needs to be another one than before"));
    }
    password_rule::check(&password, &vendor.email, &vendor.name)?;
    let hash = app.passwords.hash(password).await?;
    let tx = app.db.begin().await.map_err(database_failed)?;
    user_service::change_own_password(&tx, vendor, hash).await?;
    tx.commit().await.map_err(database_failed)
}

/// Refuses whoever does not know the password of the session's owner.
pub(crate) async fn require_password(
    app: &App,
    vendor: &Vendor,
    (field, password): (&'static str, SecretString),
) -> ApiResult<()> {
    let hash = store::find_password(&app.db, vendor.user).await.map_err(database_failed)?;
    if app.passwords.verify(password, hash).await? {
        return Ok(());
    }
    Err(ApiError::invalid(field, "is not your password"))
}

/// Begins to set a second factor up: type the secret into an authenticator, or show it as a QR code,
/// then confirm it with a code.
#[utoipa::path(post, path = "/api/v1/account/totp", tag = "account",
    request_body = BeginTotpBody, responses(
    (status = 200, body = Answer<Enrolment>), (status = 401, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`TOTP_ENABLED`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
), security(("vendor" = [])))]
pub(crate) async fn begin_totp(
    req: HttpRequest,
    app: Data<App>,
    Account(vendor): Account,
    limits: Data<Limits>,
    body: JsonBody<BeginTotpBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    require_password(&app, &vendor, ("password", body.value.password)).await?;
    Ok(Answer::new(second_factor::enrol(&app, &vendor).await?).ok())
}

/// Takes the second factor into use; one's other sessions end.
#[utoipa::path(post, path = "/api/v1/account/totp/confirm", tag = "account",
    request_body = CodeBody, responses(
    (status = 200, body = Answer<RecoveryCodesBody>),
    (status = 401, body = ErrorBody, description = "`TOTP_INVALID`"),
    (status = 409, body = ErrorBody, description = "`TOTP_ENABLED` or `TOTP_NOT_BEGUN`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
), security(("vendor" = [])))]
pub(crate) async fn confirm_totp(
    app: Data<App>,
    Account(vendor): Account,
    body: JsonBody<CodeBody>,
) -> ApiResult<HttpResponse> {
    let recovery_codes = second_factor::confirm(&app, &vendor, &body.value.totp).await?;
    Ok(Answer::new(RecoveryCodesBody { recovery_codes }).ok())
}

/// Makes new recovery codes; the old ones are good for nothing any more.
#[utoipa::path(post, path = "/api/v1/account/totp/recovery-codes", tag = "account",
    request_body = CodeBody, responses(
    (status = 200, body = Answer<RecoveryCodesBody>),
    (status = 401, body = ErrorBody, description = "`TOTP_INVALID`"),
    (status = 409, body = ErrorBody, description = "`TOTP_NOT_BEGUN`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
), security(("vendor" = [])))]
pub(crate) async fn renew_recovery_codes(
    app: Data<App>,
    Account(vendor): Account,
    body: JsonBody<CodeBody>,
) -> ApiResult<HttpResponse> {
    let code = &body.value.totp;
    let recovery_codes = second_factor::renew_recovery_codes(&app, &vendor, code).await?;
    Ok(Answer::new(RecoveryCodesBody { recovery_codes }).ok())
}

/// Takes one's second factor away, to set another one up; a code of it, or a recovery code, is needed.
/// One's other sessions end, and so does support access.
#[utoipa::path(post, path = "/api/v1/account/totp/reset", tag = "account",
    request_body = CodeBody, responses(
    (status = 204), (status = 401, body = ErrorBody, description = "`TOTP_INVALID`"),
    (status = 409, body = ErrorBody, description = "`TOTP_NOT_BEGUN`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
), security(("vendor" = [])))]
pub(crate) async fn reset_totp(
    app: Data<App>,
    Account(vendor): Account,
    body: JsonBody<CodeBody>,
) -> ApiResult<HttpResponse> {
    second_factor::reset_own(&app, &vendor, &body.value.totp).await?;
    Ok(HttpResponse::NoContent().finish())
}
