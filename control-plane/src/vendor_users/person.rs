//! Who sends a request to the vendor's API.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use hotelhub_core::ids::{SessionId, UserId};
use hotelhub_http::{
    auth::{bearer, tokens::Claims},
    client_addr::AddressList,
    error::{ApiError, ApiResult},
};

use super::{Gate, TotpRule, VendorRole, model::FirstStep, store};
use crate::{
    app::App,
    audit::{Actor, Origin},
    database::database_failed,
};

/// Who issues the vendor's tokens.
pub(crate) const ISSUER: &str = "hotelhub-control";
/// What they are good for.
pub(crate) const AUDIENCE: &str = "control";

/// One of the vendor's people, with a session that stands right now, from where the person may come,
/// and nothing to be done first.
#[derive(Clone, Debug)]
pub(crate) struct Vendor {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: VendorRole,
    pub(crate) origin: Origin,
    pub(super) has_totp: bool,
    pub(super) has_shown_password: bool,
    pub(super) allowed: Option<AddressList>,
}

/// The same, also of somebody who has something to do first: for one's own account, and no more.
#[derive(Clone, Debug)]
pub(crate) struct Account(pub(crate) Vendor);

impl Vendor {
    /// Refuses a person whose role does not include `action`.
    pub(crate) fn require(&self, action: &'static str) -> ApiResult<()> {
        if self.may(action) { Ok(()) } else { Err(ApiError::forbidden(action)) }
    }

    /// Whether the person's role includes `action`.
    pub(crate) fn may(&self, action: &str) -> bool {
        self.role.may(action)
    }

    /// What the person has to do before anything else.
    pub(crate) fn first_step(&self, app: &App) -> Option<FirstStep> {
        if self.has_shown_password {
            Some(FirstStep::PasswordChange)
        } else if app.gate.totp == TotpRule::Required && !self.has_totp {
            Some(FirstStep::TotpEnrolment)
        } else {
            None
        }
    }

    /// Whether a second factor is set up.
    pub(crate) fn has_totp(&self) -> bool {
        self.has_totp
    }

    /// From where the person may come: from an address of each list.
    pub(crate) fn address_lists(&self, gate: &Gate) -> Vec<String> {
        let lists = [gate.allowed.as_ref(), self.allowed.as_ref()];
        lists.into_iter().flatten().map(ToString::to_string).collect()
    }

    /// Notes that a second factor has just been set up.
    pub(crate) fn note_totp(&mut self) {
        self.has_totp = true;
    }

    /// Somebody who has nothing to do first.
    pub(super) fn past_first_steps(self, app: &App) -> ApiResult<Self> {
        let message = match self.first_step(app) {
            None => return Ok(self),
            Some(FirstStep::PasswordChange) => {
                "somebody else has seen your password: choose your own with POST \
                 /api/v1/account/password, or on the panel's page /panel/account"
            }
            Some(FirstStep::TotpEnrolment) => {
                "set up a second factor first: POST /api/v1/account/totp, or the panel's page \
                 /panel/account"
            }
        };
        let code = self.first_step(app).map_or("", FirstStep::code);
        Err(ApiError::refused(StatusCode::FORBIDDEN, code, message))
    }
}

impl Account {
    async fn of(req: HttpRequest) -> ApiResult<Self> {
        let app = app_of(&req)?;
        let claims = claims_of(&req, app);
        let claims = claims.ok_or_else(ApiError::unauthenticated)?;
        let origin = Origin::of(&req, app.clock.now());
        let found = store::find_by_session(&app.db, claims.sid, claims.sub, origin).await;
        let vendor = found.map_err(database_failed)?.ok_or_else(ApiError::unauthenticated)?;
        app.gate.admit(origin.address, vendor.allowed.as_ref())?;
        Ok(Self(vendor))
    }
}

/// What requests share.
pub(super) fn app_of(req: &HttpRequest) -> ApiResult<&Data<App>> {
    let app = req.app_data::<Data<App>>();
    app.ok_or_else(|| ApiError::internal("the program has no `App`"))
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

impl FromRequest for Account {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::of(req.clone()))
    }
}

impl FromRequest for Vendor {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let Account(vendor) = Account::of(req.clone()).await?;
            vendor.past_first_steps(app_of(&req)?)
        })
    }
}
