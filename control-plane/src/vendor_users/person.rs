//! Who sends a request to the vendor's API.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use hotelhub_core::ids::{SessionId, UserId};
use hotelhub_http::{
    auth::{bearer, tokens::Claims},
    error::{ApiError, ApiResult},
};

use super::{VendorRole, store};
use crate::{
    app::App,
    audit::{Actor, Origin},
    database::database_failed,
};

/// Who issues the vendor's tokens.
pub(crate) const ISSUER: &str = "hotelhub-control";
/// What they are good for.
pub(crate) const AUDIENCE: &str = "control";

/// One of the vendor's people, with a session that stands right now.
#[derive(Clone, Debug)]
pub(crate) struct Vendor {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: VendorRole,
    pub(crate) origin: Origin,
}

impl Vendor {
    /// Refuses a person whose role does not include `permission`.
    pub(crate) fn require(&self, permission: &'static str) -> ApiResult<()> {
        if self.may(permission) { Ok(()) } else { Err(ApiError::forbidden(permission)) }
    }

    /// Whether the person's role includes `permission`.
    pub(crate) fn may(&self, permission: &str) -> bool {
        self.role.permissions().contains(&permission)
    }

    async fn of(req: HttpRequest) -> ApiResult<Self> {
        let app = req.app_data::<Data<App>>();
        let app = app.ok_or_else(|| ApiError::internal("the program has no `App`"))?;
        let claims = claims_of(&req, app);
        let claims = claims.ok_or_else(ApiError::unauthenticated)?;
        let origin = Origin::of(&req, app.clock.now());
        store::find_by_session(&app.db, claims.sid, claims.sub, origin)
            .await
            .map_err(database_failed)?
            .ok_or_else(ApiError::unauthenticated)
    }
}

impl From<&Vendor> for Actor {
    fn from(it: &Vendor) -> Self {
        Self::vendor_user((it.user, &it.email), Some(it.session), it.origin)
    }
}

/// Tells whether a request carries a token of the vendor's that is good now.
pub(crate) fn has_verified_token(req: &HttpRequest) -> bool {
    req.app_data::<Data<App>>().is_some_and(|app| claims_of(req, app).is_some())
}

fn claims_of(req: &HttpRequest, app: &App) -> Option<Arc<Claims>> {
    app.tokens.verify(bearer(req)?, AUDIENCE)
}

impl FromRequest for Vendor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::of(req.clone()))
    }
}
