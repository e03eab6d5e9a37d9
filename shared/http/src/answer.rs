//! The envelope of every successful API answer.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;

/// `{"success":true,"data":…,"meta":{…}}`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Answer<T> {
    /// Always true.
    success: bool,
    /// What was asked for.
    pub data: T,
    /// What is said about it.
    pub meta: Meta,
}

/// What is said about an answer.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Meta {
    /// Ask again with `?cursor=` this for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many there are in all, where that is cheap to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T: Serialize> Answer<T> {
    /// An answer without anything to say about it.
    pub fn new(data: T) -> Self {
        Self { success: true, data, meta: Meta::default() }
    }

    /// One page of a list.
    pub fn page(data: T, next_cursor: Option<String>, total: Option<i64>) -> Self {
        Self { success: true, data, meta: Meta { next_cursor, total } }
    }

    /// The answer as a response.
    pub fn with_status(&self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status).json(self)
    }

    /// The answer as a 200.
    pub fn ok(&self) -> HttpResponse {
        self.with_status(StatusCode::OK)
    }
}
