//! What is asked of a hotel, by API or by page.

use actix_web::HttpRequest;
use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{
    errors::LogAndDrop as _,
    ids::{RequestId, UserId},
};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{DatabaseTransaction, TransactionTrait as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    model::{Answered, Entry, EntryBody, RequestSupportBody, SupportGrant},
    store,
};
use crate::{
    app::App,
    audit::{self, Event},
    database::database_failed,
    jobs::{hotel::CallHotelError, hotel_routes::call},
    tenants::{Tenant, store as tenants},
    vendor_users::{Vendor, user_service},
};

pub(super) const PATH: &str = "/upcall/v1/support-access";
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
const MINUTES: std::ops::RangeInclusive<i32> = 5..=240;
const USUAL_MINUTES: i32 = 60;
/// A hotel answers within a day or not at all.
pub(super) const ANSWERED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// A stay is counted from the hotel's answer.
const OVER_AFTER: TimeDelta = TimeDelta::minutes(24 * 60 + 240);
/// The owner is told of a request whose answer got lost once it has reached the hotel or never will.
const MAIL_AFTER: TimeDelta = TimeDelta::seconds(60);

/// An answer, or why the hotel gave none.
pub(crate) type Asked<T> = ApiResult<Result<T, CallHotelError>>;

/// Who asks whom.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) app: &'a App,
    pub(crate) req: &'a HttpRequest,
    pub(crate) vendor: &'a Vendor,
    pub(crate) tenant: &'a Tenant,
}

impl Asking<'_> {
    async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Asked<T> {
        let call = call(self.req, self.vendor, self.tenant);
        read(self.app.hotels.post(call, path, &body).await)
    }

    async fn record(&self, event: Event) -> ApiResult<()> {
        let event = event.of_tenant(Some(self.tenant.id));
        audit::record_alone(&self.app.db, self.vendor, event).await
    }

    /// Records what is about to be asked of the hotel about a stay, and that the stay may be open:
    /// whoever is shut out from now on has it ended. Refuses who has just been shut out.
    async fn record_stay(
        &self,
        grant: Uuid,
        event: Event,
        mail_due_at: Option<DateTime<Utc>>,
    ) -> ApiResult<()> {
        let (app, vendor, tenant) = (self.app, self.vendor, self.tenant.id);
        let now = vendor.origin.at;
        let tx = app.db.begin().await.map_err(database_failed)?;
        user_service::hold_standing(&tx, vendor, "support_access.write").await?;
        let (stay, times) = ((grant, tenant, vendor.user), (now, now + OVER_AFTER));
        store::note(&tx, stay, times, mail_due_at).await.map_err(database_failed)?;
        let event = event.on("support_grant", grant).of_tenant(Some(tenant));
        audit::record(&tx, vendor, event).await?;
        tx.commit().await.map_err(database_failed)
    }

    fn asker(&self) -> Value {
        let Vendor { user, email, name, .. } = self.vendor;
        json!({ "vendor_user_id": user, "email": email, "name": name })
    }
}

/// Asks to come in; who has an open request or stay is told of that, so that to ask twice does no
/// harm.
///
/// # Errors
/// Names what is wrong.
pub(crate) async fn request(asking: Asking<'_>, body: &RequestSupportBody) -> Asked<SupportGrant> {
    let reason = body.reason.trim();
    if !REASON.contains(&reason.chars().count()) {
        let why = format!("needs {} to {} characters", REASON.start(), REASON.end());
        return Err(ApiError::invalid("reason", why));
    }
    let minutes = body.minutes.unwrap_or(USUAL_MINUTES);
    if !MINUTES.contains(&minutes) {
        let why = format!("needs to be between {} and {}", MINUTES.start(), MINUTES.end());
        return Err(ApiError::invalid("minutes", why));
    }
    let id = RequestId::generate().as_uuid();
    let event = Event::of("support_access.request").with("reason", reason);
    let now = asking.vendor.origin.at;
    asking.record_stay(id, event.with("minutes", minutes), Some(now + MAIL_AFTER)).await?;
    let mut wish = asking.asker();
    if let Some(fields) = wish.as_object_mut() {
        fields.extend([
            ("id".to_owned(), json!(id)),
            ("reason".to_owned(), json!(reason)),
            ("minutes".to_owned(), json!(minutes)),
        ]);
    }
    let answered = asking.post::<Answered<SupportGrant>>(PATH, wish).await?.map(|it| it.data);
    if let Ok(grant) = &answered {
        // Who has an open request is told of that: its owner knows.
        let waits = grant.id == id && grant.state == "requested";
        let told = store::update_mail(&asking.app.db, id, waits.then_some(now)).await;
        told.log_and_drop("the mail asks the hotel itself, a minute later");
    }
    Ok(answered)
}

/// What was asked of the hotel, the newest first, and the cursor to the next page.
pub(crate) async fn list(
    asking: Asking<'_>,
    query: &impl Serialize,
) -> Asked<(Vec<SupportGrant>, Option<String>)> {
    let call = call(asking.req, asking.vendor, asking.tenant);
    let answer = read(asking.app.hotels.get(call, PATH, query).await)?;
    Ok(answer.map(|it: Answered<Vec<SupportGrant>>| (it.data, it.meta.next_cursor)))
}

/// A one-time link for whoever was allowed in.
pub(crate) async fn enter(asking: Asking<'_>, id: Uuid) -> Asked<EntryBody> {
    asking.record_stay(id, Event::of("support_access.enter"), None).await?;
    let path = format!("{PATH}/{id}/enter");
    let mut wish = asking.asker();
    if let Some(fields) = wish.as_object_mut() {
        let addresses = asking.vendor.address_lists(&asking.app.gate);
        fields.insert("addresses".to_owned(), json!(addresses));
    }
    let entry: Entry = match asking.post::<Answered<Entry>>(&path, wish).await? {
        Ok(answered) => answered.data,
        Err(error) => return Ok(Err(error)),
    };
    let (app, tenant) = (asking.app, asking.tenant);
    let host = tenants::find_host_of(&app.db, tenant.id).await.map_err(database_failed)?;
    let host = host.unwrap_or_else(|| app.addresses.host_of(&tenant.slug));
    let url = format!("{}{}", app.addresses.of_hotel(&host), entry.path);
    Ok(Ok(EntryBody { url, grant: entry.grant }))
}

/// Ends a request or a stay.
pub(crate) async fn end(asking: Asking<'_>, id: Uuid) -> Asked<SupportGrant> {
    asking.record(Event::of("support_access.end").on("support_grant", id)).await?;
    let path = format!("{PATH}/{id}/end");
    let answered = asking.post::<Answered<SupportGrant>>(&path, asking.asker()).await;
    answered.map(|it| it.map(|it| it.data))
}

/// Wants all stays of somebody to end, in whichever hotels they are, with the transaction that shuts
/// them out; how many may be open.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn want_ends(
    tx: &DatabaseTransaction,
    vendor: &Vendor,
    (user, because): (UserId, &str),
) -> ApiResult<u64> {
    let wanted = store::want_ends(tx, user, (vendor.user, because), vendor.origin.at).await;
    wanted.map_err(database_failed)
}

fn read<T: DeserializeOwned>(answer: Result<Value, CallHotelError>) -> Asked<T> {
    match answer {
        Ok(answer) => serde_json::from_value(answer).map(Ok).map_err(ApiError::internal),
        Err(error) => Ok(Err(error)),
    }
}
