//! `/api/v1/users`: the vendor's people, looked after by super administrators.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_http::{
    answer::Answer,
    body::{JsonBody, NoBody, Repeat},
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Vendor,
    model::{UserFilter, VendorUser},
    user_service::{self, Change, InvitedBody, NewUserBody, read_addresses, read_role},
};
use crate::{
    app::App,
    idempotency::{once, once_showing},
    paging::parsed,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/users").get(list_users).post(create_user).register(app);
    Endpoint::at("/api/v1/users/{user}").get(show_user).register(app);
    let action = |name| Endpoint::at(&format!("/api/v1/users/{{user}}/{name}"));
    action("role").post(change_user_role).register(app);
    action("disable").post(disable_user).register(app);
    action("enable").post(enable_user).register(app);
    action("reset-password").post(reset_user_password).register(app);
    action("reset-totp").post(reset_user_totp).register(app);
    action("allowed-addresses").post(allow_user_addresses).register(app);
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// `super_admin`, `support`, `finance` or `read_only`.
    role: Option<String>,
    /// `active`, `invited` or `disabled`.
    state: Option<String>,
    /// Part of the name or the e-mail address.
    q: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
}

/// Another role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    /// `super_admin`, `support`, `finance` or `read_only`.
    role: String,
}

/// From where somebody may come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressesBody {
    /// Addresses and ranges such as `203.0.113.0/24`; null: from everywhere.
    addresses: Option<Vec<String>>,
}

/// Lists the vendor's people, by e-mail address.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(UsersQuery), responses(
    (status = 200, body = Answer<Vec<VendorUser>>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_users(
    app: Data<App>,
    vendor: Vendor,
    query: Query<UsersQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.read")?;
    let UsersQuery { role, state, q, cursor, limit } = query.into_inner();
    let filter = UserFilter {
        role: parsed("role", role.as_deref())?,
        state: parsed("state", state.as_deref())?,
        text: q,
    };
    let (found, cursor) = user_service::list(&app, &filter, (cursor.as_deref(), limit)).await?;
    Ok(Answer::page(found, cursor, None).ok())
}

/// Makes a login with a one-time password, which is shown in this answer and never again. It holds
/// for seven days and opens nothing but the choice of another one.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUserBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 201, body = Answer<InvitedBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`EMAIL_TAKEN`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn create_user(
    app: Data<App>,
    vendor: Vendor,
    body: JsonBody<NewUserBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let JsonBody { value: body, repeat } = body;
    let (password, hash) = user_service::one_time_password(&app, None).await?;
    once_showing(&app, (&vendor, &repeat), StatusCode::CREATED, async |tx| {
        let user = user_service::invite(tx, &vendor, (&body, hash)).await?;
        let answer = InvitedBody::showing(user, &password);
        Ok((answer.without_password(), Some(answer)))
    })
    .await
}

/// Shows one of the vendor's people.
#[utoipa::path(get, path = "/api/v1/users/{user}", tag = "users",
    params(("user" = String, Path, description = "id or e-mail address")), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_user(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.read")?;
    Ok(Answer::new(user_service::find(&app, &name).await?).ok())
}

/// Gives somebody another role; it counts at the next request.
#[utoipa::path(post, path = "/api/v1/users/{user}/role", tag = "users", request_body = RoleBody,
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`LAST_SUPER_ADMIN`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn change_user_role(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: JsonBody<RoleBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let change = Change::Role(read_role(&body.value.role)?);
    apply(&app, (&vendor, &body.repeat), (&name, change)).await
}

/// Lets somebody in no more; all sessions end at once.
#[utoipa::path(post, path = "/api/v1/users/{user}/disable", tag = "users",
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`LAST_SUPER_ADMIN`"),
), security(("vendor" = [])))]
pub(crate) async fn disable_user(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    apply(&app, (&vendor, &body.0), (&name, Change::Disable)).await
}

/// Lets somebody in again.
#[utoipa::path(post, path = "/api/v1/users/{user}/enable", tag = "users",
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn enable_user(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    apply(&app, (&vendor, &body.0), (&name, Change::Enable)).await
}

/// Gives somebody a one-time password, as with a new login; all sessions end at once. A second factor
/// stays.
#[utoipa::path(post, path = "/api/v1/users/{user}/reset-password", tag = "users",
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<InvitedBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`LAST_SUPER_ADMIN`"),
    (status = 422, body = ErrorBody, description = "it is one's own"),
), security(("vendor" = [])))]
pub(crate) async fn reset_user_password(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let (password, hash) = user_service::one_time_password(&app, None).await?;
    once_showing(&app, (&vendor, &body.0), StatusCode::OK, async |tx| {
        let user = user_service::reset_password(tx, (&app.gate, &vendor), (&name, hash)).await?;
        let answer = InvitedBody::showing(user, &password);
        Ok((answer.without_password(), Some(answer)))
    })
    .await
}

/// Takes somebody else's second factor away, whose authenticator and recovery codes are lost; all
/// sessions and support access end at once.
#[utoipa::path(post, path = "/api/v1/users/{user}/reset-totp", tag = "users",
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "it is one's own"),
), security(("vendor" = [])))]
pub(crate) async fn reset_user_totp(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: NoBody,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    apply(&app, (&vendor, &body.0), (&name, Change::ResetTotp)).await
}

/// Says from where alone somebody may come; it counts at the next request.
#[utoipa::path(post, path = "/api/v1/users/{user}/allowed-addresses", tag = "users",
    request_body = AddressesBody,
    params(("user" = String, Path, description = "id or e-mail address"),
           ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Answer<VendorUser>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`WOULD_LOCK_OUT`"),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn allow_user_addresses(
    app: Data<App>,
    vendor: Vendor,
    name: Path<String>,
    body: JsonBody<AddressesBody>,
) -> ApiResult<HttpResponse> {
    vendor.require("users.write")?;
    let change = Change::Addresses(read_addresses(body.value.addresses.as_deref())?);
    apply(&app, (&vendor, &body.repeat), (&name, change)).await
}

async fn apply(
    app: &App,
    (vendor, repeat): (&Vendor, &Repeat),
    (name, change): (&str, Change),
) -> ApiResult<HttpResponse> {
    once(app, (vendor, repeat), StatusCode::OK, async |tx| {
        user_service::change(tx, (&app.gate, vendor), (name, change)).await
    })
    .await
}
