//! `/panel/tenants/new`: somebody of the vendor signs a hotel up for its owner.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
    language::Language,
};

use super::texts::TenantTexts;
use crate::{
    app::App,
    database::database_failed,
    idempotency::WhileBusy,
    operations,
    pages::{respond, signup_script},
    panel::{choice::Choice, error::Refused, shell::Shell},
    signup::{self, FormFields, SignUp, SignUpError, SignupPage},
    vendor_users::{Vendor, page_session::Visitor},
};

#[derive(Template)]
#[template(path = "panel/tenant_new.html")]
struct Page {
    shell: Shell,
    w: &'static TenantTexts,
    /// Checks the slug while one types.
    program: String,
    refusal: Option<Refused>,
    form: SignupPage,
    languages: [Choice; 2],
}

/// Shows an empty form.
pub(super) async fn show_form(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let shell = Shell::inside(&req, vendor);
    let form = signup::form(&app, shell.language, FormFields::fresh()).await?;
    show(&req, StatusCode::OK, (shell, form, None))
}

/// Makes the hotel, and goes on to where it is seen being made. Two clicks make one.
pub(super) async fn create_tenant(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<FormFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let fields = form.value;
    match ask(&app, &vendor, &req, &fields).await {
        Ok(place) => Ok(HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()),
        Err(refused) => {
            let shell = Shell::inside(&req, vendor);
            let is_used =
                matches!(&refused, SignUpError::Other(it) if it.code() == "IDEMPOTENCY_KEY_REUSED");
            let form = signup::form(&app, shell.language, fields.kept(is_used)).await?;
            match refused {
                SignUpError::Faults(faults) => {
                    let form = form.by_vendor().with_faults(&faults);
                    show(&req, StatusCode::UNPROCESSABLE_ENTITY, (shell, form, None))
                }
                SignUpError::SlugTaken { why, suggestions } => {
                    let form = form.by_vendor().with_slug_taken(why, suggestions);
                    show(&req, StatusCode::CONFLICT, (shell, form, None))
                }
                SignUpError::Other(_) if is_used => {
                    let form = form.with_sent_before();
                    show(&req, StatusCode::UNPROCESSABLE_ENTITY, (shell, form, None))
                }
                SignUpError::Other(error) => {
                    let refusal = Refused::of(error)?;
                    show(&req, refusal.status, (shell, form, Some(refusal)))
                }
            }
        }
    }
}

/// Where the new hotel is seen being made.
async fn ask(
    app: &App,
    vendor: &Vendor,
    req: &HttpRequest,
    fields: &FormFields,
) -> Result<String, SignUpError> {
    let language = Language::of(req);
    let (draft, repeat) = (fields.draft(), fields.repeat()?);
    let busy = WhileBusy::Wait;
    let by = Some(vendor);
    let request = SignUp { vendor: by, draft: &draft, repeat: &repeat, language, busy };
    let tenant = signup::tenant_of(&signup::sign_up(app, request).await?)?;
    let found = operations::find_creation(&app.db, tenant).await.map_err(database_failed)?;
    let operation = found.ok_or_else(|| ApiError::internal("a signup without an operation"))?;
    Ok(format!("/panel/operations/{}", operation.id))
}

fn show(
    req: &HttpRequest,
    status: StatusCode,
    (shell, form, refusal): (Shell, SignupPage, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let w = TenantTexts::of(shell.language);
    let form = form.by_vendor();
    // Whoever signs a hotel up reads the panel in a language of their own.
    let chosen = form.fields.language.unwrap_or_default();
    let languages =
        [Language::Id, Language::En].map(|it| Choice::of(it.code(), it.name(), chosen.code()));
    respond(req, status, &Page { shell, w, program: signup_script(), refusal, form, languages })
}
