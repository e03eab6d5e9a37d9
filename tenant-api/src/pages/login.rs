//! `/login` and `/logout`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use hotelhub_core::keys::{random_token, sha256};
use hotelhub_http::{
    auth::tokens::SESSION_TTL,
    error::{ApiError, ApiResult},
    limits::Limits,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    form::PageForm,
    login_gate::to_login,
    shell::{Shell, render},
};
use crate::{
    app::App,
    auth::{self, NewSession},
    desk::{Desk, page_cookie},
    site::{Site, cannot_connect, database_failed},
};

#[derive(Template)]
#[template(path = "pages/login.html")]
struct Page<'a> {
    shell: Shell,
    email: &'a str,
    refused: bool,
}

/// Who wants to log in.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default = "no_password")]
    password: SecretString,
}

fn no_password() -> SecretString {
    SecretString::from("")
}

/// A form without fields.
#[derive(Deserialize)]
pub(super) struct NoFields {}

/// Shows the form.
pub(super) async fn show_login(req: HttpRequest, site: Site) -> ApiResult<HttpResponse> {
    let shell = Shell::outside(&req, &site.route.company_name);
    render(&req, StatusCode::OK, &Page { shell, email: "", refused: false })
}

/// Logs in, with a cookie that only pages of this hotel send.
pub(super) async fn log_in(
    req: HttpRequest,
    site: Site,
    app: Data<App>,
    limits: Data<Limits>,
    form: PageForm<LoginForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginForm { email, password } = form.value;
    let user = match auth::check_password(&site, &app, &email, password).await {
        Ok(user) => user,
        Err(error) if error.code() == "INVALID_CREDENTIALS" => {
            let shell = Shell::outside(&req, &site.route.company_name);
            let page = Page { shell, email: &email, refused: true };
            return render(&req, StatusCode::UNAUTHORIZED, &page);
        }
        Err(error) => return Err(error),
    };
    let secret = random_token();
    let now = app.clock.now();
    let session = NewSession {
        user,
        kind: "page",
        secret_sha256: &sha256(secret.expose_secret().as_bytes()),
        now,
        expires_at: now + SESSION_TTL,
    };
    let connection = site.db.connect().await.map_err(cannot_connect)?;
    auth::insert_session(&connection, session).await.map_err(database_failed)?;
    connection.release();
    let cookie = page_cookie(secret.expose_secret().to_owned(), app.addresses.over_tls());
    Ok(HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, "/")).finish())
}

/// Ends the session and takes the cookie away. Who has no session is as good as logged out.
pub(super) async fn log_out(
    app: Data<App>,
    desk: ApiResult<Desk>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let ended = match desk {
        Ok(desk) => desk.end_session().await,
        Err(error) => Err(error),
    };
    ended.or_else(unless_unauthenticated)?;
    let mut response = to_login();
    let cookie = page_cookie(String::new(), app.addresses.over_tls());
    response.add_cookie(&cookie).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(response)
}

fn unless_unauthenticated(error: ApiError) -> ApiResult<()> {
    if error.code() == "UNAUTHENTICATED" { Ok(()) } else { Err(error) }
}
