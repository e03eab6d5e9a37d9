//! Who asks from tenant-api: any process of it.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use hotelhub_core::keys::equal_secrets;
use hotelhub_http::{auth::bearer, error::ApiError};
use secrecy::ExposeSecret as _;

use crate::app::App;

/// A process of tenant-api: it shows the secret that all of them share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replica;

impl FromRequest for Replica {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let knows = |app: &Data<App>| {
            let shown = bearer(req).unwrap_or_default();
            equal_secrets(shown, app.route_feed_token.expose_secret())
        };
        let is_known = req.app_data::<Data<App>>().is_some_and(knows);
        ready(if is_known { Ok(Self) } else { Err(ApiError::unauthenticated()) })
    }
}
