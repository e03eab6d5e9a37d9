//! `/api/v1/auth/…` and `/api/v1/me`.

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{SessionId, TenantId, UserId},
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
use hotelhub_tenancy::db::TenantConnection;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{self, NewSession};
use crate::{
    access::access_of,
    app::App,
    desk::{Desk, Person},
    site::{Site, database_failed},
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
    user: Person,
    tenant: TenantBody,
    roles: Vec<String>,
    permissions: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TenantBody {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    slug: String,
    company_name: String,
}

/// Logs in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginBody, responses(
    (status = 200, body = Answer<TokensBody>),
    (status = 401, body = ErrorBody, description = "`INVALID_CREDENTIALS`"),
    (status = 402, body = ErrorBody, description = "`TENANT_SUSPENDED`: only the owner may log in"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
    (status = 503, body = ErrorBody, description = "`DATABASE_UNAVAILABLE`, `DEADLINE_EXCEEDED`"),
))]
pub(crate) async fn log_in(
    req: HttpRequest,
    site: Site,
    app: Data<App>,
    limits: Data<Limits>,
    body: JsonBody<LoginBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginBody { email, password, .. } = body.value;
    let person = check_password(&site, &app, &email, password).await?;
    let secret = random_token();
    let session = begin_session(&site, &app, &person, "api", &secret).await?;
    Ok(tokens(&app, &site, person.id, session, &secret)?.ok())
}

/// Somebody whose password was right.
pub(crate) struct Known {
    id: UserId,
    is_owner: bool,
}

/// Finds the person with this e-mail address and password.
///
/// One refusal for every reason, after the same work, so that nobody learns who works here.
pub(crate) async fn check_password(
    site: &Site,
    app: &App,
    email: &str,
    password: SecretString,
) -> ApiResult<Known> {
    let candidate = site.reading(async |site| {
        let found = site.within_deadline(async |db| {
            store::find_candidate(&*db, email.trim()).await.map_err(database_failed)
        });
        found.await
    });
    let (known, hash) = match candidate.await? {
        Some(it) => (Some(Known { id: it.id, is_owner: it.is_owner }), Some(it.password_hash)),
        None => (None, None),
    };
    // Hashing takes long: no connection is held meanwhile.
    let right = app.passwords.verify(password, hash).await?;
    known.filter(|_| right).ok_or_else(|| {
        ApiError::refused(
            actix_web::http::StatusCode::UNAUTHORIZED,
            "INVALID_CREDENTIALS",
            "the e-mail address or the password is wrong",
        )
    })
}

/// Begins a session of somebody whose password was right, if the hotel lets them in now.
pub(crate) async fn begin_session(
    site: &Site,
    app: &App,
    person: &Known,
    kind: &'static str,
    secret: &SecretString,
) -> ApiResult<SessionId> {
    let now = app.clock.now();
    let secret_sha256 = sha256(secret.expose_secret().as_bytes());
    let session = NewSession {
        user: person.id,
        kind,
        secret_sha256: &secret_sha256,
        now,
        expires_at: now + SESSION_TTL,
    };
    let begun = site.writing(async |site| {
        let begun = site.within_deadline(async |db| {
            let access = access_of(&*db).await.map_err(database_failed)?;
            site.admit(access, person.is_owner)?;
            store::insert_session(&*db, &session).await.map_err(database_failed)
        });
        begun.await
    });
    begun.await
}

/// Exchanges a refresh token for new tokens. A token that was used before ends the session: it may
/// have been stolen.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshBody, responses(
    (status = 200, body = Answer<TokensBody>),
    (status = 401, body = ErrorBody),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
    (status = 503, body = ErrorBody, description = "`DATABASE_UNAVAILABLE`, `DEADLINE_EXCEEDED`"),
))]
pub(crate) async fn refresh(
    req: HttpRequest,
    site: Site,
    app: Data<App>,
    limits: Data<Limits>,
    body: JsonBody<RefreshBody>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let given = sha256(body.value.refresh_token.expose_secret().as_bytes());
    let exchanged = site.writing(async |site| {
        let now = app.clock.now();
        site.within_deadline(async |connection| exchange(connection, site, &given, now).await).await
    });
    let (user, session, secret) = exchanged.await?;
    Ok(tokens(&app, &site, user, session, &secret)?.ok())
}

/// Puts a new secret in the place of the one with this SHA-256.
async fn exchange(
    connection: &mut TenantConnection,
    site: &Site,
    given: &[u8],
    now: DateTime<Utc>,
) -> ApiResult<(UserId, SessionId, SecretString)> {
    let tx = connection.transaction().await.map_err(database_failed)?;
    let access = access_of(&tx).await.map_err(database_failed)?;
    let found = store::find_refreshable_for_update(&tx, given, now).await;
    let found = found.map_err(database_failed)?.filter(|it| it.live);
    let found = found.ok_or_else(ApiError::unauthenticated)?;
    site.admit(access, found.is_owner)?;
    if !found.current {
        store::revoke(&tx, found.id, now).await.map_err(database_failed)?;
        tx.commit().await.map_err(database_failed)?;
        tracing::warn!(
            tenant.id = %site.route.tenant_id, session.id = %found.id,
            "a used refresh token came again: session ended"
        );
        return Err(ApiError::unauthenticated());
    }
    let secret = random_token();
    let fresh = sha256(secret.expose_secret().as_bytes());
    store::replace_secret(&tx, found.id, &fresh, now + SESSION_TTL)
        .await
        .map_err(database_failed)?;
    tx.commit().await.map_err(database_failed)?;
    Ok((found.user, found.id, secret))
}

fn tokens(
    app: &App,
    site: &Site,
    user: UserId,
    session: SessionId,
    secret: &SecretString,
) -> ApiResult<Answer<TokensBody>> {
    let issued = app.tokens.issue(&site.audience(), user, session);
    let (access_token, expires_in) = issued.map_err(ApiError::internal)?;
    Ok(Answer::new(TokensBody {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: secret.expose_secret().to_owned(),
    }))
}

/// Logs out: the session's tokens are good for nothing from the next request on.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses(
    (status = 204), (status = 401, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`DATABASE_UNAVAILABLE`, `DEADLINE_EXCEEDED`"),
))]
pub(crate) async fn log_out(desk: Desk) -> ApiResult<HttpResponse> {
    desk.end_session().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Shows who one is.
#[utoipa::path(get, path = "/api/v1/me", tag = "auth", responses(
    (status = 200, body = Answer<MeBody>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn show_me(desk: Desk) -> ApiResult<HttpResponse> {
    let user = desk.person().await?;
    let route = &desk.site.route;
    let body = MeBody {
        roles: user.roles.clone(),
        permissions: user.permissions.clone(),
        user,
        tenant: TenantBody {
            id: route.tenant_id,
            slug: route.slug.clone(),
            company_name: route.company_name.clone(),
        },
    };
    Ok(Answer::new(body).ok())
}
