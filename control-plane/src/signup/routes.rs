//! `/api/v1/signup` and `/api/v1/slugs`, for programs and for our own pages' scripts.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, ServiceConfig},
};
use hotelhub_core::ids::TenantId;
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
    language::Language,
    limits::Limits,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    draft::{Draft, Fault, Why},
    events::follow_signup,
    service::{self, SignUp, SignUpError, SignedUpBody, Taken},
    slug::{Slug, SlugRefusal},
    status::{self, StatusBody},
};
use crate::{app::App, idempotency::WhileBusy};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/signup").post(sign_up).register(app);
    Endpoint::at("/api/v1/signup/{tenant_id}").get(show_signup).register(app);
    Endpoint::at("/api/v1/signup/{tenant_id}/events").get(follow_signup).register(app);
    Endpoint::at("/api/v1/slugs/{slug}").get(show_slug).register(app);
}

/// Whether a slug can be had.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SlugState {
    Free,
    Taken,
    Reserved,
    Invalid,
}

/// What is known of a slug.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlugBody {
    /// In canonical form, if it has one; else as it was asked for.
    slug: String,
    state: SlugState,
    /// Others that are free, if this one cannot be had.
    suggestions: Vec<String>,
}

/// Asks for a hotel of one's own.
#[utoipa::path(post, path = "/api/v1/signup", tag = "signup", request_body = Draft,
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<SignedUpBody>),
    (status = 409, body = ErrorBody, description =
        "`SLUG_TAKEN` with `details.suggestions`, or `IDEMPOTENCY_KEY_IN_FLIGHT`"),
    (status = 422, body = ErrorBody, description =
        "`SLUG_INVALID`, `SLUG_RESERVED`, `VALIDATION_FAILED` or `IDEMPOTENCY_KEY_REUSED`"),
    (status = 429, body = ErrorBody, description = "`RATE_LIMITED`"),
))]
pub(crate) async fn sign_up(
    req: HttpRequest,
    app: Data<App>,
    limits: Data<Limits>,
    language: Language,
    body: JsonBody<Draft>,
) -> ApiResult<HttpResponse> {
    limits.admit_login(&req)?;
    let busy = WhileBusy::Refuse;
    let request = SignUp { vendor: None, draft: &body.value, repeat: &body.repeat, language, busy };
    match service::sign_up(&app, request).await {
        Ok(Taken::Fresh(answer)) => Ok(answer.with_status(StatusCode::ACCEPTED)),
        Ok(Taken::Before(kept)) => kept.again(),
        Err(error) => Err(refusal(error, language)),
    }
}

/// Says how far a signup is.
#[utoipa::path(get, path = "/api/v1/signup/{tenant_id}", tag = "signup",
    params(("tenant_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<StatusBody>), (status = 404, body = ErrorBody),
))]
pub(crate) async fn show_signup(app: Data<App>, id: Path<TenantId>) -> ApiResult<HttpResponse> {
    Ok(Answer::new(status::of(&app, *id).await?).ok())
}

/// Says whether a slug can be had.
#[utoipa::path(get, path = "/api/v1/slugs/{slug}", tag = "signup",
    params(("slug" = String, Path)), responses((status = 200, body = Answer<SlugBody>)))]
pub(crate) async fn show_slug(app: Data<App>, asked: Path<String>) -> ApiResult<HttpResponse> {
    let body = match Slug::parse(&asked) {
        Ok(slug) if service::is_held(&app, &slug).await? => SlugBody {
            suggestions: service::free_alternatives(&app, &slug, "").await?,
            slug: slug.to_string(),
            state: SlugState::Taken,
        },
        Ok(slug) => {
            SlugBody { slug: slug.to_string(), state: SlugState::Free, suggestions: Vec::new() }
        }
        Err(refused) => {
            let state = match refused {
                SlugRefusal::Invalid => SlugState::Invalid,
                SlugRefusal::Reserved => SlugState::Reserved,
            };
            let slug = asked.trim().to_lowercase();
            // "hotel-" in front makes a slug of what is too short or reserved.
            let close =
                Slug::suggested_by(&slug).or_else(|| Slug::suggested_by(&format!("hotel-{slug}")));
            let suggestions = match close {
                Some(it) if service::is_held(&app, &it).await? => {
                    service::free_alternatives(&app, &it, "").await?
                }
                Some(it) => vec![it.to_string()],
                None => Vec::new(),
            };
            SlugBody { slug, state, suggestions }
        }
    };
    Ok(Answer::new(body).ok())
}

/// The refusal in the contract's codes: a slug that alone is wrong has its own.
pub(super) fn refusal(error: SignUpError, language: Language) -> ApiError {
    match error {
        SignUpError::Faults(faults) => faulty(&faults, language),
        SignUpError::SlugTaken { why, suggestions } => {
            let why = why.text(language);
            let error = ApiError::refused(StatusCode::CONFLICT, "SLUG_TAKEN", why.clone());
            let error = error.with_detail("slug", why);
            suggestions.into_iter().fold(error, |error, it| error.with_detail("suggestions", it))
        }
        SignUpError::Other(error) => error,
    }
}

fn faulty(faults: &[Fault], language: Language) -> ApiError {
    let code = match faults {
        [Fault { why: Why::SlugInvalid, .. }] => "SLUG_INVALID",
        [Fault { why: Why::SlugReserved, .. }] => "SLUG_RESERVED",
        _ => "VALIDATION_FAILED",
    };
    let message = "some fields are not acceptable; see `details`";
    let error = ApiError::refused(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    faults.iter().fold(error, |error, it| error.with_detail(it.field, it.why.text(language)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_that_alone_is_wrong_has_its_own_code() {
        let slug = Fault { field: "slug", why: Why::SlugReserved };
        let email = Fault { field: "owner_email", why: Why::EmailInvalid };

        assert_eq!(faulty(std::slice::from_ref(&slug), Language::En).code(), "SLUG_RESERVED");
        let both = faulty(&[slug, email], Language::En);
        assert_eq!(both.code(), "VALIDATION_FAILED");
        assert_eq!(both.details().len(), 2);
    }

    #[test]
    fn a_taken_slug_comes_with_others() {
        let suggestions = vec!["hotel-mandala".to_owned()];
        let why = Why::SlugTaken;
        let error = refusal(SignUpError::SlugTaken { why, suggestions }, Language::Id);
        assert_eq!((error.status(), error.code()), (StatusCode::CONFLICT, "SLUG_TAKEN"));
        assert_eq!(error.details()["suggestions"], ["hotel-mandala"]);
    }
}
