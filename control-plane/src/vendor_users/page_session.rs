//! Who reads the vendor's pages: a cookie points at a session.
//!
//! No request to the API is believed for its cookie, and no page for a token: what a cookie holds is
//! digested with what no text can hold, so that neither secret is good for the other.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, cookie::Cookie, dev::Payload};
use chrono::TimeDelta;
use hotelhub_core::keys::{random_token, sha256};
use hotelhub_http::{
    auth::page_cookie,
    error::{ApiError, ApiResult},
};
use secrecy::ExposeSecret as _;

use super::{Vendor, login, model::Known, person::app_of, store};
use crate::{app::App, audit::Origin, database::database_failed};

/// How long a session lasts: a working day.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// One of the vendor's people, at a page.
#[derive(Clone, Debug)]
pub(crate) struct Visitor(pub(crate) Vendor);

/// The same, also of somebody who has something to do first: for one's own account, and no more.
#[derive(Clone, Debug)]
pub(crate) struct AccountVisitor(pub(crate) Vendor);

impl AccountVisitor {
    async fn of(req: HttpRequest) -> ApiResult<Self> {
        let app = app_of(&req)?;
        let secret = page_cookie::read(&req, is_over_tls(app));
        let secret = secret.ok_or_else(ApiError::unauthenticated)?;
        let origin = Origin::of(&req, app.clock.now());
        let found = store::find_by_page(&app.db, &digest(&secret), origin).await;
        let vendor = found.map_err(database_failed)?.ok_or_else(ApiError::unauthenticated)?;
        app.gate.admit(origin.address, vendor.allowed.as_ref())?;
        Ok(Self(vendor))
    }
}

/// The cookie for a session with this secret; an empty one takes it away.
pub(crate) fn cookie(app: &App, secret: String) -> Cookie<'static> {
    page_cookie::write(secret, LASTS, is_over_tls(app))
}

fn is_over_tls(app: &App) -> bool {
    app.panel.scheme() == "https"
}

impl FromRequest for AccountVisitor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::of(req.clone()))
    }
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let AccountVisitor(vendor) = AccountVisitor::of(req.clone()).await?;
            vendor.past_first_steps(app_of(&req)?).map(Self)
        })
    }
}

/// Begins a page's session of somebody who showed all that it takes; the secret for the cookie.
pub(crate) async fn begin(app: &App, known: &Known, origin: Origin) -> ApiResult<String> {
    let secret = random_token().expose_secret().to_owned();
    login::begin_session(app, known, ("page", digest(&secret), LASTS), origin).await?;
    Ok(secret)
}

/// Ends the session.
pub(crate) async fn end(app: &App, AccountVisitor(vendor): &AccountVisitor) -> ApiResult<()> {
    login::end_session(app, vendor).await
}

fn digest(secret: &str) -> Vec<u8> {
    sha256(&[b"page\xff", secret.as_bytes()].concat())
}
