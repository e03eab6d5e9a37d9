//! The desk: where a person who is logged in reads and changes their hotel's data.
//!
//! A token or a cookie only points at a session. Its row is read on the same connection as the
//! data: beside the first read of a token, before that of a cookie, or inside the write's
//! transaction. So a logout, a role taken away and a suspension count at the next request, and a
//! program's read costs one round trip.

mod idempotency;
mod session;

use std::{cell::Cell, net::IpAddr, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use chrono::{DateTime, Utc};
use hotelhub_core::{ids::RequestId, life::Access, trace::TraceContext};
use hotelhub_http::{
    answer::Answer,
    auth::{bearer, page_cookie},
    body::Repeat,
    client_addr::client_addr,
    error::{ApiError, ApiResult},
    server::{request_id, trace_of},
};
use hotelhub_tenancy::db::{TenantConnection, TenantTransaction};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub(crate) use self::idempotency::{WhileInFlight, forget_old_answers};
pub(crate) use self::session::{Person, Pointer};
use self::{idempotency::Kept, session::Session};
pub(crate) use crate::change::Change;
use crate::{
    access::{Permission, Purpose, Refusal, allow},
    app::App,
    audit::{self, Actor, Event},
    change::{By, Wake},
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

/// What a write asks for.
#[derive(Clone, Copy)]
struct Demand<'a> {
    permission: Permission,
    purpose: Purpose,
    repeat: &'a Repeat,
    in_flight: WhileInFlight,
}

/// What a write came to.
enum Written<T> {
    Now(Answer<T>),
    /// By an earlier request with the same key.
    Before(Kept),
}

impl Desk {
    /// Looks at the hotel's data.
    pub(crate) async fn read<T>(
        &self,
        permission: Permission,
        look: impl AsyncFn(&TenantConnection) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.read_as(permission, async |db, _| look(db).await).await
    }

    /// Looks at the hotel's data, with what is known of the person who asks.
    pub(crate) async fn read_as<T>(
        &self,
        permission: Permission,
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.read_for((permission, Purpose::Read), look).await
    }

    /// The same, for a purpose that the hotel's access may allow or not.
    pub(crate) async fn read_for<T>(
        &self,
        (permission, purpose): (Permission, Purpose),
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        self.refuse_if_stopped(purpose)?;
        let wanted = (permission, purpose);
        self.site.reading(async |site| self.read_at(site, wanted, &look).await).await
    }

    /// Refuses at once what the route alone forbids.
    fn refuse_if_stopped(&self, purpose: Purpose) -> ApiResult<()> {
        if purpose == Purpose::TakeAlong { Ok(()) } else { self.site.refuse_if_stopped() }
    }

    async fn read_at<T>(
        &self,
        site: &Site,
        (permission, purpose): (Permission, Purpose),
        look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let now = self.app.clock.now();
        let looked = site.within_deadline(async |connection| {
            let asked = (now, self.address);
            let find = session::find(&*connection, &self.pointer, permission, asked);
            let (session, found) = if self.pointer.is_verified() {
                // Polled together, both travel to the server in one go.
                let (session, found) = futures_util::join!(find, look(&*connection, now));
                let session = session?;
                self.require(&session, permission, purpose)?;
                (session, found?)
            } else {
                // Whoever makes a cookie up costs the hotel one look for a session, and no more.
                let session = find.await?;
                self.require(&session, permission, purpose)?;
                (session, look(&*connection, now).await?)
            };
            if session.is_support {
                self.note_view(connection, &session, now).await?;
            }
            Ok(found)
        });
        looked.await
    }

    /// Notes in the hotel's log what support is about to see, once in each stay. What cannot be noted is
    /// not shown.
    async fn note_view(
        &self,
        connection: &mut TenantConnection,
        session: &Session,
        now: DateTime<Utc>,
    ) -> ApiResult<()> {
        // A page may read several times.
        if self.has_noted.get() {
            return Ok(());
        }
        if support::has_viewed(connection, session.id, &self.doing).await? {
            self.has_noted.set(true);
            return Ok(());
        }
        let tx = connection.transaction().await.map_err(database_failed)?;
        session::require_still(&tx, session.id, self.app.clock.now()).await?;
        support::record_view(&self.change(&tx, session, now), &self.doing).await?;
        tx.commit().await.map_err(database_failed)?;
        self.has_noted.set(true);
        Ok(())
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

    /// Changes the hotel's data in one transaction and answers with what `change` gives.
    ///
    /// A repeat with the same `Idempotency-Key` gets the stored answer and changes nothing. Dies
    /// the process before the commit, nothing has happened; after it, the repeat finds the answer
    /// and the ticks find the jobs.
    pub(crate) async fn write<T: Serialize>(
        &self,
        permission: Permission,
        purpose: Purpose,
        repeat: &Repeat,
        status: StatusCode,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<T>,
    ) -> ApiResult<HttpResponse> {
        let demand = Demand { permission, purpose, repeat, in_flight: WhileInFlight::Refuse };
        Ok(match self.write_once(demand, status, change).await? {
            Written::Now(answer) => answer.with_status(status),
            Written::Before(Kept { status, body }) => HttpResponse::build(status).json(body),
        })
    }

    /// As [`Desk::write`], for a form of a page: `change` gives the address to go to next. A form
    /// that is sent twice at once changes once, and both are sent there.
    pub(crate) async fn write_from_page(
        &self,
        permission: Permission,
        purpose: Purpose,
        repeat: &Repeat,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<String>,
    ) -> ApiResult<HttpResponse> {
        let demand = Demand { permission, purpose, repeat, in_flight: WhileInFlight::Wait };
        let next = match self.write_once(demand, StatusCode::SEE_OTHER, change).await? {
            Written::Now(answer) => answer.data,
            Written::Before(kept) => {
                let next = kept.body.get("data").and_then(Value::as_str);
                next.ok_or_else(|| ApiError::internal("a kept form has no next page"))?.to_owned()
            }
        };
        Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
    }

    /// As [`Desk::write`], for what goes on elsewhere once it is on record here: gives what `change`
    /// gave, now or before.
    pub(crate) async fn note<T: Serialize + DeserializeOwned>(
        &self,
        (permission, purpose): (Permission, Purpose),
        repeat: &Repeat,
        in_flight: WhileInFlight,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let demand = Demand { permission, purpose, repeat, in_flight };
        match self.write_once(demand, StatusCode::ACCEPTED, change).await? {
            Written::Now(answer) => Ok(answer.data),
            Written::Before(Kept { mut body, .. }) => {
                let data = body.get_mut("data").map(Value::take).unwrap_or_default();
                serde_json::from_value(data).map_err(ApiError::internal)
            }
        }
    }

    async fn write_once<T: Serialize>(
        &self,
        demand: Demand<'_>,
        status: StatusCode,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<T>,
    ) -> ApiResult<Written<T>> {
        self.refuse_if_stopped(demand.purpose)?;
        self.site.writing(async |site| self.write_at(site, demand, status, &change).await).await
    }

    async fn write_at<T: Serialize>(
        &self,
        site: &Site,
        demand: Demand<'_>,
        status: StatusCode,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<T>,
    ) -> ApiResult<Written<T>> {
        let written = site.within_deadline(async |connection| {
            self.write_on(connection, demand, status, change).await
        });
        let (written, jobs) = written.await?;
        if jobs.is_some() {
            self.app.relay.nudge(site.db.clone());
        }
        if let Some(Wake::AndAfter(pause)) = jobs {
            self.app.relay.look_again(site.db.tenant(), self.app.clock.now() + pause);
        }
        Ok(written)
    }

    async fn write_on<T: Serialize>(
        &self,
        connection: &mut TenantConnection,
        Demand { permission, purpose, repeat, in_flight }: Demand<'_>,
        status: StatusCode,
        change: impl AsyncFn(&Change<'_>) -> ApiResult<T>,
    ) -> ApiResult<(Written<T>, Option<Wake>)> {
        let now = self.app.clock.now();
        let tx = connection.transaction().await.map_err(database_failed)?;
        let asked = (now, self.address);
        let session = session::find(&tx, &self.pointer, permission, asked).await?;
        let person = session.person();
        self.require(&session, permission, purpose)?;
        if let Some(kept) = idempotency::find(&tx, person, repeat, in_flight).await? {
            return Ok((Written::Before(kept), None));
        }
        let place = self.change(&tx, &session, now);
        let answer = Answer::new(change(&place).await?);
        let jobs = place.wake();
        idempotency::keep(&tx, person, repeat, status, &answer, now).await?;
        if session.is_support {
            // Its time may have run out, or been ended, while the change was made. The session's row
            // comes before the log's head, as for whoever ends the session.
            session::require_still(&tx, session.id, self.app.clock.now()).await?;
            let event = Event::of("support.change").with("request", &*self.doing);
            let event = event.with("permission", permission.name());
            audit::record(&tx, Actor::of(&place).await?, event).await?;
        }
        tx.commit().await.map_err(database_failed)?;
        Ok((Written::Now(answer), jobs))
    }

    /// Who is asking, with all roles and permissions. In a stopped hotel only its owner may.
    pub(crate) async fn person(&self) -> ApiResult<Person> {
        let found = self.site.reading(async |site| {
            let asked = (self.app.clock.now(), self.address);
            site.within_deadline(async |db| session::person(&*db, &self.pointer, asked).await).await
        });
        let (person, access) = found.await?;
        if self.site.standing.learn(access) == Access::Stopped && !person.is_owner() {
            return Err(self.site.refuse(Refusal::Stopped));
        }
        Ok(person)
    }

    /// Who is asking, who of support is in the hotel right now, and whether somebody waits to come in.
    pub(crate) async fn person_and_support(&self) -> ApiResult<(Person, Presence)> {
        let person = self.person().await?;
        if !self.site.has_schema(8) {
            return Ok((person, Presence::default()));
        }
        let (id, now) = (person.id, self.app.clock.now());
        let presence = self.site.reading(async |site| {
            site.within_deadline(async |db| support::find_presence(&*db, id, now).await).await
        });
        Ok((person, presence.await?))
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
