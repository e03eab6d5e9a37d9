//! `POST /upcall/v1/jobs`: a hotel's workers say what they counted.

use actix_web::{
    HttpResponse,
    web::{Data, ServiceConfig},
};
use hotelhub_http::{
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiResult, ErrorBody},
};
use sea_orm::TransactionTrait as _;

use super::{model::ReportBody, store};
use crate::{app::App, database::database_failed, replica::Replica};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/upcall/v1/jobs").post(report_jobs).register(app);
}

/// Takes over what a hotel's workers counted of its jobs that are dead, held or retrying. Of a hotel
/// that is not known, or when somebody looked later, nothing is taken over.
#[utoipa::path(post, path = "/upcall/v1/jobs", tag = "upcall", request_body = ReportBody, responses(
    (status = 204, description = "heard"),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("replica" = [])))]
pub(crate) async fn report_jobs(
    app: Data<App>,
    _replica: Replica,
    body: JsonBody<ReportBody>,
) -> ApiResult<HttpResponse> {
    let report = body.value;
    report.check()?;
    let tx = app.db.begin().await.map_err(database_failed)?;
    if store::take_over(&tx, &report).await.map_err(database_failed)? {
        tx.commit().await.map_err(database_failed)?;
    }
    Ok(HttpResponse::NoContent().finish())
}
