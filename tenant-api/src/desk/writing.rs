//! Writes: one transaction with the session, the change, the answer that is kept, and the record.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
};
use hotelhub_http::{
    answer::Answer,
    body::Repeat,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantConnection;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Desk,
    idempotency::{self, Kept, WhileInFlight},
    session,
};
use crate::{
    access::{Permission, Purpose},
    audit::{self, Actor, Event},
    change::{Change, Wake},
    site::{Site, database_failed},
};

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
}
