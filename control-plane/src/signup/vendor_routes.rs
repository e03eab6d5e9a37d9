//! `POST /api/v1/tenants`: the vendor signs a hotel up for its owner.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    error::{ApiResult, ErrorBody},
    language::Language,
};

use super::{
    draft::Draft,
    routes::refusal,
    service::{self, SignUp, SignedUpBody, Taken},
};
use crate::{app::App, idempotency::WhileBusy, vendor_users::Vendor};

/// Makes a tenant, as if its owner had signed up.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = Draft,
    params(("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 202, body = Answer<SignedUpBody>),
    (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
    (status = 409, body = ErrorBody, description =
        "`SLUG_TAKEN` with `details.suggestions`, also for 30 days after a hotel of the name was \
         deleted, as `details.slug` says; or `IDEMPOTENCY_KEY_IN_FLIGHT`"),
    (status = 422, body = ErrorBody, description =
        "`SLUG_INVALID`, `SLUG_RESERVED`, `VALIDATION_FAILED` or `IDEMPOTENCY_KEY_REUSED`"),
), security(("vendor" = [])))]
pub(crate) async fn create_tenant(
    app: Data<App>,
    vendor: Vendor,
    language: Language,
    body: JsonBody<Draft>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.write")?;
    let JsonBody { value: draft, repeat } = &body;
    let (by, busy) = (Some(&vendor), WhileBusy::Refuse);
    let request = SignUp { vendor: by, draft, repeat, language, busy };
    match service::sign_up(&app, request).await {
        Ok(Taken::Fresh(answer)) => Ok(answer.with_status(StatusCode::ACCEPTED)),
        Ok(Taken::Before(kept)) => kept.again(),
        Err(error) => Err(refusal(error, language)),
    }
}
