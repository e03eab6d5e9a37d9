//! The vendor at a hotel: the control plane asks on behalf of the vendor's people.
//!
//! It shows the secret that it shares with every replica. What it reaches is the hotel of the host and
//! nothing else, and of that what the routes below `/upcall/v1` give away.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use hotelhub_core::keys::equal_secrets;
use hotelhub_http::{
    auth::bearer,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantTransaction;
use secrecy::ExposeSecret;

use crate::{
    app::App,
    site::{Site, database_failed},
};

/// Who of the vendor's people asks.
const ACTOR: &str = "x-actor";

/// The vendor, at a hotel.
pub(crate) struct Vendor {
    pub(crate) site: Site,
    /// Who of its people.
    pub(crate) actor: String,
}

impl FromRequest for Vendor {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

impl Vendor {
    fn of(req: &HttpRequest) -> ApiResult<Self> {
        let app = req.app_data::<Data<App>>().ok_or_else(|| ApiError::internal("no app data"))?;
        let token = bearer(req).unwrap_or_default();
        if !equal_secrets(token, app.upcall_token.expose_secret()) {
            return Err(ApiError::unauthenticated());
        }
        let site = Site::of(req)?;
        site.require_schema(6)?;
        let actor = req.headers().get(ACTOR).and_then(|it| it.to_str().ok()).unwrap_or("vendor");
        Ok(Self { site, actor: actor.chars().take(200).collect() })
    }

    /// Looks, or changes something, in one transaction.
    pub(crate) async fn transact<T>(
        &self,
        work: impl AsyncFn(&TenantTransaction<'_>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let done = self.site.within_deadline(async |connection| {
            let tx = connection.transaction().await.map_err(database_failed)?;
            let done = work(&tx).await?;
            tx.commit().await.map_err(database_failed)?;
            Ok(done)
        });
        done.await
    }
}
