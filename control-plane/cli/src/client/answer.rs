//! The envelope of the API's answers.

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::failure::{Failure, Refusal};

/// Data that the API gave.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Reply {
    /// As it came.
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    next_cursor: Option<String>,
    total: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: String,
    message: String,
    #[serde(default)]
    details: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    request_id: String,
}

impl Reply {
    /// Reads an answer to its end.
    pub(super) async fn read_from(
        response: Response,
    ) -> Result<Result<Self, Failure>, reqwest::Error> {
        let status = response.status();
        let seconds = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
        let seconds = seconds.and_then(|it| it.parse().ok());
        let body = response.bytes().await?;
        Ok(Self::understand(status, seconds, &body))
    }

    fn understand(
        status: StatusCode,
        retry_after_seconds: Option<u64>,
        body: &[u8],
    ) -> Result<Self, Failure> {
        if status == StatusCode::NO_CONTENT {
            return Ok(Self::default());
        }
        if status.is_success() {
            return serde_json::from_slice(body).map_err(|_no_envelope| strange(status));
        }
        let Ok(Refused { error }) = serde_json::from_slice(body) else {
            return Err(strange(status));
        };
        let ErrorBody { code, message, details, request_id } = error;
        let status = status.as_u16();
        let next = None;
        let refusal =
            Refusal { status, code, message, details, request_id, retry_after_seconds, next };
        Err(Failure::Refused(Box::new(refusal)))
    }

    /// The data in a form that is known.
    ///
    /// # Errors
    /// Fails if the data is of another form.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.data).map_err(|error| {
            Failure::failed(
                format!("the control plane's answer was not understood: {error}"),
                "take this program in the control plane's version, or use --json",
            )
        })
    }

    /// What to say below a page that is not the last.
    pub(crate) fn rest(&self) -> Option<String> {
        self.meta.next_cursor.as_ref()?;
        let shown = self.data.as_array().map_or(0, Vec::len);
        let of = self.meta.total.map(|it| format!(" of {it}")).unwrap_or_default();
        Some(format!("{shown}{of} shown; --all shows the rest"))
    }

    pub(super) fn take_cursor(&mut self) -> Option<String> {
        self.meta.next_cursor.take()
    }

    pub(super) fn append(&mut self, next: Self) {
        self.meta = next.meta;
        if let (Value::Array(rows), Value::Array(more)) = (&mut self.data, next.data) {
            rows.extend(more);
        }
    }
}

/// An answer that the control plane would not give.
fn strange(status: StatusCode) -> Failure {
    let what = format!("what answered ({status}) is not a control plane's API");
    let next = "check the address: something else may answer there, e.g. a proxy";
    if status.is_server_error() {
        return Failure::Unreachable { what, next: next.to_owned() };
    }
    Failure::failed(what, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_one_list() {
        let page = |text: &str| Reply::understand(StatusCode::OK, None, text.as_bytes()).unwrap();
        let mut whole = page(r#"{"success":true,"data":[1],"meta":{"next_cursor":"c","total":2}}"#);
        assert_eq!(whole.rest().unwrap(), "1 of 2 shown; --all shows the rest");
        assert_eq!(whole.take_cursor().unwrap(), "c");
        whole.append(page(r#"{"success":true,"data":[2],"meta":{}}"#));
        assert_eq!((whole.data.to_string(), whole.rest()), ("[1,2]".to_owned(), None));
    }

    #[test]
    fn what_is_not_our_api_is_told_apart() {
        let html = |status| Reply::understand(status, None, b"<html>").unwrap_err();
        assert!(matches!(html(StatusCode::OK), Failure::Failed { .. }));
        assert!(matches!(html(StatusCode::BAD_GATEWAY), Failure::Unreachable { .. }));
    }

    #[test]
    fn a_refusal_keeps_its_details() {
        let body = br#"{"success":false,"error":{"code":"X","message":"m",
            "details":{"slug":["is taken"]},"request_id":"r"}}"#;
        let refused = Reply::understand(StatusCode::CONFLICT, None, body).unwrap_err();
        let Failure::Refused(it) = refused else { panic!("{refused:?}") };
        assert_eq!((it.status, it.details["slug"].join("")), (409, "is taken".to_owned()));
    }
}
