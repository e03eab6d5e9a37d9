//! Who acts, from where, and in which request.

use std::net::IpAddr;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use hotelhub_core::ids::{RequestId, SessionId, UserId};
use hotelhub_http::{client_addr::client_addr, server::request_id};

/// Where a request came from, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) at: DateTime<Utc>,
    pub(crate) address: IpAddr,
    pub(crate) request: RequestId,
}

impl Origin {
    /// The origin of a request that came `at` this time.
    pub(crate) fn of(req: &HttpRequest, at: DateTime<Utc>) -> Self {
        Self { at, address: client_addr(req), request: request_id(req) }
    }
}

/// Who does something.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(super) kind: &'static str,
    pub(super) id: Option<UserId>,
    pub(super) name: String,
    pub(super) session: Option<SessionId>,
    pub(super) origin: Option<Origin>,
    pub(super) at: DateTime<Utc>,
}

impl Actor {
    /// One of the vendor's people, with the session if there is one by now.
    pub(crate) fn vendor_user(
        (id, name): (UserId, &str),
        session: Option<SessionId>,
        origin: Origin,
    ) -> Self {
        let (name, at) = (name.to_owned(), origin.at);
        Self { kind: "vendor_user", id: Some(id), name, session, origin: Some(origin), at }
    }

    /// Somebody who is not known, under the name that was typed.
    pub(crate) fn anonymous(typed: &str, origin: Origin) -> Self {
        let (name, at) = (typed.chars().take(254).collect(), origin.at);
        Self { kind: "anonymous", id: None, name, session: None, origin: Some(origin), at }
    }

    /// A part of the platform itself.
    pub(crate) fn system(part: &str, at: DateTime<Utc>) -> Self {
        Self { kind: "system", id: None, name: part.to_owned(), session: None, origin: None, at }
    }
}
