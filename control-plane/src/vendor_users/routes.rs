//! `/api/v1/auth/…` and `/api/v1/me`.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, ServiceConfig},
};
use hotelhub_core::{
    ids::{SessionId, UserId},
    keys::{random_token, sha256},
};
use hotelhub_http::{
    answer::Answer,
    auth::tokens::SESSION_TTL,
    body::JsonBody,
    client_addr::client_addr,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    limits::Limits,
};
use sea_orm::TransactionTrait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Account, Vendor, login,
    model::FirstStep,
    person::AUDIENCE,
    second_factor,
    store::{self, Refreshable},
};
use crate::{
    app::App,
    audit::{self, Actor, Event, Origin},
    database::database_failed,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/auth/login").post(log_in).register(app);
    Endpoint::at("/api/v1/auth/refresh").post(refresh).register(app);
    Endpoint::at("/api/v1/auth/logout").post(log_out).register(app);
    Endpoint::at("/api/v1/me").get(show_me).register(app);
}

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
    /// The code of the second factor, or a recovery code, for people who have one.
    #[serde(default)]
    totp: Option<String>,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// What stands for a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokensBody {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Good for one use.
    refresh_token: String,
}

/// Who one is.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeBody {
    user: VendorUserBody,
    roles: Vec<&'static str>,
    permissions: Vec<&'static str>,
    /// Whether a second factor is set up.
    has_totp: bool,
    /// What is to be done before anything else: `PASSWORD_CHANGE_REQUIRED` or
    /// `TOTP_ENROLMENT_REQUIRED`.
    first_step: Option<&'static str>,
}

/// One of the vendor's people.
#[derive(Serialize, ToSchema)]
pub(crate) struct VendorUserBody {
    #[schema(value_type = Uuid)]
    id: UserId,
    email: String,
    name: String,
}

/// Logs in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginBody, responses(
    (status = 200, body = Answer<TokensBody>),
    (status = 401, body = ErrorBody, description =
        "`INVALID_CREDENTIALS`; `TOTP_REQUIRED`: send `totp` as well; `TOTP_INVALID`"),
    (status = 403, body = ErrorBody, description = "`ADDRESS_NOT_ALLOWED`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
))]
pub(crate) async fn log_in(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    body: JsonBody<LoginBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginBody { email, password, totp } = body.value;
    let origin = Origin::of(&req, app.clock.now());
    let known = login::check_password(&app, origin, &email, password).await?;
    if known.has_totp {
        let code = totp.ok_or_else(login::code_required)?;
        second_factor::check(&app, (known.user, &known.email), &code, origin).await?;
    }
    let secret = random_token();
    let kept = ("api", digest(&secret), SESSION_TTL);
    let session = login::begin_session(&app, &known, kept, origin).await?;
    Ok(tokens(&app, known.user, session, &secret)?.ok())
}

/// Exchanges a refresh token for new tokens. A token that was used before ends the session: it may
/// have been stolen.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshBody, responses(
    (status = 200, body = Answer<TokensBody>),
    (status = 401, body = ErrorBody),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
))]
pub(crate) async fn refresh(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    body: JsonBody<RefreshBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let now = app.clock.now();
    app.gate.admit(client_addr(&req), None)?;
    let used = digest(&body.value.refresh_token);
    let tx = app.db.begin().await.map_err(database_failed)?;
    let found =
        store::find_refreshable_for_update(&tx, &used, now).await.map_err(database_failed)?;
    let Some(Refreshable { session, user, current }) = found else {
        return Err(ApiError::unauthenticated());
    };
    if !current || !store::is_enabled(&tx, user).await.map_err(database_failed)? {
        store::revoke(&tx, session, now).await.map_err(database_failed)?;
        let event =
            Event::of("session.revoke").on("session", session).with("of_user", user.to_string());
        let event = event.with("why", "a refresh token that was used before, or a disabled login");
        audit::record(&tx, Actor::anonymous("", Origin::of(&req, now)), event).await?;
        tx.commit().await.map_err(database_failed)?;
        tracing::warn!(session.id = %session, "a refresh was refused and the session ended");
        return Err(ApiError::unauthenticated());
    }
    let secret = random_token();
    store::replace_refresh(&tx, session, (used, digest(&secret)), now)
        .await
        .map_err(database_failed)?;
    tx.commit().await.map_err(database_failed)?;
    Ok(tokens(&app, user, session, &secret)?.ok())
}

/// Logs out: the session's tokens are good for nothing from the next request on.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses(
    (status = 204), (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn log_out(app: Data<App>, Account(vendor): Account) -> ApiResult<HttpResponse> {
    login::end_session(&app, &vendor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Shows who one is.
#[utoipa::path(get, path = "/api/v1/me", tag = "auth", responses(
    (status = 200, body = Answer<MeBody>), (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_me(app: Data<App>, Account(vendor): Account) -> HttpResponse {
    let (has_totp, first_step) = (vendor.has_totp(), vendor.first_step(&app));
    let Vendor { user: id, email, name, role, .. } = vendor;
    let body = MeBody {
        user: VendorUserBody { id, email, name },
        roles: vec![role.as_str()],
        permissions: role.permissions(),
        has_totp,
        first_step: first_step.map(FirstStep::code),
    };
    Answer::new(body).ok()
}

fn digest(secret: &SecretString) -> Vec<u8> {
    sha256(secret.expose_secret().as_bytes())
}

fn tokens(
    app: &App,
    user: UserId,
    session: SessionId,
    secret: &SecretString,
) -> ApiResult<Answer<TokensBody>> {
    let issued = app.tokens.issue(AUDIENCE, user, session);
    let (access_token, expires_in) = issued.map_err(ApiError::internal)?;
    Ok(Answer::new(TokensBody {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: secret.expose_secret().to_owned(),
    }))
}
