//! The way to a hotel's own program: a replica of tenant-api answers for the hotel's jobs.

use std::{collections::BTreeMap, time::Duration};

use actix_web::http::StatusCode;
use hotelhub_core::{calls::USED_AGAIN, ids::RequestId};
use hotelhub_http::error::{ApiError, ErrorBody, ErrorDetails};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{HOST, RETRY_AFTER},
    redirect::Policy,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::config::Addresses;

const CONNECT: Duration = Duration::from_secs(2);
/// A little more than the hotel itself gives its database.
const ANSWER: Duration = Duration::from_secs(12);
const TRY_AGAIN_SECONDS: u32 = 5;

/// Calls the programs of hotels. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hotels {
    client: reqwest::Client,
    addresses: Addresses,
    inside: Option<Url>,
    token: SecretString,
}

/// Whom to ask, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) slug: &'a str,
    /// The e-mail address of one of the vendor's people.
    pub(crate) actor: &'a str,
    /// The hotel logs the request under the same id.
    pub(crate) request: RequestId,
}

/// Why a hotel did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallHotelError {
    #[error("no replica answers for the hotel")]
    Unreachable(#[source] reqwest::Error),
    #[error("something that is no replica of ours answered with {0}")]
    Stranger(StatusCode),
    #[error("the replica does not accept our token")]
    UnknownToken,
    #[error("the hotel refused with {}", .0.code)]
    Refused(Refusal),
}

/// What a hotel answers when it says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: BTreeMap<String, Vec<String>>,
    pub(crate) retry_after: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Envelope {
    Error { error: RefusedWith },
    Answer(Value),
}

#[derive(Deserialize)]
struct RefusedWith {
    code: String,
    message: String,
    #[serde(default)]
    details: BTreeMap<String, Vec<String>>,
}

impl Hotels {
    /// Calls go to `inside`, where replicas are reached from here, or to the public addresses.
    ///
    /// # Errors
    /// Fails if no HTTP client can be made.
    pub(crate) fn new(
        addresses: Addresses,
        inside: Option<Url>,
        token: SecretString,
    ) -> Result<Self, reqwest::Error> {
        // The token belongs to one place, so redirects are not followed.
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(USED_AGAIN)
            .build()?;
        Ok(Self { client, addresses, inside, token })
    }

    /// Reads what the hotel has at `path`: the whole answer, envelope included.
    pub(crate) async fn get(
        &self,
        call: Call<'_>,
        path: &str,
        query: &impl Serialize,
    ) -> Result<Value, CallHotelError> {
        send(self.request(call, Method::GET, path).query(query)).await
    }

    /// Asks the hotel for a change: the whole answer, envelope included.
    pub(crate) async fn post(
        &self,
        call: Call<'_>,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Value, CallHotelError> {
        send(self.request(call, Method::POST, path).json(body)).await
    }

    /// The platform's own name of the hotel is used and not one that the hotel brought along: that
    /// may lead to somebody else by now, who must not get our token.
    fn request(&self, call: Call<'_>, method: Method, path: &str) -> RequestBuilder {
        let host = self.addresses.host_of(call.slug);
        let request = match &self.inside {
            Some(inside) => {
                let place = format!("{}{path}", inside.as_str().trim_end_matches('/'));
                self.client.request(method, place).header(HOST, host)
            }
            None => {
                self.client.request(method, format!("{}{path}", self.addresses.of_hotel(&host)))
            }
        };
        request
            .bearer_auth(self.token.expose_secret())
            .header("X-Actor", call.actor)
            .header("X-Request-Id", call.request.to_string())
    }
}

async fn send(request: RequestBuilder) -> Result<Value, CallHotelError> {
    let response = request.send().await.map_err(CallHotelError::Unreachable)?;
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
    let retry_after = seconds(&response);
    let body = response.bytes().await.map_err(CallHotelError::Unreachable)?;
    match serde_json::from_slice(&body) {
        Ok(Envelope::Error { .. }) if status == StatusCode::UNAUTHORIZED => {
            Err(CallHotelError::UnknownToken)
        }
        Ok(Envelope::Error { error: RefusedWith { code, message, details } })
            if !status.is_success() =>
        {
            Err(CallHotelError::Refused(Refusal { status, code, message, details, retry_after }))
        }
        Ok(Envelope::Answer(answer)) if status.is_success() && answer.get("data").is_some() => {
            Ok(answer)
        }
        _ => Err(CallHotelError::Stranger(status)),
    }
}

fn seconds(response: &Response) -> Option<u32> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

impl Refusal {
    /// The hotel's refusal as our answer's body.
    pub(crate) fn body(self, request: RequestId) -> ErrorBody {
        let Self { code, message, details, .. } = self;
        let request_id = request.to_string();
        ErrorBody { success: false, error: ErrorDetails { code, message, details, request_id } }
    }
}

/// The answer where the hotel itself gave none.
pub(crate) fn unreachable(error: CallHotelError) -> ApiError {
    let message = match &error {
        CallHotelError::UnknownToken => {
            "the hotel's replica does not accept this control plane's token; give both the same \
             ROUTE_FEED_TOKEN"
        }
        CallHotelError::Stranger(_) => {
            "what answers for the hotel is no replica of tenant-api; check where TENANT_UPCALL_URL, \
             or else the hotel's public address, leads"
        }
        CallHotelError::Unreachable(_) | CallHotelError::Refused(_) => {
            "no replica of tenant-api answers for the hotel; check that one runs, and where \
             TENANT_UPCALL_URL, or else the hotel's public address, leads; then look whether what \
             you asked for was done, and try again"
        }
    };
    ApiError::unavailable("TENANT_UNREACHABLE", message, TRY_AGAIN_SECONDS).caused_by(error)
}
