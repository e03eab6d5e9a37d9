//! `/panel/login` and `/panel/logout`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
    limits::Limits,
};
use secrecy::SecretString;
use serde::Deserialize;

use super::{GATE, HOME, shell::Shell};
use crate::{
    app::App,
    audit::Origin,
    pages::respond,
    vendor_users::page_session::{self, Visitor},
};

#[derive(Template)]
#[template(path = "panel/login.html")]
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
pub(super) async fn show_login(req: HttpRequest) -> ApiResult<HttpResponse> {
    let page = Page { shell: Shell::outside(&req), email: "", refused: false };
    respond(&req, StatusCode::OK, &page)
}

/// Logs in, with a cookie that only the panel's own pages send. The session that the browser had before
/// ends.
pub(super) async fn log_in(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    before: ApiResult<Visitor>,
    form: PageForm<LoginForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginForm { email, password } = form.value;
    let origin = Origin::of(&req, app.clock.now());
    let secret = match page_session::begin(&app, origin, &email, password).await {
        Ok(secret) => secret,
        Err(error) if error.code() == "INVALID_CREDENTIALS" => {
            let page = Page { shell: Shell::outside(&req), email: &email, refused: true };
            return respond(&req, StatusCode::UNAUTHORIZED, &page);
        }
        Err(error) => return Err(error),
    };
    if let Ok(before) = before {
        page_session::end(&app, &before).await?;
    }
    let cookie = page_session::cookie(&app, secret);
    Ok(HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, HOME)).finish())
}

/// Ends the session and takes the cookie away.
pub(super) async fn log_out(
    app: Data<App>,
    visitor: Visitor,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    page_session::end(&app, &visitor).await?;
    let mut response = GATE.to_login();
    let cookie = page_session::cookie(&app, String::new());
    response.add_cookie(&cookie).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(response)
}
