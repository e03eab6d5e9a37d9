//! `/panel/login`, its second step, and `/panel/logout`.
//!
//! Between the two steps the browser carries a sealed note of who showed which password, and when: it
//! is good for five minutes, as long as the password is still that one, with a code only; and a code is
//! good once.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::ids::UserId;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
    limits::Limits,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{GATE, HOME, shell::Shell};
use crate::{
    app::App,
    audit::Origin,
    pages::respond,
    vendor_users::{
        login,
        page_session::{self, AccountVisitor},
        second_factor,
    },
};

const NOTE: &str = "panel.login.note";
const NOTE_LASTS: TimeDelta = TimeDelta::minutes(5);

#[derive(Template)]
#[template(path = "panel/login.html")]
struct Page<'a> {
    shell: Shell,
    email: &'a str,
    refusal: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "panel/login_code.html")]
struct CodePage {
    shell: Shell,
    note: String,
    refusal: Option<&'static str>,
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

/// The second step.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    note: String,
    #[serde(default)]
    code: String,
}

/// Who showed which password, and until when that counts.
#[derive(Deserialize, Serialize)]
struct Note {
    user: UserId,
    /// A digest of the password's hash.
    password_sha256: Vec<u8>,
    until: DateTime<Utc>,
}

/// A form without fields.
#[derive(Deserialize)]
pub(super) struct NoFields {}

/// Shows the form.
pub(super) async fn show_login(req: HttpRequest) -> ApiResult<HttpResponse> {
    let page = Page { shell: Shell::outside(&req), email: "", refusal: None };
    respond(&req, StatusCode::OK, &page)
}

/// Logs in, with a cookie that only the panel's own pages send; or asks for a code first. The session
/// that the browser had before ends.
pub(super) async fn log_in(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    before: ApiResult<AccountVisitor>,
    form: PageForm<LoginForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let LoginForm { email, password } = form.value;
    let origin = Origin::of(&req, app.clock.now());
    let known = match login::check_password(&app, origin, &email, password).await {
        Ok(known) => known,
        Err(error) => return refuse(&req, &email, error),
    };
    if !known.has_totp {
        return match page_session::begin(&app, &known, origin).await {
            Ok(secret) => enter(&app, before, secret).await,
            Err(error) => refuse(&req, &email, error),
        };
    }
    let until = origin.at + NOTE_LASTS;
    let note = Note { user: known.user, password_sha256: known.password_sha256, until };
    let note = serde_json::to_string(&note).map_err(ApiError::internal)?;
    let sealed = app.sealing_keys.seal(NOTE, &SecretString::from(note));
    let note = sealed.map_err(ApiError::internal)?;
    respond(&req, StatusCode::OK, &CodePage { shell: Shell::outside(&req), note, refusal: None })
}

/// Logs in whoever showed a password before and shows a code now.
pub(super) async fn send_code(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    before: ApiResult<AccountVisitor>,
    form: PageForm<CodeForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let CodeForm { note, code } = form.value;
    let origin = Origin::of(&req, app.clock.now());
    let shell = Shell::outside(&req);
    let Some(Note { user, password_sha256, .. }) = read_note(&app, &note, origin) else {
        let page = Page { refusal: Some(shell.t.login_took_too_long), shell, email: "" };
        return respond(&req, StatusCode::UNAUTHORIZED, &page);
    };
    let known = match login::find_known(&app, (user, &password_sha256), origin).await {
        Ok(known) => known,
        Err(error) => return refuse(&req, "", error),
    };
    match second_factor::check(&app, (user, &known.email), &code, origin).await {
        Ok(()) => match page_session::begin(&app, &known, origin).await {
            Ok(secret) => enter(&app, before, secret).await,
            Err(error) => refuse(&req, "", error),
        },
        Err(error) if error.code() == "TOTP_INVALID" || error.code() == "RATE_LIMITED" => {
            let refusal = match error.code() {
                "TOTP_INVALID" => shell.t.wrong_code,
                _ => shell.t.too_many_codes,
            };
            let page = CodePage { shell, note, refusal: Some(refusal) };
            respond(&req, error.status(), &page)
        }
        Err(error) => Err(error),
    }
}

fn read_note(app: &App, note: &str, origin: Origin) -> Option<Note> {
    let opened = app.sealing_keys.unseal(NOTE, note).ok()?;
    let note: Note = serde_json::from_str(opened.expose_secret()).ok()?;
    (origin.at < note.until).then_some(note)
}

/// The form again, with what was wrong.
fn refuse(req: &HttpRequest, email: &str, error: ApiError) -> ApiResult<HttpResponse> {
    let shell = Shell::outside(req);
    let refusal = match error.code() {
        "INVALID_CREDENTIALS" => Some(shell.t.wrong_password),
        "ADDRESS_NOT_ALLOWED" => shell.why(error.code()),
        _ => return Err(error),
    };
    respond(req, error.status(), &Page { shell, email, refusal })
}

async fn enter(
    app: &App,
    before: ApiResult<AccountVisitor>,
    secret: String,
) -> ApiResult<HttpResponse> {
    if let Ok(before) = before {
        page_session::end(app, &before).await?;
    }
    let cookie = page_session::cookie(app, secret);
    Ok(HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, HOME)).finish())
}

/// Ends the session and takes the cookie away.
pub(super) async fn log_out(
    app: Data<App>,
    visitor: AccountVisitor,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    page_session::end(&app, &visitor).await?;
    let mut response = GATE.to_login();
    let cookie = page_session::cookie(&app, String::new());
    response.add_cookie(&cookie).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(response)
}
