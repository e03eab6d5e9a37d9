//! `/login` and `/logout`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use hotelhub_core::{keys::random_token, life::Access};
use hotelhub_http::{
    auth::{page_cookie, tokens::SESSION_TTL},
    error::{ApiError, ApiResult},
    form::PageForm,
    limits::Limits,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    GATE,
    shell::{Shell, render},
};
use crate::{app::App, auth, desk::Desk, site::Site};

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
    let mut shell = Shell::outside(&req, &site.name());
    // How a hotel that works stands with its bills is no affair of whoever comes by.
    if site.standing.now() == Access::Stopped {
        shell.warning = Some(shell.t.stopped_login);
    }
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
    let person = match auth::check_password(&site, &app, &email, password).await {
        Ok(person) => person,
        Err(error) if error.code() == "INVALID_CREDENTIALS" => {
            let shell = Shell::outside(&req, &site.name());
            let page = Page { shell, email: &email, refused: true };
            return render(&req, StatusCode::UNAUTHORIZED, &page);
        }
        Err(error) => return Err(error),
    };
    let secret = random_token();
    auth::begin_session(&site, &app, &person, "page", &secret).await?;
    let cookie = page_cookie::write(
        secret.expose_secret().to_owned(),
        SESSION_TTL,
        app.addresses.over_tls(),
    );
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
    let mut response = GATE.to_login();
    let cookie = page_cookie::write(String::new(), SESSION_TTL, app.addresses.over_tls());
    response.add_cookie(&cookie).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(response)
}

fn unless_unauthenticated(error: ApiError) -> ApiResult<()> {
    if error.code() == "UNAUTHENTICATED" { Ok(()) } else { Err(error) }
}
