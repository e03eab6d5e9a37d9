//! `/`, `/signup` and `/signup/{tenant_id}`, for people. All of it works without scripts.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Form, Path, ServiceConfig},
};
use hotelhub_core::ids::TenantId;
use hotelhub_http::{
    endpoint::Endpoint,
    error::{ApiError, ApiResult},
    language::Language,
    limits::Limits,
    origin::require_same_origin,
};

use super::{
    form::FormFields,
    page_templates::{ProgressPage, SignupPage},
    service::{self, SignUp, SignUpError, Taken},
    status,
};
use crate::{app::App, database::database_failed, idempotency::WhileBusy, pages::respond, plans};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/").get(show_form).register(app);
    Endpoint::at("/signup").get(show_form).post(send_form).register(app);
    Endpoint::at("/signup/{tenant_id}").get(show_progress).register(app);
}

async fn show_form(
    req: HttpRequest,
    app: Data<App>,
    language: Language,
) -> ApiResult<HttpResponse> {
    let page = form(&app, language, FormFields::fresh()).await?;
    respond(&req, StatusCode::OK, &page)
}

async fn send_form(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    language: Language,
    fields: Form<FormFields>,
) -> ApiResult<HttpResponse> {
    require_same_origin(&req)?;
    limits.admit_login(&req)?;
    let fields = fields.into_inner();
    let (draft, repeat) = (fields.draft(), fields.repeat()?);
    let busy = WhileBusy::Wait;
    let request = SignUp { vendor: None, draft: &draft, repeat: &repeat, language, busy };
    match service::sign_up(&app, request).await {
        Ok(taken) => Ok(see_progress(tenant_of(&taken)?)),
        Err(SignUpError::Faults(faults)) => {
            let page = form(&app, language, fields.kept(false)).await?.with_faults(&faults);
            respond(&req, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(SignUpError::SlugTaken { why, suggestions }) => {
            let page = form(&app, language, fields.kept(false)).await?;
            respond(&req, StatusCode::CONFLICT, &page.with_slug_taken(why, suggestions))
        }
        Err(SignUpError::Other(error)) if error.code() == "IDEMPOTENCY_KEY_REUSED" => {
            let page = form(&app, language, fields.kept(true)).await?.with_sent_before();
            respond(&req, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(SignUpError::Other(error)) => Err(error),
    }
}

async fn show_progress(
    req: HttpRequest,
    app: Data<App>,
    language: Language,
    id: Path<TenantId>,
) -> ApiResult<HttpResponse> {
    let status = status::of(&app, *id).await?;
    respond(&req, StatusCode::OK, &ProgressPage::new(language, *id, status))
}

/// The form with what was typed.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn form(
    app: &App,
    language: Language,
    fields: FormFields,
) -> ApiResult<SignupPage> {
    let plans = plans::list(&app.db).await.map_err(database_failed)?;
    Ok(SignupPage::new(language, &app.addresses.base_domain, plans, fields))
}

/// The tenant that a signup made.
///
/// # Errors
/// Fails if a kept answer names none; a bug of ours.
pub(crate) fn tenant_of(taken: &Taken) -> ApiResult<TenantId> {
    match taken {
        Taken::Fresh(answer) => Ok(answer.data.tenant_id),
        Taken::Before(kept) => {
            let id = kept.body.pointer("/data/tenant_id").and_then(serde_json::Value::as_str);
            id.and_then(|it| it.parse().ok())
                .ok_or_else(|| ApiError::internal("a kept signup names no tenant"))
        }
    }
}

fn see_progress(tenant: TenantId) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/signup/{tenant}"))).finish()
}
