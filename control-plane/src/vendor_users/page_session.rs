//! Who reads the vendor's pages: a cookie points at a session.
//!
//! No request to the API is believed for its cookie, and no page for a token: what a cookie holds is
//! digested with what no text can hold, so that neither secret is good for the other.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, cookie::Cookie, dev::Payload, web::Data};
use chrono::TimeDelta;
use hotelhub_core::keys::{random_token, sha256};
use hotelhub_http::{
    auth::page_cookie,
    error::{ApiError, ApiResult},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    Vendor,
    routes::{begin_session, check_password, end_session},
    store,
};
use crate::{app::App, audit::Origin, database::database_failed};

/// How long a session lasts: a working day.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// One of the vendor's people, at a page.
#[derive(Clone, Debug)]
pub(crate) struct Visitor(pub(crate) Vendor);

impl Visitor {
    async fn of(req: HttpRequest) -> ApiResult<Self> {
        let app = req.app_data::<Data<App>>();
        let app = app.ok_or_else(|| ApiError::internal("the program has no `App`"))?;
        let secret = page_cookie::read(&req, is_over_tls(app));
        let secret = secret.ok_or_else(ApiError::unauthenticated)?;
        let origin = Origin::of(&req, app.clock.now());
        store::find_by_page(&app.db, &digest(&secret), origin)
            .await
            .map_err(database_failed)?
            .map(Self)
            .ok_or_else(ApiError::unauthenticated)
    }
}

/// The cookie for a session with this secret; an empty one takes it away.
pub(crate) fn cookie(app: &App, secret: String) -> Cookie<'static> {
    page_cookie::write(secret, LASTS, is_over_tls(app))
}

fn is_over_tls(app: &App) -> bool {
    app.panel.scheme() == "https"
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::of(req.clone()))
    }
}

/// Begins a session of the person with this password; the secret for the cookie.
///
/// # Errors
/// `INVALID_CREDENTIALS`, whatever is wrong with them.
pub(crate) async fn begin(
    app: &App,
    origin: Origin,
    email: &str,
    password: SecretString,
) -> ApiResult<String> {
    let user = check_password(app, origin, email, password).await?;
    let secret = random_token().expose_secret().to_owned();
    begin_session(app, (user, email), ("page", digest(&secret), LASTS), origin).await?;
    Ok(secret)
}

/// Ends the session.
pub(crate) async fn end(app: &App, Visitor(vendor): &Visitor) -> ApiResult<()> {
    end_session(app, vendor).await
}

fn digest(secret: &str) -> Vec<u8> {
    sha256(&[b"page\xff", secret.as_bytes()].concat())
}
