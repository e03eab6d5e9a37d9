//! The desk: where a person who is logged in reads and changes their hotel's data.
//!
//! A token or a cookie only points at a session. Its row is read on the same connection as the
//! data: beside the first read of a token, before that of a cookie, or inside the write's
//! transaction. So a logout, a role taken away and a suspension count at the next request, and a
//! program's read costs one round trip.

mod idempotency;
mod reading;
mod session;
mod writing;

use std::{cell::Cell, net::IpAddr, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use chrono::{DateTime, Utc};
use hotelhub_core::{ids::RequestId, life::Access, trace::TraceContext};
use hotelhub_http::{
    auth::{bearer, page_cookie},
    client_addr::client_addr,
    error::{ApiError, ApiResult},
    server::{request_id, trace_of},
};
use hotelhub_tenancy::db::{TenantConnection, TenantTransaction};

pub(crate) use self::idempotency::{WhileInFlight, forget_old_answers};
use self::session::Session;
pub(crate) use self::session::{Person, Pointer};
pub(crate) use crate::change::Change;
use crate::{
    access::{Permission, Purpose, Refusal, allow},
    app::App,
    change::By,
    site::{OnceArrived, Site, audience_of, database_failed, once_arrived, tenant_of},
    support::{self, Presence},
};

/// The place of one request: the hotel, and who claims to be asking.
pub(crate) struct Desk {
    pub(crate) site: Site,
    pub(crate) app: Data<App>,
    pointer: Pointer,
    request: RequestId,
    trace: TraceContext,
    address: IpAddr,
    /// Method and path, for the record.
    doing: String,
    /// Whether the record has it, if it is support that looks.
    has_noted: Cell<bool>,
}

impl Desk {
    /// Who is asking, with all roles and permissions. In a stopped hotel only its owner may.
    pub(crate) async fn person(&self) -> ApiResult<Person> {
        let found = self
            .site
            .reading(async |site| site.within_deadline(async |db| self.person_on(db).await).await);
        found.await
    }

    /// Who is asking, who of support is in the hotel right now, and whether somebody waits to come in.
    pub(crate) async fn person_and_support(&self) -> ApiResult<(Person, Presence)> {
        let found = self.site.reading(async |site| {
            let found = site.within_deadline(async |db| {
                let person = self.person_on(db).await?;
                if !site.has_schema(8) {
                    return Ok((person, Presence::default()));
                }
                let now = self.app.clock.now();
                let presence = support::find_presence(&*db, person.id, now).await?;
                Ok((person, presence))
            });
            found.await
        });
        found.await
    }

    async fn person_on(&self, db: &TenantConnection) -> ApiResult<Person> {
        let asked = (self.app.clock.now(), self.address);
        let (person, access) = session::person(db, &self.pointer, asked).await?;
        if self.site.standing.learn(access) == Access::Stopped && !person.is_owner() {
            return Err(self.site.refuse(Refusal::Stopped));
        }
        Ok(person)
    }

    /// Changes what only support does to its own stay, without a look at whether it may still be there.
    pub(crate) async fn leave_as_support(
        &self,
        work: impl AsyncFn(&Change<'_>) -> ApiResult<()>,
    ) -> ApiResult<()> {
        let left = self.site.writing(async |site| {
            site.within_deadline(async |connection| self.leave_on(connection, &work).await).await
        });
        left.await
    }

    async fn leave_on(
        &self,
        connection: &mut TenantConnection,
        work: impl AsyncFn(&Change<'_>) -> ApiResult<()>,
    ) -> ApiResult<()> {
        let now = self.app.clock.now();
        let tx = connection.transaction().await.map_err(database_failed)?;
        let asked = (now, self.address);
        let session = session::find(&tx, &self.pointer, Permission::AuditRead, asked).await?;
        if !session.is_support {
            return Err(ApiError::forbidden("support"));
        }
        work(&self.change(&tx, &session, now)).await?;
        tx.commit().await.map_err(database_failed)
    }

    /// Ends the session.
    pub(crate) async fn end_session(&self) -> ApiResult<()> {
        let ended = self.site.writing(async |site| {
            let now = self.app.clock.now();
            site.within_deadline(async |db| session::end(&*db, &self.pointer, now).await).await
        });
        ended.await
    }

    /// Refuses at once what the route alone forbids.
    fn refuse_if_stopped(&self, purpose: Purpose) -> ApiResult<()> {
        if purpose == Purpose::TakeAlong { Ok(()) } else { self.site.refuse_if_stopped() }
    }

    fn change<'a>(
        &self,
        tx: &'a TenantTransaction<'a>,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Change<'a> {
        let by = By {
            person: session.person(),
            session: session.id,
            address: self.address,
            request: self.request,
            trace: self.trace,
        };
        Change::new(tx, by, now)
    }

    /// Refuses what the person or the hotel may not do.
    fn require(
        &self,
        session: &Session,
        permission: Permission,
        purpose: Purpose,
    ) -> ApiResult<()> {
        let access = self.site.standing.learn(session.access);
        session.require(permission)?;
        allow(access, purpose).map_err(|it| self.site.refuse(it))
    }

    fn of(req: &HttpRequest) -> ApiResult<Self> {
        let app = req
            .app_data::<Data<App>>()
            .cloned()
            .ok_or_else(|| ApiError::internal("no app data"))?;
        let site = Site::of(req)?;
        let pointer = match bearer(req) {
            Some(token) => app
                .tokens
                .verify(token, &site.audience())
                .map(|claims| Pointer::Token(Arc::clone(&claims))),
            // A cookie speaks only where a page was asked for: an API call that a strange site
            // sends would carry it too.
            None if hotelhub_http::server::wants_page(req) => {
                page_cookie::read(req, app.addresses.over_tls()).map(Pointer::cookie)
            }
            None => None,
        };
        let pointer = pointer.ok_or_else(ApiError::unauthenticated)?;
        let (request, trace) = (request_id(req), trace_of(req));
        let doing = format!("{} {}", req.method(), req.path());
        let (address, has_noted) = (client_addr(req), Cell::new(false));
        Ok(Self { site, app, pointer, request, trace, address, doing, has_noted })
    }
}

impl FromRequest for Desk {
    type Error = ApiError;
    type Future = OnceArrived<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        once_arrived(req, Self::of)
    }
}

/// Tells whether a request carries a token that is good on this hotel's host.
pub(crate) fn has_verified_token(req: &HttpRequest) -> bool {
    let Some(app) = req.app_data::<Data<App>>() else { return false };
    let (Some(token), Some(tenant)) = (bearer(req), tenant_of(req)) else { return false };
    app.tokens.verify(token, &audience_of(tenant)).is_some()
}
