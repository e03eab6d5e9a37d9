//! `/api/v1/auth/…` and `/api/v1/me`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, ServiceConfig},
};
use chrono::TimeDelta;
use hotelhub_core::{
    ids::{SessionId, UserId},
    keys::{random_token, sha256},
};
use hotelhub_http::{
    answer::Answer,
    auth::tokens::SESSION_TTL,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    limits::Limits,
};
use sea_orm::TransactionTrait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Vendor,
    person::AUDIENCE,
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
    /// The code of the second factor, for people who have one. Nobody has one yet.
    #[serde(default)]
    #[expect(dead_code, reason = "part of the contract; read once there are second factors")]
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
    (status = 401, body = ErrorBody, description = "`INVALID_CREDENTIALS`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
))]
pub(crate) async fn log_in(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    body: JsonBody<LoginBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginBody { email, password, .. } = body.value;
    let origin = Origin::of(&req, app.clock.now());
    let user = check_password(&app, origin, &email, password).await?;
    let secret = random_token();
    let kept = ("api", digest(&secret), SESSION_TTL);
    let session = begin_session(&app, (user, &email), kept, origin).await?;
    Ok(tokens(&app, user, session, &secret)?.ok())
}

/// The person with this e-mail address and this password.
///
/// # Errors
/// One refusal for every reason, after the same work, so that nobody learns who works here.
pub(super) async fn check_password(
    app: &App,
    origin: Origin,
    email: &str,
    password: SecretString,
) -> ApiResult<UserId> {
    let candidate = store::find_candidate(&app.db, email.trim()).await.map_err(database_failed)?;
    let (user, hash) = candidate.unzip();
    let right = app.passwords.verify(password, hash).await?;
    match user.filter(|_| right) {
        Some(user) => Ok(user),
        None => {
            let event = Event::of("vendor_user.log_in_failed").with("why", "INVALID_CREDENTIALS");
            audit::record_alone(&app.db, Actor::anonymous(email.trim(), origin), event).await?;
            Err(wrong_password())
        }
    }
}

fn wrong_password() -> ApiError {
    ApiError::refused(
        StatusCode::UNAUTHORIZED,
        "INVALID_CREDENTIALS",
        "the e-mail address or the password is wrong",
    )
}

/// Begins a session of somebody who showed all that it takes; `via` says whether for the API or for
/// pages.
pub(super) async fn begin_session(
    app: &App,
    (user, email): (UserId, &str),
    (via, secret_sha256, lasts): (&'static str, Vec<u8>, TimeDelta),
    origin: Origin,
) -> ApiResult<SessionId> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    let until = origin.at + lasts;
    let session = store::insert_session(&tx, user, secret_sha256, (origin.at, until));
    let session = session.await.map_err(database_failed)?;
    let actor = Actor::vendor_user((user, &email.trim().to_lowercase()), Some(session), origin);
    audit::record(&tx, actor, Event::of("vendor_user.log_in").with("via", via)).await?;
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
pub(crate) async fn log_out(app: Data<App>, vendor: Vendor) -> ApiResult<HttpResponse> {
    end_session(&app, &vendor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Shows who one is.
#[utoipa::path(get, path = "/api/v1/me", tag = "auth", responses(
    (status = 200, body = Answer<MeBody>), (status = 401, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_me(vendor: Vendor) -> HttpResponse {
    let Vendor { user: id, email, name, role, .. } = vendor;
    let body = MeBody {
        user: VendorUserBody { id, email, name },
        roles: vec![role.as_str()],
        permissions: role.permissions().to_vec(),
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
