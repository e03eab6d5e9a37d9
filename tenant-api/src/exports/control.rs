//! The way to the control plane, which knows a hotel's exports and has their bundles.

use std::time::Duration;

use actix_web::{http::StatusCode, web::Bytes};
use futures_util::{Stream, stream::try_unfold};
use hotelhub_core::{
    calls::USED_AGAIN,
    errors::Chain,
    ids::{OperationId, TenantId},
};
use hotelhub_http::error::ApiError;
use reqwest::{Method, RequestBuilder, Response, header::RETRY_AFTER, redirect::Policy};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use url::Url;

use super::model::{Asked, Export};

const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(8);
/// Between two pieces of a bundle.
const SILENCE: Duration = Duration::from_secs(30);
const TRY_AGAIN_SECONDS: u32 = 10;

/// Calls the control plane. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ControlPlane {
    client: reqwest::Client,
    url: Url,
    token: SecretString,
}

/// Why the control plane did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallControlError {
    #[error("the control plane does not answer")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane refused with {} {code}", .status.as_u16())]
    Refused { status: StatusCode, code: String, retry_after: Option<u32> },
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Refusal {
    error: Code,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// A bundle on its way, with its size in bytes.
pub(super) struct Bundle {
    pub(super) bytes: u64,
    response: Response,
}

impl ControlPlane {
    /// The control plane at `url`, with the token of its route feed.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made.
    pub(crate) fn new(url: Url, token: SecretString) -> Result<Self, reqwest::Error> {
        // The token belongs to one place, so redirects are not followed.
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(USED_AGAIN)
            .build()?;
        Ok(Self { client, url, token })
    }

    /// Those that a hotel asked for and that are kept or on their way, the newest first.
    pub(super) async fn list(&self, tenant: TenantId) -> Result<Vec<Export>, CallControlError> {
        read(self.request(Method::GET, tenant, "").timeout(ANSWER)).await
    }

    /// One of a hotel's exports.
    pub(super) async fn find(
        &self,
        tenant: TenantId,
        id: OperationId,
    ) -> Result<Export, CallControlError> {
        read(self.request(Method::GET, tenant, &format!("/{id}")).timeout(ANSWER)).await
    }

    /// Asks for an export. To ask twice does no harm.
    pub(super) async fn ask(
        &self,
        tenant: TenantId,
        Asked { id, by }: Asked,
    ) -> Result<Export, CallControlError> {
        let request = self.request(Method::PUT, tenant, &format!("/{id}"));
        read(request.json(&json!({ "hotel_user_id": by })).timeout(ANSWER)).await
    }

    /// Begins to fetch the bundle of an export.
    pub(super) async fn fetch(
        &self,
        tenant: TenantId,
        id: OperationId,
    ) -> Result<Bundle, CallControlError> {
        let request = self.request(Method::GET, tenant, &format!("/{id}/bundle"));
        let response = succeeded(request).await?;
        let bytes = response.content_length().unwrap_or_default();
        Ok(Bundle { bytes, response })
    }

    fn request(&self, method: Method, tenant: TenantId, rest: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(&format!("/upcall/v1/tenants/{tenant}/exports{rest}"));
        self.client.request(method, url).bearer_auth(self.token.expose_secret())
    }
}

impl Bundle {
    /// Its pieces, one after the other.
    pub(super) fn pieces(self) -> impl Stream<Item = Result<Bytes, reqwest::Error>> {
        try_unfold(self.response, async |mut response| {
            let piece = response.chunk().await.inspect_err(|error| {
                tracing::warn!(error = %Chain(error), "an export broke off on its way out");
            })?;
            Ok(piece.map(|it| (it, response)))
        })
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, CallControlError> {
    let answer: Data<T> = succeeded(request).await?.json().await?;
    Ok(answer.data)
}

async fn succeeded(request: RequestBuilder) -> Result<Response, CallControlError> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    let after = response.headers().get(RETRY_AFTER);
    let retry_after = after.and_then(|it| it.to_str().ok()?.parse().ok());
    let refusal: Option<Refusal> = response.json().await.ok();
    let code = refusal.map(|it| it.error.code).unwrap_or_default();
    Err(CallControlError::Refused { status, code, retry_after })
}

impl From<CallControlError> for ApiError {
    fn from(error: CallControlError) -> Self {
        let CallControlError::Refused { status, code, retry_after } = &error else {
            return away(error);
        };
        match &**code {
            "NOT_FOUND" | "BACKUP_LOST" => Self::not_found("export"),
            "EXPORT_LIMIT" => Self::refused(
                StatusCode::TOO_MANY_REQUESTS,
                "EXPORT_LIMIT",
                "the hotel has asked for as many exports as it may within a day; download one of those",
            )
            .retry_after(retry_after.unwrap_or(TRY_AGAIN_SECONDS)),
            "OPERATION_IN_PROGRESS" | "TRANSITION_REFUSED" if *status == StatusCode::CONFLICT => {
                Self::refused(
                    StatusCode::CONFLICT,
                    "EXPORT_IN_PROGRESS",
                    "an export, a backup or a move of the hotel is under way; wait for its end",
                )
                .retry_after(TRY_AGAIN_SECONDS)
            }
            _ => away(error),
        }
    }
}

fn away(error: CallControlError) -> ApiError {
    ApiError::unavailable(
        "EXPORTS_UNAVAILABLE",
        "exports are not possible right now; try again soon",
        TRY_AGAIN_SECONDS,
    )
    .caused_by(error)
}
