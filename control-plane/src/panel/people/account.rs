//! `/panel/account`: one's own password and second factor.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
    language::Language,
    limits::Limits,
};
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    qr::{self, Drawing},
    texts::PeopleTexts,
};
use crate::{
    app::App,
    pages::respond,
    panel::{error::Refused, shell::Shell, typed::link},
    vendor_users::{
        Vendor,
        account_routes::{change_own, require_password},
        model::FirstStep,
        page_session::AccountVisitor,
        second_factor,
    },
};

const PATH: &str = "/panel/account";

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AccountQuery {
    done: String,
}

fn nothing() -> SecretString {
    SecretString::from("")
}

/// Another password.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default = "nothing")]
    current_password: SecretString,
    #[serde(default = "nothing")]
    password: SecretString,
}

/// One's password.
#[derive(Deserialize)]
pub(super) struct BeginForm {
    #[serde(default = "nothing")]
    password: SecretString,
}

/// A code.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
}

/// A secret that is to be confirmed.
struct Shown {
    secret: String,
    drawing: Drawing,
}

#[derive(Template)]
#[template(path = "panel/account.html")]
struct Page {
    shell: Shell,
    w: &'static PeopleTexts,
    email: String,
    role: &'static str,
    has_totp: bool,
    first_step: Option<&'static str>,
    done: Option<&'static str>,
    refusal: Option<Refused>,
    shown: Option<Shown>,
    /// Whether a secret waits for its code.
    is_begun: bool,
    /// Shown once.
    codes: Vec<String>,
}

/// What a page shows beside what is always there.
#[derive(Default)]
struct Extra {
    done: Option<&'static str>,
    refusal: Option<Refused>,
    shown: Option<Shown>,
    is_begun: bool,
    codes: Vec<String>,
}

/// Shows one's account.
pub(super) async fn show_account(
    req: HttpRequest,
    app: Data<App>,
    AccountVisitor(vendor): AccountVisitor,
    query: Query<AccountQuery>,
) -> ApiResult<HttpResponse> {
    let done = PeopleTexts::of(Language::of(&req)).told(&query.done);
    show(&req, &app, vendor, Extra { done, ..Extra::default() })
}

/// Changes one's password.
pub(super) async fn change_password(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    AccountVisitor(vendor): AccountVisitor,
    form: PageForm<PasswordForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let PasswordForm { current_password, password } = form.value;
    match change_own(&app, &vendor, current_password, password).await {
        Ok(()) => {
            let next = link(PATH, &[("done", "password")]);
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
        }
        Err(error) => refuse(&req, &app, vendor, error),
    }
}

/// Makes a secret and shows it.
pub(super) async fn begin_totp(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    AccountVisitor(vendor): AccountVisitor,
    form: PageForm<BeginForm>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let begun = async {
        require_password(&app, &vendor, ("password", form.value.password)).await?;
        second_factor::enrol(&app, &vendor).await
    };
    match begun.await {
        Ok(made) => {
            let drawing = qr::draw(&made.otpauth_url)?;
            let shown = Some(Shown { secret: made.secret, drawing });
            show(&req, &app, vendor, Extra { shown, ..Extra::default() })
        }
        Err(error) => refuse(&req, &app, vendor, error),
    }
}

/// Takes the secret into use and shows recovery codes; after a wrong code asks for another one, without
/// the secret.
pub(super) async fn confirm_totp(
    req: HttpRequest,
    app: Data<App>,
    AccountVisitor(mut vendor): AccountVisitor,
    form: PageForm<CodeForm>,
) -> ApiResult<HttpResponse> {
    match second_factor::confirm(&app, &vendor, &form.value.code).await {
        Ok(codes) => {
            vendor.note_totp();
            let done = Some(PeopleTexts::of(Language::of(&req)).told_totp);
            show(&req, &app, vendor, Extra { done, codes, ..Extra::default() })
        }
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            show(&req, &app, vendor, Extra { refusal, is_begun: true, ..Extra::default() })
        }
    }
}

/// Takes one's second factor away.
pub(super) async fn reset_totp(
    req: HttpRequest,
    app: Data<App>,
    AccountVisitor(vendor): AccountVisitor,
    form: PageForm<CodeForm>,
) -> ApiResult<HttpResponse> {
    match second_factor::reset_own(&app, &vendor, &form.value.code).await {
        Ok(()) => {
            let next = link(PATH, &[("done", "own-totp")]);
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
        }
        Err(error) => refuse(&req, &app, vendor, error),
    }
}

/// Makes new recovery codes and shows them.
pub(super) async fn renew_recovery_codes(
    req: HttpRequest,
    app: Data<App>,
    AccountVisitor(vendor): AccountVisitor,
    form: PageForm<CodeForm>,
) -> ApiResult<HttpResponse> {
    match second_factor::renew_recovery_codes(&app, &vendor, &form.value.code).await {
        Ok(codes) => show(&req, &app, vendor, Extra { codes, ..Extra::default() }),
        Err(error) => refuse(&req, &app, vendor, error),
    }
}

fn refuse(
    req: &HttpRequest,
    app: &App,
    vendor: Vendor,
    error: ApiError,
) -> ApiResult<HttpResponse> {
    let refusal = Some(Refused::of(error)?);
    show(req, app, vendor, Extra { refusal, ..Extra::default() })
}

fn show(req: &HttpRequest, app: &App, vendor: Vendor, extra: Extra) -> ApiResult<HttpResponse> {
    let Extra { done, refusal, shown, is_begun, codes } = extra;
    let w = PeopleTexts::of(Language::of(req));
    let first_step = vendor.first_step(app).map(|it| match it {
        FirstStep::PasswordChange => w.first_password,
        FirstStep::TotpEnrolment => w.first_totp,
    });
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = Page {
        email: vendor.email.clone(),
        role: w.role(vendor.role),
        has_totp: vendor.has_totp(),
        is_begun: is_begun && !vendor.has_totp(),
        shell: Shell::inside(req, vendor),
        w,
        first_step,
        done,
        refusal,
        shown,
        codes,
    };
    respond(req, status, &page)
}
